//! The names that Rust programs can use of the crate, and the traits that its types implement, as a list in the repository. What a
//! change takes away or renames fails the tests until it is accepted; what it adds is reported. Where `cargo semver-checks` is installed
//! and there is a release, what is compared with it are signatures as well. Every name that a program calls or makes has an example.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::shell::{command, has_cargo_command, output, root, run, step};

const LIST: &str = "xtask/api.txt";
/// What programs can switch on.
const FEATURES: &str = "--features=sandbox,server,stream,tracing,reqwest";
const HEAD: &str = "# The crate's public names. `cargo xtask api --write` writes this list.\n";

/// How to compare.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Writes the list anew
    #[arg(long)]
    write: bool,
}

/// Compares the names with the list, or writes it.
pub(crate) fn api(Args { write }: &Args) -> Result<()> {
    let rustdoc = rustdoc()?;
    let names = public_names(&rustdoc)?;
    let lacking = names.without_example();
    if !lacking.is_empty() {
        bail!("these have no example in their documentation:\n  {}", lacking.join("\n  "));
    }
    let names = names.found;
    let path = root().join(LIST);
    if *write {
        let lines: Vec<_> = names.iter().map(String::as_str).collect();
        return Ok(fs::write(path, format!("{HEAD}{}\n", lines.join("\n")))?);
    }
    let list = fs::read_to_string(path).context(LIST)?;
    let known: BTreeSet<_> = list.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    let lines =
        |names: Vec<&String>| names.into_iter().fold(String::new(), |all, name| all + "  " + name + "\n");
    let gone: Vec<_> = known.difference(&names).collect();
    if !gone.is_empty() {
        bail!(
            "programs that use these names no longer compile:\n{}`cargo xtask api --write` accepts it",
            lines(gone)
        );
    }
    let new: Vec<_> = names.difference(&known).collect();
    if !new.is_empty() {
        println!("new since the list was written, see `cargo xtask api --write`:\n{}", lines(new));
    }
    println!("{} public names", names.len());
    compare_with_release()
}

/// Compares signatures with those of the last release, by the tag of its version.
fn compare_with_release() -> Result<()> {
    let Ok(tag) = output(&mut command("git", &["describe", "--tags", "--abbrev=0", "--match=v[0-9]*"]))
    else {
        step("skipped: there is no tag of a release that cargo semver-checks could compare with");
        return Ok(());
    };
    if !has_cargo_command("semver-checks") {
        return Ok(());
    }
    let arguments = ["semver-checks", "--package=pipedrive-users", "--only-explicit-features", FEATURES];
    run(command("cargo", &arguments).args(["--baseline-rev", tag.trim()]))
}

/// What rustdoc knows of the crate. The format is one that tools are made for, and unstable all the same.
fn rustdoc() -> Result<Value> {
    let target = root().join("target/api");
    let mut cargo = command("cargo", &["rustdoc", "--quiet", "--package=pipedrive-users"]);
    cargo
        .args([FEATURES, "--lib", "--target-dir"])
        .arg(&target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"])
        .env("RUSTC_BOOTSTRAP", "1");
    run(&mut cargo)?;
    Ok(serde_json::from_slice(&fs::read(target.join("doc/pipedrive_users.json"))?)?)
}

/// Every name, and the traits that each type implements.
fn public_names(crate_: &Value) -> Result<Names<'_>> {
    let mut names = Names { index: &crate_["index"], ..Names::default() };
    names.add(&crate_["root"], "pipedrive_users", false);
    if names.found.len() < 200 {
        bail!("rustdoc's format is another one: it shows {} names", names.found.len());
    }
    Ok(names)
}

/// Traits of the compiler's own, which differ between its versions.
const INTERNAL: [&str; 6] =
    ["Freeze", "RefUnwindSafe", "StructuralPartialEq", "Unpin", "UnsafeUnpin", "UnwindSafe"];

struct Names<'a> {
    index: &'a Value,
    found: BTreeSet<String>,
    /// What is called or made, and has no example of its own.
    lacking: Vec<(String, String)>,
    /// What has a function with an example.
    shown: BTreeSet<String>,
    /// The modules on the way here: a re-export may lead back.
    open: Vec<String>,
}

impl Default for Names<'_> {
    fn default() -> Self {
        Self {
            index: &Value::Null,
            found: BTreeSet::new(),
            lacking: Vec::new(),
            shown: BTreeSet::new(),
            open: Vec::new(),
        }
    }
}

/// What a program calls, makes or implements.
const WITH_EXAMPLE: [&str; 4] = ["function", "struct", "enum", "trait"];

