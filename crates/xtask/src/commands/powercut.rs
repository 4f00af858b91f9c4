//! `cargo xtask powercut`: takes the power from the gateway's disk at random instants under load, and checks the books.
//!
//! As `crashloop`, but what was written and not flushed is gone as well: the store lies on a file system of its own
//! (`harness/loop_disk.rs`). At the instant the gateway is frozen, the disk below its file system is copied, the gateway is
//! killed, and the next one starts on the copy. First, a gateway whose flushes do nothing must be found out: what it accepted must
//! be missing after a cut, or the harness proves nothing.
//!
//! It needs Linux and root, for the loop device; without, it says so and does nothing.

use std::path::Path;

use clap::Args;
use serde_json::Value;

use crate::clock::seed;
use crate::commands::crashloop::{After, Ends, Load, build, end_and_compare};
use crate::commands::fsyncfail::compile;
use crate::evidence::{self, Run};
use crate::failure::{Outcome, require};
use crate::harness::loop_disk::LoopDisk;
use crate::workspace::Workspace;

/// Loaded before libc: every flush says that it went well, and does nothing.
const LYING_SHIM: &str = "int fsync(int fd) { (void)fd; return 0; }\nint fdatasync(int fd) { (void)fd; return 0; }\n";
const DISK_BYTES: u64 = 512 << 20;

/// How often, how hard.
#[derive(Args)]
pub struct Options {
    /// How many times the power is taken.
    #[arg(long, default_value_t = 20)]
    cuts: usize,
    /// Callers at the same time.
    #[arg(long, default_value_t = 40)]
    callers: usize,
    /// The longest life between two cuts, in milliseconds.
    #[arg(long, default_value_t = 500)]
    life_ms_max: u64,
    /// Repeats a run's instants (as far as the machine's own timing allows).
    #[arg(long)]
    seed: Option<u64>,
    /// Uses the release build.
    #[arg(long)]
    release: bool,
}

/// Builds, finds a liar out, cuts, checks.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    if !cfg!(target_os = "linux") || !rustix::process::geteuid().is_root() {
        println!("powercut needs Linux and root, for a file system on a loop device: skipped, nothing was shown");
        return Ok(());
    }
    let profile = build(workspace, options.release)?;
    let seed = options.seed.unwrap_or_else(seed);
    let run = Run::begin(workspace, "powercut", profile, Some((seed, seed)));
    evidence::record(workspace, &run, cut_and_compare(workspace, profile, seed, options))
}

fn cut_and_compare(workspace: &Workspace, profile: &str, seed: u64, options: &Options) -> Outcome<Value> {
    let folder = workspace.scratch("powercut")?;
    let liar = compile(&folder, "lying_shim", LYING_SHIM)?;
    let load = |name: &str, count, environment| Load {
        binary: workspace.product(profile),
        folder: folder.join(name),
        ends: Ends::Cuts,
        count,
        callers: options.callers,
        open_min: options.callers / 2,
        window: 10,
        doubt_resends: 2,
        life_ms_max: options.life_ms_max,
        seed,
        environment,
    };
    println!("a disk that lies, which must be found out:");
    let lying = vec![("LD_PRELOAD".to_owned(), liar.to_string_lossy().into_owned())];
    let found_out = cuts(&load("lying", 1, lying));
    require(found_out.is_err(), || "nothing was lost by flushes that do nothing: this proves nothing".to_owned())?;
    println!("  found out: {}", found_out.err().map_or_else(String::new, |failure| failure.to_string()));
    let figures = cuts(&load("honest", options.cuts, Vec::new()))?;
    std::fs::remove_dir_all(&folder)?;
    Ok(figures)
}

fn cuts(load: &Load) -> Outcome<Value> {
    std::fs::create_dir_all(&load.folder)?;
    let mut disk = disk(&load.folder)?;
    let figures = end_and_compare(load, &mut |gateway| {
        gateway.process.freeze()?;
        disk.cut()?;
        gateway.process.kill()?;
        disk.come_back()?;
        Ok(After::Gone)
    });
    drop(disk);
    figures
}

/// The data folder of a gateway, as a disk of its own.
fn disk(folder: &Path) -> Outcome<LoopDisk> {
    LoopDisk::new(&folder.join("disk.image"), &folder.join("data"), DISK_BYTES)
}
