//! The client's exports. The face (`pkg/src/conduct.ts`) conducts the calls, since waiting costs nothing there; what is
//! decided, counted and read comes from the core, through here. No text crosses but literals: values stay where they are.

use wasm_bindgen::prelude::*;

use super::convert::{self, Flight};
use crate::answer::{self, Payload};
use crate::api::ENDPOINTS;
use crate::course::{Course, Step};
use crate::schema::Terms;
use crate::failure::{self, Failure};
use crate::limits::{Account, Admission, RateLimit, Told};
use crate::page;
use crate::said::Hints;
use crate::transport::{Peek, Progress};
use crate::usage::Spent;

const OPERATIONS: usize = ENDPOINTS.len();

/// What comes after a failed attempt, beside the milliseconds of a wait before the next.
const RENEW: f64 = -2.0;
const STOP: f64 = -3.0;

/// What the core knows of one `UsersClient`. Numbers that are not there are negative on their way in.
#[wasm_bindgen]
pub struct Core {
    account: Account,
    /// The calls that are on their way, in the order of their tickets.
    calls: Vec<Call>,
    /// What was spent, by the operation's place of the table.
    usage: [Spent; OPERATIONS],
}

/// A call on its way.
struct Call {
    ticket: u32,
    slot: usize,
    course: Course,
}

#[wasm_bindgen]
impl Core {
    /// Makes the core of a client.
    #[wasm_bindgen(constructor)]
    pub fn new(max_concurrency: u32, daily_token_budget: f64) -> Self {
        let budget = convert::count(daily_token_budget);
        Self {
            account: Account::new(max_concurrency, budget),
            calls: Vec::new(),
            usage: [Spent::default(); OPERATIONS],
        }
    }

    /// A call begins, of the operation at this place of the table: gives its number.
    pub fn begin(&mut self, slot: usize, cost: u32, is_idempotent: bool, max_retries: u32) -> u32 {
        let ticket = self.account.line.ticket();
        let course = Course::new(Terms { cost, is_idempotent }, max_retries);
        self.calls.push(Call { ticket, slot, course });
        ticket
    }

    /// When it may be sent: 0 is now, and then it counts as sent; a time is the end of the burst window; infinity is
    /// when it is its turn; -1 is a time too far away, which fails the call.
    pub fn admit(&mut self, ticket: u32, now: f64, flight: &Flight) -> f64 {
        match self.account.line.admit(ticket, now) {
            Admission::Go => 0.0,
            Admission::Until(at) => at,
            Admission::Turn => f64::INFINITY,
            Admission::TooFar(at) => {
                convert::fail(flight, failure::too_long(at, now));
                -1.0
            }
        }
    }

    /// The call whose turn it is; -1 where none waits.
    pub fn first(&self) -> f64 {
        self.account.line.first().map_or(-1.0, f64::from)
    }

    /// Takes the cost of the next attempt out of the budget. Says whether there is enough; if not, it fails the call.
    pub fn spend(&mut self, ticket: u32, now: f64, flight: &Flight) -> bool {
        #[cfg(feature = "npm-trap")]
        super::trap::spring(flight, "before-");
        let Some(Call { slot, course, .. }) = call(&mut self.calls, ticket) else { return false };
        match self.account.spend(course.terms, now) {
            Ok(()) => {
                course.sent();
                if let Some(spent) = self.usage.get_mut(*slot) {
                    spent.send(course.terms.cost);
                }
            }
            Err(reset_at) => {
                convert::fail(flight, failure::over_budget(reset_at, now));
                return false;
            }
        }
        true
    }

    /// An answer has begun: what its headers tell of the limits.
    pub fn observe(
        &mut self,
        limit: f64,
        remaining: f64,
        reset_at: f64,
        daily: f64,
        daily_remaining: f64,
        now: f64,
    ) {
        self.account.observe(&limits(limit, remaining, reset_at, daily, daily_remaining), now);
    }

    /// An answer with a bad status came; `scope` is the operation's by its place, `hints` what the server says, a bit
    /// each. Says what it means for the call: [`RENEW`], [`STOP`] or a wait.
    #[allow(clippy::too_many_arguments)]
    pub fn answered(
        &mut self,
        ticket: u32,
        scope: u32,
        is_of_user: bool,
        status: u16,
        hints: u32,
        retry_after: f64,
        reset_at: f64,
        daily_remaining: f64,
        is_html: bool,
        now: f64,
        random: f64,
        flight: &Flight,
    ) -> f64 {
        let told = Told {
            limits: limits(-1.0, -1.0, reset_at, -1.0, daily_remaining),
            retry_after_ms: convert::number(retry_after),
            is_html,
        };
        let hints = Hints { is_json: hints & 1 != 0, is_daily: hints & 2 != 0, is_scope: hints & 4 != 0 };
        let failure = answer::failure(convert::scope(scope), is_of_user, status, &told, hints, now);
        self.failed(ticket, failure, now, random, flight)
    }

