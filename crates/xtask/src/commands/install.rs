//! `cargo xtask install`: installs what `tools.toml` lists and this machine lacks, by the ordinary package clients.

use std::collections::BTreeMap;

use clap::Args;
use serde::Deserialize;

use crate::command::{self, exists, program};
use crate::commands::packages;
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
pub struct Tools {
    cargo: BTreeMap<String, CargoTool>,
    debian: BTreeMap<String, DebianPackage>,
    /// Packages for Python.
    pub python: Python,
    /// Packages for Node.
    pub node: Node,
    /// Packages that drive a browser, for Node as well.
    pub browser: Node,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CargoTool {
    /// The version to install if there is none; a newer one that is there is kept.
    version: String,
    /// The program with arguments that make it answer, to see whether it is there.
    probe: Vec<String>,
    #[serde(rename = "for")]
    purpose: String,
    /// Whether the tests go on without it, and skip what needs it.
    #[serde(default)]
    optional: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DebianPackage {
    /// A program with arguments that make it answer, or the path of one file of the package.
    probe: Vec<String>,
    #[serde(rename = "for")]
    purpose: String,
    /// Whether the tests go on without it, and skip what needs it.
    #[serde(default)]
    optional: bool,
    /// The one command that installs it, if the tests do not need it.
    only: Option<String>,
}

/// Where the packages for Python are pinned.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Python {
    /// The file that pins the packages.
    pub requirements: String,
    /// The file that names those which the tests import.
    pub direct: String,
}

/// Where the packages for Node are listed and locked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// The folder of `package.json` and `package-lock.json`.
    pub packages: String,
}

impl Tools {
    /// Reads the list.
    pub fn read(workspace: &Workspace) -> Outcome<Self> {
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
    for (name, _) in tools.cargo.iter().filter(|(_, tool)| !tool.optional) {
        cargo_tool(workspace, name)?;
    }
    for (name, _) in tools.cargo.iter().filter(|(_, tool)| tool.optional) {
        let installed = debian_for(workspace, "install").and_then(|()| cargo_tool(workspace, name));
        if let Err(failure) = installed {
            println!("without {name}: tests that need it are skipped ({failure})");
        }
    }
    packages::pinned(workspace)?;
    packages::browser(workspace).map(|_| ())
}

fn report(tools: &Tools) -> Outcome<()> {
    for (name, tool) in &tools.cargo {
        let state = if is_there(&tool.probe) { "here" } else { "missing" };
        println!("{state:8} cargo   {name} {}: {}", tool.version, tool.purpose);
    }
    for (name, package) in tools.debian.iter().filter(|(_, package)| package.only.is_none()) {
        let state = if is_there(&package.probe) { "here" } else { "missing" };
        println!("{state:8} debian  {name}: {}", package.purpose);
    }
    println!("         python  as pinned in {}", tools.python.requirements);
    println!("         node    as locked in {} and {}", tools.node.packages, tools.browser.packages);
    Ok(())
}

/// Installs one cargo tool of the list if it is missing.
pub fn cargo_tool(workspace: &Workspace, name: &str) -> Outcome<()> {
    let tools = Tools::read(workspace)?;
    let tool = tools.cargo.get(name).ok_or_else(|| Failure::new(format!("tools.toml lists no cargo tool `{name}`")))?;
    if is_there(&tool.probe) {
        return Ok(());
    }
    println!("{name} is missing ({})", tool.purpose);
    let line = ["install", name, "--locked", "--version", &tool.version];
    // Into its own folder below the target: it shares no artefacts with ours.
    let target = workspace.target().join("tools");
    command::run(program(workspace, "cargo", &line).env("CARGO_TARGET_DIR", target))
}

/// Installs the Debian packages of the list whose probe does not answer. Optional ones may stay away.
pub fn debian_packages(workspace: &Workspace) -> Outcome<()> {
    let tools = Tools::read(workspace)?;
    let missing = |optional: bool| -> Vec<&str> {
        let missing = tools.debian.iter().filter(|(_, package)| package.only.is_none() && !is_there(&package.probe));
        missing.filter(|(_, package)| package.optional == optional).map(|(name, _)| name.as_str()).collect()
    };
    apt_install(workspace, &missing(false))?;
    let optional = missing(true);
    if let Err(failure) = apt_install(workspace, &optional) {
        println!("without {}: tests that need them are skipped ({failure})", optional.join(" and "));
    }
    Ok(())
}

/// Installs the Debian packages that only this command needs. Debian starts their services; the command uses processes of its own.
pub fn debian_for(workspace: &Workspace, command: &str) -> Outcome<()> {
    let tools = Tools::read(workspace)?;
    let is_for = |package: &DebianPackage| package.only.as_deref() == Some(command);
    let missing = tools.debian.iter().filter(|(_, package)| is_for(package) && !is_there(&package.probe));
    apt_install(workspace, &missing.map(|(name, _)| name.as_str()).collect::<Vec<_>>())
}

fn apt_install(workspace: &Workspace, missing: &[&str]) -> Outcome<()> {
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
    fn the_list_reads() {
        let workspace = Workspace::find().expect("the tests run inside the repository");
        let tools = Tools::read(&workspace).expect("tools.toml");
        assert!(tools.cargo.contains_key("cargo-nextest"));
        assert!(tools.cargo.values().all(|tool| tool.probe.len() > 1), "a program and what makes it answer");
        assert!(tools.debian.values().all(|package| !package.probe.is_empty()));
    }
}
