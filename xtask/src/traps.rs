//! Makes every panic of a module a plain trap. The text of a panic would reach nobody: a trap ends the instance, and
//! the face rejects the calls and starts a fresh one. Without the text, all of the formatting code that only panics
//! use is dead, and a third of the module goes with it.

use std::path::Path;

use anyhow::{Result, ensure};
use walrus::{FunctionBuilder, FunctionKind, Module};

/// The functions of Rust's libraries that only panic, by parts of their names.
const PANICS: [&str; 10] = [
    "::panicking::panic",
    "::panicking::assert_failed",
    "::option::unwrap_failed",
    "::option::expect_failed",
    "::result::unwrap_failed",
    "::slice_error_fail",
    "::slice_index_fail",
    "::cell::panic_already",
    "::raw_vec::handle_error",
    "::alloc::handle_alloc_error",
];

/// Replaces the bodies of the functions that only panic, and takes out what nothing needs any more.
pub(crate) fn make_panics_trap(wasm: &Path) -> Result<()> {
    let mut module = Module::from_file(wasm)?;
    let panics: Vec<_> = module
        .funcs
        .iter_local()
        .filter(|(id, _)| {
            let name = module.funcs.get(*id).name.as_deref().unwrap_or_default();
            // `core[5f1e…]::panicking::panic` and `core::panicking::panic::h5f1e…` are both in use.
            PANICS.iter().any(|part| name.contains(part))
        })
        .map(|(id, function)| (id, function.ty()))
        .collect();
    ensure!(
        panics.len() >= 5,
        "the names of Rust's panic functions have changed: {} were found",
        panics.len()
    );
    for (id, ty) in panics {
        let (params, results) = module.types.params_results(ty);
        let (params, results) = (params.to_vec(), results.to_vec());
        let args = params.iter().map(|param| module.locals.add(*param)).collect();
        let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
        builder.func_body().unreachable();
        module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(args));
    }
    walrus::passes::gc::run(&mut module);
    module.emit_wasm_file(wasm)?;
    Ok(())
}
