//! The sandbox's exports: make a company, respond to a request. `pkg/src/sandbox/` makes a `fetch` of them.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::sandbox::{Failure, Request, Response, Sandbox};
use crate::transport::Fetch;

#[wasm_bindgen]
extern "C" {
    /// Where JavaScript waits for the response.
    pub type JsReceiver;

    #[wasm_bindgen(method)]
    fn answer(this: &JsReceiver, status: u16, headers: Array, body: String, delay_ms: u32, delivery: u8);
}

/// A company.
#[wasm_bindgen]
pub struct Company(Sandbox, Fetch);

#[wasm_bindgen]
impl Company {
    /// Makes a company.
    ///
    /// # Errors
    ///
    /// Says which option cannot be used.
    #[wasm_bindgen(constructor)]
    pub fn new(options: JsValue) -> Result<Company, JsError> {
        let options = serde_wasm_bindgen::from_value(options)?;
        Sandbox::new(&options)
            .map(|sandbox| Self(sandbox, Fetch::default()))
            .map_err(|text| JsError::new(&text))
    }

    /// The company's id.
    #[wasm_bindgen(getter)]
    #[allow(clippy::cast_precision_loss, reason = "it has eight digits")]
    pub fn id(&self) -> f64 {
        self.0.company_id() as f64
    }

    /// Makes one or several of the next requests fail.
    ///
    /// # Errors
    ///
    /// Says what is not usable.
    pub fn fail(&mut self, failure: JsValue) -> Result<(), JsError> {
        let failure: Failure = serde_wasm_bindgen::from_value(failure)?;
        self.0.fail(failure).map_err(|text| JsError::new(&text))
    }

    /// Returns the webhooks that are due: the URL, the body, and the headers, names and values in turn.
    #[wasm_bindgen(js_name = takeWebhooks)]
    pub fn take_webhooks(&mut self) -> Array {
        let due = self.0.take_webhooks().into_iter().map(|request| {
            let headers =
                request.headers.into_iter().map(|(name, value)| Array::of2(&name.into(), &value.into()));
            Array::of3(&request.target.into(), &request.body.into(), &headers.collect::<Array>())
        });
        due.collect()
    }

    /// Responds to a request that came at `now`, in milliseconds since 1970. `headers` are names and values in turn.
    #[allow(clippy::needless_pass_by_value)] // What crosses the boundary is owned.
    pub fn handle(
        &mut self,
        method: String,
        target: String,
        headers: Vec<String>,
        body: String,
        now: f64,
        to: &JsReceiver,
    ) {
        let pairs =
            headers.chunks_exact(2).filter_map(|pair| Some((pair.first()?.clone(), pair.last()?.clone())));
        let request = Request { method, target, headers: pairs.collect(), body };
        let Response { status, headers, body, delay_ms, delivery } =
            self.0.handle_at_ms(&request, now, self.1.now_ms());
        let headers =
            headers.into_iter().map(|(name, value)| Array::of2(&name.into(), &value.into())).collect();
        to.answer(status, headers, body, delay_ms, delivery as u8);
    }
}
