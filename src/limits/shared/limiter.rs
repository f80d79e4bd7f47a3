//! What one process knows of a shared limit: the calls that wait in it, the slots that it holds, and the next trip to the
//! store. One trip is under way at a time.

use super::messages::{Grant, Reservation, SlotReport};
use super::{COOLING_MS, FIRST_LIMIT, LATE_ARRIVAL_MS, LEASE_MS, sorted_by};
use crate::limits::queue::{Queue, Ticket};

/// A trip that takes longer has failed.
const TRIP_TIMEOUT_MS: f64 = 2_000.0;

/// How early a lease ends, since clocks round.
const MARGIN_MS: f64 = 2.0;

/// How long a slot that no call waits for is kept for the next one.
const KEEP_MS: f64 = 1_000.0;

/// How long the next call for more slots waits where the store did not grant all.
const ASK_AGAIN_MS: f64 = 1_000.0;

/// How long returned slots wait for a trip, while other processes want them and otherwise.
const RETURN_SOON_MS: f64 = 300.0;
const RETURN_MS: f64 = 1_500.0;

/// How often leases are renewed by a process that holds many slots; others do it half as often.
const RENEW_MS: f64 = 1_000.0;

const SHORTEST_BACKOFF_MS: f64 = 100.0;
const LONGEST_BACKOFF_MS: f64 = 1_000.0;

/// How long a budget that does not cover a call is believed to stay so: others may return what they do not spend.
const DENIED_MS: f64 = 1_000.0;

/// A call that waits asks again every few seconds; where it does not, it was stopped without a word.
const STOPPED_AFTER_MS: f64 = 10_000.0;

/// What clocks may drift apart while a slot is held.
const DRIFT_MS: f64 = 100.0;

/// What becomes of a call that asks to be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// It is sent in the slot of this name, and its cost is spent.
    Send(u32),
    /// It waits until it is woken.
    Turn,
    /// It waits for so many milliseconds.
    Wait(f64),
    /// Pipedrive wants no calls for so many milliseconds.
    Paused(f64),
    /// The day does not cover it, for so many milliseconds.
    Spent(f64),
    /// The store has been away for as long as an attempt may take.
    StoreAway(&'static str),
}

/// A call that waits.
#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    cost: u32,
    since: f64,
    /// When it last asked.
    asked: f64,
    timeout_ms: f64,
}

/// A slot that this process holds.
#[derive(Clone, Debug)]
struct Held {
    name: u32,
    /// When it may be used next.
    from: f64,
    /// When it may no longer be used.
    until: f64,
    /// How long a call in it may take in all: the store waits for so long before it grants the slot again.
    grace_ms: f64,
    /// While a call uses it: when that call has surely ended.
    busy: Option<f64>,
    is_used: bool,
}

/// A slot that has to be reported to the store.
#[derive(Debug)]
struct Returned {
    name: u32,
    /// When it is free; unknown where a lost trip may have granted it.
    from: Option<f64>,
    since: f64,
    /// The slot, until a trip has reported it.
    unreported: Option<Held>,
}

/// The trip under way.
#[derive(Debug)]
struct Trip {
    number: u32,
    at: f64,
    wanted: u32,
    first: u32,
    grace_ms: f64,
    held: Vec<u32>,
    returned: Vec<u32>,
    needed_units: u32,
    news: News,
}

/// What all processes have to know.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct News {
    limit: u32,
    paused_until: f64,
    spent_until: f64,
}

/// The shared limit in one process.
#[derive(Debug)]
pub(crate) struct SharedLimiter {
    owner: u64,
    budget: Option<u32>,
    store_away: &'static str,
    tickets: Queue,
    /// In the order of their tickets.
    queue: Vec<Waiting>,
    slots: Vec<Held>,
    returned: Vec<Returned>,
    trip: Option<Trip>,
    trips: u32,
    names: u32,
    /// The limit, or 0 before anything is known of it.
    known_limit: u32,
    /// The longest time that calls have taken in all.
    grace_ms: f64,
    /// How many other processes wait for slots.
    others: u32,
    /// Whether the store had no slot left.
    is_scarce: bool,
    next_ask: f64,
    next_trip: f64,
    last_trip: f64,
    fails: u32,
    /// Since when the store does not respond.
    away_since: Option<f64>,
    paused_until: f64,
    spent_until: f64,
    news: News,
    /// Cost units that are leased and not spent.
    units: u32,
    day: u32,
    day_ends: f64,
    /// The store had less than this many cost units, and how long that is believed.
    denied: Option<(u32, f64)>,
    random: u32,
    is_changed: bool,
    /// [`COOLING_MS`], which a test shortens to see that it would be noticed.
    cooling_ms: f64,
}

