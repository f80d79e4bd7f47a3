//! `cargo xtask test`: every check there is, and one line of totals at the end.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::shell::{command, root, run, step};
use crate::{bench, build, extension, packed, tools};

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
    if all {
        tools::npm_packages("tests/site")?;
    }
    let tarball = build::pack()?;
    packed::prepare(&tarball, all)?;
    extension::prepare()?;
    bench::prepare_page()?;
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
        let mut counted = count(&text);
        let good = output.status.success() && counted.failed == 0 && counted.passed > 0;
        if !good && counted.failed == 0 {
            // A part that failed without saying which test is one failure.
            counted = Totals { failed: 1, passed: counted.passed.saturating_sub(1) };
        }
        if !good {
            println!("{text}");
            broken.push(name);
        }
        totals.passed += counted.passed;
        totals.failed += counted.failed;
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
    let mut parts = in_rust(browser)?;
    parts.extend(in_javascript(browser, faulty, tarball, all)?);
    if all {
        parts.extend(in_programs());
        parts.extend(as_published(browser)?);
    }
    Ok(parts)
}

/// The crate, on the host and in WebAssembly.
fn in_rust(browser: &tools::Browser) -> Result<Vec<Part>> {
    let runner = format!("{} wasm-test-runner", std::env::current_exe()?.display());
    // The runner's scripts are CommonJS, whatever a package.json in the system's folder for such things says.
    let temporary = root().join("target/tmp");
    std::fs::create_dir_all(&temporary)?;
    let wasm = |test: &str| {
        let mut command = command(
            "cargo",
            &[
                "test",
                "--target=wasm32-unknown-unknown",
                "--package=pipedrive-users",
                "--features=sandbox",
                "--test",
                test,
            ],
        );
        command
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", &runner)
            .env("CHROMEDRIVER", &browser.driver)
            .env("TMPDIR", &temporary);
        command
    };
    let every = "--features=pipedrive-users/sandbox,pipedrive-users/server,pipedrive-users/stream,pipedrive-users/tracing,\
                 pipedrive-users/reqwest";
    let in_wasm = [
        "--target=wasm32-unknown-unknown",
        "--package=pipedrive-users",
        "--features=npm-client,npm-sandbox,npm-server,npm-directory",
    ];
    Ok(vec![
        Part { name: "formatting", command: command("cargo", &["fmt", "--all", "--check"]), count: one },
        Part { name: "clippy", command: clippy(&["--workspace", "--all-targets", every]), count: one },
        Part { name: "clippy for wasm", command: clippy(&in_wasm), count: one },
        Part { name: "the crate's documentation", command: docs(&[]), count: one },
        Part {
            name: "the crate's documentation for wasm",
            command: docs(&["--target=wasm32-unknown-unknown"]),
            count: one,
        },
        Part {
            name: "Rust on the host",
            command: command("cargo", &["test", "--workspace", every]),
            count: rust,
        },
        Part { name: "wasm in Node", command: wasm("wasm_node"), count: rust },
        Part { name: "wasm in Chromium", command: wasm("wasm_browser"), count: rust },
    ])
}

/// The package, in the runtimes.
fn in_javascript(browser: &tools::Browser, faulty: &Path, tarball: &Path, all: bool) -> Result<Vec<Part>> {
    let mut packed = node(&["--test", "--test-reporter=tap", "--test-concurrency=1"]);
    if !all {
        packed.arg(format!("--test-name-pattern={}", packed::SHORT));
    }
    packed
        .args(packed::FILES.map(|file| format!("packed/{file}")))
        .env("PIPEDRIVE_SANDBOX", std::env::current_exe()?)
        .env("CHROMIUM", &browser.browser);
    let types = ["../pkg/node_modules/typescript/bin/tsc", "-p", "../pkg"];
    let mut parts = vec![Part { name: "the JavaScript client's types", command: node(&types), count: one }];
    for (name, folder) in [
        ("the tarball in Node, over HTTP", "js"),
        ("the tarball in workerd", "workerd"),
        ("the page in Chromium", "browser"),
        ("the server package, with its stores", "server"),
    ] {
        parts.push(Part { name, command: node_tests(folder, browser, faulty, tarball)?, count: tap });
    }
    parts.push(Part { name: "the tarball in empty projects", command: packed, count: tap });
    Ok(parts)
}

/// The examples for Rust: the native one is run, those for pages and Workers are compiled. They share a workspace, and a target
/// folder outside of it.
fn in_programs() -> [Part; 2] {
    let example = |args: &[&str]| {
        let mut cargo = command("cargo", args);
        cargo
            .current_dir(root().join("www/examples/rust"))
            .env("CARGO_TARGET_DIR", root().join("target/examples"));
        cargo
    };
    let in_wasm = [
        "clippy",
        "--quiet",
        "--locked",
        "--target=wasm32-unknown-unknown",
        "--package=wasm-page",
        "--package=worker-example",
        "--package=yew-panel",
        "--",
        "--deny=warnings",
    ];
    [
        Part {
            name: "the native example",
            command: example(&["test", "--locked", "--package=native"]),
            count: rust,
        },
        Part { name: "the examples for pages and Workers", command: example(&in_wasm), count: one },
    ]
}

/// The documentation and its tests, a release of what was built, short of uploading, and the table that is made of what ran.
fn as_published(browser: &tools::Browser) -> Result<[Part; 6]> {
    let folder = root().join("target/tmp/site");
    let mut docs = Command::new(std::env::current_exe()?);
    docs.args(["docs", "--built", "--out"]).arg(&folder).stdout(Stdio::piped());
    let mut site = node(&["--test", "--test-reporter=tap", "--test-concurrency=1"]);
    site.args(["site/site.test.mjs", "site/lighthouse.test.mjs"])
        .env("PIPEDRIVE_SITE", &folder)
        .env("CHROMIUM", &browser.browser);
    let mut release = Command::new(std::env::current_exe()?);
    // Any address will do: nothing is uploaded.
    let repository = "https://forge.example/acme/pipedrive-users";
    release.args(["release", "--dry-run", "--built", "--repository", repository]).stdout(Stdio::piped());
    let this = std::env::current_exe()?;
    let dependencies = command(&this.to_string_lossy(), &["check-dependencies"]);
    Ok([
        Part {
            name: "the crate's public names",
            command: command(&this.to_string_lossy(), &["api"]),
            count: one,
        },
        Part {
            name: "licences, sources and Rust versions of dependencies",
            command: dependencies,
            count: one,
        },
        Part { name: "cargo xtask docs", command: docs, count: one },
        Part { name: "the site in Chromium, and Lighthouse", command: site, count: tap },
        Part { name: "cargo xtask release --dry-run", command: release, count: one },
        Part { name: "the table of runtimes", command: node(&["packed/table.mjs"]), count: one },
    ])
}

/// The lints, without a warning.
fn clippy(args: &[&str]) -> Command {
    let mut cargo = command("cargo", &["clippy", "--quiet"]);
    cargo.args(args).args(["--", "--deny=warnings"]);
    cargo
}

/// The crate's documentation, without a warning.
fn docs(more: &[&str]) -> Command {
    let mut cargo = command(
        "cargo",
        &[
            "doc",
            "--quiet",
            "--no-deps",
            "--package=pipedrive-users",
            "--features=sandbox,server,stream,tracing,reqwest",
        ],
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
    if let Some(python) = tools::python_client() {
        node.env("PIPEDRIVE_PYTHON", python);
    }
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
