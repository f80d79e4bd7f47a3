//! `cargo xtask test`: every check there is, and one line of totals at the end.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::shell::{command, root, run, step};
use crate::{build, packed, tools};

/// What a part of the tests came to.
#[derive(Clone, Copy, Default)]
struct Totals {
    passed: u32,
    failed: u32,
}

/// A part of the tests: its name, what runs it, and how its output is counted.
struct Part {
    name: &'static str,
    command: Command,
    count: fn(&str) -> Totals,
}

/// Which tests to run.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct Args {
    /// Every runtime, bundler and browser too, not only Node, Deno, Bun, workerd, Vite and Chromium
    #[arg(long)]
    all: bool,
}

/// Runs every part, also after one that failed, and fails if any did or did not run.
pub(crate) fn test(Args { all }: Args) -> Result<()> {
    let browser = tools::chromium()?;
    tools::redis()?;
    tools::npm_packages("tests")?;
    let tarball = build::pack()?;
    packed::prepare(&tarball, all)?;
    let faulty = build::build_with_faults()?;
    step("installing the tarball where the tests import it from");
    let path = tarball.to_string_lossy().into_owned();
    run(command("npm", &["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error", &path])
        .current_dir(root().join("tests"))
        .stdout(Stdio::null()))?;
    let mut totals = Totals::default();
    let mut broken = Vec::new();
    for Part { name, mut command, count } in parts(&browser, &faulty, &tarball, all)? {
        step(name);
        #[allow(clippy::disallowed_methods, reason = "the build tool lives in the real world")]
        let started = Instant::now();
        let output =
            command.stderr(Stdio::inherit()).output().with_context(|| format!("{name}: {command:?}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let counted = count(&text);
        let good = output.status.success() && counted.failed == 0 && counted.passed > 0;
        if !good {
            println!("{text}");
            broken.push(name);
        }
        totals.passed += counted.passed;
        // A part that failed without saying which test is one failure.
        totals.failed += if good { 0 } else { counted.failed.max(1) };
        let seconds = started.elapsed().as_secs_f64();
        println!("  {name}: {} passed, {} failed, in {seconds:.1} s", counted.passed, counted.failed);
    }
    println!("{} passed, {} failed", totals.passed, totals.failed);
    if !broken.is_empty() {
        bail!("failed: {}", broken.join(", "));
    }
    Ok(())
}

fn parts(browser: &tools::Browser, faulty: &Path, tarball: &Path, all: bool) -> Result<Vec<Part>> {
    let xtask = std::env::current_exe()?;
    let runner = format!("{} wasm-test-runner", xtask.display());
    let cargo = |args: &[&str]| command("cargo", args);
    // The runner's scripts are CommonJS, whatever a package.json in the system's folder for such things says.
    let temporary = root().join("target/tmp");
    std::fs::create_dir_all(&temporary)?;
    let wasm = |test: &str| {
        let mut command = cargo(&[
            "test",
            "--target=wasm32-unknown-unknown",
            "--package=pipedrive-users",
            "--features=sandbox",
            "--test",
            test,
        ]);
        command
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &runner)
            .env("CHROMEDRIVER", &browser.driver)
            .env("TMPDIR", &temporary);
        command
    };
    let mut packed = node(&["--test", "--test-reporter=tap", "--test-concurrency=1"]);
    if !all {
        packed.arg(format!("--test-name-pattern={}", packed::SHORT));
    }
    packed
        .args(packed::FILES.map(|file| format!("packed/{file}")))
        .env("PIPEDRIVE_SANDBOX", &xtask)
        .env("CHROMIUM", &browser.browser);
    let mut parts = vec![
        Part { name: "formatting", command: cargo(&["fmt", "--all", "--check"]), count: one },
        Part {
            name: "clippy",
            command: cargo(&[
                "clippy",
                "--quiet",
                "--workspace",
                "--all-targets",
                "--features=pipedrive-users/server",
                "--",
                "--deny=warnings",
            ]),
            count: one,
        },
        Part {
            name: "clippy for wasm",
            command: cargo(&[
                "clippy",
                "--quiet",
                "--target=wasm32-unknown-unknown",
                "--package=pipedrive-users",
                "--features=npm-client,npm-sandbox,npm-server",
                "--",
                "--deny=warnings",
            ]),
            count: one,
        },
        Part { name: "the crate's documentation", command: docs(&[]), count: one },
        Part {
            name: "the crate's documentation for wasm",
            command: docs(&["--target=wasm32-unknown-unknown"]),
            count: one,
        },
        Part {
            name: "Rust on the host",
            command: cargo(&[
                "test",
                "--workspace",
                "--features=pipedrive-users/sandbox,pipedrive-users/server",
            ]),
            count: rust,
        },
        Part { name: "wasm in Node", command: wasm("wasm_node"), count: rust },
        Part { name: "wasm in Chromium", command: wasm("wasm_browser"), count: rust },
        Part {
            name: "the face's types",
            command: node(&["../pkg/node_modules/typescript/bin/tsc", "-p", "../pkg"]),
            count: one,
        },
        Part {
            name: "the tarball in Node, over HTTP",
            command: node_tests("js", browser, faulty, tarball)?,
            count: tap,
        },
        Part {
            name: "the tarball in workerd",
            command: node_tests("workerd", browser, faulty, tarball)?,
            count: tap,
        },
        Part {
            name: "the page in Chromium",
            command: node_tests("browser", browser, faulty, tarball)?,
            count: tap,
        },
        Part {
            name: "the server half, with its stores",
            command: node_tests("server", browser, faulty, tarball)?,
            count: tap,
        },
        Part { name: "the tarball in empty projects", command: packed, count: tap },
    ];
    if all {
        let publish = ["publish", "--dry-run", "--quiet", "--allow-dirty", "--package=pipedrive-users"];
        parts.push(Part { name: "cargo publish --dry-run", command: cargo(&publish), count: one });
        let mut publish = command("npm", &["publish", "--dry-run", "--loglevel=error"]);
        publish.current_dir(root().join("pkg"));
        parts.push(Part { name: "npm publish --dry-run", command: publish, count: one });
        let table = node(&["packed/table.mjs"]);
        parts.push(Part { name: "the table of runtimes", command: table, count: one });
    }
    Ok(parts)
}

/// The crate's documentation, without a warning.
fn docs(more: &[&str]) -> Command {
    let mut cargo = command(
        "cargo",
        &["doc", "--quiet", "--no-deps", "--package=pipedrive-users", "--features=sandbox,server"],
    );
    cargo.args(more).env("RUSTDOCFLAGS", "--deny=warnings");
    cargo
}

fn node(args: &[&str]) -> Command {
    let mut node = command("node", args);
    node.current_dir(root().join("tests"));
    node
}

/// The test files of a folder, under Node's own runner, and where they find what they need.
fn node_tests(folder: &str, browser: &tools::Browser, faulty: &Path, tarball: &Path) -> Result<Command> {
    let mut files: Vec<_> = std::fs::read_dir(root().join("tests").join(folder))
        .with_context(|| format!("tests/{folder}"))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    let mut node = node(&["--test", "--test-reporter=tap"]);
    node.args(files.iter().map(AsRef::<OsStr>::as_ref))
        .env("PIPEDRIVE_SANDBOX", std::env::current_exe()?)
        .env("PIPEDRIVE_USERS_DIST", root().join("tests/node_modules/pipedrive-users/dist"))
        .env("PIPEDRIVE_USERS_FAULTY_DIST", faulty)
        .env("PIPEDRIVE_USERS_TARBALL", tarball)
        .env("CHROMIUM", &browser.browser);
    Ok(node)
}

/// A part that is one test: it ended well or it did not.
fn one(_: &str) -> Totals {
    Totals { passed: 1, failed: 0 }
}

/// `test result: ok. 5 passed; 0 failed; …`, as often as it comes.
fn rust(text: &str) -> Totals {
    sum(text.lines().filter_map(|line| line.strip_prefix("test result: ")).map(|line| {
        let number = |word| {
            let before = line.split(word).next().unwrap_or_default();
            before.trim_end().rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0)
        };
        Totals { passed: number(" passed"), failed: number(" failed") }
    }))
}

/// Node's summary: `# pass 5` and `# fail 0`. Cancelled tests have not passed.
fn tap(text: &str) -> Totals {
    let number = |name: &str| -> u32 {
        let line = text.lines().rev().find_map(|line| line.strip_prefix(name));
        line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
    };
    Totals { passed: number("# pass"), failed: number("# fail") + number("# cancelled") }
}

fn sum(totals: impl Iterator<Item = Totals>) -> Totals {
    totals.fold(Totals::default(), |sum, one| Totals {
        passed: sum.passed + one.passed,
        failed: sum.failed + one.failed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_are_read_from_each_runner() {
        let text =
            "test result: ok. 5 passed; 0 failed; 1 ignored;\nx\ntest result: FAILED. 12 passed; 3 failed; 0";
        assert_eq!((rust(text).passed, rust(text).failed), (17, 3));
        let text = "ok 1\n# tests 9\n# pass 7\n# fail 1\n# cancelled 1\n";
        assert_eq!((tap(text).passed, tap(text).failed), (7, 2));
        assert_eq!((tap("").passed, rust("").passed), (0, 0));
    }
}
