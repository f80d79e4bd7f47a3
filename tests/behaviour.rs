//! How calls behave, from Rust, in a world where time passes only when everybody waits: no test sleeps.
#![cfg(all(feature = "sandbox", not(target_arch = "wasm32")))]

use std::future::IntoFuture;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use futures_util::future::{join, join_all, poll_immediate};
use pipedrive_users::config::{Credential, Token};
use pipedrive_users::error::{Kind, LimitScope};
use pipedrive_users::event::EventKind;
use pipedrive_users::sandbox::Options;
use pipedrive_users::transport::{Cause, Clock, Progress, SandboxWorld, Scripted};
use pipedrive_users::{Client, Config, Drift, DriftKind, Secret};

fn world_with(options: &Options) -> SandboxWorld {
    SandboxWorld::new(options).expect("good options")
}

fn world() -> SandboxWorld {
    world_with(&Options { users: 300, burst: Some(100_000), ..Options::default() })
}

fn config(world: &SandboxWorld) -> Config {
    Config::new(Credential::api_token(&world.tokens().api_token).expect("a good token"))
}

fn client(world: &SandboxWorld) -> Client<SandboxWorld> {
    Client::new(config(world), world.clone())
}

fn status(status: u16, headers: &[(&str, &str)], body: &str) -> Scripted {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Scripted::Answer { status, headers, body: body.to_owned() }
}

/// How much time has passed.
fn since(world: &SandboxWorld, before: Duration) -> Duration {
    world.now().saturating_sub(before)
}

fn run<T>(world: &SandboxWorld, future: impl Future<Output = T>) -> T {
    world.run(future).expect("it ends")
}

#[test]
fn a_passing_failure_is_tried_again_and_the_attempts_are_reported() {
    let world = world();
    let client = client(&world);
    world.script([status(503, &[], ""), Scripted::Fail(Progress::Unknown)]);
    let before = world.now();
    let returned = run(&world, client.get_user(1).with_response()).expect("the third attempt works");
    assert_eq!((returned.response.attempts, world.sent().len()), (3, 3));
    // 10 ms each for three attempts, and waits of 500 and 1000 ms.
    assert!(since(&world, before) == Duration::from_millis(1_530), "{:?}", since(&world, before));
}

