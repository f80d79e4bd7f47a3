//! The runtime of JavaScript: its `fetch`, its timers, its clocks and its randomness.

use std::rc::Rc;

use js_sys::{Array, Function, JsString, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestInit, RequestRedirect};

use super::body_stream::BodyStream;
use super::js::{JsHeaders, JsText, member, method};
use super::js_thrown::JsThrown;
use super::monotonic::{Monotonic, Reading};
use super::timer::{LONGEST_TIMER_MS, Timer};
use super::{Clock, Progress, Random, Request, Response, SendError, Transport};
use crate::error::Thrown;
use crate::text::Text;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = globalThis, js_name = fetch, catch)]
    fn global_fetch(url: &JsString, init: &RequestInit) -> Result<JsValue, JsValue>;

    // The timers of Jest, Vitest and sinon are `@sinonjs/fake-timers`, which leave their clock on what they replace.
    #[wasm_bindgen(js_namespace = setTimeout, js_name = valueOf)]
    fn set_timeout_itself() -> JsValue;

    // Not everywhere: some test environments imitate a page without it.
    #[wasm_bindgen(js_namespace = performance, js_name = now, catch)]
    fn performance_now() -> Result<f64, JsValue>;

    // js-sys takes Rust's own text here; this one leaves a body of any size where it is.
    #[wasm_bindgen(js_namespace = JSON, js_name = parse, catch)]
    fn parse_json(text: &JsString) -> Result<JsValue, JsValue>;

    // `web_sys::Headers` takes Rust's own text.
    #[wasm_bindgen(js_name = Headers)]
    type RequestHeaders;

    #[wasm_bindgen(constructor, js_class = "Headers")]
    fn new() -> RequestHeaders;

    #[wasm_bindgen(method)]
    fn set(this: &RequestHeaders, name: &JsString, value: &JsString);
}

/// The `fetch` of a JavaScript runtime. Clones share one clock.
#[derive(Clone, Default)]
pub struct Fetch {
    /// The caller's own; the runtime's is looked up at each call, so that a replacement counts.
    own: Option<Function>,
    clock: Rc<Monotonic>,
}

impl Fetch {
    /// Uses a function like `fetch` instead of the runtime's.
    #[must_use]
    pub fn with(own: Option<Function>) -> Self {
        Self { own, clock: Rc::default() }
    }

    /// A timer fired that was due at `due`.
    #[cfg(feature = "npm-client")]
    pub(crate) fn on_elapsed(&self, due: f64) {
        self.clock.fired(due, Self::reading());
    }
}

/// What an attempt results in.
pub(crate) type Sent = Result<Response<Fetch>, SendError<Fetch>>;

/// A request in flight: first a response, then its text. Its driver waits for its promises. Dropping it before it is
/// complete aborts the request.
pub(crate) struct InFlight {
    /// Nothing where the runtime has none.
    controller: Option<AbortController>,
    is_complete: bool,
    max_body_bytes: u32,
    body: Option<Body>,
}

/// A response whose body is being read.
struct Body {
    status: u16,
    headers: JsHeaders,
    /// Nothing where all of the text comes at once.
    stream: Option<BodyStream>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(controller) = &self.controller
            && !self.is_complete
        {
            controller.abort();
        }
    }
}

/// What follows a promise that has settled.
pub(crate) enum Next {
    /// Another promise.
    Promise(JsValue),
    Done(Sent),
}

impl InFlight {
    /// Calls `fetch`, or the caller's `own`.
    pub(crate) fn start(own: Option<&Function>, request: &Request<JsText>) -> (Self, Next) {
        let controller = AbortController::new().ok();
        let init = init(request, controller.as_ref());
        let mut in_flight =
            Self { controller, is_complete: false, max_body_bytes: request.max_body_bytes, body: None };
        let started = match own {
            Some(own) => own.call2(&JsValue::UNDEFINED, &request.url.0, &init),
            None => global_fetch(&request.url.0, &init),
        };
        let next = match started {
            Ok(promise) => Next::Promise(promise),
            Err(thrown) => in_flight.on_settled(Err(thrown)),
        };
        (in_flight, next)
    }

    /// Its promise has settled.
    pub(crate) fn on_settled(&mut self, settled: Result<JsValue, JsValue>) -> Next {
        match self.body.take() {
            Some(body) => self.on_body(body, settled),
            None => self.on_response(settled),
        }
    }

    fn on_response(&mut self, settled: Result<JsValue, JsValue>) -> Next {
        let failed =
            |progress, cause| Next::Done(Err(SendError { progress, head: None, cause: JsThrown(cause) }));
        let (response, head) = match settled {
            Ok(value) => match read_head(&value) {
                Ok(head) => (value, head),
                Err(lack) => return failed(Progress::NoResponse, error(lack)),
            },
            // Some wrappers of fetch throw where the status is bad, and leave the response with the error.
            Err(thrown) => {
                let response = member(&thrown, "response");
                match read_head(&response) {
                    Ok(head) => (response, head),
                    Err(_) => return failed(progress(&thrown), thrown),
                }
            }
        };
        let Head { status, headers, text } = head;
        let stream = BodyStream::of(&response);
        let promise = match &stream {
            Some(stream) => stream.reader.read(),
            None => text.call0(&response),
        };
        self.go_on(Body { status, headers, stream }, promise)
    }

