//! `cargo xtask sdks`: foreign clients alone, as locked or in their newest versions.
//!
//! The gate runs the locked versions with all other tests. The newest ones change without us, so they are asked for.

use clap::Args;

use crate::command;
use crate::commands::{install, packages, test};
use crate::failure::Outcome;
use crate::workspace::Workspace;

/// The tests that run code of other projects.
pub const FOLDERS: [&str; 2] = ["tests/blackbox/sdk", "tests/blackbox/stacks"];

/// Which versions, and which tests.
#[derive(Args)]
pub struct Options {
    /// Install the newest versions of the same packages beside the locked ones, and use those.
    #[arg(long)]
    unpinned: bool,
    /// Passed on to pytest, such as `-k receipt`.
    #[arg(last = true)]
    pytest: Vec<String>,
}

/// Builds the product and runs the foreign clients' tests against it.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    install::debian_packages(workspace)?;
    let packages = if options.unpinned { packages::newest(workspace)? } else { packages::pinned(workspace)? };
    test::build(workspace)?;
    let mut line = FOLDERS.to_vec();
    line.extend(options.pytest.iter().map(String::as_str));
    command::run(&mut packages.pytest(workspace, &line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_are_there() {
        let workspace = Workspace::find().expect("the tests run inside the repository");
        for folder in FOLDERS {
            assert!(workspace.path(folder).is_dir(), "{folder}");
        }
    }
}
