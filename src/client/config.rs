//! The configuration of a client: where to call, with which credential, and how patiently.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::error::{Cause, Error, Kind, Result, Secret};
use crate::event::Event;
use crate::protocol::{Drift, LONGEST_TIMER_MS, MOST_RETRIES, check_header};
use crate::sync::{BoxFuture, SendOutsideWasm, SharedRef, SyncOutsideWasm};

/// The default time of an attempt.
pub(crate) const DEFAULT_TIMEOUT_MS: u32 = 30_000;
/// The default of the most bytes of a response's body.
pub(crate) const DEFAULT_MAX_BODY_BYTES: u32 = 64 << 20;
/// The default number of retries.
pub(crate) const DEFAULT_MAX_RETRIES: u32 = 2;

/// The settings of a client. [`Config::new`] calls `api.pipedrive.com` with the documented defaults, and
/// [`Config::builder`] sets what is to be different.
///
/// ```
/// use std::time::Duration;
/// use pipedrive_users::Config;
/// use pipedrive_users::config::Credential;
///
/// let config = Config::builder()
///     .credential(Credential::api_token("0123456789abcdef")?)
///     .company_domain("casinoroyale")
///     .timeout(Duration::from_secs(5))
///     .max_retries(4)
///     .header("x-trace", "7")
///     .build()?;
/// # Ok::<(), pipedrive_users::Error>(())
/// ```
#[derive(Clone)]
pub struct Config {
    pub(super) base: Base,
    pub(super) credential: Credential,
    pub(super) headers: Vec<(String, String)>,
    pub(super) timeout_ms: u32,
    pub(super) max_retries: u32,
    pub(super) max_concurrency: Option<u32>,
    pub(super) daily_token_budget: Option<u32>,
    pub(super) max_body_bytes: u32,
    pub(super) on_event: Option<EventHook>,
    pub(super) on_drift: Option<DriftHook>,
}

/// Called for every client event.
pub(super) type EventHook = SharedRef<dyn EventFn>;

/// Called for each difference between data and its model, with the operation.
pub(super) type DriftHook = SharedRef<dyn DriftFn>;

