//! Base64, read strictly: each text of bytes is accepted in one form only.

/// The two last characters of base64, and those of base64url.
pub(crate) const STANDARD: [u8; 2] = *b"+/";
pub(crate) const URL_SAFE: [u8; 2] = *b"-_";

/// Decodes base64 without padding. It is no secret and need not take constant time, for which base64ct is three kilobytes of
/// the server's module.
pub(crate) fn decode(text: &str, last: [u8; 2]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    // Bits that are read and not yet written, below what was written.
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            _ if byte == last[0] => 62,
            _ if byte == last[1] => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            let [.., byte] = (bits >> count).to_be_bytes();
            bytes.push(byte);
        }
    }
    // What is left over is less than a character, and zeros.
    (count < 6 && bits.trailing_zeros() >= count).then_some(bytes)
}

/// Decodes base64 with padding.
pub(crate) fn decode_padded(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    (unpadded.len().next_multiple_of(4) == text.len()).then(|| decode(unpadded, STANDARD))?
}

#[cfg(test)]
mod tests {
    use base64ct::{Base64, Base64UrlUnpadded, Encoding};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn all_bytes_are_read(bytes in vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decode(&Base64UrlUnpadded::encode_string(&bytes), URL_SAFE), Some(bytes.clone()));
            prop_assert_eq!(decode_padded(&Base64::encode_string(&bytes)), Some(bytes));
        }

        #[test]
        fn any_text_is_read_or_refused_as_by_base64ct(text in "[AQg=+/_-]{0,9}") {
            prop_assert_eq!(decode(&text, URL_SAFE), Base64UrlUnpadded::decode_vec(&text).ok(), "{}", text);
            prop_assert_eq!(decode_padded(&text), Base64::decode_vec(&text).ok(), "{}", text);
        }

        #[test]
        fn no_other_character_is_read(text in "[A-Za-z0-9_-]{0,6}.[A-Za-z0-9_-]{0,6}") {
            prop_assert_eq!(decode(&text, URL_SAFE), Base64UrlUnpadded::decode_vec(&text).ok(), "{}", text);
        }
    }
}
