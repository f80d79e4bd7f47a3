//! The limits of one client: what is sent and what comes back changes them.

#[cfg(any(test, feature = "npm-server"))]
use super::daily::DAY_MS;
use super::daily::DailyBudget;
use super::headers::{Limits, RateLimitHeaders};
use super::queue::{Queue, Ticket};
#[cfg(any(test, feature = "npm-server"))]
use super::shared::{SharedLimiter, Verdict};
use super::window::{NextSlot, RollingWindow, Slot};
use super::{LONGEST_WAIT_MS, Reset};
use crate::error::{ErrorInfo, Kind, LimitScope};
#[cfg(any(test, feature = "npm-server"))]
use crate::sync::{Lock, SharedRef};

/// The limits of one client.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    queue: Queue,
    window: RollingWindow,
    daily: DailyBudget,
    max_concurrency: Option<usize>,
    /// The limits that this client shares with others, instead of a window and a queue of its own.
    #[cfg(any(test, feature = "npm-server"))]
    shared: Option<Shared>,
    /// The limits as the last response reported them.
    pub(crate) rate_limit: Limits,
}

/// A client's part in shared limits.
#[cfg(any(test, feature = "npm-server"))]
#[derive(Debug)]
struct Shared {
    limiter: SharedRef<Lock<SharedLimiter>>,
    /// How many calls of this client are in flight.
    in_flight: usize,
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
    /// The store of the shared limits does not respond.
    #[cfg(any(test, feature = "npm-server"))]
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

/// How long all processes pause when Pipedrive has blocked one of them. It does not say how long that lasts.
#[cfg(any(test, feature = "npm-server"))]
const BLOCKED_PAUSE_MS: f64 = 10_000.0;

impl RateLimiter {
    pub(crate) fn new(max_concurrency: Option<u32>, daily_budget: Option<u32>) -> Self {
        Self {
            queue: Queue::default(),
            window: RollingWindow::default(),
            daily: DailyBudget::new(daily_budget),
            max_concurrency: max_concurrency.map(|max| usize::try_from(max).unwrap_or(usize::MAX).max(1)),
            #[cfg(any(test, feature = "npm-server"))]
            shared: None,
            rate_limit: Limits::default(),
        }
    }

    /// From now on the limits are shared with others.
    #[cfg(any(test, feature = "npm-server"))]
    pub(crate) fn share(&mut self, limiter: SharedRef<Lock<SharedLimiter>>) {
        self.daily.lift();
        self.shared = Some(Shared { limiter, in_flight: 0 });
    }

    /// Whether a client of shared limits has a limit of its own.
    #[cfg(feature = "npm-server")]
    pub(crate) fn is_concurrency_limited(&self) -> bool {
        self.max_concurrency.is_some()
    }

    /// The calls of all clients that share the limits and do not have to wait any longer. `None`: the limits are not shared.
    #[cfg(any(test, feature = "npm-server"))]
    pub(crate) fn ready(&self, now: f64) -> Option<Vec<Ticket>> {
        self.shared.as_ref().map(|shared| shared.limiter.borrow_mut().ready(now))
    }

    #[cfg(any(test, feature = "npm-server"))]
    fn admit_shared(&mut self, ticket: Ticket, cost: u32, longest_ms: f64, now: f64, wall: f64) -> Admission {
        let Some(shared) = &mut self.shared else { return Admission::Turn };
        let mut limiter = shared.limiter.borrow_mut();
        if self.max_concurrency.is_some_and(|most| shared.in_flight >= most) {
            // It waits for a call of its own client, and would keep a slot from others.
            limiter.leave(ticket);
            return Admission::Turn;
        }
        let reset = |in_ms: f64| Reset { in_ms, at: wall + in_ms };
        match limiter.admit(ticket, cost, longest_ms, now) {
            Verdict::Send(name) => {
                shared.in_flight += 1;
                self.daily.spend(cost);
                Admission::Send(Slot { number: name, since: now })
            }
            Verdict::Turn => Admission::Turn,
            Verdict::Paused(wait) if wait > LONGEST_WAIT_MS => Admission::PausedTooLong(reset(wait)),
            Verdict::Wait(wait) | Verdict::Paused(wait) => Admission::Wait(wait),
            Verdict::Spent(wait) => Admission::OverBudget(reset(wait)),
            Verdict::StoreAway(template) => Admission::StoreAway(template),
        }
    }

