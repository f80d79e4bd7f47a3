//! Failures on demand: what a program must survive, when a test or a person asks for it.
//!
//! `POST /sandbox/fail` with the members of [`Failure`] as JSON does over HTTP what [`Sandbox::fail`](super::Sandbox::fail)
//! does.

use serde_json::json;

use super::limits;
use super::responses::{ApiError, Headers, JSON, build_response};
use super::router::{route, split_target};
use super::time::Timestamp;
use super::{Request, Response};
use crate::api::ENDPOINTS;

/// The OAuth token endpoint, which is none of the API's operations.
const TOKEN: &str = "token";

/// The numbers of a [`Failure`], by their names in JavaScript: the least, and the greatest.
pub static FAILURE_RANGES: [(&str, u32, u32); 3] =
    [("status", 300, 599), ("delayMs", 0, i32::MAX.cast_unsigned()), ("times", 1, u32::MAX)];

/// A failure of one or several requests. When deserialized, unknown members are an error.
///
/// ```
/// use pipedrive_users::sandbox::{Failure, Fault};
/// use pipedrive_users::transport::SandboxWorld;
///
/// let world = SandboxWorld::default();
/// world.fail(Failure { fault: Some(Fault::Burst), times: Some(2), ..Failure::default() })?;
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Failure {
    /// The operation whose requests fail, such as `getUser`; `token` is the OAuth token endpoint. Default: every operation of
    /// the API.
    pub operation: Option<String>,
    /// The status of the response, 300 to 599, with a body such as Pipedrive sends with it. The request is not processed.
    pub status: Option<u16>,
    /// What goes wrong, where a status does not say it. Give `status`, `fault`, or `delayMs` alone.
    pub fault: Option<Fault>,
    /// How long the response takes to come, in milliseconds. Default: 0, and 1000 for the fault `latency`.
    pub delay_ms: Option<u32>,
    /// The number of requests that fail. Default: 1.
    pub times: Option<u32>,
}

/// What can go wrong.
///
/// ```
/// use pipedrive_users::sandbox::{Failure, Fault};
///
/// let failure = Failure { fault: Some(Fault::Burst), times: Some(1), ..Failure::default() };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// 429: the token has made too many calls in 2 seconds.
    Burst,
    /// 429: the company's daily budget is spent.
    Daily,
    /// 403 with a page of HTML, as from the firewall in front of Pipedrive.
    Blocked,
    /// No response ever comes, and the request is not processed.
    Timeout,
    /// The connection is reset before a response, and the request is not processed.
    Reset,
    /// The request is processed, and the connection is lost in the middle of the body.
    Cut,
    /// The request is processed, and the body is complete and no JSON.
    Malformed,
    /// The request is processed, and the response comes late: see `delayMs`.
    Latency,
}

/// How much of a response reaches the client.
///
/// ```
/// use pipedrive_users::sandbox::Delivery;
///
/// assert_eq!(Delivery::default(), Delivery::Complete);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// All of it.
    #[default]
    Complete,
    /// The headers and a part of the body, which ends with an error of the connection.
    CutOff,
    /// Nothing: the connection is reset.
    Reset,
    /// Nothing, ever: the connection stays open.
    Never,
}

impl Failure {
    /// Returns a message that names what is not usable.
    fn check(&self) -> Result<(), String> {
        if let Some(operation) = &self.operation {
            let names: Vec<_> = ENDPOINTS.iter().map(|endpoint| endpoint.operation).chain([TOKEN]).collect();
            if !names.contains(&operation.as_str()) {
                return Err(format!("operation must be one of {}", names.join(", ")));
            }
        }
        let numbers = [self.status.map(u32::from), self.delay_ms, self.times];
        for ((name, least, greatest), number) in FAILURE_RANGES.iter().zip(numbers) {
            if let Some(number) = number.filter(|number| !(least..=greatest).contains(&number)) {
                return Err(format!("{name} must be an integer from {least} to {greatest}, got {number}"));
            }
        }
        match (self.status, self.fault, self.delay_ms) {
            (Some(_), Some(_), _) => Err("give status or fault, not both".to_owned()),
            (None, None, None) => Err("give status, fault or delayMs".to_owned()),
            _ => Ok(()),
        }
    }

    /// The error that the request gets instead of being processed, if that is how it fails.
    fn error(&self, is_v2: bool, now: Timestamp) -> Option<ApiError> {
        let fault = match self.status {
            Some(401) => return Some(ApiError::Unauthorized),
            Some(403) => return Some(ApiError::Forbidden),
            Some(404) if is_v2 => return Some(ApiError::UserNotFoundV2),
            Some(404) => return Some(ApiError::UserNotFound),
            Some(429) => Fault::Burst,
            Some(status) => return Some(ApiError::OnDemand(status)),
            None => self.fault?,
        };
        match fault {
            Fault::Burst => Some(ApiError::BurstLimitExceeded),
            Fault::Daily => Some(limits::daily_budget_exceeded(now)),
            Fault::Blocked => Some(ApiError::Blocked),
            // Nothing of it is seen.
            Fault::Timeout | Fault::Reset => Some(ApiError::Internal),
            Fault::Cut | Fault::Malformed | Fault::Latency => None,
        }
    }

