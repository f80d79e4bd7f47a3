//! Reads an answer: Pipedrive's envelope, or one of the many ways in which it says no.

use crate::decimal::decimal;
use crate::endpoint::{Endpoint, Scope};
use crate::error::{Code, Error, Kind, LimitScope, Result};
use crate::limits::{DEFAULT_RESET_MS, LONGEST_WAIT_MS, RateLimit, next_midnight, retry_after};
use crate::transport::{Headers, Json};

/// What a good answer holds.
#[derive(Clone, Debug)]
pub(crate) struct Payload<J> {
    /// `data`; an empty list where a list's `data` is null.
    pub(crate) data: J,
    /// `additional_data`, where it is an object.
    pub(crate) additional: Option<J>,
    /// Pipedrive's notice that the operation will go away.
    pub(crate) deprecation: Option<String>,
}

/// The payload of an answer with a good status, or the error that it means. `json` is its body, if that is JSON.
pub(crate) fn read<J: Json>(
    endpoint: &'static Endpoint,
    status: u16,
    json: Option<&J>,
) -> Result<Payload<J>> {
    let not_an_envelope = |what: &str| {
        let text =
            [what, ": it is not Pipedrive that answered, or a proxy changed the answer. See error.body."];
        Error::new(Kind::Decode, endpoint.operation, &text)
    };
    let Some(json) = json.filter(|json| json.is_object()) else {
        return Err(not_an_envelope("the body is not a JSON object"));
    };
    match json.get("success").and_then(|success| success.as_bool()) {
        Some(true) => {}
        Some(false) => {
            let said = Said::of(json);
            let text = ["success: false with status ", &decimal(status), ". ", &one_line(&said.text)];
            let error = Error::new(Kind::Api, endpoint.operation, &text);
            return Err(said.add_to(error));
        }
        None => return Err(not_an_envelope("the body has no \"success\"")),
    }
    let data = match json.get("data") {
        None if endpoint.answer.is_list() => J::empty_list(),
        Some(data) if endpoint.answer.is_list() && data.is_null() => J::empty_list(),
        Some(data) if endpoint.answer.is_list() && data.is_list() => data,
        Some(data) if !endpoint.answer.is_list() && data.is_object() => data,
        _ if endpoint.answer.is_list() => return Err(not_an_envelope("\"data\" is not a list")),
        _ => return Err(not_an_envelope("\"data\" is not an object")),
    };
    let deprecation = json
        .get("deprecation_warning")
        .and_then(|warning| warning.as_text().or_else(|| warning.get("#").and_then(|text| text.as_text())));
    Ok(Payload { data, additional: json.get("additional_data").filter(Json::is_object), deprecation })
}

/// Pipedrive's announcement that the operation will go away: in the body, or in a header.
pub(crate) fn deprecation(notice: Option<String>, headers: &impl Headers) -> Option<String> {
    let sunset = || headers.get("sunset").map(|date| ["it ends ", &date].concat());
    let deprecated = || headers.get("deprecation").map(|_| "it is deprecated".to_owned());
    notice.or_else(sunset).or_else(deprecated)
}

/// What the body of an error says, whichever of its eight shapes it has.
struct Said {
    text: String,
    detail: Option<String>,
    code: Option<Code>,
}

/// A server's text as a part of a line: no line breaks, no end, and not the whole of a page.
fn one_line(text: &str) -> String {
    let line: String = text.trim().chars().take(300).map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.trim_end_matches('.').to_owned()
}

/// The first text in a value, however deep: `errors` is an object of lists.
fn first_text<J: Json>(value: &J) -> Option<String> {
    let inside = || value.items().unwrap_or_default().into_iter().find_map(|item| first_text(&item));
    let members = || value.members().into_iter().find_map(|(_, member)| first_text(&member));
    value.as_text().or_else(inside).or_else(|| if value.is_object() { members() } else { None })
}

impl Said {
    fn of<J: Json>(json: &J) -> Self {
        let text_at = |name| json.get(name).and_then(|value| value.as_text());
        let error = json.get("error");
        let inside =
            |name| error.as_ref().and_then(|error| error.get(name)).and_then(|value| value.as_text());
        let text = text_at("error")
            .or_else(|| inside("message"))
            .or_else(|| text_at("message"))
            .or_else(|| json.get("errors").and_then(|errors| first_text(&errors)))
            .unwrap_or_default();
        let detail =
            text_at("error_info").filter(|info| !info.starts_with("Please check developers.pipedrive.com"));
        let code = ["code", "errorCode", "statusCode"]
            .into_iter()
            .filter_map(|name| json.get(name))
            .find_map(|code| code.as_text().map(Code::Text).or_else(|| code.as_number().map(Code::Number)))
            .or_else(|| inside("code").map(Code::Text));
        Self { text, detail, code }
    }

    fn nothing() -> Self {
        Self { text: String::new(), detail: None, code: None }
    }

