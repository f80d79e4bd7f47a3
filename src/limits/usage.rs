//! What a client has spent.

use crate::schema::Endpoint;

/// What was spent, in all or on one operation.
///
/// ```
/// # use pipedrive_users::{Client, transport::Runtime};
/// # fn example<R: Runtime>(client: Client<R>) {
/// let spent = client.usage().total();
/// println!("{} tokens in {} requests, {} saved", spent.tokens_spent, spent.calls_sent, spent.calls_saved);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spent {
    /// Cost units of the company's daily budget, which Pipedrive calls tokens.
    pub tokens_spent: u64,
    /// Requests sent, retries included.
    pub calls_sent: u64,
    /// Calls that shared another call's request instead of sending their own.
    pub calls_saved: u64,
}

/// What a client has spent since it was made.
///
/// ```
/// let usage = pipedrive_users::Usage::default();
/// assert_eq!(usage.of("getUser"), usage.total());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Usage(Vec<(&'static Endpoint, Spent)>);

impl Usage {
    /// What was spent on one operation.
    ///
    /// ```
    /// # use pipedrive_users::{Client, transport::Runtime};
    /// # fn example<R: Runtime>(client: Client<R>) {
    /// println!("{} lists", client.usage().of("getUsers").calls_sent);
    /// # }
    /// ```
    #[must_use]
    pub fn of(&self, operation: &str) -> Spent {
        let entry = self.0.iter().find(|(known, _)| known.operation == operation);
        entry.map(|(_, spent)| *spent).unwrap_or_default()
    }

    /// What was spent in all.
    ///
    /// ```
    /// # use pipedrive_users::{Client, transport::Runtime};
    /// # fn example<R: Runtime>(client: Client<R>) {
    /// println!("{} tokens", client.usage().total().tokens_spent);
    /// # }
    /// ```
    #[must_use]
    pub fn total(&self) -> Spent {
        self.0.iter().fold(Spent::default(), |sum, (_, spent)| Spent {
            tokens_spent: sum.tokens_spent + spent.tokens_spent,
            calls_sent: sum.calls_sent + spent.calls_sent,
            calls_saved: sum.calls_saved + spent.calls_saved,
        })
    }

    /// A request was sent.
    pub(crate) fn send(&mut self, endpoint: &'static Endpoint) {
        self.change(endpoint, i64::from(endpoint.cost), 1, 0);
    }

    /// A request that was counted as sent was not.
    pub(crate) fn unsend(&mut self, endpoint: &'static Endpoint) {
        self.change(endpoint, -i64::from(endpoint.cost), -1, 0);
    }

    /// The server certainly charged nothing for a request that was sent.
    pub(crate) fn refund(&mut self, endpoint: &'static Endpoint) {
        self.change(endpoint, -i64::from(endpoint.cost), 0, 0);
    }

    /// A call shared another call's request.
    pub(crate) fn save(&mut self, endpoint: &'static Endpoint) {
        self.change(endpoint, 0, 0, 1);
    }

    #[inline(never)]
    fn change(&mut self, endpoint: &'static Endpoint, tokens: i64, sent: i64, saved: i64) {
        if !self.0.iter().any(|(known, _)| std::ptr::eq(*known, endpoint)) {
            self.0.push((endpoint, Spent::default()));
        }
        for (known, spent) in &mut self.0 {
            if std::ptr::eq(*known, endpoint) {
                // Nothing is taken back that was not counted.
                spent.tokens_spent = spent.tokens_spent.wrapping_add_signed(tokens);
                spent.calls_sent = spent.calls_sent.wrapping_add_signed(sent);
                spent.calls_saved = spent.calls_saved.wrapping_add_signed(saved);
            }
        }
    }
}
