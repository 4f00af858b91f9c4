//! `cargo xtask fuzz`: runs the fuzz targets for a bounded time each.
//!
//! The time is the processor's: on a machine that others keep busy a target runs until it has had its share, so that "ten minutes" says
//! how much was tried and not how long somebody waited.

use std::fs::File;
use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use crate::command::program;
use crate::commands::install;
use crate::evidence::{self, Run};
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::harness::proc_stat;
use crate::workspace::Workspace;

/// How long, and which.
#[derive(Args)]
pub struct Options {
    /// Seconds of processor time for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Only this target.
    target: Option<String>,
}

/// Fuzzes each target of `fuzz/fuzz_targets/`; stops at the first crash, whose input cargo-fuzz keeps and names.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    install::cargo_tool(workspace, "cargo-fuzz")?;
    let targets = match &options.target {
        Some(target) => vec![target.clone()],
        None => targets(workspace)?,
    };
    for target in targets {
        let run = Run::begin(workspace, "fuzz", "release", None);
        evidence::record(workspace, &run, fuzz(workspace, &target, options.seconds))?;
    }
    Ok(())
}

/// Fuzzes one target; what cargo-fuzz says is kept beside what it finds.
fn fuzz(workspace: &Workspace, target: &str, seconds: u32) -> Outcome<Value> {
    // What is found goes to the first folder; the committed inputs are only read.
    let found = workspace.path(&format!("target/fuzz/{target}"));
    std::fs::create_dir_all(&found)?;
    let said = found.with_extension("log");
    println!("== {target}: {seconds} s of processor time; what is said meanwhile stands in {}", said.display());
    cargo_fuzz(workspace, target, &said, &["fuzz", "build", target])?;
    let (mut inputs, mut spent) = (0, 0.0);
    let before = proc_stat::cpu_of_ended_children()?;
    while spent < f64::from(seconds) {
        let last = spent;
        // At least a second: 0 would be no limit.
        let limit = format!("-max_total_time={:.0}", (f64::from(seconds) - spent).ceil());
        let (found, committed) = (found.display().to_string(), format!("fuzz/corpus/{target}"));
        let line = [
            "fuzz",
            "run",
            target,
            &found,
            &committed,
            "--",
            &limit,
            "-rss_limit_mb=2048",
            "-timeout=10",
            "-print_final_stats=1",
        ];
        let said = cargo_fuzz(workspace, target, &said, &line)?;
        inputs += executed(&said).ok_or_else(|| Failure::new(format!("{target} does not say how much it tried")))?;
        spent = (proc_stat::cpu_of_ended_children()? - before).as_secs_f64();
        require(spent > last, || format!("{target} got no processor time"))?;
    }
    println!("{target}: {inputs} inputs in {spent:.0} s of processor time, none was a fault");
    Ok(json!({ "inputs": inputs, format!("processor_seconds_of_{target}"): spent.floor() }))
}

/// Runs cargo-fuzz, gives what it said.
fn cargo_fuzz(workspace: &Workspace, target: &str, log: &Path, line: &[&str]) -> Outcome<String> {
    // The sanitizer flags are unstable; the pinned toolchain takes them only when told so, and only here.
    let status = program(workspace, "cargo", line)
        .env("RUSTC_BOOTSTRAP", "1")
        .stderr(File::create(log)?)
        .status()
        .attempting("run cargo fuzz")?;
    let said = std::fs::read(log)?;
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().collect();
    require(status.success(), || {
        format!("{target} ended with {status}:\n{}", lines[lines.len().saturating_sub(20)..].join("\n"))
    })?;
    Ok(said.into_owned())
}

/// How many inputs were tried, by the statistics that libFuzzer ends with.
fn executed(said: &str) -> Option<u64> {
    said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:")?.trim().parse().ok())
}

fn targets(workspace: &Workspace) -> Outcome<Vec<String>> {
    let folder = workspace.path("fuzz/fuzz_targets");
    let entries =
        std::fs::read_dir(&folder).map_err(|error| Failure::new(format!("read fuzz/fuzz_targets: {error}")))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "rs") {
            names.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistics_say_how_much_was_tried() {
        let said =
            "Done 12 runs in 3 second(s)\nstat::number_of_executed_units: 12345\nstat::average_exec_per_sec:     7\n";
        assert_eq!(executed(said), Some(12_345));
        assert_eq!(executed("#2 INITED"), None);
    }
}
