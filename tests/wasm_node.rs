//! The crate in Node.
#![cfg(all(target_arch = "wasm32", feature = "sandbox"))]

mod wasm;
