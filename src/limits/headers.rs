//! What the status and the headers of a response mean.

use super::Optional;
use crate::platform::timestamp::Timestamp;
use crate::text::{Text, contains_ignoring_case, parse_http_date};
use crate::transport::Headers;

/// The rate-limit headers. A page on another origin can read only the first three.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct RateLimitHeaders {
    /// Calls in any two seconds.
    pub(crate) limit: Optional,
    /// Calls left of them.
    pub(crate) remaining: Optional,
    /// In how many milliseconds there will be more.
    pub(crate) reset_in_ms: Optional,
    /// Cost units a day.
    pub(crate) daily_limit: Optional,
    /// Cost units left of them.
    pub(crate) daily_remaining: Optional,
}

/// The rate limits as the last response reported them. A page on another origin can read only the first three.
///
/// ```
/// use pipedrive_users::RateLimit;
///
/// let unknown = RateLimit::default();
/// assert_eq!((unknown.remaining, unknown.reset_at), (None, None));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// Calls in any two seconds.
    pub limit: Option<u32>,
    /// Calls left of them.
    pub remaining: Option<u32>,
    /// When there will be more.
    pub reset_at: Option<Timestamp>,
    /// Cost units that the company may spend in a day.
    pub daily_limit: Option<u32>,
    /// Cost units left of them.
    pub daily_remaining: Option<u32>,
}

/// The same, as the client keeps it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    pub(crate) limit: Optional,
    pub(crate) remaining: Optional,
    pub(crate) reset_at: Optional,
    pub(crate) daily_limit: Optional,
    pub(crate) daily_remaining: Optional,
}

impl Limits {
    /// What the headers of a response say that came at this time of day.
    pub(crate) fn new(headers: &RateLimitHeaders, wall: f64) -> Self {
        let RateLimitHeaders { limit, remaining, reset_in_ms, daily_limit, daily_remaining } = *headers;
        let reset_at = (wall + reset_in_ms.or_nan()).into();
        Self { limit, remaining, reset_at, daily_limit, daily_remaining }
    }

    /// What is known after a newer response: what it does not tell stays as it was.
    pub(crate) fn update(&mut self, newer: &Self) {
        self.limit = newer.limit.or(self.limit);
        self.remaining = newer.remaining.or(self.remaining);
        self.reset_at = newer.reset_at.or(self.reset_at);
        self.daily_limit = newer.daily_limit.or(self.daily_limit);
        self.daily_remaining = newer.daily_remaining.or(self.daily_remaining);
    }
}

impl From<Limits> for RateLimit {
    fn from(limits: Limits) -> Self {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Counts that fit.
        let count = |number: Optional| number.get().map(|count| count as u32);
        Self {
            limit: count(limits.limit),
            remaining: count(limits.remaining),
            reset_at: limits.reset_at.get().map(Timestamp::from_ms),
            daily_limit: count(limits.daily_limit),
            daily_remaining: count(limits.daily_remaining),
        }
    }
}

/// What the status and the headers of a response say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct ResponseHead {
    pub(crate) status: u16,
    pub(crate) rate_limit: RateLimitHeaders,
    /// How long the server asks to wait.
    pub(crate) retry_after_ms: Optional,
    /// Whether the body is a page.
    pub(crate) is_html: bool,
}

impl ResponseHead {
    /// Reads the headers of a response that came at this time of day, in milliseconds since 1970.
    pub(crate) fn read<H: Headers>(status: u16, headers: &H, wall: f64) -> Self {
        let largest = f64::from(u32::MAX);
        let count = |name, least: f64| -> Optional {
            let count = headers.get(name).and_then(|text| number(&text));
            count.filter(|count| *count >= least && *count <= largest).map(|count| count.max(0.0)).into()
        };
        // A server may have counted more than it allows: nothing is left then.
        let rest = |name| count(name, f64::NEG_INFINITY);
        // The server's own clock, so that the two clocks need not agree.
        let date = || parse_http_date(&headers.get("date")?);
        let server_wall = || date().unwrap_or(wall);
        let wait = |name| -> Optional { headers.get(name).and_then(|text| wait(&text, &server_wall)).into() };
        let is_good = (200..300).contains(&status);
        let content_type = if is_good { None } else { headers.get("content-type") };
        Self {
            status,
            rate_limit: RateLimitHeaders {
                limit: count("x-ratelimit-limit", 0.0),
                remaining: rest("x-ratelimit-remaining"),
                reset_in_ms: wait("x-ratelimit-reset"),
                daily_limit: count("x-daily-ratelimit-token-limit", 0.0),
                daily_remaining: rest("x-daily-ratelimit-token-remaining"),
            },
            retry_after_ms: if is_good { Optional::UNKNOWN } else { wait("retry-after") },
            is_html: content_type.is_some_and(|kind| contains_ignoring_case(&kind, "html")),
        }
    }
}

/// A decimal number, of at most 15 digits before the point. A fraction is rounded up: asking a little
/// late is better than asking twice.
#[inline(never)]
fn number<T: Text>(text: &T) -> Option<f64> {
    let number = text.to_number();
    #[allow(clippy::cast_possible_truncation)] // It saturates.
    let is_decimal = || T::number(number as i64) == *text || text.matches(r"^[\s]*-?\d[\d.\s]*$");
    (number < FIRST_WITH_16_DIGITS && is_decimal()).then(|| number.ceil())
}

