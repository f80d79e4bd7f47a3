//! A failure as the state machine knows it: numbers for decisions, and a message template with one placeholder.

use super::{Code, Details, Kind, LimitScope, Thrown};
use crate::text::{Message, Text, decimal, one_line, split_at_placeholder};

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

/// What the body of an error response contains.
#[derive(Clone, Debug)]
pub(crate) struct ErrorBody<T> {
    pub(crate) text: Option<T>,
    pub(crate) detail: Option<T>,
    pub(crate) code: Option<Code<T>>,
}

impl<T> Default for ErrorBody<T> {
    fn default() -> Self {
        Self { text: None, detail: None, code: None }
    }
}

/// What a failure's message is rendered from.
pub(crate) struct Rendering<'a, T, C> {
    pub(crate) operation: &'static str,
    pub(crate) cost: u32,
    pub(crate) timeout_ms: u32,
    pub(crate) body: ErrorBody<T>,
    pub(crate) cause: Option<C>,
    /// Takes credentials out of a text, before it is cut.
    pub(crate) redact: &'a dyn Fn(&T) -> T,
}

impl Failure {
    pub(crate) const fn new(info: ErrorInfo, template: &'static str, placeholder: Placeholder) -> Self {
        Self { info, template, placeholder }
    }

    /// Renders the message, and fills in what the failure itself knows.
    pub(crate) fn render<T: Text, C: Thrown<Text = T>>(&self, from: Rendering<'_, T, C>) -> Details<T, C> {
        let Rendering { operation, cost, timeout_ms, body, cause, redact } = from;
        let Self { info, template, placeholder } = self;
        let line = |text: &T| one_line(&redact(text));
        let filler = match placeholder {
            Placeholder::None => T::new(""),
            Placeholder::Cause => {
                cause.as_ref().map_or_else(|| T::new("no reason given"), |cause| redact(&cause.text()))
            }
            Placeholder::Timeout => T::new(&decimal(timeout_ms)),
            Placeholder::Cost => T::new(&decimal(cost)),
            Placeholder::Response => {
                let status = info.status.filter(|status| *status != 0).map(decimal);
                let status = T::new(&status.unwrap_or_else(|| "redirect".to_owned()));
                let text = body.text.as_ref().map(line).filter(|text| !text.is_empty());
                text.map_or_else(|| status.clone(), |text| status.concat(&T::new(" ")).concat(&text))
            }
        };
        let (before, after) = split_at_placeholder(template);
        let mut message = Message::new(before).text(&filler).ascii(after);
        if let Some(detail) = body.detail.as_ref().map(line).filter(|detail| !detail.is_empty()) {
            message = message.ascii(" (").text(&detail).ascii(")");
        }
        let mut details = Details::new(info.kind, operation, &message.build());
        details.status = info.status;
        details.retry_after_seconds = info.retry_after_ms.map(|wait| wait / 1000.0);
        details.scope = info.scope;
        details.reset_at = info.reset_at;
        details.detail = body.detail;
        details.code = body.code;
        details.cause = cause;
        details
    }
}
