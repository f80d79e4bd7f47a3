//! An in-memory Pipedrive company: takes requests and returns responses.
//!
//! It implements the ten operations with Pipedrive's authentication, scopes, rate limits, pagination and errors. The
//! records depend only on the seed. It does no I/O and reads neither a clock nor a random source: the caller passes each
//! request and the current time. Routes, costs and scopes come from [`ENDPOINTS`](crate::api::ENDPOINTS).
//!
//! ```
//! use pipedrive_users::Timestamp;
//! use pipedrive_users::sandbox::{Options, Request, Sandbox};
//!
//! let mut sandbox = Sandbox::new(&Options::default())?;
//! let request = Request {
//!     method: "GET".into(),
//!     target: "/v1/users/me".into(),
//!     headers: vec![("x-api-token".into(), sandbox.tokens().api_token.clone())],
//!     body: String::new(),
//! };
//! let response = sandbox.handle(&request, Timestamp::from_unix_millis(1_767_225_600_000));
//! assert_eq!(response.status, 200);
//! # Ok::<(), String>(())
//! ```
// Every request gets a response: no input may cause a panic.
#![deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod auth;
mod clock;
mod company;
mod cors;
mod failures;
mod followers;
mod input;
mod limits;
mod oauth;
mod operations;
mod options;
mod pagination;
mod random;
mod responses;
mod roles;
mod router;
mod sample_data;
mod time;
mod webhooks;

use auth::FixedTokens;
use clock::Clock;
use company::Company;
use failures::Failures;
use limits::Daily;
use oauth::OAuth;
use random::Random;
use responses::{ApiError, Headers};
use time::Timestamp;
use webhooks::Webhook;

pub use auth::Tokens;
pub use failures::{Delivery, FAILURE_RANGES, Failure, Fault};
pub use limits::Window;
pub use oauth::{App, OAuthCounts};
pub use options::{Options, RANGES};

/// An HTTP request.
///
/// ```
/// use pipedrive_users::sandbox::Request;
///
/// let request = Request {
///     method: "GET".to_owned(),
///     target: "/v1/users/7".to_owned(),
///     headers: vec![("x-api-token".to_owned(), "0123456789abcdef".to_owned())],
///     body: String::new(),
/// };
/// ```
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The HTTP method, in upper case.
    pub method: String,
    /// The path and query, or an absolute URL, whose host is ignored.
    pub target: String,
    /// The headers; names are case-insensitive.
    pub headers: Vec<(String, String)>,
    /// The body, or an empty string.
    pub body: String,
}

/// An HTTP response.
///
/// ```
/// use pipedrive_users::sandbox::{Options, Request, Sandbox};
/// use pipedrive_users::Timestamp;
///
/// let mut sandbox = Sandbox::new(&Options::default())?;
/// let request = Request {
///     method: "GET".to_owned(),
///     target: "/v1/users/7".to_owned(),
///     headers: vec![("x-api-token".to_owned(), sandbox.tokens().api_token.clone())],
///     body: String::new(),
/// };
/// let response = sandbox.handle(&request, Timestamp::default());
/// assert_eq!(response.status, 200);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers; names are in lower case.
    pub headers: Vec<(String, String)>,
    /// The body: JSON, or HTML for the OAuth pages. It is empty for a CORS preflight and a redirect.
    pub body: String,
    /// How many milliseconds it takes to come: 0, unless [`Sandbox::fail`] asked for more.
    pub delay_ms: u32,
    /// How much of it reaches the client: all, unless [`Sandbox::fail`] asked for less.
    pub delivery: Delivery,
}

/// An in-memory Pipedrive company.
#[derive(Debug)]
pub struct Sandbox {
    company: Company,
    fixed_tokens: FixedTokens,
    daily: Daily,
    oauth: OAuth,
    correlation_ids: Random,
    failures: Failures,
    burst: Option<u32>,
    clock: Clock,
    /// The time of the request that is handled, for burst limits.
    window_now: Timestamp,
    webhook: Option<Webhook>,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::of(&Options::default())
    }
}

impl Sandbox {
    /// Creates a company. The same options always give the same company.
    ///
    /// ```
    /// use pipedrive_users::sandbox::{Options, Sandbox};
    ///
    /// assert!(Sandbox::new(&Options { users: 500, ..Options::default() }).is_ok());
    /// assert!(Sandbox::new(&Options { users: 0, ..Options::default() }).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a message that names the invalid option.
    pub fn new(options: &Options) -> Result<Self, String> {
        options.check()?;
        Ok(Self::of(options))
    }

