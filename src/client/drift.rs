//! Reports where data differs from the models, once per path and kind.

use std::cell::RefCell;
use std::rc::Rc;

use super::Client;
use crate::protocol::Emitted;
use crate::protocol::event::EventKind;
use crate::protocol::{Drift, check_drift};
use crate::schema::{Endpoint, Schema};
use crate::text::Text;
use crate::transport::Runtime;

/// Called for each difference between data and its model, with the operation.
pub type DriftHook = Rc<dyn Fn(&'static str, &Drift)>;

/// The hook, and what was reported to it.
#[derive(Default)]
pub(super) struct DriftWatch {
    hook: RefCell<Option<DriftHook>>,
    reported: RefCell<Vec<(&'static str, Drift)>>,
}

impl DriftWatch {
    pub(super) fn set(&self, hook: DriftHook) {
        *self.hook.borrow_mut() = Some(hook);
    }

    /// Remembers a difference, and returns whether it is new.
    fn is_new(&self, operation: &'static str, drift: &Drift) -> bool {
        let mut reported = self.reported.borrow_mut();
        let is_known = reported.iter().any(|(known, other)| {
            *known == operation && other.path == drift.path && other.kind == drift.kind
        });
        if !is_known {
            reported.push((operation, drift.clone()));
        }
        !is_known
    }
}

impl<R: Runtime> Client<R> {
    /// Validates the data of a response, if there is a hook.
    pub(super) fn watch_drift(&self, endpoint: &'static Endpoint, data: &R::Json, schema: Schema) {
        let hook = self.inner.drift.hook.borrow().clone();
        let Some(hook) = hook else { return };
        let operation = endpoint.operation;
        for drift in check_drift(data, schema) {
            if self.inner.drift.is_new(operation, &drift) {
                let text = [&drift.path, ": expected ", &drift.expected, ", found ", &drift.found].concat();
                self.inner.driver.emit(
                    endpoint,
                    Emitted::beside(EventKind::Drift),
                    Some(&R::Text::from_rust(&text)),
                );
                hook(operation, &drift);
            }
        }
    }
}
