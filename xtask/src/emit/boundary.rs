//! The declarations of the modules: wasm-bindgen's own, in a form that the package can import.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{HEAD, models_in};

/// Imports what the declarations of a module refer to.
fn imports(declared: &str) -> String {
    let mut imports = String::from(
        "import type { Outcome } from \"../api-promise.js\";\nimport type { WasmSource } from \"../load.js\";\n",
    );
    let models = models_in(declared);
    if !models.is_empty() {
        let _ = writeln!(imports, "import type {{ {} }} from \"./models.js\";", models.join(", "));
    }
    imports + "\n"
}

/// Writes `<name>.d.ts` of what wasm-bindgen declares, with a `source` of the exports that the package uses.
pub(crate) fn declare(wasm: &Path, folder: &Path, name: &str, exports: &[&str]) -> Result<()> {
    let file = wasm.join(format!("{name}.d.ts"));
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    fs::remove_file(&file)?;
    // The package frees objects itself; `Symbol.dispose` needs a library that not everybody has.
    let lines = text.lines().filter(|line| !line.contains("Symbol.dispose") && !line.starts_with("/* "));
    let declared = lines.collect::<Vec<_>>().join("\n");
    let members: Vec<_> = exports.iter().map(|name| format!("  readonly {name}: typeof {name};\n")).collect();
    let text = format!(
        "{HEAD}{}{declared}\n\nexport interface Exports {{\n{}}}\n\nexport const source: WasmSource<Exports>;\n",
        imports(&declared),
        members.concat()
    );
    fs::write(folder.join(format!("{name}.d.ts")), text)?;
    Ok(())
}
