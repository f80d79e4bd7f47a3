//! How a client authenticates.

use std::fmt;
use std::future::Future;

use crate::error::{Cause, Error, Kind, Result, Secret};
use crate::platform::sync::{BoxFuture, SendOutsideWasm, SharedRef, SyncOutsideWasm};

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
    pub(in crate::client) fn token(&self) -> Option<&Token> {
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
