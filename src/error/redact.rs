//! Takes credentials out of texts.

use crate::text::Text;

/// Whether a header of this name, in lower case, carries a credential.
pub(crate) fn is_credential<T: Text>(name: &T) -> bool {
    ["authorization", "x-api-token", "cookie", "set-cookie"].iter().any(|known| name.is(known))
}

/// A real credential is longer; a short text would be found in words that are none.
const SHORTEST: usize = 8;

/// Takes a number of credentials out of texts, in every form in which servers repeat them.
pub(crate) struct Redactor<T>(Vec<T>);

impl<T: Text> Redactor<T> {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// Takes out a credential from now on.
    #[inline(never)]
    pub(crate) fn add(&mut self, secret: &T) {
        if secret.len() >= SHORTEST {
            self.add_form(secret.clone());
            let mut encoded = secret.percent_encoded();
            self.add_form(encoded.clone());
            // Some servers write the digits of escapes in lower case: these are of the characters that tokens have.
            for (upper, lower) in
                [("%2B", "%2b"), ("%2F", "%2f"), ("%3A", "%3a"), ("%3D", "%3d"), ("%7C", "%7c")]
            {
                encoded = encoded.replace(&T::new(upper), lower);
            }
            self.add_form(encoded);
            // Pipedrive has been seen to escape slashes in JSON.
            self.add_form(secret.replace(&T::new("/"), "\\/"));
        }
    }

    #[inline(never)]
    fn add_form(&mut self, form: T) {
        if !self.0.contains(&form) {
            // The longest first: a credential may be a part of another one.
            let index = self.0.iter().position(|known| known.len() < form.len());
            self.0.insert(index.unwrap_or(self.0.len()), form);
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

    /// The text without the credentials.
    pub(crate) fn clean(&self, text: &T) -> T {
        let mut text = text.clone();
        for form in &self.0 {
            text = text.replace(form, "[redacted]");
        }
        text
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
        let forms = [
            "a%3Dsecret-value%3B%20b%3D2",
            "a%3dsecret-value%3B%20b%3d2",
            "Bearer%20abcdefghij",
            "a=secret-value; b=2",
            "Bearer abcdefghij",
        ];
        assert_eq!(redactor.0, [&forms[..], &["secret-value", "abcdefghij"]].concat());
    }

    #[test]
    fn every_credential_header_is_known() {
        for name in ["authorization", "x-api-token", "cookie", "set-cookie"] {
            assert!(is_credential(&name.to_owned()), "{name}");
        }
        assert!(!is_credential(&"x-correlation-id".to_owned()));
    }
}
