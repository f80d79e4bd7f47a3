//! Failures before they are put into words: what decisions need of them, and a line with a gap for what only the world
//! has at hand. Rust and JavaScript fill it each in their own way.

use crate::decimal::decimal;
use crate::endpoint::Endpoint;
use crate::error::{Error, Kind, LimitScope};
use crate::limits::{DEFAULT_RESET_MS, Told};
use crate::said::{Said, one_line};
use crate::transport::Progress;

/// What decisions need to know of a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) kind: Kind,
    pub(crate) status: Option<u16>,
    pub(crate) retry_after_ms: Option<f64>,
    pub(crate) scope: Option<LimitScope>,
    pub(crate) reset_at: Option<f64>,
    /// Whether the request surely was not carried out, so that sending it again adds nothing twice.
    pub(crate) unprocessed: bool,
    /// Whether it would be the same again, whatever its kind says.
    pub(crate) lasting: bool,
}

impl Facts {
    pub(crate) const fn new(kind: Kind) -> Self {
        Self {
            kind,
            status: None,
            retry_after_ms: None,
            scope: None,
            reset_at: None,
            unprocessed: false,
            lasting: false,
        }
    }
}

/// What stands in the gap of a failure's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    /// There is none.
    None,
    /// The status, and what the server says.
    Answer,
    /// What was thrown says.
    Cause,
    /// How long it was waited for, in milliseconds.
    Wait,
    /// What the call costs.
    Cost,
}

/// A failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    pub(crate) facts: Facts,
    /// One line, in which `{}` is the gap.
    pub(crate) line: &'static str,
    pub(crate) gap: Gap,
}

impl Failure {
    pub(crate) const fn new(facts: Facts, line: &'static str, gap: Gap) -> Self {
        Self { facts, line, gap }
    }
}

/// Something took longer than an attempt may: the answer, or the credential.
pub(crate) fn timed_out(is_credential: bool) -> Failure {
    let line = if is_credential {
        "the credential function gave no token within {} ms (timeoutMs)"
    } else {
        "no whole answer within {} ms (timeoutMs)"
    };
    Failure::new(Facts::new(Kind::Timeout), line, Gap::Wait)
}

/// No answer came, or not all of it. `head` is its status and what its headers tell, where it got so far.
pub(crate) fn lost(progress: &Progress, head: Option<(u16, &Told)>, now: f64) -> Failure {
    let line = match progress {
        Progress::Unsent => "the connection was not made: {}",
        Progress::Body { .. } => "the answer was cut off: {}",
        Progress::NoResponse => "the fetch function did not give a Response: {}",
        Progress::Unknown => {
            "no answer came. Either the network failed, or this is a page and CORS keeps the answer from it: {}"
        }
    };
    let mut facts = Facts::new(Kind::Connection);
    facts.unprocessed = matches!(progress, Progress::Unsent);
    facts.lasting = matches!(progress, Progress::NoResponse);
    if let Some((status, told)) = head {
        facts.status = Some(status);
        facts.retry_after_ms = told.retry_after_ms;
        if status == 429 {
            // Its head says all that matters: the call was not carried out, and the queue has to pause.
            facts.unprocessed = true;
            facts.scope = Some(LimitScope::Burst);
            facts.reset_at = Some(now + told.retry_after_ms.unwrap_or(DEFAULT_RESET_MS));
        }
    }
    Failure::new(facts, line, Gap::Cause)
}

/// A call that is not sent, since its cost is more than what is left of the day.
pub(crate) fn over_budget(reset_at: f64, now: f64) -> Failure {
    refused(
        LimitScope::Daily,
        reset_at,
        now,
        "not sent, since its cost of {} tokens is more than the rest of the daily budget; resetAt estimates when the \
         server's day ends",
        Gap::Cost,
    )
}

/// A call that is not sent, since the burst window ends later than any call waits for.
pub(crate) fn too_long(until: f64, now: f64) -> Failure {
    let line = "not sent: the burst window is used up, and ends in more than a minute, see resetAt";
    refused(LimitScope::Burst, until, now, line, Gap::None)
}

fn refused(scope: LimitScope, until: f64, now: f64, line: &'static str, gap: Gap) -> Failure {
    let mut facts = Facts::new(Kind::RateLimit);
    facts.scope = Some(scope);
    facts.reset_at = Some(until);
    facts.retry_after_ms = Some(until - now);
    Failure::new(facts, line, gap)
}

impl Failure {
    /// The failure in Rust's words. `said` is what the server says, `gap` fills the gap where it is neither that nor the
    /// cost.
    pub(crate) fn into_error(self, endpoint: &'static Endpoint, said: Option<Said>, gap: &str) -> Error {
        let Self { facts, line, gap: kind } = self;
        let Said { text, detail, code } = said.unwrap_or_default();
        let filler = match kind {
            Gap::None => String::new(),
            Gap::Cause | Gap::Wait => gap.to_owned(),
            Gap::Cost => decimal(endpoint.cost),
            Gap::Answer => {
                let status = facts.status.filter(|status| *status != 0).map(decimal);
                let mut filler = status.unwrap_or_else(|| "redirect".to_owned());
                let text = one_line(&text.unwrap_or_default());
                if !text.is_empty() {
                    filler.extend([" ", &text]);
                }
                filler
            }
        };
        let (before, after) = line.split_once("{}").unwrap_or((line, ""));
        Error::new(facts.kind, endpoint.operation, &[before, &filler, after]).with(|details| {
            details.status = facts.status;
            details.retry_after_seconds = facts.retry_after_ms.map(|wait| wait / 1000.0);
            details.scope = facts.scope;
            details.reset_at = facts.reset_at;
            details.unprocessed = facts.unprocessed;
            details.lasting = facts.lasting;
            if let Some(detail) = &detail {
                details.message.extend([" (", &one_line(detail), ")"]);
            }
            details.detail = detail;
            details.code = code;
        })
    }
}
