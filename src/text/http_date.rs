//! Dates of RFC 9110, section 5.6.7, in all three forms.

use super::Text;

/// What makes `06 Nov 1994 08:49:37 GMT` of each form.
const FORMS: [(&str, &str); 5] = [
    // The weekday, short or long.
    ("^(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat)[a-z]*,? ", ""),
    // 06-Nov-94 08:49:37 GMT
    (r"^(\d\d)-(\w+)-([0-6]\d) ", "$1 $2 20$3 "),
    (r"^(\d\d)-(\w+)-(\d\d) ", "$1 $2 19$3 "),
    // Nov  6 08:49:37 1994
    (r"^(\w+) ([ \d]\d) ([\d:]+) (\d+)$", "$2 $1 $4 $3 GMT"),
    ("^ ", "0"),
];

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994` as milliseconds
/// since 1970; nothing of what is before.
pub(crate) fn parse_http_date<T: Text>(text: &T) -> Option<f64> {
    let mut date = text.clone();
    for (form, replacement) in FORMS {
        date = date.replace_matches(form, replacement);
    }
    // A date without its weekday is none of the three.
    if date == *text { None } else { date.utc_time() }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn parse(text: &str) -> Option<f64> {
        parse_http_date(&text.to_owned())
    }

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
            assert_eq!(parse(&text), expected(&text), "{text}");
        }
    }

    #[test]
    fn the_three_forms_and_what_is_none() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Wednesday, 06-Nov-69 08:49:37 GMT",
            "Friday, 06-Nov-70 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Wed Nov 16 08:49:37 1994",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Sun, 29 Feb 2032 00:00:00 GMT",
        ] {
            let read = parse(text);
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
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
