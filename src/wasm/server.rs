//! The exports of the server package: what `pkg/src/server` decides with.
#![allow(unreachable_pub, reason = "what JavaScript calls has to be public, though no Rust code does")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Float64Array, Function, Object};
use wasm_bindgen::prelude::*;

use super::client::{Core, max_concurrency};
use super::share::Share;
use crate::api::ENDPOINTS;
use crate::directory::news;
use crate::error::{Redactor, Thrown};
use crate::limits::RateLimiter;
use crate::limits::shared::{CompanyLimits, Grant, Reservation, SharedLimiter, TokenLimits, reserve};
use crate::server::{self, Generation, Refusal, SignedToken, TokenState};
use crate::transport::{Fetch, JsText, JsThrown, Transport, reflect_set};

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
            &token.expires_at.as_ms().into(),
        ),
        Err(refusal) => refused(refusal),
    }
}

/// `[index, id]` of the operation that is allowed, with its index in the list of endpoints, or a refusal.
#[wasm_bindgen]
#[must_use]
#[allow(clippy::needless_pass_by_value)] // What crosses the boundary is owned.
pub fn permit(method: &str, path: &str, allowed: Array) -> Array {
    match server::permit_where(method, path, |operation| allowed.includes(&operation.into(), 0)) {
        Ok(permit) => {
            let index = ENDPOINTS.iter().position(|endpoint| std::ptr::eq(*endpoint, permit.endpoint));
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

/// Whether a header has the credentials of a webhook.
#[wasm_bindgen(js_name = isBasic)]
#[must_use]
pub fn is_basic(authorization: &str, username: &str, password: &str) -> bool {
    server::is_basic(authorization, username, password)
}

/// `[id, companyId, at, isDeleted, members]` of what a webhook reports of a user; undefined if it is none.
#[wasm_bindgen(js_name = readUserWebhook)]
#[must_use]
pub fn read_user_webhook(body: JsValue) -> Option<Array> {
    let news = news::read(&Fetch::parse_json(&JsText::of(body)?)?)?;
    let members = Object::new();
    for (name, value) in &news.members {
        reflect_set(&members, name, value);
    }
    #[allow(clippy::cast_precision_loss)] // Ids up to 2^53.
    let numbers = [news.id as f64, news.company_id as f64, news.at];
    let report: Array = numbers.into_iter().map(JsValue::from_f64).collect();
    report.push(&news.is_deleted.into());
    report.push(&members);
    Some(report)
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
#[allow(clippy::needless_pass_by_value)] // What is borrowed costs the glue a stack.
pub fn redact(thrown: JsValue, secrets: Array) -> JsValue {
    let mut redactor = Redactor::new();
    for secret in secrets.iter().filter_map(JsText::of) {
        redactor.add(&secret);
    }
    JsThrown(thrown).redacted(&|text| redactor.clean(text)).0
}

/// The template of the error of a store that does not respond, by the store's number.
const STORES_AWAY: [&str; 4] = [
    "the store of the shared limits (memory) did not respond within {} ms (timeoutMs)",
    "the store of the shared limits (Redis) did not respond within {} ms (timeoutMs)",
    "the store of the shared limits (a Durable Object) did not respond within {} ms (timeoutMs)",
    "the store of the shared limits (Deno KV) did not respond within {} ms (timeoutMs)",
];

/// A limit that the clients of this process share with other processes. Its driver calls `poll` when it was notified,
/// when `dueIn` has elapsed, and after each trip to the store.
#[wasm_bindgen]
pub struct ProcessLimiter {
    limiter: Rc<RefCell<SharedLimiter>>,
    runtime: Fetch,
    due: Cell<f64>,
}

#[wasm_bindgen]
impl ProcessLimiter {
    /// `owner` is a random integer below 2^53, `store` the number of the store's kind.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(owner: f64, budget: Option<u32>, store: usize) -> Self {
        let store_away = STORES_AWAY.get(store).copied().unwrap_or_default();
        Self {
            limiter: Rc::new(RefCell::new(SharedLimiter::new(owner, budget, store_away))),
            runtime: Fetch::default(),
            due: Cell::new(f64::INFINITY),
        }
    }

    /// Makes a client within this limit.
    #[must_use]
    #[allow(clippy::needless_pass_by_value)] // What is borrowed costs the glue a stack.
    pub fn core(&self, settings: JsValue, notify: Function) -> Core {
        // All clients of a limit have the same clock.
        let max_concurrency = max_concurrency(&settings);
        let limiter = RateLimiter::shared(Rc::clone(&self.limiter), max_concurrency);
        let share = Share::new(Rc::clone(&self.limiter), notify, max_concurrency.is_some());
        Core::with(&settings, self.runtime.clone(), limiter, share)
    }

    /// How many clients share it.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn clients(&self) -> usize {
        // Each of them holds it, as this does.
        Rc::strong_count(&self.limiter).saturating_sub(1)
    }

    /// What to ask of the store now, if anything; `trip` is its number.
    #[must_use]
    pub fn poll(&self) -> Option<Float64Array> {
        let now = self.runtime.now_ms();
        let mut limiter = self.limiter.borrow_mut();
        limiter.set_clients(self.clients());
        limiter.poll(now).map(|request| Float64Array::from(request.to_numbers().as_slice()))
    }

    /// The number of the trip to the store that is under way.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn trip(&self) -> u32 {
        self.limiter.borrow().trip().unwrap_or_default()
    }

    /// The store has replied to a trip, or has not. A reply that is none counts as a failure.
    #[wasm_bindgen(js_name = onReply)]
    #[allow(clippy::needless_pass_by_value)] // What crosses the boundary is owned.
    pub fn on_reply(&self, trip: u32, reply: Vec<f64>) {
        let now = self.runtime.now_ms();
        let mut limiter = self.limiter.borrow_mut();
        match Grant::from_numbers(&reply) {
            Some(grant) => limiter.on_reply(trip, &grant, now),
            None => limiter.on_failure(trip, now),
        }
    }

    /// In how many milliseconds something is due without being notified. It may be never.
    #[wasm_bindgen(js_name = dueIn)]
    #[must_use]
    pub fn due_in(&self) -> f64 {
        let now = self.runtime.now_ms();
        self.due.set(self.limiter.borrow().due(now));
        self.due.get() - now
    }

    /// A timer of `dueIn` has elapsed.
    #[wasm_bindgen(js_name = onElapsed)]
    pub fn on_elapsed(&self) {
        self.runtime.on_elapsed(self.due.get());
    }
}

/// The one operation of a store: `[token, company, reply]`, what it knows afterwards and what it replies.
#[wasm_bindgen(js_name = reserve)]
#[must_use]
#[allow(clippy::needless_pass_by_value)] // What crosses the boundary is owned.
pub fn reserve_slots(
    now: f64,
    cold_until: f64,
    skew_ms: f64,
    token: Vec<f64>,
    company: Vec<f64>,
    request: Vec<f64>,
) -> Array {
    let (mut token, mut company) = (TokenLimits::from_numbers(&token), CompanyLimits::from_numbers(&company));
    let reply = Reservation::from_numbers(&request)
        .map(|request| reserve(&mut token, &mut company, now, cold_until, skew_ms, &request).to_numbers());
    let list = |numbers: &[f64]| Float64Array::from(numbers);
    Array::of3(&list(&token.to_numbers()), &list(&company.to_numbers()), &list(&reply.unwrap_or_default()))
}
