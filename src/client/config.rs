//! The configuration of a client: where to call, with which credential, and how patiently.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use crate::error::{Error, Kind, Result, Secret};
use crate::protocol::check_header;
use crate::transport::Cause;

/// The default time of an attempt.
pub(crate) const DEFAULT_TIMEOUT_MS: u32 = 30_000;
/// The default of the most bytes of a response's body.
pub(crate) const DEFAULT_MAX_BODY_BYTES: u32 = 64 << 20;
/// The default number of retries.
pub(crate) const DEFAULT_MAX_RETRIES: u32 = 2;

/// The settings of a client. [`Config::new`] calls `api.pipedrive.com` with the documented defaults.
#[derive(Clone)]
pub struct Config {
    /// Where to call.
    pub base: Base,
    /// How the client authenticates.
    pub credential: Credential,
    /// Headers of every request, see [`Config::header`].
    pub headers: CheckedHeaders,
    /// How long one attempt may take, its body included, in milliseconds. Default: 30 000.
    pub timeout_ms: u32,
    /// How often a call may be sent again. Default: 2.
    pub max_retries: u32,
    /// How many requests may be in flight at once. Default: as many as the burst limit allows.
    pub max_concurrency: Option<u32>,
    /// How many cost units this client may spend in a day. Calls that would exceed it fail without being sent.
    pub daily_token_budget: Option<u32>,
    /// The most bytes of a response's body, once it is decompressed. A longer one fails the call, and is not read to its
    /// end. Default: 64 MiB.
    pub max_body_bytes: u32,
}

impl Config {
    /// The documented defaults, with a credential.
    #[must_use]
    pub fn new(credential: Credential) -> Self {
        Self {
            base: Base::default(),
            credential,
            headers: CheckedHeaders::default(),
            timeout_ms: DEFAULT_TIMEOUT_MS,
            max_retries: DEFAULT_MAX_RETRIES,
            max_concurrency: None,
            daily_token_budget: None,
            max_body_bytes: DEFAULT_MAX_BODY_BYTES,
        }
    }

    /// Adds a header to every request.
    ///
    /// # Errors
    ///
    /// Refuses what no header can carry.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self> {
        let header = check_header(&name.to_owned(), Some(value.to_owned()));
        self.headers.0.push(header.map_err(|text| Error::new(Kind::Config, "", &text))?);
        Ok(self)
    }
}

/// Headers that can be sent, names in lower case. Only [`Config::header`] adds to them.
#[derive(Clone, Default)]
pub struct CheckedHeaders(pub(super) Vec<(String, String)>);

/// The two roots that the paths of the operations are below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// In the place of `/v1`.
    pub v1: String,
    /// In the place of `/api/v2`.
    pub v2: String,
}

impl Default for Base {
    fn default() -> Self {
        Self::below("https://api.pipedrive.com")
    }
}

impl Base {
    /// The company's own host, `https://{label}.pipedrive.com`, which routes to the right data centre. Accepts `acme`,
    /// `acme.pipedrive.com` and `https://acme.pipedrive.com`.
    ///
    /// # Errors
    ///
    /// Refuses everything else: the token must be sent nowhere else.
    pub fn company(domain: &str) -> Result<Self> {
        const HOST: &str = ".pipedrive.com";
        let label = match domain.strip_prefix("https://") {
            Some(host) => host.strip_suffix('/').unwrap_or(host).strip_suffix(HOST).unwrap_or_default(),
            None => domain.strip_suffix(HOST).unwrap_or(domain),
        };
        if !is_dns_label(label) {
            let text = ["companyDomain must be one DNS label such as \"casinoroyale\", got \"", domain, "\""];
            return Err(Error::new(Kind::Config, "", &text.concat()));
        }
        let origin = ["https://", label, HOST].concat();
        // A company's host wants `/api/v1`, `api.pipedrive.com` wants `/v1`.
        Ok(Self { v1: [&origin, "/api/v1"].concat(), v2: [&origin, "/api/v2"].concat() })
    }

    /// Another server with the API of `api.pipedrive.com`: a backend of your own, or a test's. What is a URL is what
    /// WHATWG's URL standard says.
    ///
    /// # Errors
    ///
    /// Refuses anything but `https://`, or `http://` on the loopback, and a query, a fragment or a user.
    pub fn url(url: &str) -> Result<Self> {
        let is_plain = !url.contains(['?', '#', '@', '\\']) && !url.contains(char::is_whitespace);
        let is_usable = is_plain
            && parse(url).is_some_and(|(scheme, host)| match scheme.as_str() {
                "https" => true,
                "http" => is_loopback(&host),
                _ => false,
            });
        if !is_usable {
            let text = "baseUrl must be an https:// URL (http:// only on the loopback), without query, fragment or user";
            return Err(Error::new(Kind::Config, "", text));
        }
        Ok(Self::below(url.trim_end_matches('/')))
    }

    fn below(root: &str) -> Self {
        Self { v1: [root, "/v1"].concat(), v2: [root, "/api/v2"].concat() }
    }
}

