//! What a client is made of: where to call, as whom, and how patiently.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::error::{Error, Kind, Result};
use crate::options;
use crate::secret::Secret;
use crate::transport::Cause;

/// The settings of a client. [`Config::new`] calls `api.pipedrive.com` with the documented defaults.
#[derive(Clone)]
pub struct Config {
    /// Where to call.
    pub base: Base,
    /// As whom.
    pub credential: Credential,
    /// Headers for every request, see [`Config::header`].
    pub headers: CheckedHeaders,
    /// How long one attempt may take, its body included.
    pub timeout_ms: u32,
    /// How often a call may be sent again.
    pub max_retries: u32,
    /// How many requests may be under way at once.
    pub max_concurrency: u32,
    /// How many tokens this client may spend in a day.
    pub daily_token_budget: Option<u32>,
}

impl Config {
    /// The documented defaults, as somebody.
    #[must_use]
    pub fn new(credential: Credential) -> Self {
        Self {
            base: Base::default(),
            credential,
            headers: CheckedHeaders::default(),
            timeout_ms: 30_000,
            max_retries: 2,
            max_concurrency: 10,
            daily_token_budget: None,
        }
    }

    /// Adds a header to every request.
    ///
    /// # Errors
    ///
    /// Refuses what no header can carry.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self> {
        let header = options::header((name.to_owned(), value.into()));
        self.headers.0.push(header.map_err(|text| Error::new(Kind::Config, "", &[&text]))?);
        Ok(self)
    }
}

/// Headers that can be sent, names in lower case. Only [`Config::header`] adds to them.
#[derive(Clone, Default)]
pub struct CheckedHeaders(pub(crate) Vec<(String, String)>);

/// The two roots that the operations' paths hang from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// What stands for `/v1`.
    pub v1: String,
    /// What stands for `/api/v2`.
    pub v2: String,
}

impl Default for Base {
    fn default() -> Self {
        Self::under("https://api.pipedrive.com")
    }
}

impl Credential {
    /// An API token that is always the same.
    ///
    /// # Errors
    ///
    /// Refuses what no header can carry.
    pub fn api_token(token: &str) -> Result<Self> {
        fixed(token).map(Self::ApiToken)
    }

    /// An access token that is always the same.
    ///
    /// # Errors
    ///
    /// Refuses what no header can carry.
    pub fn access_token(token: &str) -> Result<Self> {
        fixed(token).map(Self::AccessToken)
    }
}

fn fixed(token: &str) -> Result<Token> {
    Secret::new(token).map(Token::Fixed).map_err(|what| Error::new(Kind::Config, "", &["the token ", what]))
}

impl Base {
    /// The company's own host, `https://{label}.pipedrive.com`, which routes to the right data centre.
    ///
    /// # Errors
    ///
    /// Refuses what is not one DNS label, or a whole `https://label.pipedrive.com`: the token must go nowhere else.
    pub fn company(domain: &str) -> Result<Self> {
        let label = domain
            .strip_prefix("https://")
            .map(|host| host.strip_suffix('/').unwrap_or(host))
            .and_then(|host| host.strip_suffix(".pipedrive.com"))
            .unwrap_or(domain);
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if label.is_empty() || label.len() > 63 || !inner || label.starts_with('-') || label.ends_with('-') {
            return Err(Error::new(
                Kind::Config,
                "",
                &["companyDomain must be one DNS label such as \"casinoroyale\", got \"", domain, "\""],
            ));
        }
        let origin = ["https://", label, ".pipedrive.com"].concat();
        // A company's host wants `/api/v1`, `api.pipedrive.com` wants `/v1`.
        Ok(Self { v1: [&origin, "/api/v1"].concat(), v2: [&origin, "/api/v2"].concat() })
    }

