//! The two manifests and the changelog: one version, and one address of the repository.

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::shell::root;

/// The address of the repository, such as `https://forge.example/acme/pipedrive-users`.
pub(super) struct Repository(String);

impl Repository {
    pub(super) fn parse(url: &str) -> Result<Self> {
        let url = url.trim_end_matches('/').trim_end_matches(".git");
        let path = url.strip_prefix("https://").and_then(|rest| rest.split_once('/'));
        let is_whole = path.is_some_and(|(host, path)| host.contains('.') && path.contains('/'));
        let is_plain = !url.contains(|letter: char| letter.is_whitespace() || "\"'<>?#\\".contains(letter));
        ensure!(is_whole && is_plain, "--repository must be an https URL of a repository, got {url}");
        Ok(Self(url.to_owned()))
    }

    /// Where the files of a version are.
    pub(super) fn files(&self, version: &str) -> String {
        format!("{}/blob/v{version}", self.0)
    }
}

/// The version, which both manifests have.
pub(super) fn version() -> Result<String> {
    let npm: Value = serde_json::from_str(&fs::read_to_string(root().join("pkg/package.json"))?)?;
    let cargo = fs::read_to_string(root().join("Cargo.toml"))?;
    same_version(npm["version"].as_str().context("pkg/package.json has no version")?, &cargo)
}

fn same_version(npm: &str, cargo: &str) -> Result<String> {
    let (_, package) = cargo.split_once("\n[package]\n").context("Cargo.toml has no [package]")?;
    let line = package
        .lines()
        .take_while(|line| !line.starts_with('['))
        .find_map(|line| line.strip_prefix("version = "));
    let version = line.context("Cargo.toml has no version")?.trim_matches('"');
    ensure!(npm == version, "pkg/package.json has version {npm}, and Cargo.toml has {version}");
    Ok(npm.to_owned())
}

/// What the changelog says about a version.
pub(super) fn changes(changelog: &str, version: &str) -> Result<String> {
    let heading = |line: &str| {
        let title = line.strip_prefix("## ")?.split_whitespace().next()?;
        Some(title.trim_matches(['[', ']']).to_owned())
    };
    let text: Vec<_> = changelog
        .lines()
        .skip_while(|line| heading(line).as_deref() != Some(version))
        .skip(1)
        .take_while(|line| heading(line).is_none())
        .collect();
    let text = text.join("\n").trim().to_owned();
    if text.is_empty() {
        bail!(
            "CHANGELOG.md says nothing about version {version}: it needs a heading \"## {version}\" with text below it"
        );
    }
    Ok(text + "\n")
}

/// The manifest of the npm package as it is published. It is edited as text, since the order of its conditions matters.
pub(super) fn npm(manifest: &str, repository: Option<&Repository>) -> Result<String> {
    // Only the build needs the last member.
    let (kept, dropped) = manifest
        .split_once(",\n  \"devDependencies\": {")
        .context("pkg/package.json has no devDependencies")?;
    ensure!(dropped.matches('}').count() == 2, "devDependencies must be the last member of pkg/package.json");
    let mut more = vec![("publishConfig", json!({ "access": "public", "provenance": true }))];
    if let Some(Repository(url)) = repository {
        more.push(("repository", json!({ "type": "git", "url": format!("git+{url}.git") })));
        more.push(("homepage", json!(format!("{url}#readme"))));
        more.push(("bugs", json!({ "url": format!("{url}/issues") })));
    }
    let more: Vec<_> = more.into_iter().map(|(name, value)| format!(",\n  \"{name}\": {value}")).collect();
    let published = format!("{kept}{}\n}}\n", more.concat());
    serde_json::from_str::<Value>(&published).context("the published package.json")?;
    Ok(published)
}

/// The manifest of the crate as it is published.
pub(super) fn cargo(manifest: &str, repository: Option<&Repository>) -> Result<String> {
    let Some(Repository(url)) = repository else { return Ok(manifest.to_owned()) };
    let (before, after) = manifest.split_once("\n[package]\n").context("Cargo.toml has no [package]")?;
    Ok(format!("{before}\n[package]\nrepository = \"{url}\"\nhomepage = \"{url}\"\n{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARGO: &str = "[workspace]\nmembers = []\n\n[package]\nname = \"a\"\nversion = \"1.2.3\"\n\n[lib]\nversion = \"9\"\n";

    const NPM: &str = "{\n  \"name\": \"a\",\n  \"exports\": { \"types\": 1, \"default\": 2 },\n  \"devDependencies\": {\n    \"b\": \"1\"\n  }\n}\n";

    #[test]
    fn both_manifests_have_one_version() {
        assert_eq!(same_version("1.2.3", CARGO).expect("the same"), "1.2.3");
        let error = same_version("1.2.4", CARGO).expect_err("another").to_string();
        assert_eq!(error, "pkg/package.json has version 1.2.4, and Cargo.toml has 1.2.3");
        assert!(version().is_ok());
    }

    #[test]
    fn the_changelog_names_the_version() {
        let text = "# Changelog\n\n## Unreleased\n\nlater\n\n## 1.2.3 (2026-01-01)\n\n### Added\n\n- a\n\n## [1.2.2]\n\n- b\n\n## 1.2.1\n";
        assert_eq!(changes(text, "1.2.3").expect("there"), "### Added\n\n- a\n");
        assert_eq!(changes(text, "1.2.2").expect("there"), "- b\n");
        for absent in ["1.2", "1.2.1", "2.0.0"] {
            assert!(changes(text, absent).is_err(), "{absent}");
        }
        let own = fs::read_to_string(root().join("CHANGELOG.md")).expect("CHANGELOG.md");
        assert!(changes(&own, &version().expect("a version")).is_ok());
    }

    #[test]
    fn the_repository_comes_from_one_place() {
        let repository = Repository::parse("https://forge.example/acme/users.git").expect("a repository");
        let npm = npm(NPM, Some(&repository)).expect("written");
        assert!(npm.contains("{ \"types\": 1, \"default\": 2 }"), "the order of conditions: {npm}");
        let npm: Value = serde_json::from_str(&npm).expect("JSON");
        assert_eq!(npm["repository"]["url"], "git+https://forge.example/acme/users.git");
        assert_eq!(npm["homepage"], "https://forge.example/acme/users#readme");
        assert_eq!(npm["bugs"]["url"], "https://forge.example/acme/users/issues");
        assert_eq!(npm["publishConfig"], json!({ "access": "public", "provenance": true }));
        assert!(npm["devDependencies"].is_null());
        let cargo = cargo(CARGO, Some(&repository)).expect("written");
        assert!(
            cargo.contains("[package]\nrepository = \"https://forge.example/acme/users\"\nhomepage = "),
            "{cargo}"
        );
        assert_eq!(repository.files("1.2.3"), "https://forge.example/acme/users/blob/v1.2.3");
        for bad in [
            "forge.example/a/b",
            "http://forge.example/a/b",
            "https://forge.example/a",
            "https://forge/a/b",
            "https://forge.example/a/b\"c",
        ] {
            assert!(Repository::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn without_a_repository_the_manifests_name_none() {
        assert_eq!(cargo(CARGO, None).expect("unchanged"), CARGO);
        let npm = npm(NPM, None).expect("written");
        assert!(!npm.contains("repository") && !npm.contains("homepage") && !npm.contains("bugs"), "{npm}");
    }
}