    fn on_body(&mut self, mut body: Body, settled: Result<JsValue, JsValue>) -> Next {
        let text = settled.and_then(|value| {
            let Some(stream) = &mut body.stream else {
                self.is_complete = true;
                return Ok(Some(JsText::of(value).unwrap_or_else(|| JsText::new(""))));
            };
            self.is_complete = stream.on_chunk(value.unchecked_ref())?;
            let is_too_large = stream.bytes > f64::from(self.max_body_bytes);
            // The status says what an error is; its body may only explain it.
            let is_enough = self.is_complete || is_too_large && !(200..300).contains(&body.status);
            if is_enough { stream.text().map(Some) } else { Ok(None) }
        });
        match (text, &body.stream) {
            (Ok(Some(text)), _) => {
                Next::Done(Ok(Response { status: body.status, headers: body.headers, body: text }))
            }
            (Ok(None), Some(stream)) if stream.bytes <= f64::from(self.max_body_bytes) => {
                let promise = stream.reader.read();
                self.go_on(body, promise)
            }
            (Ok(None), _) => failed(body, Progress::BodyTooLarge, error("see maxBodyBytes")),
            (Err(thrown), _) => failed(body, Progress::BodyCutOff, thrown),
        }
    }

    fn go_on(&mut self, body: Body, promise: Result<JsValue, JsValue>) -> Next {
        match promise {
            Ok(promise) => {
                self.body = Some(body);
                Next::Promise(promise)
            }
            Err(thrown) => failed(body, Progress::BodyCutOff, thrown),
        }
    }
}

/// The response began, and did not come to its end.
fn failed(body: Body, progress: Progress, cause: JsValue) -> Next {
    let head = Some((body.status, body.headers));
    Next::Done(Err(SendError { progress, head, cause: JsThrown(cause) }))
}

fn error(text: &str) -> JsValue {
    <JsThrown as Thrown>::new(&JsText::new(text)).0
}

impl Transport for Fetch {
    type Text = JsText;
    type Headers = JsHeaders;
    type Json = JsValue;
    type Thrown = JsThrown;

    async fn send(&self, request: Request<JsText>) -> Sent {
        let (mut in_flight, mut next) = InFlight::start(self.own.as_ref(), &request);
        loop {
            match next {
                Next::Promise(promise) => {
                    next = in_flight.on_settled(JsFuture::from(Promise::resolve(&promise)).await);
                }
                Next::Done(sent) => return sent,
            }
        }
    }

    fn parse_json(text: &JsText) -> Option<JsValue> {
        parse_json(&text.0).ok()
    }
}

fn init(request: &Request<JsText>, controller: Option<&AbortController>) -> RequestInit {
    let headers = RequestHeaders::new();
    for (name, value) in &request.headers.0 {
        headers.set(&name.0, &value.0);
    }
    let init = RequestInit::new();
    init.set_method(request.method.as_str());
    init.set_headers(&headers);
    // A redirect could carry x-api-token to another host: browsers remove only `authorization`.
    init.set_redirect(RequestRedirect::Manual);
    if let Some(controller) = controller {
        init.set_signal(Some(&controller.signal()));
    }
    if let Some(body) = &request.body {
        init.set_body(body.0.as_ref());
    }
    init
}

/// What is needed of a response whose body is not read yet.
struct Head {
    status: u16,
    headers: JsHeaders,
    text: Function,
}

/// What is needed of a Response, or what it lacks: a replacement for fetch may return anything.
fn read_head(response: &JsValue) -> Result<Head, &'static str> {
    let text = method(response, "text").ok_or("it has no text()")?;
    let status = member(response, "status").as_f64().ok_or("it has no status")?;
    let headers =
        JsHeaders::of(member(response, "headers")).ok_or("it has no headers with get() and entries()")?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It saturates.
    Ok(Head { status: status as u16, headers, text })
}

/// Whether the connection was certainly not made: Node, Deno and Bun tell it by the system's own code.
fn progress(thrown: &JsValue) -> Progress {
    const NOT_CONNECTED: [&str; 5] =
        ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT", "ConnectionRefused"];
    let is_known = |value: &JsValue| {
        let code = JsText::of(member(value, "code"));
        code.is_some_and(|code| NOT_CONNECTED.iter().any(|known| code.is(known)))
    };
    let cause = member(thrown, "cause");
    // Where a name has several addresses, each has an error of its own.
    let all_known = member(&cause, "errors")
        .dyn_into::<Array>()
        .is_ok_and(|errors| errors.length() > 0 && errors.iter().all(|error| is_known(&error)));
    if is_known(thrown) || is_known(&cause) || all_known { Progress::NotSent } else { Progress::Unknown }
}

impl Fetch {
    /// A reading of the runtime's own clock, or of the one that drives its timers in a test.
    fn reading() -> Reading {
        match member(&member(&set_timeout_itself(), "clock"), "now").as_f64() {
            Some(time) => Reading { time, is_fake: true },
            None => {
                Reading { time: performance_now().unwrap_or_else(|_| js_sys::Date::now()), is_fake: false }
            }
        }
    }
}

impl Clock for Fetch {
    fn now(&self) -> f64 {
        self.clock.read(Self::reading())
    }

    fn wall(&self) -> f64 {
        js_sys::Date::now()
    }

    async fn sleep(&self, milliseconds: f64) {
        let mut left = milliseconds;
        let due = self.now() + milliseconds;
        while left > 0.0 {
            let part = left.min(LONGEST_TIMER_MS);
            Timer::new(part).elapsed().await;
            left = if part < left { due - self.now() } else { self.clock.fired(due, Self::reading()) };
        }
    }
}

impl Random for Fetch {
    fn random(&self) -> f64 {
        js_sys::Math::random()
    }
}
