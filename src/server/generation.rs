//! Resolves conflicts between two stored versions of one user's tokens.

/// The version of a user's tokens: every new pair of tokens is a new generation.
///
/// ```
/// use pipedrive_users::server::Generation;
///
/// let newer = Generation { number: 2, is_revoked: false };
/// assert!(newer.replaces(Generation { number: 1, is_revoked: true }));
/// assert!(!newer.replaces(newer));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Increases with each new pair of tokens. It is 1 after the first authorization.
    pub number: u32,
    /// Whether Pipedrive no longer accepts its refresh token.
    pub is_revoked: bool,
}

impl Generation {
    /// Returns whether this version may overwrite another: a newer generation may, and a generation may be marked as
    /// revoked. So a late response never overwrites newer tokens, and a revocation never overwrites a newer generation.
    ///
    /// ```
    /// use pipedrive_users::server::Generation;
    ///
    /// let (old, new) = (Generation { number: 1, is_revoked: false }, Generation { number: 2, is_revoked: false });
    /// assert!(new.replaces(old) && !old.replaces(new));
    /// ```
    #[must_use]
    pub const fn replaces(self, other: Self) -> bool {
        self.number > other.number || (self.number == other.number && self.is_revoked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_tokens_are_never_replaced_by_older_or_revoked_ones() {
        let of = |number, is_revoked| Generation { number, is_revoked };
        // Two processes refresh generation 5 at the same time, and Pipedrive refuses the second one.
        assert!(of(6, false).replaces(of(5, false)));
        assert!(of(6, false).replaces(of(5, true)), "the refusal was stored first");
        assert!(!of(5, true).replaces(of(6, false)), "the refusal was stored last");
        // No other process refreshed it.
        assert!(of(5, true).replaces(of(5, false)));
        // A late response.
        assert!(!of(6, false).replaces(of(6, false)));
        assert!(!of(6, false).replaces(of(7, false)));
    }
}
