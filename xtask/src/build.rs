//! `cargo xtask build`: from the crate to the npm package's `dist/`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::shell::{command, output, root, run, step};
use crate::{emit, tools, traps};

/// A WebAssembly module of the package: one crate, a Cargo feature each.
struct Module {
    name: &'static str,
    feature: &'static str,
    /// Whether it has a use for the standard library's formatting.
    formats: bool,
}

const MODULES: [Module; 3] = [
    Module { name: "core", feature: "npm-client", formats: false },
    Module { name: "sandbox", feature: "npm-sandbox", formats: true },
    Module { name: "server", feature: "npm-server", formats: true },
];

/// Builds everything that the package ships.
pub(crate) fn build() -> Result<()> {
    tools::node()?;
    tools::wasm_target()?;
    tools::npm_packages("pkg")?;
    let generated = root().join("pkg/src/generated");
    step("TypeScript from the Rust declarations");
    emit::write(&generated)?;
    for module in &MODULES {
        step(&format!("WebAssembly: {}", module.name));
        compile(module, &root().join("pkg/src/generated/wasm"))?;
    }
    step("the npm package");
    run(command("node", &["build.mjs"]).current_dir(root().join("pkg")))?;
    for prose in
        ["README.md", "CHANGELOG.md", "FAULTS.md", "RUNTIMES.md", "BENCHMARKS.md", "BACKEND.md", "LICENSE"]
    {
        fs::copy(root().join(prose), root().join("pkg").join(prose)).with_context(|| prose.to_owned())?;
    }
    Ok(())
}

/// Builds the package once more with faults on purpose, into `target/trap/dist`, and gives that folder.
pub(crate) fn build_with_faults() -> Result<PathBuf> {
    let (wasm, dist) = (root().join("target/trap/wasm"), root().join("target/trap/dist"));
    step("WebAssembly: core with faults on purpose");
    compile(&Module { name: "core", feature: "npm-trap", formats: false }, &wasm)?;
    for name in ["sandbox", "server"] {
        for ending in ["_bg.js", "_bg.wasm", "_names.json"] {
            let file = format!("{name}{ending}");
            fs::copy(root().join("pkg/src/generated/wasm").join(&file), wasm.join(&file))?;
        }
    }
    let (wasm, out) = (wasm.to_string_lossy().into_owned(), dist.to_string_lossy().into_owned());
    run(command("node", &["build.mjs", "--wasm", &wasm, "--out", &out]).current_dir(root().join("pkg")))?;
    Ok(dist)
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
            "build",
            "--quiet",
            "--release",
            "--lib",
            "--package=pipedrive-users",
            "--target=wasm32-unknown-unknown",
            "--features",
            module.feature,
        ],
    )
    .env("CARGO_ENCODED_RUSTFLAGS", no_paths()?))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let compiled = target.join("wasm32-unknown-unknown/release/pipedrive_users.wasm");
    Bindgen::new()
        .input_path(&compiled)
        .out_name(module.name)
        .bundler(true)?
        .typescript(false)
        .remove_producers_section(true)
        .generate(out)?;
    let wasm = out.join(format!("{}_bg.wasm", module.name));
    traps::make_panics_trap(&wasm, module.formats)?;
    let names = shrink(&wasm)?;
    fs::write(out.join(format!("{}_names.json", module.name)), names)?;
    Ok(())
}

/// Compiler flags that keep the paths of this machine out of the module: they are of no use to anybody else.
fn no_paths() -> Result<String> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .context("there is no home folder")?;
    let mut flags = vec![format!("--remap-path-prefix={}=", root().display())];
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
                "-O3",
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
