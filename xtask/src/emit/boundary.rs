//! The declarations of the modules: wasm-bindgen's own, in a form that the package can import.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use pipedrive_users::api::METHODS;

use super::operations::arguments_type;
use super::{HEAD, models_in};

/// The values of the endpoints' methods, which wasm-bindgen knows as `any`, by the types that the operations have.
fn with_argument_types(mut declared: String) -> Result<String> {
    for (operation, ..) in METHODS {
        let untyped = format!("{operation}(id: number, call: Call, args: any)");
        ensure!(declared.contains(&untyped), "wasm-bindgen declares {operation} in another way");
        let typed = format!("{operation}(id: number, call: Call, args: {})", arguments_type(operation));
        declared = declared.replace(&untyped, &typed);
    }
    Ok(declared)
}

/// Imports what the declarations of a module refer to.
fn imports(declared: &str, is_raw: bool) -> String {
    if is_raw {
        return String::new();
    }
    let mut imports = String::from("import type { WasmSource } from \"../load.js\";\n");
    if declared.contains(": Call,") {
        let mut types: Vec<_> = METHODS.iter().map(|(operation, ..)| arguments_type(operation)).collect();
        types.sort();
        let _ = writeln!(imports, "import type {{ Call }} from \"../call.js\";");
        let _ = writeln!(imports, "import type {{ CursorPage, OffsetPage }} from \"../pages.js\";");
        let _ = writeln!(imports, "import type {{ {} }} from \"./operations.js\";", types.join(", "));
    }
    let models = models_in(declared);
    if !models.is_empty() {
        let _ = writeln!(imports, "import type {{ {} }} from \"./models.js\";", models.join(", "));
    }
    imports + "\n"
}

/// Writes `<name>.d.ts` of what wasm-bindgen declares, with a `source` of the exports that the package uses, or, where the
/// module needs no glue, a function that returns them.
pub(crate) fn declare(wasm: &Path, folder: &Path, name: &str, exports: &[&str], is_raw: bool) -> Result<()> {
    let file = wasm.join(format!("{name}.d.ts"));
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    fs::remove_file(&file)?;
    // The package frees objects itself; `Symbol.dispose` needs a library that not everybody has.
    let lines = text.lines().filter(|line| !line.contains("Symbol.dispose") && !line.starts_with("/* "));
    let mut declared = lines.collect::<Vec<_>>().join("\n");
    if exports.contains(&"Core") {
        declared = with_argument_types(declared)?;
    }
    let members: Vec<_> = exports.iter().map(|name| format!("  readonly {name}: typeof {name};\n")).collect();
    let (memory, source) = if is_raw {
        ("  readonly memory: WebAssembly.Memory;\n", "instantiate: () => Promise<Exports>")
    } else {
        ("", "source: WasmSource<Exports>")
    };
    let text = format!(
        "{HEAD}{}{declared}\n\nexport interface Exports {{\n{memory}{}}}\n\nexport const {source};\n",
        imports(&declared, is_raw),
        members.concat()
    );
    fs::write(folder.join(format!("{name}.d.ts")), text)?;
    Ok(())
}
