//! Who may send when: first come, first served, as many at once as configured, and no faster than the burst window
//! allows. One queue belongs to one client.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use super::burst::{Burst, Next};
use super::{LONGEST_WAIT_MS, RateLimit};
use crate::sorted::SortedMap;
use crate::transport::Clock;

/// The queue of a client.
#[derive(Clone)]
pub(crate) struct Queue(Rc<RefCell<State>>);

struct State {
    burst: Burst,
    max_concurrency: u32,
    in_flight: u32,
    next_ticket: u64,
    /// Who waits, by the order of arrival.
    waiting: SortedMap<u64, Waker>,
}

/// A place in the queue. A call keeps it over its attempts, so that one that is sent again goes first. It is given
/// up when it is dropped.
pub(crate) struct Ticket {
    queue: Queue,
    number: u64,
}

/// The right to have one request on its way. It ends when it is dropped.
pub(crate) struct Permit(Queue);

impl Queue {
    pub(crate) fn new(max_concurrency: u32) -> Self {
        Self(Rc::new(RefCell::new(State {
            burst: Burst::default(),
            max_concurrency: max_concurrency.max(1),
            in_flight: 0,
            next_ticket: 0,
            waiting: SortedMap::default(),
        })))
    }

    pub(crate) fn ticket(&self) -> Ticket {
        let mut state = self.0.borrow_mut();
        let number = state.next_ticket;
        state.next_ticket += 1;
        Ticket { queue: self.clone(), number }
    }

    /// An answer told the state of the burst window.
    pub(crate) fn observe(&self, told: &RateLimit, now: f64) {
        self.0.borrow_mut().burst.observe(told, now);
        self.wake_first();
    }

    /// A 429 came: the whole queue waits, once.
    pub(crate) fn pause(&self, until: f64) {
        self.0.borrow_mut().burst.pause(until);
        self.wake_first();
    }

    fn wake_first(&self) {
        let first = self.0.borrow().waiting.first().map(|(_, waker)| waker.clone());
        if let Some(waker) = first {
            waker.wake();
        }
    }

    /// What the holder of a ticket has to wait for; `None` when it may go, and then it counts as gone.
    fn admit(&self, number: u64, now: f64) -> Option<Wait> {
        let mut state = self.0.borrow_mut();
        if state.waiting.first().is_some_and(|(first, _)| *first < number)
            || state.in_flight >= state.max_concurrency
        {
            return Some(Wait::Turn);
        }
        let in_flight = state.in_flight;
        match state.burst.next_at(in_flight, now) {
            Some(Next::At(at)) => Some(Wait::Until(at)),
            Some(Next::AfterAnAnswer) => Some(Wait::Turn),
            None => {
                state.in_flight += 1;
                state.waiting.remove(&number);
                None
            }
        }
    }
}

/// A wait that is on its way.
type Timer<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

enum Wait {
    Turn,
    Until(f64),
}

impl Ticket {
    /// Waits for the permit to send. `on_wait` is told how long, whenever the limit and not the order is the reason.
    ///
    /// # Errors
    ///
    /// Gives the end of a window that is too far away to be waited for.
    pub(crate) async fn permit<C: Clock>(
        &self,
        clock: &C,
        mut on_wait: impl FnMut(f64),
    ) -> Result<Permit, f64> {
        let mut timer: Option<(f64, Timer<'_>)> = None;
        // A timer can be early by its clock: the same wait is told once.
        let mut told = 0.0;
        poll_fn(|context| {
            loop {
                let now = clock.now();
                let Some(wait) = self.queue.admit(self.number, now) else {
                    self.queue.wake_first();
                    return Poll::Ready(Ok(Permit(self.queue.clone())));
                };
                self.queue.0.borrow_mut().waiting.insert(self.number, context.waker().clone());
                let Wait::Until(at) = wait else {
                    timer = None;
                    return Poll::Pending;
                };
                if at > now + LONGEST_WAIT_MS {
                    return Poll::Ready(Err(at));
                }
                let (_, sleep) = match &mut timer {
                    // The same time, copied and never computed again.
                    #[allow(clippy::float_cmp)]
                    Some(running) if running.0 == at => running,
                    _ => {
                        if at > told {
                            told = at;
                            on_wait(at - now);
                        }
                        timer.insert((at, Box::pin(clock.sleep(at - now))))
                    }
                };
                if sleep.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                timer = None;
            }
        })
        .await
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.queue.0.borrow_mut().waiting.remove(&self.number);
        self.queue.wake_first();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.0.0.borrow_mut();
        state.in_flight -= 1;
        drop(state);
        self.0.wake_first();
    }
}
