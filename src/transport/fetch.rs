//! The world of a JavaScript runtime: `fetch` through gloo-net's types, its timers and its randomness.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use gloo_net::http;
use js_sys::{Array, Function, JsString, Object, Promise, Reflect};
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestInit, RequestRedirect};

use super::{Body, Cause, Clock, Headers, Json, Progress, Random, Request, Response, SendError, Transport};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch, catch)]
    fn global_fetch(url: &str, init: &RequestInit) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);

    // js-sys takes a Rust string here; this one leaves a body of any size where it is.
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    fn parse_json(text: &JsString) -> Result<JsValue, JsValue>;

    // A getter may throw.
    #[wasm_bindgen(js_namespace = Object, js_name = entries, catch)]
    fn entries(object: &JsValue) -> Result<Array, JsValue>;
}

/// The longest time that a timer takes.
const LONGEST_TIMER_MS: f64 = 2_147_483_647.0;

/// The `fetch` of a JavaScript runtime.
#[derive(Clone, Default)]
pub struct Fetch {
    /// The caller's own; the runtime's is looked up at each call, so that one that is put in its place counts.
    own: Option<Function>,
}

impl Fetch {
    /// Uses a function like `fetch` instead of the runtime's.
    #[must_use]
    pub fn with(own: Option<Function>) -> Self {
        Self { own }
    }

    fn start(&self, url: &str, init: &RequestInit) -> Result<JsValue, JsValue> {
        match &self.own {
            Some(own) => own.call2(&JsValue::UNDEFINED, &url.into(), init),
            None => global_fetch(url, init),
        }
    }
}

/// Gives the request up when it is dropped before the answer is read.
struct AbortOnDrop {
    controller: AbortController,
    done: Cell<bool>,
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if !self.done.get() {
            self.controller.abort();
        }
    }
}

impl Transport for Fetch {
    type Headers = JsHeaders;
    type Body = JsBody;

    async fn send(&self, request: Request) -> Result<Response<Self>, SendError> {
        let lost = |thrown: JsValue| SendError { progress: progress(&thrown), cause: Cause::from(thrown) };
        let abort = AbortOnDrop { controller: AbortController::new().map_err(lost)?, done: Cell::new(false) };
        let headers = http::Headers::new();
        for (name, value) in &request.headers.0 {
            headers.set(name, value);
        }
        let init = RequestInit::new();
        init.set_method(request.method.as_str());
        init.set_headers(&headers.into_raw());
        // A redirect could carry x-api-token to another host: browsers take off only `authorization`.
        init.set_redirect(RequestRedirect::Manual);
        init.set_signal(Some(&abort.controller.signal()));
        if let Some(body) = &request.body {
            init.set_body(&body.into());
        }
        let started = self.start(&request.url, &init).map_err(lost)?;
        let answer = JsFuture::from(Promise::resolve(&started)).await.map_err(lost)?;
        // A stand-in for fetch may give anything; what is like a Response will do.
        let (text, headers) = like_a_response(&answer)
            .map_err(|lack| SendError { progress: Progress::NoResponse, cause: lack.into() })?;
        let answer: web_sys::Response = answer.unchecked_into();
        let (status, headers) = (answer.status(), JsHeaders(headers));
        let cut_off = |thrown: JsValue| SendError {
            progress: Progress::Body { status, headers: headers.to_vec() },
            cause: Cause::from(thrown),
        };
        let text = text.call0(&answer).map_err(cut_off)?;
        let text = JsFuture::from(Promise::resolve(&text)).await.map_err(cut_off)?;
        abort.done.set(true);
        let text = text.dyn_into::<JsString>().unwrap_or_else(|_| "".into());
        Ok(Response { status, headers, body: JsBody(text) })
    }
}

/// The methods that a Response must have here, or the name of what it lacks.
fn like_a_response(answer: &JsValue) -> Result<(Function, web_sys::Headers), &'static str> {
    let method = |object: &JsValue, name: &str| member(object, name)?.dyn_into::<Function>().ok();
    let text = method(answer, "text").ok_or("it has no text()")?;
    let status = member(answer, "status").and_then(|status| status.as_f64());
    status.ok_or("it has no status")?;
    let headers = member(answer, "headers").ok_or("it has no headers")?;
    method(&headers, "get")
        .and(method(&headers, "entries"))
        .ok_or("its headers have no get() and entries()")?;
    Ok((text, headers.unchecked_into()))
}