    fn of(options: &Options) -> Self {
        Self {
            company: Company::new(options.users, options.seed),
            fixed_tokens: FixedTokens::new(options.burst, options.window),
            daily: Daily::new(options.daily, options.users),
            oauth: OAuth::new(&options.app, options.burst, options.window, options.seed),
            correlation_ids: Random::new(options.seed, "correlation"),
            failures: Failures::default(),
            burst: options.burst,
            clock: Clock::default(),
            window_now: Timestamp::from_ms(0.0),
            webhook: Webhook::new(options),
        }
    }

    /// Returns the tokens that the sandbox accepts without an OAuth authorization.
    ///
    /// ```
    /// use pipedrive_users::sandbox::{Options, Sandbox};
    ///
    /// let sandbox = Sandbox::new(&Options::default())?;
    /// assert_ne!(sandbox.tokens().api_token, sandbox.tokens().access_token);
    /// # Ok::<(), String>(())
    /// ```
    #[must_use]
    pub fn tokens(&self) -> &Tokens {
        self.fixed_tokens.tokens()
    }

    /// Returns the number of OAuth requests so far.
    ///
    /// ```
    /// use pipedrive_users::sandbox::{Options, Sandbox};
    ///
    /// let sandbox = Sandbox::new(&Options::default())?;
    /// assert_eq!(sandbox.oauth_counts().authorizations, 0);
    /// # Ok::<(), String>(())
    /// ```
    #[must_use]
    pub fn oauth_counts(&self) -> OAuthCounts {
        self.oauth.counts()
    }

    /// Returns the webhooks that became due since the last time, to be sent to their targets.
    ///
    /// ```
    /// use pipedrive_users::sandbox::{Options, Sandbox};
    ///
    /// let mut sandbox = Sandbox::new(&Options::default())?;
    /// for webhook in sandbox.take_webhooks() {
    ///     println!("{} {}", webhook.method, webhook.target);
    /// }
    /// # Ok::<(), String>(())
    /// ```
    pub fn take_webhooks(&mut self) -> Vec<Request> {
        self.webhook.as_mut().map_or_else(Vec::new, Webhook::take)
    }

    /// Makes one or several of the next requests fail.
    ///
    /// ```
    /// use pipedrive_users::sandbox::{Failure, Options, Sandbox};
    ///
    /// let mut sandbox = Sandbox::new(&Options::default())?;
    /// sandbox.fail(Failure { operation: Some("getUser".to_owned()), status: Some(503), ..Failure::default() })?;
    /// # Ok::<(), String>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a message that names what is not usable.
    pub fn fail(&mut self, failure: Failure) -> Result<(), String> {
        self.failures.add(failure)
    }

    /// Handles a request that arrives at this time.
    ///
    /// ```
    /// use pipedrive_users::sandbox::{Options, Request, Sandbox};
    /// use pipedrive_users::Timestamp;
    ///
    /// let mut sandbox = Sandbox::new(&Options::default())?;
    /// let request = Request {
    ///     method: "GET".to_owned(),
    ///     target: "/v1/users/7".to_owned(),
    ///     headers: vec![("x-api-token".to_owned(), sandbox.tokens().api_token.clone())],
    ///     body: String::new(),
    /// };
    /// assert_eq!(sandbox.handle(&request, Timestamp::from_unix_millis(1_793_527_200_000)).status, 200);
    /// # Ok::<(), String>(())
    /// ```
    pub fn handle(&mut self, request: &Request, now: crate::Timestamp) -> Response {
        self.handle_ms(request, now.as_ms())
    }

    /// Handles a request that arrives at `now_ms`, in milliseconds since the epoch.
    pub(crate) fn handle_ms(&mut self, request: &Request, now_ms: f64) -> Response {
        self.handle_at_ms(request, now_ms, 0.0)
    }

