//! The daily budget: what this client may spend, and what the company has left.

use super::Reset;

pub(super) const DAY_MS: f64 = 86_400_000.0;

/// The end of the day. Pipedrive resets budgets at the midnight of a server zone that it does not name: this is UTC's,
/// an estimate.
pub(crate) fn next_midnight(wall: f64) -> f64 {
    ((wall / DAY_MS).floor() + 1.0) * DAY_MS
}

/// How long it is until then.
pub(crate) fn until_midnight(wall: f64) -> f64 {
    next_midnight(wall) - wall
}

/// A time by both clocks: the monotonic one decides, the time of day is shown.
#[derive(Clone, Copy, Debug)]
struct Deadline {
    now: f64,
    wall: f64,
}

impl Deadline {
    /// Before every other.
    const PASSED: Self = Self { now: f64::NEG_INFINITY, wall: f64::NEG_INFINITY };

    fn midnight(now: f64, wall: f64) -> Self {
        let left = until_midnight(wall);
        Self { now: now + left, wall: wall + left }
    }

    fn reset(self, now: f64) -> Reset {
        Reset { in_ms: self.now - now, at: self.wall }
    }
}

/// The budget of a day, in cost units; what is unlimited or unknown is infinite.
#[derive(Debug)]
pub(crate) struct DailyBudget {
    budget: f64,
    spent: f64,
    /// Since when `spent` counts: a cost of the day before is not given back to this one.
    counts_since: f64,
    /// When the day ends that `spent` counts.
    ends_at: Deadline,
    /// What the company has left.
    left: f64,
    /// Until when that is so.
    left_until: Deadline,
}

impl DailyBudget {
    pub(crate) fn new(budget: Option<u32>) -> Self {
        Self {
            budget: budget.map_or(f64::INFINITY, f64::from),
            spent: 0.0,
            counts_since: f64::NEG_INFINITY,
            ends_at: Deadline::PASSED,
            left: f64::INFINITY,
            left_until: Deadline::PASSED,
        }
    }

    /// Whether the budget covers a cost; if not, when there will be a new one.
    pub(crate) fn check(&mut self, cost: u32, now: f64, wall: f64) -> Result<(), Reset> {
        if now >= self.ends_at.now {
            self.spent = 0.0;
            self.counts_since = now;
            self.ends_at = Deadline::midnight(now, wall);
        }
        if now >= self.left_until.now {
            self.left = f64::INFINITY;
        }
        let cost = f64::from(cost);
        if self.spent + cost > self.budget {
            Err(self.ends_at.reset(now))
        } else if self.left < cost {
            Err(self.left_until.reset(now))
        } else {
            Ok(())
        }
    }

    /// Takes a cost that was checked out of the budget.
    pub(crate) fn spend(&mut self, cost: u32) {
        self.spent += f64::from(cost);
        // Calls at the same time share what one response reported; the next response reports it anew.
        self.left = (self.left - f64::from(cost)).max(0.0);
    }

    /// Gives back a cost spent at `spent_at` that the server certainly did not charge, `is_reported` if it reported after that
    /// what is left.
    pub(crate) fn refund(&mut self, cost: u32, spent_at: f64, is_reported: bool) {
        if spent_at < self.counts_since {
            return;
        }
        self.spent = (self.spent - f64::from(cost)).max(0.0);
        if !is_reported {
            self.forget_charge(cost);
        }
    }

    /// No response came, so that it is unknown what the company has left: the next call may find out.
    pub(crate) fn forget_charge(&mut self, cost: u32) {
        self.left += f64::from(cost);
    }

    /// The server reported what the company has left.
    pub(crate) fn observe(&mut self, left: f64, now: f64, wall: f64) {
        self.left = left;
        self.left_until = Deadline::midnight(now, wall);
    }

