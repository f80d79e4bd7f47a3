//! Whether an OAuth access token can still be used.

use crate::platform::timestamp::Timestamp;

/// Below this remaining lifetime, a token is refreshed in the background while calls still use it.
const EXPIRING_SOON_MS: f64 = 120_000.0;
/// Below this remaining lifetime, a token may expire while a request is in flight: calls wait for a new one.
const EXPIRED_MS: f64 = 30_000.0;

/// What to do with an access token.
///
/// ```
/// use std::time::Duration;
/// use pipedrive_users::Timestamp;
/// use pipedrive_users::server::TokenState;
///
/// let now = Timestamp::from_unix_millis(1_795_348_800_000);
/// assert_eq!(TokenState::at(now + Duration::from_secs(3_600), now), TokenState::Valid);
/// assert_eq!(TokenState::at(now, now), TokenState::Expired);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenState {
    /// Use it.
    Valid,
    /// Use it, and refresh it in the background.
    ExpiringSoon,
    /// Refresh it before the call. It has expired, or has less than 30 s left.
    Expired,
}

impl TokenState {
    /// Returns the state at this time of a token that expires at `expires_at`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pipedrive_users::Timestamp;
    /// use pipedrive_users::server::TokenState;
    ///
    /// let now = Timestamp::from_unix_millis(1_793_527_200_000);
    /// assert_eq!(TokenState::at(now + Duration::from_secs(3_000), now), TokenState::Valid);
    /// assert_eq!(TokenState::at(now, now), TokenState::Expired);
    /// ```
    #[must_use]
    pub fn at(expires_at: Timestamp, now: Timestamp) -> Self {
        Self::from_remaining_ms(expires_at.as_ms() - now.as_ms())
    }

    /// Returns the state of a token with this remaining lifetime in milliseconds. NaN means that it has expired.
    pub(crate) fn from_remaining_ms(remaining_ms: f64) -> Self {
        if remaining_ms > EXPIRING_SOON_MS {
            Self::Valid
        } else if remaining_ms >= EXPIRED_MS {
            Self::ExpiringSoon
        } else {
            Self::Expired
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_depends_on_the_remaining_lifetime() {
        let table = [
            (3_600_000.0, TokenState::Valid),
            (120_001.0, TokenState::Valid),
            (120_000.0, TokenState::ExpiringSoon),
            (30_000.0, TokenState::ExpiringSoon),
            (29_999.0, TokenState::Expired),
            (-1.0, TokenState::Expired),
            (f64::NAN, TokenState::Expired),
        ];
        for (remaining_ms, expected) in table {
            assert_eq!(TokenState::from_remaining_ms(remaining_ms), expected, "{remaining_ms} ms");
        }
    }
}
