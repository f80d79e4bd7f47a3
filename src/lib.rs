#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod answer;
pub mod api;
mod auth;
mod call;
pub mod client;
pub mod config;
mod course;
mod decimal;
pub mod drift;
pub mod endpoint;
pub mod error;
pub mod event;
mod failure;
#[cfg(feature = "hot-paths")]
#[doc(hidden)]
pub mod hot_paths;
mod limits;
pub mod models;
mod operation;
mod options;
pub mod page;
mod retry;
mod said;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod secret;
#[cfg(feature = "server")]
pub mod server;
mod shared;
mod sorted;
pub mod transport;
mod usage;
#[cfg(all(target_arch = "wasm32", any(feature = "npm-client", feature = "npm-sandbox")))]
mod wasm;

pub use call::{Answered, Call, Page, PagedCall, Pager};
pub use client::Client;
pub use config::Config;
pub use error::{Error, Result};
pub use limits::RateLimit;
pub use operation::Operation;
pub use options::CallOptions;
pub use secret::Secret;
pub use usage::{Spent, Usage};
