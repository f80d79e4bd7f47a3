//! The core's hot paths under valgrind: the same instructions each time, however busy the machine is.
#![allow(missing_docs, reason = "the harness's macros make public items")]

use std::hint::black_box;

use gungraun::prelude::*;
use pipedrive_users::drift::Drift;
use pipedrive_users::error::Kind;
use pipedrive_users::sandbox::{Options, Request, Sandbox};
use pipedrive_users::transport::HeaderList;
use pipedrive_users::{Operation, RateLimit, Result, hot_paths};
use serde_json::Value;

const NOW: f64 = 1_767_225_600_000.0;

/// The sandbox's answer to a request: what came over the wire is made before anything is counted.
fn answer(target: &str) -> (Value, HeaderList) {
    let mut sandbox = Sandbox::new(&Options { users: 100, ..Options::default() }).expect("valid options");
    let headers = vec![("x-api-token".to_owned(), sandbox.tokens().api_token.clone())];
    let request = Request { method: "GET".into(), target: target.into(), headers, body: String::new() };
    let response = sandbox.handle(&request, NOW);
    (serde_json::from_str(&response.body).expect("JSON"), HeaderList(response.headers))
}

fn one() -> Value {
    answer("/v1/users/7").0
}

fn told() -> HeaderList {
    answer("/v1/users/7").1
}

fn list() -> Value {
    answer("/v1/users").0["data"].take()
}

#[library_benchmark]
#[bench::case(7, "Vesper Lynd & Söhne")]
fn request(id: u64, term: &str) -> Result<[Operation; 2]> {
    hot_paths::request(black_box(id), black_box(term))
}

#[library_benchmark]
#[bench::case(one())]
fn envelope(json: Value) -> (bool, Value) {
    (hot_paths::envelope(black_box(&json)), json)
}

#[library_benchmark]
#[bench::case(told())]
fn headers(headers: HeaderList) -> (RateLimit, HeaderList) {
    (hot_paths::headers(black_box(&headers), NOW), headers)
}

#[library_benchmark]
#[bench::case([Kind::Authentication, Kind::Connection, Kind::Timeout, Kind::RateLimit, Kind::NotFound, Kind::Server])]
fn retry(kinds: [Kind; 6]) -> f64 {
    hot_paths::retry(black_box(&kinds), black_box(0.5), NOW)
}

#[library_benchmark]
#[bench::case(list())]
fn drift(users: Value) -> (Vec<Drift>, Value) {
    (hot_paths::drift(black_box(&users)), users)
}

library_benchmark_group!(name = paths, benchmarks = [request, envelope, headers, retry, drift]);

main!(library_benchmark_groups = paths);