/// A function of an event.
pub(super) trait EventFn: Fn(&Event<'_>) + SendOutsideWasm + SyncOutsideWasm {}
impl<F: Fn(&Event<'_>) + SendOutsideWasm + SyncOutsideWasm> EventFn for F {}

/// A function of an operation and a difference.
pub(super) trait DriftFn: Fn(&'static str, &Drift) + SendOutsideWasm + SyncOutsideWasm {}
impl<F: Fn(&'static str, &Drift) + SendOutsideWasm + SyncOutsideWasm> DriftFn for F {}

impl Config {
    /// The documented defaults, with a credential.
    ///
    /// ```
    /// use pipedrive_users::Config;
    /// use pipedrive_users::config::Credential;
    ///
    /// let config = Config::new(Credential::access_token("v1u:abcdef")?);
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    #[must_use]
    pub fn new(credential: Credential) -> Self {
        Self {
            base: Base::default(),
            credential,
            headers: Vec::new(),
            timeout_ms: DEFAULT_TIMEOUT_MS,
            max_retries: DEFAULT_MAX_RETRIES,
            max_concurrency: None,
            daily_token_budget: None,
            max_body_bytes: DEFAULT_MAX_BODY_BYTES,
            on_event: None,
            on_drift: None,
        }
    }

    /// Begins with the defaults and no credential.
    ///
    /// ```
    /// let config = pipedrive_users::Config::builder().base_url("http://localhost:8080").build()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    pub fn builder() -> ConfigBuilder {
        Self::new(Credential::None).to_builder()
    }

    /// Begins with these settings.
    ///
    /// ```
    /// use pipedrive_users::Config;
    ///
    /// let one_at_a_time = Config::builder().build()?.to_builder().max_concurrency(1).build()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    pub fn to_builder(self) -> ConfigBuilder {
        ConfigBuilder(Ok(self))
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>();
        f.debug_struct("Config")
            .field("base", &self.base)
            .field("credential", &self.credential)
            .field("headers", &names)
            .field("timeout_ms", &self.timeout_ms)
            .field("max_retries", &self.max_retries)
            .finish_non_exhaustive()
    }
}

/// Sets what is to be different of a [`Config`]. What is refused is reported by [`build`](Self::build).
///
/// ```
/// use pipedrive_users::Config;
///
/// let error = Config::builder().company_domain("evil.example/").build().unwrap_err();
/// assert!(error.is_config());
/// assert!(error.message().starts_with("company_domain must be"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "it is a configuration once it is built"]
pub struct ConfigBuilder(Result<Config>);

impl ConfigBuilder {
    fn set(mut self, set: impl FnOnce(&mut Config) -> Result<()>) -> Self {
        if let Ok(config) = &mut self.0
            && let Err(error) = set(config)
        {
            self.0 = Err(error);
        }
        self
    }

    /// Sets how the client authenticates. Without it, the server at the base URL adds a credential.
    ///
    /// ```
    /// # use pipedrive_users::Config;
    /// # use pipedrive_users::config::Credential;
    /// let config = Config::builder().credential(Credential::api_token("0123456789abcdef")?).build()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    pub fn credential(self, credential: Credential) -> Self {
        self.set(|config| {
            config.credential = credential;
            Ok(())
        })
    }

    /// Calls the company's own host: see [`Base::company`].
    ///
    /// ```
    /// # use pipedrive_users::Config;
    /// let config = Config::builder().company_domain("casinoroyale").build()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    pub fn company_domain(self, domain: &str) -> Self {
        self.set(|config| Base::company(domain).map(|base| config.base = base))
    }

    /// Calls another server with the API of `api.pipedrive.com`: see [`Base::url`].
    ///
    /// ```
    /// # use pipedrive_users::Config;
    /// let config = Config::builder().base_url("https://backend.example/pipedrive").build()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    pub fn base_url(self, url: &str) -> Self {
        self.set(|config| Base::url(url).map(|base| config.base = base))
    }

    /// Calls below these roots.
    ///
    /// ```
    /// # use pipedrive_users::Config;
    /// # use pipedrive_users::config::Base;
    /// let config = Config::builder().base(Base::company("casinoroyale")?).build()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    pub fn base(self, base: Base) -> Self {
        self.set(|config| {
            config.base = base;
            Ok(())
        })
    }

    /// Adds a header to every request.
    ///
    /// ```
    /// # use pipedrive_users::Config;
    /// let config = Config::builder().header("x-trace", "7").build()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    pub fn header(self, name: &str, value: &str) -> Self {
        self.set(|config| {
            let header = check_header(&name.to_owned(), Some(value.to_owned()));
            config.headers.push(header.map_err(|text| Error::new(Kind::Config, &text))?);
            Ok(())
        })
    }

    /// Sets how long one attempt may take, its body included. Default: 30 seconds.
    ///
    /// ```
    /// # use pipedrive_users::Config;
    /// # use std::time::Duration;
    /// let config = Config::builder().timeout(Duration::from_secs(5)).build()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    pub fn timeout(self, timeout: Duration) -> Self {
        self.set(|config| {
            let refused = "timeout must be from 1 millisecond to 2147483647 milliseconds";
            config.timeout_ms = checked_timeout(timeout).ok_or_else(|| Error::new(Kind::Config, refused))?;
            Ok(())
        })
    }

    /// Sets how often a call may be sent again, 0 to 10. Default: 2.
    ///
    /// ```
    /// # use pipedrive_users::Config;
    /// let config = Config::builder().max_retries(0).build()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    pub fn max_retries(self, retries: u32) -> Self {
        self.set(|config| {
            if i64::from(retries) > MOST_RETRIES {
                return Err(Error::new(Kind::Config, "max_retries must be an integer from 0 to 10"));
            }
            config.max_retries = retries;
            Ok(())
        })
    }

    /// Sets how many requests may be in flight at once, from 1. Default: as many as the burst limit allows.
    ///
    /// ```
    /// # use pipedrive_users::Config;
    /// let config = Config::builder().max_concurrency(4).build()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    pub fn max_concurrency(self, requests: u32) -> Self {
        self.set(|config| {
            if requests == 0 {
                return Err(Error::new(Kind::Config, "max_concurrency must be an integer from 1"));
            }
            config.max_concurrency = Some(requests);
            Ok(())
        })
    }

    /// Sets how many cost units this client may spend in a day. Calls that would exceed it fail without being sent.
    ///
    /// ```
    /// # use pipedrive_users::Config;
    /// let config = Config::builder().daily_token_budget(10_000).build()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    pub fn daily_token_budget(self, cost_units: u32) -> Self {
        self.set(|config| {
            config.daily_token_budget = Some(cost_units);
            Ok(())
        })
    }

    /// Sets the most bytes of a response's body, once it is decompressed, from 1. A longer one fails the call, and is not
    /// read to its end. Default: 64 MiB.
    ///
    /// ```
    /// # use pipedrive_users::Config;
    /// let config = Config::builder().max_body_bytes(1 << 20).build()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    pub fn max_body_bytes(self, bytes: u32) -> Self {
        self.set(|config| {
            if bytes == 0 {
                return Err(Error::new(Kind::Config, "max_body_bytes must be an integer from 1"));
            }
            config.max_body_bytes = bytes;
            Ok(())
        })
    }

    /// Calls a function for every client event. With the feature `tracing`, each is an event of `tracing` as well.
    ///
    /// ```
    /// # use pipedrive_users::Config;
    /// let config = Config::builder().on_event(|event| eprintln!("{event:?}")).build()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    pub fn on_event(self, hook: impl Fn(&Event<'_>) + SendOutsideWasm + SyncOutsideWasm + 'static) -> Self {
        self.set(|config| {
            config.on_event = Some(SharedRef::new(hook));
            Ok(())
        })
    }

    /// Validates the data of typed calls against the models, and calls a function for each difference, once per path and
    /// kind, with the operation.
    ///
    /// ```
    /// # use pipedrive_users::Config;
    /// let config = Config::builder().on_drift(|operation, drift| eprintln!("{operation}: {drift:?}")).build()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
    pub fn on_drift(
        self,
        hook: impl Fn(&'static str, &Drift) + SendOutsideWasm + SyncOutsideWasm + 'static,
    ) -> Self {
        self.set(|config| {
            config.on_drift = Some(SharedRef::new(hook));
            Ok(())
        })
    }

    /// Returns the configuration.
    ///
    /// # Errors
    ///
    /// Says which setting was refused first, and why.
    pub fn build(self) -> Result<Config> {
        self.0
    }
}

