//! Runs other programs: prints the line, waits, fails with the line.

use std::process::{Command, Stdio};

use crate::clock::Started;
use crate::failure::{Attempted as _, Failure, Outcome};
use crate::workspace::Workspace;

/// A program call in the repository's top folder, without input.
pub fn program(workspace: &Workspace, name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(workspace.root()).stdin(Stdio::null());
    command
}

/// Cargo in the repository's top folder. It builds as a plain `cargo build` would, so that both share what is built.
pub fn cargo(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut command = program(workspace, "cargo", arguments);
    command.env("CARGO_TARGET_DIR", workspace.target());
    command
}

/// Runs to the end with inherited output.
pub fn run(command: &mut Command) -> Outcome<()> {
    let line = line(command);
    println!("$ {line}");
    let started = Started::now();
    let status = command.status().attempting(format_args!("start `{line}`"))?;
    println!("  {} after {:.1} s", if status.success() { "ok" } else { "failed" }, started.elapsed().as_secs_f64());
    if status.success() { Ok(()) } else { Err(Failure::new(format!("`{line}` ended with {status}"))) }
}

/// Runs to the end and gives standard output back.
pub fn read(command: &mut Command) -> Outcome<String> {
    let line = line(command);
    let output = command.stderr(Stdio::inherit()).output().attempting(format_args!("start `{line}`"))?;
    if !output.status.success() {
        return Err(Failure::new(format!("`{line}` ended with {}", output.status)));
    }
    String::from_utf8(output.stdout).attempting(format_args!("read the output of `{line}`"))
}

/// Whether a program exists and answers its version.
pub fn exists(name: &str, arguments: &[&str]) -> bool {
    let probe =
        Command::new(name).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    probe.is_ok_and(|status| status.success())
}

fn line(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
