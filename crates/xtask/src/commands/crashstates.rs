//! `cargo xtask crashstates`: every state that a power cut may leave of a store's files, made and opened.
//!
//! A library of ours, loaded before libc, writes down each change of a file while the store commits operations of every kind, with
//! checkpoints and restarts between. From that log all states are made that a disk may be in after each change: any of what was
//! not flushed may be missing, kept alone, or torn. Each must open, hold exactly what the store held after some commit, and none
//! earlier than the last that was told (crates/whimbrel-store/examples/crash_states). Before that, the same log is read as if nothing
//! had been flushed: that must be found out.

use std::path::Path;
use std::process::Command;

use clap::Args;
use serde_json::Value;

use crate::command::{self, cargo};
use crate::commands::fsyncfail::compile;
use crate::evidence::{self, Run};
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::workspace::Workspace;

const SHIM: &str = include_str!("../harness/write_log_shim.c");
const EXAMPLE: &str = "crash_states";
/// Of the short form, which a gate has time for.
const QUICK_STRIDE: u32 = 37;

/// How many instants are looked at.
#[derive(Args)]
pub struct Options {
    /// Looks at every STRIDE-th change of a file only.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    stride: u32,
    /// Uses the debug build and looks at few instants: proves that the harness works.
    #[arg(long, conflicts_with = "stride")]
    quick: bool,
}

/// Builds, records, verifies.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let profile = if options.quick { "debug" } else { "release" };
    let run = Run::begin(workspace, "crashstates", profile, None);
    let stride = if options.quick { QUICK_STRIDE } else { options.stride };
    evidence::record(workspace, &run, states(workspace, profile, stride))
}

fn states(workspace: &Workspace, profile: &str, stride: u32) -> Outcome<Value> {
    let mut line = cargo(workspace, &["build", "--package", "whimbrel-store", "--example", EXAMPLE, "--locked"]);
    if profile == "release" {
        line.arg("--release");
    }
    command::run(&mut line)?;
    let example = workspace.example(profile, EXAMPLE);
    let folder = workspace.scratch("crashstates")?;
    let shim = compile(&folder, "write_log_shim", SHIM)?;
    let log = record(&example, &folder, &shim)?;
    let verify = || {
        let mut line = Command::new(&example);
        line.arg("verify").arg(&log).arg(folder.join("state")).arg(stride.to_string());
        line
    };
    let lying = verify().arg("--ignore-flushes").output().attempting("verify a disk that lies")?;
    require(
        !lying.status.success() && String::from_utf8_lossy(&lying.stderr).contains("one was told after it"),
        || "a disk that flushes nothing was not found out: the harness proves nothing".to_owned(),
    )?;
    let told = command::read(&mut verify())
        .map_err(|failure| Failure::new(format!("{failure}; the log and the state are in {}", folder.display())))?;
    print!("{told}");
    let figures = told.lines().last().unwrap_or_default();
    let figures: Value = serde_json::from_str(figures).attempting("read the figures")?;
    require(stride > 1 || figures["instants_of_two_writers"].as_u64() > Some(0), || {
        "the log's thread never wrote beside the writer: its states were not looked at".to_owned()
    })?;
    std::fs::remove_dir_all(&folder).attempting(format_args!("remove {}", folder.display()))?;
    Ok(figures)
}

fn record(example: &Path, folder: &Path, shim: &Path) -> Outcome<std::path::PathBuf> {
    let (store, log) = (folder.join("store"), folder.join("changes.log"));
    std::fs::create_dir_all(&store)?;
    let store = store.canonicalize()?;
    let mut line = Command::new(example);
    line.arg("record").arg(&store).env("LD_PRELOAD", shim).env("WRITE_LOG", &log).env("WRITE_LOG_BELOW", &store);
    command::run(&mut line)?;
    Ok(log)
}
