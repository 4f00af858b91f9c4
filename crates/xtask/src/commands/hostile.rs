//! `cargo xtask hostile`: peers that lie, stall and flood, while honest callers are served and measured.
//!
//! Three places. The gateway itself, with a good carrier: honest traffic quiet, then attacked, then beside HTTP/2 floods over TLS. The same
//! gateway behind nginx, as examples/nginx.conf has it. Then a gateway whose carrier is a centre that talks nonsense. Honest texts must all
//! be accepted, each caller told of its own; their p99 may at most double or stay below 10 ms (a generous limit, of this command only),
//! where attackers leave the processors to everybody else, as they would from another machine: where it is 2 ms, a single process that
//! starts beside it doubles it. No request that was hidden in another, over HTTP/1.1 or HTTP/2, may be executed; memory stays bounded; what
//! the server can cut off it must.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use crate::clock::{Started, seed, sleep};
use crate::commands::crashloop::build;
use crate::commands::install;
use crate::evidence::{self, Run};
use crate::failure::{Outcome, require};
use crate::harness::account::Account;
use crate::harness::attack::{EvilCentre, Seen, Stage, step_back};
use crate::harness::books::Books;
use crate::harness::callers::{Callers, histogram};
use crate::harness::floods::FLOODS;
use crate::harness::gateway::{Gateway, Mode, Setup};
use crate::harness::nginx::Nginx;
use crate::harness::proc_stat::{cpu, memory_kib};
use crate::harness::siege::{Doors, Siege, Walls};
use crate::harness::simulator::Simulator;
use crate::workspace::Workspace;

/// How long, and what is still good.
#[derive(Args)]
pub struct Options {
    /// Seconds of quiet, of attack, and of the nonsensical carrier; each flood has a quarter of it.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Honest callers; each pauses 20 ms between two texts.
    #[arg(long, default_value_t = 8)]
    callers: usize,
    /// Connections that send their headers slowly, and as many that send their bodies slowly.
    #[arg(long, default_value_t = 200)]
    slow: usize,
    /// How much an attack may stretch the p99 of honest traffic.
    #[arg(long, default_value_t = 2.0)]
    stretch_max: f64,
    /// A p99 in milliseconds that is short, however much shorter it was before: less than four time slices of a Linux core.
    #[arg(long, default_value_t = 10.0)]
    short_ms: f64,
    /// The most memory the gateway may ever have had, MiB.
    #[arg(long, default_value_t = 256)]
    memory_mib_max: u64,
    /// Repeats a run's octets.
    #[arg(long)]
    seed: Option<u64>,
    /// Uses the debug build.
    #[arg(long)]
    debug: bool,
    /// Attacks the build that is there already (it must be there).
    #[arg(long)]
    no_build: bool,
    /// Leaves nginx out, where it cannot be installed.
    #[arg(long)]
    without_nginx: bool,
}

/// A body may take 10 s here instead of 30, so that slow ones are seen to be cut off.
const BODY_TIME: (&str, &str) = ("WHIMBREL_LIMITS__BODY_TIME", "10s");

/// Builds, attacks, compares.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    if !options.without_nginx {
        install::debian_for(workspace, "hostile")?;
    }
    let profile = if options.debug { "debug" } else { "release" };
    if !options.no_build {
        build(workspace, !options.debug)?;
    }
    let seed = options.seed.unwrap_or_else(seed);
    println!("seed {seed}");
    let run = Run::begin(workspace, "hostile", profile, Some((seed, seed)));
    evidence::record(workspace, &run, attack(workspace, &workspace.product(profile), options, seed))
}

fn attack(workspace: &Workspace, binary: &Path, options: &Options, seed: u64) -> Outcome<Value> {
    let mut figures = Map::new();
    attacked_callers(workspace, binary, options, seed, &mut figures)?;
    nonsensical_carrier(binary, &workspace.scratch("hostile-carrier")?, options, seed)?;
    Ok(Value::Object(figures))
}

