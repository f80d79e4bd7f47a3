//! The declarations of the modules: wasm-bindgen's own, in a form that the package can import.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::HEAD;

/// What the exports of a module refer to.
const IMPORTS: &str = "import type { Outcome } from \"../api-promise.js\";\n\
                       import type { WasmSource } from \"../load.js\";\n\
                       import type { CurrentUser, Follower, RoleAssignment, RoleSettings, User, UserPermissions } from \"./models.js\";\n\n";

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
        "{HEAD}{IMPORTS}{declared}\n\nexport interface Exports {{\n{}}}\n\nexport const source: WasmSource<Exports>;\n",
        members.concat()
    );
    fs::write(folder.join(format!("{name}.d.ts")), text)?;
    Ok(())
}
