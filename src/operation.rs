//! One call to be made: an endpoint with its parameters, checked and written down.

use std::fmt;

use crate::decimal::decimal;
use crate::endpoint::{Arg, Endpoint, Kind, Place};
use crate::error::{self, Error, Result};
use crate::page::Next;

/// A checked call. It cannot be made from bad parameters.
#[derive(Clone)]
pub struct Operation {
    /// The endpoint.
    pub endpoint: &'static Endpoint,
    /// The path with its query, as on `api.pipedrive.com`.
    pub target: String,
    /// The JSON body.
    pub body: Option<String>,
    /// Where the page begins: the cursor or the start that was given.
    pub(crate) from: Option<Next>,
}

impl Operation {
    /// Checks the parameters and writes the request down.
    ///
    /// `arg` gives the value of a parameter by its name.
    pub(crate) fn new(endpoint: &'static Endpoint, arg: &dyn Fn(&str) -> Arg) -> Result<Self> {
        let mut target = endpoint.path.to_owned();
        let mut separator = '?';
        let mut members = Vec::new();
        let mut from = None;
        for param in endpoint.params {
            let value = arg(param.name);
            param
                .check(&value)
                .map_err(|text| Error::new(error::Kind::Argument, endpoint.operation, &[&text]))?;
            let text = match (&value, param.kind) {
                (Arg::Absent | Arg::Boolean(false), Kind::Flag) | (Arg::Absent, _) => continue,
                (Arg::Boolean(true), Kind::Flag) => "1".to_owned(),
                (Arg::Integer(number), _) => decimal(*number),
                (Arg::Text(text), _) => text.clone(),
                _ => String::new(),
            };
            if matches!(param.wire, "cursor" | "start") {
                from = Next::from_arg(value.clone());
            }
            match param.place {
                Place::Path => target = target.replace(&["{", param.wire, "}"].concat(), &text),
                Place::Query => {
                    target.push(separator);
                    separator = '&';
                    target.push_str(param.wire);
                    target.push('=');
                    percent_encode(&text, &mut target);
                }
                Place::Body => members.push((param.wire.to_owned(), value)),
            }
        }
        let body = (!members.is_empty()).then(|| {
            let mut body = String::new();
            Arg::Object(members).write_json(&mut body);
            body
        });
        Ok(Self { endpoint, target, body, from })
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.endpoint.operation, self.endpoint.method.as_str(), self.target)
    }
}

/// Writes every byte that is not unreserved in RFC 3986 as `%XX`, so that a value can change neither path nor query.
pub(crate) fn percent_encode(text: &str, out: &mut String) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |value: u8| HEX.get(usize::from(value)).copied().unwrap_or('0');
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{add_user, find_users_by_name, get_user, get_user_followers, update_user};

    fn operation(endpoint: &'static Endpoint, args: &[(&str, Arg)]) -> Result<Operation> {
        Operation::new(endpoint, &|name| {
            args.iter().find(|(given, _)| *given == name).map_or(Arg::Absent, |(_, value)| value.clone())
        })
    }

    #[test]
    fn a_value_changes_neither_path_nor_query() {
        let term = "a/b?c#d%e&f=g\r\nx: y é💡";
        let made = operation(
            &find_users_by_name::ENDPOINT,
            &[("term", term.into()), ("searchByEmail", true.into())],
        )
        .expect("good parameters");
        assert_eq!(
            made.target,
            "/v1/users/find?term=a%2Fb%3Fc%23d%25e%26f%3Dg%0D%0Ax%3A%20y%20%C3%A9%F0%9F%92%A1&search_by_email=1"
        );
    }

    #[test]
    fn what_is_absent_is_not_sent() {
        let made =
            operation(&get_user_followers::ENDPOINT, &[("id", 7_u64.into())]).expect("good parameters");
        assert_eq!((made.target.as_str(), made.body), ("/api/v2/users/7/followers", None));
        let made = operation(
            &find_users_by_name::ENDPOINT,
            &[("term", "x".into()), ("searchByEmail", false.into())],
        )
        .expect("good parameters");
        assert_eq!(made.target, "/v1/users/find?term=x");
    }

    #[test]
    fn a_body_holds_what_was_given() {
        let made =
            operation(&add_user::ENDPOINT, &[("email", "m@mi6.example".into())]).expect("good parameters");
        assert_eq!(made.body.as_deref(), Some(r#"{"email":"m@mi6.example"}"#));
        let made = operation(&update_user::ENDPOINT, &[("id", 7_u64.into()), ("active_flag", false.into())])
            .expect("good parameters");
        assert_eq!(
            (made.target.as_str(), made.body.as_deref()),
            ("/v1/users/7", Some(r#"{"active_flag":false}"#))
        );
    }

    /// A value of the table, as a caller's.
    fn arg(value: &serde_json::Value) -> Arg {
        use serde_json::Value;
        match value {
            Value::Null => Arg::Other("null".to_owned()),
            Value::Bool(boolean) => Arg::Boolean(*boolean),
            Value::Number(number) => {
                number.as_i64().map_or_else(|| Arg::Other(number.to_string()), Arg::Integer)
            }
            Value::String(text) => Arg::Text(text.clone()),
            Value::Array(items) => Arg::List(items.iter().map(arg).collect()),
            Value::Object(members) => {
                Arg::Object(members.iter().map(|(name, value)| (name.clone(), arg(value))).collect())
            }
        }
    }

    /// The face does the same for JavaScript: tests/js/requests.test.mjs holds it to the same table.
    #[test]
    fn the_table_of_requests_that_the_face_is_held_to() {
        let table: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../tests/requests.json")).expect("a table");
        assert!(table.len() > 20);
        for case in table {
            let endpoint = crate::api::ENDPOINTS
                .into_iter()
                .find(|endpoint| case["operation"] == endpoint.operation)
                .expect("an operation");
            let made = Operation::new(endpoint, &|name| case["args"].get(name).map_or(Arg::Absent, arg));
            match made {
                Ok(Operation { target, body, .. }) => {
                    assert_eq!(case["target"], target, "{case}");
                    assert_eq!(case["body"].as_str(), body.as_deref(), "{case}");
                }
                Err(error) => assert_eq!(case["error"], error.message, "{case}"),
            }
        }
    }

    #[test]
    fn the_error_names_the_operation() {
        let error = operation(&get_user::ENDPOINT, &[("id", 0_u64.into())]).expect_err("is refused");
        assert_eq!(error.kind, error::Kind::Argument);
        assert_eq!(error.message, "getUser: id must be a positive integer up to 9007199254740991, got 0");
    }
}
