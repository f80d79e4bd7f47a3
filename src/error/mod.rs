//! What went wrong, for programs (`kind` and the fields) and for people (one line that says what to do).

mod failure;
mod kind;
mod redact;
mod secret;

use std::any::Any;
use std::fmt;
use std::rc::Rc;

pub(crate) use failure::{ErrorInfo, Failure, Placeholder};
pub use kind::{Kind, LimitScope};
pub(crate) use redact::{Redactor, is_credential};
pub use secret::Secret;
pub(crate) use secret::check_credential;

use crate::schema::PageRef;
use crate::text::{Message, Text};

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed call. It never holds a token.
#[derive(Clone, Debug)]
pub struct Error(Box<Details>);

/// Everything that is known of a failed call. `T` is text as the runtime keeps it, `C` what was thrown beneath, `H` the
/// headers.
#[derive(Clone, Debug)]
pub struct Details<T = String, C = Cause, H = Vec<(T, T)>> {
    /// The kind of failure.
    pub kind: Kind,
    /// The operation, such as `getUser`.
    pub operation: &'static str,
    /// What happened, what it means and what to do, in one line.
    pub message: T,
    /// The HTTP status, where there was a response.
    pub status: Option<u16>,
    /// Pipedrive's `code`, `errorCode` or `statusCode`, as it came. It may differ from the HTTP status.
    pub code: Option<Code<T>>,
    /// Pipedrive's `error_info`, unless it only links to the documentation.
    pub detail: Option<T>,
    /// Pipedrive's `x-correlation-id`, to quote to its support.
    pub request_id: Option<T>,
    /// How long the server asks to wait, in seconds.
    pub retry_after_seconds: Option<f64>,
    /// Number of requests sent.
    pub attempts: u32,
    /// The headers of the response, names in lower case.
    pub headers: H,
    /// The text of the response, at most 2²⁰ UTF-16 code units of it.
    pub body: Option<T>,
    /// What was thrown beneath.
    pub cause: Option<C>,
    /// Which limit was hit.
    pub scope: Option<LimitScope>,
    /// When the limit is lifted, or the server asks to come back, in milliseconds since 1970; an estimate where
    /// `scope` is daily.
    pub reset_at: Option<f64>,
    /// Where the page began that failed: continue from there.
    pub page: Option<PageRef<T>>,
}

/// Pipedrive's own code of an error: a text or a number, as it came.
#[derive(Clone, Debug, PartialEq)]
pub enum Code<T = String> {
    /// Such as `feature_capping_deals_limit`.
    Text(T),
    /// Such as `401`.
    Number(f64),
}

/// Something that was thrown outside the crate.
pub trait Thrown: Clone + 'static {
    /// Text of the runtime.
    type Text: Text;

    /// An error of the crate's own.
    fn new(text: &Self::Text) -> Self;

    /// What it says of itself, and of its own cause.
    fn text(&self) -> Self::Text;

    /// A copy in which every text has passed `redact`.
    #[must_use]
    fn redacted(&self, redact: &dyn Fn(&Self::Text) -> Self::Text) -> Self;

    /// The same for Rust callers.
    fn to_rust(&self) -> Cause;
}

/// Something that was thrown outside the crate, for Rust callers.
#[derive(Clone)]
pub struct Cause {
    /// Its text.
    pub text: String,
    /// The value itself, for callers that know its type.
    pub value: Option<Rc<dyn Any>>,
}

impl Thrown for Cause {
    type Text = String;

    fn new(text: &String) -> Self {
        Self { text: text.clone(), value: None }
    }

    fn text(&self) -> String {
        self.text.clone()
    }

    fn redacted(&self, redact: &dyn Fn(&String) -> String) -> Self {
        Self { text: redact(&self.text), value: self.value.clone() }
    }

    fn to_rust(&self) -> Cause {
        self.clone()
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T: Text, C: Thrown<Text = T>, H: Default> Details<T, C, H> {
    /// An error with nothing but a kind and a message, which the operation is put in front of.
    pub(crate) fn new(kind: Kind, operation: &'static str, message: &T) -> Self {
        let prefix = Message::new(operation).ascii(if operation.is_empty() { "" } else { ": " });
        Self {
            kind,
            operation,
            message: prefix.text(message).build(),
            status: None,
            code: None,
            detail: None,
            request_id: None,
            retry_after_seconds: None,
            attempts: 0,
            headers: H::default(),
            body: None,
            cause: None,
            scope: None,
            reset_at: None,
            page: None,
        }
    }

    /// The same error for Rust callers.
    pub(crate) fn to_error(
        &self,
        headers: Vec<(String, String)>,
        attempts: u32,
        page: Option<PageRef>,
    ) -> Error {
        Error(Box::new(Details {
            kind: self.kind,
            operation: self.operation,
            message: self.message.to_rust(),
            status: self.status,
            code: self.code.as_ref().map(|code| match code {
                Code::Text(text) => Code::Text(text.to_rust()),
                Code::Number(number) => Code::Number(*number),
            }),
            detail: self.detail.as_ref().map(Text::to_rust),
            request_id: self.request_id.as_ref().map(Text::to_rust),
            retry_after_seconds: self.retry_after_seconds,
            attempts,
            headers,
            body: self.body.as_ref().map(Text::to_rust),
            cause: self.cause.as_ref().map(Thrown::to_rust),
            scope: self.scope,
            reset_at: self.reset_at,
            page,
        }))
    }
}

impl Error {
    /// An error with nothing but a kind and a message.
    pub(crate) fn new(kind: Kind, operation: &'static str, message: &str) -> Self {
        Self(Box::new(Details::new(kind, operation, &message.to_owned())))
    }

    /// The same error with more known of it.
    pub(crate) fn with(mut self, add: impl FnOnce(&mut Details)) -> Self {
        add(&mut self.0);
        self
    }
}

impl std::ops::Deref for Error {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
