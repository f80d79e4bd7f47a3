//! A clock that never goes back, made of one that tests replace and systems adjust.

use std::cell::Cell;

/// A timer that fires this much early by the clock belongs to fake timers, which have their own time.
const FAKE_TIMER_MS: f64 = 50.0;

/// A clock that never goes back.
///
/// Jest, Vitest and sinon replace timers, and some of them the clock as well: it may jump when they are installed, and
/// may stand still while their timers fire. A timer that fired is believed: its time has passed.
#[derive(Debug, Default)]
pub(super) struct Monotonic {
    /// What is added to the underlying clock.
    offset: Cell<f64>,
    last: Cell<f64>,
}

impl Monotonic {
    /// The time, by a reading of the underlying clock.
    pub(super) fn read(&self, reading: f64) -> f64 {
        let now = reading + self.offset.get();
        if now >= self.last.get() {
            self.last.set(now);
            return now;
        }
        self.offset.set(self.offset.get() + self.last.get() - now);
        self.last.get()
    }

    /// A timer that was due at `due` fired. Gives what is left of it, if it fired a little early.
    pub(super) fn fired(&self, due: f64, reading: f64) -> f64 {
        let early = due - self.read(reading);
        if early > FAKE_TIMER_MS {
            self.offset.set(self.offset.get() + early);
            return 0.0;
        }
        early.max(0.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "exact results are expected")]

    use super::*;

    #[test]
    fn it_never_goes_back() {
        let clock = Monotonic::default();
        let readings = [100.0, 150.0, 20.0, 30.0, -1e15, -1e15 + 5.0];
        let times = readings.map(|reading| clock.read(reading));
        assert_eq!(times[..4], [100.0, 150.0, 150.0, 160.0]);
        assert!((times[5] - 165.0).abs() < 1.0, "{times:?}");
    }

    #[test]
    fn fake_timers_move_it_and_early_ones_do_not() {
        let clock = Monotonic::default();
        assert_eq!(clock.read(0.0), 0.0);
        assert_eq!(clock.fired(2_000.0, 1.0), 0.0, "a fake timer");
        assert_eq!(clock.read(2.0), 2_001.0);
        assert_eq!(clock.fired(2_002.5, 2.0), 1.5, "a real one, early by rounding");
        assert_eq!(clock.read(2.0), 2_001.0);
    }
}
