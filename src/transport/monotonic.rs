//! A clock that never goes back, made of those that tests replace and systems adjust.

use std::cell::Cell;

/// A timer that fires this much early by the clock belongs to fake timers, which have their own time.
const FAKE_TIMER_MS: f64 = 50.0;

/// What the underlying clock shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Milliseconds; the zero means nothing.
    pub(super) time: f64,
    /// Whether it is the clock of fake timers.
    pub(super) is_fake: bool,
}

/// A clock that never goes back.
///
/// Jest, Vitest and sinon replace timers, and some of them the clocks as well: where their clock can be read, it is the
/// one that counts. Where it cannot, or stands still, a timer that fired is believed: its time has passed. A reading that
/// is no number is that of a clock that stands still.
#[derive(Debug, Default)]
pub(super) struct Monotonic {
    /// What is added to the underlying clock.
    offset: Cell<f64>,
    last: Cell<f64>,
    is_fake: Cell<bool>,
    /// When the timer was due that last fired a little early.
    early_due: Cell<f64>,
}

impl Monotonic {
    /// The time, by a reading of the underlying clock.
    pub(super) fn read(&self, reading: Reading) -> f64 {
        let Reading { time, is_fake } = reading;
        let now = time + self.offset.get();
        // Another clock continues where the one before stood.
        if now >= self.last.get() && self.is_fake.replace(is_fake) == is_fake {
            self.last.set(now);
            return now;
        }
        self.is_fake.set(is_fake);
        self.offset.set(self.last.get() - time);
        self.last.get()
    }

    /// A timer that was due at `due` fired. Gives what is left of it, if it fired a little early: only once, since a clock that
    /// stands still would never get there.
    pub(super) fn fired(&self, due: f64, reading: Reading) -> f64 {
        let early = due - self.read(reading);
        let is_again = (due - self.early_due.replace(due)).abs() < 0.001;
        if early > FAKE_TIMER_MS || early > 0.0 && is_again {
            self.offset.set(self.offset.get() + early);
            self.last.set(due);
            return 0.0;
        }
        early.max(0.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, reason = "exact results are expected")]

    use super::*;

    fn real(time: f64) -> Reading {
        Reading { time, is_fake: false }
    }

    #[test]
    fn it_never_goes_back() {
        let clock = Monotonic::default();
        let readings = [100.0, 150.0, 20.0, 30.0, -1e15, -1e15 + 5.0];
        let times = readings.map(|time| clock.read(real(time)));
        assert_eq!(times[..4], [100.0, 150.0, 150.0, 160.0]);
        assert!((times[5] - 165.0).abs() < 1.0, "{times:?}");
    }

    #[test]
    fn fake_timers_move_it_and_early_ones_do_not() {
        let clock = Monotonic::default();
        assert_eq!(clock.read(real(0.0)), 0.0);
        assert_eq!(clock.fired(2_000.0, real(1.0)), 0.0, "a fake timer");
        assert_eq!(clock.read(real(2.0)), 2_001.0);
        assert_eq!(clock.fired(2_002.5, real(2.0)), 1.5, "a real one, early by rounding");
        assert_eq!(clock.read(real(2.0)), 2_001.0);
        assert_eq!(clock.fired(2_002.5, real(2.0)), 0.0, "the clock stands still");
        assert_eq!(clock.read(real(2.5)), 2_003.0);
    }

    #[test]
    fn timers_move_it_where_it_stands_still_goes_back_or_shows_no_time() {
        for time in [f64::NAN, 5.0, -1e9] {
            let clock = Monotonic::default();
            let began = clock.read(real(time));
            assert!(began.is_finite());
            assert_eq!(clock.fired(began + 100.0, real(time)), 0.0, "{time}");
            assert_eq!(clock.read(real(time - 1.0)), began + 100.0, "{time}");
            assert_eq!(clock.fired(began + 330.0, real(time - 2.0)), 0.0, "{time}");
            assert_eq!(clock.read(real(time - 3.0)), began + 330.0, "{time}");
        }
        let clock = Monotonic::default();
        assert_eq!([5.0, f64::NAN, 9.0, 10.0].map(|time| clock.read(real(time))), [5.0, 5.0, 5.0, 6.0]);
    }

    #[test]
    fn the_clock_of_fake_timers_counts_while_they_are_installed() {
        let fake = |time| Reading { time, is_fake: true };
        let clock = Monotonic::default();
        assert_eq!(clock.read(real(500.0)), 500.0);
        assert_eq!(clock.read(fake(0.0)), 500.0, "it continues where the real one stood");
        assert_eq!(clock.read(fake(1_997.0)), 2_497.0);
        assert_eq!(clock.read(real(504.0)), 2_497.0);
        assert_eq!(clock.read(real(505.0)), 2_498.0);
        let clock = Monotonic::default();
        assert_eq!(clock.read(fake(1e12)), 0.0);
        assert_eq!(clock.read(fake(1e12 + 5.0)), 5.0);
    }
}
