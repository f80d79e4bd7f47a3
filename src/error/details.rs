//! What is known of a failed call, for both languages.

use super::{Cause, Error, Kind, LimitScope, Thrown};
use crate::schema::PageRef;
use crate::text::{Message, Text};

/// Everything that is known of a failed call. `T` is text as the runtime keeps it, `C` what was thrown beneath, `H` the
/// headers.
#[derive(Clone, Debug)]
pub(crate) struct Details<T = String, C = Cause, H = Vec<(T, T)>> {
    /// The kind of failure.
    pub(crate) kind: Kind,
    /// The operation, such as `getUser`.
    pub(crate) operation: &'static str,
    /// What happened, what it means and what to do, in one line.
    pub(crate) message: T,
    /// The HTTP status, where there was a response.
    pub(crate) status: Option<u16>,
    /// Pipedrive's `code`, `errorCode` or `statusCode`, as it came. It may differ from the HTTP status.
    pub(crate) code: Option<Code<T>>,
    /// Pipedrive's `error_info`, unless it only links to the documentation.
    pub(crate) detail: Option<T>,
    /// Pipedrive's `x-correlation-id`, to quote to its support.
    pub(crate) request_id: Option<T>,
    /// How long the server asks to wait, in seconds.
    pub(crate) retry_after_seconds: Option<f64>,
    /// Number of requests sent.
    pub(crate) attempts: u32,
    /// The headers of the response, names in lower case.
    pub(crate) headers: H,
    /// The text of the response, at most 2²⁰ UTF-16 code units of it.
    pub(crate) body: Option<T>,
    /// What was thrown beneath.
    pub(crate) cause: Option<C>,
    /// Which limit was hit.
    pub(crate) scope: Option<LimitScope>,
    /// When the limit is lifted, or the server asks to come back, in milliseconds since 1970; an estimate where
    /// `scope` is daily.
    pub(crate) reset_at: Option<f64>,
    /// Where the page began that failed: continue from there.
    pub(crate) page: Option<PageRef<T>>,
}

/// Pipedrive's own code of an error: a text or a number, as it came.
///
/// ```
/// use pipedrive_users::error::Code;
///
/// assert_ne!(Code::Text("401".to_owned()), Code::Number(401.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Code<T = String> {
    /// Such as `feature_capping_deals_limit`.
    Text(T),
    /// Such as `401`.
    Number(f64),
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
