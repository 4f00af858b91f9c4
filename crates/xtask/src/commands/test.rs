//! `cargo xtask test`: installs what the tests need, then runs all of them.

use clap::Args;

use crate::command::{self, cargo};
use crate::commands::{install, packages};
use crate::failure::Outcome;
use crate::workspace::Workspace;

/// Which tests, and how.
#[derive(Args, Default)]
pub struct Options {
    /// Only the black-box tests against the built binary; words after `--` go to pytest.
    #[arg(long)]
    blackbox: bool,
    /// Passed on to pytest, such as `-k webhook`.
    #[arg(last = true)]
    pytest: Vec<String>,
}

/// Unit and property tests, doc tests, then black-box tests against the debug binary.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    install::debian_packages(workspace)?;
    if !options.blackbox {
        install::cargo_tool(workspace, "cargo-nextest")?;
        command::run(&mut cargo(workspace, &["nextest", "run", "--workspace", "--locked"]))?;
        command::run(&mut cargo(workspace, &["test", "--doc", "--workspace", "--locked"]))?;
    }
    build(workspace)?;
    let mut line = vec!["tests/blackbox"];
    line.extend(options.pytest.iter().map(String::as_str));
    command::run(&mut packages::pinned(workspace)?.pytest(workspace, &line))
}

/// What the black-box tests start: the product, and the centre that is not ours. Apart, so that what the centre needs of
/// libraries does not change the product.
pub fn build(workspace: &Workspace) -> Outcome<()> {
    command::run(&mut cargo(workspace, &["build", "--package", "whimbrel", "--locked"]))?;
    let centre = ["build", "--package", "whimbrel-carriers", "--example", "centre", "--locked"];
    command::run(&mut cargo(workspace, &centre))
}