    /// Handles a request that arrives at this time, and at this time of a clock that never goes back, whose zero means nothing.
    /// The burst limit is counted by both: a time of day that is set changes nothing.
    ///
    /// ```
    /// use pipedrive_users::sandbox::{Options, Request, Sandbox};
    /// use pipedrive_users::Timestamp;
    ///
    /// let mut sandbox = Sandbox::new(&Options::default())?;
    /// let request = Request {
    ///     method: "GET".to_owned(),
    ///     target: "/v1/users/7".to_owned(),
    ///     headers: vec![("x-api-token".to_owned(), sandbox.tokens().api_token.clone())],
    ///     body: String::new(),
    /// };
    /// let (now, elapsed) = (Timestamp::default(), std::time::Duration::from_secs(5));
    /// assert_eq!(sandbox.handle_at(&request, now, elapsed).status, 200);
    /// # Ok::<(), String>(())
    /// ```
    pub fn handle_at(
        &mut self,
        request: &Request,
        now: crate::Timestamp,
        monotonic: std::time::Duration,
    ) -> Response {
        self.handle_at_ms(request, now.as_ms(), monotonic.as_secs_f64() * 1_000.0)
    }

    pub(crate) fn handle_at_ms(&mut self, request: &Request, now_ms: f64, monotonic_ms: f64) -> Response {
        let now = Timestamp::from_ms(now_ms);
        self.window_now = self.clock.read(now_ms, monotonic_ms);
        if let Some(response) = self.failures.handle(request) {
            return response;
        }
        let Some((failure, error)) = self.failures.take(request, now) else {
            return self.respond(request, now);
        };
        let mut response = match error {
            Some(error) => {
                let mut headers = self.api_headers();
                headers.extend(failure.headers(self.burst));
                error.into_response(headers)
            }
            None => self.respond(request, now),
        };
        failure.spoil(&mut response);
        response
    }

    /// Headers of every response of the API.
    fn api_headers(&mut self) -> Headers {
        let mut headers = cors::headers();
        headers.push(("x-correlation-id", self.correlation_ids.uuid()));
        headers
    }

    /// Handles a request that does not fail on demand.
    fn respond(&mut self, request: &Request, now: Timestamp) -> Response {
        if let Some(response) = self.oauth.handle(&self.company, request, now) {
            let mut headers = cors::oauth_headers();
            headers.extend(response.headers);
            return responses::build_response(response.status, headers, response.body);
        }
        let mut headers = self.api_headers();
        if cors::is_preflight(request) {
            headers.extend(cors::preflight_headers());
            return responses::build_response(204, headers, String::new());
        }
        match self.call(request, now, &mut headers) {
            Ok(body) => {
                headers.push(("content-type", responses::JSON.to_owned()));
                responses::build_response(200, headers, body)
            }
            Err(error) => error.into_response(headers),
        }
    }

