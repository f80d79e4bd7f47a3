//! One piece of work that many wait for: it runs as long as anyone waits, and all get the same result.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

use crate::sorted::SortedMap;

type Work<T> = Pin<Box<dyn Future<Output = T>>>;

struct Inner<T> {
    state: RefCell<State<T>>,
    next_waiter: Cell<u32>,
}

struct State<T> {
    /// The work, until it is done; taken out while it is polled.
    work: Option<Work<T>>,
    result: Option<T>,
    waiting: SortedMap<u32, Waker>,
}

/// A share of the work. Dropping the last share gives the work up.
pub(crate) struct Shared<T> {
    inner: Rc<Inner<T>>,
    waiter: u32,
}

/// A way back to the work while it runs.
pub(crate) struct Handle<T>(Weak<Inner<T>>);

impl<T: Clone> Shared<T> {
    pub(crate) fn new(work: impl Future<Output = T> + 'static) -> Self {
        let state = State { work: Some(Box::pin(work)), result: None, waiting: SortedMap::default() };
        Self { inner: Rc::new(Inner { state: RefCell::new(state), next_waiter: Cell::new(1) }), waiter: 0 }
    }

    pub(crate) fn handle(&self) -> Handle<T> {
        Handle(Rc::downgrade(&self.inner))
    }
}

impl<T> Handle<T> {
    /// Whether anybody still waits for the work.
    pub(crate) fn is_running(&self) -> bool {
        self.0.upgrade().is_some_and(|inner| inner.state.borrow().result.is_none())
    }

    /// A further share, if the work is still running.
    pub(crate) fn join(&self) -> Option<Shared<T>> {
        let inner = self.0.upgrade()?;
        if inner.state.borrow().result.is_some() {
            return None;
        }
        let waiter = inner.next_waiter.get();
        inner.next_waiter.set(waiter + 1);
        Some(Shared { inner, waiter })
    }
}

impl<T: Clone> Future for Shared<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut state = self.inner.state.borrow_mut();
        if let Some(result) = &state.result {
            return Poll::Ready(result.clone());
        }
        state.waiting.insert(self.waiter, context.waker().clone());
        let Some(mut work) = state.work.take() else { return Poll::Pending };
        drop(state);
        // Whoever polled last is woken by the work, and wakes the others when it is done.
        let polled = work.as_mut().poll(context);
        let mut state = self.inner.state.borrow_mut();
        let Poll::Ready(result) = polled else {
            state.work = Some(work);
            return Poll::Pending;
        };
        state.result = Some(result.clone());
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        // All are woken in the order in which they came, this one in its turn.
        if waiting.is_alone() {
            return Poll::Ready(result);
        }
        waiting.into_values().for_each(Waker::wake);
        Poll::Pending
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        let mut state = self.inner.state.borrow_mut();
        state.waiting.remove(&self.waiter);
        // The work may have been about to wake this one: another takes over.
        let next = state.waiting.first().map(|(_, waker)| waker.clone());
        drop(state);
        if let Some(waker) = next {
            waker.wake();
        }
    }
}
