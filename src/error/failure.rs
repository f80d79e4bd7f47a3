//! A failure as the state machine knows it: numbers for decisions, and a message template with one placeholder.

use super::{Kind, LimitScope};

/// What decisions need to know of a failure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ErrorInfo {
    pub(crate) kind: Kind,
    pub(crate) status: Option<u16>,
    /// How long the server asks to wait.
    pub(crate) retry_after_ms: Option<f64>,
    pub(crate) scope: Option<LimitScope>,
    /// In how many milliseconds the limit is lifted, or the server asks to come back.
    pub(crate) reset_in_ms: Option<f64>,
    /// The time of day then, in milliseconds since 1970.
    pub(crate) reset_at: Option<f64>,
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
            retry_after_ms: None,
            scope: None,
            reset_in_ms: None,
            reset_at: None,
            not_processed: false,
            permanent: false,
        }
    }

    /// The limit is lifted, or the server asks to come back, in so many milliseconds.
    pub(crate) fn set_reset(&mut self, in_ms: f64, wall: f64) {
        self.reset_in_ms = Some(in_ms);
        self.reset_at = Some(wall + in_ms);
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
    pub(crate) const fn new(info: ErrorInfo, template: &'static str, placeholder: Placeholder) -> Self {
        Self { info, template, placeholder }
    }
}
