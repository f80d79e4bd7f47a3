//! The failure that a response means, or that there is none.

use super::error_body::ErrorHints;
use crate::error::{ErrorInfo, Failure, Kind, LimitScope, Placeholder};
use crate::limits::{DEFAULT_RESET_MS, LONGEST_WAIT_MS, Reset, ResponseHead, until_midnight};
use crate::schema::{Endpoint, Scope};
use crate::transport::Progress;

/// The failure that a response with any other status means. `wall` is the time of day.
pub(crate) fn failure(
    endpoint: &Endpoint,
    head: &ResponseHead,
    hints: ErrorHints,
    wall: f64,
) -> Box<Failure> {
    let mut info = ErrorInfo::new(Kind::UnexpectedStatus);
    info.status = Some(head.status);
    info.retry_after_ms = head.retry_after_ms;
    // A wait that no call takes upon itself fails the call, and the error says until when.
    if head.retry_after_ms.is_more_than(LONGEST_WAIT_MS) {
        info.set_reset(head.retry_after_ms.or_nan(), wall);
    }
    let (kind, template) = match head.status {
        401 => (
            Kind::Authentication,
            "{}. The token or the URL is wrong: Pipedrive responds alike to both. Check the token, companyDomain and \
             baseUrl.",
        ),
        403 if !hints.is_json && head.is_html => (
            Kind::Blocked,
            "{}. An HTML page came: clients that keep calling after a 429 get their address blocked. Stop calling for a \
             while.",
        ),
        403 if hints.is_scope => (
            Kind::Permission,
            match endpoint.scope {
                Scope::Base => "{}. The OAuth app needs the scope \"base\", or the URL is wrong.",
                Scope::UsersRead => "{}. The OAuth app needs the scope \"users:read\", or the URL is wrong.",
                Scope::Admin => "{}. The OAuth app needs the scope \"admin\", or the URL is wrong.",
            },
        ),
        403 if matches!(endpoint.scope, Scope::Admin) => {
            (Kind::Permission, "{}. The token's user must be an admin of the company.")
        }
        403 => (Kind::Permission, "{}. The token's user lacks the permission."),
        404 if hints.is_json && endpoint.has_path_id() => {
            (Kind::NotFound, "{}. There is no such user in this company, or the token's user may not see it.")
        }
        404 => (Kind::NotFound, "{}. Nothing is at this URL. Check baseUrl."),
        400 | 415 | 422 => (Kind::Validation, "{}. Pipedrive did not accept the parameters."),
        429 => {
            info.not_processed = true;
            (Kind::RateLimit, limit_hit(&mut info, head, hints, wall))
        }
        500.. => (Kind::Server, "{}. Pipedrive or something in front of it failed. It may work later."),
        0 | 301..=303 | 307 | 308 => (
            Kind::UnexpectedStatus,
            "{}. The server redirects, which is never followed with a credential. Check companyDomain and baseUrl.",
        ),
        402 => (
            Kind::UnexpectedStatus,
            "{}. The company's account is not open: its trial is over or it is not paid for.",
        ),
        _ => (Kind::UnexpectedStatus, "{}. The API does not document this status."),
    };
    info.kind = kind;
    Failure::new(info, template, Placeholder::Response)
}

/// Which limit a 429 means, and when it is lifted. Only a text or a header that says so makes it the daily one.
fn limit_hit(info: &mut ErrorInfo, head: &ResponseHead, hints: ErrorHints, wall: f64) -> &'static str {
    let asked = head.retry_after_ms;
    if hints.is_daily || head.rate_limit.daily_remaining == 0.0.into() {
        info.scope = Some(LimitScope::Daily);
        info.set_reset(asked.unwrap_or(until_midnight(wall)), wall);
        return "{}. The company's daily budget is spent: no call is processed until the server's midnight, which \
                resetAt estimates.";
    }
    let wait = asked.or(head.rate_limit.reset_in_ms).unwrap_or(DEFAULT_RESET_MS);
    info.scope = Some(LimitScope::Burst);
    info.set_reset(wait, wall);
    if wait > LONGEST_WAIT_MS {
        return "{}. Too many calls with this token, and the server asks to wait for longer than a minute, see resetAt.";
    }
    "{}. Too many calls in two seconds with this token."
}

