//! The slots that one process holds, and those that it returns.

use super::messages::SlotReport;
use super::{COOLING_MS, DRIFT_MS, LEASE_MS, sorted_by};
use crate::limits::LATE_ARRIVAL_MS;

/// How early a lease ends, since clocks round.
const MARGIN_MS: f64 = 2.0;

/// How long a slot that no call waits for is kept for the next one, and where the store has few left.
const KEEP_MS: f64 = 1_000.0;
const KEEP_FEW_MS: f64 = 100.0;

/// How long returned slots wait for a trip, while other processes want them and otherwise. The store learns of them before
/// they are free, and can grant them ahead.
pub(super) const RETURN_SOON_MS: f64 = 300.0;
pub(super) const RETURN_MS: f64 = 1_000.0;

/// A slot that this process holds.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) name: u32,
    /// When it may be used next.
    pub(super) from: f64,
    /// When it may no longer be used.
    pub(super) until: f64,
    /// How long a call in it may take in all: the store waits for so long before it grants the slot again.
    pub(super) grace_ms: f64,
    /// While a call uses it: when that call has surely ended.
    pub(super) busy: Option<f64>,
    pub(super) is_used: bool,
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

/// What decides whether idle slots are kept.
pub(super) struct Demand {
    /// How many calls wait in this process.
    pub(super) calls: usize,
    /// How many other processes wait for slots.
    pub(super) others: u32,
    pub(super) limit: usize,
    pub(super) is_store_away: bool,
    /// Whether the store has few slots left because of other processes: a call of theirs would wait for one that is only kept.
    pub(super) are_few_left: bool,
}

impl Demand {
    fn keep_ms(&self) -> f64 {
        if self.are_few_left { KEEP_FEW_MS } else { KEEP_MS }
    }
}

/// The slots that this process holds, and those that it returns.
#[derive(Debug)]
pub(super) struct HeldSlots {
    held: Vec<Held>,
    returned: Vec<Returned>,
    /// Until when the store counts those of which a trip has reported that they are returned.
    cooling: Vec<f64>,
    /// [`COOLING_MS`], which a test shortens to see that it would be noticed.
    pub(super) cooling_ms: f64,
}

impl Default for HeldSlots {
    fn default() -> Self {
        Self { held: Vec::new(), returned: Vec::new(), cooling: Vec::new(), cooling_ms: COOLING_MS }
    }
}

impl HeldSlots {
    pub(super) fn len(&self) -> usize {
        self.held.len()
    }

