//! Arguments and settings of JavaScript as the crate reads them.

use wasm_bindgen::prelude::*;

use super::js_call::JsCall;
use crate::schema::Args;
use crate::text::Text;
use crate::transport::{JsText, JsonRef, entries, member};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Object, js_name = entries, catch)]
    fn object_entries(object: &JsValue) -> Result<JsValue, JsValue>;
}

/// The arguments of a call.
pub(super) struct JsArgs<'a> {
    pub(super) call: &'a JsCall,
    pub(super) args: &'a JsValue,
}

impl Args for JsArgs<'_> {
    type Text = JsText;
    type Value = JsValue;

    fn get(&self, name: &'static str) -> Option<JsValue> {
        Some(member(self.args, name)).filter(|value| *value != JsValue::UNDEFINED)
    }

    /// The headers are an object of strings: a copy of what was given, which may be a `Headers` or a `Map`.
    fn headers(&self) -> Result<Vec<(JsText, JsValue)>, JsValue> {
        match self.get("headers") {
            None => Ok(Vec::new()),
            Some(given) if JsonRef::is_object(&given) => Ok(entries(object_entries(&given))),
            Some(given) => Err(given),
        }
    }

    fn describe(&self, value: &JsValue) -> JsText {
        if *value == JsValue::UNDEFINED { JsText::new("nothing") } else { JsText(self.call.describe(value)) }
    }
}

/// A setting that is a whole number.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It was checked, and saturates.
pub(super) fn given_count(settings: &JsValue, name: &'static str) -> Option<u32> {
    member(settings, name).as_number().map(|number| number as u32)
}

/// A setting that is a whole number, or its default.
#[inline(never)]
pub(super) fn count(settings: &JsValue, name: &'static str, default: u32) -> u32 {
    given_count(settings, name).unwrap_or(default)
}

/// A setting that is text.
#[inline(never)]
pub(super) fn text(settings: &JsValue, name: &'static str) -> JsText {
    JsText::of(member(settings, name)).unwrap_or_else(|| JsText::new(""))
}
