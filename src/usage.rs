//! What a client has spent.

use crate::endpoint::Endpoint;

/// What was spent, in all or on one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Tokens of the company's daily budget.
    pub tokens_spent: u64,
    /// Requests that were sent, retries included.
    pub calls_sent: u64,
    /// Calls that shared another's request instead of sending their own.
    pub calls_saved: u64,
}

/// What a client has spent since it was made.
#[derive(Clone, Debug, Default)]
pub struct Usage(Vec<(&'static str, Spent)>);

impl Usage {
    /// What was spent on one operation.
    #[must_use]
    pub fn of(&self, operation: &str) -> Spent {
        let entry = self.0.iter().find(|(known, _)| *known == operation);
        entry.map(|(_, spent)| *spent).unwrap_or_default()
    }

    /// What was spent in all.
    #[must_use]
    pub fn total(&self) -> Spent {
        self.0.iter().fold(Spent::default(), |sum, (_, spent)| Spent {
            tokens_spent: sum.tokens_spent + spent.tokens_spent,
            calls_sent: sum.calls_sent + spent.calls_sent,
            calls_saved: sum.calls_saved + spent.calls_saved,
        })
    }

    pub(crate) fn sent(&mut self, endpoint: &'static Endpoint) {
        self.change(endpoint, |spent| {
            spent.calls_sent += 1;
            spent.tokens_spent += u64::from(endpoint.cost);
        });
    }

    /// The server surely charged nothing for a call that was counted as sent.
    pub(crate) fn refund(&mut self, endpoint: &'static Endpoint) {
        self.change(endpoint, |spent| {
            spent.tokens_spent = spent.tokens_spent.saturating_sub(endpoint.cost.into());
        });
    }

    pub(crate) fn saved(&mut self, endpoint: &'static Endpoint) {
        self.change(endpoint, |spent| spent.calls_saved += 1);
    }

    fn change(&mut self, endpoint: &'static Endpoint, change: impl FnOnce(&mut Spent)) {
        let mut spent = self.of(endpoint.operation);
        change(&mut spent);
        match self.0.iter_mut().find(|(known, _)| *known == endpoint.operation) {
            Some((_, entry)) => *entry = spent,
            None => self.0.push((endpoint.operation, spent)),
        }
    }
}
