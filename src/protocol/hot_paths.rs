//! What every call goes through, one function a path, for the benchmark that counts its instructions
//! (`tests/bench/counts`). Not part of the crate's promises.

use serde_json::Value;

use super::drift::{self, Drift};
use super::envelope::read_envelope;
use super::request::{Defaults, PreparedRequest};
use super::retry::{self, Attempts, Decision};
use crate::api::{find_users_by_name, get_user};
use crate::error::{ErrorInfo, Kind};
use crate::limits::{Limits, RateLimit, ResponseHead};
use crate::models::User;
use crate::schema::{HasSchema, ResponseKind, RustArgs};
use crate::transport::HeaderList;

/// Two requests are checked and prepared: one with an id in its path, one with text in its query. Returns their targets.
///
/// # Errors
///
/// Says which argument is refused.
pub fn request(id: u64, term: &str) -> Result<[String; 2], String> {
    let defaults: Defaults<String> = Defaults { headers: Vec::new(), timeout_ms: 30_000, max_retries: 2 };
    let args = |values| RustArgs { values, headers: Vec::new() };
    let get = args(vec![("id", id.into())]);
    let find = args(vec![("term", term.into()), ("searchByEmail", true.into())]);
    Ok([
        PreparedRequest::new(&get_user::ENDPOINT, &defaults, &get)?.target,
        PreparedRequest::new(&find_users_by_name::ENDPOINT, &defaults, &find)?.target,
    ])
}

/// The envelope of a good response is read.
#[must_use]
pub fn envelope(json: &Value) -> bool {
    read_envelope(ResponseKind::Object, 200, Some(json)).is_ok()
}

/// The headers of a response are read.
#[must_use]
pub fn headers(headers: &HeaderList, wall: f64) -> RateLimit {
    Limits::new(&ResponseHead::read(200, headers, wall).rate_limit, wall).into()
}

/// What comes after each of some failures is decided. Returns the milliseconds of all waits.
#[must_use]
pub fn retry(kinds: &[Kind], random: f64) -> f64 {
    let mut attempts = Attempts::default();
    let waits = kinds.iter().map(|kind| {
        attempts.counted += 1;
        match retry::decide(&ErrorInfo::new(*kind), true, attempts, 10, random) {
            Decision::Again(wait) => wait,
            Decision::AfterPause | Decision::Stop => 0.0,
        }
    });
    waits.sum()
}

/// A list of users is validated against its model.
#[must_use]
pub fn drift(users: &Value) -> Vec<Drift> {
    drift::check(users, Vec::<User>::SCHEMA)
}
