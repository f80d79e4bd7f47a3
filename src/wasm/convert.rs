//! JavaScript's values into the core's, and back.

use wasm_bindgen::prelude::*;

use crate::error::Code;
use crate::page::Next;
use crate::transport::Headers;

#[wasm_bindgen]
extern "C" {
    /// A call, as the face conducts it: what the core learns of it, and where it leaves what it has to say.
    #[derive(Clone)]
    pub type Call;

    /// Whether the next token can be another one.
    #[wasm_bindgen(method, getter)]
    pub fn renewable(this: &Call) -> bool;

    /// A header of the answer, by its name in lower case.
    #[wasm_bindgen(method)]
    fn header(this: &Call, name: &str) -> Option<String>;

    /// What the answer tells of the limits.
    #[wasm_bindgen(method)]
    pub fn limits(
        this: &Call,
        limit: Option<u32>,
        remaining: Option<u32>,
        reset_at: Option<f64>,
        daily_limit: Option<u32>,
        daily_remaining: Option<u32>,
    );

    /// What a good answer holds.
    #[wasm_bindgen(method)]
    pub fn done(this: &Call, data: JsValue, next: JsValue, deprecation: Option<String>);

    /// What went wrong.
    #[wasm_bindgen(method)]
    pub fn fail(
        this: &Call,
        kind: &str,
        message: &str,
        code: JsValue,
        detail: Option<&str>,
        retry_after_seconds: Option<f64>,
        scope: Option<&str>,
        reset_at: Option<f64>,
    );
}

impl Headers for Call {
    fn get(&self, name: &str) -> Option<String> {
        self.header(name)
    }

    fn to_vec(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// Where a page begins: the cursor or the start that it was asked with.
pub(crate) fn begin(from: &JsValue) -> Option<Next> {
    if let Some(cursor) = from.as_string() {
        return Some(Next::Cursor(cursor));
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    // The face lets only whole numbers pass.
    from.as_f64().map(|start| Next::Start(start as u64))
}

/// Where a list goes on.
pub(crate) fn next(next: Option<Next>) -> JsValue {
    match next {
        None => JsValue::UNDEFINED,
        Some(Next::Cursor(cursor)) => cursor.into(),
        #[allow(clippy::cast_precision_loss)] // It came as a JavaScript number.
        Some(Next::Start(start)) => (start as f64).into(),
    }
}

/// Pipedrive's own code of an error.
pub(crate) fn code(code: Option<&Code>) -> JsValue {
    match code {
        None => JsValue::UNDEFINED,
        Some(Code::Text(text)) => text.into(),
        Some(Code::Number(number)) => (*number).into(),
    }
}
