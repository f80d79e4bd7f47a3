//! A client's part in limits that it shares: who is notified of changes in them, and which calls need not wait any longer.

#[cfg(feature = "npm-server")]
pub(super) use shared::Share;

/// A client of a page shares its limits with no other.
#[cfg(not(feature = "npm-server"))]
pub(super) struct Share;

#[cfg(not(feature = "npm-server"))]
impl Share {
    pub(super) fn none() -> Self {
        Self
    }

    #[allow(clippy::unused_self, reason = "as in the server's module")]
    pub(super) fn notify(&self) {}
}

#[cfg(feature = "npm-server")]
mod shared {
    use std::cell::RefCell;
    use std::rc::Rc;

    use js_sys::Function;
    use wasm_bindgen::JsValue;

    use crate::limits::Ticket;
    use crate::limits::shared::SharedLimiter;

    /// Nothing where the client has limits of its own.
    pub(in crate::wasm) struct Share(Option<Part>);

    struct Part {
        limiter: Rc<RefCell<SharedLimiter>>,
        /// Called when something has changed, and with `true` when the client is gone: freed, or garbage-collected.
        notify: Function,
        /// Whether its calls may wait for each other as well.
        has_own_limit: bool,
    }

    impl Drop for Part {
        fn drop(&mut self) {
            drop(self.notify.call1(&JsValue::UNDEFINED, &JsValue::TRUE));
        }
    }

    impl Share {
        pub(in crate::wasm) fn none() -> Self {
            Self(None)
        }

        pub(in crate::wasm) fn new(
            limiter: Rc<RefCell<SharedLimiter>>,
            notify: Function,
            has_own_limit: bool,
        ) -> Self {
            Self(Some(Part { limiter, notify, has_own_limit }))
        }

        /// Notifies of a change in the limits, if there was one.
        pub(in crate::wasm) fn notify(&self) {
            if let Some(Part { limiter, notify, .. }) = &self.0
                && limiter.try_borrow_mut().is_ok_and(|mut limiter| limiter.take_changed())
            {
                drop(notify.call0(&JsValue::UNDEFINED));
            }
        }

        /// The calls that need not wait any longer; where it is unknown, all may look.
        pub(in crate::wasm) fn ready(&self, now: f64) -> Option<Vec<Ticket>> {
            let part = self.0.as_ref().filter(|part| !part.has_own_limit)?;
            Some(part.limiter.borrow_mut().ready(now))
        }
    }
}
