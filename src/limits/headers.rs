//! What the headers tell of the limits.

use crate::transport::Headers;

/// The limits as the last answer told them. A page on another origin can read only the first three.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RateLimit {
    /// Calls in a burst window.
    pub limit: Option<u32>,
    /// Calls left in it.
    pub remaining: Option<u32>,
    /// When the window ends, in milliseconds since 1970.
    pub reset_at: Option<f64>,
    /// Tokens that the company may spend in a day.
    pub daily_limit: Option<u32>,
    /// Tokens left of them.
    pub daily_remaining: Option<u32>,
}

impl RateLimit {
    /// Reads the headers of an answer that came at `now`.
    pub(crate) fn read(headers: &impl Headers, now: f64) -> Self {
        let number = |name| headers.get(name).and_then(|text| text.trim().parse::<u32>().ok());
        Self {
            limit: number("x-ratelimit-limit"),
            remaining: number("x-ratelimit-remaining"),
            // Seconds from now, though many take it for a time of day.
            reset_at: number("x-ratelimit-reset").map(|seconds| now + f64::from(seconds) * 1000.0),
            daily_limit: number("x-daily-ratelimit-token-limit"),
            daily_remaining: number("x-daily-ratelimit-token-remaining"),
        }
    }

    /// What is known after a newer answer: what it does not tell stays as it was.
    pub(crate) fn update(&mut self, newer: &Self) {
        self.limit = newer.limit.or(self.limit);
        self.remaining = newer.remaining.or(self.remaining);
        self.reset_at = newer.reset_at.or(self.reset_at);
        self.daily_limit = newer.daily_limit.or(self.daily_limit);
        self.daily_remaining = newer.daily_remaining.or(self.daily_remaining);
    }
}

/// What the head of an answer tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    pub(crate) limits: RateLimit,
    /// How many milliseconds the server asks to wait.
    pub(crate) retry_after_ms: Option<f64>,
    /// Whether the body is a page.
    pub(crate) is_html: bool,
}

impl Told {
    /// Reads the headers of an answer that came at `now`.
    pub(crate) fn read(headers: &impl Headers, now: f64) -> Self {
        let kind = headers.get("content-type").unwrap_or_default();
        Self {
            limits: RateLimit::read(headers, now),
            retry_after_ms: retry_after(headers, now),
            is_html: kind.to_ascii_lowercase().contains("html"),
        }
    }
}

/// How many milliseconds the server asks to wait: `retry-after` in seconds or as a date.
fn retry_after(headers: &impl Headers, now: f64) -> Option<f64> {
    let text = headers.get("retry-after")?;
    let text = text.trim();
    let whole = text.split('.').next().unwrap_or_default();
    match whole.parse::<u32>() {
        // A fraction is rounded up: asking a little late is better than asking twice.
        Ok(seconds) => Some((f64::from(seconds) + if whole.len() < text.len() { 1.0 } else { 0.0 }) * 1000.0),
        Err(_) => http_date(text).map(|date| (date - now).max(0.0)),
    }
}

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT` as milliseconds since 1970.
fn http_date(text: &str) -> Option<f64> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut words = text.split_once(", ")?.1.split([' ', ':']);
    let mut word = || words.next();
    let day: i64 = word()?.parse().ok()?;
    let month = i64::try_from(MONTHS.find(word()?)? / 3).ok()? + 1;
    let year: i64 = word()?.parse().ok()?;
    let mut clock = 0;
    for _ in 0..3 {
        clock = clock * 60 + word()?.parse::<i64>().ok()?;
    }
    if word()? != "GMT" {
        return None;
    }
    // Exact: the seconds of any four-digit year fit into 53 bits.
    #[allow(clippy::cast_precision_loss)]
    let milliseconds = ((days_since_1970(year, month, day) * 86_400 + clock) * 1000) as f64;
    Some(milliseconds)
}

/// The days from 1 January 1970 to a date of the Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that the leap day is their last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 719_469
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct One(&'static str, &'static str);

    impl Headers for One {
        fn get(&self, name: &str) -> Option<String> {
            (name == self.0).then(|| self.1.to_owned())
        }

        fn to_vec(&self) -> Vec<(String, String)> {
            vec![(self.0.to_owned(), self.1.to_owned())]
        }
    }

    #[test]
    fn retry_after_in_every_spelling() {
        let now = 784_111_777_000.0;
        let table = [
            ("5", Some(5_000.0)),
            (" 5 ", Some(5_000.0)),
            ("0", Some(0.0)),
            ("1.5", Some(2_000.0)),
            ("3939", Some(3_939_000.0)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10_000.0)),
            ("Sun, 06 Nov 1994 08:49:27 GMT", Some(0.0)),
            ("-1", None),
            ("soon", None),
            ("", None),
            ("Sun, 06 Foo 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
        ];
        for (text, wait) in table {
            assert_eq!(retry_after(&One("retry-after", text), now), wait, "{text:?}");
        }
    }

    #[test]
    fn dates_are_counted_right() {
        for (date, days) in [
            ((1970, 1, 1), 0),
            ((1970, 3, 1), 59),
            ((2000, 2, 29), 11_016),
            ((2000, 3, 1), 11_017),
            ((2026, 11, 22), 20_779),
        ] {
            assert_eq!(days_since_1970(date.0, date.1, date.2), days, "{date:?}");
        }
    }

    #[test]
    fn the_reset_is_seconds_from_now() {
        let limit = RateLimit::read(&One("x-ratelimit-reset", "2"), 1_000.0);
        assert_eq!(limit.reset_at, Some(3_000.0));
    }

    #[test]
    fn what_an_answer_does_not_tell_stays() {
        let mut known = RateLimit { limit: Some(20), remaining: Some(3), ..RateLimit::default() };
        known.update(&RateLimit { remaining: Some(2), ..RateLimit::default() });
        assert_eq!((known.limit, known.remaining), (Some(20), Some(2)));
    }
}
