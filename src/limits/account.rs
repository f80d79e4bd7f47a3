//! What one client may still send and spend: changed by what goes out and by what comes back.

use super::line::Line;
use super::{Daily, RateLimit};
use crate::endpoint::Terms;
use crate::error::{Kind, LimitScope};
use crate::failure::Facts;

/// The limits of one client.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) line: Line,
    /// The limits as the last answer told them.
    pub(crate) rate_limit: RateLimit,
    daily: Daily,
}

impl Account {
    pub(crate) fn new(max_concurrency: u32, daily_token_budget: Option<u32>) -> Self {
        Self {
            line: Line::new(max_concurrency),
            rate_limit: RateLimit::default(),
            daily: Daily::new(daily_token_budget),
        }
    }

    /// Takes a call's cost out of the day's budget, or says when the budget will be there again.
    pub(crate) fn spend(&mut self, terms: Terms, now: f64) -> Result<(), f64> {
        self.daily.spend(terms.cost, now)
    }

    /// Every answer tells of the limits.
    pub(crate) fn observe(&mut self, told: &RateLimit, now: f64) {
        self.line.observe(told, now);
        if let Some(remaining) = told.daily_remaining {
            self.daily.observe(remaining, now);
        }
        self.rate_limit.update(told);
    }

    /// What a failure means for the calls after it.
    pub(crate) fn learn(&mut self, terms: Terms, failure: &Facts) -> Lesson {
        let is_free = failure.unprocessed || failure.status == Some(401);
        if is_free {
            self.daily.refund(terms.cost);
        } else if matches!(failure.kind, Kind::Connection | Kind::Timeout) {
            self.daily.unanswered(terms.cost);
        }
        let limit = failure.scope.zip(failure.reset_at);
        match limit {
            Some((LimitScope::Burst, reset_at)) => self.line.pause(reset_at),
            Some((LimitScope::Daily, reset_at)) => self.daily.exhausted(reset_at),
            None => {}
        }
        Lesson { is_free, is_limit: limit.is_some() }
    }
}

/// What was learned of a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lesson {
    /// The server surely charged nothing for it.
    pub(crate) is_free: bool,
    /// A limit was hit.
    pub(crate) is_limit: bool,
}
