//! The decisions of a server that holds the tokens of its users: verification of signed app tokens, the requests that
//! a proxy allows, and when to refresh an OAuth token. It does no I/O. `pipedrive-users/server` of the npm package is
//! built on it, and a Rust backend can use it in the same way.
//!
//! ```
//! use std::time::Duration;
//! use pipedrive_users::Timestamp;
//! use pipedrive_users::server::{permit, SignedToken, TokenState};
//!
//! let now = Timestamp::from_unix_millis(1_767_225_600_000);
//! let refused = SignedToken::verify("not a token", "the app's secret", now).unwrap_err();
//! assert_eq!(refused.status, 401);
//! assert_eq!(permit("GET", "/v1/users/7", &[]).unwrap().endpoint.operation, "getUser");
//! assert_eq!(permit("GET", "/v1/deals", &[]).unwrap_err().status, 404);
//! assert_eq!(TokenState::at(now + Duration::from_secs(90), now), TokenState::ExpiringSoon);
//! ```

mod basic;
mod generation;
mod mac;
mod origin;
mod permit;
mod refusal;
mod signed_token;
mod token_state;

pub use basic::is_basic;
pub use generation::Generation;
pub use origin::is_pipedrive;
#[cfg(feature = "npm-server")]
pub(crate) use permit::permit_where;
pub use permit::{Permit, permit};
pub use refusal::Refusal;
pub use signed_token::SignedToken;
pub use token_state::TokenState;