const FIRST_WITH_16_DIGITS: f64 = 1e15;

/// A number past this is no wait but a time of day.
const LATEST_WAIT_S: f64 = 1e9;
/// A number past this is a time of day in milliseconds.
const LATEST_TIME_S: f64 = 1e11;

/// How many milliseconds to wait: a header says it in seconds, as a time of day, or as a date.
fn wait<T: Text>(text: &T, server_wall: &dyn Fn() -> f64) -> Option<f64> {
    let time = match number(text) {
        Some(seconds) if seconds <= LATEST_WAIT_S => {
            return Some(seconds * 1000.0).filter(|wait| *wait >= 0.0);
        }
        Some(time) if time > LATEST_TIME_S => time,
        Some(time) => time * 1000.0,
        None => parse_http_date(text)?,
    };
    Some((time - server_wall()).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::HeaderList;

    /// Sunday, 6 November 1994, 08:49:37.
    const NOW: f64 = 784_111_777_000.0;

    fn head(headers: &[(&str, &str)]) -> ResponseHead {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        ResponseHead::read(429, &HeaderList(headers), NOW)
    }

    #[test]
    fn retry_after_in_every_spelling() {
        let table = [
            ("5", Some(5_000.0)),
            (" 5 ", Some(5_000.0)),
            ("0", Some(0.0)),
            ("1.5", Some(2_000.0)),
            ("1.0", Some(1_000.0)),
            ("1.", Some(1_000.0)),
            ("3939", Some(3_939_000.0)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10_000.0)),
            ("Sun, 06 Nov 1994 08:49:27 GMT", Some(0.0)),
            ("Sunday, 06-Nov-94 08:49:47 GMT", Some(10_000.0)),
            ("Sun Nov  6 08:49:47 1994", Some(10_000.0)),
            ("784111787", Some(784_111_787_000.0)),
            ("1000000001", Some(1_000_000_001_000.0 - NOW)),
            ("1795348805000", Some(1_795_348_805_000.0 - NOW)),
            ("-1", None),
            ("+5", None),
            ("1e3", None),
            ("5.x", None),
            ("5.5.5", None),
            (".5", None),
            ("soon", None),
            ("", None),
            ("3, 4", None),
            ("99999999999999999999", None),
            ("Sun, 06 Foo 1994 08:49:37 GMT", None),
            ("Sun, 22 ovD 2026 12:00:05 GMT", None),
            ("Sun, 99 Nov 2026 12:00:05 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("٣", None),
        ];
        for (text, wait) in table {
            assert_eq!(head(&[("retry-after", text)]).retry_after_ms.get(), wait, "{text:?}");
        }
    }

    #[test]
    fn times_are_relative_to_the_servers_own_clock() {
        let date = ("date", "Sun, 22 Nov 2026 12:00:00 GMT");
        let waits = [("retry-after", "Sun, 22 Nov 2026 12:00:05 GMT"), ("retry-after", "1795348805")];
        for wait in waits {
            assert_eq!(head(&[date, wait]).retry_after_ms.get(), Some(5_000.0), "{wait:?}");
        }
        let reset = head(&[date, ("x-ratelimit-reset", "1795348802")]).rate_limit.reset_in_ms.get();
        assert_eq!(reset, Some(2_000.0));
    }

    #[test]
    fn counts_are_whole_numbers_that_fit() {
        let table = [
            ("20", Some(20.0)),
            (" 20 ", Some(20.0)),
            ("0", Some(0.0)),
            ("4294967295", Some(u32::MAX.into())),
            ("4294967296", None),
            ("+20", None),
            ("-1", None),
            ("20, 20", None),
            ("", None),
        ];
        for (text, count) in table {
            assert_eq!(head(&[("x-ratelimit-limit", text)]).rate_limit.limit.get(), count, "{text:?}");
        }
        let table = [
            ("-1", Some(0.0)),
            ("-20", Some(0.0)),
            (" 3.5 ", Some(4.0)),
            ("-x", None),
            ("--1", None),
            ("1-", None),
        ];
        for (text, rest) in table {
            let head = head(&[("x-ratelimit-remaining", text), ("x-daily-ratelimit-token-remaining", text)]);
            let RateLimitHeaders { remaining, daily_remaining, .. } = head.rate_limit;
            assert_eq!((remaining.get(), daily_remaining.get()), (rest, rest), "{text:?}");
        }
        let twice = [("x-ratelimit-remaining", "3"), ("x-ratelimit-remaining", "3")];
        assert_eq!(head(&twice).rate_limit.remaining.get(), None);
    }

    #[test]
    fn what_a_response_does_not_tell_stays() {
        let mut known = Limits { limit: 20.0.into(), remaining: 3.0.into(), ..Limits::default() };
        known.update(&Limits { remaining: 2.0.into(), ..Limits::default() });
        let known = RateLimit::from(known);
        assert_eq!((known.limit, known.remaining, known.daily_limit), (Some(20), Some(2), None));
    }

    #[test]
    fn a_page_is_recognised() {
        assert!(head(&[("content-type", "text/HTML; charset=utf-8")]).is_html);
        assert!(!head(&[("content-type", "application/json")]).is_html);
    }
}
