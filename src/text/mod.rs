//! Text, wherever a runtime keeps it: a `String`, or a JavaScript string that stays outside the module's memory.
//!
//! The crate reads text as UTF-16 code units and writes ASCII of its own, so that one piece of code serves both.

mod chars;
mod decimal;
mod percent;

pub use chars::CharSet;
pub(crate) use chars::{HEADER_NAME, HEADER_VALUE, VISIBLE_ASCII};
pub(crate) use decimal::{count, decimal};
pub(crate) use percent::percent_encode;

/// Text of a runtime.
pub trait Text: Clone + PartialEq + 'static {
    /// Makes text. Within the npm package only ASCII passes here.
    fn new(text: &str) -> Self;

    /// Makes text of UTF-16 code units.
    fn from_units(units: &[u16]) -> Self;

    /// The UTF-16 code units.
    fn units(&self) -> impl Iterator<Item = u16>;

    /// How many UTF-16 code units it has.
    fn len(&self) -> usize;

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
        String::from_utf16_lossy(&self.units().collect::<Vec<_>>())
    }
}

impl Text for String {
    fn new(text: &str) -> Self {
        text.to_owned()
    }

    fn from_units(units: &[u16]) -> Self {
        Self::from_utf16_lossy(units)
    }

    fn units(&self) -> impl Iterator<Item = u16> {
        self.encode_utf16()
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

/// What stands before and after a placeholder. The standard library's search is several times the size.
pub(crate) fn split_at_placeholder<'a>(template: &'a str, placeholder: &str) -> (&'a str, &'a str) {
    let at =
        template.as_bytes().windows(placeholder.len()).position(|window| window == placeholder.as_bytes());
    let at = at.unwrap_or(template.len());
    (template.get(..at).unwrap_or(template), template.get(at + placeholder.len()..).unwrap_or_default())
}

/// A template with its placeholder replaced.
pub(crate) fn fill(template: &str, placeholder: &str, value: &str) -> String {
    let (before, after) = split_at_placeholder(template, placeholder);
    join(&[before, value, after])
}

/// Whether the text is these ASCII characters.
pub(crate) fn is<T: Text>(text: &T, ascii: &str) -> bool {
    text.units().eq(ascii.bytes().map(u16::from))
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
    text.units().all(is_space)
}

/// Whether ASCII text, given in lower case, stands anywhere in the first thousand code units, whatever its case.
pub(crate) fn contains_ignoring_case<T: Text>(text: &T, ascii: &str) -> bool {
    const FAR_ENOUGH: usize = 1000;
    let lower = |unit: u16| if matches!(unit, 0x41..=0x5a) { unit + 0x20 } else { unit };
    let units: Vec<u16> = text.units().take(FAR_ENOUGH).map(lower).collect();
    units.windows(ascii.len()).any(|window| window.iter().copied().eq(ascii.bytes().map(u16::from)))
}

/// Whether the text begins with these ASCII characters.
pub(crate) fn starts_with<T: Text>(text: &T, ascii: &str) -> bool {
    text.units().take(ascii.len()).eq(ascii.bytes().map(u16::from))
}

/// How many characters it has, as JavaScript's iterator counts them.
pub(crate) fn char_count<T: Text>(text: &T) -> usize {
    let mut previous_is_high = false;
    text.units()
        .filter(|unit| {
            let completes = previous_is_high && matches!(unit, 0xdc00..=0xdfff);
            previous_is_high = !completes && matches!(unit, 0xd800..=0xdbff);
            !completes
        })
        .count()
}

/// The most characters of a server's text in a message.
const LINE_LIMIT: usize = 300;

/// A server's text as part of one line: trimmed, without line breaks and final full stops, at most 300 characters.
pub(crate) fn one_line<T: Text>(text: &T) -> T {
    let mut characters = 0;
    let mut line: Vec<u16> = Vec::new();
    for unit in text.units().skip_while(|unit| is_space(*unit)) {
        characters += usize::from(!matches!(unit, 0xdc00..=0xdfff));
        if characters > LINE_LIMIT {
            break;
        }
        line.push(if is_control(unit) { 0x20 } else { unit });
    }
    while line.last().is_some_and(|unit| is_space(*unit)) {
        line.pop();
    }
    while line.last() == Some(&0x2e) {
        line.pop();
    }
    T::from_units(&line)
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
