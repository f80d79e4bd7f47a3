//! A request, prepared from checked arguments: it stays the same over its attempts.

use super::exchange::Policy;
use crate::schema::{Args, Endpoint, PageRef, Param, ParamKind, ParamLocation, SHOWN_LENGTH, refusal};
use crate::text::{HEADER_NAME, HEADER_VALUE, Message, Text};
use crate::transport::JsonRef;

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
    /// Checks the arguments, and prepares the request.
    ///
    /// # Errors
    ///
    /// Says which argument is refused, and why.
    pub(crate) fn new<A: Args<Text = T>>(
        endpoint: &Endpoint,
        defaults: &Defaults<T>,
        args: &A,
    ) -> Result<Self, T> {
        let mut target = Message::new(endpoint.path);
        let mut separator = "?";
        let mut body = Message::new("");
        let mut body_separator = "{";
        for param in endpoint.params {
            let value = args.get(param.name);
            let Some(written) = param.write(args, None, value.as_ref())? else { continue };
            match param.location {
                ParamLocation::Body => {
                    body = body.member(body_separator, param.wire, &written);
                    body_separator = ",";
                }
                ParamLocation::Path => target = Message::fill(endpoint.path, "{id}", &written),
                ParamLocation::Query => {
                    target = target.ascii(separator).ascii(param.wire).ascii("=").text(&written);
                    separator = "&";
                }
            }
        }
        let number = |param: &Param, default: u32| -> Result<u32, T> {
            let value = args.get(param.name);
            param.write(args, None, value.as_ref())?;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It was checked.
            Ok(value.and_then(|value| value.as_number()).map_or(default, |number| number as u32))
        };
        let timeout_ms = number(&TIMEOUT, defaults.timeout_ms)?;
        let max_retries = number(&RETRIES, defaults.max_retries)?;
        let given = args.headers().map_err(|given| {
            refusal(args, &T::new("headers"), &T::new("an object of strings"), Some(&given))
        })?;
        let mut headers = Vec::new();
        for (name, value) in &defaults.headers {
            set_header(&mut headers, name.clone(), value.clone());
        }
        for (name, value) in &given {
            let (name, value) = check_header(name, value.as_text())?;
            set_header(&mut headers, name, value);
        }
        let page = endpoint.response.page_param().and_then(|name| args.get(name));
        Ok(Self {
            target: target.build(),
            body: (body_separator == ",").then(|| body.ascii("}").build()),
            headers,
            timeout_ms,
            max_retries,
            page: page.as_ref().and_then(PageRef::of),
        })
    }

    /// The same in text of a runtime.
    pub(crate) fn to_text<U: Text>(&self) -> PreparedRequest<U> {
        let text = |text: &T| U::from_rust(&text.to_rust());
        PreparedRequest {
            target: text(&self.target),
            body: self.body.as_ref().map(text),
            headers: self.headers.iter().map(|(name, value)| (text(name), text(value))).collect(),
            timeout_ms: self.timeout_ms,
            max_retries: self.max_retries,
            page: self.page.as_ref().map(|page| match page {
                PageRef::Cursor(cursor) => PageRef::Cursor(text(cursor)),
                PageRef::Start(start) => PageRef::Start(*start),
            }),
        }
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

/// Sets a header in the place of one of the same name.
pub(crate) fn set_header<T: PartialEq>(headers: &mut Vec<(T, T)>, name: T, value: T) {
    match headers.iter_mut().find(|(known, _)| *known == name) {
        Some((_, known)) => *known = value,
        None => headers.push((name, value)),
    }
}

/// A header that can be sent, its name in lower case. Its value is not shown if it cannot: it may be a secret.
pub(crate) fn check_header<T: Text>(name: &T, value: Option<T>) -> Result<(T, T), T> {
    match value {
        Some(value)
            if !name.is_empty() && HEADER_NAME.contains_all(name) && HEADER_VALUE.contains_all(&value) =>
        {
            Ok((name.lower_case(), value))
        }
        _ => Err(Message::new("headers: \"")
            .text(&name.slice(0, SHOWN_LENGTH))
            .ascii("\" must be a name and a string that a header can carry")
            .build()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::{ENDPOINTS, add_user, find_users_by_name, get_user, get_user_followers, update_user};
    use crate::schema::RustArgs;

    fn defaults() -> Defaults<String> {
        Defaults { headers: vec![("x-client".into(), "1".into())], timeout_ms: 30_000, max_retries: 2 }
    }

    fn prepare(
        endpoint: &'static Endpoint,
        values: &[(&'static str, Value)],
        headers: &[(&str, &str)],
    ) -> Result<PreparedRequest<String>, String> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        PreparedRequest::new(endpoint, &defaults(), &RustArgs { values: values.to_vec(), headers })
    }

    #[test]
    fn a_value_changes_neither_path_nor_query() {
        let term = "a/b?c#d%e&f=g\r\nx: y é💡";
        let args = [("term", term.into()), ("searchByEmail", true.into())];
        let request = prepare(&find_users_by_name::ENDPOINT, &args, &[]).expect("good arguments");
        assert_eq!(
            request.target,
            "/v1/users/find?term=a%2Fb%3Fc%23d%25e%26f%3Dg%0D%0Ax%3A%20y%20%C3%A9%F0%9F%92%A1&search_by_email=1"
        );
    }

    #[test]
    fn what_is_absent_is_not_sent() {
        let request =
            prepare(&get_user_followers::ENDPOINT, &[("id", 7_u64.into())], &[]).expect("good arguments");
        assert_eq!((request.target.as_str(), request.body), ("/api/v2/users/7/followers", None));
        let args = [("term", "x".into()), ("searchByEmail", false.into())];
        let request = prepare(&find_users_by_name::ENDPOINT, &args, &[]).expect("good arguments");
        assert_eq!(request.target, "/v1/users/find?term=x");
    }

    #[test]
    fn a_body_holds_what_was_given() {
        let request =
            prepare(&add_user::ENDPOINT, &[("email", "m@mi6.example".into())], &[]).expect("good arguments");
        assert_eq!(request.body.as_deref(), Some(r#"{"email":"m@mi6.example"}"#));
        let args = [("id", 7_u64.into()), ("active_flag", false.into())];
        let request = prepare(&update_user::ENDPOINT, &args, &[]).expect("good arguments");
        assert_eq!(
            (request.target.as_str(), request.body.as_deref()),
            ("/v1/users/7", Some(r#"{"active_flag":false}"#))
        );
    }

    #[test]
    fn a_page_knows_where_it_begins() {
        let args = [("id", 7_u64.into()), ("cursor", "abc".into())];
        let request = prepare(&get_user_followers::ENDPOINT, &args, &[]).expect("good arguments");
        assert_eq!(request.page, Some(PageRef::Cursor("abc".into())));
    }

    #[test]
    fn options_are_taken_instead_of_the_defaults() {
        let args = [("id", 7_u64.into()), ("timeoutMs", 5_u32.into()), ("maxRetries", 0_u32.into())];
        let request = prepare(&get_user::ENDPOINT, &args, &[("X-Trace", "7"), ("X-CLIENT", "2")])
            .expect("good arguments");
        assert_eq!((request.timeout_ms, request.max_retries), (5, 0));
        assert_eq!(request.headers, [("x-client".into(), "2".into()), ("x-trace".into(), "7".into())]);
        let request = prepare(&get_user::ENDPOINT, &[("id", 7_u64.into())], &[]).expect("good arguments");
        assert_eq!((request.timeout_ms, request.max_retries), (30_000, 2));
    }

    #[test]
    fn bad_options_are_refused_and_no_value_of_a_header_is_shown() {
        for (name, value) in [
            ("timeoutMs", json!(0)),
            ("timeoutMs", json!(1_u32 << 31)),
            ("maxRetries", json!(-1)),
            ("maxRetries", json!(11)),
            ("headers", json!([])),
        ] {
            prepare(&get_user::ENDPOINT, &[("id", 7.into()), (name, value)], &[]).expect_err("is refused");
        }
        for header in [("a b", "x"), ("", "x"), ("x-key", "se\r\ncret")] {
            let error = prepare(&get_user::ENDPOINT, &[("id", 7.into())], &[header, ("x-good", "1")]);
            let text = error.expect_err("is refused");
            assert!(text.starts_with("headers: ") && !text.contains("cret"), "{text}");
        }
        let whole = "x-api-token: 0123456789abcdef".to_owned();
        let error = check_header(&whole, Some(String::new())).expect_err("is refused");
        assert!(error.contains("x-api-token:") && !error.contains('0'), "{error}");
        let error = check_header(&"a".to_owned(), None).expect_err("is refused");
        assert!(error.contains("must be a name and a string"), "{error}");
    }

    /// tests/js/requests.test.mjs holds the npm package to the same table, through the boundary.
    #[test]
    fn the_table_of_requests() {
        let table: Vec<Value> =
            serde_json::from_str(include_str!("../../tests/requests.json")).expect("a table");
        assert!(table.len() > 20);
        for case in table {
            let endpoint = ENDPOINTS
                .into_iter()
                .find(|endpoint| case["operation"] == endpoint.operation)
                .expect("an operation");
            let values: Vec<_> = endpoint
                .params
                .iter()
                .filter_map(|param| Some((param.name, case["args"].get(param.name)?.clone())))
                .collect();
            match prepare(endpoint, &values, &[]) {
                Ok(PreparedRequest { target, body, .. }) => {
                    assert_eq!(case["target"], target, "{case}");
                    assert_eq!(case["body"].as_str(), body.as_deref(), "{case}");
                }
                Err(text) => {
                    // The table has JavaScript's names.
                    let expected =
                        case["error"].as_str().map(|text| text.replace("searchByEmail", "search_by_email"));
                    assert_eq!(expected, Some([endpoint.operation, ": ", &text].concat()), "{case}");
                }
            }
        }
    }
}
