//! JavaScript's values into the core's, and back.

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use crate::config::{Base, CheckedHeaders, Config, Credential, Token, TokenFuture};
use crate::endpoint::{Arg, MAX_SAFE_INTEGER};
use crate::secret::Secret;
use crate::transport::{Cause, Json};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = String)]
    fn to_text(value: &JsValue) -> String;
}

/// How deep the values go that any parameter takes. What is deeper may be without end: it is refused by its type.
const DEPTH: u32 = 4;

/// A value that a caller gave, in the core's words.
fn arg(value: &JsValue, depth: u32) -> Arg {
    if value.is_undefined() {
        Arg::Absent
    } else if let Some(boolean) = value.as_bool() {
        Arg::Boolean(boolean)
    } else if let Some(number) = value.as_f64() {
        #[allow(clippy::cast_possible_truncation)] // Not where the condition holds.
        #[allow(clippy::cast_precision_loss, clippy::float_cmp)]
        // 2^53 - 1 is exact, and so is trunc.
        if number.trunc() == number && number.abs() <= MAX_SAFE_INTEGER as f64 {
            Arg::Integer(number as i64)
        } else {
            Arg::Other(to_text(value))
        }
    } else if let Some(text) = value.as_string() {
        Arg::Text(text)
    } else if depth > DEPTH {
        Arg::Other("something too deep".to_owned())
    } else if let Some(list) = value.dyn_ref::<Array>() {
        Arg::List(list.iter().map(|item| arg(&item, depth + 1)).collect())
    } else if value.is_object() {
        Arg::Object(value.members().into_iter().map(|(name, value)| (name, arg(&value, depth + 1))).collect())
    } else if value.is_null() {
        Arg::Other("null".to_owned())
    } else {
        Arg::Other(["a ", &value.js_typeof().as_string().unwrap_or_default()].concat())
    }
}

/// A member of an object that a caller gave; absent where there is no object.
pub(crate) fn member(object: &JsValue, name: &str) -> Arg {
    Json::get(object, name).map_or(Arg::Absent, |value| arg(&value, 0))
}

/// The configuration as the face hands it over, checked and complete.
pub(crate) fn config(object: &JsValue) -> Config {
    let text = |name| Json::get(object, name).and_then(|value| value.as_string()).unwrap_or_default();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    // The face lets only whole numbers pass.
    let number = |name| Json::get(object, name).and_then(|value| value.as_f64()).map(|number| number as u32);
    let credential = match (token(object, "apiToken"), token(object, "accessToken")) {
        (Some(token), _) => Credential::ApiToken(token),
        (_, Some(token)) => Credential::AccessToken(token),
        _ => Credential::None,
    };
    let defaults = Config::new(credential);
    Config {
        base: Base { v1: text("v1"), v2: text("v2") },
        headers: CheckedHeaders(
            Json::get(object, "headers")
                .map(|headers| headers.members())
                .into_iter()
                .flatten()
                .filter_map(|(name, value)| Some((name, value.as_string()?)))
                .collect(),
        ),
        timeout_ms: number("timeoutMs").unwrap_or(defaults.timeout_ms),
        max_retries: number("maxRetries").unwrap_or(defaults.max_retries),
        max_concurrency: number("maxConcurrency").unwrap_or(defaults.max_concurrency),
        daily_token_budget: number("dailyTokenBudget"),
        ..defaults
    }
}

/// A function member.
pub(crate) fn function(object: &JsValue, name: &str) -> Option<Function> {
    Json::get(object, name)?.dyn_into().ok()
}

fn token(object: &JsValue, name: &str) -> Option<Token> {
    let value = Json::get(object, name)?;
    if let Some(text) = value.as_string() {
        return Secret::new(text).ok().map(Token::Fixed);
    }
    let provider: Function = value.dyn_into().ok()?;
    Some(Token::Provider(std::rc::Rc::new(move || ask(provider.clone()))))
}

/// Asks the caller's function for a token.
fn ask(provider: Function) -> TokenFuture {
    Box::pin(async move {
        let given = provider.call0(&JsValue::UNDEFINED).map_err(Cause::from)?;
        let given = wasm_bindgen_futures::JsFuture::from(js_sys::Promise::resolve(&given)).await?;
        let text = given.as_string().unwrap_or_default();
        Secret::new(text).map_err(|what| {
            let text = ["the token that it gave ", what].concat();
            Cause { value: Some(std::rc::Rc::new(JsValue::from(js_sys::TypeError::new(&text)))), text }
        })
    })
}
