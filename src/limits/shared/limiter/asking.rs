//! What a process asks of the store, and what it learns from the reply.

use super::{SharedLimiter, to_count};
use crate::limits::shared::held::{Held, RETURN_MS};
use crate::limits::shared::messages::{Grant, Reservation};
use crate::limits::shared::trips::{News, Trip};
use crate::limits::shared::{COOLING_MS, DRIFT_MS, LEASE_MS};

/// How long the next call for more slots waits where the store did not grant all.
const ASK_AGAIN_MS: f64 = 1_000.0;

/// Few slots are left in the store where the square of their number is less than so many times the limit: calls that arrive
/// at random come in crowds that grow as the square root of their number.
const FEW: u32 = 9;

/// How often leases are renewed by a process that holds many slots; others do it half as often.
const RENEW_MS: f64 = 1_000.0;

impl SharedLimiter {
    /// The number of the trip under way.
    pub(crate) fn trip(&self) -> Option<u32> {
        self.trips.number()
    }

    /// The next trip, if it is due.
    pub(crate) fn poll(&mut self, now: f64) -> Option<Reservation> {
        self.tidy(now);
        if self.trip().is_some() || self.trip_due(now) > now {
            return None;
        }
        let (wanted, first, grace_ms, news) = (self.wanted(now), self.names, self.grace_ms, self.news);
        let hold_ms = LEASE_MS + grace_ms + COOLING_MS + DRIFT_MS;
        let reports = self.slots.report(hold_ms, now);
        let (needed_units, wanted_units) = self.wanted_units();
        let returned_units = if self.calls.is_empty() { self.day.give_all() } else { 0 };
        self.names = self.names.wrapping_add(wanted);
        let slots = reports.clone();
        self.trips.begin(Trip { number: 0, at: now, wanted, first, grace_ms, reports, needed_units, news });
        let left = |until: f64| if until > 0.0 { (until - now).max(0.0) } else { 0.0 };
        Some(Reservation {
            owner: self.owner,
            limit: self.known_limit,
            new_limit: news.limit,
            wanted,
            first,
            hold_ms,
            held: to_u32(self.slots.len()),
            needed_units,
            wanted_units,
            returned_units,
            budget: self.day.budget(),
            day: self.day.day(),
            paused_ms: left(news.paused_until),
            spent_ms: left(news.spent_until),
            slots,
        })
    }

    /// When to poll again, and to look at the calls that wait.
    pub(crate) fn due(&self, now: f64) -> f64 {
        let mut due = self.trip_due(now).min(self.slots.due(&self.demand(), now));
        let mut at = |time: f64| due = due.min(time);
        if !self.calls.is_empty() {
            if self.paused_until > now {
                at(self.paused_until);
            }
            self.day.due().into_iter().for_each(&mut at);
            if let Some(since) = self.trips.away_since {
                let ends = self.calls.iter().map(|call| since.max(call.since) + call.timeout_ms);
                ends.filter(|end| *end > now).for_each(at);
            }
        }
        due
    }

    /// The store has replied to the trip of this number.
    pub(crate) fn on_reply(&mut self, number: u32, grant: &Grant, now: f64) {
        let Some(trip) = self.trips.replied(number) else { return };
        self.slots.on_reported(&trip.reports, trip.grace_ms, trip.at, now);
        // The wait counts from the reply and the lease from the trip: the safe sides.
        for (index, wait) in (0..trip.wanted).zip(&grant.slots) {
            self.slots.add(Held {
                name: trip.first.wrapping_add(index),
                from: now + wait,
                until: trip.at + wait + LEASE_MS,
                grace_ms: trip.grace_ms,
                busy: None,
                is_used: false,
            });
        }
        // While the store is cold, no process gains anything by slots that are returned.
        self.others = if grant.cold_ms > 0.0 { 0 } else { grant.waiting };
        self.is_scarce = grant.free == 0;
        let is_alone = to_count(self.limit().saturating_sub(grant.free)) <= self.slots.counted();
        self.are_few_left = !is_alone && grant.free.saturating_pow(2) < FEW.saturating_mul(self.limit());
        let is_all = grant.slots.len() >= to_count(trip.wanted);
        self.next_ask = if is_all { now } else { now + self.trips.jitter(ASK_AGAIN_MS) };
        self.news = self.news.without(trip.news);
        if self.news.limit == 0 && grant.limit > 0 {
            self.known_limit = grant.limit;
        }
        if grant.paused_ms > 0.0 {
            self.paused_until = self.paused_until.max(now + grant.paused_ms);
        }
        if grant.spent_ms > 0.0 {
            self.spent_until = self.spent_until.max(now + grant.spent_ms);
        }
        self.day.on_reply(grant, trip.needed_units, trip.at, now);
    }