/// A timeout in milliseconds, if a timer takes it.
pub(super) fn checked_timeout(timeout: Duration) -> Option<u32> {
    let milliseconds = u32::try_from(timeout.as_millis()).ok()?;
    (1..=LONGEST_TIMER_MS).contains(&i64::from(milliseconds)).then_some(milliseconds)
}

/// The two roots that the paths of the operations are below.
///
/// ```
/// use pipedrive_users::config::Base;
///
/// assert_eq!(Base::company("acme")?.v1, "https://acme.pipedrive.com/api/v1");
/// assert_eq!(Base::url("http://localhost:8080")?.v2, "http://localhost:8080/api/v2");
/// assert!(Base::url("http://backend.example").is_err());
/// # Ok::<(), pipedrive_users::Error>(())
/// ```
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
    /// ```
    /// # use pipedrive_users::config::Base;
    /// assert!(Base::company("https://casinoroyale.pipedrive.com").is_ok());
    /// assert!(Base::company("casinoroyale.example").is_err());
    /// ```
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
            let text =
                ["company_domain must be one DNS label such as \"casinoroyale\", got \"", domain, "\""];
            return Err(Error::new(Kind::Config, &text.concat()));
        }
        let origin = ["https://", label, HOST].concat();
        // A company's host wants `/api/v1`, `api.pipedrive.com` wants `/v1`.
        Ok(Self { v1: [&origin, "/api/v1"].concat(), v2: [&origin, "/api/v2"].concat() })
    }

    /// Another server with the API of `api.pipedrive.com`: a backend of your own, or a test's. What is a URL is what
    /// WHATWG's URL standard says.
    ///
    /// ```
    /// # use pipedrive_users::config::Base;
    /// assert!(Base::url("https://backend.example/pipedrive").is_ok());
    /// ```
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
            let text = "base_url must be an https:// URL (http:// only on the loopback), without query, fragment or user";
            return Err(Error::new(Kind::Config, text));
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

