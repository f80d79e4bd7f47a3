//! Tables of what limits and budgets do to a request.

use super::*;

#[test]
fn a_burst_429_pauses_and_does_not_count() {
    let limited = "[response 429] [limited 429 2000 ms] [retry 429 2000 ms] wait 0";
    check(
        POST,
        &[
            (0.0, Wake, "[request] send"),
            (0.0, Sent, ""),
            (0.0, status(429), limited),
            // The pause was reported as the wait of the retry.
            (0.0, Wake, "wait 2000"),
            (2_000.0, Wake, "[request] send"),
            (2_000.0, Sent, ""),
            (2_000.0, status(429), limited),
            (4_000.0, Wake, "[request] send"),
            (4_000.0, Sent, ""),
            (4_000.0, status(429), limited),
            (6_000.0, Wake, "[request] send"),
            (6_000.0, Sent, ""),
            (6_000.0, status(201), "[response 201] succeed"),
        ],
    );
}

#[test]
fn pauses_do_not_count_as_retries_and_end_with_a_minute() {
    let mut rows = Vec::new();
    for now in [0.0, 2_000.0, 4_000.0] {
        rows.extend([(now, Wake, "[request] send"), (now, Sent, "")]);
        rows.push((now, status(429), "[response 429] [limited 429 2000 ms] [retry 429 2000 ms] wait 0"));
    }
    rows.extend([(6_000.0, Wake, "[request] send"), (6_000.0, Sent, "")]);
    rows.push((6_000.0, status(503), "[response 503] [retry 503 500 ms] wait 500"));
    check(GET, &rows);

    let mut rows = Vec::new();
    for now in [0.0, 30_000.0] {
        rows.extend([(now, Wake, "[request] send"), (now, Sent, "")]);
        let limited = "[response 429] [limited 429 30000 ms] [retry 429 30000 ms] wait 0";
        rows.push((now, asking(429, 30_000.0), limited));
    }
    rows.extend([(60_000.0, Wake, "[request] send"), (60_000.0, Sent, "")]);
    let failed = "[response 429] [limited 429 30000 ms] fail RateLimit Burst";
    rows.push((60_000.0, asking(429, 30_000.0), failed));
    check(GET, &rows);
}

#[test]
fn limits_are_read_from_a_response_whose_body_is_cut_off() {
    let mut limiter = RateLimiter::new(None, None);
    let limit = RateLimitHeaders { limit: 1.0.into(), ..RateLimitHeaders::default() };
    let cut_off = NoResponse(Progress::BodyCutOff, Some(ResponseHead { rate_limit: limit, ..head(200) }));
    let rows =
        [(0.0, Wake, "[request] send"), (0.0, Sent, ""), (0.0, cut_off, "[response 200] fail Connection")];
    play(POST, &mut limiter, &rows);
    play(POST, &mut limiter, &[(0.0, Wake, "[wait 2001 ms] wait 2001")]);
}

#[test]
fn an_attempt_without_a_response_leaves_the_company_its_budget() {
    let mut limiter = RateLimiter::new(None, None);
    let left =
        RateLimitHeaders { daily_remaining: f64::from(POST.cost).into(), ..RateLimitHeaders::default() };
    let reported = Response(ResponseHead { rate_limit: left, ..head(201) });
    let sent = [(0.0, Wake, "[request] send"), (0.0, Sent, "")];
    let end = [(0.0, reported, "[response 201] succeed")];
    play(POST, &mut limiter, &[&sent[..], &end].concat());
    let lost = [(0.0, NoResponse(Progress::Unknown, None), "[response] fail Connection")];
    play(POST, &mut limiter, &[&sent[..], &lost].concat());
    play(POST, &mut limiter, &sent);
    play(POST, &mut limiter, &[(0.0, Wake, "[limited 43200000 ms] fail RateLimit Daily")]);
}

#[test]
fn a_burst_429_for_longer_than_a_minute_fails_at_once() {
    let rows = [
        (0.0, Wake, "[request] send"),
        (0.0, Sent, ""),
        (0.0, asking(429, 61_000.0), "[response 429] [limited 429 61000 ms] fail RateLimit Burst"),
    ];
    check(GET, &rows);
}

#[test]
fn a_daily_429_is_final_and_the_next_call_is_not_sent() {
    let spent = RateLimitHeaders { daily_remaining: 0.0.into(), ..RateLimitHeaders::default() };
    let daily = Response(ResponseHead { rate_limit: spent, ..head(429) });
    let mut limiter = RateLimiter::new(None, None);
    let rows = [
        (0.0, Wake, "[request] send"),
        (0.0, Sent, ""),
        (0.0, daily, "[response 429] [limited 429 43200000 ms] fail RateLimit Daily"),
    ];
    play(GET, &mut limiter, &rows);
    play(GET, &mut limiter, &[(1.0, Wake, "[limited 43199999 ms] fail RateLimit Daily")]);
}

#[test]
fn a_call_over_the_budget_is_not_sent() {
    let mut limiter = RateLimiter::new(None, Some(GET.cost));
    let first =
        [(0.0, Wake, "[request] send"), (0.0, Sent, ""), (0.0, status(200), "[response 200] succeed")];
    play(GET, &mut limiter, &first);
    let machine = play(GET, &mut limiter, &[(0.0, Wake, "[limited 43200000 ms] fail RateLimit Daily")]);
    assert!(!machine.is_refused_retry());
    play(GET, &mut limiter, &[(WALL, Wake, "[request] send")]);
}

#[test]
fn a_retry_over_the_budget_differs_from_a_first_attempt() {
    let mut limiter = RateLimiter::new(None, Some(GET.cost));
    let rows = [
        (0.0, Wake, "[request] send"),
        (0.0, Sent, ""),
        (0.0, status(503), "[response 503] [retry 503 500 ms] wait 500"),
        (500.0, Wake, "[limited 43199500 ms] fail RateLimit Daily"),
    ];
    assert!(play(GET, &mut limiter, &rows).is_refused_retry());
}

#[test]
fn a_pause_of_more_than_a_minute_is_not_waited_for() {
    let mut limiter = RateLimiter::new(None, None);
    let burst = ErrorInfo {
        scope: Some(LimitScope::Burst),
        reset_in_ms: 60_000.0.into(),
        ..ErrorInfo::new(Kind::RateLimit)
    };
    let call = FailedCall { cost: 0, bursts: 1, spent_at: 0.0, is_reported: false };
    limiter.on_failure(&burst, call, 0.0, 1_000.0);
    // No pause is longer than a minute: only a clock that went back makes it so.
    play(GET, &mut limiter, &[(0.0, Wake, "[limited 61000 ms] fail RateLimit Burst")]);
    play(GET, &mut limiter, &[(1_000.0, Wake, "[wait 60000 ms] wait 3000")]);
}
