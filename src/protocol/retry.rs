//! Whether a failed attempt is made again: one pure decision.

use crate::error::{ErrorInfo, Kind, LimitScope};
use crate::limits::LONGEST_WAIT_MS;

const FIRST_BACKOFF_MS: f64 = 500.0;
const LONGEST_BACKOFF_MS: f64 = 8_000.0;

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Decision {
    /// Return the error.
    Stop,
    /// Send it again after so many milliseconds.
    Again(f64),
    /// Send it again as soon as the limiter, which pauses, lets it go.
    AfterPause,
}

/// What a call has done so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attempts {
    /// Attempts that count as retries once there is another: all but those that hit the burst limit.
    pub(crate) counted: u32,
    /// How long the call has waited for pauses after a burst 429.
    pub(crate) paused_ms: f64,
}

/// Decides after an attempt. `random` is from 0 to 1.
///
/// A burst 429 means that another program uses the token: it does not count as a retry, up to a total wait of a minute.
pub(crate) fn decide(
    failure: &ErrorInfo,
    is_idempotent: bool,
    attempts: Attempts,
    max_retries: u32,
    random: f64,
) -> Decision {
    if max_retries == 0 || failure.permanent || !(is_idempotent || failure.not_processed) {
        return Decision::Stop;
    }
    let asked = failure.retry_after_ms;
    if asked.is_more_than(LONGEST_WAIT_MS) {
        return Decision::Stop;
    }
    if failure.scope == Some(LimitScope::Burst) {
        let wait = failure.reset_in_ms.unwrap_or(0.0);
        return if attempts.paused_ms + wait > LONGEST_WAIT_MS {
            Decision::Stop
        } else {
            Decision::AfterPause
        };
    }
    if attempts.counted > max_retries || !is_transient(failure) {
        return Decision::Stop;
    }
    Decision::Again(asked.unwrap_or(backoff(attempts.counted, random)))
}

/// Whether the same request may well succeed later.
fn is_transient(failure: &ErrorInfo) -> bool {
    match failure.kind {
        Kind::Connection | Kind::Timeout => true,
        // The daily limit; the burst limit has been dealt with.
        Kind::RateLimit => false,
        // 520 to 524 and 530 are Cloudflare's, which stands in front of Pipedrive.
        _ => matches!(failure.status, Some(408 | 500 | 502 | 503 | 504 | 520..=524 | 530)),
    }
}

