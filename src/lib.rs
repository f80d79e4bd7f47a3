#![doc = include_str!("README.md")]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

#[macro_use]
pub mod schema;
pub mod api;
pub mod client;
pub mod directory;
pub mod error;
mod limits;
pub mod models;
mod platform;
mod protocol;
#[cfg(feature = "sandbox")]
pub mod sandbox;
#[cfg(feature = "server")]
pub mod server;
mod text;
pub mod transport;
#[cfg(all(
    target_arch = "wasm32",
    any(feature = "npm-client", feature = "npm-sandbox", feature = "npm-directory")
))]
mod wasm;

pub use client::config::{self, Config, ConfigBuilder};
pub use client::{Answered, Call, Client, Page, PagePosition, PagedCall, Pager};
pub use error::{Error, Result, Secret};
pub use limits::{RateLimit, Spent, Usage};
pub use platform::timestamp::Timestamp;
pub use protocol::event;
#[cfg(feature = "hot-paths")]
#[doc(hidden)]
pub use protocol::hot_paths;
pub use protocol::{Drift, DriftKind};
pub use text::{CharSet, Text};

/// The programs in the comparison with other clients are compiled.
#[cfg(all(doctest, feature = "sandbox", feature = "stream"))]
#[doc = include_str!("../www/docs/guide/rust-comparison.md")]
struct Comparison;
