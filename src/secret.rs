//! A text that must never be printed.

use std::fmt;

use crate::operation::percent_encode;

/// Whether a header of this name, in lower case, carries a credential.
pub(crate) fn is_credential(header: &str) -> bool {
    matches!(header, "authorization" | "x-api-token" | "cookie" | "set-cookie")
}

/// A token. It has no `Display`, and its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a token, if a header can carry it.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the text, without showing it.
    pub fn new(text: impl Into<String>) -> Result<Self, &'static str> {
        let text = text.into();
        if text.is_empty() {
            Err("is empty")
        } else if text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text))
        } else {
            Err("has characters that no header can carry: it must be visible ASCII without blanks")
        }
    }

    /// Takes the token out of a text, as it is and as URLs carry it.
    pub(crate) fn redact(&self, text: &mut String) {
        // A real one has 40 characters or more; a short one would be found in words that are none.
        if self.0.len() < 8 {
            return;
        }
        let mut in_urls = String::new();
        percent_encode(&self.0, &mut in_urls);
        // Pipedrive has been seen to escape slashes.
        let in_json = self.0.split('/').collect::<Vec<_>>().join("\\/");
        for form in [&self.0, &in_urls, &in_json] {
            if text.contains(form.as_str()) {
                *text = text.replace(form.as_str(), "[redacted]");
            }
        }
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
    fn is_taken_out_of_texts_and_urls() {
        let secret = Secret::new("v1u:AQIBAHj0").expect("a good token");
        let mut text = "a v1u:AQIBAHj0 b http://c/?d=v1u%3AAQIBAHj0&e".to_owned();
        secret.redact(&mut text);
        assert_eq!(text, "a [redacted] b http://c/?d=[redacted]&e");
        let mut text = "the URL is wrong".to_owned();
        Secret::new("wrong").expect("a good token").redact(&mut text);
        assert_eq!(text, "the URL is wrong");
    }

    #[test]
    fn refuses_what_no_header_can_carry() {
        for text in ["", "a b", "a\nb", "a\r\nx-evil: 1", "é", "\u{7f}"] {
            assert!(Secret::new(text).is_err(), "{text:?}");
        }
    }
}
