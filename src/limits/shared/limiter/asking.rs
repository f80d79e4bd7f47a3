//! What a process asks of the store, and what it learns from the reply.

use super::{SharedLimiter, to_count};
use crate::limits::shared::held::{Held, RETURN_MS};
use crate::limits::shared::messages::{Grant, Reservation};
use crate::limits::shared::trips::{News, Trip};
use crate::limits::shared::{COOLING_MS, DRIFT_MS, LEASE_MS};

/// How long the next call for more slots waits where the store did not grant all.
const ASK_AGAIN_MS: f64 = 1_000.0;

/// Few slots are left in the store where it has less than this part of the limit.
const FEW: u32 = 3;

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
        self.slots.on_reported(&trip.reports, trip.grace_ms, trip.at);
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
        let is_alone = to_count(self.limit().saturating_sub(grant.free)) <= self.slots.counted(now);
        self.are_few_left = grant.free < self.limit() / FEW && !is_alone;
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
        let mut due = self.slots.report_due(self.is_contended());
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
