//! Text, headers and JSON of JavaScript, read where JavaScript keeps them. What may throw is caught:
//! a caller's `fetch` may return anything.

use js_sys::{Array, Date, Function, JsString, Object};
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use super::{CleanHeader, Headers, Json, JsonRef};
use crate::text::Text;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Reflect, js_name = get, catch)]
    fn reflect_get(object: &JsValue, name: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = Object, js_name = hasOwn)]
    pub(super) fn has_own(object: &JsValue, name: &str) -> bool;

    #[wasm_bindgen(js_namespace = Object, js_name = keys, catch)]
    fn object_keys(object: &JsValue) -> Result<Array, JsValue>;

    #[wasm_bindgen(js_namespace = Array, js_name = from, catch)]
    pub(super) fn array_from(iterable: &JsValue) -> Result<Array, JsValue>;

    type RawHeaders;

    #[wasm_bindgen(method, js_name = get, catch)]
    fn get_header(this: &RawHeaders, name: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, js_name = entries, catch)]
    fn header_entries(this: &RawHeaders) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = Number, js_name = isFinite)]
    pub(super) fn is_number(value: &JsValue) -> bool;

    #[wasm_bindgen(js_name = Number)]
    fn to_number(value: &JsValue) -> f64;

    // js-sys takes Rust's own text here.
    #[wasm_bindgen(js_name = String)]
    type RawString;

    #[wasm_bindgen(method, js_name = replaceAll)]
    fn replace_all(this: &RawString, from: &JsValue, to: &JsString) -> JsString;

    #[wasm_bindgen(method)]
    fn search(this: &RawString, pattern: &str) -> i32;

    // js-sys takes Rust's own text here.
    #[wasm_bindgen(js_name = RegExp)]
    fn all_matches(pattern: &JsString, flags: &JsString) -> JsValue;

    #[wasm_bindgen(js_name = encodeURIComponent)]
    fn encode_uri_component(text: &JsString) -> JsString;

    #[wasm_bindgen(js_namespace = JSON, js_name = stringify)]
    fn to_json(value: &JsValue) -> JsString;

    #[wasm_bindgen(js_name = String)]
    fn to_string(value: &JsValue) -> JsString;

    #[wasm_bindgen(js_namespace = Reflect, js_name = set)]
    pub(crate) fn reflect_set(object: &JsValue, name: &str, value: &JsValue);

    #[wasm_bindgen(js_namespace = Reflect, js_name = set)]
    fn reflect_set_text(object: &JsValue, name: &JsString, value: &JsString);
}

/// A member of anything, which may have a getter that throws; `undefined` where there is none.
pub(crate) fn member(object: &JsValue, name: &'static str) -> JsValue {
    // It throws where this is no object.
    reflect_get(object, name).unwrap_or_default()
}

/// A method of anything.
pub(crate) fn method(object: &JsValue, name: &'static str) -> Option<Function> {
    let member = member(object, name);
    member.is_function().then(|| member.unchecked_into())
}

/// A JavaScript string, which stays outside the module's memory.
#[derive(Clone, Debug)]
pub struct JsText(pub(crate) JsString);

impl JsText {
    /// The string that a value is, if it is one.
    pub(crate) fn of(value: JsValue) -> Option<Self> {
        value.is_string().then(|| Self(value.unchecked_into()))
    }
}

impl PartialEq for JsText {
    fn eq(&self, other: &Self) -> bool {
        let (one, other): (&JsValue, &JsValue) = (self.0.as_ref(), other.0.as_ref());
        one == other
    }
}

impl JsText {
    fn raw(&self) -> &RawString {
        self.0.unchecked_ref()
    }

    /// The text with all that is `from`, a string or a global regular expression, replaced.
    fn replace_all(&self, from: &JsValue, to: &JsText) -> Self {
        Self(self.raw().replace_all(from, &to.0))
    }
}

/// What RFC 3986 reserves, and `encodeURIComponent` leaves as it is.
const LEFT_UNENCODED: [(&str, &str); 5] =
    [("!", "%21"), ("'", "%27"), ("(", "%28"), (")", "%29"), ("*", "%2A")];

/// How a date's text begins: with its weekday.
const WEEKDAY: u32 = 5;

impl Text for JsText {
    fn new(text: &'static str) -> Self {
        Self::from_rust(text)
    }

    fn from_rust(text: &str) -> Self {
        Self(JsValue::from_str(text).unchecked_into())
    }

    #[allow(clippy::cast_precision_loss)] // Within the integers that are exact.
    fn number(number: i64) -> Self {
        Self(to_string(&JsValue::from_f64(number as f64)))
    }

    fn len(&self) -> usize {
        self.0.length() as usize
    }

    fn char_count(&self) -> usize {
        array_from(self.0.as_ref()).map_or(0, |characters| characters.length() as usize)
    }

    fn slice(&self, start: usize, end: usize) -> Self {
        let index = |index| u32::try_from(index).unwrap_or(u32::MAX);
        Self(self.0.slice(index(start), index(end)))
    }

    fn concat(&self, other: &Self) -> Self {
        Self(self.0.concat(&other.0))
    }

    fn split(&self, separator: &str) -> Vec<Self> {
        let mut parts = Vec::new();
        for part in self.0.split(separator) {
            parts.push(Self(part.unchecked_into()));
        }
        parts
    }

    fn replace(&self, from: &Self, to: &'static str) -> Self {
        self.replace_all(from.0.as_ref(), &Self::new(to))
    }

    fn matches(&self, pattern: &'static str) -> bool {
        self.raw().search(pattern) >= 0
    }

    fn replace_matches(&self, pattern: &'static str, to: &'static str) -> Self {
        self.replace_pattern(&Self::new(pattern), to)
    }

