//! The client's class: ten methods that return promises, one per endpoint, and what the JavaScript client reports to it.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::args::JsArgs;
use super::driver::{Driver, own_fetch};
use super::js_call::JsCall;
use super::share::Share;
use super::{args, outcome};
use crate::api;
use crate::client::{DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT_MS};
use crate::error::{Details, Kind};
use crate::limits::RateLimiter;
use crate::protocol::{
    AttemptId, AuthScheme, CallId, CredentialSource, Defaults, Dispatcher, NewCall, PreparedRequest, Server,
};
use crate::schema::Endpoint;
use crate::transport::{Fetch, JsText, JsThrown, JsonRef, member, text_entries};

/// A client. Its functions come with each call, so that nothing in the module leads back to it.
#[wasm_bindgen]
pub struct Core {
    defaults: Defaults<JsText>,
    driver: Driver,
}

#[wasm_bindgen]
impl Core {
    /// Makes a client of settings that were checked.
    #[wasm_bindgen(constructor)]
    #[must_use]
    #[allow(clippy::needless_pass_by_value)] // What is borrowed costs the glue a stack.
    pub fn new(settings: JsValue) -> Self {
        let daily_budget = args::given_count(&settings, "dailyTokenBudget");
        let limiter = RateLimiter::new(max_concurrency(&settings), daily_budget);
        Self::with(&settings, Fetch::default(), limiter, Share::none())
    }

    /// Whether a call is looked at right now: nothing else can be called then, as a getter of a replaced `fetch` might try.
    #[wasm_bindgen(getter, js_name = isBusy)]
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.driver.state().is_none()
    }

    /// Continues a call whose timer may have elapsed.
    pub fn poll(&self, call: CallId, has_elapsed: bool) {
        self.driver.poll(call, has_elapsed);
    }

    /// The credential function returned a value, or threw it.
    #[wasm_bindgen(js_name = onCredential)]
    pub fn on_credential(&self, call: CallId, is_returned: bool, value: JsValue) {
        self.driver.on_credential(call, if is_returned { Ok(value) } else { Err(value) });
    }

    /// A promise of an attempt was fulfilled or rejected.
    #[wasm_bindgen(js_name = onSettled)]
    pub fn on_settled(&self, attempt: AttemptId, is_fulfilled: bool, value: JsValue) {
        self.driver.on_settled(attempt, if is_fulfilled { Ok(value) } else { Err(value) });
    }

    /// Drops a call, wherever it is: its promise never settles.
    pub fn abort(&self, call: CallId) {
        self.driver.abort(call);
    }

    /// What was spent on an operation: cost units (0), requests sent (1) or requests saved (2).
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // Counts far below 2^53.
    pub fn usage(&self, operation: usize, which: u32) -> f64 {
        let Some((state, endpoint)) = self.driver.state().zip(api::ENDPOINTS.get(operation)) else {
            return 0.0;
        };
        let spent = state.dispatcher.usage().of(endpoint.operation);
        (match which {
            0 => spent.tokens_spent,
            1 => spent.calls_sent,
            _ => spent.calls_saved,
        }) as f64
    }

    /// Wakes the calls that do not have to wait for the shared limits any longer. Says whether others still do.
    #[cfg(feature = "npm-server")]
    pub fn look(&self) -> bool {
        self.driver.look()
    }

    /// One of the limits as the last response reported them, in the order of [`outcome::limits`]; NaN if it is unknown.
    #[wasm_bindgen(js_name = rateLimit)]
    #[must_use]
    pub fn rate_limit(&self, which: usize) -> f64 {
        let limits = self.driver.state().map(|state| outcome::limits(&state.dispatcher.rate_limit()));
        limits.and_then(|limits| limits.get(which).copied()).unwrap_or(f64::NAN)
    }
}

/// The most calls in flight at once, where that is set.
pub(super) fn max_concurrency(settings: &JsValue) -> Option<u32> {
    // It is at least 1.
    Some(args::count(settings, "maxConcurrency", 0)).filter(|max| *max > 0)
}

impl Core {
    /// Makes a client on a clock, within limits.
    pub(super) fn with(settings: &JsValue, runtime: Fetch, limiter: RateLimiter, share: Share) -> Self {
        let count = |name, default| args::count(settings, name, default);
        let is_access_token = JsonRef::as_bool(&member(settings, "isAccessToken")) == Some(true);
        let server = Server {
            v1: args::text(settings, "v1"),
            v2: args::text(settings, "v2"),
            scheme: if is_access_token { AuthScheme::AccessToken } else { AuthScheme::ApiToken },
            max_body_bytes: count("maxBodyBytes", DEFAULT_MAX_BODY_BYTES),
        };
        let dispatcher = Dispatcher::new(server, limiter);
        Self {
            defaults: Defaults {
                headers: text_entries(Ok(member(settings, "headers"))),
                timeout_ms: count("timeoutMs", DEFAULT_TIMEOUT_MS),
                max_retries: count("maxRetries", DEFAULT_MAX_RETRIES),
            },
            driver: Driver::new(runtime, count("eventMask", 0), dispatcher, share),
        }
    }

    /// Checks the values of a call, and starts it.
    fn start(&self, endpoint: &'static Endpoint, id: CallId, call: JsCall, args: &JsValue) -> Promise {
        let promise = call.promise();
        match PreparedRequest::new(endpoint, &self.defaults, &JsArgs { call: &call, args }) {
            Ok(request) => {
                let credential = member(&call, "credential");
                let source = match JsText::of(credential.clone()) {
                    Some(token) => CredentialSource::Fixed(token),
                    None if credential.is_function() => CredentialSource::Function,
                    None => CredentialSource::None,
                };
                let is_identity_known = own_fetch(&call).is_none();
                self.driver.begin(call, NewCall { id, endpoint, request, source, is_identity_known });
            }
            Err(text) => {
                let details =
                    Details::<JsText, JsThrown, JsValue>::new(Kind::Argument, endpoint.operation, &text);
                call.fail(outcome::error(&details, 0, None));
            }
        }
        promise
    }
}

/// The methods of the endpoints: `name(id, call, args)`, with the arguments by their names, options included.
macro_rules! endpoint_methods {
    ($($module:ident $method:ident($($value:ident),*) -> $returns:literal;)+) => {
        #[wasm_bindgen]
        impl Core {
            $(
                /// Calls the endpoint of this name.
                #[wasm_bindgen(js_name = $method, unchecked_return_type = $returns)]
                pub fn $module(&self, id: CallId, call: JsCall, args: JsValue) -> Promise {
                    self.start(&api::$module::ENDPOINT, id, call, &args)
                }
            )+
        }
    };
}

crate::api::for_each_endpoint!(endpoint_methods);
