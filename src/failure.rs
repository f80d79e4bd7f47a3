//! The errors of attempts that no answer tells of: the network, the time, and the limits that are kept here.

use crate::decimal::decimal;
use crate::endpoint::Endpoint;
use crate::error::{Error, Kind, LimitScope};
use crate::limits::{DEFAULT_RESET_MS, retry_after};
use crate::transport::{Headers, Progress};

/// Something took longer than an attempt may.
pub(crate) fn timed_out(endpoint: &'static Endpoint, what: &str, milliseconds: u32) -> Error {
    let text = [what, " within ", &decimal(milliseconds), " ms (timeoutMs)"];
    Error::new(Kind::Timeout, endpoint.operation, &text)
}

/// No answer came, or not all of it. `head` is its status and headers, where it got so far.
pub(crate) fn lost(
    endpoint: &'static Endpoint,
    progress: &Progress,
    cause: &str,
    head: Option<(u16, &impl Headers)>,
    now: f64,
) -> Error {
    let hint = match progress {
        Progress::Unsent => "the connection was not made: ",
        Progress::Body { .. } => "the answer was cut off: ",
        Progress::NoResponse => "the fetch function did not give a Response: ",
        Progress::Unknown => {
            "no answer came. Either the network failed, or this is a page and CORS keeps the answer from it: "
        }
    };
    Error::new(Kind::Connection, endpoint.operation, &[hint, cause]).with(|details| {
        details.unprocessed = matches!(progress, Progress::Unsent);
        details.lasting = matches!(progress, Progress::NoResponse);
        let Some((status, headers)) = head else { return };
        details.status = Some(status);
        let wait = retry_after(headers, now);
        details.retry_after_seconds = wait.map(|wait| wait / 1000.0);
        if status == 429 {
            // Its head says all that matters: the call was not carried out, and the queue has to pause.
            details.unprocessed = true;
            details.scope = Some(LimitScope::Burst);
            details.reset_at = Some(now + wait.unwrap_or(DEFAULT_RESET_MS));
        }
    })
}

/// A call that is not sent, since its cost is more than what is left of the day.
pub(crate) fn over_budget(endpoint: &'static Endpoint, reset_at: f64, now: f64) -> Error {
    let text = [
        "not sent, since its cost of ",
        &decimal(endpoint.cost),
        " tokens is more than the rest of the daily budget; resetAt estimates when the server's day ends",
    ];
    refused(endpoint, LimitScope::Daily, reset_at, now, &text)
}

/// A call that is not sent, since the burst window ends later than any call waits for.
pub(crate) fn too_long(endpoint: &'static Endpoint, until: f64, now: f64) -> Error {
    let text = ["not sent: the burst window is used up, and ends in more than a minute, see resetAt"];
    refused(endpoint, LimitScope::Burst, until, now, &text)
}

fn refused(endpoint: &'static Endpoint, scope: LimitScope, until: f64, now: f64, text: &[&str]) -> Error {
    Error::new(Kind::RateLimit, endpoint.operation, text).with(|details| {
        details.scope = Some(scope);
        details.reset_at = Some(until);
        details.retry_after_seconds = Some((until - now) / 1000.0);
    })
}
