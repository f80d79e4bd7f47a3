//! Rate limits: the burst limit of each token and the daily budget of the company.

use std::collections::VecDeque;

use super::{
    answers::{Fault, Headers},
    options::Window,
    time::Moment,
};

/// The length of the burst window. It is half-open: a call 2000 ms after another is no longer in the same window.
const WINDOW_MS: u64 = 2000;

/// The burst limit of one token: the number of calls it may make in 2 s.
#[derive(Debug)]
pub(super) struct Burst {
    limit: u32,
    window: Window,
    /// The accepted calls that still count, oldest first, as the time from which they count and their number. Calls
    /// with the same time share an entry, which bounds the length: times are whole milliseconds.
    counted: VecDeque<(Moment, u32)>,
}

impl Burst {
    pub(super) const fn new(limit: u32, window: Window) -> Self {
        Self { limit, window, counted: VecDeque::new() }
    }

    /// Counts one call, unless it exceeds the limit, and adds the three `x-ratelimit-*` headers.
    pub(super) fn take(&mut self, now: Moment, headers: &mut Headers) -> Result<(), Fault> {
        self.forget_outside_window(now);
        let used: u32 = self.counted.iter().map(|(_, calls)| calls).sum();
        let is_over = used >= self.limit;
        if !is_over {
            self.count(now);
        }
        let remaining = if is_over { 0 } else { self.limit - used - 1 };
        let reset = self.counted.front().map_or(0, |(oldest, _)| now.seconds_until(oldest.later(WINDOW_MS)));
        headers.push(("x-ratelimit-limit", self.limit.to_string()));
        headers.push(("x-ratelimit-remaining", remaining.to_string()));
        headers.push(("x-ratelimit-reset", reset.to_string()));
        if is_over { Err(Fault::OverBurst) } else { Ok(()) }
    }

    /// Drops the calls that no longer count. A clock that was set back leaves calls in the future: they are dropped too,
    /// so that the token is not blocked until the clock has caught up.
    fn forget_outside_window(&mut self, now: Moment) {
        while self.counted.front().is_some_and(|(at, _)| at.later(WINDOW_MS) <= now) {
            self.counted.pop_front();
        }
        while self.counted.back().is_some_and(|(at, _)| *at > now) {
            self.counted.pop_back();
        }
    }

    fn count(&mut self, now: Moment) {
        // In a fixed window every call counts from the time of the first, so that all of them expire together.
        let counts_from = match self.window {
            Window::Rolling => now,
            Window::Fixed => self.counted.front().map_or(now, |(opened, _)| *opened),
        };
        match self.counted.back_mut() {
            Some((at, calls)) if *at == counts_from => *calls += 1,
            _ => self.counted.push_back((counts_from, 1)),
        }
    }
}

/// The daily budget that all calls of the company share, in cost units (which Pipedrive calls tokens). It is full again
/// at midnight UTC.
#[derive(Debug)]
pub(super) struct Daily {
    limit: u64,
    left: u64,
    day: u64,
}

impl Daily {
    pub(super) fn new(limit: Option<u32>, seats: u32) -> Self {
        let limit = limit.map_or(30_000 * u64::from(seats), u64::from);
        Self { limit, left: limit, day: 0 }
    }

    /// Refills the budget if a new day has begun.
    pub(super) fn refill_if_new_day(&mut self, now: Moment) {
        if self.day != now.day() {
            self.day = now.day();
            self.left = self.limit;
        }
    }

    /// Subtracts the cost of one call.
    pub(super) fn take(&mut self, cost: u32, now: Moment) -> Result<(), Fault> {
        let left = self.left.checked_sub(cost.into());
        self.left =
            left.ok_or_else(|| Fault::OverBudget { retry_after: now.seconds_until(now.midnight()) })?;
        Ok(())
    }

    /// Adds the headers with the budget and what is left of it.
    pub(super) fn write_headers(&self, headers: &mut Headers) {
        headers.push(("x-daily-ratelimit-token-limit", self.limit.to_string()));
        headers.push(("x-daily-ratelimit-token-remaining", self.left.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a call is accepted, and the values of its `limit`, `remaining` and `reset` headers.
    fn take(burst: &mut Burst, ms: f64) -> (bool, Vec<String>) {
        let mut headers = Headers::new();
        let accepted = burst.take(Moment::from_ms(ms), &mut headers).is_ok();
        (accepted, headers.into_iter().map(|(_, value)| value).collect())
    }

    fn check(burst: &mut Burst, table: &[(f64, bool, [&str; 3])]) {
        for (ms, accepted, values) in table {
            assert_eq!(take(burst, *ms), (*accepted, values.map(str::to_owned).to_vec()), "{ms}");
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
        // A fixed window accepts four calls within 200 ms here, two on each side of its end.
        let calls = [(0.0, true), (1900.0, true), (2000.0, true), (2100.0, false), (3899.0, false)];
        let mut burst = Burst::new(2, Window::Rolling);
        for (ms, accepted) in calls {
            assert_eq!(take(&mut burst, ms).0, accepted, "{ms}");
        }
        let mut burst = Burst::new(2, Window::Fixed);
        for ms in [0.0, 1900.0, 2000.0, 2100.0] {
            assert!(take(&mut burst, ms).0, "{ms}");
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
            assert!(take(&mut burst, 0.0).0);
            for ms in [1.0, 1000.0, 1999.0] {
                assert!(!take(&mut burst, ms).0, "{window:?} {ms}");
            }
            assert!(take(&mut burst, 2000.0).0, "{window:?}");
            assert!(!take(&mut burst, 3999.0).0, "{window:?}");
            assert!(take(&mut burst, 4000.0).0, "{window:?}");
        }
    }

    #[test]
    fn clock_set_back_does_not_block_the_token() {
        for window in [Window::Rolling, Window::Fixed] {
            let mut burst = Burst::new(1, window);
            assert!(take(&mut burst, 10_000.0).0);
            assert!(take(&mut burst, 9_000.0).0, "{window:?}");
            assert!(!take(&mut burst, 9_001.0).0, "{window:?}");
        }
    }

    #[test]
    fn calls_of_the_same_millisecond_share_an_entry() {
        let mut burst = Burst::new(100_000, Window::Rolling);
        for call in 0..90_000_u32 {
            assert!(take(&mut burst, f64::from(call / 10)).0);
        }
        assert_eq!(burst.counted.len(), 2000);
        assert_eq!(take(&mut burst, 8_999.0).1, ["100000", "79999", "1"]);
    }

    #[test]
    fn cost_above_the_remaining_budget_is_refused() {
        let mut daily = Daily::new(Some(50), 3);
        let now = Moment::from_seconds(86_400 - 60);
        assert_eq!(daily.take(40, now), Ok(()));
        assert_eq!(daily.take(20, now), Err(Fault::OverBudget { retry_after: 60 }));
        assert_eq!(daily.take(10, now), Ok(()));
        daily.refill_if_new_day(Moment::from_seconds(86_400));
        assert_eq!(daily.take(40, now), Ok(()));
    }

    #[test]
    fn default_budget_grows_with_the_company() {
        assert_eq!(Daily::new(None, 100_000).limit, 3_000_000_000);
    }
}