impl From<&str> for Cause {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), value: None }
    }
}

/// Whether the connection was surely not made: Node, Deno and Bun tell it by the system's own code.
fn progress(thrown: &JsValue) -> Progress {
    const NOT_CONNECTED: [&str; 5] =
        ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT", "ConnectionRefused"];
    let code = |value: &JsValue| member(value, "code").and_then(|code| code.as_string());
    let code = code(thrown).or_else(|| member(thrown, "cause").as_ref().and_then(code));
    match code {
        Some(code) if NOT_CONNECTED.contains(&code.as_str()) => Progress::Unsent,
        _ => Progress::Unknown,
    }
}

impl From<JsValue> for Cause {
    fn from(thrown: JsValue) -> Self {
        let message = |value: &JsValue| member(value, "message").and_then(|message| message.as_string());
        let mut text = thrown
            .as_string()
            .or_else(|| message(&thrown))
            .unwrap_or_else(|| "something that is no Error".to_owned());
        if let Some(beneath) = member(&thrown, "cause").as_ref().and_then(message) {
            text.extend([" (", &beneath, ")"]);
        }
        Self { text, value: Some(Rc::new(thrown)) }
    }
}

/// The headers of an answer, where the runtime keeps them.
#[derive(Clone)]
pub struct JsHeaders(pub(crate) web_sys::Headers);

impl Headers for JsHeaders {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).ok().flatten()
    }

    fn to_vec(&self) -> Vec<(String, String)> {
        http::Headers::from_raw(self.0.clone()).entries().collect()
    }
}

/// The text of a body, where the runtime keeps it.
#[derive(Clone)]
pub struct JsBody(JsString);

impl Body for JsBody {
    type Json = JsValue;

    fn json(&self) -> Option<JsValue> {
        parse_json(&self.0).ok()
    }

    fn text(&self, limit: usize) -> String {
        String::from(&self.0.slice(0, u32::try_from(limit).unwrap_or(u32::MAX)))
    }
}

impl Json for JsValue {
    fn as_text(&self) -> Option<String> {
        self.as_string()
    }

    fn values(&self) -> Vec<Self> {
        if self.is_object() { Object::values(self.unchecked_ref()).to_vec() } else { Vec::new() }
    }

    fn members(&self) -> Vec<(String, Self)> {
        let members = entries(self).unwrap_or_default().into_iter().map(JsCast::unchecked_into::<Array>);
        members.filter_map(|member| Some((member.get(0).as_string()?, member.get(1)))).collect()
    }

    fn decode<M: DeserializeOwned>(&self) -> Result<M, String> {
        serde_wasm_bindgen::from_value(self.clone()).map_err(|error| error.to_string())
    }
}

/// A member of anything, which may have a getter that throws.
fn member(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &name.into()).ok().filter(|member| !member.is_undefined())
}

impl Clock for Fetch {
    fn now(&self) -> f64 {
        js_sys::Date::now()
    }

    async fn sleep(&self, milliseconds: f64) {
        let timer = Timer::new(milliseconds.min(LONGEST_TIMER_MS));
        poll_fn(|context| {
            if timer.state.elapsed.get() {
                return Poll::Ready(());
            }
            timer.state.waker.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

/// A timer, taken away when it is dropped. A promise would not do: one that never settles is never freed.
struct Timer {
    id: JsValue,
    state: Rc<TimerState>,
    /// The timer's callback, for as long as the timer may call it.
    _callback: Closure<dyn FnMut()>,
}

#[derive(Default)]
struct TimerState {
    elapsed: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Timer {
    fn new(milliseconds: f64) -> Self {
        let state = Rc::<TimerState>::default();
        let called = Rc::clone(&state);
        let callback = Closure::<dyn FnMut()>::new(move || {
            called.elapsed.set(true);
            if let Some(waker) = called.waker.take() {
                waker.wake();
            }
        });
        Self { id: set_timeout(callback.as_ref().unchecked_ref(), milliseconds), state, _callback: callback }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.id);
    }
}

impl Random for Fetch {
    fn random(&self) -> f64 {
        js_sys::Math::random()
    }
}
