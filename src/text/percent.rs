//! Percent-encoding of RFC 3986.

use super::Text;

/// Writes every byte that is not unreserved in RFC 3986 as `%XX`, so that a value can change neither path nor query.
/// Half a surrogate pair becomes U+FFFD, as WHATWG URL has it.
pub(crate) fn percent_encode<T: Text>(text: &T, out: &mut String) {
    encode(&text.units(usize::MAX), out);
}

fn encode(units: &[u16], out: &mut String) {
    let mut units = units.iter().copied().peekable();
    while let Some(unit) = units.next() {
        let mut point = u32::from(unit);
        if matches!(unit, 0xd800..=0xdfff) {
            point = 0xfffd;
            if unit < 0xdc00
                && let Some(low) = units.next_if(|low| matches!(low, 0xdc00..=0xdfff))
            {
                point = 0x1_0000 + ((u32::from(unit) & 0x3ff) << 10) + (u32::from(low) & 0x3ff);
            }
        }
        // UTF-8: how many bytes follow the first, and the bits that mark the first.
        let (following, mark) = match point {
            0..0x80 => (0, 0),
            0x80..0x800 => (1, 0xc0),
            0x800..0x1_0000 => (2, 0xe0),
            _ => (3, 0xf0),
        };
        push(mark | point >> (following * 6), out);
        for index in (0..following).rev() {
            push(0x80 | point >> (index * 6) & 0x3f, out);
        }
    }
}

/// Writes a byte.
fn push(byte: u32, out: &mut String) {
    match byte {
        0x30..=0x39 | 0x41..=0x5a | 0x61..=0x7a | 0x2d..=0x2e | 0x5f | 0x7e => push_ascii(byte, out),
        _ => {
            push_ascii(0x25, out);
            push_hex(byte >> 4, b'A', out);
            push_hex(byte, b'A', out);
        }
    }
}

/// Writes the hexadecimal digit of the lowest four bits; `ten` is the digit of ten.
pub(crate) fn push_hex(value: u32, ten: u8, out: &mut String) {
    let digit = value & 15;
    push_ascii(digit + if digit < 10 { 0x30 } else { u32::from(ten) - 10 }, out);
}

#[allow(clippy::cast_possible_truncation)] // It is ASCII.
fn push_ascii(byte: u32, out: &mut String) {
    out.push(char::from(byte as u8));
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
