//! Sets of characters that HTTP and the API allow, declared once: Rust checks with them, and the build writes the
//! regular expressions of the JavaScript client's synchronous checks from them.

use super::Text;

/// A set of characters, as the class of all others: a regular expression of what must not be found.
#[derive(Clone, Copy, Debug)]
pub struct CharSet(&'static str);

/// Visible ASCII without blanks: what a credential may consist of.
pub(crate) const VISIBLE_ASCII: CharSet = CharSet(r"[^\x21-\x7e]");

/// `tchar` of RFC 9110: what a header's name may consist of.
pub(crate) const HEADER_NAME: CharSet = CharSet(r"[^!#-'*+.^-z|~0-9A-Z\x2d]");

/// What `fetch` takes in a header's value, with no control character but the tabulator.
pub(crate) const HEADER_VALUE: CharSet = CharSet(r"[^\x09\x20-\x7e\x80-\xff]");

impl CharSet {
    /// Whether all of a text belongs to it.
    pub(crate) fn contains_all<T: Text>(self, text: &T) -> bool {
        !text.matches(self.0)
    }

    /// The set as a character class of a JavaScript regular expression.
    ///
    /// ```
    /// use pipedrive_users::client::settings::{SETTINGS, SettingKind};
    /// use pipedrive_users::client::settings::CHARACTERS;
    ///
    /// println!("{}", CHARACTERS[0].1.to_class());
    /// ```
    #[must_use]
    pub fn to_class(self) -> String {
        str::replace(self.0, "[^", "[")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_names_are_tokens() {
        for byte in 0..=0xff_u8 {
            let character = char::from(byte);
            let expected = character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character);
            assert_eq!(HEADER_NAME.contains_all(&character.to_string()), expected, "{byte:#x}");
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
