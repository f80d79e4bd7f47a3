//! Tables: at a time, what happens to a call or an attempt gives steps. Events are in brackets; `abort` and `wake` are what
//! the driver is to do beside the steps.

mod errors;
mod sharing;

use super::*;
use crate::limits::RateLimiter;
use crate::protocol::AuthScheme;
use crate::protocol::simulation::model::{CallSpec, Completion, FakeResponse, Model, Returned, Source};
use crate::transport::Request;

/// What happens.
#[derive(Clone, Copy)]
enum In {
    Begin(CallId, CallSpec),
    /// A call is asked for its steps until it waits or is over.
    Run(CallId),
    Return(CallId, Returned),
    Complete(AttemptId, Completion),
    End(CallId),
}

use In::{Begin, Complete, End, Return, Run};

const GET: CallSpec = CallSpec {
    endpoint: 0,
    user: 7,
    source: Source::Fixed(1),
    is_identity_known: true,
    max_retries: 1,
    timeout_ms: 1_000,
    header: None,
};
const ASKING: CallSpec = CallSpec { source: Source::Function, ..GET };
const OK: Completion = Completion::Response(FakeResponse::of(200));
const REFUSED: Completion = Completion::Response(FakeResponse::of(401));
const DEPRECATED: Completion =
    Completion::Response(FakeResponse { is_deprecated: true, ..FakeResponse::of(200) });

struct Table {
    dispatcher: Dispatcher<Model>,
    requests: Vec<Request<String>>,
}

impl Table {
    fn new(daily_budget: Option<u32>) -> Self {
        let dispatcher =
            Dispatcher::new(server(AuthScheme::AccessToken), RateLimiter::new(None, daily_budget));
        Self { dispatcher, requests: Vec::new() }
    }

    fn run(&mut self, id: CallId, now: f64, found: &mut Vec<String>) {
        loop {
            match self.dispatcher.step(id, Moment { now, wall: now, random: 0.0 }) {
                Step::Emit(_, emitted, text) => {
                    let kind = format!("{:?}", emitted.kind).to_lowercase();
                    let status = emitted.status.map(|status| format!(" {status}")).unwrap_or_default();
                    let text = text.filter(|_| emitted.kind == EventKind::Deprecated);
                    let text = text.map(|text| format!(": {text}")).unwrap_or_default();
                    found.push(format!("[{kind}{status}{text}]"));
                }
                Step::AskCredential(None) => found.push("ask".to_owned()),
                Step::AskCredential(Some(refused)) => found.push(format!("ask instead of {refused}")),
                Step::Send(attempt, request) => {
                    self.requests.push(request);
                    found.push(format!("send {attempt}"));
                }
                Step::Wait(wait) => return found.push(format!("wait {wait}")),
                Step::Finish(Ok(reply)) => {
                    let credential = reply.data["credential"].as_str().unwrap_or("no call").to_owned();
                    return found.push(format!("data of {credential} after {}", reply.attempts));
                }
                Step::Finish(Err(failed)) => {
                    return found.push(format!("{:?} after {}", failed.details.kind, failed.attempts));
                }
                Step::Gone => return found.push("gone".to_owned()),
            }
        }
    }

    fn check(&mut self, rows: &[(f64, In, &str)]) {
        for (row, (now, event, expected)) in rows.iter().enumerate() {
            let mut found = Vec::new();
            match *event {
                Begin(id, spec) => self.dispatcher.begin(spec.new_call(id)),
                Run(id) => self.run(id, *now, &mut found),
                Return(id, returned) => self.dispatcher.on_credential(id, returned.to_result()),
                Complete(attempt, completion) => {
                    let sent = completion.to_result(&self.requests[attempt as usize - 1], None);
                    let next = self.dispatcher.on_sent(attempt, Box::new(sent));
                    found.push(next.map_or("no call".to_owned(), |id| format!("for {id}")));
                }
                End(id) => self.dispatcher.end(id, *now),
            }
            found.extend(
                std::iter::from_fn(|| self.dispatcher.next_aborted()).map(|id| format!("abort {id}")),
            );
            found.extend(std::iter::from_fn(|| self.dispatcher.next_woken()).map(|id| format!("wake {id}")));
            assert_eq!(found.join(" "), *expected, "row {row}, at {now}");
        }
    }
}

