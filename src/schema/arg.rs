//! The value of an argument, whatever language it was given in.

use crate::text::{Message, Text};

/// The value of an argument, before it is checked.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg<T = String> {
    /// Not given.
    Absent,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number that every JSON parser reads exactly.
    Integer(i64),
    /// A string.
    Text(T),
    /// A list.
    List(Vec<Arg<T>>),
    /// An object, in its own order.
    Object(Vec<(T, Arg<T>)>),
    /// Anything else, as the language itself writes it: `null`, `1.5`, `NaN`, `a function`.
    Other(T),
}

/// The longest string that an error message quotes.
const QUOTED_LENGTH: usize = 24;

impl<T: Text> Arg<T> {
    /// Describes the value in a few words. Long strings are counted and not quoted: they may be misplaced secrets.
    pub(crate) fn describe(&self) -> T {
        match self {
            Self::Absent => T::new("nothing"),
            Self::Boolean(value) => T::new(if *value { "true" } else { "false" }),
            Self::Integer(number) => T::number(*number),
            Self::Text(text) if text.len() <= QUOTED_LENGTH => {
                T::new("\"").concat(text).concat(&T::new("\""))
            }
            Self::Text(text) => {
                let count = T::number(i64::try_from(text.char_count()).unwrap_or(i64::MAX));
                Message::new("a string of ").text(&count).ascii(" characters").build()
            }
            Self::List(_) => T::new("a list"),
            Self::Object(_) => T::new("an object"),
            Self::Other(text) => text.clone(),
        }
    }

    /// Whether it was not given.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value as JSON, objects without the members that were not given.
    pub(crate) fn to_json(&self) -> T {
        match self {
            Self::Absent | Self::Other(_) => T::new("null"),
            Self::Boolean(_) | Self::Integer(_) => self.describe(),
            Self::Text(text) => text.to_json(),
            Self::List(items) => {
                let mut json = Message::new("[");
                let mut separator = "";
                for item in items {
                    json = json.ascii(separator).text(&item.to_json());
                    separator = ",";
                }
                json.ascii("]").build()
            }
            Self::Object(members) => {
                let mut json = Message::new("{");
                let mut separator = "";
                for (name, value) in members {
                    if !value.is_absent() {
                        json = json.ascii(separator).text(&name.to_json()).ascii(":").text(&value.to_json());
                        separator = ",";
                    }
                }
                json.ascii("}").build()
            }
        }
    }
}

impl<T> From<bool> for Arg<T> {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl<T: Text> From<u64> for Arg<T> {
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or_else(|_| Self::Other(T::new("a number of 2^63 or more")), Self::Integer)
    }
}

impl<T> From<u32> for Arg<T> {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl<T: Text> From<&str> for Arg<T> {
    fn from(value: &str) -> Self {
        Self::Text(T::new(value))
    }
}

impl<T: Text, V: Into<Self>> From<Option<V>> for Arg<T> {
    fn from(value: Option<V>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_json_that_a_json_library_reads_back() {
        let text = "a\"b\\c\n\u{1}\u{1f}\u{7f}/é💡";
        let value: Arg = Arg::Object(vec![
            ("text".into(), text.into()),
            ("none".into(), Arg::Absent),
            ("list".into(), Arg::List(vec![Arg::Integer(-3), true.into(), false.into()])),
        ]);
        let read: serde_json::Value = serde_json::from_str(&value.to_json()).expect("valid JSON");
        assert_eq!(read, serde_json::json!({ "text": text, "list": [-3, true, false] }));
    }

    #[test]
    fn long_strings_are_counted() {
        assert_eq!(Arg::Text("é".repeat(24)).describe(), format!("\"{}\"", "é".repeat(24)));
        assert_eq!(Arg::Text("💡".repeat(13)).describe(), "a string of 13 characters");
    }
}
