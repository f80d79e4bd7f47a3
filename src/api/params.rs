//! What the operations take: declared as data, checked in one place, before anything is sent.

use crate::decimal::{self, decimal};

/// The largest whole number that every JSON parser reads exactly: 2⁵³ − 1.
pub const MAX_SAFE_INTEGER: i64 = 9_007_199_254_740_991;

/// A parameter of an operation.
#[derive(Debug)]
pub struct Param {
    /// Its name for callers.
    pub name: &'static str,
    /// Its name on the wire.
    pub wire: &'static str,
    /// Where it travels.
    pub place: Place,
    /// What it takes.
    pub kind: Kind,
    /// Whether the call can do without it.
    pub required: bool,
}

/// Where a parameter travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In the JSON body.
    Body,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A user id.
    Id,
    /// A whole number in a range.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// Text that is not blank.
    Text,
    /// An e-mail address.
    Email,
    /// `true` or `false`.
    Boolean,
    /// `true`, sent as 1, or `false`, which is the default and not sent.
    Flag,
    /// A list of `{ app, admin?, permission_set_id? }`.
    Access,
}

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

impl Param {
    /// The user id in the path.
    pub(crate) const ID: Self =
        Self { name: "id", wire: "id", place: Place::Path, kind: Kind::Id, required: true };

    /// Checks a value, and says what the parameter takes and what it got if that is something else.
    pub(crate) fn check(&self, value: &Arg) -> Result<(), String> {
        if *value == Arg::Absent && !self.required {
            return Ok(());
        }
        self.kind.check(self.name, value)
    }
}

impl Kind {
    fn check(self, name: &str, value: &Arg) -> Result<(), String> {
        let fits = match (self, value) {
            (Self::Id, Arg::Integer(id)) => (1..=MAX_SAFE_INTEGER).contains(id),
            (Self::Integer { min, max }, Arg::Integer(number)) => (min..=max).contains(number),
            (Self::Text, Arg::Text(text)) => !text.trim().is_empty(),
            (Self::Email, Arg::Text(email)) => is_email(email),
            (Self::Boolean | Self::Flag, Arg::Boolean(_)) => true,
            (Self::Access, Arg::List(entries)) => return check_access(name, entries),
            _ => false,
        };
        if fits { Ok(()) } else { Err(refusal(name, &self.takes(), value)) }
    }

    /// What a value of this kind has to be.
    fn takes(self) -> String {
        match self {
            Self::Id => "a positive integer up to 9007199254740991".to_owned(),
            Self::Integer { min, max: MAX_SAFE_INTEGER } => ["an integer from ", &decimal(min)].concat(),
            Self::Integer { min, max } => ["an integer from ", &decimal(min), " to ", &decimal(max)].concat(),
            Self::Text => "a string that is not blank".to_owned(),
            Self::Email => "an e-mail address".to_owned(),
            Self::Boolean | Self::Flag => "true or false".to_owned(),
            Self::Access => "a list of { app, admin?, permission_set_id? }".to_owned(),
        }
    }
}

/// Enough to catch a name or an id in the place of an address; Pipedrive judges the rest.
fn is_email(text: &str) -> bool {
    let blank = text.contains(|c: char| c.is_whitespace() || c.is_control());
    !blank && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}

fn check_access(name: &str, entries: &[Arg]) -> Result<(), String> {
    for (index, entry) in entries.iter().enumerate() {
        let place = [name, "[", &decimal::count(index), "]"].concat();
        let Arg::Object(members) = entry else {
            return Err(refusal(&place, "an object { app, admin?, permission_set_id? }", entry));
        };
        let mut app = &Arg::Absent;
        for (member, value) in members {
            let place = [&place, ".", member].concat();
            match member.as_str() {
                "app" => app = value,
                "admin" | "permission_set_id" if *value == Arg::Absent => {}
                "admin" => Kind::Boolean.check(&place, value)?,
                "permission_set_id" => Kind::Text.check(&place, value)?,
                _ => {
                    return Err(
                        [&place, " is not known; an entry takes app, admin, permission_set_id"].concat()
                    );
                }
            }
        }
        Kind::Text.check(&[&place, ".app"].concat(), app)?;
    }
    Ok(())
}