fn check(rows: &[(f64, In, &str)]) {
    Table::new(None).check(rows);
}

#[test]
fn a_call_is_sent_and_responded_to() {
    check(&[
        (0.0, Begin(1, GET), ""),
        (0.0, Run(1), "[request] send 1 wait 1000"),
        (400.0, Run(1), "wait 600"),
        (410.0, Complete(1, OK), "for 1"),
        (410.0, Run(1), "[response 200] data of secret-token-1 after 1"),
        (410.0, Run(1), "gone"),
    ]);
}

#[test]
fn a_response_after_the_timeout_is_nobodys() {
    check(&[
        (0.0, Begin(1, GET), ""),
        (0.0, Run(1), "[request] send 1 wait 1000"),
        (1_000.0, Run(1), "[response] [retry] wait 500 abort 1"),
        (1_200.0, Complete(1, OK), "no call"),
        (1_200.0, Run(1), "wait 300"),
        (1_500.0, Run(1), "[request] send 2 wait 1000"),
        (1_600.0, Complete(1, OK), "no call"),
        (1_700.0, Complete(2, OK), "for 1"),
        (1_700.0, Run(1), "[response 200] data of secret-token-1 after 2"),
    ]);
}

#[test]
fn a_call_that_ends_is_gone_wherever_it_is() {
    check(&[
        (0.0, Begin(1, GET), ""),
        (0.0, End(1), ""),
        (0.0, Run(1), "gone"),
        (0.0, Begin(2, ASKING), ""),
        (0.0, Run(2), "ask wait 1000"),
        (0.0, End(2), ""),
        (0.0, Return(2, Returned::Token(1)), ""),
        (0.0, Run(2), "gone"),
        (0.0, Begin(3, GET), ""),
        (0.0, Run(3), "[request] send 1 wait 1000"),
        (0.0, End(3), "abort 1"),
        (0.0, Complete(1, OK), "no call"),
        (0.0, Run(3), "gone"),
    ]);
}

#[test]
fn a_call_that_ends_before_it_is_sent_is_not_counted() {
    let mut table = Table::new(None);
    table.check(&[(0.0, Begin(1, GET), "")]);
    let step = table.dispatcher.step(1, Moment { now: 0.0, wall: 0.0, random: 0.0 });
    assert!(matches!(step, Step::Emit(_, emitted, _) if emitted.kind == EventKind::Request));
    assert_eq!(table.dispatcher.usage().total().calls_sent, 1);
    table.check(&[(0.0, End(1), ""), (0.0, Run(1), "gone")]);
    let spent = table.dispatcher.usage().total();
    assert_eq!((spent.calls_sent, spent.tokens_spent), (0, 0));
}

#[test]
fn a_401_renews_the_credential_once_and_only_that_of_its_call() {
    check(&[
        (0.0, Begin(1, ASKING), ""),
        (0.0, Begin(2, ASKING), ""),
        (0.0, Run(1), "ask wait 1000"),
        (0.0, Run(2), "ask wait 1000"),
        (5.0, Return(1, Returned::Token(1)), ""),
        (5.0, Return(2, Returned::Token(2)), ""),
        (5.0, Run(1), "[request] send 1 wait 1000"),
        (5.0, Run(2), "[request] send 2 wait 1000"),
        (9.0, Complete(1, REFUSED), "for 1"),
        (9.0, Complete(2, OK), "for 2"),
        (9.0, Run(1), "[response 401] ask instead of secret-token-1 wait 1000"),
        (9.0, Run(2), "[response 200] data of secret-token-2 after 1"),
        (10.0, Return(1, Returned::Token(3)), ""),
        (10.0, Run(1), "[request] send 3 wait 1000"),
        (11.0, Complete(3, REFUSED), "for 1"),
        (11.0, Run(1), "[response 401] Authentication after 2"),
    ]);
}

