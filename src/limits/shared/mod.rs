//! Limits shared by many processes, for servers. The window of a token consists of slots, each with a name, and a store
//! knows which process holds which until when. A process leases slots for the calls that wait in it, uses each of them
//! again two seconds after its last response, and returns them by name.
//!
//! Everything is a state machine without I/O: [`SharedLimiter`] decides for the clients of one process, [`reserve`] for the
//! store. What a process reports to the store is true however late it arrives, and changes nothing if it arrives twice: times
//! are durations until a slot is free, which a delay can only make longer, and returned slots are named.
//!
//! A slot is never used again earlier than two seconds after its last response came, or after the store was informed that it
//! is free. So no clock of another process has to be trusted, and no round trip has to be known.

mod day;
mod held;
mod limiter;
mod messages;
#[cfg(test)]
mod simulation;
mod slots;
mod store;
mod trips;
mod waiting;

pub(crate) use limiter::SharedLimiter;
pub(crate) use messages::Grant;
#[cfg(target_arch = "wasm32")]
pub(crate) use messages::Reservation;
#[cfg(target_arch = "wasm32")]
pub(crate) use store::{CompanyLimits, TokenLimits, reserve};

use super::{LATE_ARRIVAL_MS, WINDOW_MS};

/// How long after its response a slot is free again: the window, and what clocks round and drift meanwhile.
const COOLING_MS: f64 = WINDOW_MS + 2.0;

/// How long a process may use a slot that it holds without hearing from the store.
const LEASE_MS: f64 = 4_000.0;

/// The limit before a response has reported it: Pipedrive's lowest, that of searches.
const FIRST_LIMIT: u32 = 10;

/// The items, the one with the least number in front. The standard library's sort would be a tenth of the module, and these
/// lists are as short as a limit.
fn sorted_by<T>(items: impl Iterator<Item = T>, number: impl Fn(&T) -> f64) -> Vec<T> {
    let mut sorted = Vec::new();
    for item in items {
        let index = sorted.partition_point(|other| number(other) <= number(&item));
        sorted.insert(index, item);
    }
    sorted
}

/// What clocks may drift apart while a slot is held.
const DRIFT_MS: f64 = 100.0;

/// How long a call may be on its way to the server in all.
fn grace(timeout_ms: f64) -> f64 {
    timeout_ms + LATE_ARRIVAL_MS
}
