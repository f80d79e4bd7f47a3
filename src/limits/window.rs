//! The rolling window: at most so many calls of one token in any two seconds.
//!
//! A call occupies its slot while it is in flight and for two seconds after its response. The server counted it no later
//! than its response, so that whatever the network does, the next call in this slot is counted two seconds later or more.

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
}

/// The name of a slot, and since when it is occupied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slot {
    pub(super) number: u32,
    pub(crate) since: f64,
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
        let Some(limit) = self.limit else { return NextSlot::Now };
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
        self.in_flight.push(InFlight { slot, occupied, ends_by: now + longest_ms + LATE_ARRIVAL_MS });
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
        // Without the standard library's `drain`, whose panics would bring its formatting along.
        while self.cooling.first().is_some_and(|at| *at <= now) {
            self.cooling.remove(0);
        }
        if self.others_until <= now {
            self.others = 0;
        }
        // A call whose end was never reported, as where its worker was stopped, does not keep its slot for ever.
        while let Some(index) = self.in_flight.iter().position(|call| call.ends_by <= now) {
            let call = self.in_flight.swap_remove(index);
            self.cool(call.ends_by + WINDOW_MS + ROUNDING_MS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: f64 = 30_000.0;

    fn known(limit: u32) -> RollingWindow {
        RollingWindow { limit: usize::try_from(limit).ok(), has_response: true, ..RollingWindow::default() }
    }

    #[test]
    fn ten_calls_go_before_anything_is_known() {
        let mut window = RollingWindow::default();
        let mut slots = Vec::new();
        for _ in 0..10 {
            assert_eq!(window.next_slot(None, 0.0), NextSlot::Now);
            slots.push(window.send(MAX, 0.0));
        }
        assert_eq!(window.next_slot(None, 0.0), NextSlot::AfterResponse);
        window.observe(slots[0], 20.0.into(), 19.0.into(), Optional::UNKNOWN, 10.0);
        window.release(slots[0], true, 10.0);
        assert_eq!(window.next_slot(None, 10.0), NextSlot::Now);
    }

    #[test]
    fn a_slot_is_free_two_seconds_after_its_response() {
        let mut window = known(1);
        let slot = window.send(MAX, 0.0);
        assert_eq!(window.next_slot(None, 5_000.0), NextSlot::AfterResponse);
        window.release(slot, true, 5_000.0);
        assert_eq!(window.next_slot(None, 5_000.0), NextSlot::At(7_001.0));
        assert_eq!(window.next_slot(None, 7_000.9), NextSlot::At(7_001.0));
        assert_eq!(window.next_slot(None, 7_001.0), NextSlot::Now);
    }

    #[test]
    fn a_call_without_a_response_occupies_its_slot_longer() {
        let mut window = known(1);
        let slot = window.send(MAX, 0.0);
        window.release(slot, false, 100.0);
        assert_eq!(window.next_slot(None, 100.0), NextSlot::At(4_101.0));
        let slot = window.send(MAX, 4_101.0);
        window.cancel(slot);
        assert_eq!(window.next_slot(None, 4_101.0), NextSlot::Now, "it was not sent");
    }

    #[test]
    fn a_call_whose_end_nobody_reports_ends_all_the_same() {
        let mut window = known(1);
        window.send(1_000.0, 0.0);
        assert_eq!(window.next_slot(None, 2_999.0), NextSlot::AfterResponse);
        assert_eq!(window.next_slot(None, 3_000.0), NextSlot::At(5_001.0));
        assert_eq!(window.next_slot(None, 5_001.0), NextSlot::Now);
    }

    #[test]
    fn concurrency_is_limited_where_it_is_asked_for() {
        let mut window = known(20);
        window.send(MAX, 0.0);
        assert_eq!(window.next_slot(Some(1), 0.0), NextSlot::AfterResponse);
        assert_eq!(window.next_slot(Some(2), 0.0), NextSlot::Now);
    }

    #[test]
    fn the_time_of_the_next_slot_is_known_in_a_full_window() {
        let mut window = known(3);
        for sent_at in [0.0, 100.0, 200.0] {
            let slot = window.send(MAX, sent_at);
            window.release(slot, true, sent_at + 50.0);
        }
        assert_eq!(window.next_slot(None, 300.0), NextSlot::At(2_051.0));
        window.limit = Some(2);
        assert_eq!(window.next_slot(None, 300.0), NextSlot::At(2_151.0), "a lower limit has to wait for two");
    }

    #[test]
    fn other_programs_with_the_token_are_left_room_for() {
        let mut window = known(10);
        let slot = window.send(MAX, 0.0);
        window.observe(slot, Optional::UNKNOWN, 2.0.into(), 2_000.0.into(), 20.0);
        window.release(slot, true, 20.0);
        for _ in 0..2 {
            assert_eq!(window.next_slot(None, 30.0), NextSlot::Now);
            window.send(MAX, 30.0);
        }
        assert_eq!(window.next_slot(None, 30.0), NextSlot::At(2_021.0));
    }

    #[test]
    fn others_keep_their_slots_until_the_latest_end_and_for_no_longer_than_a_window() {
        let mut window = known(2);
        let slots = [window.send(MAX, 0.0), window.send(MAX, 0.0)];
        window.observe(slots[0], 10.0.into(), 0.0.into(), 86_400_000.0.into(), 0.0);
        // A response that was overtaken reports an earlier end.
        window.observe(slots[1], Optional::UNKNOWN, 0.0.into(), 1_000.0.into(), 10.0);
        window.cancel(slots[0]);
        window.cancel(slots[1]);
        window.limit = Some(8);
        assert_eq!(window.next_slot(None, 1_500.0), NextSlot::At(2_001.0));
        assert_eq!(window.next_slot(None, 2_001.0), NextSlot::Now);
    }

    #[test]
    fn our_own_calls_are_not_taken_for_others() {
        let mut window = known(4);
        let slots: Vec<_> = (0..4).map(|_| window.send(MAX, 0.0)).collect();
        // The server counted all four before the first response was sent.
        for slot in &slots {
            window.observe(*slot, Optional::UNKNOWN, 0.0.into(), 2_000.0.into(), 400.0);
            window.release(*slot, true, 400.0);
        }
        assert_eq!(window.others, 0);
        // This response left the server while slots were occupied that have become free on its way.
        let mut window = RollingWindow { cooling: vec![100.0, 100.0, 100.0], ..known(4) };
        let slot = window.send(MAX, 50.0);
        window.observe(slot, Optional::UNKNOWN, 0.0.into(), Optional::UNKNOWN, 200.0);
        assert_eq!(window.others, 0);
    }

    #[test]
    fn a_pause_holds_everything_and_no_longer_than_a_minute() {
        let mut window = known(10);
        window.pause(5_000.0, 0.0);
        window.pause(4_000.0, 0.0);
        assert_eq!(window.next_slot(None, 1.0), NextSlot::At(5_000.0));
        assert_eq!(window.next_slot(None, 5_000.0), NextSlot::Now);
        window.pause(1e12, 5_000.0);
        assert_eq!(window.next_slot(None, 5_000.0), NextSlot::At(65_000.0));
    }

    #[test]
    fn a_server_that_tells_no_limit_gets_any_number_of_calls_one_after_the_other() {
        let mut window = RollingWindow::default();
        for _ in 0..50 {
            assert_eq!(window.next_slot(None, 0.0), NextSlot::Now);
            let slot = window.send(MAX, 0.0);
            window.release(slot, true, 0.0);
        }
    }

    #[test]
    fn a_limit_of_none_is_not_believed() {
        let mut window = RollingWindow::default();
        let slot = window.send(MAX, 0.0);
        window.observe(slot, 0.0.into(), Optional::UNKNOWN, Optional::UNKNOWN, 1.0);
        assert_eq!(window.next_slot(None, 1.0), NextSlot::Now);
    }
}
