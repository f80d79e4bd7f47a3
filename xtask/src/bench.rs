//! `cargo xtask bench`: the packed tarball beside what people would use instead.

use std::process::Stdio;

use anyhow::Result;

use crate::shell::{command, root, run, step};
use crate::{build, extension, packed, tools};

/// How much to measure.
#[derive(clap::Args, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command")]
pub(crate) struct Args {
    /// Fewer rounds, and BENCHMARKS.md stays as it is
    #[arg(long)]
    quick: bool,
    /// Count the instructions of the core's hot paths, and nothing else
    #[arg(long)]
    counts: bool,
    /// Measure limits shared by processes, and nothing else: about fifteen minutes, or one with --quick
    #[arg(long)]
    limits: bool,
    /// Write the counts down as those that later ones are held to
    #[arg(long)]
    record: bool,
}

/// Makes what the page in `www/compare` needs: the other clients as scripts, and what they weigh.
pub(crate) fn prepare_page() -> Result<()> {
    tools::npm_packages("tests/bench")?;
    run(&mut command("node", &["tests/bench/page.mjs"]))
}

/// Runs the comparison; it fails where a figure is worse than its bound by more than the noise of the run.
pub(crate) fn bench(Args { quick, counts, limits, record }: Args) -> Result<()> {
    if limits {
        return bench_limits(quick);
    }
    tools::valgrind()?;
    if counts || record {
        let mut node = command("node", &["tests/bench/counts.mjs"]);
        if record {
            node.arg("--record");
        }
        return run(&mut node);
    }
    let browser = tools::chromium()?;
    let tarball = build::pack()?.to_string_lossy().into_owned();
    tools::npm_packages("tests/bench")?;
    let folder = root().join("tests/bench");
    run(command("npm", &["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", &tarball])
        .current_dir(&folder)
        .stdout(Stdio::null()))?;
    step("the comparison: about ten minutes, or four with --quick");
    let mut node = command("node", &["run.mjs"]);
    if quick {
        node.arg("--quick");
    }
    run(node.current_dir(folder).env("CHROMIUM", browser.browser))
}

/// Measures limits that real processes share in real stores, and writes the tables of LIMITS.md.
fn bench_limits(quick: bool) -> Result<()> {
    tools::redis()?;
    tools::npm_packages("tests")?;
    let tarball = build::pack()?;
    packed::prepare(&tarball, false)?;
    extension::prepare()?;
    let mut node = command("node", &["tests/bench/limits.mjs"]);
    if quick {
        node.arg("--quick");
    }
    run(node
        .env("PIPEDRIVE_SANDBOX", std::env::current_exe()?)
        .env("PIPEDRIVE_USERS_DIST", root().join("target/packed/node_modules/pipedrive-users/dist")))
}
