//! The rolling window: at most so many calls of one token in any two seconds.
//!
//! A call occupies its slot while it is in flight and for two seconds after its response. The server counted it no later
//! than its response, so that whatever the network does, the next call in this slot is counted two seconds later or more.

use super::slots::Slot;
use super::{DEFAULT_RESET_MS, LONGEST_WAIT_MS, Optional, WINDOW_MS};

/// Responses are timed by a clock that rounds.
const ROUNDING_MS: f64 = 1.0;

/// How many calls are in flight at once before the first response has reported the limit. Pipedrive's lowest limit is 20, and
/// 10 for searches.
const FIRST_CALLS: usize = 10;

/// How many slots of ended calls are remembered at least: more than any limit has.
const MOST_REMEMBERED: usize = 1_000;

/// A call that got no response may still be on its way to the server.
pub(super) const LATE_ARRIVAL_MS: f64 = 2_000.0;

/// What is known of the window. Nothing is known before the first response.
#[derive(Debug, Default)]
pub(crate) struct RollingWindow {
    limit: Option<usize>,
    /// Whether any response has come.
    has_response: bool,
    in_flight: Vec<InFlight>,
    /// When the slots of calls that ended are free again, in ascending order.
    cooling: Vec<f64>,
    /// How many slots other programs with the same token occupy.
    others: usize,
    /// Until when.
    others_until: f64,
    /// Nothing is sent before then: a 429 asked for it.
    paused_until: f64,
    next_slot: u32,
}

/// A call in flight.
#[derive(Debug)]
struct InFlight {
    slot: Slot,
    /// How many slots were occupied when it was sent, its own included.
    occupied: usize,
    /// It has surely ended by then, even if nobody said so.
    ends_by: f64,
    /// Since when that time is known to have passed; infinite before.
    overdue_since: f64,
}

/// When the next call may be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum NextSlot {
    /// Now.
    Now,
    /// Then.
    At(f64),
    /// When a call in flight has ended.
    AfterResponse,
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It saturates.
fn to_count(number: f64) -> usize {
    number as usize
}

impl RollingWindow {
    /// When the next call may be sent. `max_concurrency` limits the calls in flight.
    pub(crate) fn next_slot(&mut self, max_concurrency: Option<usize>, now: f64) -> NextSlot {
        self.expire(now);
        if now < self.paused_until {
            return NextSlot::At(self.paused_until);
        }
        let in_flight = self.in_flight.len();
        // Some servers tell no limit: they get so many calls at once, however fast they respond.
        let most = max_concurrency.or(self.limit).unwrap_or(FIRST_CALLS);
        let most = if self.has_response { most } else { most.min(FIRST_CALLS) };
        if in_flight >= most {
            return NextSlot::AfterResponse;
        }
        // The lowest limit that there is, until a response has come that reports it or reports none.
        let Some(limit) = self.limit.or((!self.has_response).then_some(FIRST_CALLS)) else {
            return NextSlot::Now;
        };
        let (others, until) = (self.others, self.others_until);
        let occupied = in_flight + self.cooling.len() + others;
        if occupied < limit {
            return NextSlot::Now;
        }
        // So many have to become free: of those with a known time, the one that leaves a free slot behind.
        let surplus = occupied - limit;
        // The slots of others become free all at once, between those of ours.
        let before = self.cooling.partition_point(|at| *at <= until);
        let next = if surplus < before {
            self.cooling.get(surplus).copied()
        } else if surplus < before + others {
            Some(until)
        } else {
            self.cooling.get(surplus - others).copied()
        };
        next.map_or(NextSlot::AfterResponse, NextSlot::At)
    }

