//! The description of a model as data: what the TypeScript declarations and the drift check are made from.

use std::collections::BTreeMap;
use std::fmt;

/// Members that the model does not name, kept as they came.
pub type Extra = BTreeMap<String, serde_json::Value>;

/// A JSON object with known members.
///
/// ```
/// use pipedrive_users::models::User;
///
/// assert!(User::MODEL.fields.iter().any(|field| field.name == "active_flag"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Model {
    /// The type's name, the same in Rust and in TypeScript.
    pub name: &'static str,
    /// What it is, in Markdown.
    pub doc: &'static str,
    /// Its known members, in Pipedrive's order.
    pub fields: &'static [Field],
    /// The schema of further members, where the API keeps adding members of one kind.
    pub more: Option<Schema>,
}

/// One member of a [`Model`].
///
/// ```
/// use pipedrive_users::models::User;
///
/// let phone = User::MODEL.fields.iter().find(|field| field.name == "phone");
/// assert!(phone.is_some_and(|phone| phone.presence.may_be_null()));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Field {
    /// Pipedrive's own name.
    pub name: &'static str,
    /// What it is, in Markdown.
    pub doc: &'static str,
    /// Whether it may be missing or null.
    pub presence: Presence,
    /// Its schema when it is there and not null.
    pub schema: Schema,
}

/// Whether a member may be missing or null, by the real records that have been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Always came, never null.
    Required,
    /// Always came, sometimes null.
    Nullable,
    /// Missing in some real records.
    Optional,
    /// Missing in some, null in others.
    OptionalNullable,
}

impl Presence {
    /// Whether a record without the member is as expected.
    ///
    /// ```
    /// use pipedrive_users::schema::Presence;
    ///
    /// assert!(Presence::Optional.may_be_missing() && !Presence::Nullable.may_be_missing());
    /// ```
    #[must_use]
    pub const fn may_be_missing(self) -> bool {
        matches!(self, Self::Optional | Self::OptionalNullable)
    }

    /// Whether a null is as expected.
    ///
    /// ```
    /// use pipedrive_users::schema::Presence;
    ///
    /// assert!(Presence::Nullable.may_be_null() && !Presence::Required.may_be_null());
    /// ```
    #[must_use]
    pub const fn may_be_null(self) -> bool {
        matches!(self, Self::Nullable | Self::OptionalNullable)
    }
}

/// The schema of a JSON value.
///
/// ```
/// assert_eq!(pipedrive_users::schema::Schema::Integer.to_string(), "an integer");
/// ```
#[derive(Clone, Copy, Debug)]
pub enum Schema {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A string.
    Text,
    /// One of these strings so far; new ones may come at any time.
    OneOf(&'static [&'static str]),
    /// One of these whole numbers so far.
    OneOfNumbers(&'static [u64]),
    /// A boolean, sent as 0 or 1 by some versions of the API.
    NumericFlag,
    /// A list.
    List(&'static Schema),
    /// An object.
    Object(&'static Model),
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let join = |known: Vec<String>| format!("one of {}", known.join(", "));
        match self {
            Self::Boolean => f.write_str("a boolean"),
            Self::Integer => f.write_str("an integer"),
            Self::Text => f.write_str("a string"),
            Self::OneOf(known) => {
                f.write_str(&join(known.iter().map(|value| format!("\"{value}\"")).collect()))
            }
            Self::OneOfNumbers(known) => f.write_str(&join(known.iter().map(u64::to_string).collect())),
            Self::NumericFlag => f.write_str("a boolean, 0 or 1"),
            Self::List(_) => f.write_str("a list"),
            Self::Object(_) => f.write_str("an object"),
        }
    }
}

/// A Rust type with a schema.
///
/// ```
/// use pipedrive_users::models::User;
/// use pipedrive_users::schema::{HasSchema, Schema};
///
/// assert!(matches!(Vec::<User>::SCHEMA, Schema::List(Schema::Object(model)) if model.name == "User"));
/// ```
pub trait HasSchema {
    /// The schema of its JSON.
    const SCHEMA: Schema;
}

impl HasSchema for bool {
    const SCHEMA: Schema = Schema::Boolean;
}

impl HasSchema for u64 {
    const SCHEMA: Schema = Schema::Integer;
}

impl HasSchema for String {
    const SCHEMA: Schema = Schema::Text;
}

impl<T: HasSchema> HasSchema for Vec<T> {
    const SCHEMA: Schema = Schema::List(&T::SCHEMA);
}

/// A member's name without the `r#` that Rust wants before its own keywords.
pub(crate) const fn plain_name(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}
