//! `cargo xtask saboteurs`: whether the simulation finds the mistakes that are made on purpose.
//!
//! One special build holds them all (`core/src/saboteur.rs`); each is switched on alone, and seeds are played until one of them fails.
//! First none is switched on, and nothing may be found: the build itself is right. With `--tests` the ordinary tests of the crates that
//! hold them run under each as well, and it is told how many of those fail: a mistake that they find needs no simulation.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use serde_json::{Value, json};

use crate::clock::Started;
use crate::command::{self, cargo};
use crate::evidence::{self, Run};
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::workspace::Workspace;

/// How long to look.
#[derive(Args)]
pub struct Options {
    /// Seeds that are played at most to find one.
    #[arg(long, default_value_t = 5_000)]
    seeds: u64,
    /// Only these.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Runs the ordinary tests of core, store and engine under each as well: minutes for each.
    #[arg(long)]
    tests: bool,
    /// The debug build.
    #[arg(long)]
    debug: bool,
}

/// The environment variable that switches one on.
const SWITCH: &str = "WHIMBREL_SABOTEUR";
/// Characters of a fault that are shown: `cargo xtask sim replay` tells the rest.
const FAULT_SHOWN: usize = 240;
/// Seeds that must go well without any.
const CLEAN_SEEDS: u64 = 200;
/// The crates whose tests are ordinary here.
const TESTED: [&str; 3] = ["whimbrel-core", "whimbrel-store", "whimbrel-engine"];

/// What became of one.
struct Caught {
    name: String,
    seeds: u64,
    seconds: f64,
}

/// Builds, and plays them all.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let profile = if options.debug { "debug" } else { "release" };
    let run = Run::begin(workspace, "saboteurs", profile, None);
    evidence::record(workspace, &run, play(workspace, profile, options))
}

fn play(workspace: &Workspace, profile: &str, options: &Options) -> Outcome<Value> {
    let program = build(workspace, profile)?;
    let clean = simulate(&program, None, CLEAN_SEEDS)?;
    require(clean.is_none(), || format!("without any saboteur something was found: {clean:?}"))?;
    let (mut caught, mut missed) = (Vec::new(), Vec::new());
    for (name, what) in known(&program)? {
        if !options.only.is_empty() && !options.only.contains(&name) {
            continue;
        }
        let started = Started::now();
        let found = simulate(&program, Some(&name), options.seeds)?;
        let seconds = started.elapsed().as_secs_f64();
        let tests = if options.tests {
            format!(", {} ordinary tests fail", tests_failed(workspace, &name)?)
        } else {
            String::new()
        };
        match found {
            Some((seed, fault)) => {
                println!("{name}: {what}\n    caught at seed {seed}, {seconds:.1} s{tests}: {fault}");
                caught.push(Caught { name, seeds: seed, seconds });
            }
            None => {
                println!("{name}: {what}\n    NOT CAUGHT in {} seeds, {seconds:.1} s{tests}", options.seeds);
                missed.push(name);
            }
        }
    }
    require(!caught.is_empty() || !missed.is_empty(), || "there is no saboteur of that name".to_owned())?;
    require(missed.is_empty(), || format!("not caught: {}", missed.join(", ")))?;
    let mut times: Vec<f64> = caught.iter().map(|caught| caught.seconds).collect();
    times.sort_by(f64::total_cmp);
    let slowest = caught.iter().max_by_key(|caught| caught.seeds);
    if let Some(slowest) = slowest {
        println!("{} caught; the longest search was for {}: {} seeds", caught.len(), slowest.name, slowest.seeds);
    }
    Ok(json!({
        "caught": caught.len(),
        "missed": 0,
        "median_s": times.get(times.len() / 2),
        "longest_s": times.last(),
    }))
}

fn build(workspace: &Workspace, profile: &str) -> Outcome<PathBuf> {
    let mut line = cargo(workspace, &["build", "--package", "whimbrel-sim", "--features", "saboteurs", "--locked"]);
    if profile == "release" {
        line.arg("--release");
    }
    command::run(&mut line)?;
    // Another build puts its own in this place: this one is kept.
    let (built, kept) = (
        workspace.product(profile).with_file_name("whimbrel-sim"),
        workspace.scratch("saboteurs")?.join("whimbrel-sim"),
    );
    std::fs::copy(&built, &kept).attempting(format_args!("copy {}", built.display()))?;
    Ok(kept)
}

/// Names, and what they do.
fn known(program: &Path) -> Outcome<Vec<(String, String)>> {
    let output = Command::new(program).arg("saboteurs").output().attempting("list the saboteurs")?;
    let list: Value = serde_json::from_slice(&output.stdout).attempting("read the list of saboteurs")?;
    require(list["built_in"] == true, || "the build has no saboteurs".to_owned())?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = list["saboteurs"].as_array().cloned().unwrap_or_default();
    Ok(all.iter().map(|one| (text(&one["name"]), text(&one["what"]))).collect())
}

/// Plays up to so many seeds; the number of the first that failed, and what was wrong in it.
fn simulate(program: &Path, saboteur: Option<&str>, seeds: u64) -> Outcome<Option<(u64, String)>> {
    let mut line = Command::new(program);
    line.args(["run", "--until-found", "--seeds", &seeds.to_string()]).env_remove(SWITCH);
    if let Some(name) = saboteur {
        line.env(SWITCH, name);
    }
    let output = line.output().attempting("start the simulation")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    let counts: Value = match serde_json::from_str(last) {
        Ok(counts) => counts,
        // It broke an assertion of the product: found, though not by an invariant.
        Err(_) if saboteur.is_some() && !output.status.success() => {
            let told = String::from_utf8_lossy(&output.stderr);
            let panic = told.lines().find(|line| line.contains("panicked")).unwrap_or("it ended early").to_owned();
            return Ok(Some((0, panic)));
        }
        Err(error) => return Err(Failure::new(format!("the simulation did not say what it found: {error}"))),
    };
    let Some(first) = counts["first_failed"].as_str() else { return Ok(None) };
    let (seed, fault) = first.trim_start_matches("seed ").split_once(": ").unwrap_or(("0", first));
    Ok(Some((seed.parse().unwrap_or(0), fault.chars().take(FAULT_SHOWN).collect())))
}

/// How many of the ordinary tests fail under one.
fn tests_failed(workspace: &Workspace, name: &str) -> Outcome<usize> {
    let mut line = cargo(workspace, &["nextest", "run", "--no-fail-fast", "--features", "whimbrel-core/saboteurs"]);
    for package in TESTED {
        line.args(["--package", package]);
    }
    line.env(SWITCH, name);
    let output = line.output().attempting("start the tests")?;
    let told = String::from_utf8_lossy(&output.stderr);
    let summary = told.lines().find(|line| line.contains("tests run:")).unwrap_or_default();
    require(!summary.is_empty(), || format!("the tests did not run under `{name}`:\n{told}"))?;
    let failed = summary.split(',').find_map(|part| part.trim().strip_suffix(" failed")?.trim().parse().ok());
    Ok(failed.unwrap_or(0))
}
