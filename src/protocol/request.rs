//! A request, prepared from checked arguments: it stays the same over its attempts.

use super::exchange::Policy;
use crate::schema::{Arg, Endpoint, MAX_SAFE_INTEGER, PageRef, Param, ParamKind, ParamLocation};
use crate::text::{HEADER_NAME, HEADER_VALUE, Message, Text};

/// A request that can be sent. It cannot be made from bad arguments.
#[derive(Clone, Debug)]
pub(crate) struct PreparedRequest<T> {
    /// The path with its query, as on `api.pipedrive.com`; in ASCII.
    pub(crate) target: T,
    /// The JSON body.
    pub(crate) body: Option<T>,
    /// The caller's own headers, each name once and in lower case.
    pub(crate) headers: Vec<(T, T)>,
    pub(crate) timeout_ms: u32,
    pub(crate) max_retries: u32,
    /// Where the page begins.
    pub(crate) page: Option<PageRef<T>>,
}

/// What a call has where its options say nothing else.
#[derive(Clone, Debug)]
pub(crate) struct Defaults<T> {
    pub(crate) headers: Vec<(T, T)>,
    pub(crate) timeout_ms: u32,
    pub(crate) max_retries: u32,
}

/// The longest time that a timer takes: 2³¹ − 1 ms, 24 days.
pub(crate) const LONGEST_TIMER_MS: i64 = 2_147_483_647;

/// The most retries of a call.
pub(crate) const MOST_RETRIES: i64 = 10;

/// An option of a call that is a number.
const fn number_option(name: &'static str, min: i64, max: i64) -> Param {
    let kind = ParamKind::Integer { min, max };
    Param { name, wire: "", location: ParamLocation::Query, kind, required: false }
}

const TIMEOUT: Param = number_option("timeoutMs", 1, LONGEST_TIMER_MS);
const RETRIES: Param = number_option("maxRetries", 0, MOST_RETRIES);

impl<T: Text> PreparedRequest<T> {
    /// Checks the arguments, and prepares the request. `arg` gives an argument, or an option that is a
    /// number; `headers` are the option of this name.
    ///
    /// # Errors
    ///
    /// Says which argument is refused, and why.
    pub(crate) fn new(
        endpoint: &Endpoint,
        defaults: &Defaults<T>,
        arg: &dyn Fn(&Param) -> Arg<T>,
        headers: Arg<T>,
    ) -> Result<Self, T> {
        let mut target = Message::new(endpoint.path);
        let mut separator = "?";
        let mut members = Vec::new();
        let mut page = None;
        for param in endpoint.params {
            let value = arg(param);
            param.check(&value)?;
            if endpoint.response.page_param() == Some(param.name) {
                page = PageRef::from_arg(&value);
            }
            match param.location {
                ParamLocation::Body => members.push((T::new(param.wire), value)),
                ParamLocation::Path => {
                    if let Some(value) = on_the_wire(param.kind, &value) {
                        target = Message::fill(endpoint.path, "{id}", &value);
                    }
                }
                ParamLocation::Query => {
                    let Some(value) = on_the_wire(param.kind, &value) else { continue };
                    target = target.ascii(separator).ascii(param.wire).ascii("=").text(&value);
                    separator = "&";
                }
            }
        }
        let body = (!members.is_empty()).then(|| Arg::Object(members).to_json());
        let target = target.build();
        let number = |param: &Param, default: u32| -> Result<u32, T> {
            let value = arg(param);
            param.check(&value)?;
            Ok(if let Arg::Integer(number) = value {
                u32::try_from(number).unwrap_or(default)
            } else {
                default
            })
        };
        let timeout_ms = number(&TIMEOUT, defaults.timeout_ms)?;
        let max_retries = number(&RETRIES, defaults.max_retries)?;
        let own_headers = check_headers(headers)?;
        let mut headers = defaults.headers.clone();
        for (name, value) in own_headers {
            set_header(&mut headers, name, value);
        }
        Ok(Self { target, body, headers, timeout_ms, max_retries, page })
    }