    fn add_to(self, error: Error) -> Error {
        let Self { detail, code, .. } = self;
        error.with(|details| {
            if let Some(detail) = &detail {
                details.message.push_str(" (");
                details.message.push_str(&one_line(detail));
                details.message.push(')');
            }
            details.detail = detail;
            details.code = code;
        })
    }
}

/// The error that an answer with any other status means.
pub(crate) fn failure(
    endpoint: &'static Endpoint,
    status: u16,
    headers: &impl Headers,
    json: Option<&impl Json>,
    now: f64,
) -> Error {
    let json = json.filter(|json| json.is_object());
    let html = json.is_none()
        && headers.get("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    let said = json.map_or_else(Said::nothing, Said::of);
    let (kind, hint) = match status {
        401 => (
            Kind::Authentication,
            "The token is not valid, or the URL is wrong: Pipedrive answers both alike. Check the token, companyDomain \
             and baseUrl.",
        ),
        403 if html => (
            Kind::Blocked,
            "An HTML page came instead of Pipedrive's answer: calls that go on after a 429 get the address blocked. \
             Stop calling for a while.",
        ),
        403 => (Kind::Permission, permission_hint(endpoint.scope, &said.text)),
        404 if json.is_some() && endpoint.path.contains('{') => {
            (Kind::NotFound, "There is no such user in this company, or the token's user may not see it.")
        }
        404 => (Kind::NotFound, "Nothing is at this URL. Check baseUrl."),
        400 | 415 | 422 => (Kind::Validation, "Pipedrive did not accept the parameters."),
        429 => (Kind::RateLimit, ""),
        500.. => (Kind::Server, "Pipedrive or something in front of it failed. It may work later."),
        0 | 300..400 => (
            Kind::UnexpectedStatus,
            "The server redirects, which is never followed with a credential. Check companyDomain and baseUrl.",
        ),
        402 => (
            Kind::UnexpectedStatus,
            "The company's account is not open: its trial is over or it is not paid for.",
        ),
        _ => (Kind::UnexpectedStatus, "The API does not document this status."),
    };
    let status_text = decimal(status);
    let mut text: Vec<&str> = vec![if status == 0 { "redirect" } else { &status_text }];
    let said_text = one_line(&said.text);
    if !said_text.is_empty() {
        text.extend([" ", &said_text]);
    }
    let asked = retry_after(headers, now);
    let limit = (kind == Kind::RateLimit).then(|| limit_hit(headers, &said.text, asked, now));
    let limit_hint = match limit {
        Some((LimitScope::Daily, _)) if !is_daily(&said.text) => {
            "The server asks to wait for longer than a minute: until resetAt, nothing is sent."
        }
        Some((LimitScope::Daily, _)) => {
            "The company's daily token budget is spent: no call is carried out until the server's midnight, which \
             resetAt estimates."
        }
        Some((LimitScope::Burst, _)) => "Too many calls in two seconds with this token.",
        None => "",
    };
    text.extend([". ", hint, limit_hint]);
    let error = Error::new(kind, endpoint.operation, &text);
    said.add_to(error).with(|details| {
        details.status = Some(status);
        details.retry_after_seconds = asked.map(|wait| wait / 1000.0);
        details.unprocessed = kind == Kind::RateLimit;
        details.scope = limit.map(|(scope, _)| scope);
        // A wait that no call takes upon itself ends the call, which tells until when.
        let too_long = asked.filter(|wait| *wait > LONGEST_WAIT_MS).map(|wait| now + wait);
        details.reset_at = limit.map(|(_, reset_at)| reset_at).or(too_long);
    })
}

fn permission_hint(scope: Scope, text: &str) -> &'static str {
    let mismatch = text.contains("Scope");
    match scope {
        Scope::Base if mismatch => "The OAuth app needs the scope \"base\", or the URL is wrong.",
        Scope::UsersRead if mismatch => "The OAuth app needs the scope \"users:read\", or the URL is wrong.",
        Scope::Admin if mismatch => "The OAuth app needs the scope \"admin\", or the URL is wrong.",
        Scope::Admin => "The token's user must be an admin of the company.",
        _ => "The token's user may not do this.",
    }
}

fn is_daily(text: &str) -> bool {
    text.to_ascii_lowercase().contains("daily")
}

/// Which limit a 429 means, and when it is lifted. The text tells where there is one; else a burst is over soon.
fn limit_hit(headers: &impl Headers, text: &str, asked: Option<f64>, now: f64) -> (LimitScope, f64) {
    let limit = RateLimit::read(headers, now);
    let wait = asked.or_else(|| limit.reset_at.map(|at| at - now));
    let told_daily = is_daily(text) || limit.daily_remaining == Some(0);
    match wait {
        _ if told_daily => (LimitScope::Daily, asked.map_or_else(|| next_midnight(now), |wait| now + wait)),
        Some(wait) if wait > LONGEST_WAIT_MS => (LimitScope::Daily, now + wait),
        _ => (LimitScope::Burst, now + wait.unwrap_or(DEFAULT_RESET_MS)),
    }
}
