//! The runtime of JavaScript: its `fetch`, its timers, its clocks and its randomness.

use std::rc::Rc;
use std::time::Duration;

use js_sys::{Function, JsString, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

use super::body_stream::BodyStream;
use super::js::{JsHeaders, JsText, member, method, reflect_set};
use super::js_thrown::{JsThrown, error, errors};
use super::monotonic::{Monotonic, Reading};
use super::timer::{LONGEST_TIMER_MS, Timer};
use super::{Clock, JsonRef, Progress, Random, Request, Response, SendError, Transport};
use crate::platform::timestamp::{Timestamp, duration_as_ms, duration_from_ms};
use crate::text::Text;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = globalThis, js_name = fetch, catch)]
    fn global_fetch(url: &JsString, init: &JsValue) -> Result<JsValue, JsValue>;

    // Old Cloudflare Workers have no `cache`, and refuse a request that says something of it.
    #[wasm_bindgen(js_namespace = ["Request", "prototype"], js_name = hasOwnProperty, catch)]
    fn request_has(name: &JsString) -> Result<bool, JsValue>;

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

/// Numbers of the runtime, or NaN. Tests replace them, also by what is no function and by what returns anything, and some
/// environments that imitate a page have no `performance`.
#[cfg(feature = "npm-client")]
mod numbers {
    use wasm_bindgen::prelude::*;

    // The package's glue makes NaN of whatever is no number.
    #[wasm_bindgen]
    extern "C" {
        // The timers of Jest, Vitest and sinon are `@sinonjs/fake-timers`, which leave their clock on what they replace.
        #[wasm_bindgen(js_namespace = ["setTimeout", "clock", "now"], js_name = valueOf)]
        pub(super) fn fake_now() -> f64;

        #[wasm_bindgen(js_namespace = performance, js_name = now)]
        pub(super) fn performance_now() -> f64;

        #[wasm_bindgen(js_namespace = Date, js_name = now)]
        pub(super) fn date_now() -> f64;

        #[wasm_bindgen(js_namespace = Math, js_name = random)]
        pub(super) fn math_random() -> f64;
    }
}

#[cfg(not(feature = "npm-client"))]
mod numbers {
    use wasm_bindgen::prelude::*;

    use super::{JsonRef, member};

    #[wasm_bindgen]
    extern "C" {
        #[wasm_bindgen(js_namespace = setTimeout, js_name = valueOf, catch)]
        fn set_timeout_itself() -> Result<JsValue, JsValue>;

        #[wasm_bindgen(js_namespace = performance, js_name = now, catch)]
        fn try_performance_now() -> Result<f64, JsValue>;

        #[wasm_bindgen(js_namespace = Date, js_name = now, catch)]
        fn try_date_now() -> Result<f64, JsValue>;

        #[wasm_bindgen(js_namespace = Math, js_name = random, catch)]
        fn try_math_random() -> Result<f64, JsValue>;
    }

    fn or_nan(number: Result<f64, JsValue>) -> f64 {
        number.unwrap_or(f64::NAN)
    }

    pub(super) fn fake_now() -> f64 {
        let clock = member(&set_timeout_itself().unwrap_or_default(), "clock");
        member(&clock, "now").as_number().unwrap_or(f64::NAN)
    }

    pub(super) fn performance_now() -> f64 {
        or_nan(try_performance_now())
    }

    pub(super) fn date_now() -> f64 {
        or_nan(try_date_now())
    }

    pub(super) fn math_random() -> f64 {
        or_nan(try_math_random())
    }
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
    max_body_bytes: f64,
    /// The status and the headers of the response that is being read.
    head: Option<(u16, JsHeaders)>,
    /// Its body; nothing where all of the text comes at once.
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
    Done(Box<Sent>),
}

/// What comes next of a response.
enum Part {
    Promise(JsValue),
    Text(JsText),
}

/// How far a request came, and why not further.
type Failed = (Progress, JsValue);

impl InFlight {
    /// Calls `fetch`, or the caller's `own`.
    pub(crate) fn start(own: Option<&Function>, request: &Request<JsText>) -> (Self, Next) {
        let controller = AbortController::new().ok();
        let init = init(request, controller.as_ref());
        let max_body_bytes = request.max_body_bytes.into();
        let mut in_flight = Self { controller, is_complete: false, max_body_bytes, head: None, stream: None };
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
        let (head, promise) = match self.head.take() {
            None => {
                let promise = self.on_response(settled);
                (self.head.take(), promise)
            }
            Some((status, headers)) => {
                let promise = match settled.map_err(cut_off).and_then(|value| self.on_body(status, value)) {
                    Ok(Part::Text(body)) => {
                        return Next::Done(Box::new(Ok(Response { status, headers, body })));
                    }
                    Ok(Part::Promise(promise)) => Ok(promise),
                    Err(failed) => Err(failed),
                };
                (Some((status, headers)), promise)
            }
        };
        match promise {
            Ok(promise) => {
                self.head = head;
                Next::Promise(promise)
            }
            Err((progress, cause)) => {
                Next::Done(Box::new(Err(SendError { progress, head, cause: JsThrown(cause) })))
            }
        }
    }

