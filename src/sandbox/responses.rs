//! Response bodies in Pipedrive's formats: envelopes of successes, and errors.

use serde::Serialize;

use super::Response;

/// Headers of a response that is being built; names in lower case.
pub(super) type Headers = Vec<(&'static str, String)>;

pub(super) fn build_response(status: u16, headers: Headers, body: String) -> Response {
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Response { status, headers, body, ..Response::default() }
}

/// The content type of the API.
pub(super) const JSON: &str = "application/json; charset=utf-8";

#[derive(Serialize)]
struct Envelope<Data, AdditionalData> {
    success: bool,
    data: Data,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_data: Option<AdditionalData>,
}

/// Returns the body of a successful response.
pub(super) fn success(data: impl Serialize) -> Result<String, ApiError> {
    envelope(data, None::<()>)
}

/// Returns the body of a successful response with one page of a list.
pub(super) fn page(data: impl Serialize, additional_data: impl Serialize) -> Result<String, ApiError> {
    envelope(data, Some(additional_data))
}

fn envelope(data: impl Serialize, additional_data: Option<impl Serialize>) -> Result<String, ApiError> {
    serde_json::to_string(&Envelope { success: true, data, additional_data }).map_err(|_| ApiError::Internal)
}

/// The reason for an error response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ApiError {
    /// The token, the path or the method is unknown; the gateway does not distinguish these.
    Unauthorized,
    /// The token lacks the scope.
    ScopeMismatch,
    /// The user lacks the permission.
    Forbidden,
    /// The token exceeded its number of calls in 2 s.
    BurstLimitExceeded,
    /// The cost of the call is more than what is left of the daily budget.
    DailyBudgetExceeded {
        /// Seconds until midnight.
        retry_after: u64,
    },
    /// Invalid input to v1.
    Invalid(String),
    /// An empty search term; v1 searches have an error format of their own.
    EmptySearchTerm,
    /// Invalid input to v2.
    InvalidV2(String),
    /// Unknown user in v1.
    UserNotFound,
    /// Unknown user in v2.
    UserNotFoundV2,
    /// The response could not be serialized.
    Internal,
    /// The firewall in front of Pipedrive refuses the client's address.
    Blocked,
    /// Any other status that was asked for.
    OnDemand(u16),
}

/// What the firewall sends.
const BLOCKED_PAGE: &str = "<!DOCTYPE html>\n<html lang=\"en-US\">\n<head><title>Attention Required! | Cloudflare</title></head>\n\
    <body><h1>Sorry, you have been blocked</h1></body>\n</html>\n";

const INFO: &str = "Please check developers.pipedrive.com";

impl ApiError {
    /// Returns the response: these headers and its own, its status and its body.
    pub(super) fn into_response(self, mut headers: Headers) -> Response {
        let content_type = if self == Self::Blocked { "text/html; charset=utf-8" } else { JSON };
        headers.push(("content-type", content_type.to_owned()));
        let (status, body) = match &self {
            Self::Unauthorized => {
                headers.push(("x-401-by-gw", "true".to_owned()));
                (401, ErrorBody { error_info: Some(INFO), ..ErrorBody::gateway("unauthorized access", 401) })
            }
            Self::ScopeMismatch => (403, ErrorBody::gateway("Scope and URL mismatch", 403)),
            Self::BurstLimitExceeded => (429, ErrorBody::gateway("Request over limit", 429)),
            Self::DailyBudgetExceeded { retry_after } => {
                headers.push(("retry-after", retry_after.to_string()));
                (429, ErrorBody::gateway("daily request budget exceeded", 429))
            }
            Self::Forbidden => (403, ErrorBody::api("You do not have permissions to do this.", INFO)),
            Self::Invalid(message) => (400, ErrorBody::api("provided dataset is not valid", message)),
            Self::EmptySearchTerm => (400, ErrorBody::new(EMPTY_SEARCH_TERM)),
            Self::InvalidV2(message) => (
                400,
                ErrorBody { code: Some("ERR_SCHEMA_VALIDATION_FAILED"), ..ErrorBody::api(message, INFO) },
            ),
            Self::UserNotFound => {
                (404, ErrorBody::new(ErrorMessage::Plain("User not found or not accessible.")))
            }
            Self::UserNotFoundV2 => (404, ErrorBody::api("Entity was not found", "Object was not found.")),
            Self::Internal => (500, ErrorBody::api("Requested service is not available", INFO)),
            Self::Blocked => return build_response(403, headers, BLOCKED_PAGE.to_owned()),
            // A response without a body.
            Self::OnDemand(304) => return build_response(304, headers, String::new()),
            Self::OnDemand(status @ 300..=399) => {
                headers.push(("location", "https://www.pipedrive.com/".to_owned()));
                (*status, ErrorBody::new(ErrorMessage::Plain("Moved")))
            }
            Self::OnDemand(status @ 500..) => {
                (*status, ErrorBody::api("Requested service is not available", INFO))
            }
            Self::OnDemand(status) => (*status, ErrorBody::api("The request was refused.", INFO)),
        };
        build_response(status, headers, serde_json::to_string(&body).unwrap_or_default())
    }
}

