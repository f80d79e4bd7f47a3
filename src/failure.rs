//! Failures before they are put into words: what decisions need of them, and a line with a gap for what only the world
//! has at hand. Rust and JavaScript fill it each in their own way.

use crate::decimal::decimal;
use crate::endpoint::Endpoint;
use crate::error::{Code, Error, Kind, LimitScope};
use crate::limits::{DEFAULT_RESET_MS, Told};
use crate::transport::{Json, Peek, Progress};

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

/// What the body of an error says, whichever of its eight shapes it has.
#[derive(Clone, Debug)]
pub(crate) struct Said<J> {
    pub(crate) text: Option<J>,
    pub(crate) detail: Option<J>,
    pub(crate) code: Option<J>,
}

/// A failure.
#[derive(Clone, Debug)]
pub(crate) struct Failure<J> {
    pub(crate) facts: Facts,
    /// One line, in which `{}` is the gap.
    pub(crate) line: &'static str,
    pub(crate) gap: Gap,
    pub(crate) said: Option<Said<J>>,
}

impl<J> Failure<J> {
    pub(crate) fn new(facts: Facts, line: &'static str, gap: Gap) -> Self {
        Self { facts, line, gap, said: None }
    }
}

impl<J: Peek> Said<J> {
    pub(crate) fn of(json: &J) -> Self {
        let text_at = |name| json.get(name).filter(Peek::is_text);
        let error = json.get("error");
        let inside = |name| error.as_ref().and_then(|error| error.get(name)).filter(Peek::is_text);
        Self {
            text: text_at("error")
                .or_else(|| inside("message"))
                .or_else(|| text_at("message"))
                .or_else(|| json.get("errors").and_then(first_text)),
            detail: text_at("error_info")
                .filter(|info| !info.mentions("Please check developers.pipedrive.com")),
            code: ["code", "errorCode", "statusCode"]
                .into_iter()
                .filter_map(|name| json.get(name))
                .find(|code| code.is_text() || code.as_number().is_some())
                .or_else(|| inside("code")),
        }
    }

    /// Whether the server's text has these words in it.
    pub(crate) fn mentions(&self, words: &str) -> bool {
        self.text.as_ref().is_some_and(|text| text.mentions(words))
    }
}

/// The first text in a value, however deep: `errors` is an object of lists.
fn first_text<J: Peek>(value: J) -> Option<J> {
    if value.is_text() { Some(value) } else { value.values().into_iter().find_map(first_text) }
}

/// Something took longer than an attempt may: the answer, or the credential.
pub(crate) fn timed_out<J>(is_credential: bool) -> Failure<J> {
    let line = if is_credential {
        "the credential function gave no token within {} ms (timeoutMs)"
    } else {
        "no whole answer within {} ms (timeoutMs)"
    };
    Failure::new(Facts::new(Kind::Timeout), line, Gap::Wait)
}

/// No answer came, or not all of it. `head` is its status and what its headers tell, where it got so far.
pub(crate) fn lost<J>(progress: &Progress, head: Option<(u16, &Told)>, now: f64) -> Failure<J> {
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
pub(crate) fn over_budget<J>(reset_at: f64, now: f64) -> Failure<J> {
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
pub(crate) fn too_long<J>(until: f64, now: f64) -> Failure<J> {
    let line = "not sent: the burst window is used up, and ends in more than a minute, see resetAt";
    refused(LimitScope::Burst, until, now, line, Gap::None)
}

fn refused<J>(scope: LimitScope, until: f64, now: f64, line: &'static str, gap: Gap) -> Failure<J> {
    let mut facts = Facts::new(Kind::RateLimit);
    facts.scope = Some(scope);
    facts.reset_at = Some(until);
    facts.retry_after_ms = Some(until - now);
    Failure::new(facts, line, gap)
}

/// A server's text as a part of a line: no line breaks, no end, and not the whole of a page.
fn one_line(text: &str) -> String {
    let line: String = text.trim().chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim_end_matches('.').to_owned()
}

impl<J: Json> Failure<J> {
    /// The failure in Rust's words. `gap` is what fills the gap, where it is not the answer or the cost.
    pub(crate) fn into_error(self, endpoint: &'static Endpoint, gap: &str) -> Error {
        let Self { facts, line, gap: kind, said } = self;
        let text_of = |value: Option<J>| value.and_then(|value| value.as_text());
        let (text, detail, code) = said.map_or((None, None, None), |said| {
            let code = said.code.and_then(|code| {
                code.as_text().map(Code::Text).or_else(|| code.as_number().map(Code::Number))
            });
            (text_of(said.text), text_of(said.detail), code)
        });
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
