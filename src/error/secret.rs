//! A text that must never be printed.

use std::fmt;

use crate::text::{Text, VISIBLE_ASCII};

/// A token. It has no `Display`, and its `Debug` shows nothing of it.
///
/// ```
/// use pipedrive_users::Secret;
///
/// let token = Secret::new("0123456789abcdef")?;
/// assert_eq!(format!("{token:?}"), "Secret(…)");
/// assert!(Secret::new("two words").is_err());
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// What is wrong with a credential that no header can carry.
pub(crate) fn check_credential<T: Text>(text: &T) -> Result<(), &'static str> {
    if text.is_empty() {
        Err("is empty")
    } else if VISIBLE_ASCII.contains_all(text) {
        Ok(())
    } else {
        Err("must be visible ASCII without blanks")
    }
}

impl Secret {
    /// Wraps a token, if a header can carry it.
    ///
    /// ```
    /// use pipedrive_users::Secret;
    ///
    /// assert!(Secret::new("0123456789abcdef").is_ok());
    /// assert_eq!(Secret::new(""), Err("is empty"));
    /// ```
    ///
    /// # Errors
    ///
    /// Says what is wrong with the text, without showing it.
    pub fn new(text: impl Into<String>) -> Result<Self, &'static str> {
        let text = text.into();
        check_credential(&text)?;
        Ok(Self(text))
    }

    /// The text itself, for the one place that writes it into a header.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_nothing_of_itself() {
        let secret = Secret::new("abc123").expect("a good token");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn refuses_what_no_header_can_carry() {
        for text in ["", "a b", "a\nb", "a\r\nx-evil: 1", "é", "\u{7f}"] {
            assert!(Secret::new(text).is_err(), "{text:?}");
        }
    }
}