impl<'a> Names<'a> {
    fn item(&self, id: &Value) -> Option<&'a Value> {
        self.index.get(id.to_string())
    }

    /// What has no example: one of a function serves its type, and one of a trait its methods.
    fn without_example(&self) -> Vec<String> {
        let lacking = self.lacking.iter().filter(|(_, path)| !self.shown.contains(path));
        lacking.map(|(kind, path)| format!("{kind} {path}")).collect()
    }

    /// Adds an item by its path, and what is in it.
    fn add(&mut self, id: &Value, path: &str, is_of_trait: bool) {
        let Some(item) = self.item(id) else { return };
        let inner = &item["inner"];
        let Some((kind, inner)) = inner.as_object().and_then(|inner| inner.iter().next()) else { return };
        if kind == "use" {
            if let Some((parent, _)) = path.rsplit_once("::") {
                let path = format!("{parent}::{}", inner["name"].as_str().unwrap_or_default());
                if self.item(&inner["id"]).is_some() {
                    self.add(&inner["id"], &path, false);
                }
            }
            return;
        }
        let id = id.to_string();
        if kind == "module" && self.open.contains(&id) {
            return;
        }
        self.found.insert(format!("{} {path}", kind.replace('_', " ")));
        let has_example = item["docs"].as_str().is_some_and(|docs| docs.contains("```"));
        if kind == "function" && has_example {
            self.shown.extend(path.rsplit_once("::").map(|(parent, _)| parent.to_owned()));
        }
        if WITH_EXAMPLE.contains(&kind.as_str()) && !is_of_trait && !has_example {
            self.lacking.push((kind.clone(), path.to_owned()));
        }
        self.open.push(id);
        for list in [&inner["items"], &inner["variants"], &inner["fields"], &inner["kind"]["plain"]["fields"]]
        {
            for id in list.as_array().into_iter().flatten() {
                self.add_member(id, path, kind);
            }
        }
        for id in inner["impls"].as_array().into_iter().flatten() {
            self.add_impl(id, path);
        }
        self.open.pop();
    }

    /// Adds what is in a module, a type or a trait, if programs can reach it.
    fn add_member(&mut self, id: &Value, path: &str, of: &str) {
        let Some(item) = self.item(id) else { return };
        if of == "trait" || of == "enum" || item["visibility"] == "public" {
            let path = format!("{path}::{}", item["name"].as_str().unwrap_or_default());
            self.add(id, &path, of == "trait");
        }
    }

    fn add_impl(&mut self, id: &Value, path: &str) {
        let Some(inner) = self.item(id).map(|item| &item["inner"]["impl"]) else { return };
        if !inner["blanket_impl"].is_null() || inner["is_negative"] == true {
            return;
        }
        match inner["trait"]["path"].as_str() {
            Some(name) if INTERNAL.contains(&name) => {}
            Some(name) => {
                self.found.insert(format!("impl {name} for {path}"));
            }
            None => {
                for id in inner["items"].as_array().into_iter().flatten() {
                    self.add_member(id, path, "impl");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_public_is_named_with_the_traits_of_its_types() {
        let public = |name: &str, inner: Value| json!({ "name": name, "visibility": "public", "docs": name, "inner": inner });
        let index = json!({
            "0": public("it", json!({ "module": { "items": [1, 4, 6] } })),
            "1": public("Type", json!({ "struct": { "kind": { "plain": { "fields": [2] } }, "impls": [3, 5] } })),
            "2": { "name": "hidden", "visibility": "default", "inner": { "struct_field": {} } },
            "3": { "inner": { "impl": { "trait": { "path": "Clone" }, "blanket_impl": null, "items": [] } } },
            "4": { "name": "private", "visibility": "crate", "inner": { "function": {} } },
            "5": { "inner": { "impl": { "trait": null, "blanket_impl": null, "items": [7] } } },
            "6": public("", json!({ "use": { "name": "Other", "id": 1 } })),
            "7": public("method", json!({ "function": {} })),
        });
        let mut names = Names { index: &index, ..Names::default() };
        names.add(&json!(0), "it", false);
        let lacking = |names: &Names<'_>| names.without_example().join(", ");
        assert_eq!(
            lacking(&names),
            "struct it::Type, function it::Type::method, struct it::Other, function it::Other::method"
        );
        let mut shown = index.clone();
        shown["7"]["docs"] = "```\nmethod()\n```".into();
        let mut names_of_shown = Names { index: &shown, ..Names::default() };
        names_of_shown.add(&json!(0), "it", false);
        assert_eq!(lacking(&names_of_shown), "");
        let found: Vec<_> = names.found.iter().map(String::as_str).collect();
        assert_eq!(
            found,
            [
                "function it::Other::method",
                "function it::Type::method",
                "impl Clone for it::Other",
                "impl Clone for it::Type",
                "module it",
                "struct it::Other",
                "struct it::Type",
            ]
        );
    }
}
