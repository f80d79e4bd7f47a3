//! What one process knows of a shared limit, for all its clients: the calls that wait and the slots that it holds. What it
//! asks of the store is in `limiter/asking.rs`.

mod asking;

use super::day::DayLease;
use super::held::{Demand, Held, HeldSlots, RETURN_SOON_MS};
use super::trips::{News, Trips};
use super::waiting::{Waiting, WaitingCalls};
use super::{FIRST_LIMIT, grace};
use crate::limits::queue::Ticket;
use crate::limits::slots::{Slot, Verdict};

/// The shared limit in one process.
#[derive(Debug)]
pub(crate) struct SharedLimiter {
    owner: f64,
    store_away: &'static str,
    calls: WaitingCalls,
    slots: HeldSlots,
    day: DayLease,
    trips: Trips,
    names: u32,
    /// The limit, or 0 before anything is known of it.
    known_limit: u32,
    /// The longest time that calls have taken in all.
    grace_ms: f64,
    /// How many clients of this process there are.
    clients: usize,
    /// How many other processes wait for slots.
    others: u32,
    /// Whether the store had no slot left.
    is_scarce: bool,
    /// Whether it had few left, and other processes have some.
    are_few_left: bool,
    next_ask: f64,
    paused_until: f64,
    spent_until: f64,
    news: News,
    is_changed: bool,
}

impl SharedLimiter {
    /// `owner` is a random integer below 2^53.
    /// `store_away` is the template of the message where the store does not respond: it names the store.
    pub(crate) fn new(owner: f64, budget: Option<u32>, store_away: &'static str) -> Self {
        Self {
            owner,
            store_away,
            calls: WaitingCalls::default(),
            slots: HeldSlots::default(),
            day: DayLease::new(budget),
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // The low bits are as random as the others.
            trips: Trips::new(owner as u64 as u32),
            names: 0,
            known_limit: 0,
            grace_ms: 0.0,
            clients: 1,
            others: 0,
            is_scarce: false,
            are_few_left: false,
            next_ask: f64::MIN,
            paused_until: f64::MIN,
            spent_until: f64::MIN,
            news: News::default(),
            is_changed: false,
        }
    }

    pub(crate) fn ticket(&mut self) -> Ticket {
        self.calls.ticket()
    }

    /// How many clients this process has: without any it returns its slots at once.
    pub(crate) fn set_clients(&mut self, clients: usize) {
        self.clients = clients;
    }

    /// Whether something has changed since this was last asked, so that a trip may be due.
    pub(crate) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.is_changed)
    }

    /// Whether a call may be sent; if not, it waits from now on.
    pub(crate) fn admit(&mut self, ticket: Ticket, cost: u32, timeout_ms: f64, now: f64) -> Verdict {
        self.tidy(now);
        let (index, is_new) = self.calls.ask(ticket, cost, timeout_ms, now);
        if is_new {
            self.grace_ms = self.grace_ms.max(grace(timeout_ms));
            self.is_changed = true;
        }
        let idle = self.slots.idle();
        let call = self.calls.with_costs_before().nth(index);
        let verdict =
            call.map_or(Verdict::Turn, |(call, before)| self.judge(call, idle.get(index), before, now));
        if let Verdict::Send(slot) = verdict {
            self.calls.leave(ticket);
            self.day.spend(cost);
            if let Some(held) = self.slots.get_mut(slot.number) {
                held.busy = Some(now + grace(timeout_ms));
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
        if let Some(wait) = self.day.spent_for(call.cost, now) {
            return Verdict::Spent(wait);
        }
        if now < self.paused_until {
            return Verdict::Wait(self.paused_until - now);
        }
        let is_covered = self.day.covers(before.saturating_add(call.cost));
        match slot.filter(|slot| is_covered && slot.grace_ms >= grace(call.timeout_ms)) {
            Some(slot) if slot.from <= now => return Verdict::Send(Slot { number: slot.name, since: now }),
            Some(slot) => return Verdict::Wait(slot.from - now),
            None => {}
        }
        match self.trips.away_since {
            Some(since) if now >= since.max(call.since) + call.timeout_ms => {
                Verdict::StoreAway(self.store_away)
            }
            _ => Verdict::Turn,
        }
    }

    /// The calls that do not have to wait any longer.
    pub(crate) fn ready(&mut self, now: f64) -> Vec<Ticket> {
        self.tidy(now);
        let idle = self.slots.idle();
        let calls = self.calls.with_costs_before().enumerate();
        let ready = calls.filter_map(|(index, (call, before))| {
            let verdict = self.judge(call, idle.get(index), before, now);
            (!matches!(verdict, Verdict::Turn | Verdict::Wait(_))).then_some(call.ticket)
        });
        ready.collect()
    }

    /// A call leaves the queue.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        self.is_changed |= self.calls.leave(ticket);
    }

    /// A call has ended: with a response, or without one that would tell when the server counted it.
    pub(crate) fn release(&mut self, name: u32, has_response: bool, now: f64) {
        if !self.slots.release(name, has_response, now) {
            return;
        }
        if self.is_contended() && !self.trips.has_failed() {
            self.slots.give(name, now);
            if self.others() > 0 {
                self.next_ask = self.next_ask.min(now + RETURN_SOON_MS);
            }
        }
        self.is_changed = true;
    }

    /// An admitted call was not sent after all.
    pub(crate) fn cancel(&mut self, name: u32, cost: u32) {
        if let Some(slot) = self.slots.get_mut(name) {
            slot.busy = None;
        }
        self.refund(cost);
    }

    /// The server certainly did not charge a call.
    pub(crate) fn refund(&mut self, cost: u32) {
        self.day.refund(cost);
        self.is_changed = true;
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

    /// What time alone changes.
    fn tidy(&mut self, now: f64) {
        if let Some(number) = self.trips.overdue(now) {
            self.on_failure(number, now);
        }
        self.calls.tidy(now);
        while let Some(name) = self.slots.overdue(now) {
            self.release(name, false, now);
        }
        self.slots.tidy(&self.demand(), self.grace_ms, now);
        self.day.tidy(now);
    }

    /// How many others wait for slots. Where no client is left, any slot is for others.
    fn others(&self) -> u32 {
        self.others.max(u32::from(self.clients == 0))
    }

    /// Whether others wait for slots, or their next calls would.
    fn is_contended(&self) -> bool {
        self.others() > 0 || self.are_few_left
    }

    fn demand(&self) -> Demand {
        Demand {
            calls: self.calls.len(),
            others: self.others(),
            limit: to_count(self.limit()),
            is_store_away: self.trips.has_failed(),
            are_few_left: self.are_few_left,
        }
    }

    fn limit(&self) -> u32 {
        if self.known_limit == 0 { FIRST_LIMIT } else { self.known_limit }
    }
}

fn to_count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
impl SharedLimiter {
    /// Makes slots free earlier than is safe.
    pub(super) fn shorten(&mut self, milliseconds: f64) {
        self.slots.cooling_ms -= milliseconds;
    }
}
