//! Packages of Python and Node that the tests run: pinned ones, and on demand the newest of the same names.
//!
//! Everything is installed below the target folder; the repository's folder is only read. A stamp with the text of the
//! lists makes the second call free.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::command::{self, program};
use crate::commands::install::Tools;
use crate::failure::{Attempted as _, Failure, Outcome};
use crate::workspace::Workspace;

/// Where what the tests run was installed.
#[derive(Debug, Clone)]
pub struct Packages {
    python: PathBuf,
    node: PathBuf,
}

impl Packages {
    fn below(folder: &Path) -> Self {
        Self { python: folder.join("venv"), node: folder.join("node") }
    }

    /// pytest over these paths, with the product to test and the folders of packages in its environment.
    pub fn pytest(&self, workspace: &Workspace, arguments: &[&str]) -> Command {
        let mut line = vec!["-m", "pytest", "-p", "no:cacheprovider", "-q", "--durations=5"];
        line.extend(arguments);
        let mut pytest = self.python(workspace, &line);
        pytest.env("BLACKBOX_BINARY", workspace.product("debug"));
        pytest.env("BLACKBOX_CENTRE", workspace.example("debug", "centre"));
        pytest
    }

    /// Python with these arguments, and the folder of Node's packages in its environment.
    pub fn python(&self, workspace: &Workspace, arguments: &[&str]) -> Command {
        let mut python = program(workspace, &self.interpreter().to_string_lossy(), arguments);
        python.env("BLACKBOX_NODE", &self.node).env("PYTHONDONTWRITEBYTECODE", "1");
        python
    }

    fn interpreter(&self) -> PathBuf {
        self.python.join("bin/python")
    }

    fn pip(&self, workspace: &Workspace, arguments: &[&str]) -> Command {
        let mut line = vec!["-m", "pip", "--disable-pip-version-check"];
        line.extend(arguments);
        program(workspace, &self.interpreter().to_string_lossy(), &line)
    }

