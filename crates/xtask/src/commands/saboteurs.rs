//! `cargo xtask saboteurs`: whether the simulation finds the mistakes that are made on purpose.
//!
//! One special build holds them all (`core/src/saboteur.rs`); each is switched on alone, and seeds are played until one of them fails.
//! First none is switched on, and nothing may be found: the build itself is right. With `--tests` the ordinary tests of the crates that
//! hold them run under each as well, and it is told how many of those fail: a mistake that they find needs no simulation. `--write` puts
//! the table of all of them into docs/reliability.md.

mod table;

use std::collections::BTreeSet;
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
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// Only these.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Runs the ordinary tests of core, store and engine under each as well.
    #[arg(long)]
    tests: bool,
    /// Ordinary tests that are left out, as a filter of nextest.
    #[arg(long, requires = "tests")]
    leave_out: Option<String>,
    /// Writes the table of docs/reliability.md; with `--only` the rows of those alone.
    #[arg(long, requires = "tests")]
    write: bool,
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
/// What their time goes to.
const COMPUTING: [&str; 2] = ["whimbrel-engine", "libsqlite3-sys"];
/// Tests at once: many of them wait most of their time.
const TESTS_AT_ONCE: &str = "6";

/// The broken invariant of a mistake that the product's own assertions found.
const ASSERTION: &str = "an assertion";

/// What the simulation found.
struct Found {
    seed: u64,
    /// The check that found it, by its short name.
    check: String,
    fault: String,
}

/// What became of one.
struct Caught {
    name: String,
    what: String,
    found: Found,
    seconds: f64,
    /// Ordinary tests that fail under it, if they ran.
    tests_failed: Option<usize>,
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
    if let Some(Found { seed, check, fault }) = clean {
        return Err(Failure::new(format!("without any saboteur seed {seed} fails, by {check}: {fault}")));
    }
    let tests = if options.tests { Some(Tests::build(workspace, options.leave_out.clone())?) } else { None };
    let (mut caught, mut missed) = (Vec::new(), Vec::new());
    let known = known(&program)?;
    let names: Vec<String> = known.iter().map(|(name, _)| name.clone()).collect();
    for (name, what) in known {
        if !options.only.is_empty() && !options.only.contains(&name) {
            continue;
        }
        let started = Started::now();
        let found = simulate(&program, Some(&name), options.seeds)?;
        let seconds = started.elapsed().as_secs_f64();
        let tests_failed = tests.as_ref().map(|tests| tests.failed(workspace, &name)).transpose()?;
        let of_tests = tests_failed.map_or(String::new(), |count| format!(", {count} ordinary tests fail"));
        println!("{name}: {what}");
        match found {
            Some(found) => {
                let Found { seed, check, fault } = &found;
                println!("    caught by {check} at seed {seed}, {seconds:.1} s{of_tests}: {fault}");
                caught.push(Caught { name, what, found, seconds, tests_failed });
            }
            None => {
                println!("    NOT CAUGHT in {} seeds, {seconds:.1} s{of_tests}", options.seeds);
                missed.push(name);
            }
        }
    }
    require(!caught.is_empty() || !missed.is_empty(), || "there is no saboteur of that name".to_owned())?;
    require(missed.is_empty(), || format!("not caught: {}", missed.join(", ")))?;
    print!("{}", table::of(&names, &caught, None, ""));
    if options.write {
        table::write(workspace, &names, &caught, options.leave_out.as_deref())?;
    }
    let mut figures = figures(&caught);
    if let Some(left_out) = &options.leave_out {
        figures["tests_left_out"] = json!(left_out);
    }
    Ok(figures)
}

fn figures(caught: &[Caught]) -> Value {
    let mut times: Vec<f64> = caught.iter().map(|caught| caught.seconds).collect();
    times.sort_by(f64::total_cmp);
    let checks: BTreeSet<&str> = caught.iter().map(|caught| caught.found.check.as_str()).collect();
    let mut figures = json!({
        "saboteurs": caught.len(),
        "caught": caught.len(),
        "missed": 0,
        "checks_that_found_them": checks.len(),
        "median_s": times.get(times.len() / 2),
        "slowest_s": times.last(),
    });
    if caught.iter().all(|caught| caught.tests_failed.is_some()) {
        let passing = caught.iter().filter(|caught| caught.tests_failed == Some(0)).count();
        figures["passing_ordinary_tests"] = json!(passing);
    }
    figures
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

/// Plays up to so many seeds; the first that failed, and what was wrong in it.
fn simulate(program: &Path, saboteur: Option<&str>, seeds: u64) -> Outcome<Option<Found>> {
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
            return Ok(Some(Found { seed: 0, check: ASSERTION.to_owned(), fault: panic }));
        }
        Err(error) => return Err(Failure::new(format!("the simulation did not say what it found: {error}"))),
    };
    let Some(first) = counts["first_failed"].as_str() else { return Ok(None) };
    let mut words = first.trim_start_matches("seed ").splitn(3, ": ");
    let mut word = || words.next().unwrap_or_default();
    let (seed, check, fault) = (word().parse().unwrap_or(0), word().to_owned(), word());
    Ok(Some(Found { seed, check, fault: fault.chars().take(FAULT_SHOWN).collect() }))
}

/// The ordinary tests, built once: what is edited meanwhile does not change them.
struct Tests {
    binaries: PathBuf,
    packages: PathBuf,
    leave_out: Option<String>,
}

impl Tests {
    fn build(workspace: &Workspace, leave_out: Option<String>) -> Outcome<Self> {
        let folder = workspace.scratch("saboteurs-tests")?;
        let keep = |name: &str, line: &mut Command| -> Outcome<PathBuf> {
            let path = folder.join(name);
            std::fs::write(&path, command::read(line)?)?;
            Ok(path)
        };
        let mut list = cargo(workspace, &["nextest", "list", "--list-type", "binaries-only"]);
        list.args(["--message-format", "json", "--features", "whimbrel-core/saboteurs"]);
        // They run once for each saboteur: a quicker build of what computes most is worth its time.
        for package in COMPUTING {
            list.args(["--config", &format!("profile.dev.package.{package}.opt-level=1")]);
        }
        for package in TESTED {
            list.args(["--package", package]);
        }
        let binaries = keep("binaries.json", &mut list)?;
        let packages = keep("packages.json", &mut cargo(workspace, &["metadata", "--format-version", "1"]))?;
        Ok(Self { binaries, packages, leave_out })
    }

    /// How many fail under one.
    fn failed(&self, workspace: &Workspace, name: &str) -> Outcome<usize> {
        let mut line = cargo(workspace, &["nextest", "run", "--no-fail-fast", "--test-threads", TESTS_AT_ONCE]);
        line.arg("--binaries-metadata").arg(&self.binaries).arg("--cargo-metadata").arg(&self.packages);
        // What fails twice fails for the saboteur, not because the machine was busy.
        line.args(["--retries", "1"]);
        if let Some(left_out) = &self.leave_out {
            line.args(["--filterset", &format!("not ({left_out})")]);
        }
        // What fails on purpose is no regression to remember.
        line.env(SWITCH, name).env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1");
        let output = line.output().attempting("start the tests")?;
        let told = String::from_utf8_lossy(&output.stderr);
        let summary = told.lines().find(|line| line.contains("tests run:")).unwrap_or_default();
        require(!summary.is_empty(), || format!("the tests did not run under `{name}`:\n{told}"))?;
        let failed = summary.split(',').find_map(|part| part.trim().strip_suffix(" failed")?.trim().parse().ok());
        Ok(failed.unwrap_or(0))
    }
}
