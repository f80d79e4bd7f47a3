//! The order in which calls are sent: first come, first served.

/// A call's position in the queue. A call keeps it over its attempts, so that a retry goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// A waiting call asks again every few seconds. One that has not asked for so long has stopped without a word, as a Worker's
/// request is stopped: it holds up the others no longer. If it asks again after all, it is back in its position.
const STOPPED_AFTER_MS: f64 = 10_000.0;

/// The calls that wait to be sent.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    next: u64,
    /// In ascending order, and when each has last asked.
    waiting: Vec<(Ticket, f64)>,
}

impl Queue {
    pub(crate) fn ticket(&mut self) -> Ticket {
        self.next += 1;
        Ticket(self.next)
    }

    /// Whether it is the turn of a ticket. From now on it waits, until it leaves.
    pub(crate) fn is_first(&mut self, ticket: Ticket, now: f64) -> bool {
        let index = self.waiting.partition_point(|(other, _)| *other < ticket);
        match self.waiting.get_mut(index) {
            Some((other, asked)) if *other == ticket => *asked = now,
            _ => self.waiting.insert(index, (ticket, now)),
        }
        let stopped = self.waiting.iter().take_while(|(_, asked)| now - asked > STOPPED_AFTER_MS).count();
        self.waiting.drain(..stopped);
        self.first() == Some(ticket)
    }

    pub(crate) fn leave(&mut self, ticket: Ticket) {
        self.waiting.retain(|(other, _)| *other != ticket);
    }

    /// The first that waits.
    pub(crate) fn first(&self) -> Option<Ticket> {
        self.waiting.first().map(|(ticket, _)| *ticket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_come_first_served() {
        let mut queue = Queue::default();
        let (a, b, c) = (queue.ticket(), queue.ticket(), queue.ticket());
        assert!(queue.is_first(a, 0.0));
        queue.leave(a);
        assert!(queue.is_first(c, 0.0), "nobody else waits yet");
        assert!(queue.is_first(b, 0.0), "it came before");
        assert!(!queue.is_first(c, 0.0));
        queue.leave(b);
        assert_eq!(queue.first(), Some(c));
        assert!(queue.is_first(a, 0.0), "a retry keeps its position");
    }

    #[test]
    fn one_that_no_longer_asks_holds_nobody_up() {
        let mut queue = Queue::default();
        let (a, b, c) = (queue.ticket(), queue.ticket(), queue.ticket());
        assert!(queue.is_first(a, 0.0) && !queue.is_first(b, 0.0));
        for now in [3_000.0, 6_000.0, 9_000.0, 10_000.0] {
            assert!(!queue.is_first(c, now));
        }
        assert!(queue.is_first(c, 10_001.0), "both before it have stopped");
        assert!(queue.is_first(b, 12_000.0), "it asks again: it is back in its position");
    }
}