fn attacked_callers(
    workspace: &Workspace,
    binary: &Path,
    options: &Options,
    seed: u64,
    figures: &mut Map<String, Value>,
) -> Outcome<()> {
    let folder = workspace.scratch("hostile-callers")?;
    let mut simulator = Simulator::start(binary, &folder)?;
    let mode = Mode::Carrier { addr: simulator.addr, window: 100, doubt_resends: 1 };
    let environment = vec![(BODY_TIME.0.to_owned(), BODY_TIME.1.to_owned())];
    let setup = Setup { binary: binary.to_owned(), folder: folder.clone(), mode, environment };
    let mut gateway = setup.start()?;
    let nginx = match options.without_nginx {
        true => None,
        false => Some(Nginx::start(workspace, &folder, gateway.http)?),
    };
    let (account, books) = (gateway.open_account()?, Books::default());
    let calm = Calm { account: &account, books: &books, options, slowed: RefCell::default() };

    let siege = Siege::new(simulator.addr, &account, options.slow, seed);
    let doors = Doors { http: gateway.http, https: gateway.https };
    calm.compare("attacked", doors.http, figures, || siege.attack(doors, &Walls::Gateway), &siege.stop);
    calm.floods(&gateway, figures);
    if let Some(nginx) = &nginx {
        let doors = nginx.doors;
        calm.compare("behind_nginx", doors.http, figures, || siege.attack(doors, &Walls::Nginx), &siege.stop);
        println!("nginx memory: {} MiB at most", nginx.memory_kib()? / 1024);
    }
    siege.report();
    require(books.refused().is_empty() && books.unknown().is_empty(), || {
        format!("honest texts were refused {:?} or not answered {:?}", books.refused(), books.unknown())
    })?;
    let memory_kib = check_alive(&mut gateway, options)?;
    require(simulator.process.runs()?, || "the simulator died".to_owned())?;
    siege.judge(&gateway, &simulator.journal, nginx.as_ref(), books.accepted_count(), figures)?;
    figures.insert("memory_mb".to_owned(), json!(memory_kib as f64 / 1024.0));
    figures.insert("honest_accepted".to_owned(), json!(books.accepted_count()));
    let slowed = calm.slowed.into_inner();
    require(slowed.is_empty(), || {
        let Options { stretch_max, short_ms, .. } = options;
        format!(
            "honest traffic was slowed more than {stretch_max} times, to more than {short_ms} ms: {}",
            slowed.join(", ")
        )
    })
}

/// Honest traffic, and what is done to it.
struct Calm<'a> {
    account: &'a Account,
    books: &'a Books,
    options: &'a Options,
    /// What slowed it too much: told at the end, when all else was seen.
    slowed: RefCell<Vec<String>>,
}

