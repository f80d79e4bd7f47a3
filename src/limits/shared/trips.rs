//! The trips of one process to the store, one at a time, and what becomes of failed ones.

use super::messages::SlotReport;

/// A trip that takes longer has failed.
const TRIP_TIMEOUT_MS: f64 = 2_000.0;

const SHORTEST_BACKOFF_MS: f64 = 100.0;
const LONGEST_BACKOFF_MS: f64 = 1_000.0;

/// What all processes have to know.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct News {
    pub(super) limit: u32,
    pub(super) paused_until: f64,
    pub(super) spent_until: f64,
}

impl News {
    /// What is left of it once the store knows `reported`.
    pub(super) fn without(self, reported: Self) -> Self {
        Self {
            limit: if self.limit == reported.limit { 0 } else { self.limit },
            paused_until: if self.paused_until <= reported.paused_until { 0.0 } else { self.paused_until },
            spent_until: if self.spent_until <= reported.spent_until { 0.0 } else { self.spent_until },
        }
    }
}

/// A trip, and what it asked for.
#[derive(Debug)]
pub(super) struct Trip {
    pub(super) number: u32,
    pub(super) at: f64,
    pub(super) wanted: u32,
    /// The name of the first slot that it wanted; the others are counted from there.
    pub(super) first: u32,
    pub(super) grace_ms: f64,
    pub(super) reports: Vec<SlotReport>,
    pub(super) needed_units: u32,
    pub(super) news: News,
}

/// The trips of this process.
#[derive(Debug)]
pub(super) struct Trips {
    under_way: Option<Trip>,
    count: u32,
    fails: u32,
    /// No trip begins before.
    next_at: f64,
    pub(super) last_at: f64,
    /// Since when the store does not respond.
    pub(super) away_since: Option<f64>,
    random: u32,
}

impl Trips {
    pub(super) fn new(random: u32) -> Self {
        Self {
            under_way: None,
            count: 0,
            fails: 0,
            next_at: f64::MIN,
            last_at: f64::MIN,
            away_since: None,
            random,
        }
    }

    pub(super) fn number(&self) -> Option<u32> {
        self.under_way.as_ref().map(|trip| trip.number)
    }

    /// The number of the next trip, which is under way from now on.
    pub(super) fn begin(&mut self, trip: Trip) {
        self.last_at = trip.at;
        self.count = self.count.wrapping_add(1);
        self.under_way = Some(Trip { number: self.count, ..trip });
    }

    /// When the trip under way has failed, or when the next one begins that is wanted at `wanted_at`.
    pub(super) fn due(&self, wanted_at: f64) -> f64 {
        self.under_way.as_ref().map_or(wanted_at.max(self.next_at), |trip| trip.at + TRIP_TIMEOUT_MS)
    }

    /// The number of the trip that has taken too long.
    pub(super) fn overdue(&self, now: f64) -> Option<u32> {
        self.under_way.as_ref().filter(|trip| now >= trip.at + TRIP_TIMEOUT_MS).map(|trip| trip.number)
    }

    /// The store has replied to a trip, if it is the one under way.
    pub(super) fn replied(&mut self, number: u32) -> Option<Trip> {
        let trip = self.under_way.take_if(|trip| trip.number == number)?;
        self.fails = 0;
        self.away_since = None;
        Some(trip)
    }

    /// A trip has failed, if it is the one under way.
    pub(super) fn failed(&mut self, number: u32, now: f64) -> Option<Trip> {
        let trip = self.under_way.take_if(|trip| trip.number == number)?;
        self.away_since.get_or_insert(trip.at);
        let backoff = (0..self.fails.min(8)).fold(SHORTEST_BACKOFF_MS, |wait, _| wait * 2.0);
        self.next_at = now + self.jitter(backoff.min(LONGEST_BACKOFF_MS));
        self.fails = self.fails.saturating_add(1);
        Some(trip)
    }

    /// Whether the last trip has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.fails > 0
    }

    /// A time with a spread, so that processes do not return together.
    pub(super) fn jitter(&mut self, milliseconds: f64) -> f64 {
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        milliseconds * (0.8 + 0.4 * f64::from(self.random >> 8) / 16_777_216.0)
    }
}
