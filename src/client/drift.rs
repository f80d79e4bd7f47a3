//! Reports where data differs from the models, once per path and kind.

use super::Client;
use super::config::DriftHook;
use crate::platform::sync::Lock;
use crate::protocol::Emitted;
use crate::protocol::event::EventKind;
use crate::protocol::{Drift, check_drift};
use crate::schema::{Endpoint, Schema};
use crate::text::Text;
use crate::transport::Runtime;

/// The hook, and what was reported to it.
pub(super) struct DriftWatch {
    hook: Option<DriftHook>,
    reported: Lock<Vec<(&'static str, Drift)>>,
}

impl DriftWatch {
    pub(super) fn new(hook: Option<DriftHook>) -> Self {
        Self { hook, reported: Lock::default() }
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
        let Some(hook) = &self.inner.drift.hook else { return };
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
