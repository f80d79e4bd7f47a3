//! Which of two records of one user's tokens is the better.

/// A state of a user's tokens: each new pair is a generation, and one that Pipedrive refuses is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation {
    /// Counted from 1, when the user authorised the app for the first time.
    pub number: u32,
    /// Whether Pipedrive takes its refresh token no more.
    pub is_spent: bool,
}

impl Generation {
    /// Whether this may take the place of another: a newer one may, and a generation may be found spent while it is the
    /// one that counts. So an answer that comes late never overwrites a newer token, and "spent" never a good one.
    #[must_use]
    pub const fn replaces(self, other: Self) -> bool {
        self.number > other.number || (self.number == other.number && self.is_spent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_record_is_never_replaced_by_a_worse_one() {
        let of = |number, is_spent| Generation { number, is_spent };
        // Two processes renew generation 5 at the same time, and the one that comes second is refused.
        assert!(of(6, false).replaces(of(5, false)));
        assert!(of(6, false).replaces(of(5, true)), "the refusal came first");
        assert!(!of(5, true).replaces(of(6, false)), "the refusal came last");
        // Nobody else renewed it.
        assert!(of(5, true).replaces(of(5, false)));
        // An answer that took its time.
        assert!(!of(6, false).replaces(of(6, false)));
        assert!(!of(6, false).replaces(of(7, false)));
    }
}
