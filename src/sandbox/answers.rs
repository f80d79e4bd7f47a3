//! The envelopes of successes and the bodies of errors, as Pipedrive writes them.

use serde::Serialize;

use super::Response;

/// The headers of an answer on its way.
pub(super) type Headers = Vec<(&'static str, String)>;

pub(super) fn respond(status: u16, headers: Headers, body: String) -> Response {
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Response { status, headers, body }
}

#[derive(Serialize)]
struct Envelope<Data, More> {
    success: bool,
    data: Data,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_data: Option<More>,
}

/// The body of a success.
pub(super) fn success(data: impl Serialize) -> Result<String, Fault> {
    write(data, None::<()>)
}

/// The body of a success that is one page of a list.
pub(super) fn page(data: impl Serialize, additional_data: impl Serialize) -> Result<String, Fault> {
    write(data, Some(additional_data))
}

fn write(data: impl Serialize, additional_data: Option<impl Serialize>) -> Result<String, Fault> {
    serde_json::to_string(&Envelope { success: true, data, additional_data }).map_err(|_| Fault::Broken)
}

/// Why a call fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The gateway knows no such token, no such path or no such method, and does not say which.
    Unauthorized,
    /// The OAuth app has no scope for this.
    ScopeMismatch,
    /// The user may not do this.
    Forbidden,
    /// The token made too many calls in 2 s.
    OverBurst,
    /// The company has too few tokens left for today.
    OverBudget {
        /// The seconds until midnight.
        retry_after: u64,
    },
    /// v1 refuses what was sent.
    Invalid(String),
    /// v1 refuses what was searched for; its searches have an error shape of their own.
    InvalidTerm,
    /// v2 refuses what was sent.
    InvalidV2(String),
    /// v1 has no such user.
    NoUser,
    /// v2 has no such user.
    NoUserV2,
    /// The answer could not be written.
    Broken,
}

const INFO: &str = "Please check developers.pipedrive.com";

impl Fault {
    /// The status and the body, with the headers that come along.
    pub(super) fn describe(self, headers: &mut Headers) -> (u16, String) {
        let (status, failure) = match &self {
            Self::Unauthorized => {
                headers.push(("x-401-by-gw", "true".to_owned()));
                (401, Failure { error_info: Some(INFO), ..Failure::gateway("unauthorized access", 401) })
            }
            Self::ScopeMismatch => (403, Failure::gateway("Scope and URL mismatch", 403)),
            Self::OverBurst => (429, Failure::gateway("Request over limit", 429)),
            Self::OverBudget { retry_after } => {
                headers.push(("retry-after", retry_after.to_string()));
                (429, Failure::gateway("daily request budget exceeded", 429))
            }
            Self::Forbidden => (403, Failure::api("You do not have permissions to do this.", INFO)),
            Self::Invalid(what) => (400, Failure::api("provided dataset is not valid", what)),
            Self::InvalidTerm => (400, Failure::of(EMPTY_TERM)),
            Self::InvalidV2(what) => {
                (400, Failure { code: Some("ERR_SCHEMA_VALIDATION_FAILED"), ..Failure::api(what, INFO) })
            }
            Self::NoUser => (404, Failure::of(Text::Plain("User not found or not accessible."))),
            Self::NoUserV2 => (404, Failure::api("Entity was not found", "Object was not found.")),
            Self::Broken => (500, Failure::api("Requested service is not available", INFO)),
        };
        (status, serde_json::to_string(&failure).unwrap_or_default())
    }
}

/// All that a body of an error may hold, in Pipedrive's order.
#[derive(Default, Serialize)]
struct Failure<'a> {
    success: bool,
    error: Text<'a>,
    #[serde(rename = "errorCode", skip_serializing_if = "Option::is_none")]
    error_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_info: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Null>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_data: Option<Null>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
}

/// A member that is there and holds nothing.
type Null = ();

/// The text of an error, which some parts of Pipedrive wrap in an object.
#[derive(Serialize)]
#[serde(untagged)]
enum Text<'a> {
    Plain(&'a str),
    Coded { code: &'a str, message: &'a str },
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self::Plain("")
    }
}

const EMPTY_TERM: Text =
    Text::Coded { code: "ERR_INVALID_INPUT", message: r#"Invalid input: "term" is not allowed to be empty"# };

impl<'a> Failure<'a> {
    fn of(error: Text<'a>) -> Self {
        Self { error, ..Self::default() }
    }

    /// An error of the gateway: it has a number and no data.
    fn gateway(error: &'a str, code: u16) -> Self {
        Self { error_code: Some(code), ..Self::of(Text::Plain(error)) }
    }

    /// An error of the API itself: it has no number, and data that is null.
    fn api(error: &'a str, info: &'a str) -> Self {
        Self {
            error_info: Some(info),
            data: Some(()),
            additional_data: Some(()),
            ..Self::of(Text::Plain(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_has_additional_data_only_where_it_comes_in_pages() {
        assert_eq!(success([1]).as_deref(), Ok(r#"{"success":true,"data":[1]}"#));
        assert_eq!(page([1], [2]).as_deref(), Ok(r#"{"success":true,"data":[1],"additional_data":[2]}"#));
    }

    #[test]
    fn errors_have_pipedrives_shapes() {
        let table = [
            (
                Fault::Forbidden,
                r#"{"success":false,"error":"You do not have permissions to do this.","error_info":"Please check developers.pipedrive.com","data":null,"additional_data":null}"#,
            ),
            (Fault::NoUser, r#"{"success":false,"error":"User not found or not accessible."}"#),
            (
                Fault::InvalidTerm,
                r#"{"success":false,"error":{"code":"ERR_INVALID_INPUT","message":"Invalid input: \"term\" is not allowed to be empty"}}"#,
            ),
            (
                Fault::OverBudget { retry_after: 1 },
                r#"{"success":false,"error":"daily request budget exceeded","errorCode":429}"#,
            ),
        ];
        for (fault, body) in table {
            assert_eq!(fault.describe(&mut Headers::new()).1, body);
        }
    }

    #[test]
    fn faults_come_with_the_headers_that_tell_what_to_do() {
        let mut headers = Headers::new();
        assert_eq!(Fault::OverBudget { retry_after: 9 }.describe(&mut headers).0, 429);
        assert_eq!(Fault::Unauthorized.describe(&mut headers).0, 401);
        assert_eq!(headers, [("retry-after", "9".to_owned()), ("x-401-by-gw", "true".to_owned())]);
    }
}
