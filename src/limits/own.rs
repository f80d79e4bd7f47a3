//! A window and a queue of the client's own.

use super::headers::RateLimitHeaders;
use super::queue::{Queue, Ticket};
use super::slots::{Slot, SlotSource, Verdict, most_in_flight};
use super::window::{NextSlot, RollingWindow};

/// The slots of a client that shares them with no other.
#[derive(Debug)]
pub(super) struct OwnSlots {
    queue: Queue,
    window: RollingWindow,
    max_concurrency: Option<usize>,
}

/// A client that shares its limits with no other calls its own window without a detour, which would be bytes of a page.
#[cfg(not(any(test, feature = "npm-server")))]
pub(super) type Slots = OwnSlots;
#[cfg(any(test, feature = "npm-server"))]
pub(super) type Slots = Box<dyn SlotSource>;

/// The slots of a client that shares them with no other.
pub(super) fn own_slots(max_concurrency: Option<u32>) -> Slots {
    let slots = OwnSlots::new(max_concurrency);
    #[cfg(any(test, feature = "npm-server"))]
    let slots = Box::new(slots);
    slots
}

impl OwnSlots {
    pub(super) fn new(max_concurrency: Option<u32>) -> Self {
        Self {
            queue: Queue::default(),
            window: RollingWindow::default(),
            max_concurrency: most_in_flight(max_concurrency),
        }
    }
}

impl SlotSource for OwnSlots {
    fn ticket(&mut self) -> Ticket {
        self.queue.ticket()
    }

    fn admit(&mut self, ticket: Ticket, _cost: u32, longest_ms: f64, now: f64) -> Verdict {
        if !self.queue.is_first(ticket, now) {
            return Verdict::Turn;
        }
        match self.window.next_slot(self.max_concurrency, now) {
            NextSlot::AfterResponse => Verdict::Turn,
            NextSlot::At(at) => Verdict::Wait(at - now),
            NextSlot::Now => {
                self.queue.leave(ticket);
                Verdict::Send(self.window.send(longest_ms, now))
            }
        }
    }

    fn first(&self) -> Option<Ticket> {
        self.queue.first()
    }

    fn leave(&mut self, ticket: Ticket) {
        self.queue.leave(ticket);
    }

    fn sending(&mut self, slot: Slot, longest_ms: f64, now: f64) -> Option<Slot> {
        self.window.cancel(slot);
        Some(self.window.send(longest_ms, now))
    }

    fn cancel(&mut self, slot: Slot, _cost: u32) {
        self.window.cancel(slot);
    }

    fn release(&mut self, slot: Slot, response: Option<&RateLimitHeaders>, now: f64) {
        if let Some(&RateLimitHeaders { limit, remaining, reset_in_ms, .. }) = response {
            self.window.observe(slot, limit, remaining, reset_in_ms, now);
        }
        self.window.release(slot, response.is_some(), now);
    }

    fn pause(&mut self, wait_ms: f64, now: f64) {
        self.window.pause(wait_ms, now);
    }
}
