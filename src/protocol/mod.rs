//! A call without I/O: the prepared request, the state machine, what responses mean, pages and retries. Nothing here
//! waits, reads a clock or knows JavaScript.

mod call;
mod drift;
mod error_body;
pub mod event;
mod exchange;
#[cfg(feature = "hot-paths")]
#[doc(hidden)]
pub mod hot_paths;
mod pagination;
mod request;
mod response;
mod retry;

pub(crate) use call::{CallAction, CallEvent, CallMachine};
pub(crate) use drift::check as check_drift;
pub use drift::{Drift, DriftKind};
pub(crate) use error_body::{ErrorHints, hints, read_error_body};
pub(crate) use exchange::{Action, Context, Emitted, Event, ExchangeMachine};
pub(crate) use pagination::next_page;
#[cfg(all(target_arch = "wasm32", feature = "npm-client"))]
pub(crate) use request::check_headers;
pub(crate) use request::{
    Defaults, LONGEST_TIMER_MS, MOST_RETRIES, PreparedRequest, check_header, set_header,
};
pub(crate) use response::{credential_timed_out, deprecation, no_credential, read_envelope};