    /// A call in flight has ended: the window of this client, which has no such slot, learns nothing from it.
    #[cfg(any(test, feature = "npm-server"))]
    fn release_shared(&mut self, slot: Slot, limit: f64, has_response: bool, now: f64) {
        let Some(shared) = &mut self.shared else { return };
        shared.in_flight = shared.in_flight.saturating_sub(1);
        let mut limiter = shared.limiter.borrow_mut();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // An unknown one is 0.
        limiter.observe(limit as u32, now);
        limiter.release(slot.number, has_response, now);
    }

    pub(crate) fn ticket(&mut self) -> Ticket {
        #[cfg(any(test, feature = "npm-server"))]
        if let Some(shared) = &self.shared {
            return shared.limiter.borrow_mut().ticket();
        }
        self.queue.ticket()
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
        #[cfg(any(test, feature = "npm-server"))]
        if self.shared.is_some() {
            return self.admit_shared(ticket, cost, longest_ms, now, wall);
        }
        if !self.queue.is_first(ticket, now) {
            return Admission::Turn;
        }
        match self.window.next_slot(self.max_concurrency, now) {
            NextSlot::AfterResponse => Admission::Turn,
            NextSlot::At(at) if at - now > LONGEST_WAIT_MS => {
                Admission::PausedTooLong(Reset { in_ms: at - now, at: wall + at - now })
            }
            NextSlot::At(at) => Admission::Wait(at - now),
            NextSlot::Now => {
                self.queue.leave(ticket);
                self.daily.spend(cost);
                Admission::Send(self.window.send(longest_ms, now))
            }
        }
    }

    /// The first call that waits: it looks again whenever something has changed.
    pub(crate) fn first(&self) -> Option<Ticket> {
        self.queue.first()
    }

    /// A call leaves the queue.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        #[cfg(any(test, feature = "npm-server"))]
        if let Some(shared) = &self.shared {
            shared.limiter.borrow_mut().leave(ticket);
        }
        self.queue.leave(ticket);
    }

    /// An admitted call was not sent after all.
    pub(crate) fn cancel(&mut self, slot: Slot, cost: u32) {
        #[cfg(any(test, feature = "npm-server"))]
        if let Some(shared) = &mut self.shared {
            shared.in_flight = shared.in_flight.saturating_sub(1);
            shared.limiter.borrow_mut().cancel(slot.number, cost);
        }
        self.window.cancel(slot);
        self.daily.refund(cost, slot.since, false);
    }

    /// A call in flight was given up: it is unknown whether the server counted it.
    pub(crate) fn abandon(&mut self, slot: Slot, cost: u32, now: f64) {
        #[cfg(any(test, feature = "npm-server"))]
        self.release_shared(slot, f64::NAN, false, now);
        self.window.release(slot, false, now);
        self.daily.forget_charge(cost);
    }

    /// A response came, whose headers tell of the limits.
    pub(crate) fn on_response(&mut self, slot: Slot, headers: &RateLimitHeaders, now: f64, wall: f64) {
        let RateLimitHeaders { limit, remaining, reset_in_ms, daily_remaining, .. } = *headers;
        self.rate_limit.update(&Limits::new(headers, wall));
        #[cfg(any(test, feature = "npm-server"))]
        self.release_shared(slot, limit.or_nan(), true, now);
        self.window.observe(slot, limit, remaining, reset_in_ms, now);
        if let Some(remaining) = daily_remaining.get() {
            self.daily.observe(remaining, now, wall);
        }
        self.window.release(slot, true, now);
    }

    /// No complete response came.
    pub(crate) fn on_no_response(&mut self, slot: Slot, now: f64) {
        #[cfg(any(test, feature = "npm-server"))]
        self.release_shared(slot, f64::NAN, false, now);
        self.window.release(slot, false, now);
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
                self.window.pause(paused_ms, now);
            }
            Some(LimitScope::Daily) => {
                let (in_ms, at) = (failure.reset_in_ms.unwrap_or(0.0), failure.reset_at.unwrap_or(0.0));
                self.daily.exhausted(Reset { in_ms, at }, now);
            }
            None => {}
        }
        #[cfg(any(test, feature = "npm-server"))]
        if let Some(shared) = &self.shared {
            let mut limiter = shared.limiter.borrow_mut();
            if is_free {
                limiter.refund(cost);
            }
            if paused_ms > 0.0 {
                limiter.pause(paused_ms, now);
            }
            if failure.kind == Kind::Blocked {
                limiter.pause(BLOCKED_PAUSE_MS, now);
            }
            if failure.scope == Some(LimitScope::Daily) {
                limiter.exhausted(failure.reset_in_ms.unwrap_or(0.0).min(DAY_MS), now);
            }
        }
        FailureEffect { is_free, is_limit: failure.scope.is_some(), paused_ms }
    }
}

#[cfg(test)]
mod tests;
