//! `cargo xtask sim`: the engine in worlds that a seed decides, many of them; `replay` prints the story of one.
//!
//! A release build unless `--debug` is given; the rate that is told is seeds per second of processor time, which other load on the
//! machine does not blur. The same commit and seed always tell the same story, so a seed that failed is all that a report needs.

use std::process::Command;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::clock::Started;
use crate::command::{self, cargo};
use crate::evidence::{self, Run};
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::workspace::Workspace;

/// Which seeds.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Options {
    #[command(subcommand)]
    one: Option<One>,
    /// How many.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first: a long run is done in legs, each from where the last one ended.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Threads, each with worlds of its own.
    #[arg(long, default_value_t = 1)]
    jobs: u64,
    /// The debug build: slower, and checks more of itself.
    #[arg(long)]
    debug: bool,
}

#[derive(Subcommand)]
enum One {
    /// Prints the story of one seed.
    Replay {
        /// Which.
        seed: u64,
        /// The debug build.
        #[arg(long)]
        debug: bool,
    },
}

/// Builds and plays.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    if let Some(One::Replay { seed, debug }) = options.one {
        let mut line = program(workspace, debug)?;
        return command::run(line.arg("replay").arg(seed.to_string()));
    }
    let line = program(workspace, options.debug)?;
    let profile = if options.debug { "debug" } else { "release" };
    let seeds = Some((options.from, options.from + options.seeds.saturating_sub(1)));
    let run = Run::begin(workspace, "sim", profile, seeds);
    evidence::record(workspace, &run, play(line, options))
}

fn program(workspace: &Workspace, debug: bool) -> Outcome<Command> {
    let mut build = vec!["build", "--package", "whimbrel-sim", "--locked"];
    if !debug {
        build.push("--release");
    }
    command::run(&mut cargo(workspace, &build))?;
    let profile = if debug { "debug" } else { "release" };
    Ok(Command::new(workspace.product(profile).with_file_name("whimbrel-sim")))
}

fn play(mut line: Command, options: &Options) -> Outcome<Value> {
    let number = |value: u64| value.to_string();
    line.args(["run", "--seeds", &number(options.seeds), "--from", &number(options.from)]);
    line.args(["--jobs", &number(options.jobs)]);
    let started = Started::now();
    let output = line.output().attempting("start the simulation")?;
    let seconds = started.elapsed().as_secs_f64();
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    let counts: Value = text
        .lines()
        .last()
        .and_then(|line| serde_json::from_str(line).ok())
        .ok_or_else(|| Failure::new("the simulation ended without its counts"))?;
    let processor_seconds = counts["processor_s"].as_f64().filter(|spent| *spent > 0.0).unwrap_or(seconds);
    let rate = options.seeds as f64 / processor_seconds;
    println!("{} seeds in {seconds:.1} s: {rate:.0} in a second of processor time", options.seeds);
    require(output.status.success(), || {
        format!(
            "{} seeds failed ({}), never seen: {}; `cargo xtask sim replay SEED` tells the story",
            counts["failed"], counts["first_failed"], counts["not_covered"]
        )
    })?;
    Ok(json!({
        "seeds": counts["seeds"],
        "parts": counts["parts"],
        "replayed": counts["replayed"],
        "rate_of_processor_time_per_s": (rate * 10.0).round() / 10.0,
    }))
}