    /// Executes a call and returns the body of the successful response. As in Pipedrive, the gateway checks the call
    /// first: an unauthorized call counts towards no limit, and a call over the burst limit costs nothing.
    fn call(&mut self, request: &Request, now: Timestamp, headers: &mut Headers) -> Result<String, ApiError> {
        let call = router::route(&request.method, &request.target).ok_or(ApiError::Unauthorized)?;
        let in_query = call.query.get("api_token");
        let fixed = self.fixed_tokens.find(&request.headers, in_query.as_deref());
        let token = fixed.or_else(|| self.oauth.find_token(request, now)).ok_or(ApiError::Unauthorized)?;
        token.check_scope(call.endpoint.scope)?;
        let within_burst = token.burst.admit(self.window_now, headers);
        self.daily.refill_if_new_day(now);
        let caller = token.caller;
        let charged = within_burst
            .and_then(|()| caller.check_permission(call.endpoint.scope))
            .and_then(|()| self.daily.charge(call.endpoint.cost, now));
        self.daily.write_headers(headers);
        charged?;
        let Some(webhook) = &mut self.webhook else {
            return operations::execute(&mut self.company, &call, caller.user_id, &request.body, now);
        };
        let id = call.id.parse().unwrap_or(self.company.users().len() as u64 + 1);
        let before = self.company.user(id).cloned();
        let body = operations::execute(&mut self.company, &call, caller.user_id, &request.body, now)?;
        if let Some(after) = self.company.user(id) {
            webhook.on_change(&self.company, before.as_ref(), after, caller.user_id, now);
        }
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ENDPOINTS;

    const NOW: f64 = 1_767_225_600_000.0;

    fn sandbox(options: &Options) -> Sandbox {
        Sandbox::new(options).expect("valid options")
    }

    fn call(sandbox: &mut Sandbox, method: &str, target: &str, header: (&str, &str)) -> Response {
        let request = Request {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![(header.0.to_owned(), header.1.to_owned())],
            body: String::new(),
        };
        sandbox.handle_ms(&request, NOW)
    }

    fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
        response.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn responses_depend_only_on_the_seed() {
        let responses = |seed| {
            let mut sandbox = sandbox(&Options { seed, ..Options::default() });
            let token = sandbox.tokens().api_token.clone();
            let response = call(&mut sandbox, "GET", "/v1/users", ("x-api-token", &token));
            let id = header(&response, "x-correlation-id").map(str::to_owned);
            (token, response.body, id)
        };
        assert_eq!(responses(7), responses(7));
        let (one, other) = (responses(7), responses(8));
        assert_eq!(one.0, other.0, "the tokens are the same for every company");
        assert!(one.1 != other.1 && one.2 != other.2);
    }

    #[test]
    fn missing_or_invalid_token_unknown_path_and_unknown_method_get_the_same_response() {
        let mut sandbox = sandbox(&Options::default());
        let tokens = sandbox.tokens().clone();
        let bearer = format!("Bearer {}", tokens.api_token);
        let table = [
            ("GET", "/v1/users/me", ("x-api-token", "nonsense")),
            ("GET", "/v1/users/me", ("x-other", tokens.api_token.as_str())),
            ("GET", "/v1/users/me", ("authorization", bearer.as_str())),
            ("GET", "/v1/users/me", ("x-api-token", tokens.access_token.as_str())),
            ("GET", "/v1/deals", ("x-api-token", tokens.api_token.as_str())),
            ("PATCH", "/v1/users/1", ("x-api-token", tokens.api_token.as_str())),
        ];
        for (method, target, token) in table {
            let response = call(&mut sandbox, method, target, token);
            assert_eq!(response.status, 401, "{method} {target}");
            assert_eq!(header(&response, "x-401-by-gw"), Some("true"));
            assert_eq!(
                response.body,
                r#"{"success":false,"error":"unauthorized access","errorCode":401,"error_info":"Please check developers.pipedrive.com"}"#
            );
            assert_eq!(header(&response, "x-ratelimit-limit"), None);
        }
        let in_query = format!("/v1/users/me?api_token={}", tokens.api_token);
        assert_eq!(
            call(&mut sandbox, "GET", &in_query, ("accept", "*/*")).status,
            200,
            "an API token in the query"
        );
        let in_query = format!("/v1/users/me?api_token={}", tokens.access_token);
        assert_eq!(
            call(&mut sandbox, "GET", &in_query, ("accept", "*/*")).status,
            401,
            "no access token there"
        );
    }

    #[test]
    fn every_operation_has_its_declared_cost() {
        for endpoint in ENDPOINTS {
            let mut sandbox = sandbox(&Options { daily: Some(100), ..Options::default() });
            let token = sandbox.tokens().api_token.clone();
            let target = endpoint.path.replace("{id}", "1");
            let response = call(&mut sandbox, endpoint.method.as_str(), &target, ("x-api-token", &token));
            let left = (100 - endpoint.cost).to_string();
            let remaining = header(&response, "x-daily-ratelimit-token-remaining");
            assert_eq!(remaining, Some(left.as_str()), "{}", endpoint.operation);
        }
    }

    #[test]
    fn call_over_the_burst_limit_costs_nothing() {
        let mut sandbox = sandbox(&Options { burst: Some(1), daily: Some(100), ..Options::default() });
        let token = sandbox.tokens().api_token.clone();
        let first = call(&mut sandbox, "GET", "/v1/users/me", ("x-api-token", &token));
        let second = call(&mut sandbox, "GET", "/v1/users/me", ("x-api-token", &token));
        assert_eq!((first.status, second.status), (200, 429));
        assert!(second.body.contains("Request over limit"), "{}", second.body);
        assert_eq!(header(&second, "x-ratelimit-remaining"), Some("0"));
        assert_eq!(header(&second, "x-ratelimit-reset"), Some("2"));
        assert_eq!(header(&second, "x-daily-ratelimit-token-remaining"), Some("98"));
    }

    #[test]
    fn each_token_has_its_own_burst_limit() {
        let mut sandbox = sandbox(&Options { burst: Some(1), ..Options::default() });
        let tokens = sandbox.tokens().clone();
        let (access, base) =
            (format!("Bearer {}", tokens.access_token), format!("Bearer {}", tokens.base_token));
        let headers = [
            ("x-api-token", tokens.api_token.as_str()),
            ("x-api-token", tokens.non_admin_token.as_str()),
            ("authorization", access.as_str()),
            ("authorization", base.as_str()),
        ];
        for status in [200, 429] {
            for header in headers {
                assert_eq!(call(&mut sandbox, "GET", "/v1/users/me", header).status, status, "{header:?}");
            }
        }
    }

    #[test]
    fn burst_window_is_rolling_by_default_and_fixed_on_request() {
        for (window, status) in [(Window::default(), 429), (Window::Rolling, 429), (Window::Fixed, 200)] {
            let mut sandbox = sandbox(&Options { burst: Some(2), window, ..Options::default() });
            let token = sandbox.tokens().api_token.clone();
            let request = Request {
                method: "GET".to_owned(),
                target: "/v1/users/me".to_owned(),
                headers: vec![("x-api-token".to_owned(), token)],
                body: String::new(),
            };
            for after in [0.0, 1900.0, 2000.0] {
                assert_eq!(sandbox.handle_ms(&request, NOW + after).status, 200);
            }
            assert_eq!(sandbox.handle_ms(&request, NOW + 2100.0).status, status, "{window:?}");
        }
    }

    #[test]
    fn all_tokens_of_the_company_share_the_daily_budget_until_midnight() {
        let mut sandbox = sandbox(&Options { daily: Some(3), ..Options::default() });
        let tokens = sandbox.tokens().clone();
        let bearer = format!("Bearer {}", tokens.base_token);
        let first = call(&mut sandbox, "GET", "/v1/users/me", ("Authorization", &bearer));
        let second = call(&mut sandbox, "GET", "/v1/users/me", ("x-api-token", &tokens.api_token));
        assert_eq!((first.status, second.status), (200, 429));
        assert_eq!(header(&second, "retry-after"), Some("86400"));
        assert!(second.body.contains("daily request budget exceeded"), "{}", second.body);
        let request = Request {
            method: "GET".into(),
            target: "/v1/users/me".into(),
            headers: vec![("x-api-token".into(), tokens.api_token)],
            body: String::new(),
        };
        assert_eq!(sandbox.handle_ms(&request, NOW + 86_400_000.0).status, 200);
    }

    #[test]
    fn missing_scope_and_missing_permission_have_different_errors() {
        let mut sandbox = sandbox(&Options { daily: Some(100), ..Options::default() });
        let tokens = sandbox.tokens().clone();
        let bearer = format!("Bearer {}", tokens.base_token);
        let scope = call(&mut sandbox, "GET", "/v1/users", ("authorization", &bearer));
        let permission = call(&mut sandbox, "POST", "/v1/users", ("x-api-token", &tokens.non_admin_token));
        assert_eq!((scope.status, permission.status), (403, 403));
        assert!(scope.body.contains("Scope and URL mismatch"), "{}", scope.body);
        assert!(permission.body.contains("You do not have permissions to do this."), "{}", permission.body);
        assert_eq!(header(&permission, "x-daily-ratelimit-token-remaining"), Some("100"));
    }

    #[test]
    fn preflight_needs_no_token() {
        let mut sandbox = sandbox(&Options::default());
        let response = call(&mut sandbox, "OPTIONS", "/v1/users", ("access-control-request-method", "POST"));
        assert_eq!((response.status, response.body.as_str()), (204, ""));
        assert_eq!(header(&response, "access-control-allow-methods"), Some("GET, POST, PUT"));
        assert_eq!(header(&response, "access-control-allow-origin"), Some("*"));
        assert_eq!(header(&response, "content-type"), None);
    }

    #[test]
    fn every_response_has_its_own_correlation_id() {
        let mut sandbox = sandbox(&Options::default());
        let first = call(&mut sandbox, "GET", "/", ("accept", "*/*"));
        let second = call(&mut sandbox, "GET", "/", ("accept", "*/*"));
        let id = header(&first, "x-correlation-id").expect("an id");
        assert_eq!(id.len(), 36);
        assert_ne!(Some(id), header(&second, "x-correlation-id"));
    }
}