    fn is_burst(&self) -> bool {
        self.status == Some(429) || self.fault == Some(Fault::Burst)
    }

    /// The headers that come with its error.
    pub(super) fn headers(&self, burst: Option<u32>) -> Headers {
        if self.is_burst() { limits::exhausted_headers(burst.unwrap_or(100)) } else { Headers::new() }
    }

    /// Delays a response, and breaks it, as far as that is how it fails.
    pub(super) fn spoil(&self, response: &mut Response) {
        let default_delay = if self.fault == Some(Fault::Latency) { 1000 } else { 0 };
        response.delay_ms = self.delay_ms.unwrap_or(default_delay);
        response.delivery = match self.fault {
            Some(Fault::Timeout) => Delivery::Never,
            Some(Fault::Reset) => Delivery::Reset,
            Some(Fault::Cut) => Delivery::CutOff,
            _ => Delivery::Complete,
        };
        if self.fault == Some(Fault::Malformed) {
            // Cut before the last brace: no JSON, whatever it was.
            response.body.pop();
        }
    }
}

/// The failures that were asked for and have not happened yet, in order.
#[derive(Debug, Default)]
pub(super) struct Failures(Vec<Failure>);

impl Failures {
    pub(super) fn add(&mut self, failure: Failure) -> Result<(), String> {
        failure.check()?;
        self.0.push(failure);
        Ok(())
    }

    /// Handles `POST /sandbox/fail`; returns `None` for every other request.
    pub(super) fn handle(&mut self, request: &Request) -> Option<Response> {
        let (_, path, _) = split_target(&request.target);
        if request.method != "POST" || path != "/sandbox/fail" {
            return None;
        }
        let added = serde_json::from_str(&request.body)
            .map_err(|error| error.to_string())
            .and_then(|failure| self.add(failure));
        let (status, body) = match added {
            Ok(()) => (200, json!({ "success": true })),
            Err(error) => (400, json!({ "success": false, "error": error })),
        };
        let headers = vec![("content-type", JSON.to_owned())];
        Some(build_response(status, headers, body.to_string()))
    }

    /// Returns how a request fails, and the error that it gets instead of being processed.
    pub(super) fn take(&mut self, request: &Request, now: Timestamp) -> Option<(Failure, Option<ApiError>)> {
        if self.0.is_empty() {
            return None;
        }
        let (_, path, _) = split_target(&request.target);
        let is_token = request.method == "POST" && path == "/oauth/token";
        let operation = match route(&request.method, &request.target) {
            Some(call) => call.endpoint.operation,
            None if is_token => TOKEN,
            None => return None,
        };
        let index = self.0.iter().position(|failure| match &failure.operation {
            Some(wanted) => wanted == operation,
            None => !is_token,
        })?;
        let failure = self.0.get_mut(index)?;
        let left = failure.times.unwrap_or(1) - 1;
        failure.times = Some(left);
        let failure = if left == 0 { self.0.remove(index) } else { failure.clone() };
        let error = failure.error(path.starts_with("/api/v2/"), now);
        Some((failure, error))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Options, Sandbox};
    use super::*;

    const NOW: f64 = 1_767_225_600_000.0;

    fn sandbox(failures: &[&str]) -> Sandbox {
        let mut sandbox = Sandbox::new(&Options::default()).expect("valid options");
        for failure in failures {
            sandbox.fail(serde_json::from_str(failure).expect("known members")).expect("valid");
        }
        sandbox
    }

    fn send(sandbox: &mut Sandbox, method: &str, target: &str, body: &str) -> Response {
        let headers = vec![("x-api-token".to_owned(), sandbox.tokens().api_token.clone())];
        let request = Request { method: method.into(), target: target.into(), headers, body: body.into() };
        sandbox.handle_ms(&request, NOW)
    }

    fn get(sandbox: &mut Sandbox) -> Response {
        send(sandbox, "GET", "/v1/users/me", "")
    }

    fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
        response.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn every_status_comes_as_often_as_asked_for() {
        for status in 300..=599 {
            let mut sandbox = sandbox(&[&format!(r#"{{"status":{status},"times":2}}"#)]);
            for expected in [status, status, 200] {
                let response = get(&mut sandbox);
                assert_eq!((response.status, response.delivery), (expected, Delivery::Complete));
                assert_eq!(response.body.is_empty(), expected == 304, "{expected}");
            }
        }
    }

    #[test]
    fn limits_have_their_headers() {
        let mut sandbox = sandbox(&[r#"{"fault":"burst"}"#, r#"{"status":429}"#, r#"{"fault":"daily"}"#]);
        for _ in 0..2 {
            let burst = get(&mut sandbox);
            assert_eq!((burst.status, header(&burst, "x-ratelimit-remaining")), (429, Some("0")));
            assert_eq!(header(&burst, "x-ratelimit-reset"), Some("2"));
        }
        let daily = get(&mut sandbox);
        assert_eq!((daily.status, header(&daily, "retry-after")), (429, Some("86400")));
        assert!(daily.body.contains("daily request budget exceeded"), "{}", daily.body);
    }

    #[test]
    fn blocked_is_a_page_of_html() {
        let mut sandbox = sandbox(&[r#"{"fault":"blocked"}"#]);
        let response = get(&mut sandbox);
        assert_eq!(
            (response.status, header(&response, "content-type")),
            (403, Some("text/html; charset=utf-8"))
        );
        assert!(response.body.starts_with("<!DOCTYPE html>"), "{}", response.body);
    }

    #[test]
    fn faults_say_what_is_processed_and_what_arrives() {
        let table = [
            ("timeout", Delivery::Never, false, 0),
            ("reset", Delivery::Reset, false, 0),
            ("cut", Delivery::CutOff, true, 0),
            ("malformed", Delivery::Complete, true, 0),
            ("latency", Delivery::Complete, true, 1000),
        ];
        for (fault, delivery, is_processed, delay_ms) in table {
            let mut sandbox = sandbox(&[&format!(r#"{{"operation":"addUser","fault":"{fault}"}}"#)]);
            assert_eq!(get(&mut sandbox).delivery, Delivery::Complete, "another operation");
            let added = send(&mut sandbox, "POST", "/v1/users", r#"{"email":"q@mi6.example"}"#);
            assert_eq!((added.delivery, added.delay_ms), (delivery, delay_ms), "{fault}");
            let is_json = serde_json::from_str::<serde_json::Value>(&added.body).is_ok();
            assert_eq!(is_json, fault != "malformed", "{fault}");
            let list = send(&mut sandbox, "GET", "/v1/users", "").body;
            assert_eq!(list.contains("q@mi6.example"), is_processed, "{fault}");
        }
    }

    #[test]
    fn failures_come_in_order_and_by_operation() {
        let mut sandbox =
            sandbox(&[r#"{"operation":"getUser","status":404}"#, r#"{"status":500}"#, r#"{"delayMs":7}"#]);
        assert_eq!(get(&mut sandbox).status, 500);
        assert_eq!(send(&mut sandbox, "GET", "/v1/users/1", "").status, 404);
        let slow = send(&mut sandbox, "GET", "/v1/users/1", "");
        assert_eq!((slow.status, slow.delay_ms), (200, 7));
        assert_eq!(get(&mut sandbox).delay_ms, 0);
    }

    #[test]
    fn the_token_endpoint_fails_only_by_its_name() {
        let mut sandbox = sandbox(&[r#"{"status":500}"#, r#"{"operation":"token","status":503}"#]);
        let refused = send(&mut sandbox, "POST", "/oauth/token", "");
        assert_eq!(refused.status, 503);
        assert_eq!(send(&mut sandbox, "POST", "/oauth/token", "").status, 401, "no client is named");
        assert_eq!(get(&mut sandbox).status, 500);
    }

    #[test]
    fn preflights_never_fail() {
        let mut sandbox = sandbox(&[r#"{"status":500}"#]);
        let headers = vec![("access-control-request-method".to_owned(), "GET".to_owned())];
        let target = "/v1/users/me".to_owned();
        let preflight = Request { method: "OPTIONS".into(), target, headers, body: String::new() };
        assert_eq!(sandbox.handle_ms(&preflight, NOW).status, 204);
    }

    #[test]
    fn failures_can_be_asked_for_over_http() {
        let mut sandbox = sandbox(&[]);
        let asked = send(&mut sandbox, "POST", "/sandbox/fail", r#"{"status":503}"#);
        assert_eq!((asked.status, asked.body.as_str()), (200, r#"{"success":true}"#));
        assert_eq!((get(&mut sandbox).status, get(&mut sandbox).status), (503, 200));
        for refused in ["", "{}", "[]", r#"{"stats":500}"#, r#"{"status":200}"#, r#"{"fault":"earthquake"}"#]
        {
            let response = send(&mut sandbox, "POST", "/sandbox/fail", refused);
            assert_eq!(response.status, 400, "{refused}");
            assert_eq!(get(&mut sandbox).status, 200, "{refused}");
        }
    }

    #[test]
    fn invalid_failures_are_refused() {
        let table = [
            ("{}", "give status, fault or delayMs"),
            (r#"{"status":500,"fault":"cut"}"#, "give status or fault, not both"),
            (r#"{"status":299}"#, "status must be an integer from 300 to 599, got 299"),
            (r#"{"status":600}"#, "status must be an integer from 300 to 599, got 600"),
            (r#"{"status":500,"times":0}"#, "times must be an integer from 1 to 4294967295, got 0"),
            (r#"{"delayMs":2147483648}"#, "delayMs must be an integer from 0 to 2147483647, got 2147483648"),
        ];
        for (json, text) in table {
            let failure: Failure = serde_json::from_str(json).expect("known members");
            assert_eq!(failure.check(), Err(text.to_owned()));
        }
        let unknown = Failure { operation: Some("getDeals".into()), status: Some(500), ..Failure::default() };
        assert!(
            unknown.check().is_err_and(|text| text.contains("getUserFollowers") && text.contains("token"))
        );
    }
}
