//! What a client has spent.

use crate::api::ENDPOINTS;
use crate::endpoint::Terms;

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
    /// What was spent on one operation.
    #[must_use]
    pub fn of(&self, operation: &str) -> Spent {
        let slot = ENDPOINTS.iter().position(|endpoint| endpoint.operation == operation);
        slot.map(|slot| self.in_slot(slot)).unwrap_or_default()
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

    /// What was spent on the operation at this place of the table.
    pub(crate) fn in_slot(&self, slot: usize) -> Spent {
        self.0.get(slot).copied().unwrap_or_default()
    }

    pub(crate) fn sent(&mut self, terms: Terms) {
        if let Some(spent) = self.slot(terms) {
            spent.calls_sent += 1;
            spent.tokens_spent += u64::from(terms.cost);
        }
    }

    /// The server surely charged nothing for a call that was counted as sent.
    pub(crate) fn refund(&mut self, terms: Terms) {
        if let Some(spent) = self.slot(terms) {
            spent.tokens_spent = spent.tokens_spent.saturating_sub(terms.cost.into());
        }
    }

    pub(crate) fn saved(&mut self, terms: Terms) {
        if let Some(spent) = self.slot(terms) {
            spent.calls_saved += 1;
        }
    }

    fn slot(&mut self, terms: Terms) -> Option<&mut Spent> {
        self.0.get_mut(terms.slot)
    }
}
