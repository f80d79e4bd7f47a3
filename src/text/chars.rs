//! Sets of characters that HTTP and the API allow, declared once: Rust checks with them, and the build writes the
//! regular expressions of the JavaScript client's synchronous checks from them.

use super::Text;

/// A set of UTF-16 code units, as ranges.
#[derive(Clone, Copy, Debug)]
pub struct CharSet(&'static [(u16, u16)]);

/// Visible ASCII without blanks: what a credential may consist of.
pub(crate) const VISIBLE_ASCII: CharSet = CharSet(&[(0x21, 0x7e)]);

/// `tchar` of RFC 9110: what a header's name may consist of.
pub(crate) const HEADER_NAME: CharSet = CharSet(&[
    (0x21, 0x21),
    (0x23, 0x27),
    (0x2a, 0x2b),
    (0x2d, 0x2e),
    (0x30, 0x39),
    (0x41, 0x5a),
    (0x5e, 0x7a),
    (0x7c, 0x7c),
    (0x7e, 0x7e),
]);

/// What `fetch` takes in a header's value, with no control character but the tabulator.
pub(crate) const HEADER_VALUE: CharSet = CharSet(&[(0x09, 0x09), (0x20, 0x7e), (0x80, 0xff)]);

impl CharSet {
    /// Whether a code unit belongs to it.
    #[must_use]
    pub fn contains(self, unit: u16) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&unit))
    }

    /// Whether all of a text belongs to it.
    pub(crate) fn contains_all<T: Text>(self, text: &T) -> bool {
        text.units(usize::MAX).into_iter().all(|unit| self.contains(unit))
    }

    /// The set as a character class of a JavaScript regular expression.
    #[must_use]
    pub fn to_class(self) -> String {
        let ranges = self.0.iter().map(|(first, last)| format!("\\x{first:02x}-\\x{last:02x}"));
        format!("[{}]", ranges.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_names_are_tokens() {
        for byte in 0..=0xff_u16 {
            let expected = char::from_u32(byte.into())
                .is_some_and(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c));
            assert_eq!(HEADER_NAME.contains(byte), expected, "{byte:#x}");
        }
    }

    #[test]
    fn header_values_have_no_line_breaks() {
        assert!(HEADER_VALUE.contains_all(&"a\tb é".to_owned()));
        for bad in ["\r", "\n", "\0", "\u{7f}", "\u{100}"] {
            assert!(!HEADER_VALUE.contains_all(&bad.to_owned()), "{bad:?}");
        }
        assert_eq!(VISIBLE_ASCII.to_class(), "[\\x21-\\x7e]");
    }
}
