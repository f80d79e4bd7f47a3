//! The clock: it moves to the end of the next wait when everything waits for it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::{SandboxWorld, Scripted};
use crate::platform::timestamp::Timestamp;
use crate::transport::{Clock, Random, Request};

/// How often timers are looked at before a task that could run, and does not, is taken for abandoned.
const MOST_LOOKS: usize = 1_000_000;

/// The time at which every world begins: noon of 22 November 2026.
const NOON: Timestamp = Timestamp::from_unix_millis(1_795_348_800_000);

/// What the requests of a world have in common, and its clock.
#[derive(Default)]
pub(super) struct World {
    /// Time since the world was made.
    pub(super) now: Duration,
    pub(super) latency: Duration,
    pub(super) timers: Vec<Timer>,
    /// Timers that are due, and whose tasks another executor has not polled yet.
    pub(super) due: Vec<u64>,
    pub(super) next_timer: u64,
    pub(super) script: VecDeque<Scripted>,
    pub(super) sent: Vec<Request>,
    pub(super) in_flight: usize,
    /// How many calls of [`SandboxWorld::run`] let time pass.
    pub(super) runs: usize,
    /// How often a timer was looked at, outside of them, since something happened.
    pub(super) idle: usize,
}

/// A wait, and the task that is to be woken at its end.
pub(super) struct Timer {
    id: u64,
    at: Duration,
    waker: Waker,
}

impl World {
    /// Lets time pass until the next timer is due, and gives the timers that are. There may be none.
    pub(super) fn advance(&mut self) -> Vec<Waker> {
        self.idle = 0;
        self.due.clear();
        let Some(next) = self.timers.iter().map(|timer| timer.at).min() else { return Vec::new() };
        self.now = next.max(self.now);
        let now = self.now;
        let (due, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.timers).into_iter().partition(|timer| timer.at <= now);
        self.timers = waiting;
        self.due.extend(due.iter().map(|timer| timer.id));
        due.into_iter().map(|timer| timer.waker).collect()
    }

    pub(super) fn stop(&mut self, id: u64) {
        self.timers.retain(|timer| timer.id != id);
        self.due.retain(|due| *due != id);
    }
}

impl SandboxWorld {
    /// A timer is looked at. Gives whether it is due, and whom to wake.
    fn look(&self, id: u64, at: Duration, waker: &Waker) -> (bool, Vec<Waker>) {
        let mut world = self.0.world.borrow_mut();
        world.stop(id);
        if world.now >= at {
            return (true, Vec::new());
        }
        // The last task that polled is woken: an earlier one may be gone.
        world.timers.push(Timer { id, at, waker: waker.clone() });
        if world.runs > 0 {
            return (false, Vec::new());
        }
        // Another executor does not say when it has nothing to do: it looks again until everything has been looked at
        // twice, and the tasks of all timers that are due have run, which may be on another thread.
        world.idle += 1;
        let enough = if world.due.is_empty() { 2 * world.timers.len() } else { MOST_LOOKS };
        if world.idle <= enough {
            return (false, vec![waker.clone()]);
        }
        let due = world.advance();
        (world.now >= at, due)
    }
}

impl Clock for SandboxWorld {
    fn now(&self) -> Duration {
        self.0.world.borrow().now
    }

    /// Noon of 22 November 2026 and what has passed since.
    fn wall(&self) -> Timestamp {
        NOON + self.now()
    }

    async fn sleep(&self, duration: Duration) {
        /// Clears the timer when the future is dropped.
        struct Clear<'a> {
            world: &'a SandboxWorld,
            id: u64,
        }
        impl Drop for Clear<'_> {
            fn drop(&mut self) {
                self.world.0.world.borrow_mut().stop(self.id);
            }
        }
        let (id, at) = {
            let mut world = self.0.world.borrow_mut();
            world.next_timer += 1;
            (world.next_timer, world.now.saturating_add(duration))
        };
        let _clear = Clear { world: self, id };
        poll_fn(|context| {
            let (is_due, due) = self.look(id, at, context.waker());
            due.into_iter().for_each(Waker::wake);
            if is_due { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

impl Random for SandboxWorld {
    fn random(&self) -> f64 {
        0.0
    }
}