/// The body of an error response. The members are in Pipedrive's order.
#[derive(Default, Serialize)]
struct ErrorBody<'a> {
    success: bool,
    error: ErrorMessage<'a>,
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

/// A member that is present and null.
type Null = ();

/// The message of an error, which some Pipedrive endpoints wrap in an object.
#[derive(Serialize)]
#[serde(untagged)]
enum ErrorMessage<'a> {
    Plain(&'a str),
    Coded { code: &'a str, message: &'a str },
}

impl Default for ErrorMessage<'_> {
    fn default() -> Self {
        Self::Plain("")
    }
}

const EMPTY_SEARCH_TERM: ErrorMessage = ErrorMessage::Coded {
    code: "ERR_INVALID_INPUT",
    message: r#"Invalid input: "term" is not allowed to be empty"#,
};

impl<'a> ErrorBody<'a> {
    fn new(error: ErrorMessage<'a>) -> Self {
        Self { error, ..Self::default() }
    }

    /// An error of the gateway, which has `errorCode` and no `data`.
    fn gateway(error: &'a str, code: u16) -> Self {
        Self { error_code: Some(code), ..Self::new(ErrorMessage::Plain(error)) }
    }

    /// An error of the API, which has no `errorCode`, and `data: null`.
    fn api(error: &'a str, info: &'a str) -> Self {
        Self {
            error_info: Some(info),
            data: Some(()),
            additional_data: Some(()),
            ..Self::new(ErrorMessage::Plain(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_have_additional_data() {
        assert_eq!(success([1]).as_deref(), Ok(r#"{"success":true,"data":[1]}"#));
        assert_eq!(page([1], [2]).as_deref(), Ok(r#"{"success":true,"data":[1],"additional_data":[2]}"#));
    }

    #[test]
    fn errors_have_pipedrives_formats() {
        let table = [
            (
                ApiError::Forbidden,
                r#"{"success":false,"error":"You do not have permissions to do this.","error_info":"Please check developers.pipedrive.com","data":null,"additional_data":null}"#,
            ),
            (ApiError::UserNotFound, r#"{"success":false,"error":"User not found or not accessible."}"#),
            (
                ApiError::EmptySearchTerm,
                r#"{"success":false,"error":{"code":"ERR_INVALID_INPUT","message":"Invalid input: \"term\" is not allowed to be empty"}}"#,
            ),
            (
                ApiError::DailyBudgetExceeded { retry_after: 1 },
                r#"{"success":false,"error":"daily request budget exceeded","errorCode":429}"#,
            ),
        ];
        for (error, body) in table {
            assert_eq!(error.into_response(Headers::new()).body, body);
        }
    }

    #[test]
    fn errors_add_their_headers() {
        let table = [
            (ApiError::DailyBudgetExceeded { retry_after: 9 }, 429, ("retry-after", "9")),
            (ApiError::Unauthorized, 401, ("x-401-by-gw", "true")),
            (ApiError::Blocked, 403, ("content-type", "text/html; charset=utf-8")),
            (ApiError::OnDemand(302), 302, ("location", "https://www.pipedrive.com/")),
        ];
        for (error, status, (name, value)) in table {
            let response = error.into_response(Headers::new());
            assert_eq!(response.status, status);
            assert!(response.headers.contains(&(name.to_owned(), value.to_owned())), "{name}");
        }
    }
}
