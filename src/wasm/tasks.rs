//! The calls of a client as tasks, each polled in its caller's own context.
//!
//! The shared queue of wasm-bindgen-futures runs a task in whichever context filled the queue, so that a credential
//! function that reads Node's `AsyncLocalStorage` would see another user. So a task is polled by a reaction that
//! JavaScript registered when the call was made: waking means to ask JavaScript for it.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Has `poll` called for a call, in the context in which it was made.
    fn schedule(call: u32);
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// The calls that are under way.
#[derive(Default)]
pub(super) struct Tasks(RefCell<Vec<(u32, Option<Task>)>>);

struct CallWaker(u32);

impl Wake for CallWaker {
    fn wake(self: Arc<Self>) {
        schedule(self.0);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        schedule(self.0);
    }
}

impl Tasks {
    /// Starts a call. What it does without waiting is done when this returns.
    pub(super) fn start(&self, call: u32, task: Task) {
        self.0.borrow_mut().push((call, Some(task)));
        self.poll(call);
    }

    /// Lets a call go on.
    pub(super) fn poll(&self, call: u32) {
        let taken = self
            .0
            .borrow_mut()
            .iter_mut()
            .find(|(known, _)| *known == call)
            .and_then(|(_, task)| task.take());
        let Some(mut task) = taken else { return };
        let waker = Waker::from(Arc::new(CallWaker(call)));
        let is_over = task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        if is_over {
            self.abort(call);
        } else if let Some((_, place)) = self.0.borrow_mut().iter_mut().find(|(known, _)| *known == call) {
            *place = Some(task);
        }
    }

    /// Drops a call, wherever it is.
    pub(super) fn abort(&self, call: u32) {
        let task = {
            let mut tasks = self.0.borrow_mut();
            let index = tasks.iter().position(|(known, _)| *known == call);
            index.map(|index| tasks.swap_remove(index))
        };
        // Its drop may wake other calls, and call hooks.
        drop(task);
    }

    /// Whether a call is under way.
    pub(super) fn contains(&self, call: u32) -> bool {
        self.0.borrow().iter().any(|(known, _)| *known == call)
    }
}
