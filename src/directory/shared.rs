//! A result that several tasks wait for.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::error::Result;
use crate::platform::sync::{Lock, SharedRef};

/// The result of work under way. Clones wait for the same one.
pub(super) struct Shared<T>(SharedRef<Lock<State<T>>>);

struct State<T> {
    result: Option<Result<T>>,
    waiting: Vec<Waker>,
}

impl<T> Shared<T> {
    pub(super) fn new() -> Self {
        Self(SharedRef::new(Lock::new(State { result: None, waiting: Vec::new() })))
    }

    /// Gives the result to all who wait, unless they have one.
    pub(super) fn settle(&self, result: Result<T>) {
        let waiting = {
            let mut state = self.0.borrow_mut();
            state.result.get_or_insert(result);
            std::mem::take(&mut state.waiting)
        };
        for waker in waiting {
            waker.wake();
        }
    }
}

/// Whether it is the same work.
impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        SharedRef::ptr_eq(&self.0, &other.0)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(SharedRef::clone(&self.0))
    }
}

impl<T: Clone> Future for Shared<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.borrow_mut();
        if let Some(result) = &state.result {
            return Poll::Ready(result.clone());
        }
        if !state.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            state.waiting.push(context.waker().clone());
        }
        Poll::Pending
    }
}