/// How the client authenticates. Its `Debug` shows nothing of a token.
#[derive(Clone, Debug)]
#[non_exhaustive]
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
    /// ```
    /// use pipedrive_users::config::Credential;
    ///
    /// assert!(Credential::api_token("0123456789abcdef").is_ok());
    /// assert!(Credential::api_token("not a token").is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// Refuses what no header can carry.
    pub fn api_token(token: &str) -> Result<Self> {
        fixed(token).map(Self::ApiToken)
    }

    /// An access token that is always the same.
    ///
    /// ```
    /// use pipedrive_users::config::Credential;
    ///
    /// assert!(Credential::access_token("v1u:abcdef").is_ok());
    /// ```
    ///
    /// # Errors
    ///
    /// Refuses what no header can carry.
    pub fn access_token(token: &str) -> Result<Self> {
        fixed(token).map(Self::AccessToken)
    }

    /// An access token that an async function returns for every call: see [`Token::from_fn`].
    ///
    /// ```
    /// use pipedrive_users::config::Credential;
    ///
    /// let credential = Credential::from_fn(async || std::env::var("ACCESS_TOKEN"));
    /// ```
    pub fn from_fn<F, Fut, T, E>(function: F) -> Self
    where
        F: Fn() -> Fut + SendOutsideWasm + SyncOutsideWasm + 'static,
        Fut: Future<Output = Result<T, E>> + SendOutsideWasm + 'static,
        T: Into<String>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self::AccessToken(Token::from_fn(move |_| function()))
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
    let refused = |lack| Error::new(Kind::Config, &["the token ", lack].concat());
    Secret::new(token).map(Token::Fixed).map_err(refused)
}

/// Where a token comes from.
#[derive(Clone)]
#[non_exhaustive]
pub enum Token {
    /// It is always the same.
    Fixed(Secret),
    /// A function is asked for it for every call.
    Provider(SharedRef<dyn TokenProvider>),
}

impl Token {
    /// A token that an async function returns. It is called once for every call, and once more for the same call after a
    /// 401, with the token that was refused. Its result is used for no other call.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use pipedrive_users::Secret;
    /// use pipedrive_users::config::{Credential, Token};
    ///
    /// struct Vault;
    /// impl Vault {
    ///     async fn read(&self, is_refused: bool) -> Result<String, std::io::Error> {
    ///         Ok(if is_refused { "a-new-one" } else { "the-same" }.to_owned())
    ///     }
    /// }
    ///
    /// let vault = Arc::new(Vault);
    /// let credential = Credential::ApiToken(Token::from_fn(move |refused: Option<Secret>| {
    ///     let vault = Arc::clone(&vault);
    ///     async move { vault.read(refused.is_some()).await }
    /// }));
    /// ```
    pub fn from_fn<F, Fut, T, E>(function: F) -> Self
    where
        F: Fn(Option<Secret>) -> Fut + SendOutsideWasm + SyncOutsideWasm + 'static,
        Fut: Future<Output = Result<T, E>> + SendOutsideWasm + 'static,
        T: Into<String>,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self::from_provider(move |refused| -> TokenFuture {
            let asked = function(refused);
            Box::pin(async {
                let token = asked.await.map_err(Cause::new)?;
                let lacking = |lack| Cause::new(["the token that it returned ", lack].concat());
                Secret::new(token).map_err(lacking)
            })
        })
    }

    /// A token of a type that provides tokens.
    ///
    /// ```
    /// # use pipedrive_users::{Secret, config::{Token, TokenFuture}};
    /// let token = Token::from_provider(|_refused: Option<Secret>| -> TokenFuture {
    ///     Box::pin(async { Ok(Secret::new("v1u:abcdef").unwrap()) })
    /// });
    /// ```
    pub fn from_provider(provider: impl TokenProvider + 'static) -> Self {
        Self::Provider(SharedRef::new(provider))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(secret) => secret.fmt(f),
            Self::Provider(_) => f.write_str("a function"),
        }
    }
}

/// Provides tokens. Functions that return a [`TokenFuture`] do; so may a type that keeps a session.
///
/// ```
/// use pipedrive_users::Secret;
/// use pipedrive_users::config::{Token, TokenFuture, TokenProvider};
/// use pipedrive_users::transport::Cause;
///
/// struct Session(Secret);
/// impl TokenProvider for Session {
///     fn token(&self, refused: Option<Secret>) -> TokenFuture {
///         let token = if refused.as_ref() == Some(&self.0) {
///             Err(Cause::new("the session is over"))
///         } else {
///             Ok(self.0.clone())
///         };
///         Box::pin(async { token })
///     }
/// }
/// let token = Token::from_provider(Session(Secret::new("v1u:abcdef")?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait TokenProvider: SendOutsideWasm + SyncOutsideWasm {
    /// Returns the token of a call. It is called once for every call, and once more for the same call after a 401, with
    /// the token that was `refused`. Its result is used for no other call.
    fn token(&self, refused: Option<Secret>) -> TokenFuture;
}

/// A future of a token.
pub type TokenFuture = BoxFuture<Result<Secret, Cause>>;

impl<F: Fn(Option<Secret>) -> TokenFuture + SendOutsideWasm + SyncOutsideWasm> TokenProvider for F {
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
