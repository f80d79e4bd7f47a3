//! Whole numbers as text, without the standard library's formatting, which would be a twentieth of the npm module.

/// A number in decimal.
pub(crate) fn decimal(number: impl Into<i64>) -> String {
    decimal_of(number.into())
}

fn decimal_of(number: i64) -> String {
    let mut text = String::new();
    if number < 0 {
        text.push('-');
    }
    let number = number.unsigned_abs();
    let mut unit: u64 = 1;
    while number / unit >= 10 {
        unit *= 10;
    }
    while unit > 0 {
        #[allow(clippy::cast_possible_truncation)] // Below ten.
        text.push(char::from(b'0' + (number / unit % 10) as u8));
        unit /= 10;
    }
    text
}

/// A count in decimal.
pub(crate) fn count(number: usize) -> String {
    decimal(i64::try_from(number).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_writes_what_the_standard_library_writes() {
        for number in [0, 7, 10, -1, 1_234_567_890, i64::MAX, i64::MIN] {
            assert_eq!(decimal(number), number.to_string());
        }
        assert_eq!(count(42), "42");
    }
}
