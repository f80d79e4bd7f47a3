//! The exports of the directory's module: numbers and text go in, numbers come out, and nothing has to be freed. An
//! instance is one directory, whose records stay in JavaScript.
#![allow(unreachable_pub, reason = "what JavaScript calls has to be public, though no Rust code does")]
#![allow(clippy::must_use_candidate, reason = "JavaScript knows no such attribute")]

use std::cell::RefCell;

use wasm_bindgen::prelude::*;

use crate::directory::index::Index;
use crate::directory::machine::{Machine, asks_each, is_news};

thread_local! {
    static MACHINE: RefCell<Machine> = const { RefCell::new(Machine::new(0.0, 0.0)) };
    static INDEX: RefCell<Index> = const { RefCell::new(Index::new()) };
}

fn with<T>(work: impl FnOnce(&mut Machine) -> T) -> T {
    MACHINE.with_borrow_mut(work)
}

/// Sets the ages.
#[wasm_bindgen]
pub fn open(max_age_ms: f64, stale_ms: f64) {
    with(|machine| *machine = Machine::new(max_age_ms, stale_ms));
}

/// The number of a `Step`.
#[wasm_bindgen]
pub fn look(now: f64) -> u32 {
    with(|machine| machine.look(now) as u32)
}

/// Begins a refresh, unless one is under way.
#[wasm_bindgen]
pub fn begin() -> bool {
    with(Machine::begin)
}

/// A refresh brought a list that was asked for then.
#[wasm_bindgen]
pub fn filled(asked_at: f64) {
    with(|machine| machine.on_filled(asked_at));
}

/// A refresh failed.
#[wasm_bindgen]
pub fn failed(now: f64) {
    with(|machine| machine.on_failed(now));
}

/// Nothing that is there is given any more.
#[wasm_bindgen]
pub fn invalidate() {
    with(Machine::invalidate);
}

/// Whether an id that is not in the list does not exist.
#[wasm_bindgen]
pub fn missing(questioned_at: f64, missing_since: f64, now: f64) -> bool {
    with(|machine| machine.is_missing(questioned_at, missing_since, now))
}

/// Pipedrive responded that an id does not exist.
#[wasm_bindgen]
pub fn missed() {
    with(Machine::on_missing);
}

/// Whether so many unknown ids are asked for one by one.
#[wasm_bindgen]
pub fn each(unknown: u32) -> bool {
    asks_each(unknown)
}

/// Whether news of a user counts.
#[wasm_bindgen]
pub fn news(at: f64, last: f64, modified: f64) -> bool {
    is_news(at, last, modified)
}

/// Returns where the text of so many lines goes, four bytes a letter.
#[wasm_bindgen]
pub fn text(letters: usize, lines: usize) -> usize {
    INDEX.with_borrow_mut(|index| index.text(letters, lines).as_mut_ptr() as usize)
}

/// Returns where a query goes.
#[wasm_bindgen]
pub fn query() -> usize {
    INDEX.with_borrow_mut(|index| index.query().as_mut_ptr() as usize)
}

/// Searches, and returns how many lines were found.
#[wasm_bindgen]
pub fn search(query: usize) -> usize {
    INDEX.with_borrow_mut(|index| index.search(query))
}

/// Returns where the numbers of those lines are.
#[wasm_bindgen]
pub fn found() -> usize {
    INDEX.with_borrow_mut(|index| index.found().as_ptr() as usize)
}
