//! Whole numbers as text, without the standard library's formatting, which would be a twentieth of the npm module.

/// A number in decimal.
pub(crate) fn decimal(number: impl Into<i64>) -> String {
    let number = number.into();
    let mut digits = Vec::new();
    let mut rest = number.unsigned_abs();
    loop {
        #[allow(clippy::cast_possible_truncation)] // Below ten.
        digits.push(b'0' + (rest % 10) as u8);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let sign = if number < 0 { "-" } else { "" };
    sign.chars().chain(digits.into_iter().rev().map(char::from)).collect()
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