    /// How many slots the store counts for this process: it holds them, or they are returned and not free yet.
    pub(super) fn counted(&self) -> usize {
        self.held.len() + self.returned.len() + self.cooling.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Held> {
        self.held.iter()
    }

    /// The slots that no call uses, the one that may be used first in front.
    pub(super) fn idle(&self) -> Vec<Held> {
        sorted_by(self.held.iter().filter(|slot| slot.busy.is_none()).cloned(), |slot| slot.from)
    }

    pub(super) fn get_mut(&mut self, name: u32) -> Option<&mut Held> {
        self.held.iter_mut().find(|slot| slot.name == name)
    }

    pub(super) fn add(&mut self, slot: Held) {
        self.held.push(slot);
    }

    /// A slot whose call has surely ended, though nobody said so.
    pub(super) fn overdue(&self, now: f64) -> Option<u32> {
        let overdue = |slot: &&Held| slot.busy.is_some_and(|ends_by| now >= ends_by);
        self.held.iter().find(overdue).map(|slot| slot.name)
    }

    /// The call in a slot has ended. Says whether there was one.
    pub(super) fn release(&mut self, name: u32, has_response: bool, now: f64) -> bool {
        let from = now + self.cooling_ms + if has_response { 0.0 } else { LATE_ARRIVAL_MS };
        let Some(slot) = self.get_mut(name).filter(|slot| slot.busy.is_some()) else { return false };
        slot.busy = None;
        slot.is_used = true;
        slot.from = from;
        true
    }

    /// Returns a slot with the next trip.
    pub(super) fn give(&mut self, name: u32, now: f64) {
        let Some(index) = self.held.iter().position(|slot| slot.name == name) else { return };
        let slot = self.held.swap_remove(index);
        let since = if slot.is_used { slot.from - COOLING_MS } else { now - RETURN_MS + 500.0 };
        self.returned.push(Returned { name, from: Some(slot.from), since, unreported: Some(slot) });
    }

    /// Returns what no call needs, and forgets what the store has forgotten as well.
    pub(super) fn tidy(&mut self, demand: &Demand, grace_ms: f64, now: f64) {
        self.cooling.retain(|free_at| *free_at > now);
        let surplus = self.held.len().saturating_sub(demand.limit);
        let idle = self.idle();
        let most = idle.len().saturating_sub(surplus);
        for (index, slot) in idle.into_iter().enumerate() {
            let is_over = now >= slot.until - MARGIN_MS;
            let is_needed = index < demand.calls || demand.is_store_away;
            let is_kept = is_needed || (demand.others == 0 && now < slot.from + demand.keep_ms());
            if is_over || !is_kept || index >= most {
                self.give(slot.name, now);
            }
        }
        let forgotten_ms = LEASE_MS + grace_ms + 2.0 * COOLING_MS + DRIFT_MS;
        self.returned.retain(|slot| now < slot.since + forgotten_ms);
    }

    /// What a trip reports: each slot, and in how long it is free at the latest.
    pub(super) fn report(&mut self, hold_ms: f64, now: f64) -> Vec<SlotReport> {
        let mut reports = Vec::with_capacity(self.held.len() + self.returned.len());
        for slot in &mut self.returned {
            slot.unreported = None;
            let free_in_ms = slot.from.map_or(COOLING_MS, |from| (from - now).max(0.0));
            reports.push(SlotReport { name: slot.name, free_in_ms, is_held: false });
        }
        for slot in &self.held {
            let free_in_ms = hold_ms + (slot.from - now).max(0.0);
            reports.push(SlotReport { name: slot.name, free_in_ms, is_held: true });
        }
        reports
    }

    /// The store knows of these reports, which were made at `at`: the leases of held slots begin anew.
    pub(super) fn on_reported(&mut self, reports: &[SlotReport], grace_ms: f64, at: f64, now: f64) {
        let is_reported = |name: u32, is_held: bool| {
            reports.iter().any(|report| report.name == name && report.is_held == is_held)
        };
        self.returned.retain(|slot| !is_reported(slot.name, false));
        let returned = reports.iter().filter(|report| !report.is_held);
        self.cooling.extend(returned.map(|report| now + report.free_in_ms + MARGIN_MS));
        for slot in self.held.iter_mut().filter(|slot| is_reported(slot.name, true)) {
            slot.until = at + LEASE_MS;
            slot.grace_ms = grace_ms;
        }
    }

    /// A trip was lost, with these slots that it may have granted.
    pub(super) fn on_lost(&mut self, granted: impl Iterator<Item = u32>, now: f64) {
        // The store may not know that these were returned: they are still held.
        for slot in &mut self.returned {
            self.held.extend(slot.unreported.take());
        }
        let held = &self.held;
        self.returned.retain(|slot| held.iter().all(|held| held.name != slot.name));
        // What it may have granted was never used, but may have been granted ahead.
        for name in granted {
            self.returned.push(Returned { name, from: None, since: now, unreported: None });
        }
    }

    /// When a trip has to report returned slots.
    pub(super) fn report_due(&self, is_soon: bool) -> f64 {
        let wait = if is_soon { RETURN_SOON_MS } else { RETURN_MS };
        self.returned.iter().fold(f64::INFINITY, |due, slot| due.min(slot.since + wait))
    }

    /// When time alone changes something.
    pub(super) fn due(&self, demand: &Demand, now: f64) -> f64 {
        let mut due = f64::INFINITY;
        let mut at = |time: f64| due = due.min(time);
        for (index, slot) in self.idle().iter().enumerate() {
            at(slot.until - MARGIN_MS);
            if index < demand.calls {
                if slot.from > now {
                    at(slot.from);
                }
            } else if !demand.is_store_away {
                at(slot.from + demand.keep_ms());
            }
        }
        self.held.iter().filter_map(|slot| slot.busy).for_each(at);
        due
    }
}
