//! Text, wherever a runtime keeps it: a `String`, or a JavaScript string that stays outside the module's memory.
//!
//! The crate reads text as UTF-16 code units and writes ASCII of its own, so that one piece of code serves both.

mod chars;
mod decimal;
mod percent;

pub use chars::CharSet;
pub(crate) use chars::{HEADER_NAME, HEADER_VALUE, VISIBLE_ASCII};
pub(crate) use decimal::{count, decimal};
pub(crate) use percent::{percent_encode, push_hex};

/// Text of a runtime.
pub trait Text: Clone + PartialEq + 'static {
    /// Makes text. Within the npm package only ASCII passes here.
    fn new(text: &str) -> Self;

    /// Makes text of UTF-16 code units.
    fn from_units(units: &[u16]) -> Self;

    /// The UTF-16 code units, so many at most.
    fn units(&self, most: usize) -> Vec<u16>;

    /// How many UTF-16 code units it has.
    fn len(&self) -> usize;

    /// Whether the text is these ASCII characters.
    fn is(&self, ascii: &str) -> bool {
        *self == Self::new(ascii)
    }

    /// Whether it has none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The code units before `end`.
    #[must_use]
    fn truncated(&self, end: usize) -> Self;

    /// This text, and another after it.
    #[must_use]
    fn concat(&self, other: &Self) -> Self;

    /// This text with every occurrence of `from` replaced.
    #[must_use]
    fn replace(&self, from: &Self, to: &str) -> Self;

    /// A copy in Rust's own memory; lone surrogates become U+FFFD.
    fn to_rust(&self) -> String {
        String::from_utf16_lossy(&self.units(usize::MAX))
    }
}

impl Text for String {
    fn new(text: &str) -> Self {
        text.to_owned()
    }

    fn from_units(units: &[u16]) -> Self {
        Self::from_utf16_lossy(units)
    }

    fn units(&self, most: usize) -> Vec<u16> {
        self.encode_utf16().take(most).collect()
    }

    fn is(&self, ascii: &str) -> bool {
        self == ascii
    }

    fn len(&self) -> usize {
        self.encode_utf16().count()
    }

    fn truncated(&self, end: usize) -> Self {
        // Fewer bytes than code units do not exist.
        if self.as_str().len() <= end {
            return self.clone();
        }
        Self::from_utf16_lossy(&self.encode_utf16().take(end).collect::<Vec<_>>())
    }

    fn concat(&self, other: &Self) -> Self {
        [self.as_str(), other].concat()
    }

    fn replace(&self, from: &Self, to: &str) -> Self {
        if from.as_str().is_empty() { self.clone() } else { str::replace(self, from.as_str(), to) }
    }

    fn to_rust(&self) -> String {
        self.clone()
    }
}

/// Builds a message of ASCII and of other text, piece by piece.
pub(crate) struct Message<T>(T);

impl<T: Text> Message<T> {
    pub(crate) fn new(text: &str) -> Self {
        Self(T::new(text))
    }

    pub(crate) fn ascii(self, text: &str) -> Self {
        if text.is_empty() { self } else { self.text(&T::new(text)) }
    }

    pub(crate) fn text(self, text: &T) -> Self {
        Self(self.0.concat(text))
    }

    pub(crate) fn build(self) -> T {
        self.0
    }
}

/// The texts one after the other. The standard library's `concat` is several times the size.
pub(crate) fn join(texts: &[&str]) -> String {
    let mut joined = String::new();
    for text in texts {
        joined.push_str(text);
    }
    joined
}

/// What stands before and after a placeholder in braces. The standard library's search is several times the size.
pub(crate) fn split_at_placeholder(template: &str) -> (&str, &str) {
    let at = |brace| template.bytes().position(|byte| byte == brace).unwrap_or(template.len());
    (template.get(..at(b'{')).unwrap_or(template), template.get(at(b'}') + 1..).unwrap_or_default())
}

/// What JavaScript trims: its white space and line ends, which are also what its `\s` matches.
pub(crate) const fn is_space(unit: u16) -> bool {
    matches!(unit, 0x09..=0x0d | 0x20 | 0xa0 | 0x1680 | 0x2000..=0x200a | 0x2028 | 0x2029 | 0x202f | 0x205f | 0x3000 | 0xfeff)
}

