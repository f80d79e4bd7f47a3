//! What was thrown in JavaScript: what it says, and a copy without secrets.

use js_sys::{Array, JsString, Object};
use wasm_bindgen::prelude::*;

use super::Cause;
use super::js::{JsText, array_from, is_number, member, reflect_set};
use crate::error::Thrown;
use crate::text::Text;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Error)]
    type JsErrorObject;

    #[wasm_bindgen(constructor, js_class = "Error")]
    fn new(message: &JsString, options: &JsValue) -> JsErrorObject;
}

/// Something that was thrown.
#[derive(Clone, Debug)]
pub struct JsThrown(pub(crate) JsValue);

/// How deep causes are followed.
const MAX_DEPTH: u32 = 4;

impl Thrown for JsThrown {
    type Text = JsText;

    fn new(text: &JsText) -> Self {
        Self(JsErrorObject::new(&text.0, &JsValue::UNDEFINED).into())
    }

    fn text(&self) -> JsText {
        let text = message(&self.0).unwrap_or_else(|| JsText::new("something that is no Error"));
        match message(&member(&self.0, "cause")) {
            Some(cause) => text.concat(&JsText::new(" (")).concat(&cause).concat(&JsText::new(")")),
            None => text,
        }
    }

    fn redacted(&self, redact: &dyn Fn(&JsText) -> JsText) -> Self {
        Self(copy(&self.0, redact, MAX_DEPTH))
    }

    fn to_rust(&self) -> Cause {
        Cause::new(self.text().to_rust())
    }
}

/// An error of the crate's own.
pub(super) fn error(text: &'static str) -> JsValue {
    JsThrown::new(&JsText::new(text)).0
}

/// The message of a thrown value; an `AggregateError` that says nothing has errors that do.
fn message(value: &JsValue) -> Option<JsText> {
    let own = JsText::of(value.clone()).or_else(|| JsText::of(member(value, "message")));
    let mut all = own.filter(|text| !text.is_empty());
    if all.is_none() {
        for error in errors(value).into_iter().take(8) {
            if let Some(one) = JsText::of(member(&error, "message")) {
                all = Some(all.map_or(one.clone(), |all| all.concat(&JsText::new("; ")).concat(&one)));
            }
        }
    }
    all
}

/// The errors of an `AggregateError`. It may be a proxy that cannot even be asked whether it is a list.
pub(super) fn errors(value: &JsValue) -> Array {
    array_from(&member(value, "errors")).unwrap_or_default()
}

/// A copy of an error with its name, message, code, stack and cause, and nothing else: sockets, requests and headers
/// hang on others' errors. Other objects become an error; a primitive value stays what it is.
fn copy(value: &JsValue, redact: &dyn Fn(&JsText) -> JsText, depth: u32) -> JsValue {
    if let Some(text) = JsText::of(value.clone()) {
        return redact(&text).0.into();
    }
    if !value.is_object() && !value.is_function() {
        return value.clone();
    }
    let text = message(value).unwrap_or_else(|| JsText::new("something that is no Error"));
    let options = Object::new().into();
    let cause = member(value, "cause");
    if depth > 0 && cause != JsValue::UNDEFINED {
        reflect_set(&options, "cause", &copy(&cause, redact, depth - 1));
    }
    let error = JsErrorObject::new(&redact(&text).0, &options).into();
    for name in ["name", "code", "stack"] {
        let own = member(value, name);
        if let Some(text) = JsText::of(own.clone()) {
            reflect_set(&error, name, redact(&text).0.as_ref());
        } else if is_number(&own) {
            reflect_set(&error, name, &own);
        }
    }
    error
}
