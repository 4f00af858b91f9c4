//! `cargo xtask ci`: what the gate runs. No check lives only in a pipeline file.

use crate::clock::Started;
use crate::command::{self, cargo};
use crate::commands::{install, test, tidy};
use crate::failure::Outcome;
use crate::workspace::Workspace;

/// A named step of the gate.
type Step = (&'static str, fn(&Workspace) -> Outcome<()>);

const STEPS: &[Step] = &[
    ("tidy", tidy::run),
    ("format", format),
    ("licences, bans and sources", deny),
    ("clippy", clippy),
    ("tests", |workspace| test::run(workspace, &test::Options::default())),
    ("harnesses, short", harnesses),
];

/// Runs the steps in order, cheap ones first, and stops at the first that fails.
pub fn run(workspace: &Workspace) -> Outcome<()> {
    let mut times = Vec::new();
    for (name, step) in STEPS {
        println!("== {name}");
        let started = Started::now();
        step(workspace)?;
        times.push((name, started.elapsed().as_secs_f64()));
    }
    println!("== all green");
    for (name, seconds) in times {
        println!("{seconds:>8.1} s  {name}");
    }
    Ok(())
}

fn format(workspace: &Workspace) -> Outcome<()> {
    command::run(&mut cargo(workspace, &["fmt", "--all", "--check"]))
}

fn clippy(workspace: &Workspace) -> Outcome<()> {
    let line = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    command::run(&mut cargo(workspace, &line))
}

/// The harnesses as anyone would call them, long enough to prove that they work and what they prove still holds.
fn harnesses(workspace: &Workspace) -> Outcome<()> {
    for line in [
        &["dissect", "--count", "5000"][..],
        &["signers", "--count", "10000"],
        &["schemathesis", "--seconds", "30"],
        &["sim", "--debug", "--seeds", "200"],
        &["crashloop", "--kills", "4"],
        &["fsyncfail", "--first", "45", "--last", "120", "--stopped", "6"],
        &["fsyncfail", "--checkpoint", "--quick"],
        &["crashstates", "--quick"],
        &["rotate", "--seconds", "5", "--callers", "4"],
        &["bench", "--quick"],
    ] {
        let line: Vec<&str> = ["xtask"].iter().chain(line).copied().collect();
        command::run(&mut cargo(workspace, &line))?;
    }
    Ok(())
}

/// Advisories are not part of the gate: they change without us, and their database may be out of reach.
fn deny(workspace: &Workspace) -> Outcome<()> {
    install::cargo_tool(workspace, "cargo-deny")?;
    command::run(&mut cargo(workspace, &["deny", "--locked", "check", "bans", "licenses", "sources"]))
}
