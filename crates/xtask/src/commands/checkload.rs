//! `cargo xtask checkload`: how long `whimbrel check` takes for a store of a million parts, and how long a backup of it.
//!
//! The store is filled by the store's own operations (its example `filled`). Its pages are in the kernel's memory when it is looked
//! at, because it was just written; the figure is that of the processor, not of the disk.

use std::path::Path;
use std::process::Command;

use clap::Args;
use serde_json::{Value, json};

use crate::clock::Started;
use crate::command::{self, cargo};
use crate::commands::crashloop::build;
use crate::evidence::{self, Run};
use crate::failure::{Attempted as _, Outcome, require};
use crate::harness::check::{check_store, verdicts};
use crate::harness::gateway::store_bytes;
use crate::workspace::Workspace;

/// How much.
#[derive(Args)]
pub struct Options {
    /// How many parts the store has.
    #[arg(long, default_value_t = 1_000_000)]
    parts: u64,
    /// Fails if the look at everything takes longer.
    #[arg(long, default_value_t = 60)]
    seconds_max: u64,
}

/// Builds, fills, looks, copies.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    build(workspace, true)?;
    let run = Run::begin(workspace, "checkload", "release", None);
    evidence::record(workspace, &run, measure(workspace, options))
}

fn measure(workspace: &Workspace, options: &Options) -> Outcome<Value> {
    let folder = workspace.scratch("checkload")?;
    let binary = workspace.product("release");
    let count = options.parts.to_string();
    let path = folder.to_string_lossy().into_owned();
    let line = ["run", "--release", "--locked", "-p", "whimbrel-store", "--example", "filled", "--", &path, &count];
    command::run(&mut cargo(workspace, &line))?;
    let everything = timed(&binary, &folder, &[])?;
    let open = timed(&binary, &folder, &["--fast"])?;
    let target = folder.join("backup");
    let started = Started::now();
    command::run(Command::new(&binary).arg("backup").arg(&target).arg("--with-key").arg("--data-dir").arg(&folder))?;
    let backup = started.elapsed().as_secs_f64();
    check_store(&binary, &target)?;
    println!(
        "{} parts in {:.0} MB: everything in {everything:.1} s, what is open in {open:.1} s, a backup in {backup:.1} s",
        options.parts,
        store_bytes(&folder)? as f64 / 1e6
    );
    require(everything <= options.seconds_max as f64, || format!("more than {} s", options.seconds_max))?;
    Ok(json!({ "parts": options.parts, "everything_s": everything, "open_s": open, "backup_s": backup }))
}

/// Looks once and prints what took longest; gives the seconds.
fn timed(binary: &Path, folder: &Path, flags: &[&str]) -> Outcome<f64> {
    let started = Started::now();
    let mut lines = verdicts(binary, folder, flags)?;
    let seconds = started.elapsed().as_secs_f64();
    let elapsed = |line: &Value| line["elapsed_ms"].as_f64().unwrap_or(0.0);
    lines.sort_by(|a, b| elapsed(b).total_cmp(&elapsed(a)));
    for line in lines.iter().take(5) {
        println!("  {:>8.0} ms  {}", elapsed(line), line["invariant"].as_str().unwrap_or("?"));
    }
    require(!lines.is_empty(), || "nothing was looked at".to_owned()).attempting("check")?;
    Ok(seconds)
}
