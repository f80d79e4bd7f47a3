//! Dates of RFC 9110, section 5.6.7, in all three forms.
//!
//! A crate that reads them costs the npm module six times as much; the tests hold this against one.

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994` as milliseconds
/// since 1970; nothing of what is before.
pub(super) fn parse_http_date(text: &[u8]) -> Option<f64> {
    let mut words: [&[u8]; 8] = [b"GMT"; 8];
    let mut count = 0;
    for word in text.split(|byte| matches!(byte, b' ' | b',' | b'-' | b':')) {
        if !word.is_empty() {
            *words.get_mut(count)? = word;
            count += 1;
        }
    }
    let is_asctime = !text.contains(&b',');
    let [weekday, day, month, year, hour, minute, second, zone] = match words {
        [weekday, month, day, hour, minute, second, year, zone] if is_asctime => {
            [weekday, day, month, year, hour, minute, second, zone]
        }
        words => words,
    };
    let month = MONTHS.chunks(3).zip(1..).find(|(name, _)| *name == month)?.1;
    let (day, hour, minute, second) = (number(day), number(hour), number(minute), number(second));
    let year = match (year.len(), number(year)) {
        (4, year) => year,
        (2, year @ 0..) if !is_asctime => year + if year < 70 { 2000 } else { 1900 },
        _ => return None,
    };
    let is_real = (1970..=9999).contains(&year)
        && (1..=days_in(month, year)).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second)
        && zone == b"GMT"
        && count == if is_asctime { 7 } else { 8 }
        && WEEKDAYS.split(|byte| *byte == b',').any(|name| weekday == name || name.get(..3) == Some(weekday));
    // Exact: the seconds of any four-digit year fit into 53 bits.
    let seconds = f64::from(days_since_1970(year, month, day)) * 86_400.0
        + f64::from(hour * 3600 + minute * 60 + second);
    is_real.then_some(seconds * 1000.0)
}

const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";

const WEEKDAYS: &[u8] = b"Sunday,Monday,Tuesday,Wednesday,Thursday,Friday,Saturday";

/// A number of at most four digits; what is none is negative.
fn number(word: &[u8]) -> i32 {
    let mut number = if word.len() <= 4 { 0 } else { -1 };
    for byte in word {
        if number < 0 || !byte.is_ascii_digit() {
            return -1;
        }
        number = number * 10 + i32::from(byte - b'0');
    }
    number
}

fn days_in(month: i32, year: i32) -> i32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// The days from 1 January 1970 to a date of the Gregorian calendar.
fn days_since_1970(year: i32, month: i32, day: i32) -> i32 {
    // Years begin in March here, so that the leap day is their last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 719_469
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    /// A crate's reading.
    fn expected(text: &str) -> Option<f64> {
        let date = httpdate::parse_http_date(text).ok()?;
        #[allow(clippy::cast_precision_loss)]
        Some(date.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs() as f64 * 1000.0)
    }

    #[test]
    fn every_day_of_four_centuries_is_read_as_the_crate_reads_it() {
        for day in 0..(400 * 366) {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(day * 86_400 + day % 86_400);
            let text = httpdate::fmt_http_date(time);
            assert_eq!(parse_http_date(text.as_bytes()), expected(&text), "{text}");
        }
    }

    #[test]
    fn the_three_forms_and_what_is_none() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Sun, 29 Feb 2032 00:00:00 GMT",
        ] {
            let read = parse_http_date(text.as_bytes());
            assert_eq!(read, expected(text), "{text}");
            assert!(read.is_some(), "{text}");
        }
        for text in [
            "",
            "soon",
            "5",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 22 ovD 2026 12:00:05 GMT",
            "Sun, 99 Nov 2026 12:00:05 GMT",
            "Sun, 29 Feb 2026 12:00:05 GMT",
            "Sun, 22 Nov 2026 99:00:05 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 08:49:37",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "Sun, 06 NOV 1994 08:49:37 GMT",
            "22 Nov 2026 12:00:05 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT x",
            "Xyz, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 19945 08:49:37 GMT",
        ] {
            assert_eq!(parse_http_date(text.as_bytes()), None, "{text}");
        }
    }
}
