//! How long an OAuth token is still good.

/// With less than this left, a token is renewed behind the calls that use it.
const AGING_MS: f64 = 120_000.0;
/// With less than this left, it may end on the way: calls wait for the next.
const STALE_MS: f64 = 30_000.0;

/// What to do with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Use it.
    Fresh,
    /// Use it, and renew it meanwhile.
    Aging,
    /// Wait for the next.
    Stale,
}

impl Freshness {
    /// Judges a token that has so many milliseconds left.
    #[must_use]
    pub fn of(left_ms: f64) -> Self {
        if left_ms > AGING_MS {
            Self::Fresh
        } else if left_ms >= STALE_MS {
            Self::Aging
        } else {
            Self::Stale
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_borders() {
        let table = [
            (3_600_000.0, Freshness::Fresh),
            (120_001.0, Freshness::Fresh),
            (120_000.0, Freshness::Aging),
            (30_000.0, Freshness::Aging),
            (29_999.0, Freshness::Stale),
            (-1.0, Freshness::Stale),
            (f64::NAN, Freshness::Stale),
        ];
        for (left, expected) in table {
            assert_eq!(Freshness::of(left), expected, "{left} ms");
        }
    }
}
