#![allow(clippy::float_cmp, reason = "exact results are expected")]

use super::super::shared::{Grant, SharedLimiter};
use super::*;
use crate::platform::sync::{Lock, SharedRef};

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
    Grant {
        limit: 20,
        free: 10,
        units: 100,
        day_ms: WALL,
        paused_ms,
        slots: vec![0.0; slots],
        ..Grant::default()
    }
}

/// Two clients of one process with shared limits.
fn sharing(
    max_concurrency: Option<u32>,
    budget: Option<u32>,
) -> (SharedRef<Lock<SharedLimiter>>, [RateLimiter; 2]) {
    let shared = SharedRef::new(Lock::new(SharedLimiter::new(7.0, budget, "away {}")));
    let clients = [max_concurrency, None].map(|max| RateLimiter::shared(SharedRef::clone(&shared), max));
    (shared, clients)
}

#[test]
fn clients_share_slots_in_the_order_of_their_calls() {
    let (shared, [mut one, mut other]) = sharing(None, Some(1_000));
    assert_eq!(shared.borrow_mut().ready(0.0), vec![]);
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
    assert_eq!(shared.borrow_mut().ready(5.0), vec![a, b]);
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
fn bad_news_of_one_process_reaches_the_store() {
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
    assert_eq!(shared.borrow_mut().ready(34_000.0), vec![late]);
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
