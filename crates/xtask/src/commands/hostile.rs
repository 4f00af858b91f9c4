//! `cargo xtask hostile`: malformed PDUs, huge bodies and slow headers, while honest callers are served and measured.
//!
//! Two phases. First the gateway with a good carrier: honest traffic quiet, then under attack; its p99 may at most double (a
//! generous limit, of this command only), memory stays bounded, and every attacker is cut off. Then a gateway whose carrier is
//! a centre that talks nonsense: it must live, accept, and reconnect.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use hdrhistogram::Histogram;

use crate::clock::{Started, seed, sleep};
use crate::commands::crashloop::build;
use crate::failure::{Outcome, require};
use crate::harness::account::Account;
use crate::harness::attack::{EvilCentre, Seen, Stage};
use crate::harness::books::Books;
use crate::harness::callers::{Callers, histogram};
use crate::harness::gateway::{Gateway, Mode, Setup};
use crate::harness::proc_stat::memory_kib;
use crate::harness::simulator::Simulator;
use crate::workspace::Workspace;

/// How long, and what is still good.
#[derive(Args)]
pub struct Options {
    /// Seconds of quiet, of attack, and of the nonsensical carrier.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Honest callers; each pauses 20 ms between two texts.
    #[arg(long, default_value_t = 8)]
    callers: usize,
    /// Connections that send their headers slowly.
    #[arg(long, default_value_t = 200)]
    slow: usize,
    /// How much the attack may stretch the p99 of honest traffic.
    #[arg(long, default_value_t = 2.0)]
    stretch_max: f64,
    /// The most memory the gateway may ever have had, MiB.
    #[arg(long, default_value_t = 256)]
    memory_mib_max: u64,
    /// Repeats a run's octets.
    #[arg(long)]
    seed: Option<u64>,
    /// Uses the debug build.
    #[arg(long)]
    debug: bool,
}

/// Builds, attacks, compares.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let profile = build(workspace, !options.debug)?;
    let binary = workspace.product(profile);
    let seed = options.seed.unwrap_or_else(seed);
    println!("seed {seed}");
    attacked_callers(&binary, &workspace.scratch("hostile-callers")?, options, seed)?;
    nonsensical_carrier(&binary, &workspace.scratch("hostile-carrier")?, options, seed)
}

fn attacked_callers(binary: &Path, folder: &Path, options: &Options, seed: u64) -> Outcome<()> {
    let mut simulator = Simulator::start(binary, folder)?;
    let mode = Mode::Carrier { addr: simulator.addr, window: 100, doubt_resends: 1 };
    let setup = Setup { binary: binary.to_owned(), folder: folder.to_owned(), mode, environment: Vec::new() };
    let mut gateway = setup.start()?;
    let account = gateway.open_account()?;
    let books = Books::default();

    // A first pass that is not counted, so that both measured passes find the same caches warm.
    honest(gateway.http, &account, &books, options, Duration::from_secs(2));
    let quiet = honest(gateway.http, &account, &books, options, Duration::from_secs(options.seconds));
    let (stop, seen) = (AtomicBool::new(false), Seen::default());
    let stage = Stage { stop: &stop, seen: &seen };
    let attacked = std::thread::scope(|scope| {
        scope.spawn(|| stage.huge_bodies(gateway.http));
        scope.spawn(|| stage.slow_headers(gateway.http, options.slow));
        scope.spawn(|| stage.garbage(gateway.http, seed));
        scope.spawn(|| stage.garbage(gateway.https, seed + 1));
        scope.spawn(|| stage.malformed_pdus(simulator.addr, seed + 2));
        let latency = honest(gateway.http, &account, &books, options, Duration::from_secs(options.seconds));
        stop.store(true, Ordering::Relaxed);
        latency
    });
    let (p99_quiet, p99_attacked) = (quiet.value_at_quantile(0.99), attacked.value_at_quantile(0.99));
    let stretch = p99_attacked as f64 / p99_quiet.max(1) as f64;
    println!(
        "honest p99: {p99_quiet} us quiet, {p99_attacked} us attacked, {stretch:.2} times; {} and {} texts",
        quiet.len(),
        attacked.len()
    );
    report(&seen);
    require(books.refused().is_empty() && books.unknown().is_empty(), || {
        format!("honest texts were refused {:?} or not answered {:?}", books.refused(), books.unknown())
    })?;
    check_alive(&mut gateway, options)?;
    require(simulator.process.runs()?, || "the simulator died".to_owned())?;
    require(seen.hung.load(Ordering::Relaxed) == 0, || "attackers were not cut off".to_owned())?;
    require(stretch <= options.stretch_max, || {
        format!("honest traffic was slowed {stretch:.2} times, {} are allowed", options.stretch_max)
    })
}

fn nonsensical_carrier(binary: &Path, folder: &Path, options: &Options, seed: u64) -> Outcome<()> {
    let centre = EvilCentre::listen()?;
    let mode = Mode::Carrier { addr: centre.addr()?, window: 10, doubt_resends: 1 };
    let setup = Setup { binary: binary.to_owned(), folder: folder.to_owned(), mode, environment: Vec::new() };
    let books = Books::default();
    let (stop, seen) = (AtomicBool::new(false), Seen::default());
    let stage = Stage { stop: &stop, seen: &seen };
    std::thread::scope(|scope| {
        scope.spawn(|| centre.serve(&stage, seed));
        let served = (|| {
            let mut gateway = setup.start()?;
            let account = gateway.open_account()?;
            let latency = honest(gateway.http, &account, &books, options, Duration::from_secs(options.seconds));
            println!(
                "with a carrier that talks nonsense: {} texts accepted, p99 {} us",
                books.accepted_count(),
                latency.value_at_quantile(0.99)
            );
            report(&seen);
            require(books.accepted_count() > 0, || {
                "nothing was accepted: a bad carrier must not close the door".to_owned()
            })?;
            require(seen.attempts.load(Ordering::Relaxed) > 1, || {
                "the gateway did not come back to its carrier".to_owned()
            })?;
            check_alive(&mut gateway, options)
        })();
        stop.store(true, Ordering::Relaxed);
        served
    })
}

/// Honest callers for a while; how long their answers took.
fn honest(host: SocketAddr, account: &Account, books: &Books, options: &Options, span: Duration) -> Histogram<u64> {
    let callers = Callers {
        host: RwLock::new(host),
        stop: AtomicBool::new(false),
        books,
        account,
        pause: Duration::from_millis(20),
    };
    let mut total = histogram();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.callers).map(|_| scope.spawn(|| callers.call())).collect();
        let started = Started::now();
        while started.elapsed() < span {
            sleep(Duration::from_millis(50));
        }
        callers.stop();
        for thread in threads {
            if let Ok(latency) = thread.join() {
                total += latency;
            }
        }
    });
    total
}

fn check_alive(gateway: &mut Gateway, options: &Options) -> Outcome<()> {
    require(gateway.process.runs()?, || "the gateway died".to_owned())?;
    require(gateway.get("/livez")?.status == 200, || "/livez is not 200".to_owned())?;
    let (now, most) = memory_kib(gateway.process.pid())?;
    println!("gateway memory: {} MiB now, {} MiB at most", now / 1024, most / 1024);
    require(most / 1024 <= options.memory_mib_max, || {
        format!("the gateway took {} MiB, {} are allowed", most / 1024, options.memory_mib_max)
    })
}

fn report(seen: &Seen) {
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    println!(
        "attacks: {} begun, {} ended by the other side, {} hung",
        count(&seen.attempts),
        count(&seen.ended),
        count(&seen.hung)
    );
}