/// 0.5 s, doubled at each attempt, at most 8 s, times 0.75 to 1, so that many clients do not return together.
fn backoff(attempt: u32, random: f64) -> f64 {
    let doubled = (1..attempt.min(8)).fold(FIRST_BACKOFF_MS, |wait, _| wait * 2.0);
    doubled.min(LONGEST_BACKOFF_MS) * (1.0 - random * 0.25)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Method;

    fn with_status(status: u16) -> ErrorInfo {
        let kind = match status {
            401 => Kind::Authentication,
            403 => Kind::Permission,
            404 => Kind::NotFound,
            400 | 415 | 422 => Kind::Validation,
            429 => Kind::RateLimit,
            500.. => Kind::Server,
            _ => Kind::UnexpectedStatus,
        };
        let is_limit = status == 429;
        ErrorInfo {
            status: Some(status),
            not_processed: is_limit,
            scope: is_limit.then_some(LimitScope::Burst),
            reset_in_ms: is_limit.then_some(1_000.0).into(),
            ..ErrorInfo::new(kind)
        }
    }

    fn after(
        failure: &ErrorInfo,
        is_idempotent: bool,
        counted: u32,
        max_retries: u32,
        random: f64,
    ) -> Decision {
        decide(failure, is_idempotent, Attempts { counted, paused_ms: 0.0 }, max_retries, random)
    }

    #[test]
    fn every_status_with_every_method() {
        for status in 400..=599 {
            for method in Method::ALL {
                let again = match status {
                    429 => true,
                    408 | 500 | 502 | 503 | 504 | 520 | 521 | 522 | 523 | 524 | 530 => method != Method::Post,
                    _ => false,
                };
                let decision = after(&with_status(status), method.is_idempotent(), 1, 2, 0.0);
                assert_eq!(decision != Decision::Stop, again, "{status} {method:?}");
            }
        }
    }

    #[test]
    fn every_kind_without_a_status() {
        for kind in Kind::ALL {
            let again = matches!(kind, Kind::Connection | Kind::Timeout);
            let decision = after(&ErrorInfo::new(kind), true, 1, 2, 0.0);
            assert_eq!(decision != Decision::Stop, again, "{kind:?}");
        }
    }

    #[test]
    fn a_post_is_sent_again_only_when_it_was_certainly_not_processed() {
        let lost = ErrorInfo::new(Kind::Connection);
        assert_eq!(after(&lost, false, 1, 2, 0.0), Decision::Stop);
        assert_eq!(after(&lost, true, 1, 2, 0.0), Decision::Again(500.0));
        let not_sent = ErrorInfo { not_processed: true, ..lost };
        assert_eq!(after(&not_sent, false, 1, 2, 0.0), Decision::Again(500.0));
        assert_eq!(after(&ErrorInfo::new(Kind::Timeout), false, 1, 2, 0.0), Decision::Stop);
        assert_eq!(after(&ErrorInfo { permanent: true, ..not_sent }, true, 1, 2, 0.0), Decision::Stop);
    }

    #[test]
    fn the_number_of_retries_is_kept() {
        for (counted, max_retries, again) in
            [(1, 0, false), (1, 1, true), (2, 1, false), (2, 2, true), (3, 2, false)]
        {
            let decision = after(&with_status(503), true, counted, max_retries, 0.0);
            assert_eq!(decision != Decision::Stop, again, "{counted} of {max_retries}");
        }
    }

    #[test]
    fn the_server_says_how_long_up_to_a_minute() {
        for (seconds, decision) in [
            (0.0, Decision::Again(0.0)),
            (7.0, Decision::Again(7_000.0)),
            (60.0, Decision::Again(60_000.0)),
            (61.0, Decision::Stop),
        ] {
            let error = ErrorInfo { retry_after_ms: (seconds * 1000.0).into(), ..with_status(503) };
            assert_eq!(after(&error, true, 1, 2, 0.5), decision, "{seconds}");
        }
    }

    #[test]
    fn a_burst_429_counts_by_its_waits_and_not_as_a_retry() {
        let limited = with_status(429);
        let after = |counted, paused_ms, max_retries| {
            decide(&limited, false, Attempts { counted, paused_ms }, max_retries, 0.0)
        };
        assert_eq!(after(50, 0.0, 1), Decision::AfterPause);
        assert_eq!(after(0, 59_000.0, 1), Decision::AfterPause);
        assert_eq!(after(0, 59_001.0, 1), Decision::Stop);
        assert_eq!(after(0, 0.0, 0), Decision::Stop, "no retry was asked for");
    }

    #[test]
    fn a_spent_day_is_not_waited_for() {
        let error = ErrorInfo { scope: Some(LimitScope::Daily), ..with_status(429) };
        assert_eq!(after(&error, true, 1, 9, 0.0), Decision::Stop);
    }

    #[test]
    fn the_backoff_doubles_to_eight_seconds_and_is_spread() {
        let error = with_status(503);
        for (attempt, longest) in
            [(1, 500.0), (2, 1_000.0), (3, 2_000.0), (4, 4_000.0), (5, 8_000.0), (6, 8_000.0), (40, 8_000.0)]
        {
            assert_eq!(after(&error, true, attempt, 99, 0.0), Decision::Again(longest));
            assert_eq!(after(&error, true, attempt, 99, 1.0), Decision::Again(longest * 0.75));
        }
    }
}