    /// The trip of this number has failed.
    pub(crate) fn on_failure(&mut self, number: u32, now: f64) {
        let Some(trip) = self.trips.failed(number, now) else { return };
        self.slots.on_lost((0..trip.wanted).map(|index| trip.first.wrapping_add(index)), now);
    }

    /// How many slots more the calls that wait need.
    fn wanted(&self, now: f64) -> u32 {
        // Where the store has none left, one that may be used soon is as good as it gets.
        let is_near = |slot: &&Held| slot.busy.is_none() && (self.is_scarce || slot.from <= now + 5.0);
        let ready = self.slots.iter().filter(is_near).count();
        let most = to_count(self.limit()).saturating_sub(self.slots.len());
        to_u32(self.calls.len().saturating_sub(ready).min(most))
    }

    /// Cost units that the first call that waits lacks, and all that can be sent soon.
    fn wanted_units(&self) -> (u32, u32) {
        self.day.wanted(self.calls.iter().take(to_count(self.limit())).map(|call| call.cost))
    }

    /// When the next trip begins, or has failed.
    fn trip_due(&self, now: f64) -> f64 {
        let mut due = self.slots.report_due(self.others() > 0);
        let mut at = |time: f64| due = due.min(time);
        let share = (self.limit() / self.others.saturating_add(1)).max(1);
        let lacks_slots = self.wanted(now) > 0 && (self.others == 0 || to_u32(self.slots.len()) < share);
        if lacks_slots || self.wanted_units().0 > 0 {
            at(self.next_ask);
        }
        if self.calls.is_empty() && self.day.has_units() {
            at(self.trips.last_at + RETURN_MS);
        }
        if self.slots.len() > 0 {
            let is_big = to_u32(self.slots.len()) > self.limit() / 8;
            at(self.trips.last_at + if is_big { RENEW_MS } else { 2.0 * RENEW_MS });
        }
        if self.news != News::default()
            || self.slots.iter().any(|slot| self.calls.need_more_than(slot.grace_ms))
        {
            at(now);
        }
        self.trips.due(due)
    }
}

fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "exact results are expected")]

    use super::*;
    use crate::limits::slots::Verdict;

    /// A process whose only call has ended at 80 ms; it holds the slot of that call.
    fn after_a_call() -> SharedLimiter {
        let mut limiter = SharedLimiter::new(1.0, None, "away");
        let ticket = limiter.ticket();
        assert_eq!(limiter.admit(ticket, 2, 1_000.0, 0.0), Verdict::Turn);
        assert_eq!(limiter.poll(0.0).map(|request| request.wanted), Some(1));
        limiter.on_reply(1, &Grant { free: 9, slots: vec![0.0], ..Grant::default() }, 0.0);
        let Verdict::Send(slot) = limiter.admit(ticket, 2, 1_000.0, 0.0) else {
            panic!("a slot was granted")
        };
        limiter.release(slot.number, true, 80.0);
        limiter
    }

    #[test]
    fn a_slot_is_kept_for_the_next_call_and_returned_at_once_where_no_client_is_left() {
        let mut limiter = after_a_call();
        assert_eq!(limiter.poll(500.0), None);
        limiter.set_clients(0);
        let request = limiter.poll(500.0).expect("a trip");
        let [slot] = request.slots[..] else { panic!("{:?}", request.slots) };
        assert_eq!((slot.is_held, slot.free_in_ms), (false, 80.0 + COOLING_MS - 500.0));
        limiter.on_reply(2, &Grant { free: 9, ..Grant::default() }, 501.0);
        assert_eq!(limiter.due(501.0), f64::INFINITY);
    }

    /// While it counts the slot that it returned, no other process has any.
    #[test]
    fn a_returned_slot_is_counted_once_until_it_is_free() {
        let mut limiter = after_a_call();
        limiter.set_clients(0);
        assert!(limiter.poll(500.0).is_some());
        limiter.on_failure(2, 600.0);
        assert_eq!(limiter.slots.counted(), 1, "it is held again");
        assert!(limiter.poll(900.0).is_some());
        assert_eq!(limiter.slots.counted(), 1);
        limiter.on_reply(3, &Grant { free: 9, ..Grant::default() }, 901.0);
        assert_eq!(limiter.slots.counted(), 1);
        limiter.tidy(80.0 + COOLING_MS);
        assert_eq!(limiter.slots.counted(), 1, "the store has learned of it later");
        limiter.tidy(90.0 + COOLING_MS);
        assert_eq!(limiter.slots.counted(), 0);
    }
}
