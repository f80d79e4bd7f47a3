//! A call without I/O: the prepared request, the state machine, what responses mean, pages and retries. Nothing here
//! waits, reads a clock or knows JavaScript.

mod call;
mod dispatcher;
mod drift;
mod envelope;
mod error_body;
pub mod event;
mod exchange;
#[cfg(feature = "hot-paths")]
#[doc(hidden)]
pub mod hot_paths;
mod outcome;
mod pagination;
mod request;
mod response;
mod retry;
mod signed;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod simulation;

pub(crate) use dispatcher::{AttemptId, CallId, CredentialSource, Dispatcher, Failed, Moment, NewCall, Step};
pub(crate) use drift::check as check_drift;
pub use drift::{Drift, DriftKind};
pub(crate) use exchange::Emitted;
pub(crate) use outcome::Reply;
pub(crate) use request::{Defaults, LONGEST_TIMER_MS, MOST_RETRIES, PreparedRequest, check_header};
pub(crate) use signed::{AuthScheme, Server};
