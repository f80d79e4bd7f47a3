//! `cargo xtask build`: from the crate to the npm package's `dist/`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::shell::{command, output, root, run, step};
use crate::{emit, prose, tools, traps};

/// A WebAssembly module of the package: one crate, a Cargo feature each.
struct Module {
    name: &'static str,
    feature: &'static str,
    /// Whether it uses the standard library's formatting.
    uses_fmt: bool,
    /// Whether numbers alone cross its boundary, so that it needs no glue.
    is_raw: bool,
    /// What the package uses of it.
    exports: &'static [&'static str],
}

const MODULES: [Module; 4] = [
    Module { name: "core", feature: "npm-client", uses_fmt: false, is_raw: false, exports: &["Core"] },
    Module { name: "sandbox", feature: "npm-sandbox", uses_fmt: true, is_raw: false, exports: &["Company"] },
    Module {
        name: "directory",
        feature: "npm-directory",
        uses_fmt: false,
        is_raw: true,
        exports: &[
            "open",
            "look",
            "begin",
            "filled",
            "failed",
            "invalidate",
            "missing",
            "missed",
            "each",
            "news",
            "text",
            "query",
            "search",
            "found",
        ],
    },
    Module {
        name: "server",
        feature: "npm-server",
        uses_fmt: false,
        is_raw: false,
        // The client's, and what the server package decides.
        exports: &[
            "Core",
            "verifySignedToken",
            "permit",
            "freshness",
            "replaces",
            "isPipedrive",
            "redact",
            "isBasic",
            "readUserWebhook",
            "ProcessLimiter",
            "reserve",
        ],
    },
];

/// Builds everything that the package ships.
pub(crate) fn build() -> Result<()> {
    tools::wasm_bindgen()?;
    tools::node()?;
    tools::wasm_target()?;
    tools::npm_packages("pkg")?;
    let generated = root().join("pkg/src/generated");
    step("TypeScript from the Rust declarations");
    emit::write(&generated)?;
    fs::write(root().join(prose::LLMS), prose::llms())?;
    for module in &MODULES {
        step(&format!("WebAssembly: {}", module.name));
        let wasm = generated.join("wasm");
        compile(module, &wasm)?;
        emit::declare(&wasm, &generated, module.name, module.exports, module.is_raw)?;
    }
    step("the npm package");
    build_package(&[])?;
    prose::pack_into(&root().join("pkg"), None)?;
    Ok(())
}

/// Builds the package once more with faults on purpose, into `target/trap/dist`, and gives that folder.
pub(crate) fn build_with_faults() -> Result<PathBuf> {
    let (wasm, dist) = (root().join("target/trap/wasm"), root().join("target/trap/dist"));
    step("WebAssembly: core with faults on purpose");
    compile(&Module { feature: "npm-trap", ..MODULES[0] }, &wasm)?;
    for name in ["sandbox", "directory", "server"] {
        for ending in ["_bg.js", "_bg.wasm", "_names.json"] {
            let file = format!("{name}{ending}");
            fs::copy(root().join("pkg/src/generated/wasm").join(&file), wasm.join(&file))?;
        }
    }
    let (wasm, out) = (wasm.to_string_lossy().into_owned(), dist.to_string_lossy().into_owned());
    build_package(&["--wasm", &wasm, "--out", &out])?;
    Ok(dist)
}

fn build_package(args: &[&str]) -> Result<()> {
    let exports: serde_json::Map<_, _> =
        MODULES.iter().map(|module| (module.name.to_owned(), module.exports.into())).collect();
    let exports = serde_json::to_string(&exports)?;
    let mut node = command("node", &["build.mjs", "--exports", &exports]);
    run(node.args(args).current_dir(root().join("pkg")))
}

/// Packs the package and gives the path of the tarball.
pub(crate) fn pack() -> Result<PathBuf> {
    build()?;
    let folder = root().join("target/npm");
    fs::create_dir_all(&folder)?;
    step("npm pack");
    let destination = folder.to_string_lossy().into_owned();
    run(command("npm", &["pack", "--silent", "--pack-destination", &destination])
        .current_dir(root().join("pkg"))
        .stdout(std::io::stderr()))?;
    let manifest: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(root().join("pkg/package.json"))?)?;
    let version = manifest["version"].as_str().context("pkg/package.json has no version")?;
    Ok(folder.join(format!("pipedrive-users-{version}.tgz")))
}

