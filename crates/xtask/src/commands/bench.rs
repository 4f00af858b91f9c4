//! `cargo xtask bench`: the whole path, from HTTP requests to a separate fast SMSC, on a release build.
//!
//! Loader, gateway and sink are three processes on this machine and share its cores; compare rates only within one run. The
//! figure that other load does not blur is CPU time per message. A run fails unless texts accepted (by body), unique numbers and
//! texts at the sink and new messages in the store are the same count, and `whimbrel check` finds every promise
//! kept. Raw lines are kept in `target/bench/bench.jsonl`.

use clap::Args;
use serde_json::{Value, json};

use crate::bench::figures::Figures;
use crate::bench::loader::{Order, Pace, Proof};
use crate::bench::machine::Facts;
use crate::bench::report;
use crate::bench::row::{self, Programs};
use crate::clock::unix_seconds;
use crate::command::{self, cargo};
use crate::commands::crashloop::{INSTALLED, build, build_installed};
use crate::evidence::{self, Run};
use crate::failure::{Attempted as _, Failure, Outcome};
use crate::workspace::Workspace;

/// How much is measured.
#[derive(Args)]
pub struct Options {
    /// How long each row is loaded, after its warm-up.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Proves that the bench works: the debug build, 16 callers, 2 s. Its figures mean nothing.
    #[arg(long, conflicts_with_all = ["seconds", "callers"])]
    quick: bool,
    /// Callers at the same time, one row each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64, 256])]
    callers: Vec<u32>,
    /// The carrier's window.
    #[arg(long, default_value_t = 100)]
    window: u32,
    /// Compares signed requests with unsigned ones instead: so many pairs of rows with 64 callers, and what signing costs.
    #[arg(long, value_name = "PAIRS", value_parser = clap::value_parser!(u32).range(1..=20))]
    signed: Option<u32>,
    /// Measures what people install (the profile `dist`), which is slow to build.
    #[arg(long, conflicts_with = "quick")]
    dist: bool,
    /// Measures the build that is there already (it must be there).
    #[arg(long)]
    no_build: bool,
}

const USUAL_CALLERS: u32 = 64;
const QUICK_CALLERS: u32 = 16;
const QUICK_MILLIS: u64 = 2000;

/// Builds, measures each row, prints the table.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let (profile, programs) = programs(workspace, options)?;
    if options.quick {
        return measure(workspace, profile, &programs, options).map(drop);
    }
    let run = Run::begin(workspace, "bench", profile, None);
    evidence::record(workspace, &run, measure(workspace, profile, &programs, options))
}

fn measure(workspace: &Workspace, profile: &'static str, programs: &Programs, options: &Options) -> Outcome<Value> {
    let facts = Facts::read(workspace, profile, unix_seconds())?;
    let raw = workspace.target().join("bench").join("bench.jsonl");
    let folder = workspace.scratch("bench")?;
    let mut rows = Vec::new();
    for (index, order) in orders(options).iter().enumerate() {
        let kind = match (order.receipts, order.proof) {
            (true, _) => "with receipts and webhooks",
            (false, Proof::Secret) => "without receipts",
            (false, Proof::Signature) => "without receipts, signed",
        };
        println!("== {} callers {kind}, {:.0} s", order.callers, order.millis as f64 / 1000.0);
        let row_folder = folder.join(format!("row-{index}"));
        std::fs::create_dir_all(&row_folder)?;
        let measured = row::measure(programs, &row_folder, options.window, order)
            .map_err(|failure| Failure::new(format!("{failure} (logs and stores are in {})", row_folder.display())))?;
        println!("{}", report::table_row(&measured));
        report::append(&raw, &facts, &measured)?;
        rows.push(measured);
    }
    // Stores and logs of a failed run stay for a look; the next run clears them.
    std::fs::remove_dir_all(&folder).attempting(format_args!("remove {}", folder.display()))?;
    tell(&facts, &rows);
    println!("raw lines: {}", raw.display());
    let best = rows.iter().map(|row| row.accepted_per_second).fold(0.0, f64::max);
    Ok(json!({ "accepted": rows.iter().map(|row| row.books.accepted).sum::<u64>(), "accepted_per_s": best }))
}

/// Builds the gateway and both ends; where they are.
fn programs(workspace: &Workspace, options: &Options) -> Outcome<(&'static str, Programs)> {
    if options.quick {
        if !options.no_build {
            build(workspace, false)?;
        }
        return Ok(("debug", Programs { gateway: workspace.product("debug"), ends: std::env::current_exe()? }));
    }
    let profile = if options.dist { INSTALLED } else { "release" };
    if !options.no_build {
        match options.dist {
            true => build_installed(workspace)?,
            false => build(workspace, true).map(drop)?,
        }
        command::run(&mut cargo(workspace, &["build", "--package", "xtask", "--locked", "--release"]))?;
    }
    let ends = workspace.product("release").with_file_name("xtask");
    Ok((profile, Programs { gateway: workspace.product(profile), ends }))
}

fn orders(options: &Options) -> Vec<Order> {
    let (callers, millis) = match options.quick {
        true => (QUICK_CALLERS, QUICK_MILLIS),
        false => (USUAL_CALLERS, options.seconds * 1000),
    };
    let (proof, pace) = (Proof::Secret, Pace::Answers);
    let order = Order { callers, millis, receipts: false, proof, pace, lead_millis: 0 };
    let with_receipts = Order { receipts: true, ..order };
    if let Some(pairs) = options.signed {
        // Side by side, so that other load on the machine meets both.
        return (0..pairs).flat_map(|_| [order, Order { proof: Proof::Signature, ..order }]).collect();
    }
    if options.quick {
        return vec![order, with_receipts];
    }
    let plain = options.callers.iter().map(|callers| Order { callers: *callers, ..order });
    plain.chain([with_receipts]).collect()
}

fn tell(facts: &Facts, rows: &[Figures]) {
    println!("\n{}", report::HEAD);
    for row in rows {
        println!("{}", report::table_row(row));
    }
    println!();
    for remark in report::remarks(facts, rows).into_iter().chain(report::signing_cost(rows)) {
        println!("{remark}");
    }
}
