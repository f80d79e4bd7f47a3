//! The half that runs behind a page, where the tokens are: who a signed app token speaks for, what a proxy lets through,
//! and when an OAuth token is to be renewed. All of it decides and waits for nothing; `pipedrive-users/server` of the npm
//! package is built on it, and so can a Rust backend be.
//!
//! ```
//! use pipedrive_users::server::{Freshness, permit, SignedToken};
//!
//! let refused = SignedToken::verify("not a token", "the app's secret", 1_767_225_600_000.0).unwrap_err();
//! assert_eq!(refused.status, 401);
//! assert_eq!(permit("GET", "/v1/users/7", &[]).unwrap().endpoint.operation, "getUser");
//! assert_eq!(permit("GET", "/v1/deals", &[]).unwrap_err().status, 404);
//! assert_eq!(Freshness::of(90_000.0), Freshness::Aging);
//! ```

mod freshness;
mod generation;
mod origin;
mod permit;
mod refusal;
mod signed_token;

pub use freshness::Freshness;
pub use generation::Generation;
pub use origin::is_pipedrive;
pub use permit::{Permit, permit};
pub use refusal::Refusal;
pub use signed_token::SignedToken;
