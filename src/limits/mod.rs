//! The rate limiter: the rolling window of calls, the daily budget, and the queue of calls that wait. Pure state
//! machines: times are passed in, the caller does the waiting.

mod daily;
mod headers;
mod limiter;
mod optional;
mod own;
mod queue;
#[cfg(any(test, feature = "npm-server"))]
pub(crate) mod shared;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod simulation;
mod slots;
mod usage;
mod window;

pub(crate) use daily::until_midnight;
pub use headers::RateLimit;
#[cfg(test)]
pub(crate) use headers::RateLimitHeaders;
pub(crate) use headers::{Limits, ResponseHead};
pub(crate) use limiter::{Admission, FailedCall, RateLimiter};
pub(crate) use optional::Optional;
pub(crate) use queue::Ticket;
pub(crate) use slots::Slot;
pub use usage::{Spent, Usage};
#[cfg(any(test, feature = "npm-server"))]
use window::LATE_ARRIVAL_MS;

/// When a limit is lifted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reset {
    /// In how many milliseconds.
    pub(crate) in_ms: f64,
    /// The time of day then, in milliseconds since 1970.
    pub(crate) at: f64,
}

/// The length of Pipedrive's rolling window: at most so many calls of one token in any two seconds.
pub(crate) const WINDOW_MS: f64 = 2_000.0;

/// When a limit is lifted where no header says it.
pub(crate) const DEFAULT_RESET_MS: f64 = WINDOW_MS;

/// The longest wait that a call takes upon itself; past it, it fails at once and says until when.
pub(crate) const LONGEST_WAIT_MS: f64 = 60_000.0;
