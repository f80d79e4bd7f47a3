//! A time of day that works in WebAssembly too.

use std::time::{Duration, SystemTime};

/// A time of day, in whole milliseconds since 1970, UTC. Unlike [`SystemTime`], which it converts to and from, it can be
/// compared with JavaScript's `Date.now()` where there is no [`SystemTime::now`].
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use pipedrive_users::Timestamp;
///
/// let noon = Timestamp::from_unix_millis(1_795_348_800_000);
/// assert_eq!(SystemTime::from(noon), SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800));
/// assert_eq!(noon + Duration::from_secs(60), Timestamp::from_unix_millis(1_795_348_860_000));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The time so many milliseconds after the beginning of 1970.
    ///
    /// ```
    /// use pipedrive_users::Timestamp;
    ///
    /// assert!(Timestamp::from_unix_millis(1) > Timestamp::default());
    /// ```
    #[must_use]
    pub const fn from_unix_millis(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since 1970.
    ///
    /// ```
    /// assert_eq!(pipedrive_users::Timestamp::default().as_unix_millis(), 0);
    /// ```
    #[must_use]
    pub const fn as_unix_millis(self) -> i64 {
        self.0
    }

    /// How long after `earlier` it is; zero if it is before.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pipedrive_users::Timestamp;
    ///
    /// let (now, reset_at) = (Timestamp::from_unix_millis(1_000), Timestamp::from_unix_millis(3_500));
    /// assert_eq!(reset_at.saturating_duration_since(now), Duration::from_millis(2_500));
    /// assert_eq!(now.saturating_duration_since(reset_at), Duration::ZERO);
    /// ```
    #[must_use]
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The time as the state machines count it.
    #[allow(clippy::cast_possible_truncation)] // It saturates.
    pub(crate) fn from_ms(milliseconds: f64) -> Self {
        Self(milliseconds.round() as i64)
    }

    #[allow(clippy::cast_precision_loss)] // Exact for 285 000 years.
    pub(crate) fn as_ms(self) -> f64 {
        self.0 as f64
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(time: Timestamp) -> Self {
        let distance = Duration::from_millis(time.0.unsigned_abs());
        let moved = if time.0 < 0 {
            Self::UNIX_EPOCH.checked_sub(distance)
        } else {
            Self::UNIX_EPOCH.checked_add(distance)
        };
        moved.unwrap_or(Self::UNIX_EPOCH)
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => Self(millis(after)),
            Err(before) => Self(-millis(before.duration())),
        }
    }
}

/// A duration of so many milliseconds as the state machines count them, rounded up to whole nanoseconds.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It saturates.
pub(crate) fn duration_from_ms(milliseconds: f64) -> Duration {
    Duration::from_nanos((milliseconds * 1e6).ceil() as u64)
}

/// A duration in milliseconds.
#[allow(clippy::cast_precision_loss)] // Exact for 100 days, and to the microsecond for longer than anybody waits.
pub(crate) fn duration_as_ms(duration: Duration) -> f64 {
    duration.as_nanos() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_times_before_and_after_1970_are_the_systems() {
        for millis in [-86_400_001, -1, 0, 1, 1_795_348_800_123] {
            let time = Timestamp::from_unix_millis(millis);
            assert_eq!(Timestamp::from(SystemTime::from(time)), time);
        }
    }

    #[test]
    fn durations_are_kept() {
        for ms in [0.0, 0.25, 1.0, 1_530.0, 3_600_000.0] {
            assert!((duration_as_ms(duration_from_ms(ms)) - ms).abs() < 1e-9, "{ms}");
        }
        assert_eq!(duration_from_ms(-1.0), Duration::ZERO);
        assert_eq!(duration_from_ms(f64::INFINITY), Duration::from_nanos(u64::MAX));
    }
}
