//! The body of a response as a stream.

use js_sys::{JsString, Object, Uint8Array};
use wasm_bindgen::prelude::*;

use super::js::{JsText, has_own, member, method, reflect_set};
use crate::text::Text;

#[wasm_bindgen]
extern "C" {
    // That of web-sys gives Rust's own promise types, and needs a feature of its own for each of them.
    pub(super) type Reader;

    #[wasm_bindgen(method, catch)]
    pub(super) fn read(this: &Reader) -> Result<JsValue, JsValue>;

    pub(super) type ReadResult;

    #[wasm_bindgen(method, getter, catch)]
    fn done(this: &ReadResult) -> Result<bool, JsValue>;

    #[wasm_bindgen(method, getter, catch)]
    fn value(this: &ReadResult) -> Result<Uint8Array, JsValue>;

    // `web_sys::TextDecoder` gives Rust's own text.
    type TextDecoder;

    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<TextDecoder, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn decode(this: &TextDecoder, chunk: &Uint8Array, options: &JsValue) -> Result<JsString, JsValue>;
}

/// The body of a response, read piece by piece, so that it can be left when it is too large.
pub(super) struct BodyStream {
    pub(super) reader: Reader,
    decoder: TextDecoder,
    /// Decoded at the end: as text, a body that is left would need its memory twice.
    chunks: Vec<Uint8Array>,
    pub(super) bytes: f64,
}

impl BodyStream {
    /// Nothing where a body cannot be read so: it was read before, it has a `text()` of its own, or this is no Response of the
    /// runtime's.
    pub(super) fn of(response: &JsValue) -> Option<Self> {
        let body = member(response, "body");
        if !body.is_object() || member(&body, "locked").is_truthy() || has_own(response, "text") {
            return None;
        }
        let reader = method(&body, "getReader")?.call0(&body).ok()?.unchecked_into();
        Some(Self { reader, decoder: TextDecoder::new().ok()?, chunks: Vec::new(), bytes: 0.0 })
    }

    /// A piece has come, or says that there is none any more.
    pub(super) fn on_chunk(&mut self, result: &ReadResult) -> Result<bool, JsValue> {
        if result.done()? {
            return Ok(true);
        }
        let chunk = result.value()?;
        self.bytes += f64::from(chunk.length());
        self.chunks.push(chunk);
        Ok(false)
    }

    pub(super) fn text(&self) -> Result<JsText, JsValue> {
        let mut text = JsText::new("");
        let Some((last, before)) = self.chunks.split_last() else { return Ok(text) };
        if !before.is_empty() {
            let more: JsValue = Object::new().into();
            reflect_set(&more, "stream", &JsValue::TRUE);
            for chunk in before {
                text = text.concat(&JsText(self.decoder.decode(chunk, &more)?));
            }
        }
        Ok(text.concat(&JsText(self.decoder.decode(last, &JsValue::UNDEFINED)?)))
    }
}
