//! JavaScript's values into the core's, and back.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::endpoint::{Arg, MAX_SAFE_INTEGER};
use crate::error::Code;
use crate::page::Next;
use crate::transport::{Headers, Json};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = String)]
    fn to_text(value: &JsValue) -> String;

    /// A call, as the face conducts it: what the core learns of it, and where it leaves what it has to say.
    #[derive(Clone)]
    pub type Call;

    /// Whether the next token can be another one.
    #[wasm_bindgen(method, getter)]
    pub fn renewable(this: &Call) -> bool;

    /// A header of the answer, by its name in lower case.
    #[wasm_bindgen(method)]
    fn header(this: &Call, name: &str) -> Option<String>;

    /// The path with its query, and the body.
    #[wasm_bindgen(method)]
    pub fn request(this: &Call, target: &str, body: Option<String>);

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

/// How deep the values go that any parameter takes. What is deeper may be without end: it is refused by its type.
const DEPTH: u32 = 4;

/// A value that a caller gave, in the core's words.
pub(crate) fn arg(value: &JsValue) -> Arg {
    arg_at(value, 0)
}

fn arg_at(value: &JsValue, depth: u32) -> Arg {
    if value.is_undefined() {
        Arg::Absent
    } else if let Some(boolean) = value.as_bool() {
        Arg::Boolean(boolean)
    } else if let Some(number) = value.as_f64() {
        #[allow(clippy::cast_possible_truncation)] // Not where the condition holds.
        #[allow(clippy::cast_precision_loss, clippy::float_cmp)]
        // 2^53 - 1 is exact, and so is trunc.
        if number.trunc() == number && number.abs() <= MAX_SAFE_INTEGER as f64 {
            Arg::Integer(number as i64)
        } else {
            Arg::Other(to_text(value))
        }
    } else if let Some(text) = value.as_string() {
        Arg::Text(text)
    } else if depth > DEPTH {
        Arg::Other("something too deep".to_owned())
    } else if let Some(list) = value.dyn_ref::<Array>() {
        Arg::List(list.iter().map(|item| arg_at(&item, depth + 1)).collect())
    } else if value.is_object() {
        Arg::Object(
            value.members().into_iter().map(|(name, value)| (name, arg_at(&value, depth + 1))).collect(),
        )
    } else if value.is_null() {
        Arg::Other("null".to_owned())
    } else {
        Arg::Other(["a ", &value.js_typeof().as_string().unwrap_or_default()].concat())
    }
}

/// A member of an object that a caller gave; absent where there is no object.
pub(crate) fn member(object: &JsValue, name: &str) -> Arg {
    Json::get(object, name).map_or(Arg::Absent, |value| arg(&value))
}
