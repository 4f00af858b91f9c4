//! `cargo xtask chaosproxy`: a bad network between the gateway and the SMSC, and the books that are checked afterwards.
//!
//! Octets come in pieces and late, links stall and are dropped in the middle of anything (`harness/proxy.rs`), again and again under
//! load; the gateway lives on. What must hold is what `crashloop` asks: nothing accepted is lost, each text is paid once, and copies
//! are at most the window for each link that was dropped.

use std::time::Duration;

use clap::Args;
use serde_json::Value;

use crate::clock::{seed, sleep};
use crate::commands::crashloop::{After, Ends, Load, build, end_before};
use crate::evidence::{self, Run};
use crate::failure::{Outcome, require};
use crate::harness::proxy::{Proxy, Stalls};
use crate::harness::simulator::Simulator;
use crate::workspace::Workspace;

/// How bad, how often.
#[derive(Args)]
pub struct Options {
    /// How many times links are dropped; before every second one they stall. More is accepted meanwhile than such a network carries: what
    /// is left must be through three minutes after the last drop.
    #[arg(long, default_value_t = 4)]
    drops: usize,
    /// Callers at the same time.
    #[arg(long, default_value_t = 40)]
    callers: usize,
    /// Repeats a run's instants and pieces (as far as the machine's own timing allows).
    #[arg(long)]
    seed: Option<u64>,
    /// Uses the release build.
    #[arg(long)]
    release: bool,
}

/// The longest time between two drops, in milliseconds: a gateway binds again after a second.
const LIFE_MS_MAX: u64 = 2_500;
const STALL: Duration = Duration::from_millis(300);

/// Builds, runs, checks.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let profile = build(workspace, options.release)?;
    let seed = options.seed.unwrap_or_else(seed);
    let run = Run::begin(workspace, "chaosproxy", profile, Some((seed, seed)));
    let load = Load {
        binary: workspace.product(profile),
        folder: workspace.scratch("chaosproxy")?,
        ends: Ends::Drops,
        count: options.drops,
        callers: options.callers,
        open_min: 1,
        window: 10,
        doubt_resends: 2,
        life_ms_max: LIFE_MS_MAX,
        seed,
        environment: Vec::new(),
    };
    evidence::record(workspace, &run, drop_and_compare(&load))
}

fn drop_and_compare(load: &Load) -> Outcome<Value> {
    let simulator = Simulator::start(&load.binary, &load.folder)?;
    let proxy = Proxy::start(simulator.addr, load.seed)?;
    let mut number = 0;
    let figures = end_before(load, &simulator, proxy.addr, &mut |_| {
        number += 1;
        if number % 2 == 0 {
            proxy.stall(Stalls::Yes);
            sleep(STALL);
        }
        proxy.drop_connections();
        proxy.stall(Stalls::No);
        Ok(After::Alive)
    })?;
    let connections = proxy.connections();
    println!("{connections} connections went through the proxy");
    require(connections > load.count as u64 / 2, || "the gateway hardly came back: nothing was tested".to_owned())?;
    Ok(figures)
}
