//! `cargo xtask flakes`: runs black-box tests again and again, and counts how often each run failed.
//!
//! Unless others are named, these are the logins by one-time code, twenty at a time at leased phones, of the helpers for Playwright and
//! pytest. With `--stress` one core has something else to do all the time. A test is never tried twice within a run: one failure is one.

use std::process::{Child, Stdio};

use clap::Args;

use crate::clock::Started;
use crate::command::{self, program};
use crate::commands::{install, packages, test};
use crate::failure::{Attempted as _, Outcome, require};
use crate::workspace::Workspace;

/// The logins at one server: twenty windows of one browser at once, twenty tests in four browsers, twenty in four workers of pytest.
const LOGINS: [&str; 3] = ["tests/blackbox/test_helpers.py", "-k", "shared_server or four_workers"];
/// The core that is kept busy.
const CORE: &str = "0";

/// How often, and which tests.
#[derive(Args)]
pub struct Options {
    /// How many runs.
    #[arg(long, default_value_t = 10)]
    runs: u32,
    /// Keep one core busy meanwhile (needs `taskset`).
    #[arg(long)]
    stress: bool,
    /// Other tests: words for pytest.
    #[arg(last = true)]
    pytest: Vec<String>,
}

/// Builds what the tests need, runs them and fails if any run did.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    install::debian_packages(workspace)?;
    let packages = packages::pinned(workspace)?;
    test::build(workspace)?;
    let _busy = options.stress.then(|| Busy::start(workspace)).transpose()?;
    let line: Vec<&str> = match options.pytest.as_slice() {
        [] => LOGINS.to_vec(),
        named => named.iter().map(String::as_str).collect(),
    };
    let mut failed = 0;
    for number in 1..=options.runs {
        let started = Started::now();
        let ended = command::run(&mut packages.pytest(workspace, &line));
        failed += u32::from(ended.is_err());
        let word = if ended.is_ok() { "passed" } else { "FAILED" };
        println!("run {number} of {}: {word}, {:.0} s", options.runs, started.elapsed().as_secs_f64());
    }
    let beside = if options.stress { ", with one core under stress" } else { "" };
    println!("{} runs{beside}: {} passed, {failed} failed", options.runs, options.runs - failed);
    require(failed == 0, || format!("{failed} of {} runs failed", options.runs))
}

/// A process that counts on one core for as long as this lives.
struct Busy(Child);

impl Busy {
    fn start(workspace: &Workspace) -> Outcome<Self> {
        let mut line = program(workspace, "taskset", &["--cpu-list", CORE, "sh", "-c", "while :; do :; done"]);
        let child = line.stdout(Stdio::null()).spawn().attempting("start `taskset`, of util-linux")?;
        Ok(Self(child))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        // It ends with us in any case that matters: there is nothing to do about a process that cannot be killed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_are_there() {
        let workspace = Workspace::find().expect("the tests run inside the repository");
        let text = std::fs::read_to_string(workspace.path(LOGINS[0])).expect("the tests");
        for word in LOGINS[2].split(" or ") {
            assert!(text.contains(word), "{word}");
        }
    }
}
