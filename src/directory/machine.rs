//! What a lookup does, by the age of what is there: no clock, no I/O. Times are milliseconds since 1970, since processes
//! that share a store have no other clock in common.

use crate::api::{get_user, get_users};

/// How far another process's clock may be ahead.
const SKEW_MS: f64 = 60_000.0;
/// The first pause after a refresh in the background failed. It doubles each time.
const FIRST_PAUSE_MS: f64 = 1_000.0;
/// How often it doubles: the longest pause is about a minute.
const DOUBLINGS: i32 = 6;
/// How many ids that do not exist are asked for as long as a list is given. They cost as much as the list.
const MOST_MISSES: u32 = get_users::ENDPOINT.cost / get_user::ENDPOINT.cost;

/// What a lookup does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Gives what is there.
    Give = 0,
    /// Gives what is there, and begins a refresh.
    GiveAndRefresh = 1,
    /// Begins a refresh, and waits for it.
    RefreshAndWait = 2,
    /// Waits for the refresh under way.
    Wait = 3,
}

/// The state of a directory.
#[derive(Debug)]
pub(crate) struct Machine {
    max_age_ms: f64,
    stale_ms: f64,
    /// When the list that is there was asked for.
    asked_at: f64,
    is_refreshing: bool,
    /// Whether the refresh under way began before everything was declared invalid.
    is_outdated: bool,
    failures: i32,
    /// How many ids did not exist since the list came.
    misses: u32,
    /// No refresh begins in the background before.
    paused_until: f64,
}

impl Machine {
    /// A directory without a list.
    pub(crate) const fn new(max_age_ms: f64, stale_ms: f64) -> Self {
        Self {
            max_age_ms,
            stale_ms,
            asked_at: f64::NEG_INFINITY,
            is_refreshing: false,
            is_outdated: false,
            failures: 0,
            misses: 0,
            paused_until: f64::NEG_INFINITY,
        }
    }

    /// Decides what a lookup does. A refresh that it asks for has begun.
    pub(crate) fn look(&mut self, now: f64) -> Step {
        let age = now - self.asked_at;
        // A clock that was set back, here or in the process that asked, makes no list younger for long.
        if age < -SKEW_MS || age >= self.stale_ms {
            return if self.begin() { Step::RefreshAndWait } else { Step::Wait };
        }
        if age >= self.max_age_ms && now >= self.paused_until && self.begin() {
            return Step::GiveAndRefresh;
        }
        Step::Give
    }

    /// Begins a refresh, unless one is under way.
    pub(crate) fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.is_refreshing, true)
    }

    /// A refresh brought a list that was asked for then.
    pub(crate) fn on_filled(&mut self, asked_at: f64) {
        self.is_refreshing = false;
        self.failures = 0;
        self.misses = 0;
        self.paused_until = f64::NEG_INFINITY;
        self.asked_at =
            if std::mem::replace(&mut self.is_outdated, false) { f64::NEG_INFINITY } else { asked_at };
    }

    /// A refresh failed: what is there stays.
    pub(crate) fn on_failed(&mut self, now: f64) {
        self.is_refreshing = false;
        self.is_outdated = false;
        self.paused_until = now + FIRST_PAUSE_MS * f64::from(1 << self.failures);
        self.failures = (self.failures + 1).min(DOUBLINGS);
    }

    /// Nothing that is there is given any more.
    pub(crate) fn invalidate(&mut self) {
        self.asked_at = f64::NEG_INFINITY;
        self.is_outdated = self.is_refreshing;
    }

    /// Whether there is a list that was not declared invalid.
    pub(crate) fn is_filled(&self) -> bool {
        self.asked_at > f64::NEG_INFINITY
    }

    /// Pipedrive responded that an id does not exist.
    pub(crate) fn on_missing(&mut self) {
        self.misses += 1;
    }

    /// Whether an id that is not in the list does not exist: the list is at least as recent as the question, or
    /// Pipedrive responded so a short while ago, or so many ids did not exist that the list is believed while it is recent.
    pub(crate) fn is_missing(&self, questioned_at: f64, missing_since: f64, now: f64) -> bool {
        let is_recent = |since: f64| (now - since).abs() < self.max_age_ms;
        let is_believed = self.misses >= MOST_MISSES && is_recent(self.asked_at);
        self.asked_at >= questioned_at || is_recent(missing_since) || is_believed
    }
}

/// Whether that many unknown ids are asked for one by one, since that is cheaper than the list.
pub(crate) const fn asks_each(unknown: u32) -> bool {
    unknown.saturating_mul(get_user::ENDPOINT.cost) < get_users::ENDPOINT.cost
}

