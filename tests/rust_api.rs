//! What a Rust program can rely on besides the calls themselves: threads, errors that pass on, texts in Rust's words,
//! streams, executors of its own.
#![cfg(all(feature = "sandbox", not(target_arch = "wasm32")))]

use std::error::Error as StdError;
use std::future::IntoFuture;
use std::time::Duration;

use pipedrive_users::config::{Base, Credential, Token};
use pipedrive_users::error::Kind;
use pipedrive_users::models::{AccessApp, User};
use pipedrive_users::transport::{Cause, Progress, Runtime, SandboxWorld, Scripted};
use pipedrive_users::{Client, Config, ConfigBuilder, Error, Secret};

fn config(world: &SandboxWorld) -> ConfigBuilder {
    Config::builder().credential(Credential::api_token(&world.tokens().api_token).expect("a good token"))
}

fn client(world: &SandboxWorld) -> Client<SandboxWorld> {
    Client::new(config(world).build().expect("good settings"), world.clone())
}

fn is_thread_safe<T: Send + Sync + Clone + 'static>(_: &T) {}

fn is_sendable<T: Send>(value: T) -> T {
    value
}

/// Also where the runtime is any.
fn spawnable<R: Runtime>(client: &Client<R>) -> impl Future<Output = Result<User, Error>> + Send + use<R> {
    client.get_user(1).into_future()
}

#[test]
fn a_client_its_errors_and_its_calls_can_be_sent_to_threads() {
    let world = SandboxWorld::default();
    let client = client(&world);
    is_thread_safe(&client);
    is_thread_safe(&Error::new(Kind::Server, "down"));
    drop(spawnable(&client));
    let followers = is_sendable(client.get_user_followers(1).pages().collect(3));
    assert_eq!(world.run(followers).expect("it ends").expect("followers").len(), 3);
}

#[test]
fn an_error_passes_on_and_its_source_is_what_was_thrown() {
    fn as_a_program_has_it(world: &SandboxWorld) -> Result<User, Box<dyn StdError + Send + Sync>> {
        let base = Base::company("casinoroyale")?;
        let config = config(world).base(base).max_retries(0).build()?;
        let client = Client::new(config, world.clone());
        Ok(world.run(client.get_user(1).into_future()).ok_or("it never ends")??)
    }
    fn with_anyhow(world: &SandboxWorld) -> anyhow::Result<User> {
        Base::url("http://example.org")?;
        Ok(world.run(client(world).get_user(1).into_future()).expect("it ends")?)
    }
    let world = SandboxWorld::default();
    assert!(as_a_program_has_it(&world).is_ok());
    world.script([Scripted::Fail(Progress::Unknown)]);
    let thrown = as_a_program_has_it(&world).expect_err("no response");
    let error = thrown.downcast_ref::<Error>().expect("an error of the client");
    assert!(error.is_connection() && error.cause().is_some());
    assert_eq!(error.source().expect("a source").to_string(), "the script failed it");
    let thrown = with_anyhow(&world).expect_err("it is not on the loopback");
    assert!(thrown.downcast_ref::<Error>().is_some_and(Error::is_config));
}

#[test]
fn the_source_of_a_failed_credential_function_is_its_own_error() {
    let world = SandboxWorld::default();
    let credential =
        Credential::from_fn(async || Err::<String, _>(std::io::Error::other("the vault is shut")));
    let client = Client::new(Config::new(credential), world.clone());
    let error = world.run(client.get_user(1).into_future()).expect("it ends").expect_err("no token");
    assert!(error.is_authentication());
    assert!(error.cause().is_some_and(|cause| cause.get_ref().is::<std::io::Error>()));
    for token in ["", "a b"] {
        let credential =
            Credential::ApiToken(Token::from_fn(
                move |_: Option<Secret>| async move { Ok::<_, Cause>(token) },
            ));
        let client = Client::new(Config::new(credential), world.clone());
        let error = world.run(client.get_user(1).into_future()).expect("it ends").expect_err("no token");
        assert!(error.message().contains("the token that it returned"), "{error}");
    }
    assert!(world.sent().is_empty());
}

/// Whether a text has a word in JavaScript's spelling. The names of operations are Pipedrive's own.
fn is_javascript(text: &str) -> bool {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric());
    let mut words = words.filter(|word| !["getUser", "getUserFollowers", "getUsers"].contains(word));
    words.any(|word| {
        let pairs = word.as_bytes().windows(2);
        let mut humps = pairs.filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
        humps.next().is_some() && word != "OAuth"
    })
}

