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
mod message;
mod oauth;
mod operations;
mod options;
mod pagination;
mod random;
mod responses;
mod roles;
mod router;
mod sample_data;
#[cfg(test)]
mod tests;
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
pub use message::{Request, Response};
pub use oauth::{App, OAuthCounts};
pub use options::{Options, RANGES};

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

    /// Returns the id of the company.
    ///
    /// ```
    /// use pipedrive_users::sandbox::{Options, Sandbox};
    ///
    /// let sandbox = Sandbox::new(&Options::default())?;
    /// assert!(sandbox.company_id() > 0);
    /// # Ok::<(), String>(())
    /// ```
    #[must_use]
    pub const fn company_id(&self) -> u64 {
        self.company.id()
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
