//! Text as it is searched and compared.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Letters that Unicode takes for letters of their own and people for variants of others. The JavaScript directory has
/// the same list.
pub static LETTERS: [(char, &str); 11] = [
    ('ß', "ss"),
    ('æ', "ae"),
    ('œ', "oe"),
    ('ø', "o"),
    ('đ', "d"),
    ('ð', "d"),
    ('ħ', "h"),
    ('ı', "i"),
    ('ł', "l"),
    ('þ', "th"),
    ('ς', "σ"),
];

/// Returns a text in lower case, without accents, and with one blank where there is white space.
#[must_use]
pub(crate) fn fold(text: &str) -> String {
    let plain: String = text.nfd().filter(|letter| !is_combining_mark(*letter)).collect();
    let mut folded = String::with_capacity(plain.len());
    for letter in plain.to_lowercase().chars() {
        match LETTERS.iter().find(|(from, _)| *from == letter) {
            Some((_, to)) => folded.push_str(to),
            None if letter.is_whitespace() => {
                if !folded.ends_with(' ') {
                    folded.push(' ');
                }
            }
            None => folded.push(letter),
        }
    }
    folded.trim().to_owned()
}

/// Returns an e-mail address as addresses are compared: whatever the case, and the form of an accent.
pub(crate) fn fold_email(email: &str) -> String {
    email.trim().nfc().collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_white_space_do_not_count() {
        for (text, folded) in [
            ("Jürgen  Müller", "jurgen muller"),
            ("ŁUKASZ Żółć", "lukasz zolc"),
            ("Søren\tÆbelø", "soren aebelo"),
            ("Nguyễn Thị Ánh", "nguyen thi anh"),
            ("İstanbul Işık", "istanbul isik"),
            ("Straße", "strasse"),
            ("ΝΙΚΟΣ Νίκος", "νικοσ νικοσ"),
            ("Андрей", "андреи"),
            (" 李小龍 ", "李小龍"),
        ] {
            assert_eq!(fold(text), folded);
            assert_eq!(fold(&fold(text)), folded, "once is enough");
        }
        assert_eq!(fold_email(" James.BOND@MI6.example "), "james.bond@mi6.example");
        assert_eq!(fold_email("U\u{308}mit@mi6.example"), "ümit@mi6.example");
    }
}