    /// Gives the promise of the body.
    fn on_response(&mut self, settled: Result<JsValue, JsValue>) -> Result<JsValue, Failed> {
        let (response, thrown) = match settled {
            Ok(response) => (response, None),
            // Some wrappers of fetch throw where the status is bad, and leave the response with the error.
            Err(thrown) => (member(&thrown, "response"), Some(thrown)),
        };
        let Head { status, headers, text } = read_head(&response).map_err(|lack| match thrown {
            Some(thrown) => (progress(&thrown), thrown),
            None => (Progress::NoResponse, error(lack)),
        })?;
        self.head = Some((status, headers));
        self.stream = BodyStream::of(&response);
        let promise = match &self.stream {
            Some(stream) => stream.read(),
            None => text.call0(&response),
        };
        promise.map_err(cut_off)
    }

    fn on_body(&mut self, status: u16, value: JsValue) -> Result<Part, Failed> {
        let Some(stream) = &mut self.stream else {
            self.is_complete = true;
            return Ok(Part::Text(JsText::of(value).unwrap_or_else(|| JsText::new(""))));
        };
        self.is_complete = stream.on_chunk(&value).map_err(cut_off)?;
        let is_too_large = stream.bytes > self.max_body_bytes;
        // The status says what an error is; its body may only explain it.
        if self.is_complete || is_too_large && !(200..300).contains(&status) {
            stream.text().map(Part::Text).map_err(cut_off)
        } else if is_too_large {
            Err((Progress::BodyTooLarge, error("see maxBodyBytes")))
        } else {
            stream.read().map(Part::Promise).map_err(cut_off)
        }
    }
}

/// The response began, and did not come to its end.
fn cut_off(thrown: JsValue) -> Failed {
    (Progress::BodyCutOff, thrown)
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
                Next::Done(sent) => return *sent,
            }
        }
    }

    fn parse_json(text: &JsText) -> Option<JsValue> {
        parse_json(&text.0).ok()
    }
}

/// The second argument of `fetch`.
fn init(request: &Request<JsText>, controller: Option<&AbortController>) -> JsValue {
    let headers = RequestHeaders::new();
    for (name, value) in &request.headers.0 {
        headers.set(&name.0, &value.0);
    }
    // That of web-sys needs an import for each member.
    let init = Object::new().into();
    let set = |name, value: &JsValue| reflect_set(&init, name, value);
    set("method", &JsText::new(request.method.as_str()).0);
    set("headers", &headers);
    // A redirect could carry x-api-token to another host: browsers remove only `authorization`.
    set("redirect", &JsText::new("manual").0);
    // Next.js 13 and 14 keep the responses to a GET otherwise, and for ever.
    let cache = JsText::new("cache");
    if request_has(&cache.0).is_ok_and(|has| has) {
        set("cache", &JsText::new("no-store").0);
    }
    if let Some(controller) = controller {
        set("signal", &member(controller, "signal"));
    }
    if let Some(body) = &request.body {
        set("body", &body.0);
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
    let status = member(response, "status");
    // NaN is no number that can be read, and a number all the same.
    let nan = || (status != status.clone()).then_some(0.0);
    let status = status.as_number().or_else(nan).ok_or("it has no status")?;
    let headers =
        JsHeaders::of(member(response, "headers")).ok_or("it has no headers with get() and entries()")?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It saturates.
    Ok(Head { status: status as u16, headers, text })
}

/// Whether the connection was certainly not made: Node, Deno and Bun say so with the system's own code.
fn progress(thrown: &JsValue) -> Progress {
    const NOT_CONNECTED: [&str; 5] =
        ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT", "ConnectionRefused"];
    let is_known = |value: &JsValue| {
        let code = JsText::of(member(value, "code"));
        code.is_some_and(|code| NOT_CONNECTED.iter().any(|known| code.is(known)))
    };
    let cause = member(thrown, "cause");
    // Where a name has several addresses, each has an error of its own.
    let errors = errors(&cause);
    let all_known = errors.length() > 0 && errors.into_iter().all(|error| is_known(&error));
    if is_known(thrown) || is_known(&cause) || all_known { Progress::NotSent } else { Progress::Unknown }
}

impl Fetch {
    /// Milliseconds of a clock that never goes back.
    pub(crate) fn now_ms(&self) -> f64 {
        self.clock.read(Self::reading())
    }

    /// Milliseconds since 1970.
    #[inline(never)]
    pub(crate) fn wall_ms() -> f64 {
        numbers::date_now()
    }

    /// A reading of the runtime's own clock, or of the one that drives its timers in a test.
    #[inline(never)]
    fn reading() -> Reading {
        let time = numbers::fake_now();
        if !time.is_nan() {
            return Reading { time, is_fake: true };
        }
        let time = numbers::performance_now();
        Reading { time: if time.is_nan() { Self::wall_ms() } else { time }, is_fake: false }
    }
}

impl Clock for Fetch {
    fn now(&self) -> Duration {
        duration_from_ms(self.now_ms())
    }

    fn wall(&self) -> Timestamp {
        Timestamp::from_ms(Self::wall_ms())
    }

    async fn sleep(&self, duration: Duration) {
        let mut left = duration_as_ms(duration);
        let due = self.now_ms() + left;
        while left > 0.0 {
            let part = left.min(LONGEST_TIMER_MS);
            Timer::new(part).elapsed().await;
            left = if part < left { due - self.now_ms() } else { self.clock.fired(due, Self::reading()) };
        }
    }
}

impl Random for Fetch {
    fn random(&self) -> f64 {
        numbers::math_random().min(1.0)
    }
}
