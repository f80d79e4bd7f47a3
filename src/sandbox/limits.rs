//! How much may be called: the burst limit of each token, and the company's budget of the day.

use super::{
    answers::{Fault, Headers},
    time::Moment,
};

const WINDOW_MS: u64 = 2000;

/// A number of calls in 2 s, counted in fixed windows that the first call opens. (Pipedrive's windows roll.)
#[derive(Debug)]
pub(super) struct Burst {
    limit: u32,
    used: u32,
    opened: Option<Moment>,
}

impl Burst {
    pub(super) const fn new(limit: u32) -> Self {
        Self { limit, used: 0, opened: None }
    }

    /// Takes one call, and tells how many are left and for how long.
    pub(super) fn take(&mut self, now: Moment, headers: &mut Headers) -> Result<(), Fault> {
        let opened = match self.opened {
            Some(opened) if (opened..opened.later(WINDOW_MS)).contains(&now) => opened,
            _ => {
                self.opened = Some(now);
                self.used = 0;
                now
            }
        };
        let over = self.used >= self.limit;
        if !over {
            self.used += 1;
        }
        headers.push(("x-ratelimit-limit", self.limit.to_string()));
        headers.push(("x-ratelimit-remaining", (self.limit - self.used).to_string()));
        headers.push(("x-ratelimit-reset", now.seconds_until(opened.later(WINDOW_MS)).to_string()));
        if over { Err(Fault::OverBurst) } else { Ok(()) }
    }
}

/// The tokens that all calls of a day share; a new day begins at midnight UTC.
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

    /// Begins a new day where it is one.
    pub(super) fn turn(&mut self, now: Moment) {
        if self.day != now.day() {
            self.day = now.day();
            self.left = self.limit;
        }
    }

    /// Takes the cost of one call.
    pub(super) fn take(&mut self, cost: u32, now: Moment) -> Result<(), Fault> {
        let left = self.left.checked_sub(cost.into());
        self.left =
            left.ok_or_else(|| Fault::OverBudget { retry_after: now.seconds_until(now.midnight()) })?;
        Ok(())
    }

    /// Tells how many tokens are left.
    pub(super) fn tell(&self, headers: &mut Headers) {
        headers.push(("x-daily-ratelimit-token-limit", self.limit.to_string()));
        headers.push(("x-daily-ratelimit-token-remaining", self.left.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(burst: &mut Burst, ms: f64) -> (bool, Vec<String>) {
        let mut headers = Headers::new();
        let taken = burst.take(Moment::from_ms(ms), &mut headers).is_ok();
        (taken, headers.into_iter().map(|(_, value)| value).collect())
    }

    #[test]
    fn a_window_opens_with_its_first_call_and_lasts_two_seconds() {
        let mut burst = Burst::new(2);
        let table = [
            (10_500.0, true, ["2", "1", "2"]),
            (11_499.0, true, ["2", "0", "2"]),
            (11_500.0, false, ["2", "0", "1"]),
            (12_499.0, false, ["2", "0", "1"]),
            (12_500.0, true, ["2", "1", "2"]),
            (9_000.0, true, ["2", "1", "2"]),
        ];
        for (ms, taken, told) in table {
            assert_eq!(take(&mut burst, ms), (taken, told.map(str::to_owned).to_vec()), "{ms}");
        }
    }

    #[test]
    fn a_cost_that_is_more_than_the_rest_is_not_taken() {
        let mut daily = Daily::new(Some(50), 3);
        let now = Moment::from_seconds(86_400 - 60);
        assert_eq!(daily.take(40, now), Ok(()));
        assert_eq!(daily.take(20, now), Err(Fault::OverBudget { retry_after: 60 }));
        assert_eq!(daily.take(10, now), Ok(()));
        daily.turn(Moment::from_seconds(86_400));
        assert_eq!(daily.take(40, now), Ok(()));
    }

    #[test]
    fn the_usual_budget_grows_with_the_company() {
        assert_eq!(Daily::new(None, 100_000).limit, 3_000_000_000);
    }
}