#[test]
fn a_final_failure_is_not() {
    let world = world();
    let client = client(&world);
    for code in [400, 401, 402, 403, 404, 405, 410, 415, 422, 501] {
        let sent = world.sent().len();
        world.script([status(code, &[], r#"{"success":false,"error":"no"}"#)]);
        let error = run(&world, client.get_user(1).into_future()).expect_err("it fails");
        assert_eq!((error.status(), error.attempts(), world.sent().len() - sent), (Some(code), 1, 1));
    }
}

#[test]
fn a_post_is_sent_again_only_when_it_surely_was_not_carried_out() {
    let world = world();
    let client = client(&world);
    let add = || {
        let user = pipedrive_users::api::add_user::NewUser::new("q@mi6.example");
        client.add_user(user).into_future()
    };
    for (fault, requests, good) in [
        (Scripted::Fail(Progress::Unknown), 1, false),
        (status(500, &[], ""), 1, false),
        (status(503, &[("retry-after", "1")], ""), 1, false),
        (Scripted::Fail(Progress::NotSent), 2, true),
        (status(429, &[("retry-after", "1")], ""), 2, true),
    ] {
        let sent = world.sent().len();
        world.script([fault.clone()]);
        let result = run(&world, add());
        assert_eq!((result.is_ok(), world.sent().len() - sent), (good, requests), "{fault:?}");
    }
}

#[test]
fn retry_after_is_kept_up_to_a_minute() {
    let world = world();
    let client = client(&world);
    world.script([status(503, &[("retry-after", "7")], "")]);
    let before = world.now();
    run(&world, client.get_user(1).into_future()).expect("the second attempt works");
    assert!(since(&world, before) == Duration::from_millis(7_020));
    world.script([status(503, &[("retry-after", "61")], "")]);
    let before = world.now();
    let error = run(&world, client.get_user(1).into_future()).expect_err("it would take too long");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(61)));
    assert!(since(&world, before) < Duration::from_millis(100));
}

#[test]
fn a_timeout_covers_the_attempt_and_leaves_nothing_behind() {
    let world = world();
    let client = client(&world);
    world.script([Scripted::Hang]);
    let before = world.now();
    let error =
        run(&world, client.get_user(1).timeout(Duration::from_millis(1_234)).max_retries(0).into_future())
            .expect_err("it hangs");
    assert_eq!(error.kind(), Kind::Timeout);
    assert!(since(&world, before) == Duration::from_millis(1_234));
    assert_eq!((world.in_flight(), world.timers()), (0, 0));
}

#[test]
fn a_dropped_call_gives_up_its_request_its_timer_and_its_place() {
    let world = world();
    let client = Client::new(
        config(&world).to_builder().max_concurrency(1).build().expect("good settings"),
        world.clone(),
    );
    run(&world, async {
        let mut first = Box::pin(client.get_user(1).into_future());
        let mut second = Box::pin(client.get_user(2).into_future());
        assert!(poll_immediate(&mut first).await.is_none());
        assert!(poll_immediate(&mut second).await.is_none());
        assert_eq!(world.in_flight(), 1, "the second waits for its turn");
        drop(first);
        assert_eq!(world.in_flight(), 0);
        assert_eq!(second.await.expect("its turn has come").id, 2);
    });
    assert_eq!(world.timers(), 0);
}

#[test]
fn two_hundred_calls_keep_a_burst_limit_that_they_learn() {
    let world = world_with(&Options { users: 300, burst: Some(20), ..Options::default() });
    let limited = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&limited);
    let observer = move |event: &pipedrive_users::event::Event<'_>| {
        if event.status == Some(429) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    };
    let client = Client::new(
        config(&world).to_builder().on_event(observer).build().expect("good settings"),
        world.clone(),
    );
    let before = world.now();
    let calls = (1..=200).map(|id| client.get_user(id).into_future());
    let results = run(&world, join_all(calls));
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(limited.load(Ordering::Relaxed), 0, "no 429 after the first response taught the limit");
    let least = Duration::from_secs(18);
    let took = since(&world, before);
    assert!(took <= least.mul_f64(1.15), "{took:?}");
}

#[test]
fn a_429_pauses_the_whole_queue_once_and_keeps_the_order() {
    let world = world();
    let client = Client::new(
        config(&world).to_builder().max_concurrency(2).build().expect("good settings"),
        world.clone(),
    );
    world.script([
        status(429, &[("x-ratelimit-reset", "3")], ""),
        status(429, &[("x-ratelimit-reset", "3")], ""),
    ]);
    let before = world.now();
    let results = run(&world, join_all((1..=6).map(|id| client.get_user(id).into_future())));
    assert!(results.iter().all(Result::is_ok));
    let order: Vec<_> =
        world.sent().iter().map(|request| request.url.rsplit('/').next().map(str::to_owned)).collect();
    let expected = ["1", "2", "1", "2", "3", "4", "5", "6"].map(|id| Some(id.to_owned()));
    assert_eq!(order, expected);
    assert!(since(&world, before) < Duration::from_millis(3_200), "one pause, not two");
}

