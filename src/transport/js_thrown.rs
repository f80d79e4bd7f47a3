//! What was thrown in JavaScript: what it says, and a copy without secrets.

use std::rc::Rc;

use js_sys::{Array, JsString, Object};
use wasm_bindgen::prelude::*;

use super::Cause;
use super::js::{JsText, is_number, member, reflect_set};
use crate::error::Thrown;
use crate::text::Text;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = Error)]
    type JsErrorObject;

    #[wasm_bindgen(constructor, js_class = "Error")]
    fn new(message: &JsString) -> JsErrorObject;

    #[wasm_bindgen(js_namespace = Object, js_name = defineProperty)]
    fn define_property(object: &JsErrorObject, name: &str, descriptor: &JsValue);
}

/// Something that was thrown.
#[derive(Clone, Debug)]
pub struct JsThrown(pub(crate) JsValue);

/// How deep causes are followed.
const MAX_DEPTH: u32 = 4;

impl Thrown for JsThrown {
    type Text = JsText;

    fn new(text: &JsText) -> Self {
        Self(JsErrorObject::new(&text.0).into())
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
        Cause { text: self.text().to_rust(), value: Some(Rc::new(self.0.clone())) }
    }
}

/// What a value says of itself; an `AggregateError` that says nothing has errors that do.
fn message(value: &JsValue) -> Option<JsText> {
    let own = JsText::of(value.clone()).or_else(|| JsText::of(member(value, "message")));
    own.filter(|text| !text.is_empty()).or_else(|| {
        let errors: Array = member(value, "errors").dyn_into().ok()?;
        let messages = errors.iter().take(8).filter_map(|error| JsText::of(member(&error, "message")));
        messages.reduce(|all, one| all.concat(&JsText::new("; ")).concat(&one))
    })
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
    let error = JsErrorObject::new(&redact(&text).0);
    let define = |name: &str, value: &JsValue| {
        let descriptor: JsValue = Object::new().into();
        reflect_set(&descriptor, "value", value);
        reflect_set(&descriptor, "configurable", &JsValue::TRUE);
        reflect_set(&descriptor, "writable", &JsValue::TRUE);
        define_property(&error, name, &descriptor);
    };
    for name in ["name", "code", "stack"] {
        let own = member(value, name);
        if let Some(text) = JsText::of(own.clone()) {
            define(name, redact(&text).0.as_ref());
        } else if is_number(&own) {
            define(name, &own);
        }
    }
    let cause = member(value, "cause");
    if depth > 0 && cause != JsValue::UNDEFINED {
        define("cause", &copy(&cause, redact, depth - 1));
    }
    error.into()
}
