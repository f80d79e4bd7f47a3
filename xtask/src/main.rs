//! The project's own commands: `cargo xtask <command>`.

mod serve;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about)]
enum Command {
    /// Serves the sandbox over HTTP until it is stopped.
    Sandbox(serve::Args),
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Sandbox(args) => serve::run(&args),
    }
}
