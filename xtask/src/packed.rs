//! The packed tarball in every runtime, bundler and browser: `tests/packed`.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::shell::{command, root, run, step};
use crate::tools;

/// The test files: those of every run, and those that take longer.
pub(crate) const FILES: [&str; 10] = [
    "servers.test.mjs",
    "readme.test.mjs",
    "edge.test.mjs",
    "bundlers.test.mjs",
    "runners.test.mjs",
    "frameworks.test.mjs",
    "installers.test.mjs",
    "lint.test.mjs",
    "browsers.test.mjs",
    "examples.test.mjs",
];

/// What every run has of them: Node.js, Deno, Bun, workerd, Vite, Chromium, and the programs of the guide.
pub(crate) const SHORT: &str = "^(Node|Deno|Bun|Cloudflare|Vite,|Chromium|the guide|the snippets)";

/// Installs the tools and the tarball where the projects are made.
pub(crate) fn prepare(tarball: &Path, all: bool) -> Result<()> {
    if all {
        tools::browsers()?;
    }
    let folder = folder();
    std::fs::create_dir_all(&folder)?;
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(root().join("tests/packed").join(file), folder.join(file))?;
    }
    tools::npm_packages("target/packed")?;
    let _ = std::fs::remove_dir_all(folder.join("rows"));
    step("installing the tarball beside the tools");
    let path = tarball.to_string_lossy().into_owned();
    run(command("npm", &["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", &path])
        .current_dir(&folder)
        .stdout(std::process::Stdio::null()))
}

fn folder() -> PathBuf {
    root().join("target/packed")
}
