//! The API client: builds requests, applies limits and retries, returns typed results.

mod call;
pub mod config;
mod drift;
mod driver;
mod pages;
pub mod settings;
#[cfg(feature = "stream")]
mod stream;
#[cfg(feature = "tracing")]
mod trace;

pub use call::{Answered, Call, Meta, ModelData};
#[cfg(all(target_arch = "wasm32", feature = "npm-client"))]
pub(crate) use config::{DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT_MS};
pub use pages::{Page, PagedCall, Pager};

pub use crate::schema::PagePosition;

#[cfg(feature = "stream")]
pub use stream::{ItemStream, PageStream};

use config::{Config, Credential};
use drift::DriftWatch;
use driver::Driver;

use crate::limits::{RateLimit, RateLimiter, Usage};
use crate::platform::sync::SharedRef;
use crate::protocol::{AuthScheme, Defaults, Dispatcher, Server};
use crate::text::Text;
use crate::transport::Runtime;

/// A client of one user of one company: its limits, budget and credential belong to it alone. Cloning it is cheap and
/// gives the same client; outside WebAssembly it is `Send` and `Sync`.
///
/// ```
/// # #[cfg(feature = "sandbox")] {
/// use pipedrive_users::config::Credential;
/// use pipedrive_users::transport::SandboxWorld;
/// use pipedrive_users::{Client, Config};
///
/// let world = SandboxWorld::default();
/// let credential = Credential::api_token(&world.tokens().api_token)?;
/// let client = Client::new(Config::new(credential), world.clone());
/// let user = world.run(async { client.get_user(2).await }).ok_or("it never ends")??;
/// assert_eq!(user.id, 2);
/// assert_eq!(client.usage().total().tokens_spent, 2);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Client<R: Runtime> {
    inner: SharedRef<Inner<R>>,
}

struct Inner<R: Runtime> {
    driver: SharedRef<Driver<R>>,
    defaults: Defaults<String>,
    drift: DriftWatch,
}

impl<R: Runtime> Clone for Client<R> {
    fn clone(&self) -> Self {
        Self { inner: SharedRef::clone(&self.inner) }
    }
}

impl<R: Runtime> std::fmt::Debug for Client<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("usage", &self.usage().total()).finish_non_exhaustive()
    }
}

impl<R: Runtime> Client<R> {
    /// Makes a client. Nothing is sent before the first call.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Config, Result, transport::Runtime};
    /// # fn example<R: Runtime>(runtime: R) -> Result<Client<R>> {
    /// let config = Config::builder().base_url("https://backend.example/pipedrive").build()?;
    /// let client = Client::new(config, runtime);
    /// # Ok(client)
    /// # }
    /// ```
    pub fn new(config: Config, runtime: R) -> Self {
        let Config {
            base,
            credential,
            headers,
            timeout_ms,
            max_retries,
            max_concurrency,
            daily_token_budget,
            max_body_bytes,
            on_event,
            on_drift,
        } = config;
        let scheme = match credential {
            Credential::ApiToken(_) => AuthScheme::ApiToken,
            Credential::AccessToken(_) | Credential::None => AuthScheme::AccessToken,
        };
        let (v1, v2) = (R::Text::from_rust(&base.v1), R::Text::from_rust(&base.v2));
        let server = Server { v1, v2, scheme, max_body_bytes };
        let dispatcher = Dispatcher::new(server, RateLimiter::new(max_concurrency, daily_token_budget));
        Self {
            inner: SharedRef::new(Inner {
                driver: SharedRef::new(Driver::new(runtime, credential, on_event, dispatcher)),
                defaults: Defaults { headers, timeout_ms, max_retries },
                drift: DriftWatch::new(on_drift),
            }),
        }
    }

    /// Returns what this client has spent.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// println!("{} cost units", client.usage().total().tokens_spent);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.inner.driver.with(|dispatcher| dispatcher.usage().clone())
    }

    /// The time of day, in milliseconds since 1970.
    pub(crate) fn wall(&self) -> f64 {
        self.inner.driver.wall()
    }

    /// Returns the rate limits as the last response reported them.
    ///
    /// ```
    /// # use pipedrive_users::{Client, Result, transport::Runtime};
    /// # async fn example<R: Runtime>(client: Client<R>) -> Result<()> {
    /// println!("{:?} calls left in these two seconds", client.rate_limit().remaining);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn rate_limit(&self) -> RateLimit {
        self.inner.driver.with(Dispatcher::rate_limit).into()
    }
}
