//! The client's three exports: make one, start a call, cancel a call. The face (`pkg/src`) makes promises of them.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::{convert, task::Tasks};
use crate::api::ENDPOINTS;
use crate::client::{Client, Observer, Reply};
use crate::error::{Code, Error};
use crate::event::Event;
use crate::operation::Operation;
use crate::options::CallOptions;
use crate::page::Next;
use crate::transport::Fetch;
use crate::{RateLimit, Spent};

#[wasm_bindgen]
extern "C" {
    /// Where the face waits for the outcome of a call.
    pub type Call;

    #[wasm_bindgen(method)]
    fn done(
        this: &Call,
        data: JsValue,
        next: JsValue,
        status: u16,
        headers: &web_sys::Headers,
        attempts: u32,
        limits: JsValue,
    );

    #[wasm_bindgen(method)]
    fn fail(
        this: &Call,
        kind: &str,
        message: &str,
        status: Option<u16>,
        code: JsValue,
        detail: Option<String>,
        request_id: Option<String>,
        retry_after_seconds: Option<f64>,
        attempts: u32,
        headers: Array,
        body: Option<String>,
        cause: JsValue,
        cause_text: Option<String>,
        scope: Option<String>,
        reset_at: Option<f64>,
    );

    /// Where the face is told what happens.
    pub type Listener;

    /// Whether it wants to hear only of what is notable.
    #[wasm_bindgen(method, getter)]
    fn quiet(this: &Listener) -> bool;

    #[wasm_bindgen(method)]
    fn event(
        this: &Listener,
        kind: &str,
        operation: &str,
        attempt: u32,
        cost: u32,
        status: Option<u16>,
        duration_ms: Option<f64>,
        text: Option<&str>,
    );
}

/// The client behind one `UsersClient`.
#[wasm_bindgen]
pub struct Core {
    client: Client<Fetch>,
    tasks: Tasks,
}

#[wasm_bindgen]
impl Core {
    /// Makes a client of a configuration that the face has checked.
    #[wasm_bindgen(constructor)]
    pub fn new(config: &JsValue, listener: Listener, under_way: js_sys::Set) -> Self {
        let world = Fetch::with(convert::function(config, "fetch")).listing(under_way);
        let quiet = listener.quiet();
        let observer: Observer = Box::new(move |event| {
            if !quiet || event.kind.is_notable() {
                tell(&listener, event);
            }
        });
        Self {
            client: Client::with_observer(convert::config(config), world, Some(observer)),
            tasks: Tasks::default(),
        }
    }

    /// Starts the call of the operation at this place of the table, and gives the number to cancel it by.
    pub fn start(&self, place: usize, args: &JsValue, call: Call) -> Option<u32> {
        let endpoint = ENDPOINTS.get(place).copied()?;
        let arg = |name: &str| convert::member(args, name);
        let checked = Operation::new(endpoint, &arg)
            .and_then(|operation| Ok((operation, CallOptions::new(endpoint, &arg)?)));
        let client = self.client.clone();
        #[cfg(feature = "npm-trap")]
        if let Ok((_, options)) = &checked {
            super::trap::spring(options, "before-");
        }
        Some(self.tasks.spawn(async move {
            let outcome = match checked {
                #[cfg(feature = "npm-trap")]
                Ok((operation, options)) => {
                    let outcome = client.call(operation, options.clone()).await;
                    super::trap::spring(&options, "after-");
                    outcome
                }
                #[cfg(not(feature = "npm-trap"))]
                Ok((operation, options)) => client.call(operation, options).await,
                Err(error) => Err(error),
            };
            match outcome {
                Ok(reply) => done(&call, reply),
                Err(error) => fail(&call, &error),
            }
        }))
    }

    /// Gives a call up, wherever it is.
    pub fn cancel(&self, number: u32) {
        self.tasks.cancel(number);
    }

    /// Tokens spent, calls sent, calls saved: in all, then for each operation in the order of the table.
    pub fn usage(&self) -> Vec<f64> {
        let usage = self.client.usage();
        let spent = std::iter::once(usage.total())
            .chain(ENDPOINTS.iter().map(|endpoint| usage.of(endpoint.operation)));
        #[allow(clippy::cast_precision_loss)] // Counts far below 2^53.
        spent
            .flat_map(|Spent { tokens_spent, calls_sent, calls_saved }| {
                [tokens_spent, calls_sent, calls_saved]
            })
            .map(|number| number as f64)
            .collect()
    }

    /// The last known limits.
    #[wasm_bindgen(js_name = rateLimit)]
    pub fn rate_limit(&self) -> JsValue {
        limits(&self.client.rate_limit())
    }
}

fn tell(listener: &Listener, event: &Event<'_>) {
    listener.event(
        event.kind.as_str(),
        event.operation,
        event.attempt,
        event.cost,
        event.status,
        event.duration_ms,
        event.text,
    );
}

fn done(call: &Call, reply: Reply<Fetch>) {
    let Reply { data, next, meta } = reply;
    let next = match next {
        None => JsValue::UNDEFINED,
        Some(Next::Cursor(cursor)) => cursor.into(),
        #[allow(clippy::cast_precision_loss)] // It came as a JavaScript number.
        Some(Next::Start(start)) => (start as f64).into(),
    };
    call.done(data, next, meta.status, &meta.headers.0, meta.attempts, limits(&meta.rate_limit));
}

/// `[limit, remaining, resetAt, dailyLimit, dailyRemaining]`, the face's order.
fn limits(limits: &RateLimit) -> JsValue {
    [
        limits.limit.map(f64::from),
        limits.remaining.map(f64::from),
        limits.reset_at,
        limits.daily_limit.map(f64::from),
        limits.daily_remaining.map(f64::from),
    ]
    .into_iter()
    .map(JsValue::from)
    .collect::<Array>()
    .into()
}

fn fail(call: &Call, error: &Error) {
    let code = match &error.code {
        None => JsValue::UNDEFINED,
        Some(Code::Text(text)) => text.into(),
        Some(Code::Number(number)) => (*number).into(),
    };
    let thrown = error.cause.as_ref().and_then(|cause| cause.value.as_ref());
    call.fail(
        error.kind.as_str(),
        &error.message,
        error.status,
        code,
        error.detail.clone(),
        error.request_id.clone(),
        error.retry_after_seconds,
        error.attempts,
        error.headers.iter().map(|(name, value)| Array::of2(&name.into(), &value.into())).collect(),
        error.body.clone(),
        thrown.and_then(|value| value.downcast_ref::<JsValue>()).cloned().unwrap_or_default(),
        error.cause.as_ref().map(|cause| cause.text.clone()),
        error.scope.map(|scope| scope.as_str().to_owned()),
        error.reset_at,
    );
}
