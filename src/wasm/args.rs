//! Arguments and settings of JavaScript as the crate's own.

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use crate::schema::{Arg, Endpoint, MAX_SAFE_INTEGER, Param, ParamLocation};
use crate::text::Text;
use crate::transport::{JsText, member, method};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = String, catch)]
    fn to_string(value: &JsValue) -> Result<JsString, JsValue>;

    #[wasm_bindgen(js_namespace = Object, js_name = entries, catch)]
    fn object_entries(object: &JsValue) -> Result<Array, JsValue>;

    #[wasm_bindgen(js_namespace = Array, js_name = from, catch)]
    fn array_from(iterable: &JsValue) -> Result<Array, JsValue>;
}

/// The values that a method was called with: those by position, the object that is the body, the options.
pub(super) struct Values<'a> {
    pub(super) endpoint: &'static Endpoint,
    pub(super) positional: &'a [&'a JsValue],
    pub(super) options: &'a JsValue,
}

/// How deep lists and objects are read: a list of objects of plain values.
const MAX_DEPTH: u32 = 2;

impl Values<'_> {
    /// An argument or an option.
    pub(super) fn arg(&self, param: &Param) -> Arg<JsText> {
        let value = if param.is_positional() {
            let mut positional = self.endpoint.params.iter().filter(|param| param.is_positional());
            let index = positional.position(|other| std::ptr::eq(other, param));
            index.and_then(|index| self.positional.get(index)).map(|value| (*value).clone())
        } else if param.location == ParamLocation::Body {
            // The body is the last.
            self.positional.last().map(|body| member(body, param.name))
        } else {
            Some(member(self.options, param.name))
        };
        arg(&value.unwrap_or_default(), MAX_DEPTH)
    }

    /// The option of this name.
    pub(super) fn headers(&self) -> Arg<JsText> {
        headers(&member(self.options, "headers"))
    }
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // Within the integers that are exact.
fn arg(value: &JsValue, depth: u32) -> Arg<JsText> {
    if value.is_undefined() {
        Arg::Absent
    } else if let Some(boolean) = value.as_bool() {
        Arg::Boolean(boolean)
    } else if let Some(text) = JsText::of(value.clone()) {
        Arg::Text(text)
    } else if let Some(number) =
        value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= 2.0 * MAX_SAFE_INTEGER as f64)
    {
        Arg::Integer(number as i64)
    } else if value.is_null() || value.as_f64().is_some() {
        Arg::Other(to_string(value).map_or_else(|_| JsText::new("a number"), JsText))
    } else if Array::is_array(value) {
        let items = value.unchecked_ref::<Array>().iter();
        Arg::List(if depth > 0 { items.map(|item| arg(&item, depth - 1)).collect() } else { Vec::new() })
    } else if value.is_object() {
        Arg::Object(if depth > 0 { entries(object_entries(value), depth) } else { Vec::new() })
    } else {
        Arg::Other(JsText::new("a ").concat(&JsText(value.js_typeof().unchecked_into())))
    }
}

/// An object of strings, a `Headers` or a `Map`.
pub(super) fn headers(value: &JsValue) -> Arg<JsText> {
    match method(value, "entries") {
        Some(method) if !Array::is_array(value) => {
            Arg::Object(entries(method.call0(value).and_then(|entries| array_from(&entries)), MAX_DEPTH))
        }
        _ => arg(value, MAX_DEPTH),
    }
}

fn entries(entries: Result<Array, JsValue>, depth: u32) -> Vec<(JsText, Arg<JsText>)> {
    let mut members = Vec::new();
    for entry in entries.unwrap_or_default() {
        if let Some(name) = JsText::of(member(&entry, "0")) {
            members.push((name, arg(&member(&entry, "1"), depth - 1)));
        }
    }
    members
}

/// A setting that is a whole number.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It was checked, and saturates.
pub(super) fn count(settings: &JsValue, name: &str) -> Option<u32> {
    member(settings, name).as_f64().map(|number| number as u32)
}

/// A setting that is text.
pub(super) fn text(settings: &JsValue, name: &str) -> JsText {
    JsText::of(member(settings, name)).unwrap_or_else(|| JsText::new(""))
}
