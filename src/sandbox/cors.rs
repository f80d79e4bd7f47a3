//! What a page in a browser needs to read the answers.

use super::{Request, answers::Headers};

/// On every answer, as seen on real ones: the daily limit, `retry-after` and the correlation id are hidden.
pub(super) fn headers() -> Headers {
    vec![
        ("access-control-allow-origin", "*".to_owned()),
        (
            "access-control-expose-headers",
            "X-RateLimit-Remaining, X-RateLimit-Limit, X-RateLimit-Reset".to_owned(),
        ),
    ]
}

/// The OAuth server's: no page of another origin can exchange or renew a token.
pub(super) fn oauth_headers() -> Headers {
    vec![("access-control-allow-origin", "https://oauth.pipedrive.com".to_owned())]
}

/// Whether a browser asks if a page may send the real request.
pub(super) fn is_preflight(request: &Request) -> bool {
    request.method == "OPTIONS"
        && request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("access-control-request-method"))
}

/// The answer to that question.
pub(super) fn preflight_headers() -> Headers {
    vec![
        ("access-control-allow-methods", "GET, POST, PUT".to_owned()),
        ("access-control-allow-headers", "x-api-token, authorization, content-type".to_owned()),
        ("access-control-max-age", "600".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_browsers_question_is_a_preflight() {
        let with = |method: &str, header: &str| {
            let headers = vec![(header.to_owned(), "PUT".to_owned())];
            is_preflight(&Request { method: method.to_owned(), headers, ..Request::default() })
        };
        assert!(with("OPTIONS", "Access-Control-Request-Method"));
        assert!(!with("OPTIONS", "accept"));
        assert!(!with("GET", "access-control-request-method"));
    }
}
