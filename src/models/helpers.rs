//! What the JavaScript package has as functions: methods of the records, and the reader of Pipedrive's times.

use super::{AccessApp, CurrentUser, User};
use crate::platform::timestamp::Timestamp;

/// Methods of both records of a user.
macro_rules! user_methods {
    ($($record:ident)+) => {
        $(impl $record {
            /// Returns whether the user administers an app. An app that is missing from `access` means no.
            ///
            #[doc = concat!("```\nuse pipedrive_users::models::{AccessApp, ", stringify!($record), "};\n\n\
                assert!(!", stringify!($record), "::default().is_admin(&AccessApp::Sales));\n```")]
            #[must_use]
            pub fn is_admin(&self, app: &AccessApp) -> bool {
                self.access.iter().flatten().any(|entry| entry.app == *app && entry.admin)
            }

            /// Returns the user's date and number format as a BCP 47 tag, such as `et-EE`; `und` where it is missing. It is
            /// not the language, which only the current user's record has: [`CurrentUser::language_tag`].
            ///
            #[doc = concat!("```\nuse pipedrive_users::models::", stringify!($record), ";\n\n\
                let user = ", stringify!($record), "::with(|user| user.locale = \"et_EE\".to_owned());\n\
                assert_eq!(user.formatting_locale(), \"et-EE\");\n```")]
            #[must_use]
            pub fn formatting_locale(&self) -> String {
                tag_of(&self.locale)
            }
        })+
    };
}

user_methods!(User CurrentUser);

/// A BCP 47 tag, which is `und` for what is not known.
fn tag_of(text: &str) -> String {
    let tag = text.replace('_', "-");
    let is_part = |(index, part): (usize, &str)| {
        let is_good = |byte: u8| byte.is_ascii_alphabetic() || index > 0 && byte.is_ascii_digit();
        (2..=8).contains(&part.len()) && part.bytes().all(is_good)
    };
    let is_tag = tag.split('-').enumerate().all(is_part);
    if is_tag { tag } else { "und".to_owned() }
}

impl CurrentUser {
    /// Returns the only safe account key: `"<company_id>:<id>"`. A person can belong to several companies, and an e-mail
    /// can change, so that neither the user id alone nor the e-mail identifies an account.
    ///
    /// ```
    /// use pipedrive_users::models::CurrentUser;
    ///
    /// let me = CurrentUser::with(|me| (me.company_id, me.id) = (12, 7));
    /// assert_eq!(me.identity_key(), "12:7");
    /// ```
    #[must_use]
    pub fn identity_key(&self) -> String {
        if self.company_id == 0 || self.id == 0 {
            return String::new();
        }
        [&self.company_id.to_string(), ":", &self.id.to_string()].concat()
    }

    /// Returns the language of the user's interface as a BCP 47 tag, such as `en-US`; `und` where it is missing.
    ///
    /// ```
    /// use pipedrive_users::models::CurrentUser;
    ///
    /// let me = CurrentUser::with(|me| {
    ///     me.language.language_code = "en".to_owned();
    ///     me.language.country_code = "US".to_owned();
    /// });
    /// assert_eq!(me.language_tag(), "en-US");
    /// ```
    #[must_use]
    pub fn language_tag(&self) -> String {
        let (language, country) = (&self.language.language_code, &self.language.country_code);
        if language.is_empty() || country.is_empty() {
            tag_of(language)
        } else {
            tag_of(&[language, "-", country].concat())
        }
    }
}

/// Reads Pipedrive's times, `YYYY-MM-DD HH:MM:SS` in UTC and RFC 3339. Returns nothing for the zero date of a user who
/// never logged in, and for what is not a time.
///
/// ```
/// use pipedrive_users::Timestamp;
/// use pipedrive_users::models::parse_timestamp;
///
/// let noon = Timestamp::from_unix_millis(1_795_348_800_000);
/// assert_eq!(parse_timestamp("2026-11-22 12:00:00"), Some(noon));
/// assert_eq!(parse_timestamp("2026-11-22T14:00:00+02:00"), Some(noon));
/// assert_eq!(parse_timestamp("0000-00-00 00:00:00"), None);
/// ```
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let (day, time) = text.split_at_checked(10)?;
    let mut parts = day.split('-');
    let (year, month, day) =
        (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let time = time.strip_prefix([' ', 'T'])?;
    let (time, zone) = match time.find(['Z', '+', '-']) {
        Some(index) => time.split_at_checked(index)?,
        None => (time, "Z"),
    };
    let offset_min = match zone.split_at_checked(1)? {
        ("Z", "") => 0,
        (sign, zone) => {
            let (hours, minutes) = zone.split_once(':')?;
            let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (if sign == "-" { -1 } else { 1 }) * (hours * 60 + minutes)
        }
    };
    let (time, millis) = match time.split_once('.') {
        Some((time, fraction)) => (time, milliseconds(fraction)?),
        None => (time, 0),
    };
    let mut parts = time.split(':');
    let (hours, minutes) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let seconds = digits(parts.next()?, 2)?;
    // As in JavaScript, 24:00:00 is the end of a day.
    let is_end_of_day = (hours, minutes, seconds, millis) == (24, 0, 0, 0);
    let is_time = (hours < 24 || is_end_of_day) && minutes < 60 && seconds < 60;
    let is_day = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    if parts.next().is_some() || !is_time || !is_day {
        return None;
    }
    let minutes = (days_since_1970(year, month, day) * 24 + hours) * 60 + minutes - offset_min;
    Some(Timestamp::from_unix_millis((minutes * 60 + seconds) * 1000 + millis))
}

