//! An in-memory Pipedrive company: a request in, the answer out.
//!
//! It answers the ten operations as Pipedrive does, with tokens, scopes, limits, pages and errors, from records
//! that depend on nothing but the seed. There is no server, no clock and no randomness in it: whoever holds it
//! brings the requests and the time. Routes, costs and scopes come from [`ENDPOINTS`](crate::api::ENDPOINTS).
//!
//! ```
//! use pipedrive_users::sandbox::{Options, Request, Sandbox};
//!
//! let mut sandbox = Sandbox::new(&Options::default())?;
//! let request = Request {
//!     method: "GET".into(),
//!     target: "/v1/users/me".into(),
//!     headers: vec![("x-api-token".into(), sandbox.tokens().api_token.clone())],
//!     body: String::new(),
//! };
//! let response = sandbox.handle(&request, 1_767_225_600_000.0);
//! assert_eq!(response.status, 200);
//! # Ok::<(), String>(())
//! ```
// Whatever a caller sends, the answer is a response.
#![deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod answers;
mod auth;
mod company;
mod cors;
mod followers;
mod input;
mod limits;
mod names;
mod oauth;
mod options;
mod page;
mod random;
mod roles;
mod router;
mod time;
mod users;

use answers::{Fault, Headers};
use auth::Gate;
use company::Company;
use limits::Daily;
use oauth::OAuth;
use random::Random;
use time::Moment;

pub use auth::Tokens;
pub use oauth::{App, Asked};
pub use options::{Options, Window};

/// An HTTP request, as the sandbox takes it.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The HTTP method, in capitals.
    pub method: String,
    /// The path and query, or a whole URL, whose host does not matter.
    pub target: String,
    /// The headers; the case of their names does not matter.
    pub headers: Vec<(String, String)>,
    /// The body; empty where there is none.
    pub body: String,
}

/// The sandbox's answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, JSON; empty only after a CORS preflight.
    pub body: String,
}

/// A Pipedrive company in memory.
#[derive(Debug)]
pub struct Sandbox {
    company: Company,
    gate: Gate,
    daily: Daily,
    oauth: OAuth,
    correlation: Random,
}

impl Sandbox {
    /// Founds the company. The same options found the same company, down to its tokens.
    pub fn new(options: &Options) -> Result<Self, String> {
        options.check()?;
        Ok(Self {
            company: Company::found(options.users, options.seed),
            gate: Gate::new(options.burst, options.window),
            daily: Daily::new(options.daily, options.users),
            oauth: OAuth::new(&options.app, options.burst, options.window, options.seed),
            correlation: Random::of(options.seed, "correlation"),
        })
    }

    /// The tokens that the company accepts.
    #[must_use]
    pub fn tokens(&self) -> &Tokens {
        self.gate.tokens()
    }

    /// What the OAuth server was asked for so far.
    #[must_use]
    pub fn asked(&self) -> Asked {
        self.oauth.asked()
    }

    /// Answers a request that arrives at `now_ms`, in milliseconds since the epoch.
    pub fn handle(&mut self, request: &Request, now_ms: f64) -> Response {
        let now = Moment::from_ms(now_ms);
        if let Some(answer) = self.oauth.answer(&self.company, request, now) {
            let mut headers = cors::oauth_headers();
            headers.extend(answer.headers);
            return answers::respond(answer.status, headers, answer.body);
        }
        let mut headers = cors::headers();
        headers.push(("x-correlation-id", self.correlation.uuid()));
        if cors::is_preflight(request) {
            headers.extend(cors::preflight_headers());
            return answers::respond(204, headers, String::new());
        }
        let (status, body) = match self.answer(request, now, &mut headers) {
            Ok(body) => (200, body),
            Err(fault) => fault.describe(&mut headers),
        };
        headers.push(("content-type", "application/json; charset=utf-8".to_owned()));
        answers::respond(status, headers, body)
    }

    /// The body of a success. The gateway's checks come first, as they do at Pipedrive: a call that fails them
    /// counts for no limit; one over a limit costs no tokens.
    fn answer(&mut self, request: &Request, now: Moment, headers: &mut Headers) -> Result<String, Fault> {
        let call = router::route(&request.method, &request.target).ok_or(Fault::Unauthorized)?;
        let known = self.gate.open(&request.headers);
        let pass = known.or_else(|| self.oauth.open(request, now)).ok_or(Fault::Unauthorized)?;
        pass.check_scope(call.endpoint.scope)?;
        let in_burst = pass.burst.take(now, headers);
        self.daily.refill_if_new_day(now);
        let caller = pass.caller;
        let charged = in_burst
            .and_then(|()| caller.check_right(call.endpoint.scope))
            .and_then(|()| self.daily.take(call.endpoint.cost, now));
        self.daily.write_headers(headers);
        charged?;
        users::carry_out(&mut self.company, &call, caller.user_id, &request.body, now)
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
        sandbox.handle(&request, NOW)
    }

    fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
        response.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn the_same_seed_gives_the_same_answers_and_another_seed_others() {
        let answers = |seed| {
            let mut sandbox = sandbox(&Options { seed, ..Options::default() });
            let token = sandbox.tokens().api_token.clone();
            let response = call(&mut sandbox, "GET", "/v1/users", ("x-api-token", &token));
            let id = header(&response, "x-correlation-id").map(str::to_owned);
            (token, response.body, id)
        };
        assert_eq!(answers(7), answers(7));
        let (one, other) = (answers(7), answers(8));
        assert_eq!(one.0, other.0, "the tokens are the same for every company");
        assert!(one.1 != other.1 && one.2 != other.2);
    }

    #[test]
    fn a_missing_or_wrong_token_an_unknown_path_and_a_wrong_method_look_alike() {
        let mut sandbox = sandbox(&Options::default());
        let tokens = sandbox.tokens().clone();
        let bearer = format!("Bearer {}", tokens.api_token);
        let table = [
            ("GET", "/v1/users/me", ("x-api-token", "nonsense")),
            ("GET", "/v1/users/me", ("x-other", tokens.api_token.as_str())),
            ("GET", "/v1/users/me", ("authorization", bearer.as_str())),
            ("GET", "/v1/users/me", ("x-api-token", tokens.access_token.as_str())),
            ("GET", "/v1/deals", ("x-api-token", tokens.api_token.as_str())),
            ("DELETE", "/v1/users/1", ("x-api-token", tokens.api_token.as_str())),
        ];
        for (method, target, given) in table {
            let response = call(&mut sandbox, method, target, given);
            assert_eq!(response.status, 401, "{method} {target}");
            assert_eq!(header(&response, "x-401-by-gw"), Some("true"));
            assert_eq!(
                response.body,
                r#"{"success":false,"error":"unauthorized access","errorCode":401,"error_info":"Please check developers.pipedrive.com"}"#
            );
            assert_eq!(header(&response, "x-ratelimit-limit"), None);
        }
        let in_query = format!("/v1/users/me?api_token={}", tokens.api_token);
        assert_eq!(call(&mut sandbox, "GET", &in_query, ("accept", "*/*")).status, 401);
    }

    #[test]
    fn every_operation_costs_what_its_declaration_says() {
        for endpoint in ENDPOINTS {
            let mut sandbox = sandbox(&Options { daily: Some(100), ..Options::default() });
            let token = sandbox.tokens().api_token.clone();
            let target = endpoint.path.replace("{id}", "1");
            let response = call(&mut sandbox, endpoint.method.as_str(), &target, ("x-api-token", &token));
            let left = (100 - endpoint.cost).to_string();
            let told = header(&response, "x-daily-ratelimit-token-remaining");
            assert_eq!(told, Some(left.as_str()), "{}", endpoint.operation);
        }
    }

    #[test]
    fn a_call_over_the_burst_limit_costs_no_tokens() {
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
    fn the_burst_window_is_rolling_unless_it_is_set_to_fixed() {
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
                assert_eq!(sandbox.handle(&request, NOW + after).status, 200);
            }
            assert_eq!(sandbox.handle(&request, NOW + 2100.0).status, status, "{window:?}");
        }
    }

    #[test]
    fn all_tokens_share_the_daily_budget_until_midnight() {
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
        assert_eq!(sandbox.handle(&request, NOW + 86_400_000.0).status, 200);
    }

    #[test]
    fn a_scope_that_is_missing_and_a_right_that_is_missing_differ() {
        let mut sandbox = sandbox(&Options { daily: Some(100), ..Options::default() });
        let tokens = sandbox.tokens().clone();
        let bearer = format!("Bearer {}", tokens.base_token);
        let scope = call(&mut sandbox, "GET", "/v1/users", ("authorization", &bearer));
        let right = call(&mut sandbox, "POST", "/v1/users", ("x-api-token", &tokens.non_admin_token));
        assert_eq!((scope.status, right.status), (403, 403));
        assert!(scope.body.contains("Scope and URL mismatch"), "{}", scope.body);
        assert!(right.body.contains("You do not have permissions to do this."), "{}", right.body);
        assert_eq!(header(&right, "x-daily-ratelimit-token-remaining"), Some("100"));
    }

    #[test]
    fn a_preflight_needs_no_token_and_costs_nothing() {
        let mut sandbox = sandbox(&Options::default());
        let response = call(&mut sandbox, "OPTIONS", "/v1/users", ("access-control-request-method", "POST"));
        assert_eq!((response.status, response.body.as_str()), (204, ""));
        assert_eq!(header(&response, "access-control-allow-methods"), Some("GET, POST, PUT"));
        assert_eq!(header(&response, "access-control-allow-origin"), Some("*"));
        assert_eq!(header(&response, "content-type"), None);
    }

    #[test]
    fn every_answer_has_an_id_of_its_own() {
        let mut sandbox = sandbox(&Options::default());
        let first = call(&mut sandbox, "GET", "/", ("accept", "*/*"));
        let second = call(&mut sandbox, "GET", "/", ("accept", "*/*"));
        let id = header(&first, "x-correlation-id").expect("an id");
        assert_eq!(id.len(), 36);
        assert_ne!(Some(id), header(&second, "x-correlation-id"));
    }
}