#[test]
fn a_daily_429_refuses_what_comes_after_it_without_asking() {
    let world = world();
    let client = client(&world);
    let body = r#"{"success":false,"error":"daily request budget exceeded","errorCode":429}"#;
    world.script([status(429, &[("retry-after", "3939")], body)]);
    let error = run(&world, client.get_user(1).into_future()).expect_err("the day is spent");
    assert_eq!(
        (error.kind(), error.scope(), error.attempts()),
        (Kind::RateLimit, Some(LimitScope::Daily), 1)
    );
    let until = error.reset_at().expect("a time");
    let wait = until.saturating_duration_since(world.wall());
    assert!(wait.abs_diff(Duration::from_secs(3_939)) < Duration::from_millis(100), "{wait:?}");
    let sent = world.sent().len();
    let error = run(&world, client.get_user(2).into_future()).expect_err("it is refused here");
    assert_eq!(
        (error.scope(), error.attempts(), error.reset_at()),
        (Some(LimitScope::Daily), 0, Some(until))
    );
    assert_eq!(world.sent().len(), sent);
    run(&world, world.sleep(Duration::from_secs(3_940)));
    run(&world, client.get_user(2).into_future()).expect("a new day");
}

#[test]
fn a_budget_is_kept_and_what_was_spent_is_counted() {
    let world = world();
    let client = Client::new(
        config(&world).to_builder().daily_token_budget(43).build().expect("good settings"),
        world.clone(),
    );
    run(&world, async {
        client.find_users_by_name("a").await.expect("40 tokens");
        client.get_user(1).await.expect("2 tokens");
        let error = client.get_user(2).await.expect_err("one token is left");
        assert_eq!((error.kind(), error.scope()), (Kind::RateLimit, Some(LimitScope::Daily)));
    });
    let usage = client.usage();
    assert_eq!((usage.total().tokens_spent, usage.total().calls_sent), (42, 2));
    assert_eq!(usage.of("findUsersByName").tokens_spent, 40);
    world.script([status(401, &[], r#"{"success":false,"error":"unauthorized access","errorCode":401}"#)]);
    let other = self::client(&world);
    run(&world, other.get_user(1).into_future()).expect_err("401");
    assert_eq!((other.usage().total().tokens_spent, other.usage().total().calls_sent), (0, 1));
}

#[test]
fn the_same_gets_at_the_same_time_share_a_request_and_each_may_leave() {
    let world = world();
    let client = client(&world);
    let results = run(&world, join_all((0..1_000).map(|_| client.get_current_user().into_future())));
    assert!(results.iter().all(Result::is_ok));
    assert_eq!((world.sent().len(), client.usage().total().calls_saved), (1, 999));
    run(&world, client.get_current_user().into_future()).expect("a response");
    assert_eq!(world.sent().len(), 2, "nothing is kept after it has settled");

    run(&world, async {
        let mut first = Box::pin(client.get_user(1).into_future());
        let mut second = Box::pin(client.get_user(1).into_future());
        let mut other = Box::pin(client.get_user(1).header("x-other", "1").into_future());
        for call in [&mut first, &mut second, &mut other] {
            assert!(poll_immediate(call).await.is_none());
        }
        assert_eq!(world.in_flight(), 2, "other headers, another request");
        drop(other);
        drop(first);
        assert_eq!(world.in_flight(), 1, "the second still waits for it");
        let (second, third) = join(second, client.get_user(1).into_future()).await;
        assert_eq!(second.expect("a response"), third.expect("a response"));
        let mut last = Box::pin(client.get_user(1).into_future());
        assert!(poll_immediate(&mut last).await.is_none());
        drop(last);
        assert_eq!(world.in_flight(), 0, "no call waits any more");
    });
}

/// A function that returns the first of these tokens, and the second in the place of one that was refused. It counts
/// how often it was called.
fn provider(world: &SandboxWorld, tokens: Vec<Result<String, Cause>>) -> (Credential, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let (count, clock) = (Arc::clone(&asked), world.clone());
    let give = move |refused: Option<Secret>| {
        let index = usize::from(refused.is_some());
        let token = tokens.get(index).or(tokens.last()).cloned().expect("a token");
        count.fetch_add(1, Ordering::Relaxed);
        let clock = clock.clone();
        async move {
            clock.sleep(Duration::from_millis(5)).await;
            token
        }
    };
    (Credential::AccessToken(Token::from_fn(give)), asked)
}

#[test]
fn each_of_a_thousand_calls_with_an_expired_token_asks_for_a_new_one() {
    let world = world();
    let good = world.tokens().access_token;
    let (credential, asked) = provider(&world, vec![Ok("expired-token".into()), Ok(good)]);
    let client = Client::new(
        Config::builder().credential(credential).max_concurrency(1_000).build().expect("good settings"),
        world.clone(),
    );
    let calls = (0..1_000)
        .map(|call| client.get_user(call % 300 + 1).header("x-call", &call.to_string()).into_future());
    let results = run(&world, join_all(calls));
    assert!(results.iter().all(Result::is_ok), "{:?}", results.iter().find(|result| result.is_err()));
    assert_eq!((asked.load(Ordering::Relaxed), world.sent().len()), (2_000, 2_000));
}

#[test]
fn a_401_is_replayed_once_outside_the_retries() {
    let world = world();
    let (credential, asked) =
        provider(&world, vec![Ok("expired-token".into()), Ok(world.tokens().access_token)]);
    let client = Client::new(
        Config::builder().credential(credential).max_retries(0).build().expect("good settings"),
        world.clone(),
    );
    let returned = run(&world, client.get_user(1).with_response()).expect("the new token works");
    assert_eq!((returned.response.attempts, asked.load(Ordering::Relaxed)), (2, 2));
    let (credential, asked) = provider(&world, vec![Ok("expired-token".into())]);
    let client = Client::new(Config::new(credential), world.clone());
    let error = run(&world, client.get_user(1).into_future()).expect_err("it stays expired");
    assert_eq!((error.kind(), error.attempts(), asked.load(Ordering::Relaxed)), (Kind::Authentication, 2, 2));
}

#[test]
fn a_token_that_cannot_be_had_sends_nothing() {
    let world = world();
    let cause = Cause::new("the vault is shut");
    let (credential, _) = provider(&world, vec![Err(cause)]);
    let client = Client::new(Config::new(credential), world.clone());
    let error = run(&world, client.get_user(1).into_future()).expect_err("no token");
    assert_eq!(error.kind(), Kind::Authentication);
    assert!(error.message().contains("the vault is shut") && error.cause().is_some(), "{error}");
    assert!(world.sent().is_empty());
}

#[test]
fn pages_that_lead_nowhere_end() {
    let world = world();
    let client = client(&world);
    let followers = |next: &str| {
        let body = format!(
            r#"{{"success":true,"data":[{{"user_id":1,"add_time":"2021-01-01T00:00:00Z"}}],"additional_data":{{"next_cursor":{next}}}}}"#
        );
        status(200, &[], &body)
    };
    let collect = |script: Vec<Scripted>| {
        let sent = world.sent().len();
        world.script(script);
        let result = run(&world, client.get_user_followers(1).pages().collect(1_000));
        (result.map(|items| items.len()).map_err(|error| error.kind()), world.sent().len() - sent)
    };
    assert_eq!(collect(vec![followers("\"a\""), followers("\"a\"")]), (Err(Kind::Decode), 2));
    assert_eq!(
        collect(vec![followers("\"a\""), followers("\"b\""), followers("\"a\"")]),
        (Err(Kind::Decode), 3)
    );
    assert_eq!(collect(vec![followers("\"a\""), followers("null")]), (Ok(2), 2));
    assert_eq!(collect(vec![status(200, &[], r#"{"success":true,"data":null}"#)]), (Ok(0), 1));
    let empty = r#"{"success":true,"data":[],"additional_data":{"next_cursor":"more"}}"#;
    assert_eq!(collect(vec![status(200, &[], empty)]), (Ok(0), 1));
    let stuck = r#"{"success":true,"data":[{"user_id":1,"role_id":1,"parent_role_id":null,"name":"x","active_flag":true,"type":"1"}],"additional_data":{"pagination":{"start":0,"limit":1,"more_items_in_collection":true,"next_start":0}}}"#;
    world.script([status(200, &[], stuck)]);
    let error = run(&world, client.get_user_role_assignments(1).into_future()).expect_err("it is stuck");
    assert_eq!(error.kind(), Kind::Decode);
}

#[test]
fn events_tell_what_happens_in_order() {
    let world = world();
    let reported = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&reported);
    let observer = move |event: &pipedrive_users::event::Event<'_>| {
        log.lock().expect("no panic").push((event.kind, event.attempt, event.status));
    };
    let client = Client::new(
        config(&world).to_builder().on_event(observer).build().expect("good settings"),
        world.clone(),
    );
    world.script([status(500, &[], "")]);
    run(&world, client.get_user(1).into_future()).expect("the second attempt works");
    assert_eq!(
        *reported.lock().expect("no panic"),
        [
            (EventKind::Request, 1, None),
            (EventKind::Response, 1, Some(500)),
            (EventKind::Retry, 1, Some(500)),
            (EventKind::Request, 2, None),
            (EventKind::Response, 2, Some(200)),
        ]
    );
    reported.lock().expect("no panic").clear();
    let body = r##"{"success":true,"data":[],"deprecation_warning":{"#":"Warning! This endpoint will be removed soon"}}"##;
    world.script([status(200, &[], body), status(200, &[("sunset", "Tue, 01 Dec 2026 00:00:00 GMT")], body)]);
    for _ in 0..2 {
        run(&world, client.get_users().into_future()).expect("it still works");
    }
    let deprecated =
        reported.lock().expect("no panic").iter().filter(|(kind, ..)| *kind == EventKind::Deprecated).count();
    assert_eq!(deprecated, 1, "once per operation");
}

#[test]
fn drift_is_reported_once_and_fails_nothing() {
    let world = world();
    let reported = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&reported);
    let hook = move |operation: &'static str, drift: &Drift| {
        log.lock().expect("no panic").push((operation, drift.path.clone(), drift.kind));
    };
    let config = config(&world).to_builder().on_drift(hook).build().expect("good settings");
    let client = Client::new(config, world.clone());
    run(&world, client.get_users().into_future()).expect("a response");
    assert_eq!(*reported.lock().expect("no panic"), [], "the sandbox keeps to the models");
    let body = r#"{"success":true,"data":{"can_use_api":"yes","can_fly":true}}"#;
    for _ in 0..2 {
        world.script([status(200, &[], r#"{"success":true,"data":{"deal_default_visibility":9}}"#)]);
        run(&world, client.get_user_role_settings(1).into_future()).expect("it works all the same");
        world.script([status(200, &[], body)]);
        let permissions = run(&world, client.get_user_permissions(1).into_future()).expect("so does this");
        assert_eq!(permissions.unfit["can_use_api"], "yes");
    }
    assert_eq!(
        *reported.lock().expect("no panic"),
        [
            ("getUserRoleSettings", "$.data.deal_default_visibility".to_owned(), DriftKind::Value),
            ("getUserPermissions", "$.data.can_use_api".to_owned(), DriftKind::Type),
        ]
    );
}

#[test]
fn what_a_server_repeats_of_a_token_is_taken_out() {
    let world = world();
    let client = client(&world);
    let token = world.tokens().api_token;
    for body in [
        format!(r#"{{"success":false,"error":"bad {token}","error_info":"{token}","code":"{token}"}}"#),
        format!("<html>{token}"),
    ] {
        for code in [200, 400, 401, 500] {
            world.script([status(code, &[("x-echo", &token), ("x-correlation-id", &token)], &body)]);
            let error = run(&world, client.get_user(1).max_retries(0).into_future()).expect_err("it fails");
            assert!(!format!("{error:?} {error}").contains(&token), "{code}: {error:?}");
        }
    }
}

#[test]
fn a_world_that_waits_for_nothing_says_so() {
    let world = world();
    assert!(world.run(std::future::poll_fn(|_| Poll::<()>::Pending)).is_none());
}
