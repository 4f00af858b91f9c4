//! What the harnesses saw, one line a run, and the only place that published figures come from.
//!
//! Each run adds a line to `target/evidence.jsonl`, so that a clone stays clean whoever runs what. `cargo xtask evidence --keep` moves
//! the lines that speak of a commit into `reliability/evidence.jsonl`, which is part of the repository, and writes the figures of
//! docs/reliability.md anew. A run that failed is a line as well: a fault that was found stays listed.

mod figures;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::{Started, unix_seconds};
use crate::command;
use crate::failure::{Attempted as _, Outcome};
use crate::workspace::Workspace;

pub use figures::{END, START, section};

/// The lines of the repository, below its top folder.
pub const KEPT: &str = "reliability/evidence.jsonl";

/// A run under way.
#[derive(Debug)]
pub struct Run {
    harness: &'static str,
    profile: &'static str,
    seeds: Option<(u64, u64)>,
    started: Started,
    commit: String,
}

impl Run {
    /// A run of the command `harness` begins, of what is checked out now and built as `profile` says (`debug` or `release`): what is
    /// checked out when it ends is something else. `seeds`: the first and the last one, where seeds decide.
    pub fn begin(
        workspace: &Workspace,
        harness: &'static str,
        profile: &'static str,
        seeds: Option<(u64, u64)>,
    ) -> Self {
        Self { harness, profile, seeds, started: Started::now(), commit: commit(workspace) }
    }
}

/// A line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Seconds of Unix time.
    pub at: u64,
    /// The commit that was checked out when it began, with a plus if the sources differed from it; empty outside of a clone.
    pub commit: String,
    /// The command.
    pub harness: String,
    /// How the product was built.
    pub profile: String,
    /// Cores of the machine.
    pub cores: usize,
    /// The first seed and the last one, where seeds decide.
    pub seeds: Option<(u64, u64)>,
    /// What was counted. A name that ends in `_s` or `_us` is a measured time, in seconds or microseconds, one in `_per_s` a rate,
    /// one in `_mb` or `_mib` memory, one in `_percent` a ratio; others are counts.
    pub counts: Map<String, Value>,
    /// How much was broken: 0, or the run failed.
    pub violations: u64,
    /// Why it failed; empty if it did not.
    pub failure: String,
    /// How long it took.
    pub seconds: f64,
}

/// Writes down how a run ended, and hands its end on.
pub fn record(workspace: &Workspace, run: &Run, end: Outcome<Value>) -> Outcome<()> {
    let (counts, failure) = match &end {
        Ok(Value::Object(counts)) => (counts.clone(), String::new()),
        Ok(_) => (Map::new(), String::new()),
        Err(failure) => (Map::new(), failure.to_string()),
    };
    let line = Line {
        at: unix_seconds(),
        commit: run.commit.clone(),
        harness: run.harness.to_owned(),
        profile: run.profile.to_owned(),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        seeds: run.seeds,
        counts,
        violations: u64::from(end.is_err()),
        failure,
        seconds: (run.started.elapsed().as_secs_f64() * 10.0).round() / 10.0,
    };
    let written = append(&workspace.target().join("evidence.jsonl"), &[line]);
    // What the run found comes first; that it could not be written down is told all the same.
    end.map(drop).and(written)
}

/// Adds lines to a file.
pub fn append(path: &Path, lines: &[Line]) -> Outcome<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    for line in lines {
        let text = serde_json::to_string(line).attempting("write evidence")?;
        writeln!(file, "{text}").attempting(format_args!("write {}", path.display()))?;
    }
    Ok(())
}

/// Reads a file; none is no lines.
pub fn read(path: &Path) -> Outcome<Vec<Line>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let line = |(index, line): (usize, &str)| {
        serde_json::from_str(line).attempting(format_args!("{}, line {}", path.display(), index + 1))
    };
    text.lines().enumerate().map(line).collect()
}

fn commit(workspace: &Workspace) -> String {
    let git = |arguments: &[&str]| {
        let output = command::program(workspace, "git", arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else { return String::new() };
    let changed = git(&["status", "--porcelain", "--untracked-files=no", "--", "crates", "Cargo.toml", "Cargo.lock"]);
    if changed.is_some_and(|changed| changed.is_empty()) { commit } else { format!("{commit}+") }
}
