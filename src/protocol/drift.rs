//! Drift: where a response differs from the models. A difference never fails a call; it is a report, which names types
//! and values of enumerations and never the value of another member.

use crate::schema::{Field, Model, Schema};
use crate::text::Text;
use crate::transport::Json;

/// A difference between a response and its model.
///
/// ```
/// use pipedrive_users::{Config, Drift, DriftKind};
///
/// let hook = |operation: &'static str, drift: &Drift| {
///     if drift.kind == DriftKind::Unknown {
///         println!("{operation} has a new member: {}", drift.path);
///     }
/// };
/// let config = Config::builder().on_drift(hook).build()?;
/// # Ok::<(), pipedrive_users::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drift {
    /// Where, such as `$.data[].access[].app`.
    pub path: String,
    /// What kind of difference.
    pub kind: DriftKind,
    /// What the model says.
    pub expected: String,
    /// What the response has: a type, or the value of an enumeration; never the value of another member.
    pub found: String,
}

/// The kind of a [`Drift`].
///
/// ```
/// use pipedrive_users::DriftKind;
///
/// let config = pipedrive_users::Config::builder().on_drift(|operation, drift| {
///     if drift.kind != DriftKind::Unknown {
///         eprintln!("{operation}: {} is {}", drift.path, drift.found);
///     }
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DriftKind {
    /// A member that the model always has is not there.
    Missing,
    /// A value is of another type, or null where it never was.
    Type,
    /// An enumeration has a value that is not known.
    Value,
    /// A member is not known.
    Unknown,
}

impl DriftKind {
    /// The name of the kind in a report.
    ///
    /// ```
    /// assert_eq!(pipedrive_users::DriftKind::Missing.as_str(), "missing");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Type => "type",
            Self::Value => "value",
            Self::Unknown => "unknown",
        }
    }
}

/// The longest name or value that is shown, in characters.
const LONGEST_SHOWN: usize = 32;

/// Holds `data` against its schema, and gives each difference once per path and kind.
pub(crate) fn check<J: Json>(data: &J, schema: Schema) -> Vec<Drift> {
    let mut found = Vec::new();
    value(data, schema, "$.data", &mut found);
    found
}

fn value<J: Json>(given: &J, schema: Schema, path: &str, found: &mut Vec<Drift>) {
    let number = || given.as_number().filter(|number| number.fract() == 0.0);
    let fits = match schema {
        Schema::Boolean => given.as_bool().is_some(),
        Schema::Integer => number().is_some(),
        Schema::Text => given.as_text().is_some(),
        Schema::NumericFlag => given.as_bool().is_some() || matches!(number(), Some(0.0 | 1.0)),
        Schema::OneOf(known) => match given.as_text().map(|text| text.to_rust()) {
            Some(text) if known.contains(&text.as_str()) => true,
            // What is long is no value of an enumeration, and its meaning is unknown.
            Some(text) if text.chars().count() > LONGEST_SHOWN => {
                return report(found, path, DriftKind::Value, &schema.to_string(), "a long string");
            }
            Some(text) => {
                return report(found, path, DriftKind::Value, &schema.to_string(), &format!("\"{text}\""));
            }
            None => false,
        },
        Schema::OneOfNumbers(known) => match number() {
            #[allow(clippy::cast_precision_loss, clippy::float_cmp)] // Small whole numbers.
            Some(number) if known.iter().any(|known| *known as f64 == number) => true,
            Some(number) => {
                return report(found, path, DriftKind::Value, &schema.to_string(), &number.to_string());
            }
            None => false,
        },
        Schema::List(item) if given.is_list() => {
            let path = format!("{path}[]");
            return given.values().for_each(|given| value(&given, *item, &path, found));
        }
        Schema::Object(model) if given.is_object() => return object(given, model, path, found),
        Schema::List(_) | Schema::Object(_) => false,
    };
    if !fits {
        report(found, path, DriftKind::Type, &schema.to_string(), type_of(given));
    }
}

fn object<J: Json>(given: &J, model: &Model, path: &str, found: &mut Vec<Drift>) {
    for Field { name, presence, schema, .. } in model.fields {
        let path = format!("{path}.{name}");
        match given.get(name) {
            None if presence.may_be_missing() => {}
            None => report(found, &path, DriftKind::Missing, &schema.to_string(), "nothing"),
            Some(member) if member.is_null() && presence.may_be_null() => {}
            Some(member) => value(&member, *schema, &path, found),
        }
    }
    for (name, member) in given.members() {
        if model.fields.iter().any(|field| field.name == name) {
            continue;
        }
        // A long name may be anything, as a long value may.
        let name = if name.chars().count() > LONGEST_SHOWN { "a long name" } else { &name };
        let path = format!("{path}.{name}");
        match model.more {
            Some(schema) => value(&member, schema, &path, found),
            None => report(found, &path, DriftKind::Unknown, "nothing", type_of(&member)),
        }
    }
}

