//! The driver for JavaScript: performs the steps of the dispatcher with promises and timers. With `client/driver.rs`, its
//! twin for Rust programs, it is the only code that waits.

use std::cell::{RefCell, RefMut};

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::js_call::JsCall;
use super::outcome;
use super::share::Share;
use crate::protocol::{AttemptId, CallId, Dispatcher, Emitted, Failed, Moment, NewCall, Reply, Step};
use crate::text::Text;
use crate::transport::{Fetch, InFlight, JsText, JsThrown, LONGEST_TIMER_MS, Next, Random, method};

/// The calls of a client, and what they wait for.
pub(super) struct Driver {
    /// The kinds of events that have a listener, a bit each.
    event_mask: u32,
    runtime: Fetch,
    state: RefCell<State>,
    share: Share,
}

pub(super) struct State {
    pub(super) dispatcher: Dispatcher<Fetch>,
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
    /// The call that began it, in whose context it continues.
    beginner: CallId,
    call: JsCall,
    in_flight: InFlight,
}

impl State {
    fn call(&mut self, id: CallId) -> Option<&mut Box<Call>> {
        self.calls.iter_mut().find(|call| call.id == id)
    }
}

impl Driver {
    pub(super) fn new(runtime: Fetch, event_mask: u32, dispatcher: Dispatcher<Fetch>, share: Share) -> Self {
        let state = RefCell::new(State { dispatcher, calls: Vec::new(), attempts: Vec::new() });
        Self { event_mask, runtime, state, share }
    }

    /// Nothing while a call is looked at.
    pub(super) fn state(&self) -> Option<RefMut<'_, State>> {
        self.state.try_borrow_mut().ok()
    }

    /// Begins a call, and performs its first steps.
    pub(super) fn begin(&self, handle: JsCall, call: NewCall<JsText>) {
        let id = call.id;
        #[cfg(feature = "npm-trap")]
        let fault = super::trap::fault_of(&call.request);
        if let Some(mut state) = self.state() {
            state.calls.push(Box::new(Call {
                id,
                handle,
                due: 0.0,
                #[cfg(feature = "npm-trap")]
                fault: fault.clone(),
            }));
            state.dispatcher.begin(call);
        }
        #[cfg(feature = "npm-trap")]
        super::trap::trigger_fault(fault.as_deref(), "before-");
        self.proceed(id);
    }

    /// Continues a call whose timer may have elapsed.
    pub(super) fn poll(&self, call: CallId, has_elapsed: bool) {
        let due = self.state().and_then(|mut state| state.call(call).map(|call| call.due));
        if let Some(due) = due.filter(|_| has_elapsed) {
            self.runtime.on_elapsed(due);
        }
        self.proceed(call);
    }

    /// The credential function returned a value, or threw it.
    pub(super) fn on_credential(&self, call: CallId, credential: Result<JsValue, JsValue>) {
        // The dispatcher refuses an empty one.
        let credential =
            credential.map(|value| JsText::of(value).unwrap_or_else(|| JsText::new(""))).map_err(JsThrown);
        if let Some(mut state) = self.state() {
            state.dispatcher.on_credential(call, credential);
        }
        self.proceed(call);
    }

    /// A promise of an attempt was fulfilled or rejected.
    pub(super) fn on_settled(&self, attempt: AttemptId, settled: Result<JsValue, JsValue>) {
        let known = self.state().and_then(|mut state| {
            let index = state.attempts.iter().position(|known| known.id == attempt)?;
            Some(state.attempts.swap_remove(index))
        });
        if let Some(mut known) = known {
            let next = known.in_flight.on_settled(settled);
            self.continue_attempt(known, next);
        }
    }

    /// Drops a call, wherever it is: its promise never settles.
    pub(super) fn abort(&self, call: CallId) {
        if let Some(mut state) = self.state() {
            state.calls.retain(|known| known.id != call);
            state.dispatcher.end(call, self.runtime.now_ms());
        }
        self.settle();
    }

    /// Wakes the calls that do not have to wait for the shared limits any longer. Says whether others still do.
    #[cfg(feature = "npm-server")]
    pub(super) fn look(&self) -> bool {
        let ready = self.share.ready(self.runtime.now_ms());
        let is_waiting = self.state().is_some_and(|mut state| state.dispatcher.wake_ready(ready.as_deref()));
        self.settle();
        is_waiting
    }

    /// Performs the steps of a call until it waits.
    #[inline(never)]
    fn proceed(&self, call: CallId) {
        while self.perform(call) {}
    }

    /// Performs a call's next step, and says whether there is another.
    fn perform(&self, id: CallId) -> bool {
        let moment =
            Moment { now: self.runtime.now_ms(), wall: Fetch::wall_ms(), random: self.runtime.random() };
        let Some((call, step)) = self.next_step(id, moment) else { return false };
        match step {
            Step::Emit(_, Emitted { kind, attempt, status, duration_ms, .. }, text) => {
                let text = text.map_or(JsValue::UNDEFINED, |text| text.0.into());
                call.event(kind as u32, attempt, outcome::number(status), duration_ms.or_nan(), text);
            }
            Step::AskCredential(refused) => {
                call.ask(refused.map_or(JsValue::UNDEFINED, |refused| refused.0.into()));
            }
            Step::Send(attempt, request) => {
                let (in_flight, next) = InFlight::start(own_fetch(&call).as_ref(), &request);
                self.continue_attempt(Box::new(Attempt { id: attempt, beginner: id, call, in_flight }), next);
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

    /// A call's next step. Events without a listener are left out: no code of others runs between them, so that it is one moment.
    fn next_step(&self, id: CallId, moment: Moment) -> Option<(JsCall, Step<Fetch>)> {
        loop {
            let next = self.state().and_then(|mut state| {
                let call = state.call(id)?.handle.clone();
                Some((call, state.dispatcher.step(id, moment)))
            });
            self.settle();
            match next {
                Some((_, Step::Emit(_, event, _))) if self.event_mask >> event.kind as u32 & 1 == 0 => {}
                next => return next,
            }
        }
    }

    /// An attempt waits for its next promise, or is over: then the call that drives its request continues in its own context.
    fn continue_attempt(&self, attempt: Box<Attempt>, next: Next) {
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
                let beginner = attempt.beginner;
                // First its connection is closed, then the next one opened.
                drop(attempt);
                match driving {
                    Some(call) if call == beginner => self.proceed(call),
                    Some(call) => self.wake(call),
                    None => {}
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
        self.share.notify();
    }
}

/// The caller's own `fetch`.
pub(super) fn own_fetch(call: &JsCall) -> Option<Function> {
    method(call, "fetch")
}

fn finish(call: &JsCall, result: Result<Box<Reply<Fetch>>, Failed<Fetch>>) {
    match result {
        Ok(reply) => {
            let Reply { data, next, status, headers, body, attempts, rate_limit } = *reply;
            let [limit, remaining, reset_at, daily_limit, daily_remaining] = outcome::limits(&rate_limit);
            let (next, headers) = (outcome::page(next), headers.as_js().clone());
            call.succeed(
                data,
                next,
                status,
                headers,
                attempts,
                body.0,
                limit,
                remaining,
                reset_at,
                daily_limit,
                daily_remaining,
            );
        }
        Err(Failed { details, attempts, page }) => {
            call.fail(outcome::error(&details, attempts, page.as_ref()));
        }
    }
}
