//! The project's own commands: `cargo xtask <command>`.

mod build;
mod emit;
mod serve;
mod shell;
mod tools;
mod traps;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about)]
enum Command {
    /// Builds the npm package into pkg/dist
    Build,
    /// Packs it as target/npm/pipedrive-users-<version>.tgz
    Pack,
    /// Serves the sandbox over HTTP until it is stopped
    Sandbox(serve::Args),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Build => build::build(),
        Command::Pack => build::pack().map(|tarball| println!("{}", tarball.display())),
        Command::Sandbox(args) => serve::run(&args),
    }
}
