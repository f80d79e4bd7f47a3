//! A value that a caller gave, whatever the language: what is checked, and what request bodies are written from.

use crate::decimal::{count, decimal};

/// A value that a caller gave, on its way to be checked.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// Not given.
    Absent,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number that every JSON parser reads exactly.
    Integer(i64),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Arg>),
    /// An object, in its own order.
    Object(Vec<(String, Arg)>),
    /// Anything else, in the words of the caller's language: `null`, `1.5`, `NaN`.
    Other(String),
}

impl Arg {
    /// The value in a few words. Long text is counted and not shown: it may be a secret in the wrong place.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Absent => "nothing".to_owned(),
            Self::Boolean(value) => if *value { "true" } else { "false" }.to_owned(),
            Self::Integer(number) => decimal(*number),
            Self::Text(text) if text.len() <= 24 => ["\"", text, "\""].concat(),
            Self::Text(text) => ["a string of ", &count(text.chars().count()), " characters"].concat(),
            Self::List(_) => "a list".to_owned(),
            Self::Object(_) => "an object".to_owned(),
            Self::Other(text) => text.clone(),
        }
    }

    /// Writes the value as JSON.
    pub(crate) fn write_json(&self, out: &mut String) {
        match self {
            Self::Absent | Self::Other(_) => out.push_str("null"),
            Self::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Integer(number) => out.push_str(&decimal(*number)),
            Self::Text(text) => write_json_string(text, out),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write_json(out);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                let mut first = true;
                for (name, value) in members.iter().filter(|(_, value)| *value != Self::Absent) {
                    if !first {
                        out.push(',');
                    }
                    first = false;
                    write_json_string(name, out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
        }
    }
}

/// Writes a JSON string. The shipped module has no JSON library: this is all that its request bodies need of one.
fn write_json_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{0}'..='\u{1f}' => {
                let code = character as u32;
                out.push_str("\\u00");
                out.push(if code < 16 { '0' } else { '1' });
                out.extend(char::from_digit(code % 16, 16));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

impl From<bool> for Arg {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<u64> for Arg {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or_else(|_| Self::Other(value.to_string()), Self::Integer)
    }
}

impl From<u32> for Arg {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Arg>> From<Option<T>> for Arg {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_json_that_a_json_library_reads_back() {
        let text = "a\"b\\c\n\u{1}\u{1f}/é💡";
        let value = Arg::Object(vec![
            ("text".into(), text.into()),
            ("none".into(), Arg::Absent),
            ("list".into(), Arg::List(vec![Arg::Integer(-3), true.into(), false.into()])),
        ]);
        let mut json = String::new();
        value.write_json(&mut json);
        let read: serde_json::Value = serde_json::from_str(&json).expect("valid JSON");
        assert_eq!(read, serde_json::json!({ "text": text, "list": [-3, true, false] }));
    }
}
