//! Reads an answer: Pipedrive's envelope, or one of the many ways in which it says no.

use crate::endpoint::{Answer, Scope};
use crate::error::{Kind, LimitScope};
use crate::failure::{Facts, Failure, Gap};
use crate::limits::{DEFAULT_RESET_MS, LONGEST_WAIT_MS, Told, next_midnight};
use crate::said::Hints;
use crate::transport::{Headers, Json, Peek};

/// What a good answer holds.
#[derive(Clone, Debug)]
pub(crate) struct Payload<J> {
    /// `data`; an empty list where a list's `data` is null.
    pub(crate) data: J,
    /// `additional_data`, where it is an object.
    pub(crate) additional: Option<J>,
    /// Pipedrive's notice that the operation will go away.
    pub(crate) notice: Option<J>,
}

const DECODE: Facts = Facts::new(Kind::Decode);

/// A failure to read the body of a good answer.
pub(crate) fn unreadable(line: &'static str) -> Failure {
    Failure::new(DECODE, line, Gap::None)
}

/// The payload of an answer with a good status, or the failure that it means. `json` is its body, if that is JSON.
pub(crate) fn read<J: Peek>(answer: Answer, status: u16, json: Option<&J>) -> Result<Payload<J>, Failure> {
    let Some(json) = json.filter(|json| json.is_object()) else {
        return Err(unreadable(
            "the body is not a JSON object: it is not Pipedrive that answered, or a proxy changed the answer. See \
             error.body.",
        ));
    };
    match json.get("success").and_then(|success| success.as_bool()) {
        Some(true) => {}
        Some(false) => {
            let mut facts = Facts::new(Kind::Api);
            facts.status = Some(status);
            return Err(Failure::new(facts, "success: false with status {}", Gap::Answer));
        }
        None => {
            return Err(unreadable(
                "the body has no \"success\": it is not Pipedrive that answered, or a proxy changed the answer. See \
                 error.body.",
            ));
        }
    }
    let data = json.get("data");
    let data = if answer.is_list() {
        data.filter(|data| !data.is_null()).unwrap_or_else(J::empty_list)
    } else {
        data.unwrap_or_else(J::empty_list)
    };
    if data.is_list() != answer.is_list() || !(data.is_list() || data.is_object()) {
        return Err(unreadable(if answer.is_list() {
            "\"data\" is not a list: it is not Pipedrive that answered, or a proxy changed the answer. See error.body."
        } else {
            "\"data\" is not an object: it is not Pipedrive that answered, or a proxy changed the answer. See \
             error.body."
        }));
    }
    let warning = json.get("deprecation_warning");
    let notice = warning.and_then(|warning| if warning.is_text() { Some(warning) } else { warning.get("#") });
    Ok(Payload {
        data,
        additional: json.get("additional_data").filter(Peek::is_object),
        notice: notice.filter(Peek::is_text),
    })
}

/// Pipedrive's announcement that the operation will go away: in the body, or in a header.
pub(crate) fn deprecation(notice: Option<&impl Json>, headers: &impl Headers) -> Option<String> {
    let sunset = || headers.get("sunset").map(|date| ["it ends ", &date].concat());
    let deprecated = || headers.get("deprecation").map(|_| "it is deprecated".to_owned());
    notice.and_then(Json::as_text).or_else(sunset).or_else(deprecated)
}

/// The failure that an answer with any other status means. `is_of_user` says that the path names a user.
pub(crate) fn failure(
    scope: Scope,
    is_of_user: bool,
    status: u16,
    told: &Told,
    hints: Hints,
    now: f64,
) -> Failure {
    let mut facts = Facts::new(Kind::UnexpectedStatus);
    facts.status = Some(status);
    facts.retry_after_ms = told.retry_after_ms;
    // A wait that no call takes upon itself ends the call, which tells until when.
    facts.reset_at = told.retry_after_ms.filter(|wait| *wait > LONGEST_WAIT_MS).map(|wait| now + wait);
    let (kind, line) = match status {
        401 => (
            Kind::Authentication,
            "{}. The token is not valid, or the URL is wrong: Pipedrive answers both alike. Check the token, \
             companyDomain and baseUrl.",
        ),
        403 if !hints.is_json && told.is_html => (
            Kind::Blocked,
            "{}. An HTML page came instead of Pipedrive's answer: calls that go on after a 429 get the address \
             blocked. Stop calling for a while.",
        ),
        403 if hints.is_scope => (
            Kind::Permission,
            match scope {
                Scope::Base => "{}. The OAuth app needs the scope \"base\", or the URL is wrong.",
                Scope::UsersRead => "{}. The OAuth app needs the scope \"users:read\", or the URL is wrong.",
                Scope::Admin => "{}. The OAuth app needs the scope \"admin\", or the URL is wrong.",
            },
        ),
        403 if matches!(scope, Scope::Admin) => {
            (Kind::Permission, "{}. The token's user must be an admin of the company.")
        }
        403 => (Kind::Permission, "{}. The token's user may not do this."),
        404 if hints.is_json && is_of_user => {
            (Kind::NotFound, "{}. There is no such user in this company, or the token's user may not see it.")
        }
        404 => (Kind::NotFound, "{}. Nothing is at this URL. Check baseUrl."),
        400 | 415 | 422 => (Kind::Validation, "{}. Pipedrive did not accept the parameters."),
        429 => {
            facts.unprocessed = true;
            (Kind::RateLimit, limit_hit(&mut facts, told, hints.is_daily, now))
        }
        500.. => (Kind::Server, "{}. Pipedrive or something in front of it failed. It may work later."),
        0 | 300..400 => (
            Kind::UnexpectedStatus,
            "{}. The server redirects, which is never followed with a credential. Check companyDomain and baseUrl.",
        ),
        402 => (
            Kind::UnexpectedStatus,
            "{}. The company's account is not open: its trial is over or it is not paid for.",
        ),
        _ => (Kind::UnexpectedStatus, "{}. The API does not document this status."),
    };
    facts.kind = kind;
    Failure::new(facts, line, Gap::Answer)
}

/// Which limit a 429 means, and when it is lifted. The text tells where there is one; else a burst is over soon.
fn limit_hit(facts: &mut Facts, told: &Told, is_daily: bool, now: f64) -> &'static str {
    let asked = told.retry_after_ms;
    let wait = asked.or_else(|| told.limits.reset_at.map(|at| at - now));
    let is_long = wait.is_some_and(|wait| wait > LONGEST_WAIT_MS);
    let told_daily = is_daily || told.limits.daily_remaining == Some(0);
    let (scope, reset_at) = if told_daily {
        (LimitScope::Daily, asked.map_or_else(|| next_midnight(now), |wait| now + wait))
    } else {
        let scope = if is_long { LimitScope::Daily } else { LimitScope::Burst };
        (scope, now + wait.unwrap_or(DEFAULT_RESET_MS))
    };
    facts.scope = Some(scope);
    facts.reset_at = Some(reset_at);
    if scope == LimitScope::Burst {
        "{}. Too many calls in two seconds with this token."
    } else if is_daily {
        "{}. The company's daily token budget is spent: no call is carried out until the server's midnight, which \
         resetAt estimates."
    } else {
        "{}. The server asks to wait for longer than a minute: until resetAt, nothing is sent."
    }
}
