//! Timestamps in UTC.

const DAY_MS: u64 = 86_400_000;

/// Milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timestamp(u64);

impl Timestamp {
    /// Converts the time of a request. NaN and negative values become 0.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and NaN is 0"
    )]
    pub(super) fn from_ms(ms: f64) -> Self {
        // The end of the year 9999: dates in records have four-digit years.
        Self((ms as u64).min(253_402_300_799_999))
    }

    pub(super) const fn from_seconds(seconds: u64) -> Self {
        Self(seconds * 1000)
    }

    pub(super) const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0 + ms)
    }

    /// Returns the number of whole days since the epoch.
    pub(super) const fn day(self) -> u64 {
        self.0 / DAY_MS
    }

    /// Returns the seconds until `end`, rounded up, or 0 if it has passed.
    pub(super) const fn seconds_until(self, end: Self) -> u64 {
        end.0.saturating_sub(self.0).div_ceil(1000)
    }

    /// Returns the next midnight.
    pub(super) const fn next_midnight(self) -> Self {
        Self((self.day() + 1) * DAY_MS)
    }

    /// Formats as v1 does: `2026-01-01 00:00:00`.
    pub(super) fn format_v1(self) -> String {
        self.format(' ', "")
    }

    /// Formats as v2 does: `2026-01-01T00:00:00Z`.
    pub(super) fn format_v2(self) -> String {
        self.format('T', "Z")
    }

    /// Formats as webhooks do: `2026-01-01T00:00:00.000Z`.
    pub(super) fn format_ms(self) -> String {
        self.format('T', &format!(".{:03}Z", self.0 % 1000))
    }

    fn format(self, separator: char, suffix: &str) -> String {
        let (year, month, day) = date_of(self.day());
        let seconds = self.0 % DAY_MS / 1000;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        format!("{year:04}-{month:02}-{day:02}{separator}{hour:02}:{minute:02}:{second:02}{suffix}")
    }
}

/// Converts days since the epoch to a Gregorian date. Years are counted from March, which puts the leap day last.
const fn date_of(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let january_or_february = month <= 2;
    (era * 400 + year_of_era + january_or_february as u64, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_dates() {
        let table = [
            (0, "1970-01-01 00:00:00"),
            (951_782_399, "2000-02-28 23:59:59"),
            (951_782_400, "2000-02-29 00:00:00"),
            (1_767_225_599, "2025-12-31 23:59:59"),
            (1_767_225_600, "2026-01-01 00:00:00"),
        ];
        for (seconds, text) in table {
            assert_eq!(Timestamp::from_seconds(seconds).format_v1(), text);
        }
        assert_eq!(Timestamp::from_seconds(1_767_225_600).format_v2(), "2026-01-01T00:00:00Z");
    }

    #[test]
    fn seconds_until_midnight_are_rounded_up() {
        let now = Timestamp::from_ms(1_767_225_600_001.0);
        assert_eq!(now.seconds_until(now.next_midnight()), 86_400);
        let now = Timestamp::from_ms(1_767_311_999_999.0);
        assert_eq!(now.seconds_until(now.next_midnight()), 1);
    }

    #[test]
    fn any_number_is_a_valid_time() {
        for ms in [f64::NAN, f64::NEG_INFINITY, -1.0] {
            assert_eq!(Timestamp::from_ms(ms).format_v1(), "1970-01-01 00:00:00");
        }
        assert_eq!(Timestamp::from_ms(f64::INFINITY).format_v1(), "9999-12-31 23:59:59");
    }
}
