//! Makes every panic of a module a plain trap. The message of a panic is shown nowhere: a trap ends the instance, and the
//! JavaScript client rejects the calls and starts a fresh one. Without messages, the formatting code that only panics use
//! is dead.

use std::path::Path;

use anyhow::{Result, bail, ensure};
use walrus::ir::{Visitor, dfs_in_order};
use walrus::{ElementItems, ExportItem, FunctionBuilder, FunctionId, FunctionKind, Module};

/// Parts of the names of the functions of Rust's libraries that only panic.
const PANICS: [&str; 13] = [
    "::panicking::panic",
    "::assert_failed",
    "::option::unwrap_failed",
    "::option::expect_failed",
    "::result::unwrap_failed",
    "::slice_error_fail",
    "::slice_index_fail",
    "::cell::panic_already",
    "::raw_vec::handle_error",
    "::alloc::handle_alloc_error",
    "wasm_bindgen::throw_str",
    "::__rt::throw_null",
    "::__rt::borrow_fail",
];

/// Parts of the names of the standard library's formatting, which a module that formats only panics does not need.
const FORMATTING: [&str; 3] = ["]::fmt::", "core::fmt::", "alloc::fmt::"];

/// The messages of panics; the paths of the sources that they name are found by their form. Once panics are traps, nothing
/// reads them, and zeros cost nothing in a compressed script.
const PANIC_MESSAGES: [&str; 21] = [
    "attempted to take ownership of Rust value while it was borrowed",
    "null pointer passed to rust",
    "recursive use of an object detected which would lead to unsafe aliasing in rust",
    "closure invoked recursively or after being dropped",
    "RefCell already mutably borrowed",
    "RefCell already borrowed",
    "Tried to shrink to a larger capacity",
    "capacity overflow",
    "insertion index (is ",
    "removal index (is ",
    "swap_remove index (is ",
    ") should be <= len (is ",
    ") should be < len (is ",
    "index out of bounds: the len is ",
    "slice index starts at ",
    " but ends at ",
    "range start index ",
    "range end index ",
    " out of range for slice of length ",
    " but the index is ",
    "called `Option::unwrap()` on a `None` value",
];

/// Replaces the bodies of the functions that only panic, and removes what is not used any more.
///
/// A module that `uses_fmt` keeps the formatting code. In one that does not, only the tables of panics still refer to it, so
/// it is removed too; the build fails where it is called after all.
pub(crate) fn make_panics_trap(wasm: &Path, uses_fmt: bool) -> Result<()> {
    let mut module = Module::from_file(wasm)?;
    let trapped = trap(&mut module, &PANICS);
    ensure!(trapped >= 3, "the names of Rust's own functions have changed: {trapped} that only panic found");
    drop_described_closures(&mut module);
    // The glue reads none of the globals.
    let globals: Vec<_> = module
        .exports
        .iter()
        .filter(|export| matches!(export.item, ExportItem::Global(_)))
        .map(walrus::Export::id)
        .collect();
    for global in globals {
        module.exports.delete(global);
    }
    walrus::passes::gc::run(&mut module);
    if !uses_fmt {
        refuse_calls_to_formatting(&module)?;
        trap(&mut module, &FORMATTING);
        walrus::passes::gc::run(&mut module);
        let segments: Vec<_> = module.data.iter().map(walrus::Data::id).collect();
        for id in segments {
            blank_panic_messages(&mut module.data.get_mut(id).value);
        }
    }
    module.emit_wasm_file(wasm)?;
    Ok(())
}

/// Overwrites the messages of panics with zeros.
fn blank_panic_messages(data: &mut [u8]) {
    let pairs = (0..100).map(|number| format!("{number:02}")).collect::<Vec<_>>().concat();
    for text in PANIC_MESSAGES.into_iter().chain([pairs.as_str()]) {
        while let Some(at) = data.windows(text.len()).position(|window| window == text.as_bytes()) {
            data[at..at + text.len()].fill(0);
        }
    }
    let is_path = |byte: u8| byte.is_ascii_alphanumeric() || b"_./-".contains(&byte);
    while let Some(end) = data.windows(4).position(|window| window == b".rs\0") {
        let start = data[..end].iter().rposition(|byte| !is_path(*byte)).map_or(0, |before| before + 1);
        data[start..end + 3].fill(0);
    }
}

/// Takes the functions that call closures out of the table of functions. Only wasm-bindgen's descriptions refer to them
/// there, and those are gone: JavaScript calls them as exports, and each type of closure in js-sys has one.
fn drop_described_closures(module: &mut Module) {
    let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
    builder.func_body().unreachable();
    let nothing = builder.finish(Vec::new(), &mut module.funcs);
    let described: Vec<_> = module
        .funcs
        .iter()
        .filter(|function| {
            let name = function.name.as_deref().unwrap_or_default();
            name.contains("wasm_bindgen::convert::closures::_::invoke")
        })
        .map(walrus::Function::id)
        .collect();
    for element in module.elements.iter_mut() {
        if let ElementItems::Functions(functions) = &mut element.items {
            for function in functions.iter_mut().filter(|function| described.contains(function)) {
                *function = nothing;
            }
        }
    }
}

/// Whether a function's name contains one of these parts. `core[5f1e…]::panicking::panic` and
/// `core::panicking::panic::h5f1e…` are both in use.
fn is_one_of(module: &Module, id: FunctionId, parts: &[&str]) -> bool {
    let name = module.funcs.get(id).name.as_deref().unwrap_or_default();
    parts.iter().any(|part| name.contains(part))
}

fn refuse_calls_to_formatting(module: &Module) -> Result<()> {
    struct Calls(Vec<FunctionId>);
    impl Visitor<'_> for Calls {
        fn visit_function_id(&mut self, function: &FunctionId) {
            self.0.push(*function);
        }
    }
    for (id, function) in module.funcs.iter_local() {
        if is_one_of(module, id, &FORMATTING) {
            continue;
        }
        let mut calls = Calls(Vec::new());
        dfs_in_order(&mut calls, function, function.entry_block());
        if let Some(called) = calls.0.into_iter().find(|called| is_one_of(module, *called, &FORMATTING)) {
            let name = |id| module.funcs.get(id).name.clone().unwrap_or_default();
            bail!("{} uses_fmt text with {}: this module must not", name(id), name(called));
        }
    }
    Ok(())
}

/// Replaces functions by a trap, and returns how many there were.
fn trap(module: &mut Module, parts: &[&str]) -> usize {
    let functions: Vec<_> = module
        .funcs
        .iter_local()
        .filter(|(id, _)| is_one_of(module, *id, parts))
        .map(|(id, function)| (id, function.ty()))
        .collect();
    let count = functions.len();
    for (id, ty) in functions {
        let (params, results) = module.types.params_results(ty);
        let (params, results) = (params.to_vec(), results.to_vec());
        let args = params.iter().map(|param| module.locals.add(*param)).collect();
        let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
        builder.func_body().unreachable();
        module.funcs.get_mut(id).kind = FunctionKind::Local(builder.local_func(args));
    }
    count
}
