//! The boundary to JavaScript: it converts, and holds no logic.

mod alloc;
#[cfg(feature = "npm-client")]
mod args;
#[cfg(feature = "npm-client")]
mod client;
#[cfg(feature = "npm-directory")]
mod directory;
#[cfg(feature = "npm-client")]
mod driver;
#[cfg(feature = "npm-client")]
mod js_call;
#[cfg(feature = "npm-client")]
mod outcome;
#[cfg(feature = "npm-sandbox")]
mod sandbox;
#[cfg(feature = "npm-server")]
mod server;
#[cfg(feature = "npm-client")]
mod share;
#[cfg(feature = "npm-trap")]
mod trap;

/// The standard library's allocator is a sixth of a small module.
#[global_allocator]
static ALLOCATOR: alloc::PowersOfTwo = alloc::PowersOfTwo::new();