    #[inline(never)]
    fn replace_pattern(&self, pattern: &Self, to: &'static str) -> Self {
        self.replace_all(&all_matches(&pattern.0, &Self::new("gu").0), &Self::new(to))
    }

    fn lower_case(&self) -> Self {
        Self(self.0.to_lower_case())
    }

    fn percent_encoded(&self) -> Self {
        let half_pair = all_matches(&Self::new("[\\ud800-\\udfff]").0, &Self::new("gu").0);
        let whole = self.replace_all(&half_pair, &Self(JsString::from_char_code1(0xfffd)));
        let mut encoded = Self(encode_uri_component(&whole.0));
        for (character, code) in LEFT_UNENCODED {
            encoded = encoded.replace(&Self::new(character), code);
        }
        encoded
    }

    fn to_number(&self) -> f64 {
        to_number(self.0.as_ref())
    }

    fn utc_time(&self) -> Option<f64> {
        let date = Date::new(self.0.as_ref());
        // `Date` reads much else.
        let is_same = Self(date.to_utc_string().slice(WEEKDAY, u32::MAX)) == *self;
        Some(date.get_time()).filter(|time| is_same && *time >= 0.0)
    }

    fn to_rust(&self) -> String {
        String::from_utf16_lossy(&self.0.iter().collect::<Vec<_>>())
    }
}

/// Names and values.
#[inline(never)]
pub(crate) fn entries(entries: Result<JsValue, JsValue>) -> Vec<(JsText, JsValue)> {
    let mut members = Vec::new();
    for entry in entries.and_then(|entries| array_from(&entries)).unwrap_or_default() {
        if let Some(name) = JsText::of(member(&entry, "0")) {
            members.push((name, member(&entry, "1")));
        }
    }
    members
}

/// Names and values; what is no string is left out.
#[inline(never)]
pub(crate) fn text_entries(entries: Result<JsValue, JsValue>) -> Vec<(JsText, JsText)> {
    let mut members = Vec::new();
    for (name, value) in &self::entries(entries) {
        if let Some(value) = value.as_text() {
            members.push((name.clone(), value));
        }
    }
    members
}

/// The headers of a response, where JavaScript keeps them.
#[derive(Clone, Debug)]
pub struct JsHeaders(JsValue);

impl JsHeaders {
    /// Headers, or anything that has their methods `get` and `entries`.
    pub(crate) fn of(headers: JsValue) -> Option<Self> {
        let is_complete = method(&headers, "get").is_some() && method(&headers, "entries").is_some();
        is_complete.then_some(Self(headers))
    }

    /// The object itself.
    #[must_use]
    pub fn as_js(&self) -> &JsValue {
        &self.0
    }
}

impl Headers for JsHeaders {
    type Text = JsText;
    /// An object; undefined where there are none.
    type Kept = JsValue;

    fn get(&self, name: &'static str) -> Option<JsText> {
        JsText::of(self.0.unchecked_ref::<RawHeaders>().get_header(name).unwrap_or_default())
    }

    fn entries(&self) -> Vec<(JsText, JsText)> {
        text_entries(self.0.unchecked_ref::<RawHeaders>().header_entries())
    }

    fn kept(&self, clean: &CleanHeader<'_, JsText>) -> JsValue {
        let kept = Object::new().into();
        for (name, value) in self.entries() {
            reflect_set_text(&kept, &name.0, &clean(&name, &value).0);
        }
        kept
    }

    fn kept_to_rust(kept: &JsValue) -> Vec<(String, String)> {
        let members = if JsonRef::is_object(kept) { kept.members() } else { Vec::new() };
        members.into_iter().filter_map(|(name, value)| Some((name, value.as_string()?))).collect()
    }
}

/// A value of JavaScript's own `JSON.parse`.
impl JsonRef for JsValue {
    type Text = JsText;

    fn get(&self, name: &'static str) -> Option<Self> {
        // Programs extend `Object.prototype`.
        if !Self::is_object(self) || !has_own(self, name) {
            return None;
        }
        Some(member(self, name)).filter(|value| *value != Self::UNDEFINED)
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

    // Comparing with a constant needs no further import.
    fn as_bool(&self) -> Option<bool> {
        if *self == Self::TRUE { Some(true) } else { (*self == Self::FALSE).then_some(false) }
    }

    fn as_number(&self) -> Option<f64> {
        is_number(self).then(|| to_number(self))
    }

    fn as_text(&self) -> Option<JsText> {
        JsText::of(self.clone())
    }

    fn item_count(&self) -> usize {
        if Array::is_array(self) { self.unchecked_ref::<Array>().length() as usize } else { 0 }
    }

    fn values(&self) -> impl Iterator<Item = Self> {
        let values = if JsonRef::is_object(self) {
            Object::values(self.unchecked_ref())
        } else {
            array_from(self).unwrap_or_default()
        };
        values.into_iter()
    }

    fn names(&self) -> impl Iterator<Item = JsText> {
        object_keys(self).unwrap_or_default().into_iter().map(|name| JsText(name.unchecked_into()))
    }

    fn empty_list() -> Self {
        Array::new().into()
    }

    fn to_json(&self) -> JsText {
        JsText(to_json(self))
    }
}

impl Json for JsValue {
    fn members(&self) -> Vec<(String, Self)> {
        let entries = Object::entries(self.unchecked_ref()).into_iter().map(JsCast::unchecked_into::<Array>);
        entries.filter_map(|entry| Some((entry.get(0).as_string()?, entry.get(1)))).collect()
    }

    fn decode<M: DeserializeOwned>(&self) -> Result<M, String> {
        serde_wasm_bindgen::from_value(self.clone()).map_err(|error| error.to_string())
    }
}