fn is_dns_label(text: &str) -> bool {
    let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    fits && (1..=63).contains(&text.len()) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_loopback(host: &str) -> bool {
    let is_ipv4 = host
        .strip_prefix("127.")
        .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
    host == "localhost" || host == "[::1]" || host.ends_with(".localhost") || is_ipv4
}

/// The scheme and the host of a URL, as the WHATWG standard parses it.
#[cfg(not(target_arch = "wasm32"))]
fn parse(url: &str) -> Option<(String, String)> {
    let url = url::Url::parse(url).ok()?;
    Some((url.scheme().to_owned(), url.host_str()?.to_owned()))
}

/// The scheme and the host of a URL, as the runtime's own `URL` parses it.
#[cfg(target_arch = "wasm32")]
fn parse(url: &str) -> Option<(String, String)> {
    let url = web_sys::Url::new(url).ok()?;
    Some((url.protocol().trim_end_matches(':').to_owned(), url.hostname()))
}

/// How the client authenticates.
#[derive(Clone)]
pub enum Credential {
    /// No credential; the server at the base URL adds one.
    None,
    /// An API token, sent as `x-api-token`.
    ApiToken(Token),
    /// An OAuth access token, sent as `Authorization: Bearer`.
    AccessToken(Token),
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

    /// The token, where there is one.
    pub(super) fn token(&self) -> Option<&Token> {
        match self {
            Self::None => None,
            Self::ApiToken(token) | Self::AccessToken(token) => Some(token),
        }
    }
}

fn fixed(token: &str) -> Result<Token> {
    let refused = |lack| Error::new(Kind::Config, "", &["the token ", lack].concat());
    Secret::new(token).map(Token::Fixed).map_err(refused)
}

/// Where a token comes from.
#[derive(Clone)]
pub enum Token {
    /// It is always the same.
    Fixed(Secret),
    /// A function is asked for it for every call.
    Provider(Rc<dyn TokenProvider>),
}

/// Provides tokens.
pub trait TokenProvider {
    /// Returns the token of a call. It is called once for every call, and once more for the same call after a 401, with
    /// the token that was `refused`. Its result is used for no other call.
    fn token(&self, refused: Option<Secret>) -> TokenFuture;
}

/// A future of a token.
pub type TokenFuture = Pin<Box<dyn Future<Output = Result<Secret, Cause>>>>;

impl<F: Fn(Option<Secret>) -> TokenFuture> TokenProvider for F {
    fn token(&self, refused: Option<Secret>) -> TokenFuture {
        self(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roots(v1: &str, v2: &str) -> Base {
        Base { v1: v1.to_owned(), v2: v2.to_owned() }
    }

    #[test]
    fn the_hosts_are_those_of_the_documentation() {
        let default = roots("https://api.pipedrive.com/v1", "https://api.pipedrive.com/api/v2");
        assert_eq!(Base::default(), default);
        for domain in ["mi6", "mi6.pipedrive.com", "https://mi6.pipedrive.com", "https://mi6.pipedrive.com/"]
        {
            let expected = roots("https://mi6.pipedrive.com/api/v1", "https://mi6.pipedrive.com/api/v2");
            assert_eq!(Base::company(domain).expect("a good domain"), expected, "{domain}");
        }
        assert_eq!(
            Base::url("http://127.0.0.1:8080/pipedrive/").expect("a good URL"),
            roots("http://127.0.0.1:8080/pipedrive/v1", "http://127.0.0.1:8080/pipedrive/api/v2")
        );
    }

    #[test]
    fn a_token_can_be_sent_nowhere_else() {
        let long = "a".repeat(64);
        for domain in [
            "",
            "evil.com/",
            "a.b",
            "a/b",
            "-a",
            "a-",
            "a b",
            "é",
            "https://evil.com",
            "https://mi6",
            "http://mi6.pipedrive.com",
            "a.b.pipedrive.com",
            ".pipedrive.com",
            "pipedrive.com.evil",
            "mi6@evil",
            long.as_str(),
        ] {
            assert!(Base::company(domain).is_err(), "{domain}");
        }
    }

    #[test]
    fn base_urls_are_what_the_url_standard_says() {
        for good in [
            "https://backend.example",
            "https://backend.example/api/",
            "HTTPS://a",
            "http://localhost:1",
            "http://a.localhost",
            "http://127.0.0.2",
            "http://127.1",
            "http://0x7f.1",
            "http://2130706433",
            "http://[::1]:80",
        ] {
            assert!(Base::url(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/path",
            "backend.example",
            "http://backend.example",
            "ftp://a",
            "https://a?b",
            "https://a#b",
            "https://u@a",
            "https://a b",
            "https://a:99999",
            "https://a:x",
            "https://[bad",
            "https://%00",
            "https://a|b",
            "http://[::1].evil.com",
            "http://[::1]evil.com",
            "http://[::2]",
            "http://127.evil.com",
            "http://localhost.evil.com",
            "https://a\\b",
            "http://128.0.0.1",
        ] {
            assert!(Base::url(bad).is_err(), "{bad}");
        }
    }
}