fn report(found: &mut Vec<Drift>, path: &str, kind: DriftKind, expected: &str, what: &str) {
    if !found.iter().any(|known| known.path == path && known.kind == kind) {
        found.push(Drift {
            path: path.to_owned(),
            kind,
            expected: expected.to_owned(),
            found: what.to_owned(),
        });
    }
}

/// The type of a value, in the words of a report.
fn type_of<J: Json>(given: &J) -> &'static str {
    if given.is_null() {
        "null"
    } else if given.as_bool().is_some() {
        "a boolean"
    } else if let Some(number) = given.as_number() {
        if number.fract() == 0.0 { "an integer" } else { "a number" }
    } else if given.as_text().is_some() {
        "a string"
    } else if given.is_list() {
        "a list"
    } else {
        "an object"
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::models::{CurrentUser, Follower, MODELS, RoleSettings, User, UserPermissions};
    use crate::schema::HasSchema;

    fn user() -> Value {
        json!({
            "id": 1, "name": "James Bond", "default_currency": "EUR", "locale": "et_EE", "lang": 1,
            "email": "bond@mi6.example", "phone": null, "activated": true, "last_login": "2019-11-21 08:45:56",
            "created": "2018-11-13 09:16:26", "modified": null, "has_created_company": true,
            "access": [{ "app": "sales", "admin": true, "permission_set_id": "62cc4d7f" }], "active_flag": true,
            "timezone_name": "Europe/Berlin", "timezone_offset": "+03:00", "role_id": 1, "icon_url": null,
            "is_you": true, "is_deleted": false,
        })
    }

    fn only(data: &Value, schema: Schema) -> (String, DriftKind, String, String) {
        let found = check(data, schema);
        assert_eq!(found.len(), 1, "{found:?}");
        let Drift { path, kind, expected, found } = found[0].clone();
        (path, kind, expected, found)
    }

    #[test]
    fn a_good_record_is_not_reported() {
        assert_eq!(check(&json!([user(), user()]), Vec::<User>::SCHEMA), []);
        assert_eq!(check(&json!({ "can_use_api": true, "can_fly": false }), UserPermissions::SCHEMA), []);
    }

    #[test]
    fn a_new_value_of_an_enumeration_is_named_once() {
        let mut drifted = user();
        drifted["access"][0]["app"] = "quantum_crm".into();
        assert_eq!(
            only(&json!([drifted, drifted]), Vec::<User>::SCHEMA),
            (
                "$.data[].access[].app".into(),
                DriftKind::Value,
                "one of \"global\", \"sales\", \"campaigns\", \"projects\", \"account_settings\", \"partnership\", \"nova\""
                    .into(),
                "\"quantum_crm\"".into()
            )
        );
        let settings = json!({ "deal_default_visibility": 9 });
        assert_eq!(
            only(&settings, RoleSettings::SCHEMA),
            (
                "$.data.deal_default_visibility".into(),
                DriftKind::Value,
                "one of 1, 3, 5, 7".into(),
                "9".into()
            )
        );
    }

    #[test]
    fn types_are_shown_and_personal_values_are_not() {
        let mut drifted = user();
        drifted["phone"] = json!({ "secret": "007" });
        drifted["email"] = Value::Null;
        drifted["nickname"] = "Jimmy".into();
        drifted["0123456789abcdef0123456789abcdef01234567"] = 1.into();
        drifted.as_object_mut().expect("an object").remove("name");
        let found = check(&drifted, User::SCHEMA);
        let paths: Vec<_> =
            found.iter().map(|drift| (drift.path.as_str(), drift.kind, drift.found.as_str())).collect();
        assert_eq!(
            paths,
            [
                ("$.data.name", DriftKind::Missing, "nothing"),
                ("$.data.email", DriftKind::Type, "null"),
                ("$.data.phone", DriftKind::Type, "an object"),
                ("$.data.a long name", DriftKind::Unknown, "an integer"),
                ("$.data.nickname", DriftKind::Unknown, "a string"),
            ]
        );
        let text = format!("{found:?}");
        assert!(!text.contains("007") && !text.contains("Jimmy") && !text.contains("bond"));
    }

    #[test]
    fn every_member_of_every_model_is_checked() {
        for model in MODELS {
            for field in model.fields {
                let wrong = json!({ field.name: [[]] });
                let found = check(&wrong, Schema::Object(model));
                let path = format!("$.data.{}", field.name);
                assert!(
                    found.iter().any(|drift| drift.path.starts_with(&path) && drift.kind == DriftKind::Type)
                );
            }
        }
        assert_eq!(only(&json!({ "user_id": 1.5, "add_time": "x" }), Follower::SCHEMA).1, DriftKind::Type);
        assert_eq!(only(&json!([]), CurrentUser::SCHEMA).3, "a list");
    }
}
