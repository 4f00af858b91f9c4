//! `cargo xtask overload`: ten times as many callers as saturate the gateway, and a quiet account beside them.
//!
//! Client, gateway and simulator are processes of their own (the callers are threads of this one). First a quiet account alone, then
//! beside so many callers of another account that the gateway is busy (the peak), then beside ten times as many. Printed: what was
//! accepted per second in both, how long refusals took, and what the quiet account noticed: a busy gateway is slower for everybody, an
//! overloaded one must not be slower still for those who do not overload it. The run fails if anything but
//! "accepted" or "throttled" was answered, if the store does not hold exactly what was accepted, or if `whimbrel check` finds a promise
//! broken; with `--release` also if less than nine tenths of the peak were accepted. Callers are closed loops: each sends its next text
//! when the last one was answered, so refusals that come at once are asked for again at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::clock::{Started, sleep};
use crate::commands::crashloop::build;
use crate::evidence::{self, Run};
use crate::failure::{Failure, Outcome, require};
use crate::harness::account::{Account, Told, send_request};
use crate::harness::books::Books;
use crate::harness::callers::{histogram, outcome};
use crate::harness::check::check_store;
use crate::harness::gateway::{Gateway, Mode, Setup};
use crate::harness::http::Client;
use crate::harness::simulator::Simulator;
use crate::workspace::Workspace;

/// How much, how long.
#[derive(Args)]
pub struct Options {
    /// Callers that keep the gateway busy; ten times as many are too many.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=256))]
    callers: u16,
    /// How long each of the three phases takes.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(2..=120))]
    seconds: u64,
    /// Uses the release build, and judges it.
    #[arg(long)]
    release: bool,
}

/// Callers of the quiet account, and their pause.
const QUIET_CALLERS: u16 = 2;
const QUIET_PAUSE: Duration = Duration::from_millis(20);
/// What the dialect that the harness speaks answers then.
const THROTTLED: &str = "1";
const WINDOW: u32 = 100;

/// What the callers of one account saw in one phase.
struct Seen {
    accepted: Histogram<u64>,
    refused: Histogram<u64>,
}

impl Seen {
    fn new() -> Self {
        Self { accepted: histogram(), refused: histogram() }
    }

    fn add(&mut self, other: &Self) -> Outcome<()> {
        let both = [(&mut self.accepted, &other.accepted), (&mut self.refused, &other.refused)];
        for (sum, part) in both {
            sum.add(part).map_err(|error| Failure::new(format!("times do not add up: {error}")))?;
        }
        Ok(())
    }

    fn per_second(&self, seconds: u64) -> f64 {
        self.accepted.len() as f64 / seconds as f64
    }
}

/// Who sends in a phase.
struct Load<'a> {
    account: &'a Account,
    callers: u16,
    pause: Duration,
}

/// Measures once.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let profile = build(workspace, options.release)?;
    let run = Run { harness: "overload", profile, seeds: None, started: Started::now() };
    evidence::record(workspace, &run, overload(workspace, profile, options))
}

