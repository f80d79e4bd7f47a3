//! What a client has spent.

use crate::api::{ENDPOINTS, Endpoint};

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
pub struct Usage([Spent; ENDPOINTS.len()]);

impl Usage {
    /// What was spent on one operation, by its place in [`ENDPOINTS`].
    #[must_use]
    pub fn of(&self, place: usize) -> Spent {
        self.0.get(place).copied().unwrap_or_default()
    }

    /// What was spent in all.
    #[must_use]
    pub fn total(&self) -> Spent {
        self.0.iter().fold(Spent::default(), |sum, spent| Spent {
            tokens_spent: sum.tokens_spent + spent.tokens_spent,
            calls_sent: sum.calls_sent + spent.calls_sent,
            calls_saved: sum.calls_saved + spent.calls_saved,
        })
    }

    pub(crate) fn sent(&mut self, endpoint: &'static Endpoint) {
        if let Some(spent) = self.entry(endpoint) {
            spent.calls_sent += 1;
            spent.tokens_spent += u64::from(endpoint.cost);
        }
    }

    /// The server surely charged nothing for a call that was counted as sent.
    pub(crate) fn refund(&mut self, endpoint: &'static Endpoint) {
        if let Some(spent) = self.entry(endpoint) {
            spent.tokens_spent -= u64::from(endpoint.cost);
        }
    }

    pub(crate) fn saved(&mut self, endpoint: &'static Endpoint) {
        if let Some(spent) = self.entry(endpoint) {
            spent.calls_saved += 1;
        }
    }

    fn entry(&mut self, endpoint: &'static Endpoint) -> Option<&mut Spent> {
        let place = ENDPOINTS.iter().position(|known| std::ptr::eq(*known, endpoint))?;
        self.0.get_mut(place)
    }
}
