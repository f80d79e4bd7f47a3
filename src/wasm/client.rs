//! The client's exports. The face (`pkg/src/conduct.ts`) conducts the calls, since a wait costs nothing there; what is
//! checked, decided, counted and said comes from the core, through here.

use wasm_bindgen::prelude::*;

use super::convert::{self, Call};
use crate::answer::{self, Payload};
use crate::api::ENDPOINTS;
use crate::course::{Course, Step};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::failure;
use crate::limits::{Account, Admission, RateLimit};
use crate::page;
use crate::sorted::SortedMap;
use crate::transport::Progress;

/// What an attempt came to, beside the milliseconds of a wait before the next.
const GOOD: f64 = -1.0;
const RENEW: f64 = -2.0;
const STOP: f64 = -3.0;

/// What the core knows of one `UsersClient`.
#[wasm_bindgen]
pub struct Core {
    account: Account,
    courses: SortedMap<u32, Course>,
}

#[wasm_bindgen]
impl Core {
    /// Makes the core of a client.
    #[wasm_bindgen(constructor)]
    pub fn new(max_concurrency: u32, daily_token_budget: Option<u32>) -> Self {
        Self { account: Account::new(max_concurrency, daily_token_budget), courses: SortedMap::default() }
    }

    /// A call begins: gives its number.
    pub fn begin(&mut self, place: usize, max_retries: u32) -> u32 {
        let ticket = self.account.line.ticket();
        if let Some(endpoint) = ENDPOINTS.get(place) {
            self.courses.insert(ticket, Course::new(endpoint, max_retries));
        }
        ticket
    }

    /// When it may be sent: 0 is now, and then it counts as sent; a time is the end of the burst window; infinity is
    /// when it is its turn; -1 is a time too far away, which fails the call.
    pub fn admit(&mut self, ticket: u32, now: f64, call: &Call) -> f64 {
        match self.account.line.admit(ticket, now) {
            Admission::Go => 0.0,
            Admission::Until(at) => at,
            Admission::Turn => f64::INFINITY,
            Admission::TooFar(at) => {
                if let Some(endpoint) = self.endpoint(ticket) {
                    fail(call, &failure::too_long(endpoint, at, now));
                }
                -1.0
            }
        }
    }

    /// The call whose turn it is, if one waits.
    pub fn first(&self) -> Option<u32> {
        self.account.line.first()
    }

    /// Takes the cost of the next attempt out of the budget. Says whether there is enough; if not, it fails the call.
    pub fn spend(&mut self, ticket: u32, now: f64, call: &Call) -> bool {
        #[cfg(feature = "npm-trap")]
        super::trap::spring(call, "before-");
        let Some(course) = self.courses.get_mut(&ticket) else { return false };
        match self.account.spend(course.endpoint, now) {
            Ok(()) => course.sent(),
            Err(reset_at) => {
                fail(call, &failure::over_budget(course.endpoint, reset_at, now));
                return false;
            }
        }
        true
    }

    /// An answer came, `json` is its body where it is JSON. Says what it means for the call: [`GOOD`], [`RENEW`],
    /// [`STOP`] or a wait.
    pub fn answered(
        &mut self,
        ticket: u32,
        status: u16,
        json: &JsValue,
        now: f64,
        random: f64,
        call: &Call,
    ) -> f64 {
        #[cfg(feature = "npm-trap")]
        super::trap::spring(call, "after-");
        self.observe(now, call);
        if (200..300).contains(&status) {
            return GOOD;
        }
        let Some(endpoint) = self.endpoint(ticket) else { return STOP };
        self.failed(ticket, answer::failure(endpoint, status, call, Some(json), now), random, now, call)
    }