#[test]
fn texts_name_what_a_rust_program_writes() {
    let world = SandboxWorld::default();
    let client = Client::new(config(&world).max_retries(0).build().expect("good settings"), world.clone());
    let fail = |step: Scripted| {
        world.script([step.clone()]);
        let result = world.run(client.get_user(1).into_future()).expect("it ends");
        result.expect_err(&format!("{step:?} fails"))
    };
    let mut texts = Vec::new();
    for status in [0, 301, 400, 401, 402, 403, 404, 415, 418, 500] {
        for body in ["<html>", r#"{"success":false,"error":"Scope and URL mismatch"}"#] {
            texts.push(fail(Scripted::response(status, body)).to_string());
        }
    }
    for body in ["[]", "{}", r#"{"success":true,"data":[]}"#] {
        texts.push(fail(Scripted::response(200, body)).to_string());
    }
    for progress in [
        Progress::NotSent,
        Progress::Unknown,
        Progress::NoResponse,
        Progress::BodyCutOff,
        Progress::BodyTooLarge,
    ] {
        texts.push(fail(Scripted::Fail(progress)).to_string());
    }
    texts.push(fail(Scripted::Hang).to_string());
    for call in [client.get_user(1).timeout(Duration::ZERO), client.get_user(1).max_retries(11)] {
        let error = world.run(call.into_future()).expect("it ends").expect_err("it is refused");
        texts.push(error.to_string());
    }
    let headers = vec![("retry-after".to_owned(), "3600".to_owned())];
    texts.push(
        fail(Scripted::Answer { status: 429, headers: headers.clone(), body: String::new() }).to_string(),
    );
    let body = r#"{"success":false,"error":"daily"}"#.to_owned();
    texts.push(fail(Scripted::Answer { status: 429, headers, body }).to_string());
    texts.push(
        world
            .run(client.get_user(1).into_future())
            .expect("it ends")
            .expect_err("the day is spent")
            .to_string(),
    );
    for refused in [
        Config::builder().company_domain("a.b"),
        Config::builder().base_url("http://a.example"),
        Config::builder().header("a b", ""),
        Config::builder().timeout(Duration::MAX),
        Config::builder().max_retries(11),
        Config::builder().max_concurrency(0),
        Config::builder().max_body_bytes(0),
    ] {
        texts.push(refused.build().expect_err("it is refused").to_string());
    }
    let wrong: Vec<_> = texts.iter().filter(|text| is_javascript(text)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    for word in ["company_domain", "base_url", "reset_at()", "Error::body", "(timeout)", "max_retries must"] {
        assert!(texts.iter().any(|text| text.contains(word)), "{word}: {texts:#?}");
    }
}

#[test]
fn a_server_that_writes_javascript_is_quoted_as_it_came() {
    let world = SandboxWorld::default();
    world.script([Scripted::response(400, r#"{"success":false,"error":"baseUrl and timeoutMs"}"#)]);
    let error = world.run(client(&world).get_user(1).into_future()).expect("it ends").expect_err("400");
    assert!(error.message().contains("baseUrl and timeoutMs"), "{error}");
}

#[tokio::test]
async fn calls_in_the_sandbox_are_awaited_under_tokio() {
    let world = SandboxWorld::default();
    let client = client(&world);
    world.script([Scripted::response(503, "{}"), Scripted::Hang]);
    assert_eq!(client.get_user(1).await.expect("the third attempt works").id, 1);
    assert_eq!(world.sent().len(), 3);
    assert_eq!((world.in_flight(), world.timers()), (0, 0));
    world.script([Scripted::Hang]);
    let error =
        client.get_user(1).timeout(Duration::from_secs(3)).max_retries(0).await.expect_err("it hangs");
    assert!(error.is_timeout());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_of_many_threads_keep_one_limit() {
    let world = SandboxWorld::default();
    let client =
        Client::new(config(&world).max_concurrency(3).build().expect("good settings"), world.clone());
    let tasks: Vec<_> = (0..60)
        .map(|call| {
            let client = client.clone();
            tokio::spawn(async move {
                let id = call % 20 + 1;
                client.get_user(id).header("x-call", &call.to_string()).await.map(|user| (id, user.id))
            })
        })
        .collect();
    for task in tasks {
        let (asked, got) = task.await.expect("no panic").expect("a user");
        assert_eq!(asked, got);
    }
    assert_eq!(client.usage().total().calls_sent, 60);
    assert_eq!(world.sent().len(), 60);
    assert_eq!((world.in_flight(), world.timers()), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_on_other_threads_share_a_request_and_may_leave() {
    let world = SandboxWorld::default();
    let client = client(&world);
    for round in 0..50_usize {
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.get_current_user().await })
            })
            .collect();
        for (index, task) in tasks.into_iter().enumerate() {
            if index == round % 8 {
                task.abort();
                // It may be on another thread, and its timer is there until it is gone.
                if let Ok(user) = task.await {
                    user.expect("a user");
                }
            } else {
                assert!(task.await.expect("no panic").expect("a user").is_you);
            }
        }
    }
    assert_eq!(world.timers(), 0);
}

#[test]
fn records_for_tests_are_made_without_a_server() {
    let user = User::with(|user| {
        user.id = 7;
        user.name = "James Bond".to_owned();
        user.access = Some(vec![pipedrive_users::models::Access::with(|access| {
            access.app = AccessApp::Sales;
            access.admin = true;
        })]);
    });
    assert!(user.is_admin(&AccessApp::Sales) && !user.is_admin(&AccessApp::Global));
    assert_eq!((user.id, user.phone), (7, None));
}

#[cfg(feature = "stream")]
#[tokio::test]
async fn lists_are_streams_that_end_after_the_last_item_or_an_error() {
    use futures_util::{StreamExt, TryStreamExt};

    let world = SandboxWorld::new(&pipedrive_users::sandbox::Options { users: 40, ..Default::default() })
        .expect("good options");
    let client = client(&world);
    let calls = client.get_user_followers(1).limit(15);
    let followers: Vec<_> = calls.clone().pages().items().try_collect().await.expect("all followers");
    assert_eq!((followers.len(), world.sent().len()), (39, 3));
    let sizes: Vec<_> = calls
        .clone()
        .pages()
        .stream()
        .map_ok(|page| page.items.len())
        .try_collect()
        .await
        .expect("all pages");
    assert_eq!(sizes, [15, 15, 9]);
    world.script([Scripted::Pass, Scripted::response(404, "{}")]);
    let results: Vec<_> = calls.pages().items().collect().await;
    assert_eq!((results.len(), results.iter().filter(|result| result.is_err()).count()), (16, 1));
    assert!(results.last().is_some_and(Result::is_err));
}
