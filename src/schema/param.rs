//! The parameters of the operations: declared as data, checked in one place, before anything is sent.

use super::Arg;
use crate::text::{Message, Text, is_blank};

/// The largest whole number that every JSON parser reads exactly: 2⁵³ − 1.
pub const MAX_SAFE_INTEGER: i64 = 9_007_199_254_740_991;

/// A parameter of an operation.
#[derive(Debug)]
pub struct Param {
    /// Its name for callers.
    pub name: &'static str,
    /// Its name on the wire.
    pub wire: &'static str,
    /// Where it is sent.
    pub location: ParamLocation,
    /// What it accepts.
    pub kind: ParamKind,
    /// Whether it must be given.
    pub required: bool,
}

/// Where a parameter is sent: OpenAPI's `in`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamLocation {
    /// In the path.
    Path,
    /// In the query.
    Query,
    /// In the JSON body.
    Body,
}

/// What a parameter accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A user id.
    Id,
    /// A whole number in a range.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A string that is not blank.
    Text,
    /// An e-mail address.
    Email,
    /// `true` or `false`.
    Boolean,
    /// `true`, sent as 1, or `false`, which is the default and not sent.
    NumericBoolean,
    /// A list of `{ app, admin?, permission_set_id? }`.
    Access,
}

impl Param {
    /// The user id in the path.
    pub(crate) const ID: Self =
        Self { name: "id", wire: "id", location: ParamLocation::Path, kind: ParamKind::Id, required: true };

    /// Whether callers give it by position, before the options.
    #[must_use]
    pub const fn is_positional(&self) -> bool {
        match self.location {
            ParamLocation::Path => true,
            ParamLocation::Query => self.required,
            ParamLocation::Body => false,
        }
    }

    /// Checks a value. The error says what the parameter accepts and what it got.
    pub(crate) fn check<T: Text>(&self, value: &Arg<T>) -> Result<(), T> {
        if value.is_absent() && !self.required {
            return Ok(());
        }
        self.kind.check(&T::new(self.name), value)
    }
}

impl ParamKind {
    fn check<T: Text>(self, name: &T, value: &Arg<T>) -> Result<(), T> {
        let is_accepted = match (self, value) {
            (Self::Id, Arg::Integer(id)) => (1..=MAX_SAFE_INTEGER).contains(id),
            (Self::Integer { min, max }, Arg::Integer(number)) => (min..=max).contains(number),
            (Self::Text, Arg::Text(text)) => !is_blank(text),
            (Self::Email, Arg::Text(email)) => is_email(email),
            (Self::Boolean | Self::NumericBoolean, Arg::Boolean(_)) => true,
            (Self::Access, Arg::List(entries)) => return check_access(name, entries),
            _ => false,
        };
        if is_accepted { Ok(()) } else { Err(refusal(name, &self.description(), value)) }
    }

    /// Describes what is accepted.
    fn description<T: Text>(self) -> T {
        let words = match self {
            Self::Id => "a positive integer up to 9007199254740991",
            Self::Integer { min, max } => {
                let from = Message::new("an integer from ").text(&T::number(min));
                return if max == MAX_SAFE_INTEGER {
                    from.build()
                } else {
                    from.ascii(" to ").text(&T::number(max)).build()
                };
            }
            Self::Text => "a string that is not blank",
            Self::Email => "an e-mail address",
            Self::Boolean | Self::NumericBoolean => "true or false",
            Self::Access => "a list of { app, admin?, permission_set_id? }",
        };
        T::new(words)
    }
}

/// Catches a name or an id given instead of an address; Pipedrive judges the rest.
fn is_email<T: Text>(text: &T) -> bool {
    text.matches(r"^[^@\s\x00-\x1f\x7f-\x9f]+@[^\s\x00-\x1f\x7f-\x9f]+$")
}

/// The members of an entry of `access`: name, what it accepts, whether it must be given.
const ACCESS_ENTRY: [(&str, ParamKind, bool); 3] = [
    ("app", ParamKind::Text, true),
    ("admin", ParamKind::Boolean, false),
    ("permission_set_id", ParamKind::Text, false),
];

