//! What the crates are made of, read from Cargo's own metadata: licences and sources of every package, and the Rust that those
//! need which the published crate is compiled with. `cargo deny`, which reads the same deny.toml, checks more where it is installed;
//! advisories, which it has to download, are left to `cargo deny check`.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::shell::{command, has_cargo_command, output, root, run};

/// Fails with everything that is not as it should be.
pub(crate) fn check() -> Result<()> {
    let args = ["metadata", "--format-version=1", "--locked", "--all-features"];
    let metadata: Value = serde_json::from_str(&output(command("cargo", &args).current_dir(root()))?)?;
    let deny = fs::read_to_string(root().join("deny.toml")).context("deny.toml")?;
    let allowed = allowed_licences(&deny)?;
    let packages = metadata["packages"].as_array().context("packages")?;
    let of_crate = closure(&metadata, "pipedrive-users")?;
    let supported = version(packages.iter().find(|package| package["name"] == "pipedrive-users"))
        .context("the crate names no rust-version")?;
    let mut wrong = Vec::new();
    for package in packages {
        let name = format!("{} {}", text(&package["name"]), text(&package["version"]));
        if !is_licensed(text(&package["license"]), &allowed) {
            wrong.push(format!("{name} has the licence {}", package["license"]));
        }
        if !package["source"].is_null()
            && package["source"] != "registry+https://github.com/rust-lang/crates.io-index"
        {
            wrong.push(format!("{name} comes from {}", package["source"]));
        }
        if of_crate.contains(text(&package["id"]))
            && version(Some(package)).is_some_and(|needed| needed > supported)
        {
            wrong.push(format!("{name} needs Rust {}", package["rust_version"]));
        }
    }
    ensure!(of_crate.len() > 10, "{} packages", of_crate.len());
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!("{} packages, {} of them in the crate", packages.len(), of_crate.len());
    if has_cargo_command("deny") {
        run(&mut command("cargo", &["deny", "--offline", "check", "bans", "licenses", "sources"]))?;
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The Rust version that a package names, as numbers that can be compared.
fn version(package: Option<&Value>) -> Option<(u32, u32)> {
    let mut numbers = package?["rust_version"].as_str()?.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// The list `allow` of deny.toml.
fn allowed_licences(deny: &str) -> Result<Vec<&str>> {
    let list = deny.split_once("\nallow = [").and_then(|(_, rest)| rest.split_once(']'));
    let (list, _) = list.context("deny.toml has no list of licences")?;
    Ok(list.split(',').map(|name| name.trim().trim_matches('"')).filter(|name| !name.is_empty()).collect())
}

/// Whether a licence expression lets one choose licences that are allowed.
fn is_licensed(expression: &str, allowed: &[&str]) -> bool {
    // Old packages write `MIT/Apache-2.0` or `MIT or Apache-2.0`, and no expression here has more than one level.
    let plain = expression.replace('/', " OR ").replace(" or ", " OR ").replace(['(', ')'], "");
    plain.split(" AND ").all(|part| part.split(" OR ").any(|name| allowed.contains(&name.trim())))
}

/// The ids of a package and of all that it is compiled with, development aside.
fn closure<'a>(metadata: &'a Value, name: &str) -> Result<BTreeSet<&'a str>> {
    let packages = metadata["packages"].as_array().context("packages")?;
    let nodes = metadata["resolve"]["nodes"].as_array().context("nodes")?;
    let first = packages.iter().find(|package| package["name"] == name).context("the package")?;
    let mut found = BTreeSet::new();
    let mut waiting = vec![text(&first["id"])];
    while let Some(id) = waiting.pop() {
        if !found.insert(id) {
            continue;
        }
        let node = nodes.iter().find(|node| node["id"] == id).context("a node")?;
        for dependency in node["deps"].as_array().into_iter().flatten() {
            let is_used = |kind: &Value| kind["kind"].is_null() || kind["kind"] == "build";
            if dependency["dep_kinds"].as_array().into_iter().flatten().any(is_used) {
                waiting.push(text(&dependency["pkg"]));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_has_to_be_chosen_from_those_allowed() {
        let allowed = allowed_licences("[licenses]\nallow = [\"MIT\", \"ISC\"]\n").expect("a list");
        assert_eq!(allowed, ["MIT", "ISC"]);
        for (expression, is_fine) in [
            ("MIT", true),
            ("Apache-2.0 OR MIT", true),
            ("MIT/Apache-2.0", true),
            ("MIT or Apache-2.0", true),
            ("(Apache-2.0 OR MIT) AND ISC", true),
            ("MIT AND GPL-3.0", false),
            ("GPL-3.0", false),
            ("", false),
        ] {
            assert_eq!(is_licensed(expression, &allowed), is_fine, "{expression}");
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        let needs = |text: &str| version(Some(&serde_json::json!({ "rust_version": text })));
        assert!(needs("1.100.0") > needs("1.88") && needs("1.9") < needs("1.88"));
        assert_eq!(version(Some(&serde_json::json!({ "rust_version": null }))), None);
    }
}
