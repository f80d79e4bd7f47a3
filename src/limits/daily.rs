//! The day's tokens: what this client may spend, and what the company has left.

pub(super) const DAY_MS: f64 = 86_400_000.0;

/// The end of the day. Pipedrive resets budgets at the midnight of a server zone that it does not name: this takes
/// UTC, and whoever shows it calls it an estimate.
pub(crate) fn next_midnight(now: f64) -> f64 {
    ((now / DAY_MS).floor() + 1.0) * DAY_MS
}

/// The budget of a day.
#[derive(Debug, Default)]
pub(crate) struct Daily {
    budget: Option<u32>,
    spent: u32,
    /// When the day that `spent` counts ends.
    ends_at: f64,
    /// The company's budget is known to be short until then: of this much.
    server: Option<(u32, f64)>,
}

impl Daily {
    pub(crate) fn new(budget: Option<u32>) -> Self {
        Self { budget, ..Self::default() }
    }

    /// Takes a call's cost out of the budget, or says when the budget will be there again.
    pub(crate) fn spend(&mut self, cost: u32, now: f64) -> Result<(), f64> {
        if now >= self.ends_at {
            self.spent = 0;
            self.ends_at = next_midnight(now);
        }
        let spent = self.spent.saturating_add(cost);
        if self.budget.is_some_and(|budget| spent > budget) {
            return Err(self.ends_at);
        }
        if let Some((remaining, until)) = &mut self.server
            && now < *until
        {
            // Calls at the same time share what one answer told; the next answer tells it anew.
            *remaining = remaining.checked_sub(cost).ok_or(*until)?;
        }
        self.spent = spent;
        Ok(())
    }

    /// Gives back what the server surely did not charge.
    pub(crate) fn refund(&mut self, cost: u32) {
        self.spent = self.spent.saturating_sub(cost);
        self.unanswered(cost);
    }

    /// No answer came, so nobody knows what the company has left: the next call may ask.
    pub(crate) fn unanswered(&mut self, cost: u32) {
        if let Some((remaining, _)) = &mut self.server {
            *remaining = remaining.saturating_add(cost);
        }
    }

    /// The server told what the company has left.
    pub(crate) fn observe(&mut self, remaining: u32, now: f64) {
        self.server = Some((remaining, next_midnight(now)));
    }

    /// The server refused a call for want of tokens.
    pub(crate) fn exhausted(&mut self, until: f64) {
        self.server = Some((0, until));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_kept_to_the_token_and_comes_back_at_midnight() {
        let mut daily = Daily::new(Some(10));
        let noon = DAY_MS * 100.5;
        assert_eq!(daily.spend(8, noon), Ok(()));
        assert_eq!(daily.spend(3, noon), Err(DAY_MS * 101.0));
        assert_eq!(daily.spend(2, noon), Ok(()));
        assert_eq!(daily.spend(1, noon), Err(DAY_MS * 101.0));
        assert_eq!(daily.spend(10, DAY_MS * 101.0), Ok(()));
    }

    #[test]
    fn what_the_server_tells_counts_until_its_reset() {
        let mut daily = Daily::new(None);
        daily.observe(5, 0.0);
        assert_eq!(daily.spend(2, 1.0), Ok(()));
        assert_eq!(daily.spend(4, 1.0), Err(DAY_MS), "three are left");
        daily.unanswered(2);
        assert_eq!(daily.spend(4, 1.0), Ok(()), "an outage takes nothing");
        daily.observe(5, 1.0);
        daily.exhausted(500.0);
        assert_eq!(daily.spend(2, 499.0), Err(500.0));
        assert_eq!(daily.spend(2, 500.0), Ok(()));
    }

    #[test]
    fn what_was_not_charged_is_given_back() {
        let mut daily = Daily::new(Some(2));
        assert_eq!(daily.spend(2, 0.0), Ok(()));
        daily.refund(2);
        assert_eq!(daily.spend(2, 0.0), Ok(()));
    }
}
