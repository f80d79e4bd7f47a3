//! The parameters of the operations: declared as data, checked in one place, before anything is sent.

use super::Args;
use crate::text::{Message, NOT_BLANK, Text};
use crate::transport::JsonRef;

/// The largest whole number that every JSON parser reads exactly: 2⁵³ − 1.
pub const MAX_SAFE_INTEGER: i64 = 9_007_199_254_740_991;

/// A parameter of an operation.
///
/// ```
/// use pipedrive_users::api::get_user;
///
/// assert_eq!(get_user::ENDPOINT.params[0].name, "id");
/// ```
#[derive(Debug)]
#[non_exhaustive]
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
///
/// ```
/// use pipedrive_users::api::get_user;
/// use pipedrive_users::schema::ParamLocation;
///
/// assert!(matches!(get_user::ENDPOINT.params[0].location, ParamLocation::Path));
/// ```
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
///
/// ```
/// use pipedrive_users::api::get_user;
/// use pipedrive_users::schema::ParamKind;
///
/// assert!(matches!(get_user::ENDPOINT.params[0].kind, ParamKind::Id));
/// ```
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
    ///
    /// ```
    /// assert!(pipedrive_users::api::get_user::ENDPOINT.params[0].is_positional());
    /// ```
    #[must_use]
    pub const fn is_positional(&self) -> bool {
        match self.location {
            ParamLocation::Path => true,
            ParamLocation::Query => self.required,
            ParamLocation::Body => false,
        }
    }

    /// Checks a value, and writes it as it is sent; nothing where it is not sent. The error says what the parameter
    /// accepts and what it got; a `prefix` stands before its name.
    pub(crate) fn write<A: Args>(
        &self,
        args: &A,
        prefix: Option<&A::Text>,
        value: Option<&A::Value>,
    ) -> Result<Option<A::Text>, A::Text> {
        if value.is_none() && !self.required {
            return Ok(None);
        }
        let accepted = value.filter(|value| self.kind.accepts(*value));
        let Some(value) = accepted else {
            return Err(refusal(args, &self.label(prefix), &self.kind.description(), value));
        };
        Ok(match self.kind {
            ParamKind::NumericBoolean => {
                value.as_bool().filter(|is_sent| *is_sent).map(|_| A::Text::new("1"))
            }
            ParamKind::Access => Some(write_access(args, &self.label(prefix), value)?),
            // Numbers and booleans are the same everywhere.
            _ => match value.as_text() {
                Some(text) if self.location != ParamLocation::Body => Some(text.percent_encoded()),
                _ => Some(value.to_json()),
            },
        })
    }

    /// What an error calls it.
    #[inline(never)]
    fn label<T: Text>(&self, prefix: Option<&T>) -> T {
        let name = T::wording(self.name);
        match prefix {
            Some(prefix) => prefix.concat(&name),
            None => name,
        }
    }
}

