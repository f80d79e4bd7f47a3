//! The limits of one client: what is sent and what comes back changes them.

use super::daily::DailyBudget;
use super::headers::{Limits, RateLimitHeaders};
use super::own::{self, Slots};
use super::queue::Ticket;
#[cfg(not(any(test, feature = "npm-server")))]
use super::slots::SlotSource;
use super::slots::{Slot, Verdict};
use super::{LONGEST_WAIT_MS, Reset};
use crate::error::{ErrorInfo, Kind, LimitScope};

/// The limits of one client.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    slots: Slots,
    daily: DailyBudget,
    /// The limits as the last response reported them.
    pub(crate) rate_limit: Limits,
}

/// What becomes of a call that asks to be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Admission {
    /// It is sent, and its cost is spent.
    Send(Slot),
    /// It waits for its turn, or for a call in flight.
    Turn,
    /// It waits for a free slot, so many milliseconds.
    Wait(f64),
    /// The pause is longer than any call waits.
    PausedTooLong(Reset),
    /// The daily budget does not cover it.
    OverBudget(Reset),
    /// The store of shared limits does not respond: the template of the message names it.
    StoreAway(&'static str),
}

/// What the limiter needs to know of a call that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedCall {
    pub(crate) cost: u32,
    /// How many burst 429s this call has met, this one included.
    pub(crate) bursts: u32,
    /// When its cost was spent.
    pub(crate) spent_at: f64,
    /// Whether the response reported what is left of the day, this call included.
    pub(crate) is_reported: bool,
}

/// What a failure meant for the limits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct FailureEffect {
    /// The server certainly charged nothing.
    pub(crate) is_free: bool,
    /// A limit was hit.
    pub(crate) is_limit: bool,
    /// How long everything pauses.
    pub(crate) paused_ms: f64,
}

/// The shortest pause after a burst 429, doubled each time that a call meets another.
const SHORTEST_PAUSE_MS: f64 = 500.0;
const LONGEST_GROWN_PAUSE_MS: f64 = 8_000.0;

impl RateLimiter {
    /// Limits of this client alone.
    pub(crate) fn new(max_concurrency: Option<u32>, daily_budget: Option<u32>) -> Self {
        Self::within(own::own_slots(max_concurrency), daily_budget)
    }

    /// Limits with slots from elsewhere.
    pub(super) fn within(slots: Slots, daily_budget: Option<u32>) -> Self {
        Self { slots, daily: DailyBudget::new(daily_budget), rate_limit: Limits::default() }
    }

    pub(crate) fn ticket(&mut self) -> Ticket {
        self.slots.ticket()
    }

    /// Whether a call may be sent; if not, it waits from now on. `longest_ms` is how long an attempt may take.
    pub(crate) fn admit(
        &mut self,
        ticket: Ticket,
        cost: u32,
        longest_ms: f64,
        now: f64,
        wall: f64,
    ) -> Admission {
        // A spent day fails at once, also while the window is full.
        if let Err(reset) = self.daily.check(cost, now, wall) {
            return Admission::OverBudget(reset);
        }
        let reset = |in_ms: f64| Reset { in_ms, at: wall + in_ms };
        match self.slots.admit(ticket, cost, longest_ms, now) {
            Verdict::Turn => Admission::Turn,
            Verdict::Wait(wait) if wait > LONGEST_WAIT_MS => Admission::PausedTooLong(reset(wait)),
            Verdict::Wait(wait) => Admission::Wait(wait),
            Verdict::Spent(wait) => Admission::OverBudget(reset(wait)),
            Verdict::StoreAway(template) => Admission::StoreAway(template),
            Verdict::Send(slot) => {
                self.daily.spend(cost);
                Admission::Send(slot)
            }
        }
    }

    /// The first call that waits: it looks again whenever something has changed.
    pub(crate) fn first(&self) -> Option<Ticket> {
        self.slots.first()
    }

    /// A call leaves the queue.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        self.slots.leave(ticket);
    }

    /// An admitted call is sent now, which may be late: a hook may have kept the thread busy since. Gives its slot from
    /// now on, if it is still good for that.
    pub(crate) fn sending(&mut self, slot: Slot, longest_ms: f64, now: f64) -> Option<Slot> {
        self.slots.sending(slot, longest_ms, now)
    }

    /// An admitted call was not sent after all.
    pub(crate) fn cancel(&mut self, slot: Slot, cost: u32) {
        self.slots.cancel(slot, cost);
        self.daily.refund(cost, slot.since, false);
    }

    /// A call in flight was given up: it is unknown whether the server counted it.
    pub(crate) fn abandon(&mut self, slot: Slot, cost: u32, now: f64) {
        self.slots.release(slot, None, now);
        self.daily.forget_charge(cost);
    }

    /// A response came, whose headers tell of the limits.
    pub(crate) fn on_response(&mut self, slot: Slot, headers: &RateLimitHeaders, now: f64, wall: f64) {
        self.rate_limit.update(&Limits::new(headers, wall));
        if let Some(remaining) = headers.daily_remaining.get() {
            self.daily.observe(remaining, now, wall);
        }
        self.slots.release(slot, Some(headers), now);
    }

    /// No complete response came.
    pub(crate) fn on_no_response(&mut self, slot: Slot, now: f64) {
        self.slots.release(slot, None, now);
    }

    /// What a failure means for the calls after it. `random` is from 0 to 1.
    pub(crate) fn on_failure(
        &mut self,
        failure: &ErrorInfo,
        call: FailedCall,
        random: f64,
        now: f64,
    ) -> FailureEffect {
        let FailedCall { cost, bursts, spent_at, is_reported } = call;
        let is_free = failure.not_processed || failure.status == Some(401);
        if is_free {
            self.daily.refund(cost, spent_at, is_reported);
        } else if !is_reported && matches!(failure.kind, Kind::Connection | Kind::Timeout) {
            self.daily.forget_charge(cost);
        }
        let mut paused_ms = 0.0;
        match failure.scope {
            Some(LimitScope::Burst) => {
                // A spread, so that programs that share a token do not return together.
                let grown = (1..bursts.min(8)).fold(SHORTEST_PAUSE_MS, |pause, _| pause * 2.0);
                let pause = failure.reset_in_ms.unwrap_or(0.0).max(grown.min(LONGEST_GROWN_PAUSE_MS));
                paused_ms = pause * (1.0 + random * 0.25);
                self.slots.pause(paused_ms, now);
            }
            Some(LimitScope::Daily) => {
                let (in_ms, at) = (failure.reset_in_ms.unwrap_or(0.0), failure.reset_at.unwrap_or(0.0));
                self.daily.exhausted(Reset { in_ms, at }, now);
            }
            None => {}
        }
        self.slots.on_failure(failure, cost, is_free, now);
        FailureEffect { is_free, is_limit: failure.scope.is_some(), paused_ms }
    }
}

#[cfg(test)]
mod tests;
