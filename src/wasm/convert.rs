//! Values of JavaScript into the core's, and back.

use wasm_bindgen::prelude::*;

use crate::schema::{ResponseKind, Scope};
use crate::error::LimitScope;
use crate::failure::Failure;
use crate::page::Onward;

#[wasm_bindgen]
extern "C" {
    /// A call on its way, as the face conducts it: where the core leaves what it has to say.
    pub type Flight;

    /// Whether the next token can be another one.
    #[wasm_bindgen(method, getter)]
    pub fn renewable(this: &Flight) -> bool;

    /// What a good answer holds, where the list goes on, and what Pipedrive announces.
    #[wasm_bindgen(method)]
    pub fn done(this: &Flight, data: JsValue, next: JsValue, notice: JsValue);

    /// What went wrong: the kind, a line, the place of what fills its gap, and numbers that are negative where they are
    /// not there.
    #[wasm_bindgen(method)]
    fn fail(this: &Flight, kind: &str, line: &str, gap: u32, retry_after: f64, scope: u32, reset_at: f64);
}

/// A number that is there.
pub(crate) fn number(number: f64) -> Option<f64> {
    (number >= 0.0).then_some(number)
}

/// A whole number that is there.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It saturates.
pub(crate) fn count(value: f64) -> Option<u32> {
    number(value).map(|number| number as u32)
}

/// A scope by its place.
pub(crate) fn scope(place: u32) -> Scope {
    match place {
        0 => Scope::Base,
        1 => Scope::UsersRead,
        _ => Scope::Admin,
    }
}

/// The form of an answer's data by its place.
pub(crate) fn answer(place: u32) -> Answer {
    match place {
        0 => ResponseKind::Object,
        1 => ResponseKind::List,
        2 => ResponseKind::CursorPage,
        _ => ResponseKind::OffsetPage,
    }
}

/// Where a list goes on.
pub(crate) fn onward(next: Option<Onward<JsValue>>) -> JsValue {
    match next {
        None => JsValue::UNDEFINED,
        Some(Onward::Cursor(cursor)) => cursor,
        Some(Onward::Start(start)) => start.into(),
    }
}

/// Leaves a failure with the call.
pub(crate) fn fail(flight: &Flight, failure: Failure) {
    let Failure { facts, line, gap } = failure;
    flight.fail(
        facts.kind.as_str(),
        line,
        gap as u32,
        facts.retry_after_ms.unwrap_or(-1.0),
        match facts.scope {
            None => 0,
            Some(LimitScope::Burst) => 1,
            Some(LimitScope::Daily) => 2,
        },
        facts.reset_at.unwrap_or(-1.0),
    );
}
