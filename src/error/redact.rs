//! Takes credentials out of texts.

use crate::text::Text;

/// Whether a header of this name, in lower case, carries a credential: one of Pipedrive's, or one that a caller's own
/// server asks for.
pub(crate) fn is_credential<T: Text>(name: &T) -> bool {
    name.matches("(authorization|cookie|key|secret|token)$")
}

/// A real credential is longer; a short text would be found in words that are none.
const SHORTEST: usize = 8;

/// What is neither a letter nor a digit.
const MARK: &str = "[^0-9A-Za-z]";

/// Such a character as servers repeat it: as it is, after a backslash, or as `%3A`, `%253A`, `\u003a` or `&#58;`.
const MARK_IN_ANY_FORM: &str = r"[\\&]?[^0-9A-Za-z][0-9A-Za-z]{0,5}?;?";

/// Takes a number of credentials out of texts, in every form in which servers repeat them. It has a pattern for each.
pub(crate) struct Redactor<T>(Vec<T>);

impl<T: Text> Redactor<T> {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// Takes out a credential from now on, and what is long in it: a server may change the rest.
    #[inline(never)]
    pub(crate) fn add(&mut self, secret: &T) {
        self.add_form(secret);
        for word in secret.replace_matches(MARK, " ").split(" ") {
            self.add_form(&word);
        }
    }

    #[inline(never)]
    fn add_form(&mut self, form: &T) {
        // Letters and digits stand for themselves.
        let pattern = form.replace_matches(MARK, MARK_IN_ANY_FORM);
        if form.len() >= SHORTEST && !self.0.contains(&pattern) {
            // The longest first: a credential may be a part of another one.
            let index = self.0.iter().position(|known| known.len() < pattern.len());
            self.0.insert(index.unwrap_or(self.0.len()), pattern);
        }
    }

    /// Takes out the credentials in the value of a header: the value itself, and each of its words: `Bearer` and a token,
    /// or the cookies with their names.
    pub(crate) fn add_header(&mut self, value: &T) {
        self.add(value);
        for word in value.replace_matches("[=;,\"]", " ").split(" ") {
            self.add(&word);
        }
    }

    /// The text without the credentials, and without what is an access token by its looks: a backend's own, say.
    pub(crate) fn clean(&self, text: &T) -> T {
        let mut text = text.clone();
        for pattern in &self.0 {
            text = text.replace_pattern(pattern, "[redacted]");
        }
        text.replace_matches("v1u\\W[^\\s\"<>]{8,}", "[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[&str]) -> Redactor<String> {
        let mut redactor = Redactor::new();
        for secret in secrets {
            redactor.add(&(*secret).to_owned());
        }
        redactor
    }

    #[test]
    fn every_form_is_taken_out() {
        let redactor = redactor(&["v1u:AQ/IBAHj0", "short"]);
        let lower = "v1u%3aAQ%2fIBAHj0".to_owned();
        assert_eq!(redactor.clean(&lower), "[redacted]");
        let text = "a v1u:AQ/IBAHj0 b ?d=v1u%3AAQ%2FIBAHj0&e {\"t\":\"v1u:AQ\\/IBAHj0\"} short".to_owned();
        assert_eq!(redactor.clean(&text), "a [redacted] b ?d=[redacted]&e {\"t\":\"[redacted]\"} short");
    }

    #[test]
    fn a_credential_within_another_is_no_remainder() {
        let redactor = redactor(&["12345678", "1234567890"]);
        assert_eq!(redactor.clean(&"x1234567890x".to_owned()), "x[redacted]x");
    }

    #[test]
    fn the_credentials_of_headers_are_found() {
        let mut redactor = Redactor::new();
        redactor.add_header(&"Bearer abcdefghij".to_owned());
        redactor.add_header(&"a=secret-value; b=2".to_owned());
        for (text, clean) in [
            ("Bearer abcdefghij.", "[redacted]."),
            ("Bearer%20abcdefghij", "[redacted]"),
            ("bearer abcdefghij", "bearer [redacted]"),
            ("a=secret-value; b=2", "[redacted]"),
            ("a%3Dsecret-value%3B%20b%3D2", "[redacted]"),
            ("{\"a\":\"secret-value\"}", "{\"a\":\"[redacted]\"}"),
            ("a value that is secret", "a value that is secret"),
        ] {
            assert_eq!(redactor.clean(&text.to_owned()), clean);
        }
    }

    #[test]
    fn however_a_server_escapes_a_credential() {
        let redactor = redactor(&["v1u:AQ/IB+AHj=0|xyz"]);
        for form in [
            "v1u:AQ/IB+AHj=0|xyz",
            "v1u%3AAQ%2FIB%2BAHj%3D0%7Cxyz",
            "v1u%3aAQ%2fIB%2bAHj%3d0%7cxyz",
            "v1u%253AAQ%252FIB%252BAHj%253D0%257Cxyz",
            r"v1u:AQ\/IB+AHj=0|xyz",
            r"v1u\u003aAQ\u002fIB\u002bAHj\u003d0\u007Cxyz",
            "v1u&#58;AQ&#47;IB&#43;AHj&#61;0&#124;xyz",
            "v1u&#x3a;AQ&#x2F;IB&#x2b;AHj&#x3D;0&#x7c;xyz",
            "v1u AQ/IB AHj=0|xyz",
        ] {
            assert_eq!(redactor.clean(&["<", form, ">"].concat()), "<[redacted]>", "{form}");
        }
        assert_eq!(redactor.clean(&"v1u:AQ".to_owned()), "v1u:AQ", "another one");
    }

    #[test]
    fn an_access_token_that_is_not_known_is_taken_out_too() {
        let redactor = redactor(&[]);
        for token in ["v1u:AQIBAHj0-xyz_12", "v1u%3AAQIBAHj0-xyz_12", "v1u%3aAQIBAHj0%2Fxyz%3D"] {
            assert_eq!(redactor.clean(&["<", token, "> v1u: x"].concat()), "<[redacted]> v1u: x", "{token}");
        }
    }

    #[test]
    fn what_is_long_in_a_credential_is_taken_out_alone_too() {
        let redactor = redactor(&["v1u:abcdefghijkl.mn"]);
        assert_eq!(redactor.clean(&"V1U:abcdefghijkl".to_owned()), "V1U:[redacted]");
    }

    #[test]
    fn every_credential_header_is_known() {
        for name in [
            "authorization",
            "x-api-token",
            "cookie",
            "set-cookie",
            "proxy-authorization",
            "x-api-key",
            "x-csrf-token",
        ] {
            assert!(is_credential(&name.to_owned()), "{name}");
        }
        for name in ["x-correlation-id", "x-daily-ratelimit-token-limit", "x-daily-ratelimit-token-remaining"]
        {
            assert!(!is_credential(&name.to_owned()), "{name}");
        }
    }
}
