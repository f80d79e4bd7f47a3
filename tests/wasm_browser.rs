//! The crate in a browser.
#![cfg(all(target_arch = "wasm32", feature = "sandbox"))]

mod wasm;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
