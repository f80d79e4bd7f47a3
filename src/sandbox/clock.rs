//! The time that burst limits are counted in.

use super::time::Timestamp;

/// A clock that never goes back, made of the time of day and of a monotonic clock: it passes as fast as the faster of the two.
/// A time of day that is set back or stands still extends no window, and fake timers that move only the time of day do move it.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// The time of day and the monotonic time when it was last read.
    last: Option<(f64, f64)>,
    now: f64,
}

impl Clock {
    pub(super) fn read(&mut self, wall_ms: f64, monotonic_ms: f64) -> Timestamp {
        let (wall, monotonic) = self.last.replace((wall_ms, monotonic_ms)).unwrap_or_else(|| {
            // A timestamp is never before 1970.
            self.now = wall_ms.max(0.0);
            (wall_ms, monotonic_ms)
        });
        self.now += (wall_ms - wall).max(monotonic_ms - monotonic).max(0.0);
        Timestamp::from_ms(self.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_passes_as_fast_as_the_faster_and_never_goes_back() {
        let mut clock = Clock::default();
        for (wall, monotonic, expected) in [
            (1_000_000.0, 0.0, 1_000_000.0),
            (1_000_010.0, 10.0, 1_000_010.0),
            // Set back by some minutes; then it stands still, then only it goes on.
            (500_000.0, 15.0, 1_000_015.0),
            (500_000.0, 2_015.0, 1_002_015.0),
            (503_000.0, 2_015.0, 1_005_015.0),
            (503_000.0, 2_000.0, 1_005_015.0),
        ] {
            assert_eq!(clock.read(wall, monotonic), Timestamp::from_ms(expected));
        }
    }

    #[test]
    fn it_passes_before_1970_too() {
        let mut clock = Clock::default();
        assert_eq!(clock.read(-1e12, 0.0), Timestamp::from_ms(0.0));
        assert_eq!(clock.read(-1e12 + 2_000.0, 5.0), Timestamp::from_ms(2_000.0));
    }
}
