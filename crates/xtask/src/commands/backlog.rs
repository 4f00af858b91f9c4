//! `cargo xtask backlog`: a carrier that is down while texts go on coming, a million of them, and what it costs to hold and to drain them.
//!
//! Loader, gateway and sink are three processes. First the gateway is measured with a small store; then its carrier is unbound and texts
//! come until so many wait; then the carrier is bound and everything must reach the sink once; then the gateway is measured again, with
//! all that in its store. Printed: the most memory, how fast the backlog drained beside how fast texts went through before, and what a
//! text costs with the big store beside the small one. A run fails unless accepted, stored and arrived are the same count, `whimbrel
//! check` finds every promise kept, and the memory stays below its bound.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::bench::loader::{Order, Pace, Proof};
use crate::bench::peer::{Loader, Sink, number};
use crate::clock::Started;
use crate::command::{self, cargo};
use crate::commands::crashloop::build;
use crate::evidence::{self, Run};
use crate::failure::{Outcome, require};
use crate::harness::check::check_store;
use crate::harness::gateway::{Gateway, Mode, Setup};
use crate::harness::proc_stat::{cpu, memory_kib};
use crate::workspace::Workspace;

/// How much.
#[derive(Args)]
pub struct Options {
    /// Texts that wait while the carrier is down.
    #[arg(long, default_value_t = 1_000_000)]
    count: u64,
    /// How long the gateway is measured with a small store and with a big one.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Fails if the gateway takes more memory, in MiB.
    #[arg(long, default_value_t = 1_024)]
    memory_max: u64,
    /// The debug build: proves that the harness works, and measures nothing.
    #[arg(long)]
    debug: bool,
}

const CALLERS: u32 = 64;
const WINDOW: u32 = 100;
const LEG_MS: u64 = 5_000;

/// The three processes, and what is known of them.
struct Bench {
    sink: Sink,
    gateway: Gateway,
    loader: Loader,
    accepted: u64,
}

/// What a phase was like.
struct Phase {
    texts: u64,
    /// From its beginning until the last of its texts had arrived.
    seconds: f64,
    cpu_us: f64,
}

impl Phase {
    fn per_second(&self) -> f64 {
        self.texts as f64 / self.seconds
    }

    fn cost_us(&self) -> f64 {
        self.cpu_us / self.texts as f64
    }
}

/// Builds and measures.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let profile = build(workspace, !options.debug)?;
    let run = Run::begin(workspace, "backlog", profile, None);
    evidence::record(workspace, &run, measure(workspace, profile, options))
}

fn measure(workspace: &Workspace, profile: &str, options: &Options) -> Outcome<Value> {
    let folder = workspace.scratch("backlog")?;
    let (binary, ends) = (workspace.product(profile), ends(workspace, profile)?);
    let sink = Sink::start(&ends, &folder, false)?;
    let mode = Mode::Carrier { addr: sink.addr, window: WINDOW, doubt_resends: 1 };
    let environment = vec![("WHIMBREL_LOG".to_owned(), "warn".to_owned())];
    let setup = Setup { binary, folder: folder.clone(), mode, environment };
    let gateway = setup.start()?;
    let account = gateway.open_account()?;
    let loader = Loader::start(&ends, &folder, gateway.http, &account)?;
    let mut bench = Bench { sink, gateway, loader, accepted: 0 };

    bench.phase(1_000)?;
    let small = bench.phase(options.seconds * 1_000)?;
    bench.gateway.native("POST", "carriers/smsc/unbind", b"")?;
    let before = bench.accepted;
    while bench.accepted - before < options.count {
        bench.load(LEG_MS)?;
    }
    let waiting = bench.accepted - before;
    let (_, held_kib) = bench.memory()?;
    let started = Started::now();
    bench.gateway.native("POST", "carriers/smsc/bind", b"")?;
    bench.sink.reach("numbers", bench.accepted)?;
    let drained = waiting as f64 / started.elapsed().as_secs_f64();
    let big = bench.phase(options.seconds * 1_000)?;
    let (_, peak_kib) = bench.memory()?;

    println!("a small store: {:.0} texts/s go through, {:.1} us each", small.per_second(), small.cost_us());
    println!("{waiting} waited: {} MiB at most; they drained at {drained:.0}/s", held_kib / 1_024);
    println!(
        "{} in the store: {:.0} texts/s go through, {:.1} us each, {:+.1} % of the cost; {} MiB at most",
        bench.accepted,
        big.per_second(),
        big.cost_us(),
        (big.cost_us() / small.cost_us() - 1.0) * 100.0,
        peak_kib / 1_024
    );
    bench.check(&setup)?;
    require(peak_kib / 1_024 <= options.memory_max, || format!("more than {} MiB", options.memory_max))?;
    std::fs::remove_dir_all(&folder)?;
    Ok(json!({
        "waited": waiting,
        "memory_mib": peak_kib / 1_024,
        "before_per_s": small.per_second(),
        "drained_per_s": drained,
        "cost_small_s": small.cost_us() / 1e6,
        "cost_big_s": big.cost_us() / 1e6,
    }))
}

/// The program of both ends, built like the gateway.
pub(crate) fn ends(workspace: &Workspace, profile: &str) -> Outcome<PathBuf> {
    if profile == "debug" {
        return Ok(std::env::current_exe()?);
    }
    command::run(&mut cargo(workspace, &["build", "--package", "xtask", "--locked", "--release"]))?;
    Ok(workspace.product(profile).with_file_name("xtask"))
}

impl Bench {
    fn load(&mut self, millis: u64) -> Outcome<()> {
        let order = Order {
            callers: CALLERS,
            millis,
            receipts: false,
            proof: Proof::Secret,
            pace: Pace::Answers,
            lead_millis: 0,
        };
        let tally = self.loader.run(order)?;
        self.accepted += tally.accepted;
        let trouble = tally.first_trouble.unwrap_or_default();
        require(tally.broken + tally.refused == 0, || {
            format!("{} refused, {} without an answer: {trouble}", tally.refused, tally.broken)
        })
    }

    /// Loads for so long, until everything has arrived.
    fn phase(&mut self, millis: u64) -> Outcome<Phase> {
        let (before, used) = (self.accepted, cpu(self.gateway.process.pid())?);
        let started = Started::now();
        self.load(millis)?;
        self.sink.reach("numbers", self.accepted)?;
        let seconds = started.elapsed().as_secs_f64();
        let used = cpu(self.gateway.process.pid())? - used;
        Ok(Phase { texts: self.accepted - before, seconds, cpu_us: used.as_micros() as f64 })
    }

    fn memory(&self) -> Outcome<(u64, u64)> {
        memory_kib(self.gateway.process.pid())
    }

    /// Everybody counted the same, and the store keeps what is promised.
    fn check(&mut self, setup: &Setup) -> Outcome<()> {
        let (stored, counts) = (self.gateway.count("messages")?, self.sink.counts()?);
        let (numbers, submissions) = (number(&counts, "numbers")?, number(&counts, "submissions")?);
        let accepted = self.accepted;
        require(stored == accepted && numbers == accepted && submissions == accepted, || {
            format!("{accepted} accepted, {stored} stored, {numbers} arrived, {submissions} times")
        })?;
        let status = self.gateway.process.terminate()?;
        require(status.success(), || format!("the gateway ended with {status}"))?;
        check_store(&setup.binary, &setup.data_folder()).map(drop)
    }
}