/// No complete response came. `head` is what came of it.
pub(crate) fn no_response(progress: Progress, head: Option<&ResponseHead>, wall: f64) -> Box<Failure> {
    let template = match progress {
        Progress::NotSent => "the connection was not made: {}",
        Progress::BodyCutOff => "the response was cut off: {}",
        Progress::BodyTooLarge => {
            "the response's body is larger than allowed, and was not read to its end: {}"
        }
        Progress::NoResponse => "the fetch function did not return a Response: {}",
        Progress::Unknown => {
            "no response came. The network failed, or CORS keeps the response from this page: {}"
        }
    };
    let is_too_large = progress == Progress::BodyTooLarge;
    let mut info = ErrorInfo::new(if is_too_large { Kind::Decode } else { Kind::Connection });
    info.not_processed = progress == Progress::NotSent;
    info.permanent = is_too_large || progress == Progress::NoResponse;
    if let Some(head) = head {
        info.status = Some(head.status);
        info.retry_after_ms = head.retry_after_ms;
        if head.status == 429 {
            // Its headers say all that matters: the call was not processed, and the queue has to pause.
            info.not_processed = true;
            info.scope = Some(LimitScope::Burst);
            info.set_reset(head.retry_after_ms.unwrap_or(DEFAULT_RESET_MS), wall);
        }
    }
    Failure::new(info, template, Placeholder::Cause)
}

/// The attempt took longer than it may.
pub(crate) fn timed_out() -> Box<Failure> {
    Failure::new(
        ErrorInfo::new(Kind::Timeout),
        "no complete response within {} ms (timeoutMs)",
        Placeholder::Timeout,
    )
}

/// The store of the shared limits took longer than an attempt may: the template names it.
pub(crate) fn store_away(template: &'static str) -> Box<Failure> {
    Failure::new(ErrorInfo::new(Kind::Timeout), template, Placeholder::Timeout)
}

/// The credential function took longer than an attempt may.
pub(crate) fn credential_timed_out() -> Box<Failure> {
    Failure::new(
        ErrorInfo::new(Kind::Timeout),
        "the credential function returned no token within {} ms (timeoutMs)",
        Placeholder::Timeout,
    )
}

/// The credential function failed.
pub(crate) fn no_credential() -> Box<Failure> {
    Failure::new(
        ErrorInfo::new(Kind::Authentication),
        "the credential function failed: {}",
        Placeholder::Cause,
    )
}

/// A call that is not sent, since its cost is more than what is left of the day.
pub(crate) fn over_budget(reset: Reset) -> Box<Failure> {
    refused(
        LimitScope::Daily,
        reset,
        "not sent, since its cost of {} is more than what is left of the daily budget; resetAt estimates when the \
         server's day ends",
        Placeholder::Cost,
    )
}

/// A call that is not sent, since the limiter pauses for longer than any call waits.
pub(crate) fn paused_too_long(reset: Reset) -> Box<Failure> {
    let template = "not sent: the burst limit is used up for more than a minute, see resetAt";
    refused(LimitScope::Burst, reset, template, Placeholder::None)
}

