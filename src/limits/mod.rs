//! The limits of the API: what the headers tell of them, who may send when, and what the day may cost.

mod account;
mod burst;
mod daily;
mod headers;
mod line;
mod queue;

pub(crate) use account::Account;
use daily::Daily;
pub(crate) use daily::next_midnight;
pub use headers::RateLimit;
pub(crate) use headers::Told;
#[cfg(feature = "npm-client")]
pub(crate) use line::Admission;
pub(crate) use queue::Queue;

/// The burst window's length, where no header tells when it ends.
pub(crate) const DEFAULT_RESET_MS: f64 = 2_000.0;

/// The longest wait that a call takes upon itself; past it, it fails at once and says until when.
pub(crate) const LONGEST_WAIT_MS: f64 = 60_000.0;
