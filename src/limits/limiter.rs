//! The limits of one client: what is sent and what comes back changes them.

#[cfg(any(test, feature = "npm-server"))]
use std::{cell::RefCell, rc::Rc};

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
    /// The limits as the last response told them.
    pub(crate) rate_limit: Limits,
}

/// A client's part in shared limits.
#[cfg(any(test, feature = "npm-server"))]
#[derive(Debug)]
struct Shared {
    limiter: Rc<RefCell<SharedLimiter>>,
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
    /// Whether the response told what is left of the day, this call included.
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
    pub(crate) fn share(&mut self, limiter: Rc<RefCell<SharedLimiter>>) {
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
mod tests {
    #![allow(clippy::float_cmp, reason = "exact results are expected")]

    use super::super::shared::Grant;
    use super::*;

    const WALL: f64 = 43_200_000.0;

    fn admit(limiter: &mut RateLimiter, ticket: Ticket, now: f64) -> Admission {
        limiter.admit(ticket, 10, 30_000.0, now, WALL + now)
    }

    fn slot(admission: Admission) -> Slot {
        match admission {
            Admission::Send(slot) => slot,
            other => panic!("{other:?}"),
        }
    }

    fn call(bursts: u32) -> FailedCall {
        FailedCall { cost: 10, bursts, spent_at: 0.0, is_reported: false }
    }

    fn limited(scope: LimitScope, reset_in_ms: f64) -> ErrorInfo {
        ErrorInfo {
            scope: Some(scope),
            reset_in_ms: reset_in_ms.into(),
            not_processed: true,
            ..ErrorInfo::new(Kind::RateLimit)
        }
    }

    #[test]
    fn calls_are_sent_in_order_and_so_many_at_once() {
        let mut limiter = RateLimiter::new(Some(1), None);
        let (a, b, c) = (limiter.ticket(), limiter.ticket(), limiter.ticket());
        let first = slot(admit(&mut limiter, a, 0.0));
        assert_eq!(admit(&mut limiter, b, 0.0), Admission::Turn);
        assert_eq!(admit(&mut limiter, c, 0.0), Admission::Turn);
        assert_eq!(limiter.first(), Some(b));
        limiter.on_response(first, &RateLimitHeaders::default(), 10.0, WALL);
        assert_eq!(admit(&mut limiter, c, 10.0), Admission::Turn, "b came before");
        limiter.leave(b);
        slot(admit(&mut limiter, c, 10.0));
        assert_eq!(limiter.first(), None);
    }

    #[test]
    fn a_spent_day_fails_at_once_also_while_the_window_is_full() {
        let mut limiter = RateLimiter::new(None, Some(15));
        let (a, b) = (limiter.ticket(), limiter.ticket());
        let first = slot(admit(&mut limiter, a, 0.0));
        let headers = RateLimitHeaders { limit: 1.0.into(), ..RateLimitHeaders::default() };
        limiter.on_response(first, &headers, 0.0, WALL);
        assert_eq!(admit(&mut limiter, b, 0.0), Admission::OverBudget(Reset { in_ms: WALL, at: 2.0 * WALL }));
    }

    #[test]
    fn an_abandoned_call_gives_the_rest_of_the_day_back() {
        let mut limiter = RateLimiter::new(None, None);
        let ticket = limiter.ticket();
        let first = slot(admit(&mut limiter, ticket, 0.0));
        let headers = RateLimitHeaders { daily_remaining: 10.0.into(), ..RateLimitHeaders::default() };
        limiter.on_response(first, &headers, 0.0, WALL);
        for round in 0..5 {
            let ticket = limiter.ticket();
            let slot = slot(admit(&mut limiter, ticket, 0.0));
            if round % 2 == 0 { limiter.abandon(slot, 10, 0.0) } else { limiter.cancel(slot, 10) }
        }
    }

    #[test]
    fn a_burst_429_pauses_everything_with_a_spread_that_grows() {
        let mut limiter = RateLimiter::new(None, None);
        let mut pause = |bursts, random, reset| {
            limiter.on_failure(&limited(LimitScope::Burst, reset), call(bursts), random, 0.0).paused_ms
        };
        assert_eq!(pause(1, 0.0, 1_000.0), 1_000.0);
        assert_eq!(pause(1, 1.0, 1_000.0), 1_250.0);
        assert_eq!(pause(1, 0.0, 0.0), 500.0, "never at once");
        assert_eq!(pause(3, 0.0, 1_000.0), 2_000.0);
        assert_eq!(pause(40, 0.0, 1_000.0), 8_000.0);
        let ticket = limiter.ticket();
        assert_eq!(admit(&mut limiter, ticket, 0.0), Admission::Wait(8_000.0));
    }

    #[test]
    fn a_spent_day_of_the_server_is_believed_for_a_day_at_most() {
        let mut limiter = RateLimiter::new(None, None);
        let effect = limiter.on_failure(&limited(LimitScope::Daily, 1e12), call(0), 0.0, 0.0);
        assert_eq!(effect, FailureEffect { is_free: true, is_limit: true, paused_ms: 0.0 });
        let ticket = limiter.ticket();
        assert!(matches!(
            admit(&mut limiter, ticket, 0.0),
            Admission::OverBudget(Reset { in_ms: 86_400_000.0, .. })
        ));
        slot(admit(&mut limiter, ticket, 86_400_000.0));
    }

    /// What a store with enough of everything replies.
    fn grant(slots: usize, paused_ms: f64) -> Grant {
        Grant { limit: 20, units: 100, day_ms: WALL, paused_ms, slots: vec![0.0; slots], ..Grant::default() }
    }

    /// Two clients of one process with shared limits.
    fn sharing(
        max_concurrency: Option<u32>,
        budget: Option<u32>,
    ) -> (Rc<RefCell<SharedLimiter>>, [RateLimiter; 2]) {
        let shared = Rc::new(RefCell::new(SharedLimiter::new(7, budget, "away {}")));
        let clients = [max_concurrency, None].map(|max_concurrency| {
            let mut client = RateLimiter::new(max_concurrency, Some(0));
            client.share(Rc::clone(&shared));
            client
        });
        (shared, clients)
    }

    #[test]
    fn clients_share_slots_in_the_order_of_their_calls() {
        let (shared, [mut one, mut other]) = sharing(None, Some(1_000));
        assert_eq!(one.ready(0.0), Some(vec![]));
        let (a, b, c) = (one.ticket(), other.ticket(), one.ticket());
        assert_eq!(admit(&mut other, b, 0.0), Admission::Turn);
        assert_eq!(admit(&mut one, a, 0.0), Admission::Turn);
        assert_eq!(admit(&mut one, c, 0.0), Admission::Turn);
        assert!(shared.borrow_mut().take_changed());
        let request = shared.borrow_mut().poll(0.0).expect("a trip");
        assert_eq!(
            (request.wanted, request.needed_units, request.wanted_units, request.budget),
            (3, 10, 30, Some(1_000))
        );
        assert_eq!(shared.borrow_mut().poll(0.0), None, "one at a time");
        shared.borrow_mut().on_reply(1, &grant(2, 0.0), 5.0);
        assert_eq!(one.ready(5.0), Some(vec![a, b]));
        assert_eq!(admit(&mut one, c, 5.0), Admission::Turn, "b came before");
        slot(admit(&mut other, b, 5.0));
        let first = slot(admit(&mut one, a, 5.0));
        one.on_response(first, &RateLimitHeaders::default(), 10.0, WALL);
        assert_eq!(admit(&mut one, c, 10.0), Admission::Wait(2_002.0));
        slot(admit(&mut one, c, 2_012.0));
    }

    #[test]
    fn a_concurrency_of_one_client_keeps_no_slot_from_the_other() {
        let (shared, [mut one, mut other]) = sharing(Some(1), None);
        let tickets: Vec<_> = (0..3).map(|_| one.ticket()).collect();
        assert_eq!(admit(&mut one, tickets[0], 0.0), Admission::Turn);
        assert_eq!(admit(&mut one, tickets[1], 0.0), Admission::Turn);
        assert_eq!(admit(&mut other, tickets[2], 0.0), Admission::Turn);
        shared.borrow_mut().poll(0.0).expect("a trip");
        shared.borrow_mut().on_reply(1, &grant(2, 0.0), 0.0);
        let first = slot(admit(&mut one, tickets[0], 0.0));
        assert_eq!(admit(&mut one, tickets[1], 0.0), Admission::Turn);
        slot(admit(&mut other, tickets[2], 0.0));
        one.cancel(first, 10);
        slot(admit(&mut one, tickets[1], 0.0));
    }

    #[test]
    fn bad_news_of_one_process_is_told_to_the_store() {
        let (shared, [mut one, _]) = sharing(None, None);
        one.on_failure(&limited(LimitScope::Burst, 1_000.0), call(1), 0.0, 0.0);
        let request = shared.borrow_mut().poll(100.0).expect("a trip");
        assert_eq!((request.paused_ms, request.spent_ms), (900.0, 0.0));
        shared.borrow_mut().on_reply(1, &grant(0, 5_000.0), 100.0);
        let ticket = one.ticket();
        assert_eq!(admit(&mut one, ticket, 100.0), Admission::Wait(5_000.0), "and the store tells others'");
        one.on_failure(&limited(LimitScope::Daily, 9_000.0), call(0), 0.0, 100.0);
        assert_eq!(shared.borrow_mut().poll(100.0).map(|request| request.spent_ms), Some(9_000.0));
        one.on_failure(&ErrorInfo::new(Kind::Blocked), call(0), 0.0, 0.0);
        assert!(matches!(admit(&mut one, ticket, 9_500.0), Admission::Wait(_)));
    }

    #[test]
    fn a_store_that_is_away_fails_calls_after_their_own_timeout() {
        let (shared, [mut one, _]) = sharing(None, None);
        let (before, after) = (one.ticket(), one.ticket());
        assert_eq!(admit(&mut one, before, 0.0), Admission::Turn);
        shared.borrow_mut().poll(0.0).expect("a trip");
        shared.borrow_mut().on_reply(1, &grant(1, 0.0), 0.0);
        let used = slot(admit(&mut one, before, 0.0));
        one.on_response(used, &RateLimitHeaders::default(), 0.0, WALL);
        // The slot serves while its lease lasts.
        let number = shared.borrow_mut().poll(2_100.0).map(|_| 2);
        shared.borrow_mut().on_failure(number.expect("a trip"), 2_200.0);
        assert!(matches!(admit(&mut one, after, 3_900.0), Admission::Send(_)));
        let late = one.ticket();
        assert_eq!(admit(&mut one, late, 4_000.0), Admission::Turn);
        let mut now: f64 = 4_000.0;
        while now < 33_999.0 {
            now += 999.0;
            assert_eq!(admit(&mut one, late, now.min(33_999.0)), Admission::Turn, "{now}");
            shared.borrow_mut().poll(now);
            let trip = shared.borrow().trip();
            if let Some(trip) = trip {
                shared.borrow_mut().on_failure(trip, now);
            }
        }
        assert_eq!(one.ready(34_000.0), Some(vec![late]));
        assert_eq!(admit(&mut one, late, 34_000.0), Admission::StoreAway("away {}"));
    }

    #[test]
    fn only_what_was_certainly_not_charged_is_free() {
        let mut limiter = RateLimiter::new(None, Some(10));
        for (failure, is_free) in [
            (ErrorInfo::new(Kind::Timeout), false),
            (ErrorInfo { not_processed: true, ..ErrorInfo::new(Kind::Connection) }, true),
            (ErrorInfo { status: Some(401), ..ErrorInfo::new(Kind::Authentication) }, true),
            (ErrorInfo { status: Some(500), ..ErrorInfo::new(Kind::Server) }, false),
        ] {
            assert_eq!(limiter.on_failure(&failure, call(0), 0.0, 0.0).is_free, is_free, "{failure:?}");
        }
    }
}