#[test]
fn a_fixed_credential_is_not_renewed() {
    check(&[
        (0.0, Begin(1, GET), ""),
        (0.0, Run(1), "[request] send 1 wait 1000"),
        (9.0, Complete(1, REFUSED), "for 1"),
        (9.0, Run(1), "[response 401] Authentication after 1"),
    ]);
}

#[test]
fn a_credential_function_that_hangs_ends_its_call_only() {
    check(&[
        (0.0, Begin(1, ASKING), ""),
        (0.0, Begin(2, GET), ""),
        (0.0, Run(1), "ask wait 1000"),
        (0.0, Run(2), "[request] send 1 wait 1000"),
        (999.5, Run(1), "wait 0.5"),
        (1_000.0, Run(1), "Timeout after 0"),
        (1_001.0, Return(1, Returned::Token(1)), ""),
        (1_001.0, Run(1), "gone"),
    ]);
}

#[test]
fn a_credential_that_cannot_be_sent_ends_its_call() {
    for returned in [Returned::Unusable, Returned::Throws] {
        check(&[
            (0.0, Begin(1, ASKING), ""),
            (0.0, Run(1), "ask wait 1000"),
            (1.0, Return(1, returned), ""),
            (1.0, Run(1), "Authentication after 0"),
        ]);
    }
}

#[test]
fn the_end_of_an_operation_is_announced_once() {
    let other = CallSpec { endpoint: 3, ..GET };
    check(&[
        (0.0, Begin(1, GET), ""),
        (0.0, Run(1), "[request] send 1 wait 1000"),
        (1.0, Complete(1, DEPRECATED), "for 1"),
        (1.0, Run(1), "[response 200] [deprecated: it ends] data of secret-token-1 after 1"),
        (1.0, Begin(2, GET), ""),
        (1.0, Run(2), "[request] send 2 wait 1000"),
        (2.0, Complete(2, DEPRECATED), "for 2"),
        (2.0, Run(2), "[response 200] data of secret-token-1 after 1"),
        (2.0, Begin(3, other), ""),
        (2.0, Run(3), "[request] send 3 wait 1000"),
        (3.0, Complete(3, DEPRECATED), "for 3"),
        (3.0, Run(3), "[response 200] [deprecated: it ends] data of no call after 1"),
    ]);
}

#[test]
fn a_call_in_the_queue_is_woken_when_the_one_before_it_is_over() {
    let dispatcher = Dispatcher::new(server(AuthScheme::ApiToken), RateLimiter::new(Some(1), None));
    let mut table = Table { dispatcher, requests: Vec::new() };
    let user = |user| CallSpec { user, ..GET };
    table.check(&[
        (0.0, Begin(1, user(1)), ""),
        (0.0, Begin(2, user(2)), ""),
        (0.0, Begin(3, user(3)), ""),
        (0.0, Run(1), "[request] send 1 wait 1000"),
        (0.0, Run(2), "wait 3000"),
        (0.0, Run(3), "wait 3000"),
        (5.0, Complete(1, OK), "for 1"),
        (5.0, Run(1), "[response 200] data of no call after 1 wake 2"),
        (5.0, End(2), "wake 3"),
        (5.0, Run(3), "[request] send 2 wait 1000"),
        (6.0, End(3), "abort 2"),
    ]);
}

fn server(scheme: AuthScheme) -> Server<String> {
    Server { v1: "https://v1".to_owned(), v2: "https://v2".to_owned(), scheme, max_body_bytes: 1 << 20 }
}
