//! The API client: builds requests, applies limits and retries, returns typed results.

mod call;
mod caller;
pub mod config;
mod drift;
mod driver;
mod exchange;
mod render;
pub mod settings;
mod shared;
mod wait;

use std::future::Future;
use std::rc::Rc;

pub use call::{Answered, Call, Meta, Page, PagedCall, Pager};
#[cfg(all(target_arch = "wasm32", feature = "npm-client"))]
pub(crate) use caller::{AuthScheme, CredentialSource, Roots};
#[cfg(all(target_arch = "wasm32", feature = "npm-client"))]
pub(crate) use config::{DEFAULT_MAX_RETRIES, DEFAULT_TIMEOUT_MS};
pub use drift::DriftHook;
#[cfg(all(target_arch = "wasm32", feature = "npm-client"))]
pub(crate) use driver::{Failed, Reply};

pub(crate) use caller::Caller;
pub(crate) use driver::Driver;

#[cfg(not(all(target_arch = "wasm32", feature = "npm-client")))]
use caller::{AuthScheme, CredentialSource, Roots};
use config::{Config, Credential, Token};
use drift::DriftWatch;

use crate::error::{Secret, Thrown};
use crate::limits::{RateLimit, Usage};
use crate::protocol::Defaults;
use crate::protocol::event::Event;
use crate::text::Text;
use crate::transport::{Runtime, Transport};

/// A client of one user of one company: its limits, budget and credential belong to it alone. Cloning it is cheap and
/// gives the same client.
pub struct Client<R: Runtime> {
    inner: Rc<Inner<R>>,
}

/// Called for every client event.
pub type Observer = Box<dyn Fn(&Event<'_>)>;

struct Inner<R: Runtime> {
    driver: Rc<Driver<ClientCaller<R>>>,
    caller: Rc<ClientCaller<R>>,
    defaults: Defaults<R::Text>,
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
        } = config;
        let headers = headers.0.into_iter().map(|(name, value)| (name, R::Text::new(&value))).collect();
        let roots = Roots { v1: R::Text::new(&base.v1), v2: R::Text::new(&base.v2) };
        Self {
            inner: Rc::new(Inner {
                driver: Rc::new(Driver::new(max_concurrency, daily_token_budget)),
                caller: Rc::new(ClientCaller { runtime, roots, credential, observer }),
                defaults: Defaults { headers, timeout_ms, max_retries },
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
        self.inner.driver.usage()
    }

    /// Returns the rate limits as the last response told them.
    #[must_use]
    pub fn rate_limit(&self) -> RateLimit {
        self.inner.driver.rate_limit()
    }
}

/// A Rust program that makes calls.
struct ClientCaller<R: Runtime> {
    runtime: R,
    roots: Roots<R::Text>,
    credential: Credential,
    observer: Option<Observer>,
}

impl<R: Runtime> Caller for ClientCaller<R> {
    type Runtime = R;

    fn runtime(&self) -> &R {
        &self.runtime
    }

    fn roots(&self) -> &Roots<R::Text> {
        &self.roots
    }

    fn auth_scheme(&self) -> AuthScheme {
        match self.credential {
            Credential::ApiToken(_) => AuthScheme::ApiToken,
            Credential::AccessToken(_) | Credential::None => AuthScheme::AccessToken,
        }
    }

    fn credential_source(&self) -> CredentialSource<R::Text> {
        match self.credential.token() {
            None => CredentialSource::None,
            Some(Token::Fixed(secret)) => CredentialSource::Fixed(R::Text::new(secret.reveal())),
            Some(Token::Provider(_)) => CredentialSource::Function,
        }
    }

    fn ask_credential(
        &self,
        refused: Option<&R::Text>,
    ) -> impl Future<Output = Result<R::Text, <R as Transport>::Thrown>> {
        let refused = refused.and_then(|refused| Secret::new(refused.to_rust()).ok());
        let asked = match self.credential.token() {
            Some(Token::Provider(provider)) => Some(provider.token(refused)),
            Some(Token::Fixed(_)) | None => None,
        };
        async {
            let Some(asked) = asked else { return Ok(R::Text::new("")) };
            match asked.await {
                Ok(secret) => Ok(R::Text::new(secret.reveal())),
                Err(cause) => Err(R::Thrown::new(&R::Text::new(&cause.text))),
            }
        }
    }

    fn emit(&self, event: &Event<'_, R::Text>) {
        let Some(observer) = &self.observer else { return };
        let Event { kind, operation, attempt, cost, status, duration_ms, text } = *event;
        let text = text.map(Text::to_rust);
        observer(&Event { kind, operation, attempt, cost, status, duration_ms, text: text.as_ref() });
    }
}