    /// No whole answer came; `how` is a place in the list below, a negative status that none began. Says what it means
    /// for the call.
    #[allow(clippy::too_many_arguments)]
    pub fn lost(
        &mut self,
        ticket: u32,
        how: u32,
        status: i32,
        retry_after: f64,
        now: f64,
        random: f64,
        flight: &Flight,
    ) -> f64 {
        let progress = match how {
            0 => Progress::Unknown,
            1 => Progress::Unsent,
            2 => Progress::NoResponse,
            _ => Progress::Body { status: 0, headers: Vec::new() },
        };
        let told = Told { retry_after_ms: convert::number(retry_after), ..Told::default() };
        let head = u16::try_from(status).ok().map(|status| (status, &told));
        self.failed(ticket, failure::lost(&progress, head, now), now, random, flight)
    }

    /// The answer took longer than an attempt may, or the credential function did. Says what it means.
    #[wasm_bindgen(js_name = timedOut)]
    pub fn timed_out(
        &mut self,
        ticket: u32,
        is_credential: bool,
        now: f64,
        random: f64,
        flight: &Flight,
    ) -> f64 {
        let failure = failure::timed_out(is_credential);
        if is_credential {
            // Nothing was sent: there is nothing to learn.
            convert::fail(flight, failure);
            return STOP;
        }
        self.failed(ticket, failure, now, random, flight)
    }

    /// The request is back, or was given up.
    pub fn landed(&mut self) {
        self.account.line.landed();
    }

    /// The call is over.
    pub fn leave(&mut self, ticket: u32) {
        self.account.line.leave(ticket);
        let place = place_of(&self.calls, ticket);
        if place < self.calls.len() {
            self.calls.remove(place);
        }
    }

    /// A call shares the request of another.
    pub fn saved(&mut self, slot: usize) {
        if let Some(spent) = self.usage.get_mut(slot) {
            spent.save();
        }
    }

    /// Reads the body of a good answer; `kind` is the form of its data by its place, `from` is the cursor or the start
    /// that it was asked with.
    #[allow(clippy::unused_self)] // It is called on what the face has at hand.
    pub fn read(&self, kind: u32, status: u16, json: &JsValue, from: &JsValue, flight: &Flight) {
        #[cfg(feature = "npm-trap")]
        super::trap::spring(flight, "after-");
        let kind = convert::answer(kind);
        let read = answer::read(kind, status, Some(json)).and_then(|Payload { data, additional, notice }| {
            let start = from.as_number().unwrap_or(0.0);
            let next = page::next(kind, start, |cursor| cursor == from, &data, additional.as_ref())?;
            Ok((data, next, notice))
        });
        match read {
            Ok((data, next, notice)) => flight.done(data, convert::onward(next), notice.unwrap_or_default()),
            Err(failure) => convert::fail(flight, failure),
        }
    }

    /// Tokens spent (0), requests sent (1) or requests saved (2) by the operation at this place of the table.
    pub fn usage(&self, slot: usize, which: u32) -> f64 {
        let spent = self.usage.get(slot).copied().unwrap_or_default();
        #[allow(clippy::cast_precision_loss)] // Counts far below 2^53.
        match which {
            0 => spent.tokens_spent as f64,
            1 => spent.calls_sent as f64,
            _ => spent.calls_saved as f64,
        }
    }
}

impl Core {
    fn failed(&mut self, ticket: u32, failure: Failure, now: f64, random: f64, flight: &Flight) -> f64 {
        let Some(Call { slot, course, .. }) = call(&mut self.calls, ticket) else { return STOP };
        if self.account.learn(course.terms, &failure.facts).is_free
            && let Some(spent) = self.usage.get_mut(*slot)
        {
            spent.refund(course.terms.cost);
        }
        let step = course.after(&failure.facts, flight.renewable(), random, now);
        convert::fail(flight, failure);
        match step {
            Step::Stop => STOP,
            Step::Renew => RENEW,
            Step::Again(wait) => wait,
        }
    }
}

/// Where a call is.
fn place_of(calls: &[Call], ticket: u32) -> usize {
    calls.partition_point(|call| call.ticket < ticket)
}

fn call(calls: &mut [Call], ticket: u32) -> Option<&mut Call> {
    let place = place_of(calls, ticket);
    calls.get_mut(place)
}

fn limits(limit: f64, remaining: f64, reset_at: f64, daily: f64, daily_remaining: f64) -> RateLimit {
    RateLimit {
        limit: convert::count(limit),
        remaining: convert::count(remaining),
        reset_at: convert::number(reset_at),
        daily_limit: convert::count(daily),
        daily_remaining: convert::count(daily_remaining),
    }
}
