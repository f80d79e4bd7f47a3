//! The client's class: ten methods that return promises, one per endpoint, and what the JavaScript client needs around
//! them.

use std::future::Future;
use std::rc::Rc;

use js_sys::{Array, Function, JsString, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::args::{self, Values};
use super::outcome;
use super::tasks::Tasks;
use crate::api;
use crate::client::{
    AuthScheme, Caller, CredentialSource, DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT_MS, Driver, Failed, Reply,
    Roots,
};
use crate::error::{Details, Kind};
use crate::limits::Spent;
use crate::protocol::event::Event;
use crate::protocol::{Defaults, PreparedRequest, check_headers};
use crate::schema::Endpoint;
use crate::text::Text;
use crate::transport::{Fetch, JsText, JsThrown, member, reflect_set};

#[wasm_bindgen]
extern "C" {
    /// A call as the JavaScript client has it. Rust holds it as long as the call lasts, and so holds no function of a
    /// caller longer than that.
    #[derive(Clone)]
    pub type JsCall;

    #[wasm_bindgen(method, getter)]
    fn id(this: &JsCall) -> u32;

    /// The caller's own `fetch`.
    #[wasm_bindgen(method, getter)]
    fn fetch(this: &JsCall) -> JsValue;

    /// A string, a function, or undefined.
    #[wasm_bindgen(method, getter)]
    fn credential(this: &JsCall) -> JsValue;

    #[wasm_bindgen(method, getter)]
    fn signal(this: &JsCall) -> JsValue;

    /// An event that somebody listens to.
    #[wasm_bindgen(method)]
    fn event(this: &JsCall, kind: u32, attempt: u32, status: f64, duration_ms: f64, text: JsValue);

    /// The limits as a response told them.
    #[wasm_bindgen(method)]
    fn limits(
        this: &JsCall,
        limit: f64,
        remaining: f64,
        reset_at: f64,
        daily_limit: f64,
        daily_remaining: f64,
    );

    /// Makes what the promise resolves with.
    #[wasm_bindgen(method)]
    fn outcome(
        this: &JsCall,
        data: JsValue,
        next: JsValue,
        status: u16,
        headers: JsValue,
        attempts: u32,
        body: JsString,
    ) -> JsValue;

    /// Receives limits.
    pub type LimitsReceiver;

    #[wasm_bindgen(method)]
    fn limits(
        this: &LimitsReceiver,
        limit: f64,
        remaining: f64,
        reset_at: f64,
        daily_limit: f64,
        daily_remaining: f64,
    );
}

/// The plain settings of a client; its functions come with each call.
struct Settings {
    roots: Roots<JsText>,
    scheme: AuthScheme,
    defaults: Defaults<JsText>,
    /// The kinds of events that somebody listens to, a bit each.
    event_mask: u32,
    /// The clock of all calls.
    fetch: Fetch,
}

/// Whoever made a call in JavaScript.
struct JsCaller {
    call: JsCall,
    fetch: Fetch,
    settings: Rc<Settings>,
    tasks: Rc<Tasks>,
}

impl Caller for JsCaller {
    type Runtime = Fetch;

    fn runtime(&self) -> &Fetch {
        &self.fetch
    }

    fn roots(&self) -> &Roots<JsText> {
        &self.settings.roots
    }

    fn auth_scheme(&self) -> AuthScheme {
        self.settings.scheme
    }

    fn credential_source(&self) -> CredentialSource<JsText> {
        let credential = self.call.credential();
        match JsText::of(credential.clone()) {
            Some(token) => CredentialSource::Fixed(token),
            None if credential.is_function() => CredentialSource::Function,
            None => CredentialSource::None,
        }
    }

    fn ask_credential(&self, refused: Option<&JsText>) -> impl Future<Output = Result<JsText, JsThrown>> {
        let request: JsValue = Object::new().into();
        if let Some(refused) = refused {
            reflect_set(&request, "refused", refused.0.as_ref());
        }
        reflect_set(&request, "signal", &self.call.signal());
        let credential: Function = self.call.credential().unchecked_into();
        let asked = credential.call1(&JsValue::UNDEFINED, &request);
        async move {
            let token =
                JsFuture::from(Promise::resolve(&asked.map_err(JsThrown)?)).await.map_err(JsThrown)?;
            // The driver refuses an empty one.
            Ok(JsText::of(token).unwrap_or_else(|| JsText::new("")))
        }
    }

    fn is_identity_known(&self) -> bool {
        !self.fetch.has_function()
    }

    fn is_over(&self) -> bool {
        !self.tasks.contains(self.call.id())
    }

    fn emit(&self, event: &Event<'_, JsText>) {
        let kind = event.kind as u32;
        if self.settings.event_mask >> kind & 1 != 0 && !self.is_over() {
            let text = event.text.map_or(JsValue::UNDEFINED, |text| text.0.clone().into());
            let (status, duration_ms) = (outcome::number(event.status), outcome::number(event.duration_ms));
            self.call.event(kind, event.attempt, status, duration_ms, text);
        }
    }
}

/// A client.
#[wasm_bindgen]
pub struct Core {
    driver: Rc<Driver<JsCaller>>,
    settings: Rc<Settings>,
    tasks: Rc<Tasks>,
}

#[wasm_bindgen]
impl Core {
    /// Makes a client of settings that were checked.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(settings: &JsValue) -> Self {
        let count = |name| args::count(settings, name);
        // They were checked.
        let headers = check_headers(args::headers(&member(settings, "headers"))).unwrap_or_default();
        let is_access_token = member(settings, "isAccessToken").is_truthy();
        Self {
            driver: Rc::new(Driver::new(count("maxConcurrency"), count("dailyTokenBudget"))),
            tasks: Rc::default(),
            settings: Rc::new(Settings {
                roots: Roots { v1: args::text(settings, "v1"), v2: args::text(settings, "v2") },
                scheme: if is_access_token { AuthScheme::AccessToken } else { AuthScheme::ApiToken },
                defaults: Defaults {
                    headers,
                    timeout_ms: count("timeoutMs").unwrap_or(DEFAULT_TIMEOUT_MS),
                    max_retries: count("maxRetries").unwrap_or(DEFAULT_MAX_RETRIES),
                },
                event_mask: count("eventMask").unwrap_or(0),
                fetch: Fetch::default(),
            }),
        }
    }

    /// Lets a call go on, after `schedule` asked for it.
    pub fn poll(&self, call: u32) {
        self.tasks.poll(call);
    }

    /// Drops a call, wherever it is: its promise never settles.
    pub fn abort(&self, call: u32) {
        self.tasks.abort(call);
    }

    /// What was spent on an operation: cost units, requests sent, requests saved.
    #[must_use]
    pub fn usage(&self, operation: usize) -> Array {
        let spent = api::ENDPOINTS.get(operation).map(|endpoint| self.driver.usage_of(endpoint.operation));
        let Spent { tokens_spent, calls_sent, calls_saved } = spent.unwrap_or_default();
        #[allow(clippy::cast_precision_loss)] // Counts far below 2^53.
        Array::of3(&(tokens_spent as f64).into(), &(calls_sent as f64).into(), &(calls_saved as f64).into())
    }

    /// Hands the limits as the last response told them to a receiver.
    #[wasm_bindgen(js_name = rateLimit)]
    pub fn rate_limit(&self, receiver: &LimitsReceiver) {
        outcome::limits(&self.driver.rate_limit(), |a, b, c, d, e| receiver.limits(a, b, c, d, e));
    }
}

