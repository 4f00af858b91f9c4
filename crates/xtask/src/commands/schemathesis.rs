//! `cargo xtask schemathesis`: every operation of the OpenAPI documents is called with whatever its schema allows and forbids.
//!
//! Schemathesis and the validator of documents are installed into an environment of their own. What must hold, and which operations are
//! left out and why, stands in the script.

use clap::Args;

use crate::command::{self, cargo};
use crate::commands::{install, packages};
use crate::failure::Outcome;
use crate::workspace::Workspace;

/// How long, and over what.
#[derive(Args)]
pub struct Options {
    /// Seconds of calls, shared by the documents.
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Only the document of that name, such as native.
    #[arg(long)]
    dialect: Option<String>,
}

/// The script that runs it.
const SCRIPT: &str = "tests/schemathesis/main.py";

/// Builds, installs, runs.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    install::debian_packages(workspace)?;
    let packages = packages::schemathesis(workspace)?;
    command::run(&mut cargo(workspace, &["build", "--package", "whimbrel", "--locked"]))?;
    let (binary, folder) = (workspace.product("debug"), workspace.scratch("schemathesis")?);
    let (binary, folder, seconds) = (binary.to_string_lossy(), folder.to_string_lossy(), options.seconds.to_string());
    let mut line = vec![SCRIPT, "--binary", &binary, "--folder", &folder, "--seconds", &seconds];
    if let Some(dialect) = &options.dialect {
        line.extend(["--dialect", dialect]);
    }
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
