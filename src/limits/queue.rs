//! The line of a client, waited in: a ticket, and the permit that it becomes.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use super::Account;
use super::line::Admission;
use crate::sorted::SortedMap;
use crate::transport::Clock;

/// Where the calls of a client wait.
#[derive(Clone)]
pub(crate) struct Queue {
    account: Rc<RefCell<Account>>,
    wakers: Rc<RefCell<SortedMap<u32, Waker>>>,
}

/// A place in the line, given up when it is dropped.
pub(crate) struct Ticket {
    queue: Queue,
    number: u32,
}

/// The right to have one request on its way. It ends when it is dropped.
pub(crate) struct Permit(Queue);

impl Queue {
    pub(crate) fn new(account: Rc<RefCell<Account>>) -> Self {
        Self { account, wakers: Rc::default() }
    }

    pub(crate) fn ticket(&self) -> Ticket {
        let number = self.account.borrow_mut().line.ticket();
        Ticket { queue: self.clone(), number }
    }

    /// The line has changed: the first that waits looks again.
    pub(crate) fn wake_first(&self) {
        let first = self.account.borrow().line.first();
        let waker = first.and_then(|first| self.wakers.borrow().get(&first).cloned());
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A wait that is on its way.
type Timer<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

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
                let admission = self.queue.account.borrow_mut().line.admit(self.number, now);
                let at = match admission {
                    Admission::Go => {
                        self.queue.wake_first();
                        return Poll::Ready(Ok(Permit(self.queue.clone())));
                    }
                    Admission::TooFar(at) => return Poll::Ready(Err(at)),
                    Admission::Turn => None,
                    Admission::Until(at) => Some(at),
                };
                self.queue.wakers.borrow_mut().insert(self.number, context.waker().clone());
                let Some(at) = at else {
                    timer = None;
                    return Poll::Pending;
                };
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
        self.queue.account.borrow_mut().line.leave(self.number);
        self.queue.wakers.borrow_mut().remove(&self.number);
        self.queue.wake_first();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.account.borrow_mut().line.landed();
        self.0.wake_first();
    }
}
