//! The client's class: ten methods that return promises, one per endpoint, and the driver for JavaScript. It performs the
//! steps of the dispatcher with promises and timers; with `client/driver.rs`, its twin for Rust programs, it is the only
//! code that waits.

use std::cell::{RefCell, RefMut};
#[cfg(feature = "npm-server")]
use std::rc::Rc;

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

use super::args::JsArgs;
use super::js_call::JsCall;
use super::{args, outcome};
use crate::api;
use crate::client::{DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT_MS};
use crate::error::{Details, Kind};
#[cfg(feature = "npm-server")]
use crate::limits::shared::SharedLimiter;
use crate::protocol::{
    AttemptId, AuthScheme, CallId, CredentialSource, Defaults, Dispatcher, Emitted, Failed, Moment, NewCall,
    PreparedRequest, Reply, Server, Step,
};
use crate::schema::Endpoint;
use crate::text::Text;
use crate::transport::{
    Clock, Fetch, InFlight, JsText, JsThrown, JsonRef, LONGEST_TIMER_MS, Next, Random, member, method,
    text_entries,
};

/// A client. Its functions come with each call, so that nothing in the module leads back to it.
#[wasm_bindgen]
pub struct Core {
    defaults: Defaults<JsText>,
    /// The kinds of events that somebody listens to, a bit each.
    event_mask: u32,
    runtime: Fetch,
    state: RefCell<State>,
    /// The limits that it shares with other clients, and whom to notify of a change in them.
    #[cfg(feature = "npm-server")]
    shared: Option<(Rc<RefCell<SharedLimiter>>, Function)>,
}

struct State {
    dispatcher: Dispatcher<Fetch>,
    /// The calls under way.
    calls: Vec<Box<Call>>,
    attempts: Vec<Box<Attempt>>,
}

struct Call {
    id: CallId,
    handle: JsCall,
    /// The end of its timer.
    due: f64,
    #[cfg(feature = "npm-trap")]
    fault: Option<String>,
}

/// An attempt in flight.
struct Attempt {
    id: AttemptId,
    /// The call in whose context it goes on.
    call: JsCall,
    in_flight: InFlight,
}

#[wasm_bindgen]
impl Core {
    /// Makes a client of settings that were checked.
    #[wasm_bindgen(constructor)]
    #[must_use]
    #[allow(clippy::needless_pass_by_value)] // What is borrowed costs the glue a stack.
    pub fn new(settings: JsValue) -> Self {
        Self::with(&settings, Fetch::default())
    }

    /// Whether a call is looked at right now: nothing else can be called then, as a getter of a replaced `fetch` might try.
    #[wasm_bindgen(getter, js_name = isBusy)]
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.state.try_borrow_mut().is_err()
    }

    /// Lets a call go on, whose timer may have elapsed.
    pub fn poll(&self, call: CallId, has_elapsed: bool) {
        let due = self.state().and_then(|mut state| state.call(call).map(|call| call.due));
        if let Some(due) = due.filter(|_| has_elapsed) {
            self.runtime.on_elapsed(due);
        }
        self.proceed(call);
    }

    /// The credential function returned a value, or threw it.
    #[wasm_bindgen(js_name = onCredential)]
    pub fn on_credential(&self, call: CallId, is_returned: bool, value: JsValue) {
        // The dispatcher refuses an empty one.
        let credential = if is_returned {
            Ok(JsText::of(value).unwrap_or_else(|| JsText::new("")))
        } else {
            Err(JsThrown(value))
        };
        if let Some(mut state) = self.state() {
            state.dispatcher.on_credential(call, credential);
        }
        self.proceed(call);
    }

    /// A promise of an attempt was fulfilled or rejected.
    #[wasm_bindgen(js_name = onSettled)]
    pub fn on_settled(&self, attempt: AttemptId, is_fulfilled: bool, value: JsValue) {
        let known = self.state().and_then(|mut state| {
            let index = state.attempts.iter().position(|known| known.id == attempt)?;
            Some(state.attempts.swap_remove(index))
        });
        if let Some(mut known) = known {
            let next = known.in_flight.on_settled(if is_fulfilled { Ok(value) } else { Err(value) });
            self.go_on(known, next);
        }
    }

    /// Drops a call, wherever it is: its promise never settles.
    pub fn abort(&self, call: CallId) {
        if let Some(mut state) = self.state() {
            state.calls.retain(|known| known.id != call);
            state.dispatcher.end(call, self.runtime.now());
        }
        self.settle();
    }

    /// What was spent on an operation: cost units (0), requests sent (1) or requests saved (2).
    #[must_use]
    #[allow(clippy::cast_precision_loss)] // Counts far below 2^53.
    pub fn usage(&self, operation: usize, which: u32) -> f64 {
        let Some((state, endpoint)) = self.state().zip(api::ENDPOINTS.get(operation)) else { return 0.0 };
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
        let is_waiting =
            self.state().is_some_and(|mut state| state.dispatcher.wake_ready(self.runtime.now()));
        self.settle();
        is_waiting
    }

    /// One of the limits as the last response reported them, in the order of [`outcome::limits`]; NaN if it is unknown.
    #[wasm_bindgen(js_name = rateLimit)]
    #[must_use]
    pub fn rate_limit(&self, which: usize) -> f64 {
        let limits = self.state().map(|state| outcome::limits(&state.dispatcher.rate_limit()));
        limits.and_then(|limits| limits.get(which).copied()).unwrap_or(f64::NAN)
    }
}

