//! Text, wherever a runtime keeps it: a `String`, or a JavaScript string that stays outside the module's memory.
//!
//! What is done with text is a service of its runtime, so that one piece of code serves both and the npm module carries
//! none of it. Patterns are regular expressions, written once for both runtimes.

#[cfg(feature = "server")]
pub(crate) mod base64;
mod chars;
mod http_date;
mod string;

pub use chars::CharSet;
pub(crate) use chars::{HEADER_NAME, HEADER_VALUE, VISIBLE_ASCII};
pub(crate) use http_date::parse_http_date;

use crate::platform::sync::{SendOutsideWasm, SyncOutsideWasm};

/// What stands before and after the first occurrence of an ASCII character. The standard library's search is 700 bytes of a module.
#[cfg(any(feature = "sandbox", feature = "server"))]
pub(crate) fn split_once(text: &str, separator: u8) -> Option<(&str, &str)> {
    let index = text.bytes().position(|byte| byte == separator)?;
    Some((text.get(..index)?, text.get(index + 1..)?))
}

/// Text of a runtime. Lengths and positions count UTF-16 code units.
///
/// Patterns are regular expressions of what JavaScript and `regex-lite` have in common. `\s` is JavaScript's, and stands in
/// character classes only.
///
/// ```
/// use pipedrive_users::Text;
///
/// let text = <String as Text>::new("a").concat(&Text::number(7));
/// assert_eq!((text.as_str(), Text::len(&"😀".to_owned())), ("a7", 2));
/// ```
pub trait Text: Clone + PartialEq + SendOutsideWasm + SyncOutsideWasm + 'static {
    /// A text of the program itself, in ASCII: the glue of the npm package reads each once.
    fn new(text: &'static str) -> Self;

    /// A text of the program itself that names what its caller writes. It is given in JavaScript's spelling, in which the
    /// npm module has it; a Rust program's runtime gives it in Rust's.
    #[must_use]
    fn wording(text: &'static str) -> Self {
        Self::new(text)
    }

    /// Text of a Rust program.
    fn from_rust(text: &str) -> Self;

    /// A whole number in decimal.
    fn number(number: i64) -> Self;

    /// How many UTF-16 code units it has.
    fn len(&self) -> usize;

    /// Whether the text is these ASCII characters.
    fn is(&self, ascii: &'static str) -> bool {
        *self == Self::new(ascii)
    }

    /// Whether it has none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many characters it has.
    fn char_count(&self) -> usize;

    /// The code units from `start` up to `end`.
    #[must_use]
    fn slice(&self, start: usize, end: usize) -> Self;

    /// This text, and another after it.
    #[must_use]
    fn concat(&self, other: &Self) -> Self;

    /// What stands between the occurrences of a separator.
    fn split(&self, separator: &'static str) -> Vec<Self>;

    /// This text with every occurrence of `from` replaced.
    #[must_use]
    fn replace(&self, from: &Self, to: &'static str) -> Self;

    /// Whether a pattern is found in it.
    fn matches(&self, pattern: &'static str) -> bool;

    /// This text with every match of a pattern replaced, in which `$1` is the pattern's first group.
    #[must_use]
    fn replace_matches(&self, pattern: &'static str, to: &'static str) -> Self;

    /// The same with a pattern of the program's making, of letters, digits and what is the same in both runtimes.
    #[must_use]
    fn replace_pattern(&self, pattern: &Self, to: &'static str) -> Self;

    /// This text in lower case.
    #[must_use]
    fn lower_case(&self) -> Self;

    /// Every byte that is not unreserved in RFC 3986 as `%XX`, so that a value can change neither path nor query. Half a
    /// surrogate pair becomes U+FFFD, as WHATWG URL has it.
    #[must_use]
    fn percent_encoded(&self) -> Self;

    /// The decimal number that it is, or NaN.
    fn to_number(&self) -> f64;

    /// The time that `06 Nov 1994 08:49:37 GMT` is, in milliseconds since 1970.
    fn utc_time(&self) -> Option<f64>;

    /// A copy in Rust's own memory; lone surrogates become U+FFFD.
    fn to_rust(&self) -> String;
}

/// Builds a message of ASCII and of other text, piece by piece.
pub(crate) struct Message<T>(T);

impl<T: Text> Message<T> {
    pub(crate) fn new(text: &'static str) -> Self {
        Self(T::new(text))
    }

    /// A template in which a placeholder is replaced.
    pub(crate) fn fill(template: &'static str, placeholder: &'static str, filler: &T) -> Self {
        let mut message = Self::new("");
        for (index, part) in T::wording(template).split(placeholder).iter().enumerate() {
            if index > 0 {
                message = message.text(filler);
            }
            message = message.text(part);
        }
        message
    }

    #[inline(never)]
    pub(crate) fn ascii(self, text: &'static str) -> Self {
        if text.is_empty() { self } else { self.text(&T::new(text)) }
    }

    /// A member of a JSON object.
    pub(crate) fn member(self, separator: &'static str, name: &'static str, value: &T) -> Self {
        self.ascii(separator).ascii("\"").ascii(name).ascii("\":").text(value)
    }

    pub(crate) fn text(self, text: &T) -> Self {
        Self(self.0.concat(text))
    }

    pub(crate) fn build(self) -> T {
        self.0
    }
}

/// A pattern that is found where there is more than white space.
pub(crate) const NOT_BLANK: &str = r"[^\s]";

/// Whether ASCII text, given in lower case, stands anywhere in the first thousand code units, whatever its case.
pub(crate) fn contains_ignoring_case<T: Text>(text: &T, ascii: &'static str) -> bool {
    const FAR_ENOUGH: usize = 1000;
    text.slice(0, FAR_ENOUGH).lower_case().matches(ascii)
}

/// How much of a server's text is looked at, white space before it included.
const LINE_UNITS: usize = 4096;

/// Makes a line of a server's text.
const LINE: [(&str, &str); 3] = [
    // Trimmed, and at most 300 characters.
    (r"^[\s]*([\s\S]{0,300})[\s\S]*$", "$1"),
    // Line breaks and other control characters.
    (r"[\x00-\x1f\x7f-\x9f]", " "),
    // Final full stops.
    (r"[.]*[\s]*$", ""),
];

/// A server's text as part of one line: trimmed, without line breaks and final full stops, at most 300 characters.
pub(crate) fn one_line<T: Text>(text: &T) -> T {
    let mut line = text.slice(0, LINE_UNITS);
    for (pattern, replacement) in LINE {
        line = line.replace_matches(pattern, replacement);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn a_server_text_becomes_one_line() {
        let table = [
            ("  two\r\nlines. ", "two  lines"),
            ("\u{feff}bom\u{feff}", "bom"),
            ("\u{85}nel", " nel"),
            ("...", ""),
            ("a.b.", "a.b"),
            ("a. .", "a. "),
            ("a.. \n", "a"),
        ];
        for (given, line) in table {
            assert_eq!(one_line(&text(given)), line, "{given:?}");
        }
        let long = "é💡".repeat(400);
        assert_eq!(one_line(&long).chars().count(), 300);
    }

    #[test]
    fn javascript_decides_what_is_white_space() {
        assert!(!text(" \t\u{feff}\u{2028}\u{3000}").matches(NOT_BLANK));
        assert!(text("\u{85}").matches(NOT_BLANK), "a control character, and no white space in JavaScript");
        assert!(text("\u{200b}").matches(NOT_BLANK));
    }

    #[test]
    fn words_are_found_whatever_their_case() {
        assert!(contains_ignoring_case(&text("Your DaiLy budget"), "daily"));
        assert!(!contains_ignoring_case(&text("dail"), "daily"));
    }

    #[test]
    fn characters_are_counted_as_javascript_does() {
        assert_eq!(text("aé💡").char_count(), 3);
        assert_eq!(text("aé💡").slice(0, 2), "aé");
        assert_eq!(text("aé💡").slice(0, 9), "aé💡");
        assert_eq!(text("aé💡").slice(1, 9), "é💡");
    }

    #[test]
    fn text_is_encoded_for_urls() {
        assert_eq!(text("a/b-._~!'()*é💡").percent_encoded(), "a%2Fb-._~%21%27%28%29%2A%C3%A9%F0%9F%92%A1");
    }
}
