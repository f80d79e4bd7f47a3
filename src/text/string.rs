//! Text of Rust programs: a `String`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::SystemTime;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regex_lite::Regex;

use super::Text;

/// All that RFC 3986 does not call unreserved.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What `\s` stands for in JavaScript, for a character class.
const SPACE: &str = "\t-\r \u{a0}\u{1680}\u{2000}-\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}\u{feff}";

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

thread_local! {
    /// The patterns that were compiled.
    static COMPILED: RefCell<Vec<(&'static str, Rc<Regex>)>> = const { RefCell::new(Vec::new()) };
}

/// What a JavaScript program writes and what a Rust program writes instead, for [`Text::wording`].
const WORDS: [(&str, &str); 9] = [
    ("companyDomain", "company_domain"),
    ("baseUrl", "base_url"),
    ("resetAt", "reset_at()"),
    ("See error.body", "See Error::body"),
    ("timeoutMs", "timeout"),
    ("maxRetries", "max_retries"),
    ("searchByEmail", "search_by_email"),
    ("the fetch function did not return a Response", "the transport gave no response"),
    ("or CORS keeps the response from this page", "or in a page, CORS keeps the response from it"),
];

/// A pattern of the crate's own, compiled. A test compiles all of them.
fn compiled(pattern: &'static str) -> Option<Rc<Regex>> {
    COMPILED.with_borrow_mut(|compiled| {
        if let Some((_, regex)) = compiled.iter().find(|(known, _)| *known == pattern) {
            return Some(Rc::clone(regex));
        }
        let regex = Rc::new(Regex::new(&str::replace(pattern, "\\s", SPACE)).ok()?);
        compiled.push((pattern, Rc::clone(&regex)));
        Some(regex)
    })
}

impl Text for String {
    fn new(text: &'static str) -> Self {
        text.to_owned()
    }

    fn wording(text: &'static str) -> Self {
        WORDS
            .into_iter()
            .fold(text.to_owned(), |text, (javascript, rust)| str::replace(&text, javascript, rust))
    }

    fn from_rust(text: &str) -> Self {
        text.to_owned()
    }

    fn number(number: i64) -> Self {
        number.to_string()
    }

    fn len(&self) -> usize {
        self.encode_utf16().count()
    }

    fn is(&self, ascii: &str) -> bool {
        self == ascii
    }

    fn char_count(&self) -> usize {
        self.chars().count()
    }

    fn slice(&self, start: usize, end: usize) -> Self {
        // Fewer bytes than code units do not exist.
        if start == 0 && self.as_str().len() <= end {
            return self.clone();
        }
        let units: Vec<_> = self.encode_utf16().take(end).skip(start).collect();
        Self::from_utf16_lossy(&units)
    }

    fn concat(&self, other: &Self) -> Self {
        [self.as_str(), other].concat()
    }

    fn split(&self, separator: &str) -> Vec<Self> {
        str::split(self, separator).map(str::to_owned).collect()
    }

    fn replace(&self, from: &Self, to: &str) -> Self {
        if from.as_str().is_empty() { self.clone() } else { str::replace(self, from.as_str(), to) }
    }

    fn matches(&self, pattern: &'static str) -> bool {
        compiled(pattern).is_some_and(|regex| regex.is_match(self))
    }

    fn replace_matches(&self, pattern: &'static str, to: &str) -> Self {
        compiled(pattern).map_or_else(|| self.clone(), |regex| regex.replace_all(self, to).into_owned())
    }

    fn replace_pattern(&self, pattern: &Self, to: &str) -> Self {
        Regex::new(pattern).map_or_else(|_| self.clone(), |regex| regex.replace_all(self, to).into_owned())
    }

    fn lower_case(&self) -> Self {
        self.to_lowercase()
    }

    fn percent_encoded(&self) -> Self {
        utf8_percent_encode(self, &RESERVED).to_string()
    }

    fn to_number(&self) -> f64 {
        self.trim().parse().unwrap_or(f64::NAN)
    }

    fn utc_time(&self) -> Option<f64> {
        // The crate wants the right weekday.
        let date = WEEKDAYS
            .into_iter()
            .find_map(|weekday| httpdate::parse_http_date(&[weekday, ", ", self].concat()).ok())?;
        #[allow(clippy::cast_precision_loss)] // Far below 2^53.
        Some(date.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs() as f64 * 1000.0)
    }

    fn to_rust(&self) -> String {
        self.clone()
    }
}