impl State {
    fn call(&mut self, id: CallId) -> Option<&mut Box<Call>> {
        self.calls.iter_mut().find(|call| call.id == id)
    }
}

impl Core {
    /// Makes a client on a clock.
    pub(super) fn with(settings: &JsValue, runtime: Fetch) -> Self {
        let count = |name, default| args::count(settings, name, default);
        let daily_budget = args::given_count(settings, "dailyTokenBudget");
        // It is at least 1.
        let max_concurrency = Some(count("maxConcurrency", 0)).filter(|max| *max > 0);
        let is_access_token = JsonRef::as_bool(&member(settings, "isAccessToken")) == Some(true);
        let server = Server {
            v1: args::text(settings, "v1"),
            v2: args::text(settings, "v2"),
            scheme: if is_access_token { AuthScheme::AccessToken } else { AuthScheme::ApiToken },
            max_body_bytes: count("maxBodyBytes", DEFAULT_MAX_BODY_BYTES),
        };
        Self {
            defaults: Defaults {
                headers: text_entries(Ok(member(settings, "headers"))),
                timeout_ms: count("timeoutMs", DEFAULT_TIMEOUT_MS),
                max_retries: count("maxRetries", DEFAULT_MAX_RETRIES),
            },
            event_mask: count("eventMask", 0),
            runtime,
            state: RefCell::new(State {
                dispatcher: Dispatcher::new(server, max_concurrency, daily_budget),
                calls: Vec::new(),
                attempts: Vec::new(),
            }),
            #[cfg(feature = "npm-server")]
            shared: None,
        }
    }

    /// From now on the client shares its limits. `notify` is called when something has changed in them.
    #[cfg(feature = "npm-server")]
    pub(super) fn share(&mut self, limiter: Rc<RefCell<SharedLimiter>>, notify: Function) {
        if let Some(mut state) = self.state() {
            state.dispatcher.share(Rc::clone(&limiter));
        }
        self.shared = Some((limiter, notify));
    }