impl ParamKind {
    /// Whether a value is accepted; the entries of a list are checked when they are written.
    fn accepts<J: JsonRef>(self, value: &J) -> bool {
        let is_text = |pattern| value.as_text().is_some_and(|text| text.matches(pattern));
        #[allow(clippy::cast_precision_loss)] // Within the integers that are exact.
        let is_integer = |min: i64, max: i64| {
            let is_in_range =
                |number: f64| number.fract() == 0.0 && number >= min as f64 && number <= max as f64;
            value.as_number().is_some_and(is_in_range)
        };
        match self {
            Self::Id => is_integer(1, MAX_SAFE_INTEGER),
            Self::Integer { min, max } => is_integer(min, max),
            Self::Text => is_text(NOT_BLANK),
            Self::Email => is_text(EMAIL),
            Self::Boolean | Self::NumericBoolean => value.as_bool().is_some(),
            Self::Access => value.is_list(),
        }
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
const EMAIL: &str = r"^[^@\s\x00-\x1f\x7f-\x9f]+@[^\s\x00-\x1f\x7f-\x9f]+$";

/// A member of an entry of `access`.
const fn access_member(name: &'static str, kind: ParamKind, required: bool) -> Param {
    Param { name, wire: name, location: ParamLocation::Body, kind, required }
}

/// The members of an entry of `access`.
static ACCESS_ENTRY: [Param; 3] = [
    access_member("app", ParamKind::Text, true),
    access_member("admin", ParamKind::Boolean, false),
    access_member("permission_set_id", ParamKind::Text, false),
];

/// Checks the entries of `access`, and writes them as JSON. Each value is read once: a getter may return another one.
fn write_access<A: Args>(args: &A, name: &A::Text, entries: &A::Value) -> Result<A::Text, A::Text> {
    let mut json = Message::new("[");
    let mut separator = "";
    for (index, entry) in entries.values().enumerate() {
        let index = A::Text::number(i64::try_from(index).unwrap_or(i64::MAX));
        let path = Message::new("").text(name).ascii("[").text(&index).ascii("]").build();
        if !entry.is_object() {
            let accepted = A::Text::new("an object { app, admin?, permission_set_id? }");
            return Err(refusal(args, &path, &accepted, Some(&entry)));
        }
        let prefix = path.concat(&A::Text::new("."));
        for member in entry.names() {
            if !ACCESS_ENTRY.iter().any(|known| member.is(known.name)) {
                let text = Message::new("").text(&prefix).text(&member.slice(0, SHOWN_LENGTH));
                return Err(text
                    .ascii(" is not known; an entry takes app, admin, permission_set_id")
                    .build());
            }
        }
        json = json.ascii(separator);
        separator = "{";
        for param in &ACCESS_ENTRY {
            if let Some(value) = param.write(args, Some(&prefix), entry.get(param.name).as_ref())? {
                json = json.member(separator, param.wire, &value);
                separator = ",";
            }
        }
        json = json.ascii("}");
    }
    Ok(json.ascii("]").build())
}

/// How much an error message shows of a name that is not known: someone may have written a whole header there.
pub(crate) const SHOWN_LENGTH: usize = 12;

/// The longest string that an error message quotes.
const QUOTED_LENGTH: usize = 24;

/// Says what is accepted instead of a value. Long strings are counted and not quoted: they may be misplaced secrets.
pub(crate) fn refusal<A: Args>(
    args: &A,
    name: &A::Text,
    accepted: &A::Text,
    value: Option<&A::Value>,
) -> A::Text {
    let text = Message::new("").text(name).ascii(" must be ").text(accepted).ascii(", got ");
    let Some(value) = value else { return text.ascii("nothing").build() };
    let Some(string) = value.as_text() else {
        return if value.is_list() { text.ascii("a list") } else { text.text(&args.describe(value)) }.build();
    };
    if string.len() <= QUOTED_LENGTH && !string.matches("v1u:") {
        return text.ascii("\"").text(&string).ascii("\"").build();
    }
    let count = A::Text::number(i64::try_from(string.char_count()).unwrap_or(i64::MAX));
    text.ascii("a string of ").text(&count).ascii(" characters").build()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::schema::RustArgs;

    fn write(kind: ParamKind, value: Option<&Value>) -> Result<Option<String>, String> {
        access_member("p", kind, true).write(&RustArgs::default(), None, value)
    }

    fn refused(kind: ParamKind, value: &Value) -> String {
        write(kind, Some(value)).expect_err("is refused")
    }

    #[test]
    fn says_what_it_takes_and_what_it_got() {
        let limit = ParamKind::Integer { min: 1, max: 500 };
        let table: [(ParamKind, Value, &str); 14] = [
            (ParamKind::Id, 0.into(), "p must be a positive integer up to 9007199254740991, got 0"),
            (ParamKind::Id, Value::from(-1), "p must be a positive integer up to 9007199254740991, got -1"),
            (ParamKind::Id, 1.5.into(), "p must be a positive integer up to 9007199254740991, got 1.5"),
            (ParamKind::Id, "7".into(), "p must be a positive integer up to 9007199254740991, got \"7\""),
            (
                ParamKind::Id,
                9_007_199_254_740_992_u64.into(),
                "p must be a positive integer up to 9007199254740991, got 9007199254740992",
            ),
            (limit, 0.into(), "p must be an integer from 1 to 500, got 0"),
            (limit, 501.into(), "p must be an integer from 1 to 500, got 501"),
            (limit, Value::Null, "p must be an integer from 1 to 500, got null"),
            (ParamKind::Text, " \t".into(), "p must be a string that is not blank, got \" \t\""),
            (ParamKind::Email, "bond".into(), "p must be an e-mail address, got \"bond\""),
            (ParamKind::Email, "bond @mi6".into(), "p must be an e-mail address, got \"bond @mi6\""),
            (ParamKind::Boolean, 1.into(), "p must be true or false, got 1"),
            (
                ParamKind::Access,
                "sales".into(),
                "p must be a list of { app, admin?, permission_set_id? }, got \"sales\"",
            ),
            (
                ParamKind::Access,
                json!([{ "admin": true }]),
                "p[0].app must be a string that is not blank, got nothing",
            ),
        ];
        for (kind, value, text) in table {
            assert_eq!(refused(kind, &value), text);
        }
        assert_eq!(
            write(ParamKind::Text, None),
            Err("p must be a string that is not blank, got nothing".into())
        );
    }

    #[test]
    fn a_long_string_is_counted_and_not_shown() {
        let token = "0123456789abcdef0123456789abcdef01234567";
        let text = refused(ParamKind::Id, &token.into());
        assert!(text.ends_with("got a string of 40 characters"), "{text}");
        let quoted = "é".repeat(24);
        assert!(refused(ParamKind::Id, &quoted.as_str().into()).ends_with(&format!("got \"{quoted}\"")));
        let text = refused(ParamKind::Id, &Value::from("💡".repeat(13)));
        assert!(text.ends_with("got a string of 13 characters"), "{text}");
    }

    #[test]
    fn an_access_entry_takes_only_what_it_knows() {
        let text = refused(ParamKind::Access, &json!([{ "app": "sales", "amdin": true }]));
        assert_eq!(text, "p[0].amdin is not known; an entry takes app, admin, permission_set_id");
    }

    #[test]
    fn a_body_is_json_that_a_json_library_reads_back() {
        let text = "a\"b\\c\n\u{1}\u{1f}\u{7f}/é💡";
        let access = json!([{ "app": text, "admin": false, "permission_set_id": text }, { "app": "sales" }]);
        for (kind, value) in
            [(ParamKind::Text, text.into()), (ParamKind::Access, access), (ParamKind::Access, json!([]))]
        {
            let written = write(kind, Some(&value)).expect("is accepted").expect("is sent");
            assert_eq!(serde_json::from_str::<Value>(&written).expect("valid JSON"), value);
        }
    }
}
