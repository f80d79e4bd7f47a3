//! Dates of RFC 9110, section 5.6.7, in all three forms.
//!
//! A crate that reads them costs the npm module six times as much; the tests hold this against one.

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994` as milliseconds
/// since 1970; nothing of what is before.
pub(super) fn parse_http_date(text: &[u8]) -> Option<f64> {
    // Words and numbers, in the order of the form.
    let mut words =
        text.split(|byte| matches!(byte, b' ' | b',' | b'-' | b':')).filter(|word| !word.is_empty());
    let mut word = || words.next();
    let is_asctime = !text.contains(&b',');
    word().filter(|day| WEEKDAYS.iter().any(|name| is_name(name, day)))?;
    let (day, month, year, clock);
    if is_asctime {
        month = month_of(word()?)?;
        day = number(word()?)?;
        clock = [number(word()?)?, number(word()?)?, number(word()?)?];
        year = number(word()?)?;
    } else {
        day = number(word()?)?;
        month = month_of(word()?)?;
        let digits = word()?;
        year = match (digits.len(), number(digits)?) {
            (4, year) => year,
            (2, year) => year + if year < 70 { 2000 } else { 1900 },
            _ => return None,
        };
        clock = [number(word()?)?, number(word()?)?, number(word()?)?];
        word().filter(|zone| *zone == b"GMT")?;
    }
    let [hour, minute, second] = clock;
    let is_real = (1970..=9999).contains(&year)
        && (1..=days_in(month, year)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60
        && word().is_none();
    // Exact: the seconds of any four-digit year fit into 53 bits.
    let seconds = f64::from(days_since_1970(year, month, day)) * 86_400.0
        + f64::from(hour * 3600 + minute * 60 + second);
    is_real.then_some(seconds * 1000.0)
}

const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

const WEEKDAYS: [&[u8]; 7] =
    [b"Sunday", b"Monday", b"Tuesday", b"Wednesday", b"Thursday", b"Friday", b"Saturday"];

/// Whether a word is the name of a day, or its first three letters.
fn is_name(name: &[u8], word: &[u8]) -> bool {
    word == name || name.get(..3) == Some(word)
}

/// The number of a month, from 1.
fn month_of(word: &[u8]) -> Option<i32> {
    let index = MONTHS.iter().position(|month| *month == word)?;
    i32::try_from(index).ok().map(|index| index + 1)
}

/// A number of at most four digits.
fn number(word: &[u8]) -> Option<i32> {
    let is_number = word.len() <= 4 && word.iter().all(u8::is_ascii_digit);
    is_number.then(|| word.iter().fold(0, |number, digit| number * 10 + i32::from(digit - b'0')))
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
