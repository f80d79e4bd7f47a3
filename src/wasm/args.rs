//! Arguments and settings of JavaScript as the crate's own.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::js_call::JsCall;
use crate::schema::{Arg, MAX_SAFE_INTEGER};
use crate::text::Text;
use crate::transport::{JsText, JsonRef, member, method};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Object, js_name = entries, catch)]
    fn object_entries(object: &JsValue) -> Result<Array, JsValue>;

    #[wasm_bindgen(js_namespace = Array, js_name = from, catch)]
    fn array_from(iterable: &JsValue) -> Result<Array, JsValue>;
}

/// How deep lists and objects are read: a list of objects of plain values.
const MAX_DEPTH: u32 = 2;

/// An argument of a call by its name.
pub(super) fn arg(call: &JsCall, args: &JsValue, name: &str) -> Arg<JsText> {
    read(call, &member(args, name), MAX_DEPTH)
}

#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // Within the integers that are exact.
fn read(call: &JsCall, value: &JsValue, depth: u32) -> Arg<JsText> {
    let integer = |number: &f64| number.fract() == 0.0 && number.abs() <= 2.0 * MAX_SAFE_INTEGER as f64;
    if *value == JsValue::UNDEFINED {
        Arg::Absent
    } else if let Some(boolean) = JsonRef::as_bool(value) {
        Arg::Boolean(boolean)
    } else if let Some(text) = value.as_text() {
        Arg::Text(text)
    } else if let Some(number) = value.as_number().filter(integer) {
        Arg::Integer(number as i64)
    } else if value.is_list() {
        let items = value.unchecked_ref::<Array>().clone().into_iter();
        Arg::List(if depth > 0 {
            items.map(|item| read(call, &item, depth - 1)).collect()
        } else {
            Vec::new()
        })
    } else if JsonRef::is_object(value) {
        Arg::Object(if depth > 0 { entries(call, object_entries(value), depth) } else { Vec::new() })
    } else {
        Arg::Other(JsText(call.describe(value)))
    }
}

/// The headers of a call: an object of strings, a `Headers` or a `Map`.
pub(super) fn headers(call: &JsCall, args: &JsValue) -> Arg<JsText> {
    let value = &member(args, "headers");
    match method(value, "entries") {
        Some(method) if !value.is_list() => {
            let entries = method.call0(value).and_then(|entries| array_from(&entries));
            Arg::Object(self::entries(call, entries, MAX_DEPTH))
        }
        _ => read(call, value, MAX_DEPTH),
    }
}

fn entries(call: &JsCall, entries: Result<Array, JsValue>, depth: u32) -> Vec<(JsText, Arg<JsText>)> {
    let mut members = Vec::new();
    for entry in entries.unwrap_or_default() {
        if let Some(name) = JsText::of(member(&entry, "0")) {
            members.push((name, read(call, &member(&entry, "1"), depth - 1)));
        }
    }
    members
}

/// Headers that were checked: a list of names and values.
pub(super) fn checked_headers(entries: JsValue) -> Arg<JsText> {
    let entry = |entry: JsValue| {
        let text = |index| JsText::of(member(&entry, index));
        text("0").zip(text("1").map(Arg::Text))
    };
    Arg::Object(entries.unchecked_into::<Array>().into_iter().filter_map(entry).collect())
}

/// A setting that is a whole number.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It was checked, and saturates.
#[inline(never)]
pub(super) fn count(settings: &JsValue, name: &str) -> Option<u32> {
    member(settings, name).as_number().map(|number| number as u32)
}

/// A setting that is text.
#[inline(never)]
pub(super) fn text(settings: &JsValue, name: &str) -> JsText {
    JsText::of(member(settings, name)).unwrap_or_else(|| JsText::new(""))
}
