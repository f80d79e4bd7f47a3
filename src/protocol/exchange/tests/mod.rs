//! Tables: at a time, an event gives the events that are emitted, in brackets, and the action after them.

mod limits;

use super::*;
use crate::api::{add_user, get_user};
use crate::error::{ErrorInfo, Kind};
use crate::limits::RateLimitHeaders;

/// Noon, when the clock of these tests is at 0.
const WALL: f64 = 43_200_000.0;

#[derive(Clone, Copy)]
enum In {
    Wake,
    /// The driver hands the request to the transport.
    Sent,
    Response(ResponseHead),
    NoResponse(Progress, Option<ResponseHead>),
}

use In::{NoResponse, Response, Sent, Wake};

fn head(status: u16) -> ResponseHead {
    ResponseHead { status, ..ResponseHead::default() }
}

fn status(status: u16) -> In {
    Response(head(status))
}

/// A response that asks for a wait.
fn asking(status: u16, retry_after_ms: f64) -> In {
    Response(ResponseHead { retry_after_ms: retry_after_ms.into(), ..head(status) })
}

const GET: &Endpoint = &get_user::ENDPOINT;
const POST: &Endpoint = &add_user::ENDPOINT;

fn policy(endpoint: &Endpoint) -> Policy {
    let is_idempotent = endpoint.method.is_idempotent();
    Policy { cost: endpoint.cost, is_idempotent, max_retries: 2, timeout_ms: 1_000 }
}

fn emitted(event: Emitted) -> String {
    let kind = format!("{:?}", event.kind).to_lowercase();
    let status = event.status.map(|status| format!(" {status}")).unwrap_or_default();
    let duration = event.duration_ms.get().filter(|_| event.kind != EventKind::Response);
    let duration = duration.map(|duration| format!(" {duration:.0} ms")).unwrap_or_default();
    format!("[{kind}{status}{duration}]")
}

/// Plays the rows with a client whose limits are these.
fn play(endpoint: &'static Endpoint, limiter: &mut RateLimiter, rows: &[(f64, In, &str)]) -> ExchangeMachine {
    let mut usage = Usage::default();
    let mut machine = ExchangeMachine::new(policy(endpoint), limiter);
    for (row, (now, event, expected)) in rows.iter().enumerate() {
        let (event, head) = match event {
            Wake => (Event::Wake, None),
            Sent => {
                assert!(machine.sending(endpoint, limiter, &mut usage, *now));
                continue;
            }
            Response(head) => (Event::Response, Some(*head)),
            NoResponse(progress, head) => (Event::NoResponse(*progress), *head),
        };
        let mut events = Vec::new();
        let mut context = Context {
            limiter: &mut *limiter,
            usage: &mut usage,
            head: head.as_ref(),
            hints: ErrorHints { is_json: true, ..ErrorHints::default() },
            now: *now,
            wall: WALL + now,
            random: 0.0,
            emitted: &mut events,
        };
        let action = match machine.step(endpoint, event, &mut context) {
            Action::Wait(wait) => format!("wait {wait:.0}"),
            Action::Send => "send".to_owned(),
            Action::Succeed => "succeed".to_owned(),
            Action::Fail => {
                let info = machine.take_failure().expect("a failure").info;
                let scope = info.scope.map(|scope| format!(" {scope:?}")).unwrap_or_default();
                format!("fail {:?}{scope}", info.kind)
            }
        };
        let _ = machine.take_failure();
        let found: Vec<_> = events.into_iter().map(emitted).chain([action]).collect();
        assert_eq!(found.join(" "), *expected, "row {row}, at {now}");
    }
    machine
}

fn check(endpoint: &'static Endpoint, rows: &[(f64, In, &str)]) {
    play(endpoint, &mut RateLimiter::new(None, None), rows);
}

#[test]
fn the_first_attempt_succeeds() {
    check(
        GET,
        &[
            (0.0, Wake, "[request] send"),
            (0.0, Sent, ""),
            (0.0, Wake, "wait 1000"),
            (400.0, Wake, "wait 600"),
            (410.0, status(200), "[response 200] succeed"),
        ],
    );
}

