//! Where calls get their slots from: each call that is sent occupies one.

use std::fmt;

use super::headers::RateLimitHeaders;
use super::queue::Ticket;
use crate::error::ErrorInfo;
use crate::platform::sync::SendOutsideWasm;

/// The name of a slot, and since when it is occupied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slot {
    pub(super) number: u32,
    pub(crate) since: f64,
}

/// What becomes of a call that asks for a slot.
#[cfg_attr(
    not(any(test, feature = "npm-server")),
    expect(dead_code, reason = "a window of the client's own covers every call, and has no store")
)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// It has this one.
    Send(Slot),
    /// It waits for its turn, or for a call in flight.
    Turn,
    /// It waits for so many milliseconds.
    Wait(f64),
    /// The daily budget does not cover it, for so many milliseconds.
    Spent(f64),
    /// The store of shared limits has been away for as long as an attempt may take: the template of the message names it.
    StoreAway(&'static str),
}

/// Where the calls of a client get their slots from: a window of its own, or limits that it shares with others. Slots are in
/// the order of tickets.
pub(crate) trait SlotSource: SendOutsideWasm {
    /// A position in the queue.
    fn ticket(&mut self) -> Ticket;

    /// Whether a call may be sent; if not, it waits from now on. `longest_ms` is how long an attempt may take.
    fn admit(&mut self, ticket: Ticket, cost: u32, longest_ms: f64, now: f64) -> Verdict;

    /// The first call that waits, where it looks again whenever something has changed.
    fn first(&self) -> Option<Ticket>;

    /// A call leaves the queue.
    fn leave(&mut self, ticket: Ticket);

    /// An admitted call is sent now. Gives its slot from now on, if it is still good for that.
    fn sending(&mut self, slot: Slot, longest_ms: f64, now: f64) -> Option<Slot>;

    /// An admitted call was not sent after all.
    fn cancel(&mut self, slot: Slot, cost: u32);

    /// A call in flight has ended: with a response, or without one that would tell when the server counted it.
    fn release(&mut self, slot: Slot, response: Option<&RateLimitHeaders>, now: f64);

    /// A 429 came: nothing is sent for so long.
    fn pause(&mut self, wait_ms: f64, now: f64);

    /// A call has failed; it is free if the server certainly charged nothing.
    fn on_failure(&mut self, _failure: &ErrorInfo, _cost: u32, _is_free: bool, _now: f64) {}
}

/// Without what is in it: code and tables that write floats and texts would stay in a module for it, used by nothing.
impl fmt::Debug for dyn SlotSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlotSource")
    }
}

/// How many calls of a client may be in flight at once.
pub(super) fn most_in_flight(max_concurrency: Option<u32>) -> Option<usize> {
    max_concurrency.map(|max| usize::try_from(max).unwrap_or(usize::MAX).max(1))
}
