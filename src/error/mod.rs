//! What went wrong, for programs (the kind and the accessors) and for people (one line that says what to do).

mod cause;
mod details;
mod failure;
mod is_kind;
mod kind;
mod redact;
mod secret;

use std::fmt;
use std::time::Duration;

pub use cause::{Cause, Thrown};
pub use details::Code;
pub(crate) use details::Details;
pub(crate) use failure::{ErrorInfo, Failure, Placeholder};
pub use kind::{Kind, LimitScope};
pub(crate) use redact::{Redactor, is_credential};
pub use secret::Secret;
pub(crate) use secret::check_credential;

use crate::platform::timestamp::{Timestamp, duration_from_ms};
use crate::schema::PagePosition;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed call. It never holds a token.
///
/// It says in one line what happened, what that means and what to do; programs match its [`kind`](Self::kind) or ask it
/// [`is_rate_limit`](Self::is_rate_limit) and the like. What was thrown beneath is its
/// [`source`](std::error::Error::source).
///
/// ```
/// use pipedrive_users::{Error, error::Kind};
///
/// fn describe(error: &Error) -> String {
///     match error.kind() {
///         Kind::NotFound => "no such user".to_owned(),
///         Kind::RateLimit => format!("again in {:?}", error.retry_after().unwrap_or_default()),
///         _ => error.to_string(),
///     }
/// }
/// assert_eq!(describe(&Error::new(Kind::NotFound, "gone")), "no such user");
///
/// // It passes through `?` into what programs collect errors with.
/// fn main_task() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
///     Err(Error::new(Kind::Server, "down"))?
/// }
/// assert!(main_task().is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Error(Box<Details>);

impl Error {
    /// An error with a kind and a message, for tests and for fakes of the client.
    ///
    /// ```
    /// use pipedrive_users::{Error, error::Kind};
    ///
    /// assert!(Error::new(Kind::RateLimit, "slow down").is_rate_limit());
    /// ```
    #[must_use]
    pub fn new(kind: Kind, message: &str) -> Self {
        Self::of(kind, "", message)
    }

    /// The same error with a status, for tests.
    ///
    /// ```
    /// use pipedrive_users::{Error, error::Kind};
    ///
    /// assert_eq!(Error::new(Kind::Server, "down").with_status(503).status(), Some(503));
    /// ```
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        self.with(|details| details.status = Some(status))
    }

    /// The same error with the time that the server asks to wait, for tests.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pipedrive_users::{Error, error::Kind};
    ///
    /// let error = Error::new(Kind::RateLimit, "slow down").with_retry_after(Duration::from_secs(2));
    /// assert_eq!(error.retry_after(), Some(Duration::from_secs(2)));
    /// ```
    #[must_use]
    pub fn with_retry_after(self, wait: Duration) -> Self {
        self.with(|details| details.retry_after_seconds = Some(wait.as_secs_f64()))
    }

    /// An error of an operation.
    pub(crate) fn of(kind: Kind, operation: &'static str, message: &str) -> Self {
        Self(Box::new(Details::new(kind, operation, &message.to_owned())))
    }

    /// The same error with more known of it.
    pub(crate) fn with(mut self, add: impl FnOnce(&mut Details)) -> Self {
        add(&mut self.0);
        self
    }

    /// The kind of failure.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert_eq!(Error::new(Kind::Config, "no").kind(), Kind::Config);
    /// ```
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The operation, such as `getUser`; nothing where none was called.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert_eq!(Error::new(Kind::Config, "no").operation(), None);
    /// ```
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        Some(self.0.operation).filter(|name| !name.is_empty())
    }

    /// What happened, what it means and what to do, in one line: what `Display` shows.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert_eq!(Error::new(Kind::Config, "no").message(), "no");
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The HTTP status, where there was a response.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert_eq!(Error::new(Kind::Connection, "no").status(), None);
    /// ```
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// Pipedrive's `code`, `errorCode` or `statusCode`, as it came. It may differ from the HTTP status.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert_eq!(Error::new(Kind::Validation, "no").code(), None);
    /// ```
    #[must_use]
    pub fn code(&self) -> Option<&Code> {
        self.0.code.as_ref()
    }

    /// Pipedrive's `error_info`, unless it only links to the documentation.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert_eq!(Error::new(Kind::Validation, "no").detail(), None);
    /// ```
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// Pipedrive's `x-correlation-id`, to quote to its support.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert_eq!(Error::new(Kind::Server, "no").request_id(), None);
    /// ```
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long the server asks to wait.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert_eq!(Error::new(Kind::RateLimit, "no").retry_after(), None);
    /// ```
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after_seconds.map(|seconds| duration_from_ms(seconds * 1000.0))
    }

    /// Number of requests sent.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert_eq!(Error::new(Kind::Argument, "no").attempts(), 0);
    /// ```
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The headers of the response, names in lower case, without credentials.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert!(Error::new(Kind::Server, "no").headers().is_empty());
    /// ```
    #[must_use]
    pub fn headers(&self) -> &[(String, String)] {
        &self.0.headers
    }

    /// The text of the response, at most 2²⁰ UTF-16 code units of it.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert_eq!(Error::new(Kind::Decode, "no").body(), None);
    /// ```
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.0.body.as_deref()
    }

    /// What was thrown beneath. It is also the error's `source`.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert!(Error::new(Kind::Connection, "no").cause().is_none());
    /// ```
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        self.0.cause.as_ref()
    }

    /// Which limit was hit.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert_eq!(Error::new(Kind::RateLimit, "no").scope(), None);
    /// ```
    #[must_use]
    pub fn scope(&self) -> Option<LimitScope> {
        self.0.scope
    }

    /// When the limit is lifted, or the server asks to come back; an estimate where the scope is daily.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert_eq!(Error::new(Kind::RateLimit, "no").reset_at(), None);
    /// ```
    #[must_use]
    pub fn reset_at(&self) -> Option<Timestamp> {
        self.0.reset_at.map(Timestamp::from_ms)
    }

    /// Where the page began that failed: continue from there.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert_eq!(Error::new(Kind::Server, "no").page(), None);
    /// ```
    #[must_use]
    pub fn page(&self) -> Option<PagePosition> {
        self.0.page.as_ref().map(PagePosition::from)
    }

    /// A header of the response, by its name in lower case.
    ///
    /// ```
    /// # use pipedrive_users::{Error, error::Kind};
    /// assert_eq!(Error::new(Kind::Server, "no").header("retry-after"), None);
    /// ```
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| cause as _)
    }
}