    /// No whole answer came; `how` is a place in the list below, a negative status that none came. Says what it means for
    /// the call.
    pub fn lost(
        &mut self,
        ticket: u32,
        how: u32,
        cause: &str,
        status: i32,
        now: f64,
        random: f64,
        call: &Call,
    ) -> f64 {
        let Some(endpoint) = self.endpoint(ticket) else { return STOP };
        let status = u16::try_from(status).ok();
        if status.is_some() {
            self.observe(now, call);
        }
        let progress = match how {
            0 => Progress::Unknown,
            1 => Progress::Unsent,
            2 => Progress::NoResponse,
            _ => Progress::Body { status: 0, headers: Vec::new() },
        };
        let head = status.map(|status| (status, call));
        self.failed(ticket, failure::lost(endpoint, &progress, cause, head, now), random, now, call)
    }

    /// Something took longer than `milliseconds`: the answer, or the credential function. Says what it means.
    #[wasm_bindgen(js_name = timedOut)]
    pub fn timed_out(
        &mut self,
        ticket: u32,
        what: &str,
        milliseconds: u32,
        now: f64,
        random: f64,
        call: &Call,
    ) -> f64 {
        let Some(endpoint) = self.endpoint(ticket) else { return STOP };
        self.failed(ticket, failure::timed_out(endpoint, what, milliseconds), random, now, call)
    }

    /// The request is back, or was given up.
    pub fn landed(&mut self) {
        self.account.line.landed();
    }

    /// The call is over.
    pub fn leave(&mut self, ticket: u32) {
        self.account.line.leave(ticket);
        self.courses.remove(&ticket);
    }

    /// A call shares the request of another.
    pub fn saved(&mut self, place: usize) {
        if let Some(endpoint) = ENDPOINTS.get(place) {
            self.account.usage.saved(endpoint);
        }
    }

    /// Reads the body of a good answer; `from` is the cursor or the start that it was asked with.
    pub fn read(&self, place: usize, status: u16, json: &JsValue, from: &JsValue, call: &Call) {
        let Some(endpoint) = ENDPOINTS.get(place).copied() else { return };
        let read = answer::read(endpoint, status, Some(json)).and_then(
            |Payload { data, additional, deprecation }| {
                let next = page::next(endpoint, convert::begin(from).as_ref(), &data, additional.as_ref())?;
                Ok((data, next, deprecation))
            },
        );
        match read {
            Ok((data, next, notice)) => {
                call.done(data, convert::next(next), answer::deprecation(notice, call));
            }
            Err(error) => fail(call, &error),
        }
    }

    /// Tokens spent (0), requests sent (1) or requests saved (2) by the operation at this place of the table.
    pub fn usage(&self, place: usize, which: u32) -> f64 {
        let spent = ENDPOINTS.get(place).map(|endpoint| self.account.usage.of(endpoint.operation));
        let spent = spent.unwrap_or_default();
        #[allow(clippy::cast_precision_loss)] // Counts far below 2^53.
        match which {
            0 => spent.tokens_spent as f64,
            1 => spent.calls_sent as f64,
            _ => spent.calls_saved as f64,
        }
    }
}

impl Core {
    fn endpoint(&self, ticket: u32) -> Option<&'static Endpoint> {
        self.courses.get(&ticket).map(|course| course.endpoint)
    }

    fn observe(&mut self, now: f64, call: &Call) {
        let told = RateLimit::read(call, now);
        self.account.observe(&told, now);
        call.limits(told.limit, told.remaining, told.reset_at, told.daily_limit, told.daily_remaining);
    }

    fn failed(&mut self, ticket: u32, error: Error, random: f64, now: f64, call: &Call) -> f64 {
        fail(call, &error);
        let Some(course) = self.courses.get_mut(&ticket) else { return STOP };
        self.account.learn(course.endpoint, &error);
        match course.after(&error, call.renewable(), random, now) {
            Step::Stop => STOP,
            Step::Renew => RENEW,
            Step::Again(wait) => wait,
        }
    }
}

fn fail(call: &Call, error: &Error) {
    call.fail(
        error.kind.as_str(),
        &error.message,
        convert::code(error.code.as_ref()),
        error.detail.as_deref(),
        error.retry_after_seconds,
        error.scope.map(crate::error::LimitScope::as_str),
        error.reset_at,
    );
}
