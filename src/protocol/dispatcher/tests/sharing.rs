//! Tables of requests that calls share.

use super::*;

#[test]
fn a_shared_request_continues_when_its_driver_leaves() {
    check(&[
        (0.0, Begin(1, GET), ""),
        (0.0, Begin(2, GET), ""),
        (0.0, Run(1), "[request] send 1 wait 1000"),
        (0.0, Run(2), "[shared] wait 6000"),
        (10.0, End(1), "wake 2"),
        (10.0, Run(2), "wait 990"),
        (20.0, Complete(1, OK), "for 2"),
        (20.0, Run(2), "[response 200] data of secret-token-1 after 1"),
    ]);
}

#[test]
fn those_who_share_a_request_are_woken_by_its_end() {
    check(&[
        (0.0, Begin(1, GET), ""),
        (0.0, Begin(2, GET), ""),
        (0.0, Begin(3, GET), ""),
        (0.0, Run(1), "[request] send 1 wait 1000"),
        (0.0, Run(2), "[shared] wait 6000"),
        (0.0, Run(3), "[shared] wait 6000"),
        (20.0, Complete(1, OK), "for 1"),
        (20.0, End(3), ""),
        (20.0, Run(1), "[response 200] data of secret-token-1 after 1 wake 2"),
        (20.0, Run(2), "data of secret-token-1 after 1"),
    ]);
}

#[test]
fn only_the_same_request_of_the_same_user_is_shared() {
    let unknown = CallSpec { source: Source::None, is_identity_known: false, ..GET };
    for (first, second) in [
        (GET, CallSpec { source: Source::Fixed(2), ..GET }),
        (GET, CallSpec { source: Source::None, ..GET }),
        (GET, CallSpec { header: Some(1), ..GET }),
        (GET, CallSpec { timeout_ms: 900, ..GET }),
        (GET, CallSpec { max_retries: 0, ..GET }),
        (GET, CallSpec { user: 8, ..GET }),
        (unknown, unknown),
        (CallSpec { endpoint: 1, ..GET }, CallSpec { endpoint: 1, ..GET }),
        (CallSpec { endpoint: 2, ..GET }, CallSpec { endpoint: 2, ..GET }),
    ] {
        let mut table = Table::new(None);
        table.check(&[(0.0, Begin(1, first), ""), (0.0, Begin(2, second), "")]);
        let mut found = Vec::new();
        table.run(1, 0.0, &mut found);
        table.run(2, 0.0, &mut found);
        assert_eq!(table.requests.len(), 2, "{first:?} {second:?} {found:?}");
    }
}

#[test]
fn a_driver_that_has_stopped_is_noticed_once() {
    check(&[
        (0.0, Begin(1, GET), ""),
        (0.0, Begin(2, GET), ""),
        (0.0, Begin(3, GET), ""),
        (0.0, Run(1), "[request] send 1 wait 1000"),
        (0.0, Run(2), "[shared] wait 6000"),
        (3_000.0, Run(3), "[shared] wait 6000"),
        // Call 1 has made no step since: a Worker's request was stopped.
        (5_999.0, Run(2), "wait 1"),
        (6_000.0, Run(2), "[request] send 2 wait 1000"),
        (6_000.0, Begin(4, GET), ""),
        (6_000.0, Run(4), "[request] send 3 wait 1000"),
        (6_010.0, Complete(2, OK), "for 2"),
        (6_010.0, Run(2), "[response 200] data of secret-token-1 after 1"),
        (9_000.0, Run(3), "[request] send 4 wait 1000"),
        (9_000.0, End(1), "abort 1"),
    ]);
}

#[test]
fn a_driver_that_waits_long_has_not_stopped() {
    let busy = Completion::Response(FakeResponse { retry_after: Some(60), ..FakeResponse::of(503) });
    let mut rows = vec![
        (0.0, Begin(1, GET), ""),
        (0.0, Begin(2, GET), ""),
        (0.0, Run(1), "[request] send 1 wait 1000"),
        (0.0, Run(2), "[shared] wait 6000"),
        (0.0, Complete(1, busy), "for 1"),
        (0.0, Run(1), "[response 503] [retry 503] wait 3000"),
    ];
    for second in 1..20 {
        let now = f64::from(second) * 3_000.0;
        rows.push((now, Run(1), "wait 3000"));
        if second % 2 == 0 {
            rows.push((now, Run(2), "wait 6000"));
        }
    }
    rows.push((60_000.0, Run(1), "[request] send 2 wait 1000"));
    check(&rows);
}
