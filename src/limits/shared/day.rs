//! The cost units of the day that one process has leased.

use super::messages::Grant;

/// How long a budget that does not cover a call is believed to stay so: others may return what they do not spend.
const DENIED_MS: f64 = 1_000.0;

/// The part of the daily budget that this process may spend.
#[derive(Debug)]
pub(super) struct DayLease {
    budget: Option<u32>,
    /// Cost units that are leased and not spent.
    units: u32,
    /// Their day, as the store counts them.
    day: u32,
    ends_at: f64,
    /// The store had less than this many cost units, and how long that is believed.
    denied: Option<(u32, f64)>,
}

impl DayLease {
    pub(super) fn new(budget: Option<u32>) -> Self {
        Self { budget, units: 0, day: 0, ends_at: f64::MIN, denied: None }
    }

    pub(super) fn budget(&self) -> Option<u32> {
        self.budget
    }

    pub(super) fn day(&self) -> u32 {
        self.day
    }

    /// How long a call of this cost has to be refused, if it has to.
    pub(super) fn spent_for(&self, cost: u32, now: f64) -> Option<f64> {
        let (units, _) = self.denied?;
        (cost.saturating_sub(self.units) >= units).then_some(self.ends_at - now)
    }

    /// Whether what is leased covers calls of this cost in all.
    pub(super) fn covers(&self, costs: u32) -> bool {
        self.budget.is_none() || costs <= self.units
    }

    pub(super) fn spend(&mut self, cost: u32) {
        if self.budget.is_some() {
            self.units = self.units.saturating_sub(cost);
        }
    }

    pub(super) fn refund(&mut self, cost: u32) {
        if self.budget.is_some() {
            self.units = self.units.saturating_add(cost);
        }
    }

    pub(super) fn tidy(&mut self, now: f64) {
        if self.denied.is_some_and(|(_, until)| now >= until) {
            self.denied = None;
        }
        if self.budget.is_some() && now >= self.ends_at {
            self.units = 0;
        }
    }

    /// When a refused call may ask again.
    pub(super) fn due(&self) -> Option<f64> {
        self.denied.map(|(_, until)| until)
    }

    /// What the first call that waits lacks, and what all that can be sent soon lack, whose costs these are.
    pub(super) fn wanted(&self, mut costs: impl Iterator<Item = u32>) -> (u32, u32) {
        let first = costs.next().unwrap_or_default();
        let needed = first.saturating_sub(self.units);
        if self.budget.is_none() || self.denied.is_some() || needed == 0 {
            return (0, 0);
        }
        (needed, costs.fold(first, u32::saturating_add).saturating_sub(self.units))
    }

    pub(super) fn has_units(&self) -> bool {
        self.units > 0
    }

    /// All that is leased is returned. It is forgotten now: if the trip is lost it is waste, but never spent twice.
    pub(super) fn give_all(&mut self) -> u32 {
        std::mem::take(&mut self.units)
    }

    /// The store has replied to a trip of `at` that needed so many units.
    pub(super) fn on_reply(&mut self, grant: &Grant, needed: u32, at: f64, now: f64) {
        if grant.day != self.day {
            self.units = 0;
        }
        self.day = grant.day;
        // The reply took time: the day may end earlier than it says, never later.
        self.ends_at = at + grant.day_ms;
        self.units = self.units.saturating_add(grant.units);
        self.denied = (needed > grant.units).then_some((needed, now + DENIED_MS));
    }
}
