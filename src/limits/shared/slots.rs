//! A client's part in limits that it shares with others.

use super::SharedLimiter;
use crate::error::{ErrorInfo, Kind, LimitScope};
use crate::limits::daily::DAY_MS;
use crate::limits::headers::RateLimitHeaders;
use crate::limits::limiter::RateLimiter;
use crate::limits::queue::Ticket;
use crate::limits::slots::{Slot, SlotSource, Verdict, most_in_flight};
use crate::platform::sync::{Lock, SharedRef};

/// How long all processes pause when Pipedrive has blocked one of them. It does not say how long that lasts.
const BLOCKED_PAUSE_MS: f64 = 10_000.0;

/// How long after its admission a call may be sent: less than clocks may drift apart, for which the store waits as well.
const HANDOVER_MS: f64 = 50.0;

/// The slots of a client that shares its limits.
#[derive(Debug)]
struct SharedSlots {
    limiter: SharedRef<Lock<SharedLimiter>>,
    max_concurrency: Option<usize>,
    /// How many calls of this client are in flight.
    in_flight: usize,
}

impl RateLimiter {
    /// Limits that are shared; their daily budget is that of all.
    pub(crate) fn shared(limiter: SharedRef<Lock<SharedLimiter>>, max_concurrency: Option<u32>) -> Self {
        let max_concurrency = most_in_flight(max_concurrency);
        Self::within(Box::new(SharedSlots { limiter, max_concurrency, in_flight: 0 }), None)
    }
}

impl SharedSlots {
    fn ended(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }
}

impl SlotSource for SharedSlots {
    fn ticket(&mut self) -> Ticket {
        self.limiter.borrow_mut().ticket()
    }

    fn admit(&mut self, ticket: Ticket, cost: u32, longest_ms: f64, now: f64) -> Verdict {
        let mut limiter = self.limiter.borrow_mut();
        if self.max_concurrency.is_some_and(|most| self.in_flight >= most) {
            // It waits for a call of its own client, and would keep a slot from others.
            limiter.leave(ticket);
            return Verdict::Turn;
        }
        let verdict = limiter.admit(ticket, cost, longest_ms, now);
        self.in_flight += usize::from(matches!(verdict, Verdict::Send(_)));
        verdict
    }

    /// Those that do not have to wait any longer are woken for all clients, see [`SharedLimiter::ready`].
    fn first(&self) -> Option<Ticket> {
        None
    }

    fn leave(&mut self, ticket: Ticket) {
        self.limiter.borrow_mut().leave(ticket);
    }

    /// The lease counts from the admission.
    fn sending(&mut self, slot: Slot, _longest_ms: f64, now: f64) -> Option<Slot> {
        (now <= slot.since + HANDOVER_MS).then_some(slot)
    }

    fn cancel(&mut self, slot: Slot, cost: u32) {
        self.ended();
        self.limiter.borrow_mut().cancel(slot.number, cost);
    }

    fn release(&mut self, slot: Slot, response: Option<&RateLimitHeaders>, now: f64) {
        self.ended();
        let mut limiter = self.limiter.borrow_mut();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // An unknown one is 0.
        let limit = response.map_or(0, |headers| headers.limit.or_nan() as u32);
        limiter.observe(limit, now);
        limiter.release(slot.number, response.is_some(), now);
    }

    fn pause(&mut self, wait_ms: f64, now: f64) {
        self.limiter.borrow_mut().pause(wait_ms, now);
    }

    fn on_failure(&mut self, failure: &ErrorInfo, cost: u32, is_free: bool, now: f64) {
        let mut limiter = self.limiter.borrow_mut();
        if is_free {
            limiter.refund(cost);
        }
        if failure.kind == Kind::Blocked {
            limiter.pause(BLOCKED_PAUSE_MS, now);
        }
        if failure.scope == Some(LimitScope::Daily) {
            limiter.exhausted(failure.reset_in_ms.unwrap_or(0.0).min(DAY_MS), now);
        }
    }
}
