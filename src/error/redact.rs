//! Takes credentials out of texts.

use crate::text::{Text, is, percent_encode};

/// Whether a header of this name, in lower case, carries a credential.
pub(crate) fn is_credential<T: Text>(name: &T) -> bool {
    ["authorization", "x-api-token", "cookie", "set-cookie"].iter().any(|known| is(name, known))
}

/// A real credential is longer; a short text would be found in words that are none.
const SHORTEST: usize = 8;

/// Takes a number of credentials out of texts, in every form in which servers repeat them.
pub(crate) struct Redactor<T>(Vec<T>);

impl<T: Text> Redactor<T> {
    pub(crate) fn new(secrets: &[T]) -> Self {
        let mut forms: Vec<T> = Vec::new();
        for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST) {
            let mut in_urls = String::new();
            percent_encode(secret, &mut in_urls);
            // Pipedrive has been seen to escape slashes in JSON.
            for form in [secret.clone(), T::new(&in_urls), secret.replace(&T::new("/"), "\\/")] {
                if !forms.contains(&form) {
                    // The longest first: a credential may be a part of another one.
                    let index = forms.iter().position(|known| known.len() < form.len());
                    forms.insert(index.unwrap_or(forms.len()), form);
                }
            }
        }
        Self(forms)
    }

    /// The text without the credentials.
    pub(crate) fn clean(&self, text: &T) -> T {
        self.0.iter().fold(text.clone(), |text, form| text.replace(form, "[redacted]"))
    }
}

/// The credentials in the value of a header: the value itself, and each of its words: `Bearer` and a token, or the
/// cookies with their names.
pub(crate) fn credentials_in<T: Text>(value: &T, found: &mut Vec<T>) {
    let units: Vec<u16> = value.units().collect();
    found.push(value.clone());
    let words = units.split(|unit| matches!(u8::try_from(*unit), Ok(b' ' | b'=' | b';' | b',' | b'"')));
    found.extend(words.filter(|word| word.len() >= SHORTEST).map(T::from_units));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_taken_out() {
        let redactor = Redactor::new(&["v1u:AQ/IBAHj0".to_owned(), "short".to_owned()]);
        let text = "a v1u:AQ/IBAHj0 b ?d=v1u%3AAQ%2FIBAHj0&e {\"t\":\"v1u:AQ\\/IBAHj0\"} short".to_owned();
        assert_eq!(redactor.clean(&text), "a [redacted] b ?d=[redacted]&e {\"t\":\"[redacted]\"} short");
    }

    #[test]
    fn a_credential_within_another_is_no_remainder() {
        let redactor = Redactor::new(&["12345678".to_owned(), "1234567890".to_owned()]);
        assert_eq!(redactor.clean(&"x1234567890x".to_owned()), "x[redacted]x");
    }

    #[test]
    fn the_credentials_of_headers_are_found() {
        let mut found = Vec::new();
        credentials_in(&"Bearer abcdefghij".to_owned(), &mut found);
        credentials_in(&"a=secret-value; b=2".to_owned(), &mut found);
        assert_eq!(found, ["Bearer abcdefghij", "abcdefghij", "a=secret-value; b=2", "secret-value"]);
    }

    #[test]
    fn every_credential_header_is_known() {
        for name in ["authorization", "x-api-token", "cookie", "set-cookie"] {
            assert!(is_credential(&name.to_owned()), "{name}");
        }
        assert!(!is_credential(&"x-correlation-id".to_owned()));
    }
}
