//! Calls on their way, each of which can be cancelled by its number.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, Waker};

use crate::sorted::SortedMap;

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// The calls of one client that are on their way.
#[derive(Clone, Default)]
pub(crate) struct Tasks(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    next: u32,
    /// How to wake a task, so that it finds that it was cancelled.
    running: SortedMap<u32, Option<Waker>>,
}

impl Tasks {
    /// Runs the work to its end, or until it is cancelled.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + 'static) -> u32 {
        let mut state = self.0.borrow_mut();
        let number = state.next;
        state.next = number.wrapping_add(1);
        state.running.insert(number, None);
        drop(state);
        let tasks = self.clone();
        let mut work: Option<Work> = Some(Box::pin(work));
        wasm_bindgen_futures::spawn_local(poll_fn(move |context| {
            let mut state = tasks.0.borrow_mut();
            if state.running.get(&number).is_some() {
                state.running.insert(number, Some(context.waker().clone()));
            } else {
                work = None;
            }
            drop(state);
            let polled = work.as_mut().map_or(Poll::Ready(()), |work| work.as_mut().poll(context));
            if polled.is_ready() {
                work = None;
                tasks.0.borrow_mut().running.remove(&number);
            }
            polled
        }));
        number
    }

    /// Drops the work of a task, with all that it holds.
    pub(crate) fn cancel(&self, number: u32) {
        let waker = self.0.borrow_mut().running.remove(&number).flatten();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
