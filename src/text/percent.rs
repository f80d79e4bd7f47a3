//! Percent-encoding of RFC 3986.

use super::Text;

/// Writes every byte that is not unreserved in RFC 3986 as `%XX`, so that a value can change neither path nor query.
/// Half a surrogate pair becomes U+FFFD, as WHATWG URL has it.
pub(crate) fn percent_encode<T: Text>(text: &T, out: &mut String) {
    for character in char::decode_utf16(text.units()) {
        let mut utf8 = [0; 4];
        let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
        for byte in character.encode_utf8(&mut utf8).bytes() {
            push(byte, out);
        }
    }
}

fn push(byte: u8, out: &mut String) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |value: u8| HEX.get(usize::from(value)).copied().unwrap_or('0');
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        out.push(char::from(byte));
    } else {
        out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        let mut out = String::new();
        percent_encode(&"aZ09-._~ /?é💡".to_owned(), &mut out);
        assert_eq!(out, "aZ09-._~%20%2F%3F%C3%A9%F0%9F%92%A1");
    }
}
