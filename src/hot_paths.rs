//! What every call goes through, one function a path, for the benchmark that counts its instructions
//! (`tests/bench/counts`). Of no use to anybody else, and no part of the crate's promises.

use serde_json::Value;

use crate::api::{find_users_by_name, get_user};
use crate::course::{Course, Step};
use crate::drift::{self, Drift};
use crate::error::Kind;
use crate::failure::Facts;
use crate::limits::{Account, RateLimit, Told};
use crate::models::{HasSchema, User};
use crate::schema::{Arg, ResponseKind};
use crate::transport::HeaderList;
use crate::{Operation, Result, answer};

/// Two requests are checked and written: one with an id in its path, one with a text in its query.
pub fn request(id: u64, term: &str) -> Result<[Operation; 2]> {
    let find = |name: &str| if name == "term" { Arg::from(term) } else { Arg::Boolean(true) };
    Ok([
        Operation::new(&get_user::ENDPOINT, &|_| id.into())?,
        Operation::new(&find_users_by_name::ENDPOINT, &find)?,
    ])
}

/// The envelope of a good answer is looked at.
#[must_use]
pub fn envelope(json: &Value) -> bool {
    answer::read(ResponseKind::Object, 200, Some(json)).is_ok()
}

/// The headers of an answer are read, and the limits that they tell are learned.
#[must_use]
pub fn headers(headers: &HeaderList, now: f64) -> RateLimit {
    let mut account = Account::new(10, Some(30_000));
    account.observe(&Told::read(headers, now).limits, now);
    account.rate_limit
}

/// What comes after each of some failures is decided: the milliseconds of all waits.
#[must_use]
pub fn retry(kinds: &[Kind], random: f64, now: f64) -> f64 {
    let mut course = Course::new(get_user::ENDPOINT.terms(), 10);
    let waits = kinds.iter().map(|kind| {
        course.sent();
        match course.after(&Facts::new(*kind), true, random, now) {
            Step::Again(wait) => wait,
            Step::Renew | Step::Stop => 0.0,
        }
    });
    waits.sum()
}

/// A list of users is held against its model.
#[must_use]
pub fn drift(users: &Value) -> Vec<Drift> {
    drift::check(users, Vec::<User>::SCHEMA)
}
