//! `cargo xtask fuzz`: runs the fuzz targets for a bounded time each.

use clap::Args;

use crate::command::{self, program};
use crate::commands::install;
use crate::failure::{Failure, Outcome};
use crate::workspace::Workspace;

/// How long, and which.
#[derive(Args)]
pub struct Options {
    /// Seconds for each target.
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
    let limit = format!("-max_total_time={}", options.seconds);
    for target in targets {
        println!("== {target}");
        // What is found goes to the first folder; the committed inputs are only read.
        let found = workspace.path(&format!("target/fuzz/{target}"));
        std::fs::create_dir_all(&found)?;
        let (found, committed) = (found.display().to_string(), format!("fuzz/corpus/{target}"));
        let line = [
            "fuzz",
            "run",
            &target,
            &found,
            &committed,
            "--",
            &limit,
            "-rss_limit_mb=2048",
            "-timeout=10",
            "-print_final_stats=1",
        ];
        // The sanitizer flags are unstable; the pinned toolchain takes them only when told so, and only here.
        command::run(program(workspace, "cargo", &line).env("RUSTC_BOOTSTRAP", "1"))?;
    }
    Ok(())
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
