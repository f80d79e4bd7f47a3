//! `cargo xtask release --dry-run`: all that a release does, short of uploading. What would be uploaded is in `target/release-files`.

mod components;
mod manifests;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::shell::{command, output, root, run, step};
use crate::{build, prose};

/// What is released, and where it comes from.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Prepare and check everything, and upload nothing
    #[arg(long)]
    dry_run: bool,
    /// The address of the repository, from which both manifests and the README's links are made
    #[arg(long)]
    repository: Option<String>,
    /// The tag that is released: it must be that of the version
    #[arg(long)]
    tag: Option<String>,
    /// Take the package as it was built last
    #[arg(long)]
    built: bool,
}

/// The folder with everything that a release consists of.
const FILES: &str = "target/release-files";

/// Prepares a release and checks it.
pub(crate) fn release(args: &Args) -> Result<()> {
    ensure!(
        args.dry_run,
        "uploading is left to .github/workflows/release.yml, which the registries trust: give --dry-run"
    );
    let repository = args.repository.as_deref().map(manifests::Repository::parse).transpose()?;
    let version = manifests::version()?;
    step(&format!("version {version}"));
    if let Some(tag) = args.tag.as_deref().filter(|tag| *tag != format!("v{version}")) {
        bail!("the tag is {tag}, and the version is {version}");
    }
    let notes = manifests::changes(&fs::read_to_string(root().join("CHANGELOG.md"))?, &version)?;
    if !args.built {
        build::build()?;
    }
    let files = root().join(FILES);
    let _ = fs::remove_dir_all(&files);
    fs::create_dir_all(&files)?;
    fs::write(files.join("notes.md"), notes)?;

    let tarball = npm_package(&files, repository.as_ref(), &version)?;
    crate_package(&files, repository.as_ref(), &version)?;

    step("what the modules contain, and its licences");
    let components = components::of_modules()?;
    components::check_licences(&components)?;
    let sbom = format!("pipedrive-users-{version}.cdx.json");
    fs::write(files.join(&sbom), components::sbom(&components, &version))?;
    fs::write(files.join("LICENSES.md"), components::licences(&components)?)?;

    step("checksums");
    let crate_file = format!("pipedrive-users-{version}.crate");
    let names = [tarball.as_str(), &crate_file, &sbom, "LICENSES.md"];
    fs::write(files.join("SHA256SUMS"), checksums(&files, &names)?)?;
    if repository.is_none() {
        step(
            "no --repository: the manifests name none, and links to files that are not packed are plain text",
        );
    }
    step(&format!("ready, and nothing was uploaded: {}", files.display()));
    Ok(())
}

/// The npm package with its final manifest and README; gives the name of the tarball.
fn npm_package(files: &Path, repository: Option<&manifests::Repository>, version: &str) -> Result<String> {
    step("the npm package");
    let package = files.join("package");
    let text = fs::read_to_string(root().join("pkg/package.json"))?;
    let manifest: serde_json::Value = serde_json::from_str(&text)?;
    for name in manifest["files"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str) {
        let from = root().join("pkg").join(name);
        if from.is_dir() {
            copy_folder(&from, &package.join(name))?;
        }
    }
    let links = repository.map(|repository| repository.files(version));
    prose::pack_into(&package, links.as_deref())?;
    fs::write(package.join("package.json"), manifests::npm(&text, repository)?)?;
    let destination = files.to_string_lossy().into_owned();
    let packed = output(
        command("npm", &["pack", "--silent", "--pack-destination", &destination]).current_dir(&package),
    )?;
    let tarball = packed.lines().last().context("npm pack named no tarball")?.trim().to_owned();
    step("npm publish --dry-run");
    let path = files.join(&tarball).to_string_lossy().into_owned();
    run(command(
        "npm",
        &["publish", "--dry-run", "--provenance", "--access=public", "--loglevel=error", &path],
    )
    .current_dir(&package)
    .stdout(Stdio::null()))?;
    Ok(tarball)
}

/// The crate from a copy of the repository's files, in which the manifest has its final form.
fn crate_package(files: &Path, repository: Option<&manifests::Repository>, version: &str) -> Result<()> {
    step("cargo publish --dry-run");
    let tree = files.join("tree");
    for name in output(&mut command("git", &["ls-files"]))?.lines() {
        let to = tree.join(name);
        fs::create_dir_all(to.parent().context("a folder")?)?;
        // A file that was deleted and not yet committed is listed still.
        if root().join(name).is_file() {
            fs::copy(root().join(name), to).with_context(|| name.to_owned())?;
        }
    }
    let manifest = tree.join("Cargo.toml");
    fs::write(&manifest, manifests::cargo(&fs::read_to_string(&manifest)?, repository)?)?;
    let name = format!("pipedrive-users-{version}.crate");
    let target = root().join("target");
    let places = ["package", "package/tmp-crate"].map(|folder| target.join(folder).join(&name));
    // One of before is not to be taken for this one.
    for place in &places {
        let _ = fs::remove_file(place);
    }
    run(command(
        "cargo",
        &["publish", "--dry-run", "--quiet", "--allow-dirty", "--package=pipedrive-users"],
    )
    .current_dir(&tree)
    .env("CARGO_TARGET_DIR", &target))?;
    let packed = places.iter().find(|place| place.is_file()).context("cargo publish left no crate")?;
    fs::copy(packed, files.join(&name))?;
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let path: PathBuf = entry?.path();
        if let Some(name) = path.file_name() {
            fs::copy(&path, to.join(name)).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

/// Lines that `sha256sum --check` reads.
fn checksums(folder: &Path, names: &[&str]) -> Result<String> {
    let mut out = String::new();
    for name in names {
        for byte in Sha256::digest(fs::read(folder.join(name)).with_context(|| (*name).to_owned())?) {
            let _ = write!(out, "{byte:02x}");
        }
        let _ = writeln!(out, "  {name}");
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_sha256sum() {
        let folder = root().join("target/tmp/checksums");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("a.txt"), "abc").expect("written");
        assert_eq!(
            checksums(&folder, &["a.txt"]).expect("read"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.txt\n"
        );
        assert!(checksums(&folder, &["b.txt"]).is_err());
    }

    #[test]
    fn nothing_is_uploaded_from_here() {
        let args = Args { dry_run: false, repository: None, tag: None, built: true };
        assert!(release(&args).expect_err("refused").to_string().contains("--dry-run"));
    }
}
