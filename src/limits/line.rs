//! Who may send when: first come, first served, as many at once as configured, and no faster than the burst window
//! allows. It is a state and not a wait: whoever asks is told, and waits as its language does.

use super::burst::{Burst, Next};
use super::{LONGEST_WAIT_MS, RateLimit};

/// The line of calls of one client.
#[derive(Debug)]
pub(crate) struct Line {
    burst: Burst,
    max_concurrency: u32,
    in_flight: u32,
    next_ticket: u32,
    /// Who waits, by the order of arrival.
    waiting: Vec<u32>,
}

/// What becomes of a call that asks to be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Admission {
    /// It may go, and counts as gone.
    Go,
    /// It is not its turn: something has to come back first.
    Turn,
    /// The burst window is used up until then.
    Until(f64),
    /// As above, and longer than any call waits.
    TooFar(f64),
}

impl Line {
    pub(crate) fn new(max_concurrency: u32) -> Self {
        Self {
            burst: Burst::default(),
            max_concurrency: max_concurrency.max(1),
            in_flight: 0,
            next_ticket: 0,
            waiting: Vec::new(),
        }
    }

    /// A place in the line. A call keeps it over its attempts, so that one that is sent again goes first.
    pub(crate) fn ticket(&mut self) -> u32 {
        let ticket = self.next_ticket;
        self.next_ticket = ticket.wrapping_add(1);
        ticket
    }

    /// Whether the holder of a ticket may go; if not, it waits from now on.
    pub(crate) fn admit(&mut self, ticket: u32, now: f64) -> Admission {
        let place = self.waiting.partition_point(|waiting| *waiting < ticket);
        let waits = self.waiting.get(place) == Some(&ticket);
        let admission = if place > 0 || self.in_flight >= self.max_concurrency {
            Admission::Turn
        } else {
            match self.burst.next_at(self.in_flight, now) {
                Some(Next::At(at)) if at > now + LONGEST_WAIT_MS => Admission::TooFar(at),
                Some(Next::At(at)) => Admission::Until(at),
                Some(Next::AfterAnAnswer) => Admission::Turn,
                None => {
                    self.in_flight += 1;
                    if waits {
                        self.waiting.remove(place);
                    }
                    return Admission::Go;
                }
            }
        };
        if !waits {
            self.waiting.insert(place, ticket);
        }
        admission
    }

    /// Who has to be told when something has changed: the first that waits.
    pub(crate) fn first(&self) -> Option<u32> {
        self.waiting.first().copied()
    }

    /// A request came back, or was given up.
    pub(crate) fn landed(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// A call waits no more.
    pub(crate) fn leave(&mut self, ticket: u32) {
        self.waiting.retain(|waiting| *waiting != ticket);
    }

    /// An answer told the state of the burst window.
    pub(crate) fn observe(&mut self, told: &RateLimit, now: f64) {
        self.burst.observe(told, now);
    }

    /// A 429 came: the whole line waits, once.
    pub(crate) fn pause(&mut self, until: f64) {
        self.burst.pause(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_come_first_served_and_so_many_at_once() {
        let mut line = Line::new(1);
        let (a, b, c) = (line.ticket(), line.ticket(), line.ticket());
        assert_eq!(line.admit(a, 0.0), Admission::Go);
        assert_eq!(line.admit(c, 0.0), Admission::Turn);
        assert_eq!(line.admit(b, 0.0), Admission::Turn);
        assert_eq!(line.first(), Some(b));
        line.landed();
        assert_eq!(line.admit(c, 0.0), Admission::Turn, "b came before");
        line.leave(b);
        assert_eq!(line.admit(c, 0.0), Admission::Go);
        assert_eq!((line.first(), line.waiting.len()), (None, 0));
    }

    #[test]
    fn an_attempt_again_keeps_its_place() {
        let mut line = Line::new(1);
        let (a, b) = (line.ticket(), line.ticket());
        assert_eq!((line.admit(a, 0.0), line.admit(b, 0.0)), (Admission::Go, Admission::Turn));
        line.landed();
        assert_eq!((line.admit(a, 0.0), line.first()), (Admission::Go, Some(b)));
    }

    #[test]
    fn the_end_of_a_window_is_told_and_one_too_far_away_too() {
        let mut line = Line::new(9);
        let ticket = line.ticket();
        line.pause(5_000.0);
        assert_eq!(line.admit(ticket, 0.0), Admission::Until(5_000.0));
        line.pause(70_000.0);
        assert_eq!(line.admit(ticket, 0.0), Admission::TooFar(70_000.0));
        assert_eq!(line.admit(ticket, 70_000.0), Admission::Go);
    }
}
