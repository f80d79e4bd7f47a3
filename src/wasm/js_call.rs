//! A call as the JavaScript client has it.

use js_sys::{JsString, Promise};
use wasm_bindgen::prelude::*;

use crate::protocol::AttemptId;

#[wasm_bindgen]
extern "C" {
    /// A call as the JavaScript client has it. It registers all reactions and timers itself, so that what it starts
    /// continues in the context in which the call was made: a credential function may read Node's `AsyncLocalStorage`.
    #[derive(Clone)]
    #[wasm_bindgen(typescript_type = "Call")]
    pub type JsCall;

    /// The promise of the call.
    #[wasm_bindgen(method, getter)]
    pub(super) fn promise(this: &JsCall) -> Promise;

    /// Describes a value that no argument can be.
    #[wasm_bindgen(method)]
    pub(super) fn describe(this: &JsCall, value: &JsValue) -> JsString;

    /// Asks the credential function: `onCredential` is called with what it returns.
    #[wasm_bindgen(method)]
    pub(super) fn ask(this: &JsCall, refused: JsValue);

    /// Has `onSettled` called when a promise settles.
    #[wasm_bindgen(method)]
    pub(super) fn follow(this: &JsCall, promise: &JsValue, attempt: AttemptId);

    /// Has `onElapsed` called after so many milliseconds, unless it is called again before.
    #[wasm_bindgen(method)]
    pub(super) fn wait(this: &JsCall, milliseconds: f64);

    /// Has `poll` called.
    #[wasm_bindgen(method)]
    pub(super) fn wake(this: &JsCall);

    /// An event that has a listener.
    #[wasm_bindgen(method)]
    pub(super) fn event(this: &JsCall, kind: u32, attempt: u32, status: f64, duration_ms: f64, text: JsValue);

    /// Resolves the promise. The last are the limits as the response reported them, unknown ones as NaN.
    #[allow(clippy::too_many_arguments, reason = "numbers cross without an object")]
    #[wasm_bindgen(method)]
    pub(super) fn succeed(
        this: &JsCall,
        data: JsValue,
        next: JsValue,
        status: u16,
        headers: JsValue,
        attempts: u32,
        body: JsString,
        limit: f64,
        remaining: f64,
        reset_at: f64,
        daily_limit: f64,
        daily_remaining: f64,
    );

    /// Rejects the promise.
    #[wasm_bindgen(method)]
    pub(super) fn fail(this: &JsCall, fields: JsValue);
}
