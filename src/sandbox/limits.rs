//! Rate limits: the burst limit of each token and the daily budget of the company.

use std::collections::VecDeque;

use super::{
    responses::{ApiError, Headers},
    time::Timestamp,
};

/// The length of the burst window. It is half-open: a call 2000 ms after another is no longer in the same window.
const WINDOW_MS: u64 = 2000;

/// How calls are counted for the burst limit.
///
/// ```
/// use pipedrive_users::sandbox::{Options, Window};
///
/// let options = Options { window: Window::default(), ..Options::default() };
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Window {
    /// As Pipedrive documents it: at most `burst` calls in any 2 seconds. `x-ratelimit-reset` is the number of seconds until
    /// the oldest counted call leaves the window.
    #[default]
    Rolling,
    /// The first call opens a window of 2 seconds, at whose end all its calls expire together: up to twice `burst` calls fit
    /// in 2 seconds. `x-ratelimit-reset` is the number of seconds until then.
    Fixed,
}

/// The burst limit of one token: the number of calls it may make in 2 s.
#[derive(Debug)]
pub(super) struct Burst {
    limit: u32,
    window: Window,
    /// The accepted calls that still count, oldest first: the time from which they count, and their number. Calls with
    /// the same time share an entry, which bounds the length: times are whole milliseconds.
    counted: VecDeque<(Timestamp, u32)>,
    /// The number of calls in `counted`.
    used: u32,
}

impl Burst {
    pub(super) const fn new(limit: u32, window: Window) -> Self {
        Self { limit, window, counted: VecDeque::new(), used: 0 }
    }

    /// Counts one call, unless it exceeds the limit, and adds the three `x-ratelimit-*` headers.
    pub(super) fn admit(&mut self, now: Timestamp, headers: &mut Headers) -> Result<(), ApiError> {
        self.remove_expired(now);
        let exceeded = self.used >= self.limit;
        if !exceeded {
            self.count(now);
        }
        let remaining = self.limit - self.used;
        let reset =
            self.counted.front().map_or(0, |(oldest, _)| now.seconds_until(oldest.plus_ms(WINDOW_MS)));
        headers.push(("x-ratelimit-limit", self.limit.to_string()));
        headers.push(("x-ratelimit-remaining", remaining.to_string()));
        headers.push(("x-ratelimit-reset", reset.to_string()));
        if exceeded { Err(ApiError::BurstLimitExceeded) } else { Ok(()) }
    }

    /// Drops the calls that no longer count. A clock that was set back leaves calls in the future: they are dropped too,
    /// so that the token is not blocked until the clock has caught up.
    fn remove_expired(&mut self, now: Timestamp) {
        while let Some((_, calls)) = self.counted.front().filter(|(at, _)| at.plus_ms(WINDOW_MS) <= now) {
            self.used -= calls;
            self.counted.pop_front();
        }
        while let Some((_, calls)) = self.counted.back().filter(|(at, _)| *at > now) {
            self.used -= calls;
            self.counted.pop_back();
        }
    }

    fn count(&mut self, now: Timestamp) {
        // In a fixed window every call counts from the time of the first, so that all of them expire together.
        let counts_from = match self.window {
            Window::Rolling => now,
            Window::Fixed => self.counted.front().map_or(now, |(opened, _)| *opened),
        };
        match self.counted.back_mut() {
            Some((at, calls)) if *at == counts_from => *calls += 1,
            _ => self.counted.push_back((counts_from, 1)),
        }
        self.used += 1;
    }
}

/// The headers of a token that has used all calls of its window.
pub(super) fn exhausted_headers(limit: u32) -> Headers {
    let (limit, reset) = (limit.to_string(), (WINDOW_MS / 1000).to_string());
    vec![
        ("x-ratelimit-limit", limit),
        ("x-ratelimit-remaining", "0".to_owned()),
        ("x-ratelimit-reset", reset),
    ]
}

/// The error of a call that costs more than what is left of the day.
pub(super) const fn daily_budget_exceeded(now: Timestamp) -> ApiError {
    ApiError::DailyBudgetExceeded { retry_after: now.seconds_until(now.next_midnight()) }
}

/// The daily budget that all calls of the company share, in cost units (which Pipedrive calls tokens). It is full again
/// at midnight UTC.
#[derive(Debug)]
pub(super) struct Daily {
    limit: u64,
    remaining: u64,
    day: u64,
}

impl Daily {
    /// The default is 30,000 per user, which is Pipedrive's budget on its smallest plan.
    pub(super) fn new(limit: Option<u32>, users: u32) -> Self {
        let limit = limit.map_or(30_000 * u64::from(users), u64::from);
        Self { limit, remaining: limit, day: 0 }
    }

    /// Refills the budget if a new day has begun.
    pub(super) fn refill_if_new_day(&mut self, now: Timestamp) {
        if self.day != now.day() {
            self.day = now.day();
            self.remaining = self.limit;
        }
    }

    /// Subtracts the cost of one call, unless it exceeds the remaining budget.
    pub(super) fn charge(&mut self, cost: u32, now: Timestamp) -> Result<(), ApiError> {
        self.remaining = self.remaining.checked_sub(cost.into()).ok_or_else(|| daily_budget_exceeded(now))?;
        Ok(())
    }

