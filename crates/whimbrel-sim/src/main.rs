//! The engine in worlds that a seed decides: `cargo xtask sim`.
//!
//! One thread plays a seed: the engine's own modules and drivers, the real store in memory, and around them customers, carriers and
//! receivers that do what the seed says, in virtual time. After every event and every commit the world is compared with a naive model; at the end, once
//! faults are off, everything must have come to an end. The same seed always tells the same story.

#![expect(clippy::print_stdout, reason = "a command line tool prints")]

mod chance;
mod coverage;
mod customer;
mod far_end;
mod life;
mod model;
mod naive;
mod outside;
mod promise;
mod run;
mod setup;
mod store;
mod trace;
mod world;

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use clap::{Args, Parser, Subcommand};
use serde_json::json;

use crate::coverage::Coverage;
use crate::promise::Check;
use crate::run::{End, play};
use crate::trace::Lines;

/// Seeds that are played a second time: one in so many.
const REPLAYED: u64 = 100;
/// From so many seeds on, everything that is wanted must have been seen.
const COVERED_FROM: u64 = 1_000;
/// Faults that are printed.
const TOLD_MAX: usize = 5;

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays many seeds.
    Run(Batch),
    /// Prints the faults on purpose that this build knows, one JSON document.
    Saboteurs,
    /// Plays one seed and prints its story.
    Replay {
        /// Which.
        seed: u64,
    },
}

#[derive(Args)]
struct Batch {
    /// How many.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Threads, each with worlds of its own.
    #[arg(long, default_value_t = 1)]
    jobs: u64,
    /// Stops at the first seed that fails.
    #[arg(long)]
    until_found: bool,
}

/// What a batch came to.
#[derive(Default)]
struct Sum {
    coverage: Coverage,
    part_count: u64,
    replayed: u64,
    processor_seconds: f64,
    failed: Vec<(u64, String)>,
}

fn main() -> ExitCode {
    match Line::parse().command {
        Command::Replay { seed } => replay(seed),
        Command::Run(batch) => run_batch(&batch),
        Command::Saboteurs => saboteurs(),
    }
}

fn saboteurs() -> ExitCode {
    let all = whimbrel_core::saboteur::Saboteur::ALL.iter();
    let list: Vec<_> = all.map(|(_, name, what)| json!({ "name": name, "what": what })).collect();
    println!("{}", json!({ "built_in": cfg!(feature = "saboteurs"), "saboteurs": list }));
    ExitCode::SUCCESS
}

fn replay(seed: u64) -> ExitCode {
    let end = play(seed, Lines::Kept);
    for line in &end.lines {
        println!("{line}");
    }
    println!("hash {:016x}", end.hash);
    for fault in &end.faults {
        println!("FAULT: {fault}");
    }
    if end.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_batch(batch: &Batch) -> ExitCode {
    let (next, sum) = (AtomicU64::new(batch.from), Mutex::new(Sum::default()));
    let end = batch.from + batch.seeds;
    let told_max = if batch.until_found { 1 } else { TOLD_MAX };
    std::thread::scope(|scope| {
        for _ in 0..batch.jobs.max(1) {
            scope.spawn(|| {
                let mut own = Sum::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || own.failed.len() >= told_max {
                        break;
                    }
                    own.add(seed, &play(seed, Lines::Hashed));
                }
                own.processor_seconds = processor_seconds();
                sum.lock().unwrap_or_else(PoisonError::into_inner).join(own);
            });
        }
    });
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    tell(batch, &sum)
}

impl Sum {
    fn add(&mut self, seed: u64, end: &End) {
        self.coverage.add(&end.coverage);
        self.part_count += end.part_count;
        if let Some(fault) = end.faults.first() {
            self.failed.push((seed, fault.clone()));
        }
        if seed.is_multiple_of(REPLAYED) {
            self.replayed += 1;
            if play(seed, Lines::Hashed).hash != end.hash {
                self.failed.push((seed, format!("{}: the same seed told another story", Check::SEED_DECIDES)));
            }
        }
    }

    fn join(&mut self, other: Self) {
        self.coverage.add(&other.coverage);
        self.part_count += other.part_count;
        self.replayed += other.replayed;
        self.processor_seconds += other.processor_seconds;
        self.failed.extend(other.failed);
    }
}

/// What this thread has used of the processor: the first figure of Linux' schedstat, in nanoseconds. 0 elsewhere.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// Prints the table, the faults, and one line for programs.
fn tell(batch: &Batch, sum: &Sum) -> ExitCode {
    for (what, count) in &sum.coverage.0 {
        println!("{count:>10}  {what}");
    }
    let missing = sum.coverage.missing();
    let is_covered = batch.seeds < COVERED_FROM || missing.is_empty();
    if !missing.is_empty() {
        println!("never seen: {}", missing.join(", "));
    }
    for (seed, fault) in sum.failed.iter().take(TOLD_MAX) {
        println!("seed {seed}: {fault}");
    }
    let counts = json!({
        "seeds": batch.seeds,
        "parts": sum.part_count,
        "replayed": sum.replayed,
        "processor_s": sum.processor_seconds,
        "failed": sum.failed.len(),
        "first_failed": sum.failed.first().map(|(seed, fault)| format!("seed {seed}: {fault}")),
        "not_covered": if is_covered { Vec::new() } else { missing },
    });
    println!("{counts}");
    if sum.failed.is_empty() && is_covered { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_worlds_go_well() {
        for seed in 1..=25 {
            let end = play(seed, Lines::Hashed);
            assert!(end.faults.is_empty(), "seed {seed}: {:?}", end.faults);
        }
    }

    #[test]
    fn the_same_seed_tells_the_same_story_and_another_one_another() {
        let story = |seed| {
            let end = play(seed, Lines::Kept);
            (end.hash, end.lines)
        };
        assert_eq!(story(7), story(7));
        assert_ne!(story(7).0, story(8).0);
    }
}
