//! The transport of native programs, against a server on the loopback that writes exactly what a test says.
#![cfg(all(feature = "reqwest", feature = "sandbox", not(target_arch = "wasm32")))]

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pipedrive_users::config::Credential;
use pipedrive_users::error::Kind;
use pipedrive_users::sandbox::{Request, Sandbox};
use pipedrive_users::transport::Reqwest;
use pipedrive_users::{Client, Config, ConfigBuilder, Error, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The heads of the requests that came.
type Heads = Arc<Mutex<Vec<String>>>;

/// A server that writes what `answer` makes of each request's head, and closes the connection.
async fn serve(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> (ConfigBuilder, Heads) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let heads = Heads::default();
    let log = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = read_head(&mut stream).await;
            let bytes = answer(&head);
            log.lock().expect("no panic").push(head);
            if bytes.is_empty() {
                // Nothing ever comes.
                tokio::spawn(async move { stream.read_to_end(&mut Vec::new()).await });
            } else {
                stream.write_all(&bytes).await.expect("a connection");
            }
        }
    });
    let credential = Credential::api_token("0123456789abcdef").expect("a good token");
    let config = Config::builder().base_url(&format!("http://127.0.0.1:{port}")).credential(credential);
    (config.max_retries(0), heads)
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("a request"));
    }
    head.into_iter().map(char::from).collect()
}

fn client(config: ConfigBuilder) -> Client<Reqwest> {
    Client::new(config.build().expect("good settings"), Reqwest::new().expect("a transport"))
}

fn response(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
        .into()
}

async fn failure(answer: Vec<u8>) -> Error {
    let (config, _) = serve(move |_| answer.clone()).await;
    client(config).get_user(1).await.expect_err("it fails")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_made_on_any_thread_and_each_header_is_sent_once() {
    let sandbox = Mutex::new(Sandbox::default());
    let token = sandbox.lock().expect("no panic").tokens().api_token.clone();
    let credential = Credential::api_token(&token).expect("a good token");
    let (config, heads) = serve(move |head| {
        let target = head.split(' ').nth(1).expect("a target").to_owned();
        let request = Request {
            method: "GET".into(),
            target,
            headers: vec![("x-api-token".into(), token.clone())],
            body: String::new(),
        };
        let answer = sandbox
            .lock()
            .expect("no panic")
            .handle(&request, Timestamp::from_unix_millis(1_795_348_800_000));
        response(answer.status, "x-correlation-id: id-7\r\n", &answer.body)
    })
    .await;
    let client =
        client(config.credential(credential).header("X-Trace", "1").header("Accept", "application/json"));
    let tasks: Vec<_> = (1..=8)
        .map(|id| {
            let client = client.clone();
            tokio::spawn(async move { client.get_user(id).header("x-trace", "2").with_response().await })
        })
        .collect();
    for (task, id) in tasks.into_iter().zip(1..) {
        let returned = task.await.expect("no panic").expect("a user");
        assert_eq!((returned.data.id, returned.response.request_id.as_deref()), (id, Some("id-7")));
    }
    let heads = heads.lock().expect("no panic").clone();
    assert_eq!(heads.len(), 8);
    for head in heads {
        let head = head.to_ascii_lowercase();
        for header in ["accept: ", "x-trace: 2", "x-api-token: "] {
            assert_eq!(head.matches(&format!("\r\n{header}")).count(), 1, "{header}: {head}");
        }
        assert!(!head.contains("x-trace: 1"), "{head}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_token() {
    // It would lead back here.
    let (config, heads) = serve(|_| response(302, "location: /v1/users/2\r\n", "")).await;
    let error = client(config).get_user(1).await.expect_err("a redirect");
    assert_eq!((error.kind(), error.status()), (Kind::UnexpectedStatus, Some(302)));
    assert_eq!(error.header("location"), Some("/v1/users/2"));
    assert_eq!(heads.lock().expect("no panic").len(), 1);
}

#[tokio::test]
async fn what_goes_wrong_on_the_way_is_an_error_of_its_kind() {
    let error = failure(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec()).await;
    assert_eq!((error.kind(), error.status()), (Kind::Connection, Some(200)));
    assert!(error.message().contains("cut off"), "{error}");
    assert!(error.cause().is_some_and(|cause| cause.get_ref().is::<reqwest::Error>()));

    let error = failure(b"no HTTP at all\r\n\r\n".to_vec()).await;
    assert_eq!((error.kind(), error.status()), (Kind::Connection, None));

    let error = failure(response(404, "", r#"{"success":false,"error":"User not found"}"#)).await;
    assert!(error.is_not_found() && error.message().contains("User not found"), "{error}");
}

#[tokio::test]
async fn a_connection_that_was_not_made_is_made_again_also_for_a_post() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
    let url = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    let client = client(Config::builder().base_url(&url).max_retries(1));
    let user = pipedrive_users::api::add_user::NewUser::new("q@mi6.example");
    let error = client.add_user(user).await.expect_err("nobody listens");
    assert_eq!((error.kind(), error.attempts()), (Kind::Connection, 2));
    assert!(error.message().contains("the connection was not made"), "{error}");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read_to_its_end() {
    let body = format!(r#"{{"success":true,"data":"{}"}}"#, "x".repeat(100_000));
    let (config, _) = serve(move |_| response(200, "", &body)).await;
    let error = client(config.max_body_bytes(1_000)).get_user(1).await.expect_err("too large");
    assert!(error.is_decode() && error.message().contains("larger than allowed"), "{error}");
}

#[tokio::test]
async fn a_time_that_is_up_ends_the_request() {
    let (config, heads) = serve(|_| Vec::new()).await;
    let client = client(config);
    let error = client.get_user(1).timeout(Duration::from_millis(50)).await.expect_err("nothing comes");
    assert_eq!((error.kind(), error.attempts()), (Kind::Timeout, 1));
    assert_eq!(heads.lock().expect("no panic").len(), 1);
}

#[tokio::test]
async fn headers_are_latin_1_in_both_directions() {
    let (config, heads) = serve(|_| {
        b"HTTP/1.1 500 X\r\nx-name: Zo\xeb\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec()
    })
    .await;
    let error = client(config).get_user(1).header("x-name", "Zoë").await.expect_err("500");
    assert_eq!(error.header("x-name"), Some("Zoë"));
    assert!(heads.lock().expect("no panic")[0].contains("x-name: Zoë\r\n"));
}