fn check_access<T: Text>(name: &T, entries: &[Arg<T>]) -> Result<(), T> {
    for (index, entry) in entries.iter().enumerate() {
        let index = T::number(i64::try_from(index).unwrap_or(i64::MAX));
        let path = Message::new("").text(name).ascii("[").text(&index).ascii("]").build();
        let Arg::Object(members) = entry else {
            return Err(refusal(&path, &T::new("an object { app, admin?, permission_set_id? }"), entry));
        };
        let unknown =
            members.iter().find(|(member, _)| !ACCESS_ENTRY.iter().any(|(known, ..)| member.is(known)));
        if let Some((member, _)) = unknown {
            let text = Message::new("").text(&path).ascii(".").text(member);
            return Err(text.ascii(" is not known; an entry takes app, admin, permission_set_id").build());
        }
        for (known, kind, is_required) in ACCESS_ENTRY {
            let member = members.iter().rfind(|(member, _)| member.is(known));
            let value = member.map_or(&Arg::Absent, |(_, value)| value);
            if is_required || !value.is_absent() {
                kind.check(&path.concat(&T::new(".")).concat(&T::new(known)), value)?;
            }
        }
    }
    Ok(())
}

fn refusal<T: Text>(name: &T, accepted: &T, value: &Arg<T>) -> T {
    Message::new("")
        .text(name)
        .ascii(" must be ")
        .text(accepted)
        .ascii(", got ")
        .text(&value.describe())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: ParamKind, value: &Arg) -> String {
        kind.check(&"p".to_owned(), value).expect_err("is refused")
    }

    #[test]
    fn says_what_it_takes_and_what_it_got() {
        let limit = ParamKind::Integer { min: 1, max: 500 };
        let table: [(ParamKind, Arg, &str); 16] = [
            (ParamKind::Id, Arg::Integer(0), "p must be a positive integer up to 9007199254740991, got 0"),
            (ParamKind::Id, Arg::Integer(-1), "p must be a positive integer up to 9007199254740991, got -1"),
            (
                ParamKind::Id,
                Arg::Other("NaN".into()),
                "p must be a positive integer up to 9007199254740991, got NaN",
            ),
            (
                ParamKind::Id,
                Arg::Other("1.5".into()),
                "p must be a positive integer up to 9007199254740991, got 1.5",
            ),
            (ParamKind::Id, "7".into(), "p must be a positive integer up to 9007199254740991, got \"7\""),
            (
                ParamKind::Id,
                9_007_199_254_740_992_u64.into(),
                "p must be a positive integer up to 9007199254740991, got 9007199254740992",
            ),
            (limit, Arg::Integer(0), "p must be an integer from 1 to 500, got 0"),
            (limit, Arg::Integer(501), "p must be an integer from 1 to 500, got 501"),
            (limit, Arg::Other("null".into()), "p must be an integer from 1 to 500, got null"),
            (ParamKind::Text, " \t".into(), "p must be a string that is not blank, got \" \t\""),
            (ParamKind::Text, Arg::Absent, "p must be a string that is not blank, got nothing"),
            (ParamKind::Email, "bond".into(), "p must be an e-mail address, got \"bond\""),
            (ParamKind::Email, "bond @mi6".into(), "p must be an e-mail address, got \"bond @mi6\""),
            (ParamKind::Boolean, Arg::Integer(1), "p must be true or false, got 1"),
            (
                ParamKind::Access,
                "sales".into(),
                "p must be a list of { app, admin?, permission_set_id? }, got \"sales\"",
            ),
            (
                ParamKind::Access,
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
        let text = refused(ParamKind::Id, &token.into());
        assert!(text.ends_with("got a string of 40 characters"), "{text}");
    }

    #[test]
    fn an_access_entry_takes_only_what_it_knows() {
        let entry = Arg::Object(vec![("app".into(), "sales".into()), ("amdin".into(), true.into())]);
        let text = refused(ParamKind::Access, &Arg::List(vec![entry]));
        assert_eq!(text, "p[0].amdin is not known; an entry takes app, admin, permission_set_id");
    }
}
