//! Writes the TypeScript that is made from the Rust declarations.

mod boundary;
mod declared;
mod directory;
mod drift;
mod models;
mod operations;
mod sandbox;
mod settings;
mod types;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;
use pipedrive_users::models::MODELS;

pub(crate) use boundary::declare;

pub(super) const HEAD: &str =
    "// Made by `cargo xtask build` from the Rust declarations in src/. Do not edit.\n\n";

/// Writes everything but the declarations of the modules, which wasm-bindgen knows.
pub(crate) fn write(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("models.ts"), models::models())?;
    fs::write(folder.join("operations.ts"), operations::operations())?;
    fs::write(folder.join("methods.ts"), operations::methods())?;
    fs::write(folder.join("drift.ts"), drift::drift())?;
    fs::write(folder.join("settings.ts"), settings::settings())?;
    fs::write(folder.join("types.ts"), types::types()?)?;
    fs::write(folder.join("errors.ts"), types::errors()?)?;
    fs::write(folder.join("sandbox-data.ts"), sandbox::sandbox()?)?;
    fs::write(folder.join("sandbox-flags.ts"), sandbox::flags()?)?;
    fs::write(folder.join("directory-data.ts"), directory::directory()?)?;
    Ok(())
}

/// The models that a text names, in the order of the alphabet.
fn models_in(text: &str) -> Vec<&str> {
    let words: BTreeSet<_> = text.split(|letter: char| !letter.is_ascii_alphanumeric()).collect();
    words.into_iter().filter(|word| MODELS.iter().any(|model| model.name == *word)).collect()
}

/// The links of Rust's documentation to items, such as ``[`is_admin`](crate::models::User::is_admin)``, as the names that JavaScript
/// has for them: `` `isAdmin` ``.
fn with_names(text: &str) -> String {
    let mut parts = text.split("[`");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once("`](").and_then(|(name, rest)| Some((name, rest.split_once(')')?.1))) {
            Some((name, rest)) if !name.contains('`') => out.extend(["`", &declared::camel(name), "`", rest]),
            _ => out.extend(["[`", part]),
        }
    }
    out
}

/// A documentation comment. Rust's doc comments come with a space before each line.
pub(super) fn doc(out: &mut String, indent: &str, text: &str) {
    let text = &with_names(text);
    let lines: Vec<&str> = text.trim().lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    if let [line] = lines[..] {
        let _ = writeln!(out, "{indent}/** {line} */");
        return;
    }
    let _ = writeln!(out, "{indent}/**");
    for line in lines {
        let _ = writeln!(out, "{}", format!("{indent} * {line}").trim_end());
    }
    let _ = writeln!(out, "{indent} */");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_rust_are_names_of_javascript() {
        let text = "see [`is_admin`](crate::models::User::is_admin) and [`Other`], `plain` [x](y)";
        assert_eq!(with_names(text), "see `isAdmin` and [`Other`], `plain` [x](y)");
    }
}