impl Calm<'_> {
    /// Honest traffic to a host quiet, then attacked; its p99 in both.
    fn compare(
        &self,
        name: &str,
        host: SocketAddr,
        figures: &mut Map<String, Value>,
        attack: impl FnOnce() + Send,
        stop: &AtomicBool,
    ) {
        let span = Duration::from_secs(self.options.seconds);
        // A first pass that is not counted, so that both measured passes find the same caches warm.
        self.honest(host, Duration::from_secs(2));
        let quiet = self.honest(host, span);
        let attacked = self.beside(host, span, attack, stop);
        figures.insert(format!("honest_{name}_quiet_p99_us"), json!(p99(&quiet)));
        figures.insert(format!("honest_{name}_p99_us"), json!(p99(&attacked)));
        self.judge(name, &quiet, &attacked);
    }

    /// Each HTTP/2 flood in its turn, compared with quiet spans before each: what the machine does meanwhile is in both.
    fn floods(&self, gateway: &Gateway, figures: &mut Map<String, Value>) {
        let (http, https) = (gateway.http, gateway.https);
        let span = Duration::from_secs((self.options.seconds / 4).max(2));
        let (mut quiet, mut idle_cpu) = (histogram(), Duration::ZERO);
        let mut floods = Vec::new();
        let used = || cpu(gateway.process.pid()).unwrap_or_default();
        for (flood, name) in FLOODS {
            let before = used();
            quiet += self.honest(http, span / 2);
            let between = used();
            idle_cpu += between.saturating_sub(before);
            let (stop, seen) = (AtomicBool::new(false), Seen::default());
            let stage = Stage { stop: &stop, seen: &seen };
            let flooded = self.beside(http, span, || stage.flood(https, flood), &stop);
            floods.push((name, seen.told(), flooded, used().saturating_sub(between)));
        }
        let share = |used: Duration, of: Duration| 100.0 * used.as_secs_f64() / of.as_secs_f64();
        let idle_share = share(idle_cpu, span / 2 * u32::try_from(FLOODS.len()).unwrap_or(1));
        println!("between floods the gateway used {idle_share:.1} % of a core");
        for (name, told, flooded, used) in &floods {
            print!("{told}; {:.1} % of a core; ", share(*used, span));
            self.judge(&format!("flooded by {name}"), &quiet, flooded);
        }
        let most = floods.iter().map(|(_, _, flooded, _)| p99(flooded)).max();
        figures.insert("honest_floods_quiet_p99_us".to_owned(), json!(p99(&quiet)));
        figures.insert("honest_flooded_p99_us".to_owned(), json!(most));
    }

    fn beside(
        &self,
        host: SocketAddr,
        span: Duration,
        attack: impl FnOnce() + Send,
        stop: &AtomicBool,
    ) -> Histogram<u64> {
        stop.store(false, Ordering::Relaxed);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                step_back();
                attack();
            });
            let latency = self.honest(host, span);
            stop.store(true, Ordering::Relaxed);
            latency
        })
    }

    fn judge(&self, name: &str, quiet: &Histogram<u64>, attacked: &Histogram<u64>) {
        let stretch = p99(attacked) as f64 / p99(quiet).max(1) as f64;
        println!(
            "honest p99 {name}: {} us quiet, {} us then, {stretch:.2} times; {} and {} texts",
            p99(quiet),
            p99(attacked),
            quiet.len(),
            attacked.len()
        );
        let is_short = p99(attacked) as f64 / 1_000.0 <= self.options.short_ms;
        if stretch > self.options.stretch_max && !is_short {
            self.slowed.borrow_mut().push(format!("{stretch:.2} times ({name})"));
        }
    }

    fn honest(&self, host: SocketAddr, span: Duration) -> Histogram<u64> {
        honest(host, self.account, self.books, self.options, span)
    }
}

fn p99(latency: &Histogram<u64>) -> u64 {
    latency.value_at_quantile(0.99)
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
            println!("attacks: {}", seen.told());
            require(books.accepted_count() > 0, || {
                "nothing was accepted: a bad carrier must not close the door".to_owned()
            })?;
            require(seen.attempts.load(Ordering::Relaxed) > 1, || {
                "the gateway did not come back to its carrier".to_owned()
            })?;
            check_alive(&mut gateway, options).map(drop)
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

/// Whether it lives; the most memory it had, in KiB.
fn check_alive(gateway: &mut Gateway, options: &Options) -> Outcome<u64> {
    require(gateway.process.runs()?, || "the gateway died".to_owned())?;
    require(gateway.get("/livez")?.status == 200, || "/livez is not 200".to_owned())?;
    let (now, most) = memory_kib(gateway.process.pid())?;
    println!("gateway memory: {} MiB now, {} MiB at most", now / 1024, most / 1024);
    require(most / 1024 <= options.memory_mib_max, || {
        format!("the gateway took {} MiB, {} are allowed", most / 1024, options.memory_mib_max)
    })?;
    Ok(most)
}
