//! `cargo xtask slowdisk`: every flush takes 0.2, then 1, then 5 seconds, while texts go on coming.
//!
//! A library of ours, loaded before libc, lets flushes below the data folder take longer. Callers send at a fixed rate, answers or not:
//! first with the disk as it is, then slower and slower, then as it is again, once to recover and then to compare. What may happen is that
//! texts are refused as too many. A run fails if anything else is answered or nothing at all, if a text was submitted twice or is in doubt
//! (the carrier answered each at once; that its answer could not be written for seconds is no reason to ask again), if accepted, stored and
//! arrived are not the same count, if `whimbrel check` finds a promise broken, or, in a release build, if the p99 afterwards is more than three
//! times what it was. What is compared is the best of three phases: a shared disk makes the p99 of one ten times that of the next by itself,
//! while what the slow disk left behind would be in all of them.

use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use crate::bench::loader::{Order, Pace, Proof, Tally};
use crate::bench::peer::{Loader, Sink, number};
use crate::commands::backlog::ends;
use crate::commands::crashloop::build;
use crate::commands::fsyncfail::compile;
use crate::evidence::{self, Run};
use crate::failure::{Outcome, require};
use crate::harness::check::check_store;
use crate::harness::gateway::{Gateway, Mode, Setup};
use crate::workspace::Workspace;

const SHIM: &str = include_str!("../harness/slow_shim.c");
const WINDOW: u32 = 100;
/// How much longer a flush takes, one phase after the other.
const SLOWER_MS: [u64; 3] = [200, 1_000, 5_000];
/// Afterwards texts may take so many times as long as before.
const AFTERWARDS_MAX: f64 = 3.0;
/// Phases before and after of which the best is compared.
const COMPARED: usize = 3;

/// How much, how long.
#[derive(Args)]
pub struct Options {
    /// Texts a second, whether answers come or not.
    #[arg(long, default_value_t = 1_000)]
    rate: u32,
    /// Callers: with fewer than there are places nobody would be refused.
    #[arg(long, default_value_t = 1_000)]
    callers: u32,
    /// How long each of the ten phases takes.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=120))]
    seconds: u64,
    /// The debug build: proves that the harness works, and measures nothing.
    #[arg(long)]
    debug: bool,
}

struct Bench<'a> {
    sink: Sink,
    gateway: Gateway,
    loader: Loader,
    options: &'a Options,
    tallies: Vec<Tally>,
}

/// Builds and measures.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let profile = build(workspace, !options.debug)?;
    let run = Run::begin(workspace, "slowdisk", profile, None);
    evidence::record(workspace, &run, measure(workspace, profile, options))
}

fn measure(workspace: &Workspace, profile: &str, options: &Options) -> Outcome<Value> {
    let folder = workspace.scratch("slowdisk")?;
    let (binary, ends) = (workspace.product(profile), ends(workspace, profile)?);
    let sink = Sink::start(&ends, &folder, false)?;
    let mode = Mode::Carrier { addr: sink.addr, window: WINDOW, doubt_resends: 1 };
    let mut setup = Setup { binary, folder: folder.clone(), mode, environment: Vec::new() };
    std::fs::create_dir_all(setup.data_folder())?;
    let (slow, shim) = (folder.join("slower-ms"), compile(&folder, "slow_shim", SHIM)?);
    let set = |name: &str, value: &Path| (name.to_owned(), value.to_string_lossy().into_owned());
    setup.environment = vec![
        ("WHIMBREL_LOG".to_owned(), "warn".to_owned()),
        set("LD_PRELOAD", &shim),
        set("FLUSH_SLOW_BELOW", &setup.data_folder().canonicalize()?),
        set("FLUSH_SLOW_FILE", &slow),
    ];
    let gateway = setup.start()?;
    let account = gateway.open_account()?;
    let loader = Loader::start(&ends, &folder, gateway.http, &account)?;
    let mut bench = Bench { sink, gateway, loader, options, tallies: Vec::new() };

    let before = bench.best_p99_us("as it is")?;
    let mut figures = json!({});
    for millis in SLOWER_MS {
        std::fs::write(&slow, millis.to_string())?;
        let tally = bench.phase(&format!("each flush {millis} ms longer"))?;
        figures[format!("at_{millis}_ms_accepted_per_s")] = json!(tally.accepted as f64 / tally.seconds);
        figures[format!("at_{millis}_ms_refusal_p99_s")] = json!(tally.refused_p99_us as f64 / 1e6);
    }
    std::fs::write(&slow, "0")?;
    bench.phase("as it is, recovering")?;
    let after = bench.best_p99_us("as it is again")?;
    let accepted = bench.check(&setup)?;
    let ratio = after as f64 / before.max(1) as f64;
    require(options.debug || ratio <= AFTERWARDS_MAX, || format!("afterwards texts took {ratio:.1} times as long"))?;
    figures["accepted"] = json!(accepted);
    figures["refused"] = json!(bench.tallies.iter().map(|tally| tally.refused).sum::<u64>());
    figures["p99_before_s"] = json!(before as f64 / 1e6);
    figures["p99_after_s"] = json!(after as f64 / 1e6);
    std::fs::remove_dir_all(&folder)?;
    Ok(figures)
}

impl Bench<'_> {
    fn phase(&mut self, name: &str) -> Outcome<Tally> {
        let Options { rate, callers, seconds, .. } = *self.options;
        let pace = Pace::PerSecond(rate);
        let order =
            Order { callers, millis: seconds * 1_000, receipts: false, proof: Proof::Secret, pace, lead_millis: 0 };
        let tally = self.loader.run(order)?;
        let ms = |micros: u64| micros as f64 / 1_000.0;
        println!(
            "{name}: {:.0}/s accepted, p50 {:.1} p99 {:.1} ms; {} refused, p99 {:.1} ms",
            tally.accepted as f64 / tally.seconds,
            ms(tally.p50_us),
            ms(tally.p99_us),
            tally.refused,
            ms(tally.refused_p99_us)
        );
        tally.accepted_or_throttled()?;
        self.tallies.push(tally.clone());
        Ok(tally)
    }

    /// The lowest p99 of some phases, in microseconds.
    fn best_p99_us(&mut self, name: &str) -> Outcome<u64> {
        let mut best = u64::MAX;
        for _ in 0..COMPARED {
            best = best.min(self.phase(name)?.p99_us);
        }
        Ok(best)
    }

    /// Everybody counted the same, nothing is in doubt, and the store keeps what is promised. Answers how many were accepted.
    fn check(&mut self, setup: &Setup) -> Outcome<u64> {
        let accepted = self.tallies.iter().map(|tally| tally.accepted).sum::<u64>();
        self.sink.reach("numbers", accepted)?;
        let (counts, stored, doubts) =
            (self.sink.counts()?, self.gateway.count("messages")?, self.gateway.count("doubts_ever")?);
        let (numbers, submissions) = (number(&counts, "numbers")?, number(&counts, "submissions")?);
        require(stored == accepted && numbers == accepted && submissions == accepted && doubts == 0, || {
            format!("{accepted} accepted, {stored} stored, {numbers} arrived, {submissions} times; {doubts} doubts")
        })?;
        let status = self.gateway.process.terminate()?;
        require(status.success(), || format!("the gateway ended with {status}"))?;
        check_store(&setup.binary, &setup.data_folder())?;
        Ok(accepted)
    }
}
