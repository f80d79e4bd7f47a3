//! HTTP Basic authentication: all that Pipedrive's webhooks are authenticated by.

use super::mac::mac;
use crate::text::{base64, split_once};

/// Returns whether an `authorization` header has a user name and a password, compared in constant time.
///
/// ```
/// use pipedrive_users::server::is_basic;
///
/// assert!(is_basic("Basic cGlwZWRyaXZlOnNlY3JldA==", "pipedrive", "secret"));
/// assert!(!is_basic("Basic cGlwZWRyaXZlOnNlY3JldA==", "pipedrive", "another"));
/// ```
#[must_use]
pub fn is_basic(authorization: &str, username: &str, password: &str) -> bool {
    let (scheme, credentials) = split_once(authorization, b' ').unwrap_or_default();
    let given = base64::decode_padded(credentials.trim_ascii()).unwrap_or_default();
    let expected = [username, ":", password].concat();
    // Codes have the same length, and the time to compare them does not depend on the text.
    let codes = mac(&[], &given).zip(mac(&[], expected.as_bytes()));
    codes.is_some_and(|(given, expected)| given == expected) && scheme.eq_ignore_ascii_case("basic")
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64, Encoding};

    use super::*;

    #[test]
    fn only_the_exact_credentials_are_accepted() {
        let header = |text: &str| ["Basic ", &Base64::encode_string(text.as_bytes())].concat();
        assert!(is_basic(&header("user:päss:word"), "user", "päss:word"));
        assert!(is_basic(&header("user:word").replace("Basic", "bAsIc"), "user", "word"));
        for wrong in ["", "user", "user:", "user:wor", "user:words", "User:word", ":word", "user:word\0"] {
            assert!(!is_basic(&header(wrong), "user", "word"), "{wrong:?}");
        }
        let right = Base64::encode_string(b"user:word");
        for wrong in ["", "Basic", &right, &["Bearer ", &right].concat(), "Basic %%%", "Basic dXNlcjp3b3Jk="]
        {
            assert!(!is_basic(wrong, "user", "word"), "{wrong:?}");
        }
    }
}
