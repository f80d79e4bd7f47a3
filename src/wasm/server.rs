//! The exports of the server package: what `pkg/src/server` decides with.
#![allow(unreachable_pub, reason = "what JavaScript calls has to be public, though no Rust code does")]

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::api::ENDPOINTS;
use crate::error::{Redactor, Thrown};
use crate::server::{self, Generation, Refusal, SignedToken, TokenState};
use crate::transport::{Fetch, JsText, JsThrown, Transport};

/// `[companyId, userId, expiresAt]` of a signed token that came at `now`, or a refusal, see [`refused`].
#[wasm_bindgen(js_name = verifySignedToken)]
#[must_use]
pub fn verify_signed_token(jwt: &str, secret: &str, now: f64) -> Array {
    match SignedToken::verify_with(jwt, secret.as_bytes(), now, |json| {
        Fetch::parse_json(&JsText(json.into()))
    }) {
        #[allow(clippy::cast_precision_loss)] // Ids far below 2^53.
        Ok(token) => Array::of3(
            &(token.company_id as f64).into(),
            &(token.user_id as f64).into(),
            &token.expires_at.into(),
        ),
        Err(refusal) => refused(refusal),
    }
}

/// `[index, id]` of the operation that is allowed, with its index in the list of endpoints, or a refusal.
#[wasm_bindgen]
#[must_use]
#[allow(clippy::needless_pass_by_value)] // What crosses the boundary is owned.
pub fn permit(method: &str, path: &str, allowed: Vec<String>) -> Array {
    let allowed: Vec<_> = allowed.iter().map(String::as_str).collect();
    match server::permit(method, path, &allowed) {
        Ok(permit) => {
            let index = ENDPOINTS.iter().position(|endpoint| endpoint.operation == permit.endpoint.operation);
            Array::of2(&index.unwrap_or_default().into(), &permit.id.into())
        }
        Err(refusal) => refused(refusal),
    }
}

/// What to do with a token that has so many milliseconds left: use it (0), use it and refresh it in the background (1), wait for the next (2).
#[wasm_bindgen]
#[must_use]
pub fn freshness(left: f64) -> u32 {
    match TokenState::from_remaining_ms(left) {
        TokenState::Valid => 0,
        TokenState::ExpiringSoon => 1,
        TokenState::Expired => 2,
    }
}

/// Whether a record replaces another.
#[wasm_bindgen]
#[must_use]
pub fn replaces(number: u32, is_revoked: bool, other: u32, is_other_revoked: bool) -> bool {
    Generation { number, is_revoked }.replaces(Generation { number: other, is_revoked: is_other_revoked })
}

/// Whether an `api_domain` is Pipedrive's, or, with `loopback`, of this machine.
#[wasm_bindgen(js_name = isPipedrive)]
#[must_use]
pub fn is_pipedrive(api_domain: &str, loopback: bool) -> bool {
    server::is_pipedrive(api_domain, loopback)
}

/// `[undefined, status, error, info]`.
fn refused(Refusal { status, error, info }: Refusal) -> Array {
    let refusal = Array::of3(&status.into(), &error.into(), &info.into());
    refusal.unshift(&JsValue::UNDEFINED);
    refusal
}

/// A copy of something that was thrown, or of a text, without the secrets that it may repeat.
#[wasm_bindgen]
#[must_use]
pub fn redact(thrown: JsValue, secrets: Vec<JsValue>) -> JsValue {
    let mut redactor = Redactor::new();
    for secret in secrets.into_iter().filter_map(JsText::of) {
        redactor.add(&secret);
    }
    JsThrown(thrown).redacted(&|text| redactor.clean(text)).0
}
