//! What the operations take: declared as data, checked in one place, before anything is sent.

use super::Arg;
use crate::decimal::{count, decimal};

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
        let place = [name, "[", &count(index), "]"].concat();
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
}
