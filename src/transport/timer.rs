//! A timer of JavaScript as a future.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, milliseconds: f64) -> JsValue;

    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
}

/// The longest time that a timer takes.
pub(crate) const LONGEST_TIMER_MS: f64 = 2_147_483_647.0;

/// A timer, cleared when it is dropped. A promise would not do: one that never settles is never freed.
pub(super) struct Timer {
    id: JsValue,
    state: Rc<TimerState>,
    /// The timer's callback, for as long as the timer may call it.
    _callback: Closure<dyn FnMut()>,
}

#[derive(Default)]
struct TimerState {
    has_elapsed: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Timer {
    pub(super) fn new(milliseconds: f64) -> Self {
        let state = Rc::<TimerState>::default();
        let called = Rc::clone(&state);
        let callback = Closure::<dyn FnMut()>::new(move || {
            called.has_elapsed.set(true);
            if let Some(waker) = called.waker.take() {
                waker.wake();
            }
        });
        Self { id: set_timeout(callback.as_ref(), milliseconds), state, _callback: callback }
    }

    pub(super) async fn elapsed(&self) {
        poll_fn(|context| {
            if self.state.has_elapsed.get() {
                return Poll::Ready(());
            }
            self.state.waker.replace(Some(context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.id);
    }
}
