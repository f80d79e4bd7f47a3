//! What the WebAssembly modules are made of: crates, their licences, and an SBOM.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::shell::{command, output};

/// A crate that is compiled into a module, or Rust's standard library.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Component {
    name: String,
    version: String,
    licence: String,
    /// Where its licence texts are.
    folder: Option<PathBuf>,
}

/// Licences under which code may be in the modules: each asks for no more than its text.
const ALLOWED: [&str; 9] = [
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Unicode-3.0",
    "Zlib",
    "0BSD",
];

/// The crates of the three modules of the npm package.
pub(super) fn of_modules() -> Result<Vec<Component>> {
    let metadata = output(&mut command(
        "cargo",
        &[
            "metadata",
            "--format-version=1",
            "--locked",
            "--filter-platform=wasm32-unknown-unknown",
            "--features=pipedrive-users/npm-client,pipedrive-users/npm-sandbox,pipedrive-users/npm-server",
        ],
    ))?;
    let mut components = linked(&serde_json::from_str(&metadata)?, "pipedrive-users")?;
    let version = output(&mut command("rustc", &["--version"]))?;
    components.push(Component {
        name: "rust-std".to_owned(),
        version: version.split_whitespace().nth(1).context("rustc has no version")?.to_owned(),
        licence: "MIT OR Apache-2.0".to_owned(),
        folder: None,
    });
    Ok(components)
}

/// The crates that are linked into a package: its dependencies and theirs, without those that only run while it is compiled.
fn linked(metadata: &Value, package: &str) -> Result<Vec<Component>> {
    let packages: BTreeMap<_, _> =
        list(&metadata["packages"]).filter_map(|package| Some((package["id"].as_str()?, package))).collect();
    let nodes: BTreeMap<_, _> =
        list(&metadata["resolve"]["nodes"]).filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let root = packages.values().find(|one| one["name"] == package).and_then(|one| one["id"].as_str());
    let root = root.with_context(|| format!("cargo knows no {package}"))?;
    let is_macro = |id: &str| {
        packages.get(id).is_some_and(|one| {
            list(&one["targets"]).flat_map(|target| list(&target["kind"])).any(|kind| kind == "proc-macro")
        })
    };
    let mut seen = BTreeSet::new();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        for dependency in nodes.get(id).into_iter().flat_map(|node| list(&node["deps"])) {
            let is_linked = list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null());
            if let Some(id) = dependency["pkg"].as_str().filter(|id| is_linked && !is_macro(id)) {
                open.push(id);
            }
        }
    }
    let mut components = Vec::new();
    for package in seen.into_iter().filter(|id| *id != root).filter_map(|id| packages.get(id)) {
        let text = |field: &str| package[field].as_str().map(str::to_owned);
        components.push(Component {
            name: text("name").context("a crate has no name")?,
            version: text("version").context("a crate has no version")?,
            licence: text("license").unwrap_or_default().replace('/', " OR "),
            folder: text("manifest_path").and_then(|path| Path::new(&path).parent().map(Path::to_path_buf)),
        });
    }
    components.sort();
    Ok(components)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Fails if a crate may not be in the modules.
pub(super) fn check_licences(components: &[Component]) -> Result<()> {
    let refused: Vec<_> = components
        .iter()
        .filter(|component| !is_allowed(&component.licence))
        .map(|Component { name, version, licence, .. }| format!("{name} {version} ({licence})"))
        .collect();
    if !refused.is_empty() {
        bail!("these crates have licences that are not allowed in the modules: {}", refused.join(", "));
    }
    Ok(())
}

/// Whether an expression such as `(MIT OR Apache-2.0) AND Unicode-3.0` can be met with allowed licences alone.
fn is_allowed(expression: &str) -> bool {
    // Parentheses are only ever around alternatives.
    let every =
        expression.split(" AND ").map(|part| part.trim().trim_start_matches('(').trim_end_matches(')'));
    every.into_iter().all(|part| part.split(" OR ").any(|one| ALLOWED.contains(&one.trim())))
}

/// The SBOM, as `CycloneDX`.
pub(super) fn sbom(components: &[Component], version: &str) -> String {
    let library = |component: &Component| {
        let Component { name, version, licence, .. } = component;
        let purl = if name == "rust-std" {
            format!("pkg:generic/rust-std@{version}")
        } else {
            format!("pkg:cargo/{name}@{version}")
        };
        json!({ "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "licenses": [{ "expression": licence }] })
    };
    let own = format!("pkg:npm/pipedrive-users@{version}");
    let parts: Vec<Value> = components.iter().map(library).collect();
    let refs: Vec<_> = parts.iter().map(|part| part["bom-ref"].clone()).collect();
    let bom = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library", "bom-ref": own, "name": "pipedrive-users", "version": version, "purl": own,
                "licenses": [{ "expression": "MIT OR Apache-2.0" }],
            },
        },
        "components": parts,
        "dependencies": [{ "ref": own, "dependsOn": refs }],
    });
    format!("{bom:#}\n")
}

