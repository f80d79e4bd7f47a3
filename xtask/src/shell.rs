//! Running other programs: shown, checked, and named in one clear line when they fail or are not there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// A step of the work, reported on standard error so that standard output stays for results.
pub(crate) fn step(text: &str) {
    eprintln!("\u{25b8} {text}");
}

/// A command in the project's folder.
pub(crate) fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(executable(program));
    command.args(args).current_dir(root());
    command
}

/// The file that a program is started by: on Windows npm is a script, which only its whole name finds.
fn executable(program: &str) -> &str {
    match program {
        "npm" if cfg!(windows) => "npm.cmd",
        program => program,
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{name} is not there: {}", how_to_get(&name)))?;
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    Ok(())
}

/// Runs a command to its end and gives what it printed on standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("{name} is not there: {}", how_to_get(&name)))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether cargo has a command that is installed apart from it. Where it has not, that is said: what the command checks is skipped.
pub(crate) fn has_cargo_command(name: &str) -> bool {
    let is_there =
        command("cargo", &[name, "--version"]).output().is_ok_and(|output| output.status.success());
    if !is_there {
        step(&format!("skipped: cargo {name} is not installed (cargo install --locked cargo-{name})"));
    }
    is_there
}

fn how_to_get(program: &str) -> &'static str {
    match program {
        "node" | "npm" | "npm.cmd" => "install Node.js 20 or newer",
        "rustup" | "cargo" => "install Rust by rustup",
        _ => "install it and put it on the PATH",
    }
}