    /// The server refused a call, since the company has nothing left until `reset`. It is asked again within a day.
    pub(crate) fn exhausted(&mut self, reset: Reset, now: f64) {
        self.left = 0.0;
        self.left_until = Deadline { now: now + reset.in_ms.min(DAY_MS), wall: reset.at };
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "exact results are expected")]

    use super::*;

    /// The clock of these tests began at a midnight.
    fn spend(daily: &mut DailyBudget, cost: u32, now: f64) -> Result<(), f64> {
        daily.check(cost, now, now).map_err(|reset| reset.at)?;
        daily.spend(cost);
        Ok(())
    }

    #[test]
    fn a_budget_is_kept_exactly_and_is_new_after_midnight() {
        let mut daily = DailyBudget::new(Some(10));
        assert_eq!(spend(&mut daily, 8, 500.0), Ok(()));
        assert_eq!(spend(&mut daily, 3, 500.0), Err(DAY_MS));
        assert_eq!(spend(&mut daily, 2, 500.0), Ok(()));
        assert_eq!(spend(&mut daily, 1, DAY_MS - 1.0), Err(DAY_MS));
        assert_eq!(spend(&mut daily, 10, DAY_MS), Ok(()));
    }

    #[test]
    fn what_the_server_reported_counts_until_its_reset() {
        let mut daily = DailyBudget::new(None);
        daily.observe(5.0, 0.0, 0.0);
        assert_eq!(spend(&mut daily, 2, 1.0), Ok(()));
        assert_eq!(spend(&mut daily, 4, 1.0), Err(DAY_MS), "three are left");
        daily.forget_charge(2);
        assert_eq!(spend(&mut daily, 4, 1.0), Ok(()), "an outage takes nothing");
        daily.observe(5.0, 1.0, 1.0);
        daily.exhausted(Reset { in_ms: 499.0, at: 500.0 }, 1.0);
        assert_eq!(spend(&mut daily, 2, 499.0), Err(500.0));
        assert_eq!(spend(&mut daily, 2, 500.0), Ok(()));
    }

    #[test]
    fn what_was_not_charged_is_given_back() {
        let mut daily = DailyBudget::new(Some(2));
        daily.observe(2.0, 0.0, 0.0);
        assert_eq!(spend(&mut daily, 2, 0.0), Ok(()));
        daily.refund(2, 0.0, false);
        assert_eq!(spend(&mut daily, 2, 0.0), Ok(()));
        daily.observe(0.0, 0.0, 0.0);
        daily.refund(2, 0.0, true);
        assert_eq!(spend(&mut daily, 2, 0.0), Err(DAY_MS), "the server reported what is left after that");
    }

    #[test]
    fn what_was_spent_on_the_day_before_is_not_given_back_to_this_day() {
        let mut daily = DailyBudget::new(Some(2));
        assert_eq!(spend(&mut daily, 2, DAY_MS - 1.0), Ok(()));
        assert_eq!(spend(&mut daily, 2, DAY_MS), Ok(()));
        daily.refund(2, DAY_MS - 1.0, false);
        assert_eq!(spend(&mut daily, 2, DAY_MS), Err(2.0 * DAY_MS));
        daily.refund(2, DAY_MS, false);
        assert_eq!(spend(&mut daily, 2, DAY_MS), Ok(()));
    }

    #[test]
    fn nothing_is_refused_without_asking_for_longer_than_a_day() {
        let mut daily = DailyBudget::new(None);
        daily.exhausted(Reset { in_ms: 1e15, at: 1e15 }, 0.0);
        assert_eq!(spend(&mut daily, 2, DAY_MS - 1.0), Err(1e15));
        assert_eq!(spend(&mut daily, 2, DAY_MS), Ok(()));
    }

    #[test]
    fn a_clock_that_is_set_moves_no_deadline() {
        let mut daily = DailyBudget::new(Some(2));
        assert!(daily.check(2, 0.0, 0.0).is_ok());
        daily.spend(2);
        assert!(daily.check(2, 1.0, DAY_MS * 9.5).is_err(), "a day on");
        assert!(daily.check(2, DAY_MS - 1.0, -DAY_MS).is_err(), "before 1970");
        assert!(daily.check(2, DAY_MS, 0.0).is_ok());
    }

    #[test]
    fn midnight_is_found_before_1970_too() {
        assert_eq!(until_midnight(0.0), DAY_MS);
        assert_eq!(until_midnight(DAY_MS * 2.5), DAY_MS / 2.0);
        assert_eq!(until_midnight(-1.0), 1.0);
    }
}
