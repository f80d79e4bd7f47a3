//! The calls of one process that wait for a slot.

use super::grace;
use crate::limits::queue::{Queue, Ticket};

/// A call that waits asks again every few seconds; where it does not, it was stopped without a word.
const STOPPED_AFTER_MS: f64 = 10_000.0;

/// A call that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) ticket: Ticket,
    pub(super) cost: u32,
    pub(super) since: f64,
    /// When it last asked.
    asked: f64,
    pub(super) timeout_ms: f64,
}

/// The calls that wait, in the order of their tickets.
#[derive(Debug, Default)]
pub(super) struct WaitingCalls {
    tickets: Queue,
    calls: Vec<Waiting>,
}

impl WaitingCalls {
    pub(super) fn ticket(&mut self) -> Ticket {
        self.tickets.ticket()
    }

    /// Gives the position of a call that asks. From now on it waits; says whether it did not before.
    pub(super) fn ask(&mut self, ticket: Ticket, cost: u32, timeout_ms: f64, now: f64) -> (usize, bool) {
        match self.calls.binary_search_by_key(&ticket, |call| call.ticket) {
            Ok(index) => {
                if let Some(call) = self.calls.get_mut(index) {
                    call.asked = now;
                }
                (index, false)
            }
            Err(index) => {
                self.calls.insert(index, Waiting { ticket, cost, since: now, asked: now, timeout_ms });
                (index, true)
            }
        }
    }

    /// A call leaves. Says whether it waited.
    pub(super) fn leave(&mut self, ticket: Ticket) -> bool {
        let count = self.calls.len();
        self.calls.retain(|call| call.ticket != ticket);
        self.calls.len() < count
    }

    /// Calls that were stopped hold up the others no longer.
    pub(super) fn tidy(&mut self, now: f64) {
        self.calls.retain(|call| now < call.asked + STOPPED_AFTER_MS);
    }

    /// Each call, and what those before it cost.
    pub(super) fn with_costs_before(&self) -> impl Iterator<Item = (&Waiting, u32)> {
        self.calls.iter().scan(0_u32, |before, call| {
            let costs = *before;
            *before = costs.saturating_add(call.cost);
            Some((call, costs))
        })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Waiting> {
        self.calls.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Whether a slot with this grace is too short for one of them.
    pub(super) fn need_more_than(&self, grace_ms: f64) -> bool {
        self.calls.iter().any(|call| grace_ms < grace(call.timeout_ms))
    }
}