/// Compiles a module, makes its glue, and shrinks it: `<name>_bg.js`, `<name>_bg.wasm`, and in `<name>_names.json` what
/// the module calls the imports and exports of the glue.
fn compile(module: &Module, out: &Path) -> Result<()> {
    run(command(
        "cargo",
        &[
            "rustc",
            "--quiet",
            "--release",
            "--lib",
            // With an rlib beside it, Cargo leaves out the optimization across crates.
            "--crate-type=cdylib",
            "--package=pipedrive-users",
            "--target=wasm32-unknown-unknown",
            "--features",
            module.feature,
        ],
    )
    .env("CARGO_ENCODED_RUSTFLAGS", no_paths()?))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let compiled = target.join("wasm32-unknown-unknown/release/pipedrive_users.wasm");
    let mut input = walrus::Module::from_file(&compiled)?;
    let constants = constants_of(&input);
    // The standard library's object files say that they use reference types; nothing of them does.
    input.customs.remove_raw("target_features");
    Bindgen::new()
        .input_module(module.name, input)
        .out_name(module.name)
        .bundler(true)?
        .typescript(true)
        .remove_producers_section(true)
        .generate(out)?;
    let wasm = out.join(format!("{}_bg.wasm", module.name));
    traps::make_panics_trap(&wasm, module.uses_fmt)?;
    let mut names: serde_json::Value = serde_json::from_str(&shrink(&wasm)?)?;
    names["constants"] = serde_json::to_value(constants)?;
    fs::write(out.join(format!("{}_names.json", module.name)), names.to_string())?;
    Ok(())
}

/// Where a module's constants begin and end in its memory: the glue reads each text there once.
fn constants_of(module: &walrus::Module) -> (u64, u64) {
    let mut range = (u64::MAX, 0);
    for data in module.data.iter() {
        if let walrus::DataKind::Active {
            offset: walrus::ConstExpr::Value(walrus::ir::Value::I32(start)),
            ..
        } = data.kind
        {
            let start = u64::from(start.cast_unsigned());
            range = (range.0.min(start), range.1.max(start + data.value.len() as u64));
        }
    }
    range
}

/// What LLVM does even where size matters most, and what makes a module larger: code that is copied to where its result is
/// already known, loops with more counters than they had. Together they save 700 bytes of a page. LLVM stops the build where
/// it does not know an option any more.
const SMALL: [&str; 7] = [
    "-enable-pre=false",
    "-jump-threading-across-loop-headers",
    "-disable-lsr",
    "-hoist-common-insts",
    "-bonus-inst-threshold=0",
    // Functions a little larger than a call are inlined too: most of them become smaller than the call.
    "-inline-threshold=8",
    "-inline-instr-cost=4",
];

/// Compiler flags that keep the paths of this machine out of the module: they are of no use to anybody else.
fn no_paths() -> Result<String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .context("there is no home folder")?;
    let mut flags = vec![format!("--remap-path-prefix={}=", root().display())];
    // JavaScript's values are kept in a list of JavaScript's: the code for a table of them is a twentieth of the module, and
    // was no faster.
    // SHA-256 in loops: five kilobytes less, and a signed token is short.
    flags.push("--cfg=sha2_backend_soft=\"compact\"".to_owned());
    flags.push("-Ctarget-feature=-reference-types".to_owned());
    // A quarter of the usual stack: what is in memory has shorter addresses, and an instance takes a third of a megabyte.
    flags.push("-Clink-arg=-zstack-size=262144".to_owned());
    flags.extend(SMALL.map(|option| format!("-Cllvm-args={option}")));
    for registry in fs::read_dir(home.join("registry/src")).into_iter().flatten() {
        flags.push(format!("--remap-path-prefix={}=", registry?.path().display()));
    }
    Ok(flags.join("\u{1f}"))
}

/// Shrinks a module, and gives the short names that its imports and exports have now, as JSON.
fn shrink(wasm: &Path) -> Result<String> {
    let path = wasm.to_string_lossy().into_owned();
    output(
        command(
            "node",
            &[
                "node_modules/binaryen/bin/wasm-opt",
                &path,
                // A function with one caller stays one: what is inlined is larger, and its bytes repeat less.
                "--one-caller-inline-max-function-size=0",
                "-Oz",
                "--flatten",
                "--rereloop",
                "-Oz",
                "--flatten",
                "--rereloop",
                "-Oz",
                "-Oz",
                "--low-memory-unused",
                "--minify-imports-and-exports-and-modules",
                "--enable-bulk-memory",
                "--enable-nontrapping-float-to-int",
                "--enable-sign-ext",
                "--enable-mutable-globals",
                "--enable-reference-types",
                "--enable-multivalue",
                "--strip-debug",
                "--strip-producers",
                "--strip-target-features",
                "-o",
                &path,
            ],
        )
        .current_dir(root().join("pkg")),
    )
}
