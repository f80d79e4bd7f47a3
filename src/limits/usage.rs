//! What a client has spent.

/// What was spent, in all or on one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Cost units of the company's daily budget, which Pipedrive calls tokens.
    pub tokens_spent: u64,
    /// Requests sent, retries included.
    pub calls_sent: u64,
    /// Calls that shared another call's request instead of sending their own.
    pub calls_saved: u64,
}

impl Spent {
    pub(crate) fn send(&mut self, cost: u32) {
        self.calls_sent += 1;
        self.tokens_spent += u64::from(cost);
    }

    /// A call that was counted as sent was not.
    pub(crate) fn unsend(&mut self, cost: u32) {
        self.calls_sent = self.calls_sent.saturating_sub(1);
        self.refund(cost);
    }

    /// The server certainly charged nothing for a call that was sent.
    pub(crate) fn refund(&mut self, cost: u32) {
        self.tokens_spent = self.tokens_spent.saturating_sub(cost.into());
    }

    pub(crate) fn save(&mut self) {
        self.calls_saved += 1;
    }
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

    /// Changes what was spent on an operation.
    pub(crate) fn change<R>(&mut self, operation: &'static str, change: impl FnOnce(&mut Spent) -> R) -> R {
        // The same operation is nearly always the same text in memory.
        let index =
            self.0.iter().position(|(known, _)| std::ptr::eq(*known, operation) || *known == operation);
        if let Some((_, spent)) = index.and_then(|index| self.0.get_mut(index)) {
            return change(spent);
        }
        let mut spent = Spent::default();
        let result = change(&mut spent);
        self.0.push((operation, spent));
        result
    }
}
