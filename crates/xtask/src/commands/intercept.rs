//! `cargo xtask intercept`: shows that unmodified programs reach Whimbrel by `whimbrel run`, and nobody else.
//!
//! Each program of `tests/intercept/programs.py` calls its vendor's real host in a network namespace whose resolver and default route
//! lead to a recorder: alone its attempt must be recorded, by `whimbrel run` its message must be in the inbox and no packet may leave.
//! No vendor's host is ever contacted. It needs Linux, root and iproute2; without, it says so and does nothing.

use crate::command::{self, cargo};
use crate::commands::{install, packages};
use crate::failure::Outcome;
use crate::workspace::Workspace;

/// The script that shows it.
const SCRIPT: &str = "tests/intercept/main.py";

/// Builds the product, installs the libraries and runs the script.
pub fn run(workspace: &Workspace) -> Outcome<()> {
    let has_namespaces = command::exists("ip", &["netns", "list"]);
    if !cfg!(target_os = "linux") || !rustix::process::geteuid().is_root() || !has_namespaces {
        println!("intercept needs Linux, root and iproute2, for network namespaces: skipped, nothing was shown");
        return Ok(());
    }
    install::debian_packages(workspace)?;
    let packages = packages::pinned(workspace)?;
    command::run(&mut cargo(workspace, &["build", "--package", "whimbrel", "--locked"]))?;
    let binary = workspace.product("debug");
    command::run(&mut packages.python(workspace, &[SCRIPT, "--whimbrel", &binary.to_string_lossy()]))
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
