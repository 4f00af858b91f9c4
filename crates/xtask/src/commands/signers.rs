//! `cargo xtask signers`: compares our signatures with those of the vendors' own libraries, both ways, on random inputs.
//!
//! The libraries are those that the black-box tests install. What may differ is a table of `tests/signers/tally.py`: any
//! other difference fails, and so does one of the table that no longer shows.

use clap::Args;

use crate::command::{self, cargo};
use crate::commands::{install, packages};
use crate::failure::Outcome;
use crate::workspace::Workspace;

/// How many inputs, and which.
#[derive(Args)]
pub struct Options {
    /// How many random inputs; each goes through several libraries.
    #[arg(long, default_value_t = 10_000)]
    count: u64,
    /// Which ones: the same seed gives the same inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Install the newest versions of the same packages beside the locked ones, and use those.
    #[arg(long)]
    unpinned: bool,
}

/// The script that compares.
const SCRIPT: &str = "tests/signers/main.py";

/// Builds the library's side, installs the others' and compares.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    install::debian_packages(workspace)?;
    let packages = if options.unpinned { packages::newest(workspace)? } else { packages::pinned(workspace)? };
    command::run(&mut cargo(workspace, &["build", "--package", "whimbrel-signing", "--example", "judge", "--locked"]))?;
    let judge = workspace.example("debug", "judge");
    let (judge, count, seed) = (judge.to_string_lossy(), options.count.to_string(), options.seed.to_string());
    let line = [SCRIPT, "--judge", &judge, "--count", &count, "--seed", &seed];
    command::run(&mut packages.python(workspace, &line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_there() {
        let workspace = Workspace::find().expect("the tests run inside the repository");
        assert!(workspace.path(SCRIPT).is_file());
    }
}
