//! The configuration of a client: where to call, with which credential, and how patiently.

mod base;
mod credential;

use std::fmt;
use std::time::Duration;

pub use base::Base;
pub use credential::{Credential, Token, TokenFuture, TokenProvider};

use crate::error::{Error, Kind, Result};
use crate::event::Event;
use crate::platform::sync::{SendOutsideWasm, SharedRef, SyncOutsideWasm};
use crate::protocol::{Drift, LONGEST_TIMER_MS, MOST_RETRIES, check_header};

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
    /// ```
    /// let config = pipedrive_users::Config::builder().max_retries(3).build()?;
    /// # Ok::<(), pipedrive_users::Error>(())
    /// ```
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