    /// A call is sent. It ends within `longest_ms`.
    pub(crate) fn send(&mut self, longest_ms: f64, now: f64) -> Slot {
        let slot = Slot { number: self.next_slot, since: now };
        self.next_slot = self.next_slot.wrapping_add(1);
        let occupied = self.in_flight.len() + self.cooling.len() + 1;
        self.in_flight.push(InFlight {
            slot,
            occupied,
            ends_by: now + longest_ms + LATE_ARRIVAL_MS,
            overdue_since: f64::INFINITY,
        });
        slot
    }

    /// A call has ended: with a response, or without one that would tell when the server counted it.
    pub(crate) fn release(&mut self, slot: Slot, has_response: bool, now: f64) {
        let Some(index) = self.in_flight.iter().position(|call| call.slot == slot) else { return };
        self.in_flight.swap_remove(index);
        self.has_response |= has_response;
        self.cool(now + WINDOW_MS + ROUNDING_MS + if has_response { 0.0 } else { LATE_ARRIVAL_MS });
    }

    /// A call was not sent after all.
    pub(crate) fn cancel(&mut self, slot: Slot) {
        self.in_flight.retain(|call| call.slot != slot);
    }

    /// A response to the call in a slot, still in flight, reported the state of the window. It can only make it stricter.
    pub(crate) fn observe(
        &mut self,
        slot: Slot,
        limit: Optional,
        remaining: Optional,
        reset_in_ms: Optional,
        now: f64,
    ) {
        self.expire(now);
        // A limit of none would let nothing through that could tell another.
        if limit.is_more_than(0.0) {
            self.limit = Some(to_count(limit.or_nan()));
        }
        let Some((limit, remaining)) = self.limit.zip(remaining.get()) else { return };
        let Some(call) = self.in_flight.iter().find(|call| call.slot == slot) else { return };
        // Slots of ours that have been free since before this call was sent: the server counts nothing of ours in them.
        let sent_since = self.next_slot.wrapping_sub(slot.number) - 1;
        let used = call.occupied.saturating_add(usize::try_from(sent_since).unwrap_or(usize::MAX));
        let free = limit.saturating_sub(used);
        let taken = free.saturating_sub(to_count(remaining));
        // The window forgets a call two seconds after it was counted.
        let until = now + reset_in_ms.unwrap_or(DEFAULT_RESET_MS).min(WINDOW_MS) + ROUNDING_MS;
        if taken > 0 {
            self.others = self.others.max(taken);
            self.others_until = self.others_until.max(until);
        }
    }

    /// A 429 came: nothing is sent for so long.
    pub(crate) fn pause(&mut self, wait_ms: f64, now: f64) {
        self.paused_until = self.paused_until.max(now + wait_ms.min(LONGEST_WAIT_MS));
    }

    fn cool(&mut self, free_at: f64) {
        let index = self.cooling.partition_point(|at| *at <= free_at);
        self.cooling.insert(index, free_at);
        // The newest tell when the next slot is free, however many there are. A limit that is lower for a moment forgets none.
        while self.cooling.len() > self.limit.unwrap_or(0).max(MOST_REMEMBERED) {
            self.cooling.remove(0);
        }
    }

    fn expire(&mut self, now: f64) {
        // A call whose end was never reported, as where its worker was stopped, does not keep its slot for ever. The report
        // may be about to come, as where a hook has kept the thread busy.
        for call in self.in_flight.iter_mut().filter(|call| call.ends_by <= now) {
            call.overdue_since = call.overdue_since.min(now);
        }
        let is_lost = |call: &InFlight| call.overdue_since + LATE_ARRIVAL_MS <= now;
        while let Some(index) = self.in_flight.iter().position(is_lost) {
            let call = self.in_flight.swap_remove(index);
            self.cool(call.ends_by + WINDOW_MS + ROUNDING_MS);
        }
        // Without the standard library's `drain`, whose panics would bring its formatting along.
        while self.cooling.first().is_some_and(|at| *at <= now) {
            self.cooling.remove(0);
        }
        if self.others_until <= now {
            self.others = 0;
        }
    }
}

#[cfg(test)]
mod tests;
