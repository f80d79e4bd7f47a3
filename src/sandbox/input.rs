//! What a request brings: its query and its JSON body, read and checked, with Pipedrive's complaints.

use serde_json::{Map, Value};

use super::answers::Fault;
use crate::models::{Access, AccessApp};

/// The query of a request, not yet decoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The first value of a name, decoded.
    pub(super) fn get(self, name: &str) -> Option<String> {
        self.0.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(key) == name).then(|| decoded(value))
        })
    }
}

/// Text out of a query: `+` is a blank, `%` begins a byte in hexadecimal. What is no such byte stays as it is.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let escaped = match more {
            [high, low, ..] if *first == b'%' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        bytes.push(match (escaped, first) {
            (Some((high, low)), _) => high * 16 + low,
            (None, b'+') => b' ',
            (None, other) => *other,
        });
        rest = if escaped.is_some() { more.get(2..).unwrap_or_default() } else { more };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

/// A JSON body with what it may hold.
#[derive(Debug)]
pub(super) struct Body(Map<String, Value>);

impl Body {
    pub(super) fn read(text: &str) -> Result<Self, Fault> {
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            _ => Err(invalid(r#""value" must be of type object"#)),
        }
    }

    pub(super) fn email(&self) -> Result<&str, Fault> {
        let value = self.0.get("email").ok_or_else(|| invalid(r#""email" is required"#))?;
        let text = value.as_str().ok_or_else(|| invalid(r#""email" must be a string"#))?;
        let parts = text.split_once('@');
        let complete =
            parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
        if complete && !text.contains(char::is_whitespace) {
            Ok(text)
        } else {
            Err(invalid(r#""email" must be a valid email"#))
        }
    }

    pub(super) fn active_flag(&self) -> Result<Option<bool>, Fault> {
        flag(&self.0, "active_flag", "")
    }

    /// The access to give; an entry without a permission set gets one later.
    pub(super) fn access(&self) -> Result<Option<Vec<Access>>, Fault> {
        match self.0.get("access") {
            None => Ok(None),
            Some(Value::Array(entries)) => entries
                .iter()
                .enumerate()
                .map(|(index, entry)| access(index, entry))
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(invalid(r#""access" must be an array"#)),
        }
    }
}

fn access(index: usize, entry: &Value) -> Result<Access, Fault> {
    let place = format!("access[{index}]");
    let Value::Object(entry) = entry else {
        return Err(Fault::Invalid(format!(r#""{place}" must be of type object"#)));
    };
    let app = entry.get("app").and_then(Value::as_str).unwrap_or_default();
    if !AccessApp::KNOWN.contains(&app) {
        return Err(Fault::Invalid(format!(
            r#""{place}.app" must be one of [{}]"#,
            AccessApp::KNOWN.join(", ")
        )));
    }
    let permission_set_id = match entry.get("permission_set_id") {
        None => String::new(),
        Some(Value::String(id)) => id.clone(),
        Some(_) => return Err(Fault::Invalid(format!(r#""{place}.permission_set_id" must be a string"#))),
    };
    Ok(Access {
        app: AccessApp::from(app.to_owned()),
        admin: flag(entry, "admin", &format!("{place}."))?.unwrap_or_default(),
        permission_set_id,
        extra: crate::schema::Extra::new(),
    })
}

fn flag(members: &Map<String, Value>, name: &str, place: &str) -> Result<Option<bool>, Fault> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(Fault::Invalid(format!(r#""{place}{name}" must be a boolean"#))),
    }
}

/// The answer to what v1 does not accept.
pub(super) fn invalid(what: &str) -> Fault {
    Fault::Invalid(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded() {
        let query = Query::new("term=Zo%C3%AB+B%2B%&empty=&bare&term=second");
        assert_eq!(query.get("term").as_deref(), Some("Zoë B+%"));
        assert_eq!(query.get("empty").as_deref(), Some(""));
        assert_eq!(query.get("bare").as_deref(), Some(""));
        assert_eq!(query.get("other"), None);
        assert_eq!(Query::new("a=%zz%4").get("a").as_deref(), Some("%zz%4"));
    }

    #[test]
    fn complaints_name_what_is_wrong() {
        let email = |json: &str| Body::read(json).and_then(|body| body.email().map(str::to_owned));
        let access = |json| Body::read(json).and_then(|body| body.access());
        assert_eq!(email("[]"), Err(invalid(r#""value" must be of type object"#)));
        assert_eq!(email("{}"), Err(invalid(r#""email" is required"#)));
        assert_eq!(email(r#"{"email":1}"#), Err(invalid(r#""email" must be a string"#)));
        for wrong in ["", "bond", "@mi6", "bond@", "b ond@mi6", "a@b@c"] {
            let json = format!(r#"{{"email":"{wrong}"}}"#);
            assert_eq!(email(&json), Err(invalid(r#""email" must be a valid email"#)), "{wrong}");
        }
        assert_eq!(access(r#"{"access":{}}"#), Err(invalid(r#""access" must be an array"#)));
        assert_eq!(
            access(r#"{"access":[{"app":"sales","admin":1}]}"#),
            Err(invalid(r#""access[0].admin" must be a boolean"#))
        );
        let unknown = access(r#"{"access":[{"app":"sales"},{"app":"mars"}]}"#);
        assert!(
            matches!(unknown, Err(Fault::Invalid(text)) if text.starts_with(r#""access[1].app" must be one of ["#))
        );
    }

    #[test]
    fn access_is_read() {
        let body = Body::read(r#"{"access":[{"app":"nova","admin":true,"permission_set_id":"x"}]}"#);
        let access = body.and_then(|body| body.access()).expect("valid").expect("given");
        assert_eq!((&access[0].app, access[0].admin), (&AccessApp::Nova, true));
    }
}