#[test]
fn a_503_is_tried_again_after_a_wait_that_doubles() {
    check(
        GET,
        &[
            (0.0, Wake, "[request] send"),
            (0.0, Sent, ""),
            (10.0, status(503), "[response 503] [retry 503 500 ms] wait 500"),
            (300.0, Wake, "wait 210"),
            (510.0, Wake, "[request] send"),
            (510.0, Sent, ""),
            (520.0, status(503), "[response 503] [retry 503 1000 ms] wait 1000"),
            (1_520.0, Wake, "[request] send"),
            (1_520.0, Sent, ""),
            (1_530.0, status(503), "[response 503] fail Server"),
        ],
    );
}

#[test]
fn a_server_that_asks_for_a_wait_gets_it_and_the_call_looks_again_meanwhile() {
    check(
        GET,
        &[
            (0.0, Wake, "[request] send"),
            (0.0, Sent, ""),
            (0.0, asking(503, 7_000.0), "[response 503] [retry 503 7000 ms] wait 3000"),
            (3_000.0, Wake, "wait 3000"),
            (6_000.0, Wake, "wait 1000"),
            (7_000.0, Wake, "[request] send"),
        ],
    );
    let too_long = asking(503, 61_000.0);
    check(
        GET,
        &[(0.0, Wake, "[request] send"), (0.0, Sent, ""), (0.0, too_long, "[response 503] fail Server")],
    );
}

#[test]
fn a_post_is_sent_again_only_where_it_was_certainly_not_processed() {
    let cut_off = NoResponse(Progress::BodyCutOff, Some(head(200)));
    for (event, expected) in [
        (status(503), "[response 503] fail Server"),
        (Wake, "[response] fail Timeout"),
        (NoResponse(Progress::Unknown, None), "[response] fail Connection"),
        (cut_off, "[response 200] fail Connection"),
        (NoResponse(Progress::NotSent, None), "[response] [retry 500 ms] wait 500"),
        (status(429), "[response 429] [limited 429 2000 ms] [retry 429 2000 ms] wait 0"),
        (
            NoResponse(Progress::BodyCutOff, Some(head(429))),
            "[response 429] [limited 429 2000 ms] [retry 429 2000 ms] wait 0",
        ),
    ] {
        check(POST, &[(0.0, Wake, "[request] send"), (0.0, Sent, ""), (1_000.0, event, expected)]);
    }
}

#[test]
fn a_response_after_the_timeout_changes_nothing() {
    check(
        GET,
        &[
            (0.0, Wake, "[request] send"),
            (0.0, Sent, ""),
            (999.0, Wake, "wait 1"),
            (1_000.0, Wake, "[response] [retry 500 ms] wait 500"),
            (1_200.0, status(200), "wait 300"),
            (1_500.0, Wake, "[request] send"),
        ],
    );
}

#[test]
fn a_wait_is_reported_once() {
    let mut limiter = RateLimiter::new(None, None);
    let limit = RateLimitHeaders { limit: 1.0.into(), ..RateLimitHeaders::default() };
    let reported = Response(ResponseHead { rate_limit: limit, ..head(200) });
    play(
        GET,
        &mut limiter,
        &[(0.0, Wake, "[request] send"), (0.0, Sent, ""), (0.3, reported, "[response 200] succeed")],
    );
    // The end of the wait is computed anew each time: 2001.3, or a little beside it.
    let end = 0.3 + 2_000.0 + 1.0;
    let times: Vec<_> = (1..606).map(|number| 0.3 + f64::from(number) * 3.3).collect();
    let expected: Vec<_> = times.iter().map(|now| format!("wait {:.0}", end - now)).collect();
    let mut rows = vec![(0.3, Wake, "[wait 2001 ms] wait 2001")];
    rows.extend(times.iter().zip(&expected).map(|(now, text)| (*now, Wake, text.as_str())));
    rows.push((end, Wake, "[request] send"));
    play(GET, &mut limiter, &rows);
}

#[test]
fn a_call_that_leaves_gives_its_slot_back() {
    let mut limiter = RateLimiter::new(Some(1), None);
    let rows = [(0.0, Wake, "[request] send"), (0.0, Sent, "")];
    for is_sent in [false, true] {
        let mut machine = play(GET, &mut limiter, if is_sent { &rows } else { &rows[..1] });
        play(GET, &mut limiter, &[(0.0, Wake, "wait 3000")]).leave(
            GET,
            &mut limiter,
            &mut Usage::default(),
            0.0,
        );
        machine.leave(GET, &mut limiter, &mut Usage::default(), 0.0);
    }
    play(GET, &mut limiter, &rows);
}
