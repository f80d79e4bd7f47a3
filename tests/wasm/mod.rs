//! What must hold in every JavaScript runtime; `wasm_node.rs` and `wasm_browser.rs` run it in two.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Function, Promise, Reflect};
use pipedrive_users::config::Credential;
use pipedrive_users::error::Kind;
use pipedrive_users::sandbox::{self, Options, Sandbox};
use pipedrive_users::transport::{Clock, Fetch, SandboxWorld, Scripted};
use pipedrive_users::{Client, Config};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Headers, RequestInit, Response, ResponseInit};

/// A `fetch` that the sandbox handles.
fn sandbox_fetch() -> (Function, sandbox::Tokens) {
    let sandbox = RefCell::new(Sandbox::new(&Options::default()).expect("good options"));
    let tokens = sandbox.borrow().tokens().clone();
    let respond = move |url: String, init: RequestInit| -> Promise {
        let text = |name: &str| Reflect::get(&init, &name.into()).ok().and_then(|value| value.as_string());
        let headers: Headers = Reflect::get(&init, &"headers".into()).expect("headers").unchecked_into();
        let credentials = ["x-api-token", "authorization"];
        let request = sandbox::Request {
            method: text("method").expect("a method"),
            target: url,
            headers: credentials
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), headers.get(name).ok()??)))
                .collect(),
            body: text("body").unwrap_or_default(),
        };
        let now = Fetch::default().wall();
        let response = sandbox.borrow_mut().handle(&request, now);
        let headers = Headers::new().expect("headers");
        for (name, value) in &response.headers {
            headers.append(name, value).expect("a good header");
        }
        let init = ResponseInit::new();
        init.set_status(response.status);
        init.set_headers(&headers);
        {
            let response =
                Response::new_with_opt_str_and_init(Some(&response.body), &init).expect("a response");
            Promise::resolve(&JsValue::from(response))
        }
    };
    let function = Closure::<dyn FnMut(String, RequestInit) -> Promise>::new(respond);
    (function.into_js_value().unchecked_into(), tokens)
}

fn sandbox_client() -> Client<Fetch> {
    let (fetch, tokens) = sandbox_fetch();
    let credential = Credential::api_token(&tokens.api_token).expect("a good token");
    Client::new(Config::new(credential), Fetch::with(Some(fetch)))
}

#[wasm_bindgen_test]
async fn typed_calls_work_from_rust_in_a_javascript_runtime() {
    let client = sandbox_client();
    let me = client.get_current_user().await.expect("a response");
    assert_eq!((me.id, me.company_domain.as_str(), me.is_you), (1, "casinoroyale", true));
    let users = client.get_users().await.expect("a response");
    assert_eq!(users.len(), 25);
    let followers = client.get_user_followers(1).limit(10).pages().collect(100).await.expect("a response");
    assert_eq!(followers.len(), 24);
    let returned = client.get_user_permissions(1).with_response().await.expect("a response");
    assert_eq!((returned.response.status, returned.response.cost), (200, 10));
    assert_eq!(returned.data.can_use_api, Some(true));
}

#[wasm_bindgen_test]
async fn an_error_keeps_what_the_server_sent() {
    let error = sandbox_client().get_user(999_999).await.expect_err("there is none");
    assert_eq!((error.kind(), error.status()), (Kind::NotFound, Some(404)));
    assert!(error.message().contains("User not found or not accessible"), "{error}");
    assert!(error.headers().iter().any(|(name, _)| name == "x-correlation-id"));
}

#[wasm_bindgen_test]
async fn what_fetch_throws_is_the_cause_whatever_it_is() {
    for thrown in ["throw 'a string'", "throw null", "throw new TypeError('Failed to fetch')", "return 5"] {
        let fetch = Function::new_no_args(thrown);
        let client = Client::new(Config::new(Credential::None), Fetch::with(Some(fetch)));
        let error = client.get_user(1).max_retries(0).await.expect_err("it cannot work");
        assert_eq!(error.kind(), Kind::Connection, "{thrown}: {error}");
        assert!(error.cause().is_some(), "{thrown}");
    }
}

#[wasm_bindgen_test]
async fn a_dropped_call_aborts_its_request() {
    let aborted = Rc::new(Cell::new(false));
    let seen = Rc::clone(&aborted);
    let fetch = Closure::<dyn FnMut(String, JsValue) -> Promise>::new(move |_, init: JsValue| {
        let signal: web_sys::AbortSignal =
            Reflect::get(&init, &"signal".into()).expect("a signal").unchecked_into();
        let seen = Rc::clone(&seen);
        let on_abort = Closure::<dyn FnMut()>::new(move || seen.set(true));
        signal.set_onabort(Some(on_abort.into_js_value().unchecked_ref()));
        Promise::new(&mut |_, _| {})
    });
    let client =
        Client::new(Config::new(Credential::None), Fetch::with(Some(fetch.into_js_value().unchecked_into())));
    let error =
        client.get_user(1).timeout(Duration::from_millis(20)).max_retries(0).await.expect_err("it hangs");
    assert_eq!(error.kind(), Kind::Timeout);
    assert!(aborted.get());
}

#[wasm_bindgen_test]
async fn a_token_function_is_asked_for_every_call() {
    let (fetch, tokens) = sandbox_fetch();
    let asked = Rc::new(Cell::new(0));
    let count = Rc::clone(&asked);
    let credential = Credential::from_fn(move || {
        count.set(count.get() + 1);
        let token = tokens.access_token.clone();
        async move {
            Fetch::default().sleep(Duration::from_millis(5)).await;
            Ok::<_, Infallible>(token)
        }
    });
    let client = Client::new(Config::new(credential), Fetch::with(Some(fetch)));
    let calls = (1..=9).map(|id| std::future::IntoFuture::into_future(client.get_user(id)));
    for result in futures_util::future::join_all(calls).await {
        result.expect("a response");
    }
    assert_eq!(asked.get(), 9);
}

#[wasm_bindgen_test]
async fn a_timer_ends_and_can_be_dropped() {
    let clock = Fetch::default();
    let before = clock.now();
    clock.sleep(Duration::from_millis(30)).await;
    assert!(clock.now().saturating_sub(before) >= Duration::from_millis(25));
    drop(clock.sleep(Duration::from_secs(1_000_000_000)));
}

#[wasm_bindgen_test]
async fn the_sandboxs_own_world_is_awaited_here_as_on_the_host() {
    let world = SandboxWorld::default();
    let credential = Credential::api_token(&world.tokens().api_token).expect("a good token");
    let client = Client::new(Config::new(credential), world.clone());
    world.script([Scripted::response(503, "{}"), Scripted::Hang]);
    assert_eq!(client.get_user(1).await.expect("the third attempt works").id, 1);
    assert_eq!((world.sent().len(), world.timers()), (3, 0));
}
