//! Values of JavaScript's own `JSON.parse`, looked at where they are.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::Peek;

#[wasm_bindgen]
extern "C" {
    // js-sys catches what a getter may throw; a parsed value has none.
    #[wasm_bindgen(js_namespace = Reflect, js_name = get)]
    fn member(object: &JsValue, name: &str) -> JsValue;

    #[wasm_bindgen(js_namespace = Number, js_name = isFinite)]
    fn is_number(value: &JsValue) -> bool;

    #[wasm_bindgen(js_name = Number)]
    fn to_number(value: &JsValue) -> f64;
}

// Comparing with a constant needs no further import for each type.
impl Peek for JsValue {
    fn get(&self, name: &str) -> Option<Self> {
        if !Peek::is_object(self) {
            return None;
        }
        Some(member(self, name)).filter(|member| *member != Self::UNDEFINED)
    }

    fn is_null(&self) -> bool {
        *self == Self::NULL
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
        if *self == Self::TRUE { Some(true) } else { (*self == Self::FALSE).then_some(false) }
    }

    fn as_number(&self) -> Option<f64> {
        is_number(self).then(|| to_number(self))
    }

    fn item_count(&self) -> u32 {
        if Array::is_array(self) { self.unchecked_ref::<Array>().length() } else { 0 }
    }

    fn empty_list() -> Self {
        Array::new().into()
    }
}
