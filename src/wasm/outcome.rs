//! What a call results in, as JavaScript has it.

use js_sys::Object;
use wasm_bindgen::prelude::*;

use crate::error::{Code, Details};
use crate::limits::{Limits, Optional};
use crate::schema::PageRef;
use crate::transport::{JsText, JsThrown, reflect_set};

/// A number that may be unknown: it crosses as NaN.
pub(super) fn number(value: Option<impl Into<f64>>) -> f64 {
    value.map_or(f64::NAN, Into::into)
}

/// The limits, unknown ones as NaN.
pub(super) fn limits(limits: &Limits) -> [f64; 5] {
    let Limits { limit, remaining, reset_at, daily_limit, daily_remaining } = *limits;
    [limit, remaining, reset_at, daily_limit, daily_remaining].map(Optional::or_nan)
}

/// Where a page begins: a string, a number or undefined.
pub(super) fn page(page: Option<PageRef<JsText>>) -> JsValue {
    match page {
        None => JsValue::UNDEFINED,
        Some(PageRef::Cursor(cursor)) => cursor.0.into(),
        Some(PageRef::Start(start)) => start.into(),
    }
}

/// The fields of an error, by the names that it has in JavaScript. What is unknown is not there.
pub(super) fn error(
    details: &Details<JsText, JsThrown, JsValue>,
    attempts: u32,
    page: Option<&PageRef<JsText>>,
) -> JsValue {
    let fields: JsValue = Object::new().into();
    let set = |name: &str, value: &JsValue| reflect_set(&fields, name, value);
    let set_text = |name: &str, text: Option<&JsText>| {
        if let Some(text) = text {
            set(name, text.0.as_ref());
        }
    };
    let set_number = |name: &str, number: Option<f64>| {
        if let Some(number) = number {
            set(name, &number.into());
        }
    };
    let set_word = |name: &str, word: &str| set(name, &JsValue::from_str(word));
    set_word("kind", details.kind.as_str());
    set_word("operation", details.operation);
    set_text("message", Some(&details.message));
    set_number("status", details.status.map(f64::from));
    match &details.code {
        Some(Code::Text(code)) => set_text("code", Some(code)),
        Some(Code::Number(code)) => set_number("code", Some(*code)),
        None => {}
    }
    set_text("detail", details.detail.as_ref());
    set_text("requestId", details.request_id.as_ref());
    set_number("retryAfterSeconds", details.retry_after_seconds);
    set_number("attempts", Some(attempts.into()));
    set_text("body", details.body.as_ref());
    if let Some(scope) = details.scope {
        set_word("scope", scope.as_str());
    }
    set_number("resetAt", details.reset_at);
    match page {
        Some(PageRef::Cursor(cursor)) => set_text("cursor", Some(cursor)),
        Some(PageRef::Start(start)) => set_number("start", Some(*start)),
        None => {}
    }
    if details.headers.is_object() {
        set("headers", &details.headers);
    } else {
        set("headers", &Object::new());
    }
    if let Some(JsThrown(cause)) = &details.cause {
        set("cause", cause);
    }
    fields
}