    fn npm(&self, workspace: &Workspace, arguments: &[&str]) -> Command {
        let prefix = self.node.to_string_lossy();
        let mut line = vec!["--prefix", &prefix, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
        line.extend(arguments);
        let mut npm = program(workspace, "npm", &line);
        npm.env("NPM_CONFIG_UPDATE_NOTIFIER", "false");
        npm
    }

    /// Makes an empty virtual environment.
    fn fresh_python(&self, workspace: &Workspace) -> Outcome<()> {
        let venv = self.python.to_string_lossy();
        command::run(&mut program(workspace, "python3", &["-m", "venv", "--clear", &venv]))
    }

    /// Makes an empty folder whose `suite` is the tests' own scripts: they find their packages above themselves.
    fn fresh_node(&self, scripts: &Path) -> Outcome<()> {
        if self.node.exists() {
            fs::remove_dir_all(&self.node)?;
        }
        fs::create_dir_all(&self.node)?;
        std::os::unix::fs::symlink(scripts, self.node.join("suite")).attempting("link the tests' scripts")
    }
}

/// The pinned packages, installed into `target/venv` and `target/node` unless they are there.
pub fn pinned(workspace: &Workspace) -> Outcome<Packages> {
    let tools = Tools::read(workspace)?;
    let packages = Packages::below(workspace.target());
    let requirements = &tools.python.requirements;
    once(&packages.python, &read(workspace, requirements)?, || {
        packages.fresh_python(workspace)?;
        command::run(&mut packages.pip(workspace, &["install", "--quiet", "-r", requirements]))
    })?;
    let folder = &tools.node.packages;
    let (list, lock) = (format!("{folder}/package.json"), format!("{folder}/package-lock.json"));
    // The scripts' place is part of the stamp: another checkout may share the target folder.
    let stamp = format!("{}{}{}", workspace.root().display(), read(workspace, &list)?, read(workspace, &lock)?);
    once(&packages.node, &stamp, || {
        packages.fresh_node(&workspace.path(folder))?;
        for file in ["package.json", "package-lock.json"] {
            fs::copy(workspace.path(folder).join(file), packages.node.join(file))?;
        }
        command::run(&mut packages.npm(workspace, &["ci"]))
    })?;
    Ok(packages)
}

/// What drives a browser, installed into `target/browser` unless it is there; gives the folder back.
pub fn browser(workspace: &Workspace) -> Outcome<PathBuf> {
    let tools = Tools::read(workspace)?;
    let folder = workspace.target().join("browser");
    let list = &tools.browser.packages;
    let files = ["package.json", "package-lock.json"];
    let stamp =
        files.map(|file| read(workspace, &format!("{list}/{file}"))).into_iter().collect::<Outcome<String>>()?;
    once(&folder, &stamp, || {
        fs::create_dir_all(&folder)?;
        for file in files {
            fs::copy(workspace.path(list).join(file), folder.join(file))?;
        }
        let packages = Packages { python: PathBuf::new(), node: folder.clone() };
        let mut npm = packages.npm(workspace, &["ci"]);
        command::run(npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"))
    })?;
    Ok(folder)
}

/// Where the packages of `schemathesis` are pinned: they are many, and nothing else needs them.
const SCHEMATHESIS: &str = "tests/schemathesis/requirements.txt";

/// Schemathesis and what it brings, installed into an environment of its own unless it is there.
pub fn schemathesis(workspace: &Workspace) -> Outcome<Packages> {
    let packages = Packages { python: workspace.target().join("schemathesis"), node: PathBuf::new() };
    once(&packages.python, &read(workspace, SCHEMATHESIS)?, || {
        packages.fresh_python(workspace)?;
        command::run(&mut packages.pip(workspace, &["install", "--quiet", "-r", SCHEMATHESIS]))
    })?;
    Ok(packages)
}

/// The newest packages of the same names, installed afresh into `target/newest`; prints their versions.
pub fn newest(workspace: &Workspace) -> Outcome<Packages> {
    let tools = Tools::read(workspace)?;
    let packages = Packages::below(&workspace.target().join("newest"));
    packages.fresh_python(workspace)?;
    command::run(&mut packages.pip(workspace, &["install", "--quiet", "--upgrade", "-r", &tools.python.direct]))?;
    let folder = &tools.node.packages;
    packages.fresh_node(&workspace.path(folder))?;
    let list: Value = serde_json::from_str(&read(workspace, &format!("{folder}/package.json"))?)
        .attempting(format_args!("read {folder}/package.json"))?;
    let names = direct(&list)?;
    fs::write(packages.node.join("package.json"), json!({ "private": true }).to_string())?;
    let latest: Vec<String> = names.iter().map(|name| format!("{name}@latest")).collect();
    let mut line = vec!["install"];
    line.extend(latest.iter().map(String::as_str));
    command::run(&mut packages.npm(workspace, &line))?;
    command::run(&mut packages.pip(workspace, &["freeze"]))?;
    command::run(&mut packages.npm(workspace, &["ls", "--depth=0"]))?;
    command::run(&mut program(workspace, "node", &["--version"]))?;
    Ok(packages)
}

/// The packages that a `package.json` names itself.
fn direct(list: &Value) -> Outcome<Vec<&str>> {
    let dependencies = list.get("dependencies").and_then(Value::as_object);
    let names = dependencies.map(|table| table.keys().map(String::as_str).collect());
    names.ok_or_else(|| Failure::new("package.json names no dependencies"))
}

/// Installs unless the folder's stamp says that just this was installed.
fn once(folder: &Path, wanted: &str, install: impl FnOnce() -> Outcome<()>) -> Outcome<()> {
    let stamp = folder.join("installed.stamp");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    fs::write(&stamp, wanted).attempting(format_args!("write {}", stamp.display()))
}

fn read(workspace: &Workspace, file: &str) -> Outcome<String> {
    fs::read_to_string(workspace.path(file)).attempting(format_args!("read {file}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> (Workspace, Tools) {
        let workspace = Workspace::find().expect("the tests run inside the repository");
        let tools = Tools::read(&workspace).expect("tools.toml");
        (workspace, tools)
    }

    fn lines(text: &str) -> impl Iterator<Item = &str> {
        text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
    }

    #[test]
    fn every_package_for_python_is_pinned_and_the_imported_ones_are_among_them() {
        let (workspace, tools) = workspace();
        let pinned = read(&workspace, &tools.python.requirements).expect("requirements");
        for line in lines(&pinned) {
            assert!(line.contains("=="), "`{line}` has no version");
        }
        for name in lines(&read(&workspace, &tools.python.direct).expect("direct requirements")) {
            assert!(lines(&pinned).any(|line| line.starts_with(&format!("{name}=="))), "`{name}` is not pinned");
        }
    }

    #[test]
    fn every_package_for_node_is_pinned_and_locked_by_digest_to_no_host() {
        let (workspace, tools) = workspace();
        for (folder, table) in [(&tools.node.packages, "dependencies"), (&tools.browser.packages, "devDependencies")] {
            let list: Value = serde_json::from_str(&read(&workspace, &format!("{folder}/package.json")).expect("list"))
                .expect("package.json is JSON");
            for (name, version) in list[table].as_object().expect("dependencies") {
                let version = version.as_str().expect("a version");
                assert!(
                    version.split('.').all(|part| part.parse::<u32>().is_ok()),
                    "`{name}` is not pinned: {version}"
                );
            }
            let text = read(&workspace, &format!("{folder}/package-lock.json")).expect("lock");
            assert!(
                !text.contains("\"resolved\""),
                "the lock names hosts: make it with --omit-lockfile-registry-resolved"
            );
            let lock: Value = serde_json::from_str(&text).expect("the lock is JSON");
            let packages = lock["packages"].as_object().expect("packages");
            for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
                assert!(package["integrity"].is_string(), "`{name}` has no digest");
            }
        }
    }
}