/// A number of exactly so many decimal digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    let is_number = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// The whole milliseconds of a fraction of a second.
fn milliseconds(fraction: &str) -> Option<i64> {
    let is_number = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let shown = is_number.then(|| fraction.chars().chain("000".chars()).take(3).collect::<String>())?;
    shown.parse().ok()
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1 January 1970, in the Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let before = year - 1;
    let leap_days = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    let year_days = before * 365 + leap_days;
    let month_days: i64 = (1..month).map(|month| days_in_month(year, month)).sum();
    year_days + month_days + day - 1 - DAYS_BEFORE_1970
}

/// Days from 1 January 1 to 1 January 1970.
const DAYS_BEFORE_1970: i64 = 719_162;

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn every_day_of_five_centuries_is_the_one_of_another_crate() {
        for day in 0..(500 * 365) {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(day * 86_400 + day % 86_400);
            // `Sun, 06 Nov 1994 08:49:37 GMT`
            let text = httpdate::fmt_http_date(time);
            let mut words = text.split(' ').skip(1);
            let (day, month, year) = (words.next(), words.next(), words.next());
            let months = "JanFebMarAprMayJunJulAugSepOctNovDec";
            let month = months.find(month.expect("a month")).expect("a known month") / 3 + 1;
            let clock = words.next().expect("a time");
            let text = format!("{}-{month:02}-{} {clock}", year.expect("a year"), day.expect("a day"));
            assert_eq!(parse_timestamp(&text), Some(time.into()), "{text}");
        }
    }

    #[test]
    fn a_record_that_lacks_a_member_makes_nothing_up() {
        let nobody = CurrentUser::default();
        assert_eq!((nobody.identity_key(), nobody.language_tag()), (String::new(), "und".to_owned()));
        assert_eq!(CurrentUser::with(|me| me.id = 7).identity_key(), "");
        assert_eq!(CurrentUser::with(|me| me.company_id = 7).identity_key(), "");
        for (locale, tag) in [
            ("", "und"),
            ("et_EE", "et-EE"),
            ("zh_Hant_TW", "zh-Hant-TW"),
            ("en US", "und"),
            ("7", "und"),
            ("_", "und"),
        ] {
            assert_eq!(User::with(|user| user.locale = locale.to_owned()).formatting_locale(), tag);
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "0000-00-00 00:00:00",
            "2026-02-30 00:00:00",
            "2025-02-29 00:00:00",
            "2026-13-01 00:00:00",
            "2026-01-01",
            "2026-01-01 00:00",
            "2026-01-01 24:00:01",
            "2026-01-01 23:60:00",
            "2026-01-01 23:00:60",
            "2026-01-01 00:00:00+1:00",
            "2026-01-01 00:00:00+24:00",
            "2026-01-01 00:00:00.",
            "2026-01-01 00:00:00 Z",
            "2026-01-01x00:00:00",
            "+026-01-01 00:00:00",
            "2026-01-01 00:00:00Zx",
            "2026-01-0💡 00:00:00",
            " 2026-01-01 00:00:00",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text:?}");
        }
    }

    #[test]
    fn fractions_and_zones_are_read() {
        let at = |text| parse_timestamp(text).map(Timestamp::as_unix_millis);
        assert_eq!(at("1970-01-01T00:00:00.5Z"), Some(500));
        assert_eq!(at("1970-01-01T00:00:00.123456Z"), Some(123));
        assert_eq!(at("1970-01-01T00:00:00-01:30"), Some(5_400_000));
        assert_eq!(at("1969-12-31 23:59:59"), Some(-1_000));
        assert_eq!(at("1970-01-01 24:00:00"), Some(86_400_000));
    }
}
