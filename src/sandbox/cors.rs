//! CORS headers.

use super::{Request, responses::Headers};
use crate::api::ENDPOINTS;
use crate::schema::Method;

/// Headers of every API response, as observed on real ones. They do not expose the daily limit, `retry-after` and the
/// correlation id to scripts.
pub(super) fn headers() -> Headers {
    vec![
        ("access-control-allow-origin", "*".to_owned()),
        (
            "access-control-expose-headers",
            "X-RateLimit-Remaining, X-RateLimit-Limit, X-RateLimit-Reset".to_owned(),
        ),
    ]
}

/// Headers of every OAuth response: pages of other origins can neither exchange nor refresh a token.
pub(super) fn oauth_headers() -> Headers {
    vec![("access-control-allow-origin", "https://oauth.pipedrive.com".to_owned())]
}

/// Returns whether a request is a CORS preflight.
pub(super) fn is_preflight(request: &Request) -> bool {
    request.method == "OPTIONS"
        && request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("access-control-request-method"))
}

/// Further headers of the response to a preflight.
pub(super) fn preflight_headers() -> Headers {
    let is_used = |method: &Method| ENDPOINTS.iter().any(|endpoint| endpoint.method == *method);
    let methods: Vec<_> = Method::ALL.into_iter().filter(is_used).map(Method::as_str).collect();
    vec![
        ("access-control-allow-methods", methods.join(", ")),
        ("access-control-allow-headers", "x-api-token, authorization, content-type".to_owned()),
        ("access-control-max-age", "600".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preflight_is_options_with_a_requested_method() {
        let with = |method: &str, header: &str| {
            let headers = vec![(header.to_owned(), "PUT".to_owned())];
            is_preflight(&Request { method: method.to_owned(), headers, ..Request::default() })
        };
        assert!(with("OPTIONS", "Access-Control-Request-Method"));
        assert!(!with("OPTIONS", "accept"));
        assert!(!with("GET", "access-control-request-method"));
    }
}
