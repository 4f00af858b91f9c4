//! Jasmin in an environment of its own below the target folder: pinned, with two changes.
//!
//! - Its daemons lock files in the machine's folder for temporary ones, which a daemon that was killed leaves behind; here they lock in
//!   the folder that they run in, which each row has for itself.
//! - As released, 0.11.1 drops every receipt of a text of one part: handling its `submit_sm_resp` fails on a name (its issue 1236).
//!   Its authors' change of April 2026 puts the right name there; so does this.

use std::path::{Path, PathBuf};

use crate::command::{self, exists, program};
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::workspace::Workspace;

/// The version that is measured, and all that it brings.
const REQUIREMENTS: &str = include_str!("requirements.txt");
/// The Python that it runs on.
const PYTHON: &str = "python3.11";
const VERSION: &str = "0.11.1";
/// The description of the broker's protocol, which is only in its source archive.
const PROTOCOL: &str = "amqp0-9-1.xml";

/// Where it is installed.
#[derive(Debug, Clone)]
pub struct Installation(PathBuf);

impl Installation {
    /// Its Python.
    pub fn interpreter(&self) -> PathBuf {
        self.0.join("bin/python")
    }

    /// One of its daemons.
    pub fn script(&self, name: &str) -> PathBuf {
        self.0.join("bin").join(format!("{name}.py"))
    }

    /// The description of the broker's protocol.
    pub fn broker_protocol(&self) -> PathBuf {
        self.0.join(PROTOCOL)
    }

    fn package(&self, file: &str) -> PathBuf {
        self.0.join("lib").join(PYTHON).join("site-packages/jasmin").join(file)
    }
}

/// Installs it unless it is there.
pub fn install(workspace: &Workspace) -> Outcome<Installation> {
    let installation = Installation(workspace.target().join("jasmin"));
    let stamp = installation.0.join("installed.stamp");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == REQUIREMENTS) {
        return Ok(installation);
    }
    require(exists(PYTHON, &["--version"]), || format!("Jasmin runs on {PYTHON}, which this machine lacks"))?;
    let folder = installation.0.display().to_string();
    command::run(&mut program(workspace, PYTHON, &["-m", "venv", "--clear", &folder]))?;
    let list = installation.0.join("requirements.txt");
    std::fs::write(&list, REQUIREMENTS)?;
    let pip = |arguments: &[&str]| {
        let line: Vec<&str> =
            ["-m", "pip", "--disable-pip-version-check", "--quiet"].iter().chain(arguments).copied().collect();
        command::run(&mut program(workspace, &installation.interpreter().display().to_string(), &line))
    };
    pip(&["install", "-r", &list.display().to_string()])?;
    pip(&["download", "--no-deps", "--no-binary", ":all:", "--dest", &folder, &format!("jasmin=={VERSION}")])?;
    let (archive, inner) =
        (format!("jasmin-{VERSION}.tar.gz"), format!("jasmin-{VERSION}/misc/config/resource/{PROTOCOL}"));
    let unpack = ["-C", &folder, "-xzf", &format!("{folder}/{archive}"), "--strip-components=4", &inner];
    command::run(&mut program(workspace, "tar", &unpack))?;
    for name in ["jasmind", "dlrlookupd", "dlrd"] {
        change(&installation.script(name), "FileLock(\"/tmp/", "FileLock(\"./")?;
    }
    change(&installation.package("managers/listeners.py"), "_pdu.response.", "r.response.")?;
    std::fs::write(&stamp, REQUIREMENTS)?;
    Ok(installation)
}

/// Replaces each `from` in a file that must have one.
fn change(path: &Path, from: &str, to: &str) -> Outcome<()> {
    let attempt = || format!("change {}", path.display());
    let text = std::fs::read_to_string(path).attempting(attempt())?;
    require(text.contains(from), || format!("{} has no `{from}`: it is another version", path.display()))?;
    std::fs::write(path, text.replace(from, to)).map_err(|error| Failure::new(format!("{}: {error}", attempt())))
}
