//! `cargo xtask compare kannel`: another gateway and ours in turn between the same loader and the same SMSC.
//!
//! Same window, connections, texts, receipts and log level, one run, rows in turn, so that other load on the machine meets both. Ours
//! flushes every text to the disk before it answers and keeps a ledger; what the other does is said in its file under `bench`.
//! Raw lines are kept in `target/bench/compare.jsonl`.

use std::path::Path;

use clap::{Args, ValueEnum};

use crate::bench::compared::{self, Compared};
use crate::bench::kannel;
use crate::bench::loader::{Order, Proof};
use crate::bench::machine::Facts;
use crate::bench::row::{self, Programs};
use crate::clock::unix_seconds;
use crate::command::{self, cargo};
use crate::commands::crashloop::build;
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::workspace::Workspace;

/// With whom, and how much.
#[derive(Args)]
pub struct Options {
    /// The other gateway.
    other: Other,
    /// How long each row is loaded, after its warm-up.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How often each row is measured; medians are compared.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Callers at the same time.
    #[arg(long, value_delimiter = ',', default_values_t = [64])]
    callers: Vec<u32>,
    /// Unanswered submissions allowed.
    #[arg(long, default_value_t = 100)]
    window: u32,
}

/// Gateways that are measured beside ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Other {
    /// Kannel 1.4, Debian's package `kannel`.
    Kannel,
}

/// Builds, measures in turn, prints the table and the ratios.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    match options.other {
        Other::Kannel => require(Path::new(kannel::BEARERBOX).is_file(), || {
            "Kannel is not installed: apt-get install kannel (Debian), and stop the service that it starts".to_owned()
        })?,
    }
    build(workspace, true)?;
    command::run(&mut cargo(workspace, &["build", "--package", "xtask", "--locked", "--release"]))?;
    let gateway = workspace.product("release");
    let programs = Programs { ends: gateway.with_file_name("xtask"), gateway };
    let facts = Facts::read(workspace, "release", unix_seconds())?;
    let raw = workspace.target().join("bench").join("compare.jsonl");
    let folder = workspace.scratch("compare")?;
    let mut rows = Vec::new();
    for round in 0..options.rounds {
        for (index, order) in orders(options).iter().enumerate() {
            for gateway in ["ours", "other"] {
                let row_folder = folder.join(format!("round-{round}-{index}-{gateway}"));
                std::fs::create_dir_all(&row_folder)?;
                let measured = match gateway {
                    "ours" => row::measure(&programs, &row_folder, options.window, order)
                        .map(|figures| Compared::ours(&figures)),
                    _ => kannel::measure(&programs.ends, &row_folder, options.window, order),
                };
                let measured = measured
                    .map_err(|failure| Failure::new(format!("{failure} (logs are in {})", row_folder.display())))?;
                println!("{}", measured.table_row());
                compared::append(&raw, &facts, &measured)?;
                rows.push(measured);
            }
        }
    }
    std::fs::remove_dir_all(&folder).attempting(format_args!("remove {}", folder.display()))?;
    tell(&facts, &rows);
    println!("raw lines: {}", raw.display());
    Ok(())
}

fn orders(options: &Options) -> Vec<Order> {
    let order = |callers, receipts| Order {
        callers,
        millis: options.seconds * 1000,
        receipts,
        proof: Proof::Secret,
        pause_ms: 0,
    };
    [false, true]
        .iter()
        .flat_map(|receipts| options.callers.iter().map(move |callers| order(*callers, *receipts)))
        .collect()
}

fn tell(facts: &Facts, rows: &[Compared]) {
    println!("\n{}", compared::HEAD);
    for row in rows {
        println!("{}", row.table_row());
    }
    println!(
        "\nrelease build of {}, {} cores ({}), kernel {}, load {:.2} before",
        facts.commit, facts.cores, facts.processor, facts.kernel, facts.load_before
    );
    for line in compared::ratios(rows) {
        println!("{line}");
    }
}
