//! `cargo xtask compare`: other gateways, a bare server and ours in turn between the same loader and the same SMSC.
//!
//! Same window, connections, texts, receipts and log level, one run, rows in turn, so that other load on the machine meets all. Ours
//! flushes every text to the disk before it answers and keeps a ledger; what another does is said in its file under `bench`. A row in
//! which an accepted text did not reach the sink fails the run. Raw lines are kept in `target/bench/compare.jsonl`.

use std::path::Path;

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::bench::compared::{self, Compared};
use crate::bench::jasmin::{self, Installation, Jasmin};
use crate::bench::kannel::Kannel;
use crate::bench::loader::{Order, Pace, Proof};
use crate::bench::machine::Facts;
use crate::bench::other::Setting;
use crate::bench::row::{self, Programs};
use crate::bench::{bare, other};
use crate::clock::unix_seconds;
use crate::command::{self, cargo};
use crate::commands::crashloop::{INSTALLED, build_installed};
use crate::commands::install;
use crate::evidence::{self, Run};
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::workspace::Workspace;

/// With whom, and how much.
#[derive(Args)]
pub struct Options {
    /// The other gateway.
    #[arg(default_value = "all")]
    with: With,
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
    /// Texts a second in the rows at a fixed rate, which Jasmin is spared; 0 for no such rows.
    #[arg(long, default_value_t = 1000)]
    rate: u32,
    /// Measures the builds that are there already (they must be there).
    #[arg(long)]
    no_build: bool,
}

/// What is measured beside ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum With {
    /// Kannel 1.4, Debian's package `kannel`.
    Kannel,
    /// Jasmin 0.11.1 on Python 3.11, with Debian's RabbitMQ and Redis.
    Jasmin,
    /// A server of the same stack that does nothing.
    Bare,
    /// All of them.
    All,
}

/// Who has a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Ours,
    Kannel,
    Jasmin,
    Bare,
}

/// How many callers share a fixed rate.
const PACED_CALLERS: u32 = 64;

/// Installs, builds, measures in turn, prints the table and the ratios.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let run = Run::begin(workspace, "compare", INSTALLED, None);
    evidence::record(workspace, &run, compare(workspace, options))
}

fn compare(workspace: &Workspace, options: &Options) -> Outcome<Value> {
    let (others, jasmin) = others(workspace, options.with)?;
    if !options.no_build {
        build_installed(workspace)?;
        command::run(&mut cargo(workspace, &["build", "--package", "xtask", "--locked", "--release"]))?;
    }
    let ends = workspace.product("release").with_file_name("xtask");
    let programs = Programs { ends, gateway: workspace.product(INSTALLED) };
    let facts = Facts::read(workspace, INSTALLED, unix_seconds())?;
    let raw = workspace.target().join("bench").join("compare.jsonl");
    let folder = workspace.scratch("compare")?;
    let mut rows = Vec::new();
    println!("{}", compared::HEAD);
    for round in 0..options.rounds {
        for (index, order) in orders(options).iter().enumerate() {
            for who in others.iter().filter(|who| has_row(**who, order)) {
                let row_folder = folder.join(format!("round-{round}-{index}-{who:?}").to_lowercase());
                std::fs::create_dir_all(&row_folder)?;
                let measured = measure(*who, &programs, jasmin.as_ref(), options.window, order, &row_folder);
                let measured = measured
                    .map_err(|failure| Failure::new(format!("{failure} (logs are in {})", row_folder.display())))?;
                println!("{}", measured.table_row());
                compared::append(&raw, &facts, &measured)?;
                rows.push(measured);
            }
        }
    }
    let medians = compared::medians(&rows);
    tell(&facts, &medians);
    println!("raw lines: {}", raw.display());
    let poor = rows.iter().filter(|row| !row.is_whole()).count();
    require(poor == 0, || {
        format!("in {poor} rows accepted texts did not reach the sink; logs are in {}", folder.display())
    })?;
    std::fs::remove_dir_all(&folder).attempting(format_args!("remove {}", folder.display()))?;
    Ok(compared::evidence(&medians))
}

/// Who is measured, in the order of rows; installs what that takes.
fn others(workspace: &Workspace, with: With) -> Outcome<(Vec<Who>, Option<Installation>)> {
    let has = |one| with == one || with == With::All;
    let mut others = vec![Who::Ours];
    if has(With::Kannel) {
        install::debian_for(workspace, "compare kannel")?;
        others.push(Who::Kannel);
    }
    let mut installation = None;
    if has(With::Jasmin) {
        install::debian_for(workspace, "compare jasmin")?;
        installation = Some(jasmin::install(workspace)?);
        others.push(Who::Jasmin);
    }
    if has(With::Bare) {
        others.push(Who::Bare);
    }
    Ok((others, installation))
}

fn orders(options: &Options) -> Vec<Order> {
    let order = |callers, receipts, pace| Order {
        callers,
        millis: options.seconds * 1000,
        receipts,
        proof: Proof::Secret,
        pace,
        lead_millis: 0,
    };
    let mut orders = Vec::new();
    for receipts in [false, true] {
        orders.extend(options.callers.iter().map(|callers| order(*callers, receipts, Pace::Answers)));
        if options.rate > 0 {
            orders.push(order(PACED_CALLERS, receipts, Pace::PerSecond(options.rate)));
        }
    }
    orders
}

/// The bare server tells of nothing, and a fixed rate that suits the others is more than Jasmin sends on.
fn has_row(who: Who, order: &Order) -> bool {
    match who {
        Who::Ours | Who::Kannel => true,
        Who::Jasmin => order.pace == Pace::Answers,
        Who::Bare => !order.receipts,
    }
}

fn measure(
    who: Who,
    programs: &Programs,
    installation: Option<&Installation>,
    window: u32,
    order: &Order,
    folder: &Path,
) -> Outcome<Compared> {
    let setting = Setting { ends: &programs.ends, folder, order };
    match who {
        Who::Ours => row::measure(programs, folder, window, order).map(|figures| Compared::ours(&figures, order.pace)),
        Who::Kannel => other::measure(&setting, |sink| Kannel::start(folder, sink, window)),
        Who::Jasmin => other::measure(&setting, |sink| {
            let installation = installation.ok_or_else(|| Failure::new("Jasmin is not installed"))?;
            Jasmin::start(installation, folder, sink)
        }),
        Who::Bare => bare::measure(&setting),
    }
}

fn tell(facts: &Facts, medians: &[Compared]) {
    println!("\nmedians:\n{}", compared::HEAD);
    for row in medians {
        println!("{}", row.table_row());
    }
    println!(
        "\n{} build of {}, {} cores ({}), kernel {}, load {:.2} before",
        facts.profile, facts.commit, facts.cores, facts.processor, facts.kernel, facts.load_before
    );
    for line in compared::ratios(medians) {
        println!("{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gateway_has_the_rows_that_it_can_have() {
        let options = Options {
            with: With::All,
            seconds: 1,
            rounds: 1,
            callers: vec![64],
            window: 100,
            rate: 1000,
            no_build: true,
        };
        let orders = orders(&options);
        let count = |who| orders.iter().filter(|order| has_row(who, order)).count();
        assert_eq!([Who::Ours, Who::Kannel, Who::Jasmin, Who::Bare].map(count), [4, 4, 2, 2]);
    }
}
