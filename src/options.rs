//! What a single call may have of its own, beside its parameters.

use crate::endpoint::{Arg, Endpoint, Kind, Param, Place};
use crate::error::{self, Error, Result};

/// The options of one call.
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    /// How long one attempt may take, instead of the client's.
    pub timeout_ms: Option<u32>,
    /// How often the call may be sent again, instead of the client's.
    pub max_retries: Option<u32>,
    /// Headers beside the client's, names in lower case.
    pub headers: Vec<(String, String)>,
}

/// The longest time that a timer takes: 2³¹ − 1 ms, 24 days.
const LONGEST_TIMER_MS: i64 = 2_147_483_647;

const TIMEOUT: Param = Param {
    name: "timeoutMs",
    wire: "",
    place: Place::Query,
    kind: Kind::Integer { min: 1, max: LONGEST_TIMER_MS },
    required: false,
};

const MAX_RETRIES: Param = Param {
    name: "maxRetries",
    wire: "",
    place: Place::Query,
    kind: Kind::Integer { min: 0, max: 10 },
    required: false,
};

impl CallOptions {
    /// Checks what a caller gave. `arg` gives the value of an option by its name.
    pub(crate) fn new(endpoint: &'static Endpoint, arg: &dyn Fn(&str) -> Arg) -> Result<Self> {
        let refused = |text: String| Error::new(error::Kind::Argument, endpoint.operation, &[&text]);
        let number = |param: &Param| -> Result<Option<u32>> {
            let value = arg(param.name);
            param.check(&value).map_err(refused)?;
            Ok(if let Arg::Integer(number) = value { u32::try_from(number).ok() } else { None })
        };
        Ok(Self {
            timeout_ms: number(&TIMEOUT)?,
            max_retries: number(&MAX_RETRIES)?,
            headers: match arg("headers") {
                Arg::Absent => Vec::new(),
                Arg::Object(members) => {
                    members.into_iter().map(header).collect::<Result<_, _>>().map_err(refused)?
                }
                other => {
                    return Err(refused(
                        ["headers must be an object of strings, got ", &other.describe()].concat(),
                    ));
                }
            },
        })
    }
}

/// A header that can be sent, its name in lower case. Its value is not shown if it cannot: it may be a secret.
pub(crate) fn header((name, value): (String, Arg)) -> Result<(String, String), String> {
    let is_name = !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    match value {
        Arg::Text(value)
            if is_name
                && value.chars().all(|c| c == '\t' || (' '..='\u{ff}').contains(&c) && c != '\u{7f}') =>
        {
            Ok((name.to_ascii_lowercase(), value))
        }
        _ => Err(["headers: \"", &name, "\" must be a name and a string that a header can carry"].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::get_users;

    fn options(name: &'static str, value: Arg) -> Result<CallOptions> {
        CallOptions::new(&get_users::ENDPOINT, &move |asked| {
            if asked == name { value.clone() } else { Arg::Absent }
        })
    }

    #[test]
    fn takes_what_is_good() {
        assert_eq!(options("timeoutMs", 5_u32.into()).expect("good").timeout_ms, Some(5));
        assert_eq!(options("maxRetries", 0_u32.into()).expect("good").max_retries, Some(0));
        let headers = Arg::Object(vec![("X-Trace".into(), "7".into())]);
        assert_eq!(options("headers", headers).expect("good").headers, [("x-trace".into(), "7".into())]);
    }

    #[test]
    fn refuses_what_is_not_and_shows_no_header_value() {
        for (name, value) in [
            ("timeoutMs", Arg::Integer(0)),
            ("timeoutMs", Arg::Integer(1 << 31)),
            ("maxRetries", Arg::Integer(-1)),
            ("maxRetries", Arg::Integer(11)),
            ("headers", Arg::List(Vec::new())),
            ("headers", Arg::Object(vec![("a b".into(), "x".into())])),
            ("headers", Arg::Object(vec![("a".into(), Arg::Integer(1))])),
        ] {
            assert!(options(name, value.clone()).is_err(), "{name} {value:?}");
        }
        let headers = Arg::Object(vec![("x-key".into(), "se\r\ncret".into())]);
        let error = options("headers", headers).expect_err("is refused");
        assert!(!error.message.contains("cret"), "{error}");
    }
}
