//! The burst window: how many calls may still go before it ends.

use super::daily::DAY_MS;
use super::{DEFAULT_RESET_MS, RateLimit};

/// What is known of the current window. Nothing is known before the first answer.
#[derive(Debug, Default)]
pub(crate) struct Burst {
    limit: Option<u32>,
    /// The window, until it ends.
    window: Option<Window>,
    /// Nothing goes before then: a 429 asked for it.
    paused_until: f64,
}

#[derive(Debug)]
struct Window {
    remaining: u32,
    ends_at: f64,
}

impl Burst {
    /// When the next call may go, with so many on their way; `None` is now.
    ///
    /// What is on its way may or may not be counted in the server's number, so it is taken as not counted: that
    /// never earns a 429.
    pub(crate) fn next_at(&mut self, in_flight: u32, now: f64) -> Option<Next> {
        if now < self.paused_until {
            return Some(Next::At(self.paused_until));
        }
        if self.window.as_ref().is_some_and(|window| now >= window.ends_at) {
            self.window = None;
        }
        let (remaining, ends_at) = match &self.window {
            Some(window) => (window.remaining, Some(window.ends_at)),
            None => (self.limit?, None),
        };
        if remaining > in_flight {
            return None;
        }
        match ends_at {
            Some(at) if remaining == 0 || in_flight == 0 => Some(Next::At(at)),
            // An answer will tell more.
            _ => Some(Next::AfterAnAnswer),
        }
    }

    /// An answer told the state of the window.
    pub(crate) fn observe(&mut self, told: &RateLimit, now: f64) {
        // A limit of none would let nothing through that could tell another.
        self.limit = told.limit.filter(|limit| *limit > 0).or(self.limit);
        let Some(remaining) = told.remaining else { return };
        // What is more than a day away is no end of a window but a time of day, taken for seconds.
        let told_end = told.reset_at.filter(|at| *at <= now + DAY_MS).unwrap_or(now + DEFAULT_RESET_MS);
        match &mut self.window {
            // The reset comes in whole seconds, rounded up: the earliest end that was told is the closest to the
            // truth. Answers overtake each other, so within a window the least remaining counts.
            Some(window) if now < window.ends_at => {
                window.remaining = window.remaining.min(remaining);
                window.ends_at = window.ends_at.min(told_end);
            }
            _ => self.window = Some(Window { remaining, ends_at: told_end }),
        }
    }

    /// A 429 came: nothing goes before `until`.
    pub(crate) fn pause(&mut self, until: f64) {
        self.paused_until = self.paused_until.max(until);
        self.window = None;
    }
}

/// When the next call may go.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// At a time.
    At(f64),
    /// When one that is on its way has come back.
    AfterAnAnswer,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(remaining: u32, reset_at: f64) -> RateLimit {
        RateLimit {
            limit: Some(20),
            remaining: Some(remaining),
            reset_at: Some(reset_at),
            ..RateLimit::default()
        }
    }

    #[test]
    fn nothing_waits_before_anything_is_known() {
        assert_eq!(Burst::default().next_at(9, 0.0), None);
    }

    #[test]
    fn what_is_on_its_way_is_left_room_for() {
        let mut burst = Burst::default();
        burst.observe(&told(5, 2_000.0), 0.0);
        assert_eq!(burst.next_at(4, 1.0), None);
        assert_eq!(burst.next_at(5, 1.0), Some(Next::AfterAnAnswer));
        burst.observe(&told(0, 2_000.0), 2.0);
        assert_eq!(burst.next_at(3, 2.0), Some(Next::At(2_000.0)));
        assert_eq!(burst.next_at(0, 2_000.0), None);
        assert_eq!(burst.next_at(20, 2_000.0), Some(Next::AfterAnAnswer));
    }

    #[test]
    fn a_late_answer_does_not_raise_what_is_left() {
        let mut burst = Burst::default();
        burst.observe(&told(3, 2_000.0), 0.0);
        burst.observe(&told(7, 3_000.0), 1.0);
        assert_eq!(burst.next_at(3, 1.0), Some(Next::AfterAnAnswer));
        burst.observe(&told(0, 3_000.0), 1.0);
        assert_eq!(burst.next_at(0, 1.0), Some(Next::At(2_000.0)));
    }

    #[test]
    fn what_cannot_be_a_window_is_not_waited_for() {
        let mut burst = Burst::default();
        burst.observe(&RateLimit { limit: Some(0), ..RateLimit::default() }, 0.0);
        assert_eq!(burst.next_at(0, 0.0), None);
        burst.observe(&told(0, 1_795_000_000_000.0), 0.0);
        assert_eq!(burst.next_at(0, 0.0), Some(Next::At(2_000.0)));
    }

    #[test]
    fn a_429_pauses_everything() {
        let mut burst = Burst::default();
        burst.pause(5_000.0);
        burst.pause(4_000.0);
        assert_eq!(burst.next_at(0, 1.0), Some(Next::At(5_000.0)));
        assert_eq!(burst.next_at(0, 5_000.0), None);
    }
}
