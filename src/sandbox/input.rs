//! Parsing and validation of the query and the JSON body of a request, with Pipedrive's error messages.

use serde_json::{Map, Value};

use super::responses::ApiError;
use crate::models::{Access, AccessApp};

/// The query of a request, still percent-encoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// Returns the decoded value of the first parameter with this name.
    pub(super) fn get(self, name: &str) -> Option<String> {
        self.0.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode(key) == name).then(|| percent_decode(value))
        })
    }
}

/// Decodes `+` to a space and `%XX` to a byte. An invalid escape is kept as it is.
pub(super) fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let escape_html = match more {
            [high, low, ..] if *first == b'%' => hex_digit(*high).zip(hex_digit(*low)),
            _ => None,
        };
        bytes.push(match (escape_html, first) {
            (Some((high, low)), _) => high * 16 + low,
            (None, b'+') => b' ',
            (None, other) => *other,
        });
        rest = if escape_html.is_some() { more.get(2..).unwrap_or_default() } else { more };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex_digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

/// The members of a JSON body.
#[derive(Debug)]
pub(super) struct Body(Map<String, Value>);

impl Body {
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            _ => Err(invalid(r#""value" must be of type object"#)),
        }
    }

    pub(super) fn email(&self) -> Result<&str, ApiError> {
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

    pub(super) fn active_flag(&self) -> Result<Option<bool>, ApiError> {
        flag(&self.0, "active_flag", "")
    }

    /// Returns the access entries. An entry without a permission set has an empty `permission_set_id`, to be filled in.
    pub(super) fn access(&self) -> Result<Option<Vec<Access>>, ApiError> {
        match self.0.get("access") {
            None => Ok(None),
            Some(Value::Array(entries)) => entries
                .iter()
                .enumerate()
                .map(|(index, entry)| parse_access(index, entry))
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(invalid(r#""access" must be an array"#)),
        }
    }
}

fn parse_access(index: usize, entry: &Value) -> Result<Access, ApiError> {
    let path = format!("access[{index}]");
    let Value::Object(entry) = entry else {
        return Err(ApiError::Invalid(format!(r#""{path}" must be of type object"#)));
    };
    let app = entry.get("app").and_then(Value::as_str).unwrap_or_default();
    if !AccessApp::KNOWN.contains(&app) {
        return Err(ApiError::Invalid(format!(
            r#""{path}.app" must be one of [{}]"#,
            AccessApp::KNOWN.join(", ")
        )));
    }
    let permission_set_id = match entry.get("permission_set_id") {
        None => String::new(),
        Some(Value::String(id)) => id.clone(),
        Some(_) => return Err(ApiError::Invalid(format!(r#""{path}.permission_set_id" must be a string"#))),
    };
    Ok(Access {
        app: AccessApp::from(app.to_owned()),
        admin: flag(entry, "admin", &format!("{path}."))?.unwrap_or_default(),
        permission_set_id,
        extra: crate::schema::Extra::new(),
        unfit: crate::schema::Extra::new(),
    })
}

fn flag(members: &Map<String, Value>, name: &str, path: &str) -> Result<Option<bool>, ApiError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(ApiError::Invalid(format!(r#""{path}{name}" must be a boolean"#))),
    }
}

/// Returns the error for input that v1 does not accept.
pub(super) fn invalid(message: &str) -> ApiError {
    ApiError::Invalid(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_is_decoded() {
        let query = Query::new("term=Zo%C3%AB+B%2B%&empty=&bare&term=second");
        assert_eq!(query.get("term").as_deref(), Some("Zoë B+%"));
        assert_eq!(query.get("empty").as_deref(), Some(""));
        assert_eq!(query.get("bare").as_deref(), Some(""));
        assert_eq!(query.get("other"), None);
        assert_eq!(Query::new("a=%zz%4").get("a").as_deref(), Some("%zz%4"));
    }

    #[test]
    fn errors_name_the_invalid_member() {
        let email = |json: &str| Body::parse(json).and_then(|body| body.email().map(str::to_owned));
        let access = |json| Body::parse(json).and_then(|body| body.access());
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
            matches!(unknown, Err(ApiError::Invalid(text)) if text.starts_with(r#""access[1].app" must be one of ["#))
        );
    }

    #[test]
    fn access_is_parsed() {
        let body = Body::parse(r#"{"access":[{"app":"nova","admin":true,"permission_set_id":"x"}]}"#);
        let access = body.and_then(|body| body.access()).expect("valid").expect("present");
        assert_eq!((&access[0].app, access[0].admin), (&AccessApp::Nova, true));
    }
}
