//! The body of a response as a stream.

use js_sys::{Array, Function, JsString, Object};
use wasm_bindgen::prelude::*;

use super::JsonRef;
use super::js::{JsText, has_own, member, method, reflect_set};
use super::js_thrown::error;
use crate::text::Text;

#[wasm_bindgen]
extern "C" {
    // `web_sys::TextDecoder` gives Rust's own text.
    type TextDecoder;

    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<TextDecoder, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn decode(this: &TextDecoder, chunk: &JsValue, options: &JsValue) -> Result<JsString, JsValue>;
}

/// The body of a response, read piece by piece, so that it can be left when it is too large.
pub(super) struct BodyStream {
    reader: JsValue,
    read: Function,
    decoder: TextDecoder,
    /// Decoded at the end: as text, a body that is left would need its memory twice.
    chunks: Array,
    pub(super) bytes: f64,
}

impl BodyStream {
    /// Nothing where a body cannot be read so: it was read before, it has a `text()` of its own, or this is no Response of the
    /// runtime's.
    pub(super) fn of(response: &JsValue) -> Option<Self> {
        let body = member(response, "body");
        if member(&body, "locked") == JsValue::TRUE || has_own(response, "text") {
            return None;
        }
        // First of all, since a body that is being read has no `text()` any more: jsdom has no decoder.
        let decoder = TextDecoder::new().ok()?;
        let reader = method(&body, "getReader")?.call0(&body).ok()?;
        let read = method(&reader, "read")?;
        Some(Self { reader, read, decoder, chunks: Array::new(), bytes: 0.0 })
    }

    /// A promise of the next piece.
    pub(super) fn read(&self) -> Result<JsValue, JsValue> {
        self.read.call0(&self.reader)
    }

    /// A piece has come, or says that there is none any more.
    pub(super) fn on_chunk(&mut self, result: &JsValue) -> Result<bool, JsValue> {
        if member(result, "done") == JsValue::TRUE {
            return Ok(true);
        }
        let chunk = member(result, "value");
        let bytes = member(&chunk, "byteLength").as_number();
        self.bytes += bytes.ok_or_else(|| error("a piece of its body is no bytes"))?;
        self.chunks.push(&chunk);
        Ok(false)
    }

    pub(super) fn text(&self) -> Result<JsText, JsValue> {
        let mut text = JsText::new("");
        let count = self.chunks.length();
        for index in 0..count {
            let mut options = JsValue::UNDEFINED;
            if index + 1 < count {
                options = Object::new().into();
                reflect_set(&options, "stream", &JsValue::TRUE);
            }
            text = text.concat(&JsText(self.decoder.decode(&self.chunks.get(index), &options)?));
        }
        Ok(text)
    }
}
