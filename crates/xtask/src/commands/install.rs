//! `cargo xtask install`: installs what `tools.toml` lists and this machine lacks, by the ordinary package clients.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

use crate::command::{self, exists, program};
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::workspace::Workspace;

/// Everything, or only what the tests need.
#[derive(Args)]
pub struct Options {
    /// Only say what is missing; install nothing.
    #[arg(long)]
    dry_run: bool,
}

/// `tools.toml`: the one list of what the project's scripts install.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tools {
    cargo: BTreeMap<String, CargoTool>,
    debian: BTreeMap<String, DebianPackage>,
    python: Python,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CargoTool {
    /// The version to install if there is none; a newer one that is there is kept.
    version: String,
    /// Arguments that make it answer, to see whether it is there.
    probe: Vec<String>,
    #[serde(rename = "for")]
    purpose: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DebianPackage {
    /// A program with arguments that make it answer, or the path of one file of the package.
    probe: Vec<String>,
    #[serde(rename = "for")]
    purpose: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Python {
    /// The file that pins the packages.
    requirements: String,
}

impl Tools {
    fn read(workspace: &Workspace) -> Outcome<Self> {
        let text = std::fs::read_to_string(workspace.path("tools.toml")).attempting("read tools.toml")?;
        toml::from_str(&text).attempting("read tools.toml")
    }
}

/// Installs everything in the list.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let tools = Tools::read(workspace)?;
    if options.dry_run {
        return report(&tools);
    }
    debian_packages(workspace)?;
    for name in tools.cargo.keys() {
        cargo_tool(workspace, name)?;
    }
    python(workspace).map(|_| ())
}

fn report(tools: &Tools) -> Outcome<()> {
    for (name, tool) in &tools.cargo {
        let state = if exists("cargo", &words(&tool.probe)) { "here" } else { "missing" };
        println!("{state:8} cargo   {name} {}: {}", tool.version, tool.purpose);
    }
    for (name, package) in &tools.debian {
        let state = if is_there(&package.probe) { "here" } else { "missing" };
        println!("{state:8} debian  {name}: {}", package.purpose);
    }
    println!("         python  as pinned in {}", tools.python.requirements);
    Ok(())
}

/// Installs one cargo tool of the list if it is missing.
pub fn cargo_tool(workspace: &Workspace, name: &str) -> Outcome<()> {
    let tools = Tools::read(workspace)?;
    let tool = tools.cargo.get(name).ok_or_else(|| Failure::new(format!("tools.toml lists no cargo tool `{name}`")))?;
    if exists("cargo", &words(&tool.probe)) {
        return Ok(());
    }
    println!("{name} is missing ({})", tool.purpose);
    let line = ["install", name, "--locked", "--version", &tool.version];
    // Into its own folder below the target: it shares no artefacts with ours.
    let target = workspace.target().join("tools");
    command::run(program(workspace, "cargo", &line).env("CARGO_TARGET_DIR", target))
}

/// Installs the Debian packages of the list whose probe does not answer.
pub fn debian_packages(workspace: &Workspace) -> Outcome<()> {
    let tools = Tools::read(workspace)?;
    let missing: Vec<&str> =
        tools.debian.iter().filter(|(_, package)| !is_there(&package.probe)).map(|(name, _)| name.as_str()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("missing Debian packages: {}", missing.join(" "));
    require(exists("apt-get", &["--version"]), || {
        format!("install these by your system's package manager and call again: {}", missing.join(" "))
    })?;
    let mut prefix: Vec<&str> = if rustix::process::geteuid().is_root() { vec![] } else { vec!["sudo", "-n"] };
    prefix.push("apt-get");
    let apt = |arguments: &[&str]| {
        let line: Vec<&str> = prefix.iter().skip(1).chain(arguments).copied().collect();
        command::run(program(workspace, prefix[0], &line).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["-qq", "update"])?;
    let mut line = vec!["-qq", "install", "--yes", "--no-install-recommends"];
    line.extend(missing);
    apt(&line)
}

/// Makes the virtual environment below the target folder and installs the pinned packages; gives its Python.
///
/// A stamp with the requirements' text makes the second call free.
pub fn python(workspace: &Workspace) -> Outcome<PathBuf> {
    let requirements = Tools::read(workspace)?.python.requirements;
    let wanted =
        std::fs::read_to_string(workspace.path(&requirements)).attempting(format_args!("read {requirements}"))?;
    let folder = workspace.target().join("venv");
    let (python, stamp) = (folder.join("bin/python"), folder.join("requirements.stamp"));
    if python.is_file() && std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    let (venv, interpreter) = (folder.to_string_lossy(), python.to_string_lossy());
    command::run(&mut program(workspace, "python3", &["-m", "venv", "--clear", &venv]))?;
    let line = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", &requirements];
    command::run(&mut program(workspace, &interpreter, &line))?;
    std::fs::write(&stamp, wanted)?;
    Ok(python)
}

fn is_there(probe: &[String]) -> bool {
    match probe {
        [file] => std::path::Path::new(file).is_file(),
        [name, arguments @ ..] => exists(name, &words(arguments)),
        [] => false,
    }
}

fn words(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_reads_and_its_requirements_are_pinned() {
        let workspace = Workspace::find().expect("the tests run inside the repository");
        let tools = Tools::read(&workspace).expect("tools.toml");
        assert!(tools.cargo.contains_key("cargo-nextest"));
        let requirements = std::fs::read_to_string(workspace.path(&tools.python.requirements)).expect("requirements");
        for line in requirements.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            assert!(line.contains("=="), "`{line}` has no version");
        }
    }
}
