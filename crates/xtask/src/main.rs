//! The project's own commands: `cargo xtask test`, `ci`, `tidy`, `bench` and the harnesses that break things on purpose.
//!
//! Glue is Rust, so that it is checked like the product. Every command works from any folder of the repository, asks
//! nothing, prints what it runs and exits non-zero on failure. This is built before everything else: keep it small.

#![expect(clippy::print_stdout, reason = "a command line tool prints")]

mod clock;
mod command;
mod commands;
mod failure;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Outcome;
use crate::workspace::Workspace;

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what the tests need, then run all of them.
    Test(commands::test::Options),
    /// What the gate runs: format, lints, tidy, licences, all tests.
    Ci,
    /// Check the rules that no compiler knows: dependencies, vendors' names, links, sizes.
    Tidy,
    /// Install what `tools.toml` lists and this machine lacks.
    Install(commands::install::Options),
    /// Fuzz what parses foreign bytes, for a bounded time.
    Fuzz(commands::fuzz::Options),
}

fn main() -> ExitCode {
    match run(Line::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            println!("xtask: FAILED: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Outcome<()> {
    let workspace = Workspace::find()?;
    match command {
        Command::Test(options) => commands::test::run(&workspace, &options),
        Command::Ci => commands::ci::run(&workspace),
        Command::Tidy => commands::tidy::run(&workspace),
        Command::Install(options) => commands::install::run(&workspace, &options),
        Command::Fuzz(options) => commands::fuzz::run(&workspace, &options),
    }
}