impl Core {
    /// Starts a call.
    #[inline(never)]
    fn call(
        &self,
        endpoint: &'static Endpoint,
        call: &JsCall,
        positional: &[&JsValue],
        options: &JsValue,
    ) -> Promise {
        let values = Values { endpoint, positional, options };
        let request = PreparedRequest::new(endpoint, &self.settings.defaults, &|name| values.arg(name));
        // Nothing runs within the promise's executor, which would swallow what a fault throws and go on.
        let mut settle = None;
        let promise = Promise::new(&mut |resolve, reject| settle = Some((resolve, reject)));
        if let Some((resolve, reject)) = settle {
            match request {
                Ok(request) => self.start(endpoint, call.clone(), request, resolve, reject),
                Err(text) => {
                    let details = Details::<JsText, JsThrown>::new(Kind::Argument, endpoint.operation, &text);
                    drop(reject.call1(&JsValue::UNDEFINED, &outcome::error(&details, 0, None)));
                }
            }
        }
        promise
    }

    fn start(
        &self,
        endpoint: &'static Endpoint,
        call: JsCall,
        request: PreparedRequest<JsText>,
        resolve: Function,
        reject: Function,
    ) {
        let id = call.id();
        let own: Option<Function> = call.fetch().dyn_into().ok();
        let fetch = self.settings.fetch.with_function(own);
        let (settings, tasks) = (Rc::clone(&self.settings), Rc::clone(&self.tasks));
        let caller = Rc::new(JsCaller { call, fetch, settings, tasks });
        #[cfg(feature = "npm-trap")]
        let fault = super::trap::fault_of(&request);
        let driver = Rc::clone(&self.driver);
        self.tasks.start(
            id,
            Box::pin(async move {
                #[cfg(feature = "npm-trap")]
                super::trap::trigger_fault(fault.as_deref(), "before-");
                let result = driver.call(Rc::clone(&caller), endpoint, request).await;
                #[cfg(feature = "npm-trap")]
                super::trap::trigger_fault(fault.as_deref(), "after-");
                let settled = match result {
                    Ok(reply) => resolve.call1(&JsValue::UNDEFINED, &outcome_of(&caller.call, reply)),
                    Err(Failed { details, attempts, page }) => {
                        reject.call1(&JsValue::UNDEFINED, &outcome::error(&details, attempts, page.as_ref()))
                    }
                };
                drop(settled);
            }),
        );
    }
}

fn outcome_of(call: &JsCall, reply: Reply<Fetch>) -> JsValue {
    let Reply { data, next, status, headers, body, attempts, rate_limit } = reply;
    outcome::limits(&rate_limit, |a, b, c, d, e| call.limits(a, b, c, d, e));
    call.outcome(data, outcome::page(next), status, headers.as_js().clone(), attempts, body.0)
}

/// The methods of the endpoints: `name(call, …values, options)`.
macro_rules! endpoint_methods {
    ($($module:ident $method:ident($($value:ident),*) -> $returns:literal;)+) => {
        #[wasm_bindgen]
        impl Core {
            $(
                /// Calls the endpoint of this name.
                #[wasm_bindgen(js_name = $method, unchecked_return_type = $returns)]
                pub fn $module(&self, call: &JsCall, $($value: &JsValue,)* options: &JsValue) -> Promise {
                    self.call(&api::$module::ENDPOINT, call, &[$($value),*], options)
                }
            )+
        }
    };
}

crate::api::for_each_endpoint!(endpoint_methods);
