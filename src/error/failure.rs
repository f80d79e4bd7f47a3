//! A failure as the state machine knows it: numbers for decisions, and a message template with one placeholder.

use super::{Kind, LimitScope};
use crate::limits::Optional;

/// What decisions need to know of a failure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ErrorInfo {
    pub(crate) kind: Kind,
    pub(crate) status: Option<u16>,
    /// How long the server asks to wait.
    pub(crate) retry_after_ms: Optional,
    pub(crate) scope: Option<LimitScope>,
    /// In how many milliseconds the limit is lifted, or the server asks to come back.
    pub(crate) reset_in_ms: Optional,
    /// The time of day then, in milliseconds since 1970.
    pub(crate) reset_at: Optional,
    /// Whether the request was certainly not processed, so that sending it again duplicates nothing.
    pub(crate) not_processed: bool,
    /// Whether a retry would fail the same way, whatever the kind.
    pub(crate) permanent: bool,
}

impl ErrorInfo {
    pub(crate) const fn new(kind: Kind) -> Self {
        Self {
            kind,
            status: None,
            retry_after_ms: Optional::UNKNOWN,
            scope: None,
            reset_in_ms: Optional::UNKNOWN,
            reset_at: Optional::UNKNOWN,
            not_processed: false,
            permanent: false,
        }
    }

    /// The limit is lifted, or the server asks to come back, in so many milliseconds.
    pub(crate) fn set_reset(&mut self, in_ms: f64, wall: f64) {
        self.reset_in_ms = in_ms.into();
        self.reset_at = (wall + in_ms).into();
    }
}

/// What replaces the placeholder of a message template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placeholder {
    /// There is none.
    None,
    /// The status, and the text of the error body.
    Response,
    /// The text of what was thrown.
    Cause,
    /// The timeout, in milliseconds.
    Timeout,
    /// The cost of the call.
    Cost,
}

/// A failure, and the template of its message, in which `{}` is the placeholder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    pub(crate) info: ErrorInfo,
    pub(crate) template: &'static str,
    pub(crate) placeholder: Placeholder,
}

impl Failure {
    pub(crate) fn new(info: ErrorInfo, template: &'static str, placeholder: Placeholder) -> Box<Self> {
        Box::new(Self { info, template, placeholder })
    }
}
