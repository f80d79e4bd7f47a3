//! The boundary to JavaScript: it converts, and holds no logic.

#[cfg(feature = "npm-client")]
mod args;
#[cfg(feature = "npm-client")]
mod client;
#[cfg(feature = "npm-client")]
mod outcome;
#[cfg(feature = "npm-sandbox")]
mod sandbox;
#[cfg(feature = "npm-server")]
mod server;
#[cfg(feature = "npm-client")]
mod tasks;
#[cfg(feature = "npm-trap")]
mod trap;

/// The default allocator is a third of a small module; this one is a fraction of it.
#[global_allocator]
static ALLOCATOR: talc::cell::TalcSyncCell<talc::wasm::WasmGrowAndClaim, talc::wasm::WasmBinning> =
    talc::cell::TalcSyncCell::new_wasm(talc::wasm::WasmGrowAndClaim);
