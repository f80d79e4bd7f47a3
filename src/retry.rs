//! Whether a failed attempt is made again: one pure decision.

use crate::error::{Kind, LimitScope};
use crate::failure::Facts;
use crate::limits::LONGEST_WAIT_MS;

const FIRST_BACKOFF_MS: f64 = 500.0;
const LONGEST_BACKOFF_MS: f64 = 8_000.0;

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Decision {
    /// Hand the error on.
    Stop,
    /// Send it again after so many milliseconds.
    Again(f64),
}

/// Decides after attempt number `attempt` (from 1). `random` is from 0 to 1.
pub(crate) fn decide(
    failure: &Facts,
    is_idempotent: bool,
    attempt: u32,
    max_retries: u32,
    random: f64,
    now: f64,
) -> Decision {
    if attempt > max_retries
        || failure.lasting
        || !is_passing(failure)
        || !(is_idempotent || failure.unprocessed)
    {
        return Decision::Stop;
    }
    match failure.retry_after_ms {
        Some(wait) if wait > LONGEST_WAIT_MS => Decision::Stop,
        Some(wait) => Decision::Again(wait),
        // The queue as a whole waits for the end of a burst.
        None if failure.reset_at.is_some_and(|at| at > now + FIRST_BACKOFF_MS) => Decision::Again(0.0),
        None => Decision::Again(backoff(attempt, random)),
    }
}

/// Whether the same request may well succeed later.
fn is_passing(failure: &Facts) -> bool {
    match failure.kind {
        Kind::Connection | Kind::Timeout => true,
        Kind::RateLimit => failure.scope != Some(LimitScope::Daily),
        _ => matches!(failure.status, Some(408 | 500 | 502 | 503 | 504)),
    }
}

/// 0.5 s, doubled at each attempt, at most 8 s, times 0.75 to 1, so that many clients do not come back together.
fn backoff(attempt: u32, random: f64) -> f64 {
    let doubled = (1..attempt.min(8)).fold(FIRST_BACKOFF_MS, |wait, _| wait * 2.0);
    doubled.min(LONGEST_BACKOFF_MS) * (1.0 - random * 0.25)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Method;

    const METHODS: [Method; 3] = [Method::Get, Method::Put, Method::Post];

    fn failure(kind: Kind) -> Facts {
        Facts::new(kind)
    }

    fn with_status(status: u16) -> Facts {
        let kind = match status {
            401 => Kind::Authentication,
            403 => Kind::Permission,
            404 => Kind::NotFound,
            400 | 415 | 422 => Kind::Validation,
            429 => Kind::RateLimit,
            500.. => Kind::Server,
            _ => Kind::UnexpectedStatus,
        };
        Facts {
            status: Some(status),
            unprocessed: status == 429,
            scope: (status == 429).then_some(LimitScope::Burst),
            ..failure(kind)
        }
    }

    #[test]
    fn every_status_with_every_method() {
        for status in 400..=599 {
            for method in METHODS {
                let again = match status {
                    429 => true,
                    408 | 500 | 502 | 503 | 504 => method != Method::Post,
                    _ => false,
                };
                let decision = decide(&with_status(status), method.is_idempotent(), 1, 2, 0.0, 0.0);
                assert_eq!(decision != Decision::Stop, again, "{status} {method:?}");
            }
        }
    }

    #[test]
    fn every_kind_without_a_status() {
        for (kind, again) in [
            (Kind::Config, false),
            (Kind::Argument, false),
            (Kind::Authentication, false),
            (Kind::Permission, false),
            (Kind::Blocked, false),
            (Kind::NotFound, false),
            (Kind::Validation, false),
            (Kind::RateLimit, true),
            (Kind::Server, false),
            (Kind::Connection, true),
            (Kind::Timeout, true),
            (Kind::Decode, false),
            (Kind::Api, false),
            (Kind::UnexpectedStatus, false),
            (Kind::Load, false),
        ] {
            let decision = decide(&failure(kind), true, 1, 2, 0.0, 0.0);
            assert_eq!(decision != Decision::Stop, again, "{kind:?}");
        }
    }

    #[test]
    fn a_post_goes_again_only_when_it_surely_was_not_carried_out() {
        let lost = failure(Kind::Connection);
        assert_eq!(decide(&lost, false, 1, 2, 0.0, 0.0), Decision::Stop);
        assert_eq!(decide(&lost, true, 1, 2, 0.0, 0.0), Decision::Again(500.0));
        let unsent = Facts { unprocessed: true, ..failure(Kind::Connection) };
        assert_eq!(decide(&unsent, false, 1, 2, 0.0, 0.0), Decision::Again(500.0));
        assert_eq!(decide(&failure(Kind::Timeout), false, 1, 2, 0.0, 0.0), Decision::Stop);
    }

    #[test]
    fn the_number_of_retries_is_kept() {
        let error = with_status(503);
        for (attempt, max_retries, again) in
            [(1, 0, false), (1, 1, true), (2, 1, false), (2, 2, true), (3, 2, false)]
        {
            let decision = decide(&error, true, attempt, max_retries, 0.0, 0.0);
            assert_eq!(decision != Decision::Stop, again, "{attempt} of {max_retries}");
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
            let error = Facts { retry_after_ms: Some(seconds * 1000.0), ..with_status(503) };
            assert_eq!(decide(&error, true, 1, 2, 0.5, 0.0), decision, "{seconds}");
        }
    }

    #[test]
    fn a_spent_day_is_not_waited_for() {
        let error = Facts { scope: Some(LimitScope::Daily), ..with_status(429) };
        assert_eq!(decide(&error, true, 1, 9, 0.0, 0.0), Decision::Stop);
    }

    #[test]
    fn the_backoff_doubles_to_eight_seconds_and_is_spread() {
        let error = with_status(503);
        for (attempt, longest) in
            [(1, 500.0), (2, 1_000.0), (3, 2_000.0), (4, 4_000.0), (5, 8_000.0), (6, 8_000.0), (40, 8_000.0)]
        {
            assert_eq!(decide(&error, true, attempt, 99, 0.0, 0.0), Decision::Again(longest));
            assert_eq!(decide(&error, true, attempt, 99, 1.0, 0.0), Decision::Again(longest * 0.75));
        }
    }
}