/// The licences and their texts, each text once.
pub(super) fn licences(components: &[Component]) -> Result<String> {
    let mut out = String::from(
        "# Licences\n\nThe npm package has no dependencies. Its WebAssembly modules contain these crates and parts of Rust's standard library:\n\n\
         | crate | version | licence |\n|---|---|---|\n",
    );
    let mut texts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for component in components {
        let Component { name, version, licence, folder } = component;
        let _ = writeln!(out, "| {name} | {version} | {licence} |");
        for text in folder.as_deref().map(texts_in).transpose()?.into_iter().flatten() {
            texts.entry(text).or_default().push(name);
        }
    }
    for (text, names) in &texts {
        let _ = write!(out, "\n## {}\n\n```text\n{}\n```\n", names.join(", "), text.replace("```", "'''"));
    }
    Ok(out)
}

/// The licence texts in a folder.
fn texts_in(folder: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().to_uppercase()).unwrap_or_default();
        if path.is_file()
            && ["LICENSE", "LICENCE", "COPYING", "NOTICE"].iter().any(|start| name.starts_with(start))
        {
            texts.push(fs::read_to_string(&path)?.replace("\r\n", "\n").trim().to_owned());
        }
    }
    texts.sort();
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn component(name: &str, licence: &str) -> Component {
        Component {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: licence.to_owned(),
            folder: None,
        }
    }

    #[test]
    fn only_what_is_linked_is_a_component() {
        let package = |id: &str, kind: &str| json!({ "id": id, "name": id, "version": "1.0.0", "license": "MIT/Apache-2.0", "targets": [{ "kind": [kind] }] });
        let dependency = |id: &str, kind: Value| json!({ "pkg": id, "dep_kinds": [{ "kind": kind }] });
        let metadata = json!({
            "packages": [package("own", "lib"), package("used", "lib"), package("deep", "lib"), package("derive", "proc-macro"), package("of-derive", "lib"), package("tests", "lib"), package("elsewhere", "lib")],
            "resolve": { "nodes": [
                { "id": "own", "deps": [dependency("used", Value::Null), dependency("derive", Value::Null), dependency("tests", json!("dev"))] },
                { "id": "used", "deps": [dependency("deep", Value::Null)] },
                { "id": "derive", "deps": [dependency("of-derive", Value::Null)] },
            ] },
        });
        let found = linked(&metadata, "own").expect("found");
        assert_eq!(found, [component("deep", "MIT OR Apache-2.0"), component("used", "MIT OR Apache-2.0")]);
        assert!(linked(&metadata, "absent").is_err());
    }

    #[test]
    fn licences_are_read_as_expressions() {
        for good in [
            "MIT",
            "MIT OR GPL-3.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR MIT",
        ] {
            assert!(is_allowed(good), "{good}");
        }
        for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "MPL-2.0 OR GPL-3.0"] {
            assert!(!is_allowed(bad), "{bad}");
        }
        let error = check_licences(&[component("a", "MIT"), component("b", "GPL-3.0")])
            .expect_err("refused")
            .to_string();
        assert!(error.ends_with("b 1.0.0 (GPL-3.0)"), "{error}");
    }

    #[test]
    fn the_modules_are_made_of_known_crates() {
        let components = of_modules().expect("cargo's metadata");
        check_licences(&components).expect("allowed");
        let names: Vec<_> = components.iter().map(|component| component.name.as_str()).collect();
        for name in ["wasm-bindgen", "serde_json", "sha2", "rust-std"] {
            assert!(names.contains(&name), "{name} is not in {names:?}");
        }
        for name in ["serde_derive", "syn", "proptest", "clap", "xtask"] {
            assert!(!names.contains(&name), "{name} is in {names:?}");
        }
        let bom: Value = serde_json::from_str(&sbom(&components, "1.2.3")).expect("JSON");
        assert_eq!(bom["components"].as_array().map(Vec::len), Some(components.len()));
        let text = licences(&components).expect("read");
        for component in components.iter().filter(|component| component.name != "rust-std") {
            assert!(text.contains(&format!("| {} | {} |", component.name, component.version)));
        }
        assert!(text.contains("Permission is hereby granted, free of charge"));
    }
}