fn refusal(name: &str, takes: &str, got: &Arg) -> String {
    [name, " must be ", takes, ", got ", &got.describe()].concat()
}

impl Arg {
    /// The value in a few words. Long text is counted and not shown: it may be a secret in the wrong place.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Absent => "nothing".to_owned(),
            Self::Boolean(value) => if *value { "true" } else { "false" }.to_owned(),
            Self::Integer(number) => decimal(*number),
            Self::Text(text) if text.len() <= 24 => ["\"", text, "\""].concat(),
            Self::Text(text) => {
                ["a string of ", &decimal::count(text.chars().count()), " characters"].concat()
            }
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

    fn refused(kind: Kind, value: &Arg) -> String {
        kind.check("p", value).expect_err("is refused")
    }

    #[test]
    fn says_what_it_takes_and_what_it_got() {
        let limit = Kind::Integer { min: 1, max: 500 };
        let table: [(Kind, Arg, &str); 16] = [
            (Kind::Id, Arg::Integer(0), "p must be a positive integer up to 9007199254740991, got 0"),
            (Kind::Id, Arg::Integer(-1), "p must be a positive integer up to 9007199254740991, got -1"),
            (
                Kind::Id,
                Arg::Other("NaN".into()),
                "p must be a positive integer up to 9007199254740991, got NaN",
            ),
            (
                Kind::Id,
                Arg::Other("1.5".into()),
                "p must be a positive integer up to 9007199254740991, got 1.5",
            ),
            (Kind::Id, "7".into(), "p must be a positive integer up to 9007199254740991, got \"7\""),
            (
                Kind::Id,
                9_007_199_254_740_992_u64.into(),
                "p must be a positive integer up to 9007199254740991, got 9007199254740992",
            ),
            (limit, Arg::Integer(0), "p must be an integer from 1 to 500, got 0"),
            (limit, Arg::Integer(501), "p must be an integer from 1 to 500, got 501"),
            (limit, Arg::Other("null".into()), "p must be an integer from 1 to 500, got null"),
            (Kind::Text, " \t".into(), "p must be a string that is not blank, got \" \t\""),
            (Kind::Text, Arg::Absent, "p must be a string that is not blank, got nothing"),
            (Kind::Email, "bond".into(), "p must be an e-mail address, got \"bond\""),
            (Kind::Email, "bond @mi6".into(), "p must be an e-mail address, got \"bond @mi6\""),
            (Kind::Boolean, Arg::Integer(1), "p must be true or false, got 1"),
            (
                Kind::Access,
                "sales".into(),
                "p must be a list of { app, admin?, permission_set_id? }, got \"sales\"",
            ),
            (
                Kind::Access,
                Arg::List(vec![Arg::Object(vec![("admin".into(), true.into())])]),
                "p[0].app must be a string that is not blank, got nothing",
            ),
        ];
        for (kind, value, text) in table {
            assert_eq!(refused(kind, &value), text);
        }
    }

    #[test]
    fn a_long_string_is_counted_and_not_shown() {
        let token = "0123456789abcdef0123456789abcdef01234567";
        let text = refused(Kind::Id, &token.into());
        assert!(text.ends_with("got a string of 40 characters"), "{text}");
    }

    #[test]
    fn an_access_entry_takes_only_what_it_knows() {
        let entry = Arg::Object(vec![("app".into(), "sales".into()), ("amdin".into(), true.into())]);
        let text = refused(Kind::Access, &Arg::List(vec![entry]));
        assert_eq!(text, "p[0].amdin is not known; an entry takes app, admin, permission_set_id");
    }

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