/// Whether news of a user counts: it is later than the last one, and not older than the record that is there. A record
/// counts whole seconds.
pub(crate) fn is_news(at: f64, last: f64, modified: f64) -> bool {
    at > last && at + 1_000.0 > modified
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ages_decide() {
        let mut machine = Machine::new(10.0, 100.0);
        assert_eq!(machine.look(0.0), Step::RefreshAndWait);
        assert_eq!(machine.look(1.0), Step::Wait);
        machine.on_filled(0.0);
        assert_eq!([machine.look(0.0), machine.look(9.0)], [Step::Give; 2]);
        assert_eq!(machine.look(10.0), Step::GiveAndRefresh);
        assert_eq!([machine.look(50.0), machine.look(100.0)], [Step::Give, Step::Wait]);
        machine.on_failed(100.0);
        assert_eq!(machine.look(100.0), Step::RefreshAndWait);
        // A clock that was set back by more than a skew.
        machine.on_filled(200_000.0);
        assert_eq!([machine.look(150_000.0), machine.look(130_000.0)], [Step::Give, Step::RefreshAndWait]);
    }

    #[test]
    fn pauses_double_after_failures_up_to_a_minute() {
        let mut machine = Machine::new(0.0, 1e12);
        machine.on_filled(0.0);
        let mut now = 1.0;
        let pauses = [1_000.0, 2_000.0, 4_000.0, 8_000.0, 16_000.0, 32_000.0, 64_000.0, 64_000.0];
        for pause in pauses {
            assert_eq!(machine.look(now), Step::GiveAndRefresh);
            machine.on_failed(now);
            assert_eq!(machine.look(now + pause - 1.0), Step::Give);
            now += pause;
        }
    }

    #[test]
    fn the_cheaper_way_is_taken() {
        for unknown in 0..30 {
            let each = unknown * get_user::ENDPOINT.cost;
            assert_eq!(asks_each(unknown), each < get_users::ENDPOINT.cost, "{unknown}");
        }
        assert!(!asks_each(u32::MAX));
    }

    #[test]
    fn news_count_in_order() {
        let long_ago = f64::NEG_INFINITY;
        assert!(is_news(5_000.0, long_ago, long_ago) && is_news(5_500.0, 5_000.0, 6_000.0));
        assert!(!is_news(5_000.0, 5_000.0, long_ago) && !is_news(4_999.0, 5_000.0, long_ago));
        assert!(!is_news(5_000.0, long_ago, 6_000.0) && !is_news(f64::NAN, long_ago, long_ago));
    }

    #[derive(Clone, Debug)]
    enum Event {
        Pass(u32),
        Look,
        Begin,
        Fill,
        Fail,
        Invalidate,
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            (0..2_000_u32).prop_map(Event::Pass),
            Just(Event::Look),
            Just(Event::Look),
            Just(Event::Begin),
            Just(Event::Fill),
            Just(Event::Fail),
            Just(Event::Invalidate),
        ]
    }

    proptest! {
        /// Whatever happens in whatever order: one refresh at a time, nothing is given that is too old or was declared
        /// invalid, no call waits where there is something to give, and none waits for nothing.
        #[test]
        fn one_refresh_at_a_time_and_nothing_too_old(events in prop::collection::vec(event(), 0..80)) {
            let (max_age, stale) = (1_000.0, 3_000.0);
            let mut machine = Machine::new(max_age, stale);
            let mut now = 1_000_000.0;
            // When the refresh under way began, and when what is there was asked for.
            let mut refreshing: Option<f64> = None;
            let mut asked_at: Option<f64> = None;
            let mut invalidated_since = false;
            for event in events {
                match event {
                    Event::Pass(milliseconds) => now += f64::from(milliseconds),
                    Event::Look => {
                        let age = asked_at.map_or(f64::INFINITY, |asked_at| now - asked_at);
                        match machine.look(now) {
                            Step::Give => prop_assert!(age < stale),
                            Step::GiveAndRefresh => {
                                prop_assert!(age < stale && age >= max_age && refreshing.is_none());
                                refreshing = Some(now);
                            }
                            Step::RefreshAndWait => {
                                prop_assert!(age >= stale && refreshing.is_none());
                                refreshing = Some(now);
                            }
                            Step::Wait => prop_assert!(age >= stale && refreshing.is_some()),
                        }
                    }
                    Event::Begin => {
                        prop_assert_eq!(machine.begin(), refreshing.is_none());
                        refreshing.get_or_insert(now);
                    }
                    Event::Fill => {
                        if let Some(began) = refreshing.take() {
                            machine.on_filled(began);
                            asked_at = (!invalidated_since).then_some(began);
                            invalidated_since = false;
                        }
                    }
                    Event::Fail => {
                        if refreshing.take().is_some() {
                            machine.on_failed(now);
                            invalidated_since = false;
                        }
                    }
                    Event::Invalidate => {
                        machine.invalidate();
                        asked_at = None;
                        invalidated_since = refreshing.is_some();
                    }
                }
            }
        }
    }
}
