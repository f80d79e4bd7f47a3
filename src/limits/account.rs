//! What one client may still send and spend, and what it has: changed by what goes out and by what comes back.

use super::line::Line;
use super::{Daily, RateLimit};
use crate::endpoint::Terms;
use crate::error::{Kind, LimitScope};
use crate::failure::Facts;
use crate::usage::Usage;

/// The limits and the spending of one client.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) line: Line,
    pub(crate) usage: Usage,
    /// The limits as the last answer told them.
    pub(crate) rate_limit: RateLimit,
    daily: Daily,
}

impl Account {
    pub(crate) fn new(max_concurrency: u32, daily_token_budget: Option<u32>) -> Self {
        Self {
            line: Line::new(max_concurrency),
            usage: Usage::default(),
            rate_limit: RateLimit::default(),
            daily: Daily::new(daily_token_budget),
        }
    }

    /// Takes a call's cost out of the day's budget, or says when the budget will be there again.
    pub(crate) fn spend(&mut self, terms: Terms, now: f64) -> Result<(), f64> {
        self.daily.spend(terms.cost, now)?;
        self.usage.sent(terms);
        Ok(())
    }

    /// Every answer tells of the limits.
    pub(crate) fn observe(&mut self, told: &RateLimit, now: f64) {
        self.line.observe(told, now);
        if let Some(remaining) = told.daily_remaining {
            self.daily.observe(remaining, now);
        }
        self.rate_limit.update(told);
    }

    /// What a failure means for the calls after it. Says whether a limit was hit.
    pub(crate) fn learn(&mut self, terms: Terms, failure: &Facts) -> bool {
        if failure.unprocessed || failure.status == Some(401) {
            self.usage.refund(terms);
            self.daily.refund(terms.cost);
        } else if matches!(failure.kind, Kind::Connection | Kind::Timeout) {
            self.daily.unanswered(terms.cost);
        }
        let (Some(scope), Some(reset_at)) = (failure.scope, failure.reset_at) else { return false };
        match scope {
            LimitScope::Burst => self.line.pause(reset_at),
            LimitScope::Daily => self.daily.exhausted(reset_at),
        }
        true
    }
}
