//! Values of JavaScript's own `JSON.parse`, looked at where they are.

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use super::Peek;

#[wasm_bindgen]
extern "C" {
    // js-sys catches what a getter may throw; a parsed value has none.
    #[wasm_bindgen(js_namespace = Reflect, js_name = get)]
    fn member(object: &JsValue, name: &str) -> JsValue;

    #[wasm_bindgen(js_namespace = Object, js_name = values)]
    fn values(object: &JsValue) -> Array;
}

impl Peek for JsValue {
    fn get(&self, name: &str) -> Option<Self> {
        if !self.is_object() {
            return None;
        }
        Some(member(self, name)).filter(|member| !member.is_undefined())
    }

    fn is_null(&self) -> bool {
        Self::is_null(self)
    }

    fn is_list(&self) -> bool {
        Array::is_array(self)
    }

    fn is_object(&self) -> bool {
        Self::is_object(self) && !Array::is_array(self)
    }

    fn is_text(&self) -> bool {
        self.is_string()
    }

    fn as_bool(&self) -> Option<bool> {
        Self::as_bool(self)
    }

    fn as_number(&self) -> Option<f64> {
        self.as_f64()
    }

    fn item_count(&self) -> u32 {
        if Array::is_array(self) { self.unchecked_ref::<Array>().length() } else { 0 }
    }

    fn values(&self) -> Vec<Self> {
        if Self::is_object(self) { values(self).to_vec() } else { Vec::new() }
    }

    fn mentions(&self, words: &str) -> bool {
        self.is_string() && self.unchecked_ref::<JsString>().includes(words, 0)
    }

    fn empty_list() -> Self {
        Array::new().into()
    }
}
