//! The API client: builds requests, applies limits and retries, returns typed results.

mod call;
pub mod config;
mod drift;
mod driver;
pub mod settings;

use std::rc::Rc;

pub use call::{Answered, Call, Meta, Page, PagedCall, Pager};
#[cfg(all(target_arch = "wasm32", feature = "npm-client"))]
pub(crate) use config::{DEFAULT_MAX_BODY_BYTES, DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT_MS};
pub use drift::DriftHook;

use config::{Config, Credential};
use drift::DriftWatch;
use driver::Driver;

use crate::limits::{RateLimit, Usage};
use crate::protocol::event::Event;
use crate::protocol::{AuthScheme, Defaults, Dispatcher, Server};
use crate::text::Text;
use crate::transport::Runtime;

/// A client of one user of one company: its limits, budget and credential belong to it alone. Cloning it is cheap and
/// gives the same client.
pub struct Client<R: Runtime> {
    inner: Rc<Inner<R>>,
}

/// Called for every client event.
pub type Observer = Box<dyn Fn(&Event<'_>)>;

struct Inner<R: Runtime> {
    driver: Rc<Driver<R>>,
    defaults: Defaults<String>,
    drift: DriftWatch,
}

impl<R: Runtime> Clone for Client<R> {
    fn clone(&self) -> Self {
        Self { inner: Rc::clone(&self.inner) }
    }
}

impl<R: Runtime> Client<R> {
    /// Makes a client. Nothing is sent before the first call.
    pub fn new(config: Config, runtime: R) -> Self {
        Self::with_observer(config, runtime, None)
    }

    /// Makes a client, and calls `observer` for every event.
    pub fn with_observer(config: Config, runtime: R, observer: Option<Observer>) -> Self {
        let Config {
            base,
            credential,
            headers,
            timeout_ms,
            max_retries,
            max_concurrency,
            daily_token_budget,
            max_body_bytes,
        } = config;
        let scheme = match credential {
            Credential::ApiToken(_) => AuthScheme::ApiToken,
            Credential::AccessToken(_) | Credential::None => AuthScheme::AccessToken,
        };
        let (v1, v2) = (R::Text::from_rust(&base.v1), R::Text::from_rust(&base.v2));
        let server = Server { v1, v2, scheme, max_body_bytes };
        let dispatcher = Dispatcher::new(server, max_concurrency, daily_token_budget);
        Self {
            inner: Rc::new(Inner {
                driver: Rc::new(Driver::new(runtime, credential, observer, dispatcher)),
                defaults: Defaults { headers: headers.0, timeout_ms, max_retries },
                drift: DriftWatch::default(),
            }),
        }
    }

    /// Validates the data of typed calls against the models, and calls `hook` for each difference, once per path and
    /// kind.
    #[must_use]
    pub fn on_drift(self, hook: DriftHook) -> Self {
        self.inner.drift.set(hook);
        self
    }

    /// Returns what this client has spent.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.inner.driver.with(|dispatcher| dispatcher.usage().clone())
    }

    /// Returns the rate limits as the last response reported them.
    #[must_use]
    pub fn rate_limit(&self) -> RateLimit {
        self.inner.driver.with(Dispatcher::rate_limit).into()
    }
}