    /// What limits, budgets and retries need to know of the request.
    pub(crate) fn policy(&self, endpoint: &Endpoint) -> Policy {
        Policy {
            cost: endpoint.cost,
            is_idempotent: endpoint.method.is_idempotent(),
            max_retries: self.max_retries,
            timeout_ms: self.timeout_ms,
        }
    }
}

/// A value in ASCII, as a path or a query carries it; nothing where it is not sent.
fn on_the_wire<T: Text>(kind: ParamKind, value: &Arg<T>) -> Option<T> {
    match value {
        Arg::Boolean(true) if kind == ParamKind::NumericBoolean => Some(T::new("1")),
        Arg::Boolean(false) if kind == ParamKind::NumericBoolean => None,
        Arg::Boolean(_) => Some(value.describe()),
        Arg::Integer(number) if *number <= MAX_SAFE_INTEGER => Some(value.describe()),
        Arg::Text(text) => Some(text.percent_encoded()),
        _ => None,
    }
}

/// Sets a header in the place of one of the same name.
pub(crate) fn set_header<T: PartialEq>(headers: &mut Vec<(T, T)>, name: T, value: T) {
    match headers.iter_mut().find(|(known, _)| *known == name) {
        Some((_, known)) => *known = value,
        None => headers.push((name, value)),
    }
}

/// The headers of a call.
pub(crate) fn check_headers<T: Text>(given: Arg<T>) -> Result<Vec<(T, T)>, T> {
    let mut headers = Vec::new();
    match given {
        Arg::Absent => {}
        Arg::Object(members) => {
            for (name, value) in members {
                headers.push(check_header(&name, value)?);
            }
        }
        other => {
            return Err(Message::new("headers must be an object of strings, got ")
                .text(&other.describe())
                .build());
        }
    }
    Ok(headers)
}

/// The longest name of a header in an error message.
const NAME_LENGTH: usize = 40;