impl SharedLimiter {
    /// `owner` is a random integer below 2^53.
    /// `store_away` is the template of the message where the store does not respond: it names the store.
    pub(crate) fn new(owner: u64, budget: Option<u32>, store_away: &'static str) -> Self {
        Self {
            owner,
            budget,
            store_away,
            tickets: Queue::default(),
            queue: Vec::new(),
            slots: Vec::new(),
            returned: Vec::new(),
            trip: None,
            trips: 0,
            names: 0,
            known_limit: 0,
            grace_ms: 0.0,
            others: 0,
            is_scarce: false,
            next_ask: f64::MIN,
            next_trip: f64::MIN,
            last_trip: f64::MIN,
            fails: 0,
            away_since: None,
            paused_until: f64::MIN,
            spent_until: f64::MIN,
            news: News::default(),
            units: 0,
            day: 0,
            day_ends: f64::MIN,
            denied: None,
            #[allow(clippy::cast_possible_truncation)] // The low bits are as random as the others.
            random: owner as u32,
            is_changed: false,
            cooling_ms: COOLING_MS,
        }
    }

    pub(crate) fn ticket(&mut self) -> Ticket {
        self.tickets.ticket()
    }

    /// Whether something has changed since this was last asked, so that a trip may be due.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.is_changed)
    }

    /// Whether a call may be sent; if not, it waits from now on.
    pub(crate) fn admit(&mut self, ticket: Ticket, cost: u32, timeout_ms: f64, now: f64) -> Verdict {
        self.tidy(now);
        let index = match self.queue.binary_search_by_key(&ticket, |call| call.ticket) {
            Ok(index) => index,
            Err(index) => {
                let call = Waiting { ticket, cost, since: now, asked: now, timeout_ms };
                self.queue.insert(index, call);
                self.grace_ms = self.grace_ms.max(grace(timeout_ms));
                self.is_changed = true;
                index
            }
        };
        if let Some(call) = self.queue.get_mut(index) {
            call.asked = now;
        }
        let idle = self.idle();
        let before = self.queue.iter().take(index).fold(0_u32, |sum, call| sum.saturating_add(call.cost));
        let Some(call) = self.queue.get(index) else { return Verdict::Turn };
        let verdict = self.judge(call, idle.get(index), before, now);
        if let Verdict::Send(name) = verdict {
            self.queue.remove(index);
            if self.budget.is_some() {
                self.units = self.units.saturating_sub(cost);
            }
            if let Some(slot) = self.slot(name) {
                slot.busy = Some(now + grace(timeout_ms));
            }
            self.is_changed = true;
        }
        verdict
    }

    /// What becomes of a call with this slot, while those before it cost so much.
    fn judge(&self, call: &Waiting, slot: Option<&Held>, before: u32, now: f64) -> Verdict {
        if now < self.spent_until {
            return Verdict::Spent(self.spent_until - now);
        }
        if self.denied.is_some_and(|(units, _)| call.cost.saturating_sub(self.units) >= units) {
            return Verdict::Spent(self.day_ends - now);
        }
        if now < self.paused_until {
            return Verdict::Paused(self.paused_until - now);
        }
        let is_covered = self.budget.is_none() || before.saturating_add(call.cost) <= self.units;
        match slot.filter(|slot| is_covered && slot.grace_ms >= grace(call.timeout_ms)) {
            Some(slot) if slot.from <= now => return Verdict::Send(slot.name),
            Some(slot) => return Verdict::Wait(slot.from - now),
            None => {}
        }
        match self.away_since {
            Some(since) if now >= since.max(call.since) + call.timeout_ms => {
                Verdict::StoreAway(self.store_away)
            }
            _ => Verdict::Turn,
        }
    }

    /// The calls that do not have to wait any longer.
    pub(crate) fn ready(&mut self, now: f64) -> Vec<Ticket> {
        self.tidy(now);
        let idle = self.idle();
        let mut before = 0_u32;
        let mut ready = Vec::new();
        for (index, call) in self.queue.iter().enumerate() {
            let verdict = self.judge(call, idle.get(index), before, now);
            if !matches!(verdict, Verdict::Turn | Verdict::Wait(_) | Verdict::Paused(_)) {
                ready.push(call.ticket);
            }
            before = before.saturating_add(call.cost);
        }
        ready
    }

    /// A call leaves the queue.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        let count = self.queue.len();
        self.queue.retain(|call| call.ticket != ticket);
        self.is_changed |= self.queue.len() < count;
    }

    /// A call has ended: with a response, or without one that would tell when the server counted it.
    pub(crate) fn release(&mut self, name: u32, has_response: bool, now: f64) {
        let is_given = self.others > 0 && self.fails == 0;
        let cooling_ms = self.cooling_ms;
        let Some(slot) = self.slot(name).filter(|slot| slot.busy.is_some()) else { return };
        slot.busy = None;
        slot.is_used = true;
        slot.from = now + cooling_ms + if has_response { 0.0 } else { LATE_ARRIVAL_MS };
        if is_given {
            self.give(name, now);
            self.next_ask = self.next_ask.min(now + RETURN_SOON_MS);
        }
        self.is_changed = true;
    }

    /// An admitted call was not sent after all.
    pub(crate) fn cancel(&mut self, name: u32, cost: u32) {
        if let Some(slot) = self.slot(name) {
            slot.busy = None;
        }
        self.refund(cost);
        self.is_changed = true;
    }

    /// The server certainly did not charge a call.
    pub(crate) fn refund(&mut self, cost: u32) {
        if self.budget.is_some() {
            self.units = self.units.saturating_add(cost);
            self.is_changed = true;
        }
    }

    /// A response reported the limit.
    pub(crate) fn observe(&mut self, limit: u32, now: f64) {
        if limit != 0 && limit != self.known_limit {
            self.known_limit = limit;
            self.news.limit = limit;
            self.next_ask = self.next_ask.min(now);
            self.is_changed = true;
        }
    }

    /// Nothing is sent with this token for so long, by any process.
    pub(crate) fn pause(&mut self, wait_ms: f64, now: f64) {
        self.paused_until = self.paused_until.max(now + wait_ms);
        self.news.paused_until = self.paused_until;
        self.is_changed = true;
    }

    /// The company has nothing left of its day for so long.
    pub(crate) fn exhausted(&mut self, wait_ms: f64, now: f64) {
        self.spent_until = self.spent_until.max(now + wait_ms);
        self.news.spent_until = self.spent_until;
        self.is_changed = true;
    }

    /// The number of the trip under way.
    pub(crate) fn trip(&self) -> Option<u32> {
        self.trip.as_ref().map(|trip| trip.number)
    }

    /// The next trip, if it is due.
    pub(crate) fn poll(&mut self, now: f64) -> Option<Reservation> {
        self.tidy(now);
        if self.trip.is_some() || self.trip_due(now) > now {
            return None;
        }
        let grace_ms = self.grace_ms;
        let hold_ms = LEASE_MS + grace_ms + COOLING_MS + DRIFT_MS;
        let mut slots = Vec::with_capacity(self.slots.len() + self.returned.len());
        for returned in &mut self.returned {
            returned.unreported = None;
            let free_in_ms = returned.from.map_or(COOLING_MS, |from| (from - now).max(0.0));
            slots.push(SlotReport { name: returned.name, free_in_ms, is_held: false });
        }
        for slot in &self.slots {
            let free_in_ms = hold_ms + (slot.from - now).max(0.0);
            slots.push(SlotReport { name: slot.name, free_in_ms, is_held: true });
        }
        let (needed_units, wanted_units) = self.wanted_units();
        // Forgotten now: if the trip is lost they are waste, but never spent twice.
        let returned_units = if self.queue.is_empty() { std::mem::take(&mut self.units) } else { 0 };
        self.trips = self.trips.wrapping_add(1);
        let wanted = self.wanted(now);
        let first = self.names;
        let trip = Trip {
            number: self.trips,
            at: now,
            wanted,
            first,
            grace_ms,
            held: self.slots.iter().map(|slot| slot.name).collect(),
            returned: self.returned.iter().map(|slot| slot.name).collect(),
            needed_units,
            news: self.news,
        };
        self.trip = Some(trip);
        self.names = self.names.wrapping_add(wanted);
        self.last_trip = now;
        Some(Reservation {
            owner: self.owner,
            limit: self.known_limit,
            new_limit: self.news.limit,
            wanted,
            first,
            hold_ms,
            held: to_u32(self.slots.len()),
            needed_units,
            wanted_units,
            returned_units,
            budget: self.budget,
            day: self.day,
            paused_ms: if self.news.paused_until > 0.0 {
                (self.news.paused_until - now).max(0.0)
            } else {
                0.0
            },
            spent_ms: if self.news.spent_until > 0.0 { (self.news.spent_until - now).max(0.0) } else { 0.0 },
            slots,
        })
    }

    /// When to poll again, and to look at the calls that wait.
    pub(crate) fn due(&self, now: f64) -> f64 {
        let mut due = self.trip_due(now);
        let mut at = |time: f64| due = due.min(time);
        let idle = self.idle();
        for (index, slot) in idle.iter().enumerate() {
            at(slot.until - MARGIN_MS);
            if index < self.queue.len() {
                if slot.from > now {
                    at(slot.from);
                }
            } else if self.fails == 0 {
                at(slot.from + KEEP_MS);
            }
        }
        for slot in &self.slots {
            if let Some(ends_by) = slot.busy {
                at(ends_by);
            }
        }
        if !self.queue.is_empty() {
            if self.paused_until > now {
                at(self.paused_until);
            }
            if let Some((_, until)) = self.denied {
                at(until);
            }
            if let Some(since) = self.away_since {
                let ends = self.queue.iter().map(|call| since.max(call.since) + call.timeout_ms);
                ends.filter(|end| *end > now).for_each(at);
            }
        }
        due
    }

    /// The store has replied to the trip of this number.
    pub(crate) fn on_reply(&mut self, number: u32, grant: &Grant, now: f64) {
        let Some(trip) = self.trip.take_if(|trip| trip.number == number) else { return };
        self.fails = 0;
        self.away_since = None;
        self.returned.retain(|slot| !trip.returned.contains(&slot.name));
        for slot in &mut self.slots {
            if trip.held.contains(&slot.name) {
                slot.until = trip.at + LEASE_MS;
                slot.grace_ms = trip.grace_ms;
            }
        }
        // The wait counts from the reply and the lease from the trip: the safe sides.
        for (index, wait) in (0..trip.wanted).zip(&grant.slots) {
            self.slots.push(Held {
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
        let is_all = grant.slots.len() >= to_count(trip.wanted);
        self.next_ask = if is_all { now } else { now + self.jitter(ASK_AGAIN_MS) };
        if self.news.limit == trip.news.limit {
            self.news.limit = 0;
            if grant.limit > 0 {
                self.known_limit = grant.limit;
            }
        }
        if self.news.paused_until <= trip.news.paused_until {
            self.news.paused_until = 0.0;
        }
        if self.news.spent_until <= trip.news.spent_until {
            self.news.spent_until = 0.0;
        }
        if grant.paused_ms > 0.0 {
            self.paused_until = self.paused_until.max(now + grant.paused_ms);
        }
        if grant.spent_ms > 0.0 {
            self.spent_until = self.spent_until.max(now + grant.spent_ms);
        }
        if grant.day != self.day {
            self.units = 0;
        }
        self.day = grant.day;
        // The reply took time: the day may end earlier than it says, never later.
        self.day_ends = trip.at + grant.day_ms;
        self.units = self.units.saturating_add(grant.units);
        self.denied = (trip.needed_units > grant.units).then_some((trip.needed_units, now + DENIED_MS));
    }

    /// The trip of this number has failed.
    pub(crate) fn on_failure(&mut self, number: u32, now: f64) {
        let Some(trip) = self.trip.take_if(|trip| trip.number == number) else { return };
        // Their return was not reported to the store: they are still held.
        for returned in &mut self.returned {
            self.slots.extend(returned.unreported.take());
        }
        let held: Vec<u32> = self.slots.iter().map(|slot| slot.name).collect();
        self.returned.retain(|returned| !held.contains(&returned.name));
        // What it may have granted was never used, but may have been granted ahead.
        for index in 0..trip.wanted {
            let name = trip.first.wrapping_add(index);
            self.returned.push(Returned { name, from: None, since: now, unreported: None });
        }
        self.away_since.get_or_insert(trip.at);
        let backoff = (0..self.fails.min(8)).fold(SHORTEST_BACKOFF_MS, |wait, _| wait * 2.0);
        self.next_trip = now + self.jitter(backoff.min(LONGEST_BACKOFF_MS));
        self.fails = self.fails.saturating_add(1);
    }

    /// What time alone changes.
    fn tidy(&mut self, now: f64) {
        if let Some(trip) = &self.trip
            && now >= trip.at + TRIP_TIMEOUT_MS
        {
            self.on_failure(trip.number, now);
        }
        self.queue.retain(|call| now < call.asked + STOPPED_AFTER_MS);
        let ended = |slot: &&Held| slot.busy.is_some_and(|ends_by| now >= ends_by);
        while let Some(name) = self.slots.iter().find(ended).map(|slot| slot.name) {
            self.release(name, false, now);
        }
        let surplus = self.slots.len().saturating_sub(to_count(self.limit()));
        let idle = self.idle();
        let kept = idle.len().saturating_sub(surplus);
        for (index, slot) in idle.into_iter().enumerate() {
            let is_over = now >= slot.until - MARGIN_MS;
            let is_kept = index < self.queue.len() || self.fails > 0;
            let is_wanted = is_kept || (self.others == 0 && now < slot.from + KEEP_MS);
            if is_over || !is_wanted || index >= kept {
                self.give(slot.name, now);
            }
        }
        // By then the store has forgotten them by itself.
        let forgotten = LEASE_MS + self.grace_ms + 2.0 * COOLING_MS + DRIFT_MS;
        self.returned.retain(|slot| now < slot.since + forgotten);
        if self.denied.is_some_and(|(_, until)| now >= until) {
            self.denied = None;
        }
        if self.budget.is_some() && now >= self.day_ends {
            self.units = 0;
        }
    }

    fn limit(&self) -> u32 {
        if self.known_limit == 0 { FIRST_LIMIT } else { self.known_limit }
    }

    /// The slots that no call uses, the one that may be used first in front.
    fn idle(&self) -> Vec<Held> {
        sorted_by(self.slots.iter().filter(|slot| slot.busy.is_none()).cloned(), |slot| slot.from)
    }

    fn slot(&mut self, name: u32) -> Option<&mut Held> {
        self.slots.iter_mut().find(|slot| slot.name == name)
    }

    /// Returns a slot with the next trip.
    fn give(&mut self, name: u32, now: f64) {
        let Some(index) = self.slots.iter().position(|slot| slot.name == name) else { return };
        let slot = self.slots.swap_remove(index);
        let since = if slot.is_used { slot.from - COOLING_MS } else { now - RETURN_MS + 500.0 };
        self.returned.push(Returned { name, from: Some(slot.from), since, unreported: Some(slot) });
    }

    /// How many slots more the calls that wait need.
    fn wanted(&self, now: f64) -> u32 {
        // Where the store has none left, one that may be used soon is as good as it gets.
        let is_near = |slot: &&Held| slot.busy.is_none() && (self.is_scarce || slot.from <= now + 5.0);
        let ready = self.slots.iter().filter(is_near).count();
        let most = to_count(self.limit()).saturating_sub(self.slots.len());
        to_u32(self.queue.len().saturating_sub(ready).min(most))
    }

    /// Cost units that the first call that waits lacks, and all that can be sent soon.
    fn wanted_units(&self) -> (u32, u32) {
        if self.budget.is_none() || self.denied.is_some() {
            return (0, 0);
        }
        let first = self.queue.first().map_or(0, |call| call.cost);
        let soon = self.queue.iter().take(to_count(self.limit()));
        let all = soon.fold(0_u32, |sum, call| sum.saturating_add(call.cost));
        let needed = first.saturating_sub(self.units);
        (needed, if needed > 0 { all.saturating_sub(self.units) } else { 0 })
    }

    fn trip_due(&self, now: f64) -> f64 {
        if let Some(trip) = &self.trip {
            return trip.at + TRIP_TIMEOUT_MS;
        }
        let mut due = f64::INFINITY;
        let mut at = |time: f64| due = due.min(time);
        let share = (self.limit() / self.others.saturating_add(1)).max(1);
        let lacks_slots = self.wanted(now) > 0 && (self.others == 0 || to_u32(self.slots.len()) < share);
        if lacks_slots || self.wanted_units().0 > 0 {
            at(self.next_ask);
        }
        for slot in &self.returned {
            at(slot.since + if self.others > 0 { RETURN_SOON_MS } else { RETURN_MS });
        }
        if self.queue.is_empty() && self.units > 0 {
            at(self.last_trip + RETURN_MS);
        }
        if !self.slots.is_empty() {
            let is_big = to_u32(self.slots.len()) > self.limit() / 8;
            at(self.last_trip + if is_big { RENEW_MS } else { 2.0 * RENEW_MS });
        }
        let needs_grace = |slot: &Held| self.queue.iter().any(|call| slot.grace_ms < grace(call.timeout_ms));
        if self.news != News::default() || self.slots.iter().any(needs_grace) {
            at(now);
        }
        due.max(self.next_trip)
    }

    /// A time with a spread, so that processes do not return together.
    fn jitter(&mut self, milliseconds: f64) -> f64 {
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        milliseconds * (0.8 + 0.4 * f64::from(self.random >> 8) / 16_777_216.0)
    }
}

/// How long a call may be on its way to the server in all.
fn grace(timeout_ms: f64) -> f64 {
    timeout_ms + LATE_ARRIVAL_MS
}

fn to_count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn to_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
impl SharedLimiter {
    /// Makes slots free earlier than is safe.
    pub(super) fn shorten(&mut self, milliseconds: f64) {
        self.cooling_ms -= milliseconds;
    }
}
