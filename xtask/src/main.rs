//! The project's own commands: `cargo xtask <command>`.

mod api;
mod bench;
mod build;
mod contract;
mod demo;
mod dependencies;
mod docs;
mod emit;
mod extension;
mod loopback;
mod packed;
mod prose;
mod release;
mod serve;
mod shell;
mod test;
mod tools;
mod traps;

use std::ffi::OsString;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about)]
enum Command {
    /// Runs all ten operations through the built package, then serves the console page
    Demo(demo::Args),
    /// Runs every test
    Test(test::Args),
    /// Compares the package with what people would use instead, and writes BENCHMARKS.md
    Bench(bench::Args),
    /// Builds the npm package into pkg/dist
    Build {
        /// Builds a package with faults on purpose into target/trap/dist too
        #[arg(long)]
        faults: bool,
    },
    /// Compares a newer contract of Pipedrive's with what the project declares
    Contract(contract::Args),
    /// Builds the documentation as a static site
    Docs(docs::Args),
    /// Packs it as target/npm/pipedrive-users-<version>.tgz
    Pack,
    /// Prepares a release and checks it, short of uploading
    Release(release::Args),
    /// Serves the sandbox over HTTP until it is stopped
    Sandbox(serve::Args),
    /// Compares the crate's public names with the list of them
    Api(api::Args),
    /// Checks what the crates are made of: licences, sources, and the Rust that they need
    #[command(hide = true)]
    CheckDependencies,
    /// Runs a test module: cargo calls this in the place of wasm-bindgen-test-runner
    #[command(hide = true, disable_help_flag = true)]
    WasmTestRunner {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Demo(args) => demo::run_demo(&args),
        Command::Test(args) => test::test(args),
        Command::Bench(args) => bench::bench(args),
        Command::Build { faults } => {
            build::build()?;
            if faults {
                build::build_with_faults()?;
            }
            Ok(())
        }
        Command::Contract(args) => contract::contract(&args),
        Command::Docs(args) => docs::docs(&args),
        Command::Pack => build::pack().map(|tarball| println!("{}", tarball.display())),
        Command::Release(args) => release::release(&args),
        Command::Sandbox(args) => serve::run(&args),
        Command::Api(args) => api::api(&args),
        Command::CheckDependencies => dependencies::check(),
        Command::WasmTestRunner { args } => {
            let name = OsString::from("wasm-bindgen-test-runner");
            wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::iter::once(name).chain(args))
        }
    }
}
