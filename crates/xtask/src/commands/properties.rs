//! `cargo xtask properties`: the property tests with many cases, from a seed that nobody has tried yet.
//!
//! In every other run they see the same cases (`.cargo/config.toml`), so that a change is judged by what it changed. Here they
//! look further. A fault is found again with the printed line; proptest writes the smallest case that shows it into a file named
//! `proptest-regressions`, or below such a folder, which belongs into the commit that repairs it.

use std::time::Duration;

use clap::Args;

use crate::clock::{self, Started};
use crate::command::{self, cargo, program};
use crate::commands::install;
use crate::failure::{Failure, Outcome, require};
use crate::tidy::Tree;
use crate::workspace::Workspace;

/// How far to look, and where.
#[derive(Args)]
pub struct Options {
    /// Cases of each property; those that cost much take a fraction.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..))]
    cases: u32,
    /// The first seed; drawn unless given. Each further round takes the next.
    #[arg(long)]
    seed: Option<u64>,
    /// Round after round until so many minutes have passed; one round if 0.
    #[arg(long, default_value_t = 0)]
    minutes: u64,
    /// Only the properties of this crate; may be given several times.
    #[arg(long = "package", short, value_name = "CRATE")]
    packages: Vec<String>,
}

/// Runs rounds until one fails or the time is over.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    install::cargo_tool(workspace, "cargo-nextest")?;
    let listing = command::read(&mut program(workspace, "git", &["ls-files", "crates/*.rs"]))?;
    let names = properties(&Tree::read(workspace.root(), &listing));
    require(!names.is_empty(), || "no property was found: this command looks for `proptest! {`".to_owned())?;
    let limit = Duration::from_secs(options.minutes.saturating_mul(60));
    let (started, mut seed) = (Started::now(), options.seed.unwrap_or_else(clock::seed));
    loop {
        println!("== seed {seed}, {} cases, {} properties", options.cases, names.len());
        round(workspace, options, &names, seed).map_err(|failure| {
            let packages: String = options.packages.iter().map(|package| format!(" -p {package}")).collect();
            let again = format!("cargo xtask properties --cases {} --seed {seed}{packages}", options.cases);
            Failure::new(format!("{failure}\nonce more: {again}"))
        })?;
        if started.elapsed() >= limit {
            return Ok(());
        }
        seed = seed.wrapping_add(1);
    }
}

fn round(workspace: &Workspace, options: &Options, names: &[String], seed: u64) -> Outcome<()> {
    let filter = format!("test(/(^|::)({})$/)", names.join("|"));
    let mut line = vec!["nextest", "run", "--locked", "--no-fail-fast", "--no-tests=pass", "-E", &filter];
    for package in &options.packages {
        line.extend(["--package", package]);
    }
    if options.packages.is_empty() {
        line.push("--workspace");
    }
    let mut nextest = cargo(workspace, &line);
    nextest.env("PROPTEST_RNG_SEED", seed.to_string()).env("PROPTEST_CASES", options.cases.to_string());
    command::run(&mut nextest)
}

/// The tests that stand inside `proptest! { .. }`, sorted.
fn properties(tree: &Tree) -> Vec<String> {
    let mut names = Vec::new();
    for file in tree.ending(".rs") {
        let mut end = None;
        for line in file.text.lines() {
            let indent = line.len() - line.trim_start().len();
            match end {
                None if line.trim() == "proptest! {" => end = Some(format!("{}}}", " ".repeat(indent))),
                Some(ref closing) if line == closing => end = None,
                Some(_) => names.extend(function(line)),
                None => {}
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

/// The name of the function that a line begins.
fn function(line: &str) -> Option<String> {
    let name = line.trim_start().strip_prefix("fn ")?.split('(').next()?;
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::fake::tree;

    #[test]
    fn properties_are_told_from_other_tests() {
        let source = "#[test]\nfn plain() {}\nproptest! {\n    #[test]\n    fn one(a: u8) {\n    }\n\n    #[test]\n    fn two(\n        \
                      b: u8,\n    ) {}\n}\nfn after() {}\nmod tests {\n    proptest! {\n        #[test]\n        fn three(c: u8) {}\n    }\n}\n";
        assert_eq!(
            properties(&tree(&[("a.rs", source), ("b.md", "proptest! {\nfn four() {}\n}\n")])),
            ["one", "three", "two"]
        );
    }
}
