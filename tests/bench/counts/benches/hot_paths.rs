//! The core's hot paths under valgrind: the same instructions each time, however busy the machine is.
#![allow(missing_docs, reason = "the harness's macros make public items")]

use std::hint::black_box;

use gungraun::prelude::*;
use pipedrive_users::error::Kind;
use pipedrive_users::transport::HeaderList;
use pipedrive_users::{Drift, RateLimit, hot_paths};
use serde_json::{Value, json};

const NOW: f64 = 1_767_225_600_000.0;

/// A user as Pipedrive sends it. It is a constant, as the headers are, so that a count changes only with the core.
fn user(id: u64) -> Value {
    json!({
        "id": id, "name": "Vesper Lynd", "default_currency": "EUR", "locale": "et_EE", "lang": 1,
        "email": "vesper.lynd@casinoroyale.example", "phone": null, "activated": true,
        "last_login": "2026-11-24 08:30:12", "created": "2026-01-05 09:00:00", "modified": "2026-11-24 08:30:12",
        "has_created_company": false,
        "access": [{ "app": "sales", "admin": false, "permission_set_id": "f07d229d-088a-11e0-a1c0-12344b40a1f3" }],
        "active_flag": true, "timezone_name": "Europe/Tallinn", "timezone_offset": "+02:00", "role_id": 2,
        "icon_url": null, "is_you": false, "is_deleted": false,
    })
}

fn one() -> Value {
    json!({ "success": true, "data": user(7), "additional_data": { "company_id": 7 } })
}

fn list() -> Value {
    (1..=100).map(user).collect()
}

fn rate_limit_headers() -> HeaderList {
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        ("date", "Thu, 01 Jan 2026 00:00:00 GMT"),
        ("cache-control", "no-cache"),
        ("x-ratelimit-limit", "100"),
        ("x-ratelimit-remaining", "99"),
        ("x-ratelimit-reset", "2"),
        ("x-daily-ratelimit-token-limit", "750000"),
        ("x-daily-ratelimit-token-remaining", "749998"),
        ("x-correlation-id", "00000000-0000-4000-8000-000000000001"),
    ];
    HeaderList(headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
}

/// An id, after a first request: a program compiles each pattern once.
fn id() -> u64 {
    let _ = hot_paths::request(7, "Vesper Lynd");
    7
}

#[library_benchmark]
#[bench::case(id(), "Vesper Lynd & Söhne")]
fn request(id: u64, term: &str) -> Result<[String; 2], String> {
    hot_paths::request(black_box(id), black_box(term))
}

#[library_benchmark]
#[bench::case(one())]
fn envelope(json: Value) -> (bool, Value) {
    (hot_paths::envelope(black_box(&json)), json)
}

#[library_benchmark]
#[bench::case(rate_limit_headers())]
fn headers(headers: HeaderList) -> (RateLimit, HeaderList) {
    (hot_paths::headers(black_box(&headers), NOW), headers)
}

#[library_benchmark]
#[bench::case([Kind::Authentication, Kind::Connection, Kind::Timeout, Kind::RateLimit, Kind::NotFound, Kind::Server])]
fn retry(kinds: [Kind; 6]) -> f64 {
    hot_paths::retry(black_box(&kinds), black_box(0.5))
}

#[library_benchmark]
#[bench::case(list())]
fn drift(users: Value) -> (Vec<Drift>, Value) {
    (hot_paths::drift(black_box(&users)), users)
}

library_benchmark_group!(name = paths, benchmarks = [request, envelope, headers, retry, drift]);

main!(library_benchmark_groups = paths);
