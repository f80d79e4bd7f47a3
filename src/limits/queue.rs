//! The order in which calls are sent: first come, first served.

/// A call's position in the queue. A call keeps it over its attempts, so that a retry goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// The calls that wait to be sent.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    next: u64,
    /// In ascending order.
    waiting: Vec<Ticket>,
}

impl Queue {
    pub(crate) fn ticket(&mut self) -> Ticket {
        self.next += 1;
        Ticket(self.next)
    }

    /// Whether it is the turn of a ticket. From now on it waits, until it leaves.
    pub(crate) fn is_first(&mut self, ticket: Ticket) -> bool {
        if let Err(index) = self.waiting.binary_search(&ticket) {
            self.waiting.insert(index, ticket);
        }
        self.first() == Some(ticket)
    }

    pub(crate) fn leave(&mut self, ticket: Ticket) {
        if let Ok(index) = self.waiting.binary_search(&ticket) {
            self.waiting.remove(index);
        }
    }

    /// The first that waits.
    pub(crate) fn first(&self) -> Option<Ticket> {
        self.waiting.first().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_come_first_served() {
        let mut queue = Queue::default();
        let (a, b, c) = (queue.ticket(), queue.ticket(), queue.ticket());
        assert!(queue.is_first(a));
        queue.leave(a);
        assert!(queue.is_first(c), "nobody else waits yet");
        assert!(queue.is_first(b), "it came before");
        assert!(!queue.is_first(c));
        queue.leave(b);
        assert_eq!(queue.first(), Some(c));
        assert!(queue.is_first(a), "a retry keeps its position");
    }
}