fn refused(
    scope: LimitScope,
    reset: Reset,
    template: &'static str,
    placeholder: Placeholder,
) -> Box<Failure> {
    let info = ErrorInfo {
        scope: Some(scope),
        reset_in_ms: reset.in_ms.into(),
        reset_at: reset.at.into(),
        retry_after_ms: reset.in_ms.into(),
        ..ErrorInfo::new(Kind::RateLimit)
    };
    Failure::new(info, template, placeholder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{get_current_user, get_user, get_users, update_user};
    use crate::limits::RateLimitHeaders;

    /// Noon.
    const WALL: f64 = 43_200_000.0;

    const JSON: ErrorHints = ErrorHints { is_json: true, is_daily: false, is_scope: false };

    fn head(status: u16) -> ResponseHead {
        ResponseHead { status, ..ResponseHead::default() }
    }

    fn kind(status: u16, hints: ErrorHints) -> Kind {
        failure(&get_user::ENDPOINT, &head(status), hints, WALL).info.kind
    }

    #[test]
    fn every_status_has_its_kind() {
        for (status, expected) in [
            (400, Kind::Validation),
            (401, Kind::Authentication),
            (402, Kind::UnexpectedStatus),
            (403, Kind::Permission),
            (404, Kind::NotFound),
            (415, Kind::Validation),
            (422, Kind::Validation),
            (429, Kind::RateLimit),
            (304, Kind::UnexpectedStatus),
            (500, Kind::Server),
            (529, Kind::Server),
            (599, Kind::Server),
        ] {
            assert_eq!(kind(status, JSON), expected, "{status}");
        }
        let template = |status| failure(&get_user::ENDPOINT, &head(status), JSON, WALL).template;
        assert!(template(307).contains("redirects") && !template(304).contains("redirects"));
    }

    #[test]
    fn a_403_is_blocked_by_its_page_and_explained_by_its_scope() {
        let page = ResponseHead { is_html: true, ..head(403) };
        let blocked = failure(&get_user::ENDPOINT, &page, ErrorHints::default(), WALL);
        assert_eq!(blocked.info.kind, Kind::Blocked);
        assert_eq!(failure(&get_user::ENDPOINT, &page, JSON, WALL).info.kind, Kind::Permission);
        let hints = ErrorHints { is_scope: true, ..JSON };
        for (endpoint, word) in [
            (&get_users::ENDPOINT, "users:read"),
            (&update_user::ENDPOINT, "\"admin\""),
            (&get_current_user::ENDPOINT, "\"base\""),
        ] {
            assert!(failure(endpoint, &head(403), hints, WALL).template.contains(word), "{word}");
        }
        assert!(
            failure(&update_user::ENDPOINT, &head(403), JSON, WALL).template.contains("must be an admin")
        );
    }

    #[test]
    fn a_404_names_the_user_or_the_url() {
        let template = |endpoint, hints| failure(endpoint, &head(404), hints, WALL).template;
        assert!(template(&get_user::ENDPOINT, JSON).contains("no such user"));
        assert!(template(&get_user::ENDPOINT, ErrorHints::default()).contains("baseUrl"));
        assert!(template(&get_users::ENDPOINT, JSON).contains("baseUrl"));
    }

    #[test]
    fn a_429_is_daily_only_where_something_says_so() {
        use LimitScope::{Burst, Daily};

        let limited = |retry_after_ms: Option<f64>,
                       reset_in_ms: Option<f64>,
                       daily_remaining: Option<f64>,
                       is_daily| {
            let rate_limit = RateLimitHeaders {
                reset_in_ms: reset_in_ms.into(),
                daily_remaining: daily_remaining.into(),
                ..RateLimitHeaders::default()
            };
            let head = ResponseHead { rate_limit, retry_after_ms: retry_after_ms.into(), ..head(429) };
            let Failure { info, template, .. } =
                *failure(&get_user::ENDPOINT, &head, ErrorHints { is_daily, ..JSON }, WALL);
            assert!(info.not_processed);
            (info.scope.expect("a limit"), info.reset_in_ms.get().expect("a time"), template)
        };
        for (given, scope, reset) in [
            ((None, None, None, false), Burst, 2_000.0),
            ((None, Some(1_000.0), None, false), Burst, 1_000.0),
            ((Some(500.0), Some(1_000.0), None, false), Burst, 500.0),
            ((Some(1e12), None, None, false), Burst, 1e12),
            ((None, None, Some(5.0), false), Burst, 2_000.0),
            ((None, None, Some(0.0), false), Daily, WALL),
            ((None, Some(1_000.0), None, true), Daily, WALL),
            ((Some(70_000.0), None, None, true), Daily, 70_000.0),
        ] {
            let (found, reset_in_ms, template) = limited(given.0, given.1, given.2, given.3);
            assert_eq!((found, reset_in_ms), (scope, reset), "{given:?}");
            assert_eq!(template.contains("daily budget"), scope == Daily, "{given:?}");
        }
        assert!(limited(Some(61_000.0), None, None, false).2.contains("longer than a minute"));
    }

    #[test]
    fn a_429_without_its_body_is_still_one() {
        let head = ResponseHead { retry_after_ms: 3_000.0.into(), ..head(429) };
        let info = no_response(Progress::BodyCutOff, Some(&head), WALL).info;
        assert_eq!((info.kind, info.not_processed), (Kind::Connection, true));
        assert_eq!((info.scope, info.reset_in_ms.get()), (Some(LimitScope::Burst), Some(3_000.0)));
        let info = no_response(Progress::BodyCutOff, Some(&ResponseHead { status: 200, ..head }), WALL).info;
        assert_eq!((info.not_processed, info.scope), (false, None));
    }

    #[test]
    fn what_was_not_sent_was_not_processed() {
        for (progress, not_processed, permanent) in [
            (Progress::NotSent, true, false),
            (Progress::Unknown, false, false),
            (Progress::NoResponse, false, true),
            (Progress::BodyCutOff, false, false),
        ] {
            let info = no_response(progress, None, WALL).info;
            assert_eq!((info.not_processed, info.permanent), (not_processed, permanent), "{progress:?}");
        }
    }
}