/// A header that can be sent, its name in lower case. Its value is not shown if it cannot: it may be a secret.
pub(crate) fn check_header<T: Text>(name: &T, value: Arg<T>) -> Result<(T, T), T> {
    match value {
        Arg::Text(value)
            if !name.is_empty() && HEADER_NAME.contains_all(name) && HEADER_VALUE.contains_all(&value) =>
        {
            Ok((name.lower_case(), value))
        }
        _ => Err(Message::new("headers: \"")
            .text(&name.slice(0, NAME_LENGTH))
            .ascii("\" must be a name and a string that a header can carry")
            .build()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ENDPOINTS, add_user, find_users_by_name, get_user, get_user_followers, update_user};

    fn defaults() -> Defaults<String> {
        Defaults { headers: vec![("x-client".into(), "1".into())], timeout_ms: 30_000, max_retries: 2 }
    }

    fn prepare(endpoint: &'static Endpoint, args: &[(&str, Arg)]) -> Result<PreparedRequest<String>, String> {
        let arg = |name: &str| {
            args.iter().find(|(given, _)| *given == name).map_or(Arg::Absent, |(_, value)| value.clone())
        };
        PreparedRequest::new(endpoint, &defaults(), &|param| arg(param.name), arg("headers"))
    }

    #[test]
    fn a_value_changes_neither_path_nor_query() {
        let term = "a/b?c#d%e&f=g\r\nx: y é💡";
        let args = [("term", term.into()), ("searchByEmail", true.into())];
        let request = prepare(&find_users_by_name::ENDPOINT, &args).expect("good arguments");
        assert_eq!(
            request.target,
            "/v1/users/find?term=a%2Fb%3Fc%23d%25e%26f%3Dg%0D%0Ax%3A%20y%20%C3%A9%F0%9F%92%A1&search_by_email=1"
        );
    }

    #[test]
    fn what_is_absent_is_not_sent() {
        let request =
            prepare(&get_user_followers::ENDPOINT, &[("id", 7_u64.into())]).expect("good arguments");
        assert_eq!((request.target.as_str(), request.body), ("/api/v2/users/7/followers", None));
        let args = [("term", "x".into()), ("searchByEmail", false.into())];
        let request = prepare(&find_users_by_name::ENDPOINT, &args).expect("good arguments");
        assert_eq!(request.target, "/v1/users/find?term=x");
    }

    #[test]
    fn a_body_holds_what_was_given() {
        let request =
            prepare(&add_user::ENDPOINT, &[("email", "m@mi6.example".into())]).expect("good arguments");
        assert_eq!(request.body.as_deref(), Some(r#"{"email":"m@mi6.example"}"#));
        let args = [("id", 7_u64.into()), ("active_flag", false.into())];
        let request = prepare(&update_user::ENDPOINT, &args).expect("good arguments");
        assert_eq!(
            (request.target.as_str(), request.body.as_deref()),
            ("/v1/users/7", Some(r#"{"active_flag":false}"#))
        );
    }

    #[test]
    fn a_page_knows_where_it_begins() {
        let args = [("id", 7_u64.into()), ("cursor", "abc".into())];
        let request = prepare(&get_user_followers::ENDPOINT, &args).expect("good arguments");
        assert_eq!(request.page, Some(PageRef::Cursor("abc".into())));
    }

    #[test]
    fn options_are_taken_instead_of_the_defaults() {
        let headers = Arg::Object(vec![("X-Trace".into(), "7".into()), ("X-CLIENT".into(), "2".into())]);
        let args = [
            ("id", 7_u64.into()),
            ("timeoutMs", 5_u32.into()),
            ("maxRetries", 0_u32.into()),
            ("headers", headers),
        ];
        let request = prepare(&get_user::ENDPOINT, &args).expect("good arguments");
        assert_eq!((request.timeout_ms, request.max_retries), (5, 0));
        assert_eq!(request.headers, [("x-client".into(), "2".into()), ("x-trace".into(), "7".into())]);
        let request = prepare(&get_user::ENDPOINT, &[("id", 7_u64.into())]).expect("good arguments");
        assert_eq!((request.timeout_ms, request.max_retries), (30_000, 2));
    }

    #[test]
    fn bad_options_are_refused_and_no_value_of_a_header_is_shown() {
        for (name, value) in [
            ("timeoutMs", Arg::Integer(0)),
            ("timeoutMs", Arg::Integer(1 << 31)),
            ("maxRetries", Arg::Integer(-1)),
            ("maxRetries", Arg::Integer(11)),
            ("headers", Arg::List(Vec::new())),
            ("headers", Arg::Object(vec![("a b".into(), "x".into())])),
            ("headers", Arg::Object(vec![(String::new(), "x".into())])),
            ("headers", Arg::Object(vec![("a".into(), Arg::Integer(1))])),
            ("headers", Arg::Object(vec![("x-key".into(), "se\r\ncret".into())])),
        ] {
            let error = prepare(&get_user::ENDPOINT, &[("id", 7_u64.into()), (name, value.clone())]);
            let text = error.expect_err("is refused");
            assert!(!text.contains("cret"), "{text}");
        }
    }

    /// A value of the table, as an argument.
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

    /// tests/js/requests.test.mjs holds the npm package to the same table, through the boundary.
    #[test]
    fn the_table_of_requests() {
        let table: Vec<serde_json::Value> =
            serde_json::from_str(include_str!("../../tests/requests.json")).expect("a table");
        assert!(table.len() > 20);
        for case in table {
            let endpoint = ENDPOINTS
                .into_iter()
                .find(|endpoint| case["operation"] == endpoint.operation)
                .expect("an operation");
            let arg = |name: &str| case["args"].get(name).map_or(Arg::Absent, arg);
            match PreparedRequest::new(endpoint, &defaults(), &|param| arg(param.name), Arg::Absent) {
                Ok(PreparedRequest { target, body, .. }) => {
                    assert_eq!(case["target"], target, "{case}");
                    assert_eq!(case["body"].as_str(), body.as_deref(), "{case}");
                }
                Err(text) => assert_eq!(case["error"], [endpoint.operation, ": ", &text].concat(), "{case}"),
            }
        }
    }
}
