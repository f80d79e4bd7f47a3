//! Events as those of the crate `tracing`.

use crate::event::{Event, EventKind};
use crate::platform::timestamp::duration_as_ms;

/// Reports an event. What a person should look at is a warning, everything else is for debugging.
pub(super) fn trace(event: &Event<'_>) {
    let Event { kind, operation, attempt, cost, status, duration, text } = *event;
    let duration_ms = duration.map(duration_as_ms);
    let kind_name = kind.as_str();
    match kind {
        EventKind::Retry | EventKind::Limited | EventKind::Drift | EventKind::Deprecated => tracing::warn!(
            target: "pipedrive_users",
            kind = kind_name, operation, attempt, cost, status, duration_ms, text,
        ),
        EventKind::Request | EventKind::Response | EventKind::Wait | EventKind::Shared => tracing::debug!(
            target: "pipedrive_users",
            kind = kind_name, operation, attempt, cost, status, duration_ms, text,
        ),
    }
}