    /// Adds the headers with the budget and its remainder.
    pub(super) fn write_headers(&self, headers: &mut Headers) {
        headers.push(("x-daily-ratelimit-token-limit", self.limit.to_string()));
        headers.push(("x-daily-ratelimit-token-remaining", self.remaining.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a call is accepted, and the values of its `limit`, `remaining` and `reset` headers.
    fn admit(burst: &mut Burst, ms: f64) -> (bool, Vec<String>) {
        let mut headers = Headers::new();
        let accepted = burst.admit(Timestamp::from_ms(ms), &mut headers).is_ok();
        (accepted, headers.into_iter().map(|(_, value)| value).collect())
    }

    fn check(burst: &mut Burst, table: &[(f64, bool, [&str; 3])]) {
        for (ms, accepted, values) in table {
            assert_eq!(admit(burst, *ms), (*accepted, values.map(str::to_owned).to_vec()), "{ms}");
        }
    }

    #[test]
    fn rolling_window_frees_each_call_two_seconds_after_it_was_made() {
        check(
            &mut Burst::new(2, Window::Rolling),
            &[
                (10_500.0, true, ["2", "1", "2"]),
                (11_499.0, true, ["2", "0", "2"]),
                (11_500.0, false, ["2", "0", "1"]),
                (12_499.0, false, ["2", "0", "1"]),
                // Exactly 2000 ms after the first call: only that one has left the window.
                (12_500.0, true, ["2", "0", "1"]),
                (13_498.0, false, ["2", "0", "1"]),
                (13_499.0, true, ["2", "0", "2"]),
                (13_500.0, false, ["2", "0", "1"]),
            ],
        );
    }

    #[test]
    fn rolling_window_limits_every_two_seconds_and_not_only_adjacent_windows() {
        // A fixed window accepts three calls within 200 ms here, because it ends between them.
        let calls = [(0.0, true), (1900.0, true), (2000.0, true), (2100.0, false), (3899.0, false)];
        let mut burst = Burst::new(2, Window::Rolling);
        for (ms, accepted) in calls {
            assert_eq!(admit(&mut burst, ms).0, accepted, "{ms}");
        }
        let mut burst = Burst::new(2, Window::Fixed);
        for ms in [0.0, 1900.0, 2000.0, 2100.0] {
            assert!(admit(&mut burst, ms).0, "{ms}");
        }
    }

    #[test]
    fn fixed_window_opens_with_its_first_call_and_lasts_two_seconds() {
        check(
            &mut Burst::new(2, Window::Fixed),
            &[
                (10_500.0, true, ["2", "1", "2"]),
                (11_499.0, true, ["2", "0", "2"]),
                (11_500.0, false, ["2", "0", "1"]),
                (12_499.0, false, ["2", "0", "1"]),
                (12_500.0, true, ["2", "1", "2"]),
                (12_500.0, true, ["2", "0", "2"]),
                (12_500.0, false, ["2", "0", "2"]),
            ],
        );
    }

    #[test]
    fn refused_calls_do_not_count() {
        for window in [Window::Rolling, Window::Fixed] {
            let mut burst = Burst::new(1, window);
            assert!(admit(&mut burst, 0.0).0);
            for ms in [1.0, 1000.0, 1999.0] {
                assert!(!admit(&mut burst, ms).0, "{window:?} {ms}");
            }
            assert!(admit(&mut burst, 2000.0).0, "{window:?}");
            assert!(!admit(&mut burst, 3999.0).0, "{window:?}");
            assert!(admit(&mut burst, 4000.0).0, "{window:?}");
        }
    }

    #[test]
    fn clock_set_back_does_not_block_the_token() {
        for window in [Window::Rolling, Window::Fixed] {
            let mut burst = Burst::new(1, window);
            assert!(admit(&mut burst, 10_000.0).0);
            assert!(admit(&mut burst, 9_000.0).0, "{window:?}");
            assert!(!admit(&mut burst, 9_001.0).0, "{window:?}");
        }
    }

    #[test]
    fn calls_of_the_same_millisecond_share_an_entry() {
        let mut burst = Burst::new(100_000, Window::Rolling);
        for call in 0..90_000_u32 {
            assert!(admit(&mut burst, f64::from(call / 10)).0);
        }
        assert_eq!(burst.counted.len(), 2000);
        assert_eq!(admit(&mut burst, 8_999.0).1, ["100000", "79999", "1"]);
    }

    #[test]
    fn cost_above_the_remaining_budget_is_refused() {
        let mut daily = Daily::new(Some(50), 3);
        let now = Timestamp::from_seconds(86_400 - 60);
        assert_eq!(daily.charge(40, now), Ok(()));
        assert_eq!(daily.charge(20, now), Err(ApiError::DailyBudgetExceeded { retry_after: 60 }));
        assert_eq!(daily.charge(10, now), Ok(()));
        daily.refill_if_new_day(Timestamp::from_seconds(86_400));
        assert_eq!(daily.charge(40, now), Ok(()));
    }

    #[test]
    fn default_budget_grows_with_the_company() {
        assert_eq!(Daily::new(None, 100_000).limit, 3_000_000_000);
    }
}