    /// Another server that speaks as `api.pipedrive.com` does: a backend of your own, or a test's.
    ///
    /// # Errors
    ///
    /// Refuses anything but `https://`, or `http://` on the loopback, and a query or a fragment.
    pub fn url(url: &str) -> Result<Self> {
        let host =
            |rest: &str| -> String { rest.split(['/', ':']).next().unwrap_or_default().to_ascii_lowercase() };
        let usable = url.strip_prefix("https://").is_some_and(|rest| !host(rest).is_empty())
            || url.strip_prefix("http://").is_some_and(|rest| {
                rest.starts_with("[::1]") || matches!(host(rest).as_str(), "localhost" | "127.0.0.1")
            });
        if !usable || url.contains(['?', '#', '@', '\\']) || url.contains(|c: char| c.is_whitespace()) {
            return Err(Error::new(
                Kind::Config,
                "",
                &[
                    "baseUrl must be an https:// URL (http:// only on the loopback), without query, fragment or user",
                ],
            ));
        }
        Ok(Self::under(url.trim_end_matches('/')))
    }

    fn under(root: &str) -> Self {
        Self { v1: [root, "/v1"].concat(), v2: [root, "/api/v2"].concat() }
    }

    /// The whole URL of an operation's path.
    pub(crate) fn resolve(&self, path: &str) -> String {
        match path.strip_prefix("/v1") {
            Some(rest) => [&self.v1, rest].concat(),
            None => [&self.v2, path.trim_start_matches("/api/v2")].concat(),
        }
    }
}

/// As whom the client calls.
#[derive(Clone)]
pub enum Credential {
    /// Nobody: the server at the base URL adds the credential.
    None,
    /// An API token, sent as `x-api-token`.
    ApiToken(Token),
    /// An OAuth access token, sent as `Authorization: Bearer`.
    AccessToken(Token),
}

/// Where a token comes from.
#[derive(Clone)]
pub enum Token {
    /// It is always the same.
    Fixed(Secret),
    /// It is asked for before every attempt.
    Provider(Rc<dyn TokenProvider>),
}

/// Gives tokens.
pub trait TokenProvider {
    /// The token to use now.
    fn token(&self) -> TokenFuture;
}

/// A token on its way.
pub type TokenFuture = Pin<Box<dyn Future<Output = Result<Secret, Cause>>>>;

impl<F: Fn() -> TokenFuture> TokenProvider for F {
    fn token(&self) -> TokenFuture {
        self()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_are_those_of_the_documentation() {
        let url = |base: &Base| (base.resolve("/v1/users/7"), base.resolve("/api/v2/users/7/followers"));
        assert_eq!(
            url(&Base::default()),
            (
                "https://api.pipedrive.com/v1/users/7".into(),
                "https://api.pipedrive.com/api/v2/users/7/followers".into()
            )
        );
        for domain in ["mi6", "https://mi6.pipedrive.com", "https://mi6.pipedrive.com/"] {
            assert_eq!(
                url(&Base::company(domain).expect("a good domain")),
                (
                    "https://mi6.pipedrive.com/api/v1/users/7".into(),
                    "https://mi6.pipedrive.com/api/v2/users/7/followers".into()
                )
            );
        }
        assert_eq!(
            url(&Base::url("http://127.0.0.1:8080/pipedrive/").expect("a good URL")),
            (
                "http://127.0.0.1:8080/pipedrive/v1/users/7".into(),
                "http://127.0.0.1:8080/pipedrive/api/v2/users/7/followers".into()
            )
        );
    }

    #[test]
    fn a_token_can_be_sent_nowhere_else() {
        for domain in
            ["", "evil.com/", "a.b", "a/b", "-a", "a-", "a b", "mi6.pipedrive.com", "é", "https://evil.com"]
        {
            assert!(Base::company(domain).is_err(), "{domain}");
        }
        for url in [
            "",
            "http://example.com",
            "ftp://example.com",
            "http://localhost.evil.com",
            "http://127.0.0.1.evil.com",
            "http://127.0.0.1@evil.com",
            "https://",
            "https://a/?q",
            "https://a/#f",
            "//evil.com",
        ] {
            assert!(Base::url(url).is_err(), "{url}");
        }
        for url in ["http://localhost", "http://[::1]:3000", "https://example.com/pipedrive"] {
            assert!(Base::url(url).is_ok(), "{url}");
        }
    }
}