/// Unicode's control characters (Cc).
pub(crate) const fn is_control(unit: u16) -> bool {
    matches!(unit, 0..=0x1f | 0x7f..=0x9f)
}

/// Whether there is nothing but white space.
pub(crate) fn is_blank<T: Text>(text: &T) -> bool {
    text.units(usize::MAX).into_iter().all(is_space)
}

/// Whether ASCII text, given in lower case, stands anywhere in the first thousand code units, whatever its case.
pub(crate) fn contains_ignoring_case<T: Text>(text: &T, ascii: &str) -> bool {
    const FAR_ENOUGH: usize = 1000;
    contains_lower_case(&text.units(FAR_ENOUGH), ascii.as_bytes())
}

fn contains_lower_case(units: &[u16], ascii: &[u8]) -> bool {
    let lower = |unit: u16| if matches!(unit, 0x41..=0x5a) { unit + 0x20 } else { unit };
    let is_here =
        |window: &[u16]| window.iter().zip(ascii).all(|(unit, byte)| lower(*unit) == u16::from(*byte));
    units.windows(ascii.len()).any(is_here)
}

/// Whether the text begins with these ASCII characters.
pub(crate) fn starts_with<T: Text>(text: &T, ascii: &str) -> bool {
    text.truncated(ascii.len()).is(ascii)
}

/// How many characters it has, as JavaScript's iterator counts them.
pub(crate) fn char_count<T: Text>(text: &T) -> usize {
    let mut previous_is_high = false;
    let mut count = 0;
    for unit in text.units(usize::MAX) {
        let completes = previous_is_high && matches!(unit, 0xdc00..=0xdfff);
        previous_is_high = !completes && matches!(unit, 0xd800..=0xdbff);
        count += usize::from(!completes);
    }
    count
}

/// The most characters of a server's text in a message.
const LINE_LIMIT: usize = 300;

/// How much of a server's text is looked at, white space before it included.
const LINE_UNITS: usize = 4096;

/// A server's text as part of one line: trimmed, without line breaks and final full stops, at most 300 characters.
pub(crate) fn one_line<T: Text>(text: &T) -> T {
    let mut units = text.units(LINE_UNITS);
    T::from_units(cut_line(&mut units))
}

fn cut_line(units: &mut [u16]) -> &[u16] {
    let start = units.iter().position(|unit| !is_space(*unit)).unwrap_or(units.len());
    let mut characters = 0;
    let mut end = start;
    for unit in units.iter_mut().skip(start) {
        characters += usize::from(!matches!(*unit, 0xdc00..=0xdfff));
        if characters > LINE_LIMIT {
            break;
        }
        if is_control(*unit) {
            *unit = 0x20;
        }
        end += 1;
    }
    let mut line = units.get(start..end).unwrap_or_default();
    while let [before @ .., last] = line
        && is_space(*last)
    {
        line = before;
    }
    while let [before @ .., 0x2e] = line {
        line = before;
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
        ];
        for (given, line) in table {
            assert_eq!(one_line(&text(given)), line, "{given:?}");
        }
        let long = "é💡".repeat(400);
        assert_eq!(one_line(&long).chars().count(), 300);
    }

    #[test]
    fn javascript_decides_what_is_white_space() {
        assert!(is_blank(&text(" \t\u{feff}\u{2028}\u{3000}")));
        assert!(!is_blank(&text("\u{85}")), "a control character, and no white space in JavaScript");
        assert!(!is_blank(&text("\u{200b}")));
    }

    #[test]
    fn words_are_found_whatever_their_case() {
        assert!(contains_ignoring_case(&text("Your DaiLy budget"), "daily"));
        assert!(!contains_ignoring_case(&text("dail"), "daily"));
        assert!(starts_with(&text("Please check"), "Please") && !starts_with(&text("Plea"), "Please"));
    }

    #[test]
    fn characters_are_counted_as_javascript_does() {
        assert_eq!(char_count(&text("aé💡")), 3);
        assert_eq!(text("aé💡").truncated(2), "aé");
        assert_eq!(text("aé💡").truncated(9), "aé💡");
    }
}