    fn state(&self) -> Option<RefMut<'_, State>> {
        self.state.try_borrow_mut().ok()
    }

    /// Checks the values of a call, and starts it.
    fn start(&self, endpoint: &'static Endpoint, id: CallId, call: JsCall, args: &JsValue) -> Promise {
        let promise = call.promise();
        match PreparedRequest::new(endpoint, &self.defaults, &JsArgs { call: &call, args }) {
            Ok(request) => {
                #[cfg(feature = "npm-trap")]
                let fault = super::trap::fault_of(&request);
                let credential = member(&call, "credential");
                let source = match JsText::of(credential.clone()) {
                    Some(token) => CredentialSource::Fixed(token),
                    None if credential.is_function() => CredentialSource::Function,
                    None => CredentialSource::None,
                };
                let is_identity_known = own_fetch(&call).is_none();
                if let Some(mut state) = self.state() {
                    state.calls.push(Box::new(Call {
                        id,
                        handle: call,
                        due: 0.0,
                        #[cfg(feature = "npm-trap")]
                        fault: fault.clone(),
                    }));
                    state.dispatcher.begin(NewCall { id, endpoint, request, source, is_identity_known });
                }
                #[cfg(feature = "npm-trap")]
                super::trap::trigger_fault(fault.as_deref(), "before-");
                self.proceed(id);
            }
            Err(text) => {
                let details =
                    Details::<JsText, JsThrown, JsValue>::new(Kind::Argument, endpoint.operation, &text);
                call.fail(outcome::error(&details, 0, None));
            }
        }
        promise
    }

    /// Performs the steps of a call until it waits.
    #[inline(never)]
    fn proceed(&self, call: CallId) {
        while self.perform(call) {}
    }

    /// Performs a call's next step, and says whether there is another.
    fn perform(&self, id: CallId) -> bool {
        let moment =
            Moment { now: self.runtime.now(), wall: self.runtime.wall(), random: self.runtime.random() };
        let next = self.state().and_then(|mut state| {
            let call = state.call(id)?.handle.clone();
            Some((call, state.dispatcher.step(id, moment)))
        });
        self.settle();
        let Some((call, step)) = next else { return false };
        match step {
            Step::Emit(_, Emitted { kind, attempt, status, duration_ms, .. }, text) => {
                let kind = kind as u32;
                if self.event_mask >> kind & 1 != 0 {
                    let text = text.map_or(JsValue::UNDEFINED, |text| text.0.into());
                    call.event(kind, attempt, outcome::number(status), duration_ms.or_nan(), text);
                }
            }
            Step::AskCredential(refused) => {
                call.ask(refused.map_or(JsValue::UNDEFINED, |refused| refused.0.into()));
            }
            Step::Send(id, request) => {
                let (in_flight, next) = InFlight::start(own_fetch(&call).as_ref(), &request);
                self.go_on(Box::new(Attempt { id, call, in_flight }), next);
            }
            Step::Wait(milliseconds) => {
                if let Some(mut state) = self.state()
                    && let Some(call) = state.call(id)
                {
                    call.due = moment.now + milliseconds;
                }
                call.wait(milliseconds.min(LONGEST_TIMER_MS));
                return false;
            }
            Step::Finish(result) => {
                #[cfg(feature = "npm-trap")]
                {
                    let fault = self.state().and_then(|mut state| state.call(id)?.fault.clone());
                    super::trap::trigger_fault(fault.as_deref(), "after-");
                }
                if let Some(mut state) = self.state() {
                    state.calls.retain(|known| known.id != id);
                }
                finish(&call, result);
                return false;
            }
            Step::Gone => return false,
        }
        true
    }

    /// An attempt waits for its next promise, or is over: then the call that drives its request goes on in its own context.
    fn go_on(&self, attempt: Box<Attempt>, next: Next) {
        let id = attempt.id;
        match next {
            Next::Promise(promise) => {
                attempt.call.follow(&promise, id);
                // A replaced fetch may have ended the call: then the attempt is dropped, and aborted.
                if let Some(mut state) = self.state()
                    && state.dispatcher.is_in_flight(id)
                {
                    state.attempts.push(attempt);
                }
            }
            Next::Done(sent) => {
                let driving = self.state().and_then(|mut state| state.dispatcher.on_sent(id, sent));
                if let Some(id) = driving {
                    self.wake(id);
                }
            }
        }
    }

    fn wake(&self, id: CallId) {
        let call = self.state().and_then(|mut state| Some(state.call(id)?.handle.clone()));
        if let Some(call) = call {
            call.wake();
        }
    }

    /// Aborts the attempts that no call waits for, and wakes the calls that have something to do.
    fn settle(&self) {
        loop {
            let aborted = self.state().and_then(|mut state| {
                let aborted = state.dispatcher.next_aborted()?;
                let index = state.attempts.iter().position(|attempt| attempt.id == aborted);
                Some(index.map(|index| state.attempts.swap_remove(index)))
            });
            // Aborting calls the listeners of a replaced fetch.
            if aborted.is_none() {
                break;
            }
        }
        loop {
            let woken = self.state().and_then(|mut state| state.dispatcher.next_woken());
            let Some(woken) = woken else { break };
            self.wake(woken);
        }
        #[cfg(feature = "npm-server")]
        if let Some((limiter, notify)) = &self.shared
            && limiter.try_borrow_mut().is_ok_and(|mut limiter| limiter.take_changed())
        {
            drop(notify.call0(&JsValue::UNDEFINED));
        }
    }
}

/// The caller's own `fetch`.
fn own_fetch(call: &JsCall) -> Option<Function> {
    method(call, "fetch")
}

fn finish(call: &JsCall, result: Result<Box<Reply<Fetch>>, Failed<Fetch>>) {
    match result {
        Ok(reply) => {
            let Reply { data, next, status, headers, body, attempts, rate_limit } = *reply;
            let [limit, remaining, reset_at, daily_limit, daily_remaining] = outcome::limits(&rate_limit);
            call.limits(limit, remaining, reset_at, daily_limit, daily_remaining);
            call.succeed(data, outcome::page(next), status, headers.as_js().clone(), attempts, body.0);
        }
        Err(Failed { details, attempts, page }) => {
            call.fail(outcome::error(&details, attempts, page.as_ref()));
        }
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