fn overload(workspace: &Workspace, profile: &str, options: &Options) -> Outcome<Value> {
    let (binary, folder) = (workspace.product(profile), workspace.scratch("overload")?);
    let simulator = Simulator::start(&binary, &folder)?;
    let mode = Mode::Carrier { addr: simulator.addr, window: WINDOW, doubt_resends: 1 };
    let setup = Setup { binary, folder, mode, environment: Vec::new() };
    let mut gateway = setup.start()?;
    let (hot, quiet) = (gateway.open_account()?, gateway.open_account()?);
    let books = Books::default();
    let hot = |callers| Load { account: &hot, callers, pause: Duration::ZERO };
    let quiet = Load { account: &quiet, callers: QUIET_CALLERS, pause: QUIET_PAUSE };

    let alone = phase(&gateway, &books, &[&quiet], options)?;
    let busy = phase(&gateway, &books, &[&hot(options.callers), &quiet], options)?;
    let many = phase(&gateway, &books, &[&hot(options.callers * 10), &quiet], options)?;
    let all = |seen: &[Seen]| seen.iter().map(|seen| seen.per_second(options.seconds)).sum::<f64>();
    let (peak, goodput) = (all(&busy), all(&many));
    let (hot, beside_busy, beside) = (&many[0], &busy[1], &many[1]);
    let share = goodput / peak;
    let ms = |times: &Histogram<u64>, quantile: f64| times.value_at_quantile(quantile) as f64 / 1_000.0;
    println!("peak: {peak:.0}/s by {} callers, p99 {:.1} ms", options.callers, ms(&busy[0].accepted, 0.99));
    println!(
        "ten times as many: {goodput:.0}/s, {:.1} % of the peak, p99 {:.1} ms; {} refused, p99 {:.1} ms",
        share * 100.0,
        ms(&hot.accepted, 0.99),
        hot.refused.len(),
        ms(&hot.refused, 0.99)
    );
    println!(
        "a quiet account: p99 {:.1} ms alone, {:.1} ms beside the peak, {:.1} ms beside ten times as many; {} of its texts refused",
        ms(&alone[0].accepted, 0.99),
        ms(&beside_busy.accepted, 0.99),
        ms(&beside.accepted, 0.99),
        beside.refused.len()
    );
    check(&setup, &mut gateway, &books)?;
    require(!options.release || share >= 0.9, || format!("only {:.1} % of the peak were accepted", share * 100.0))?;
    Ok(json!({
        "accepted": books.accepted_count(),
        "refused": hot.refused.len() + beside.refused.len(),
        "refused_of_the_quiet": beside.refused.len(),
        "peak_per_s": peak,
        "overloaded_per_s": goodput,
        "refusal_p99_s": ms(&hot.refused, 0.99) / 1_000.0,
        "quiet_p99_alone_s": ms(&alone[0].accepted, 0.99) / 1_000.0,
        "quiet_p99_beside_peak_s": ms(&beside_busy.accepted, 0.99) / 1_000.0,
        "quiet_p99_beside_s": ms(&beside.accepted, 0.99) / 1_000.0,
    }))
}

/// Lets all loads send for the time of a phase; gives what each saw.
fn phase(gateway: &Gateway, books: &Books, loads: &[&Load<'_>], options: &Options) -> Outcome<Vec<Seen>> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let callers: Vec<Vec<_>> = loads
            .iter()
            .map(|load| (0..load.callers).map(|_| scope.spawn(|| call(gateway, books, load, &stop))).collect())
            .collect();
        sleep(Duration::from_secs(options.seconds));
        stop.store(true, Ordering::Relaxed);
        callers
            .into_iter()
            .map(|callers| {
                let mut all = Seen::new();
                for caller in callers {
                    let seen = caller.join().map_err(|_| Failure::new("a caller panicked"))?;
                    all.add(&seen)?;
                }
                Ok(all)
            })
            .collect()
    })
}

fn call(gateway: &Gateway, books: &Books, load: &Load<'_>, stop: &AtomicBool) -> Seen {
    let (mut seen, mut client) = (Seen::new(), Client::new(gateway.http));
    while !stop.load(Ordering::Relaxed) {
        let to = books.next_recipient();
        let started = Started::now();
        let told = outcome(client.call(&send_request(&load.account.form(to, "Your code is 123456"))));
        let times = if let Ok(Told::Accepted { .. }) = &told { &mut seen.accepted } else { &mut seen.refused };
        // Values past the bound are clamped: an hour is slow enough.
        times.saturating_record(started.elapsed_us());
        books.write(to, told);
        if !load.pause.is_zero() {
            sleep(load.pause);
        }
    }
    seen
}

/// What was answered is what is stored.
fn check(setup: &Setup, gateway: &mut Gateway, books: &Books) -> Outcome<()> {
    let (refused, unknown) = (books.refused(), books.unknown());
    require(unknown.is_empty(), || format!("some had no answer: {unknown:?}"))?;
    require(refused.keys().all(|status| status == THROTTLED), || {
        format!("refused otherwise than as too many: {refused:?}")
    })?;
    let (stored, accepted) = (gateway.count("messages")?, books.accepted_count() as u64);
    require(stored == accepted, || format!("{accepted} were accepted and {stored} are stored"))?;
    let status = gateway.process.terminate()?;
    require(status.success(), || format!("the gateway ended with {status}"))?;
    check_store(&setup.binary, &setup.data_folder()).map(drop)
}
