//! The company as a whole: authentication, scopes, limits and headers, as its callers see them.

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
    assert_eq!(call(&mut sandbox, "GET", &in_query, ("accept", "*/*")).status, 401, "no access token there");
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
    let (access, base) = (format!("Bearer {}", tokens.access_token), format!("Bearer {}", tokens.base_token));
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
