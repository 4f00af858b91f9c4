//! `cargo xtask overload`: ten times as many callers as saturate the gateway, and a quiet account beside them.
//!
//! Gateway, SMSC, the crowd's loader and the quiet account's are processes of their own. With two cores or more the gateway has one to
//! itself and the others share another: a crowd must not take from the gateway the time it measures. Six phases: a quiet account alone;
//! beside another account that has a rate and keeps it; beside the same when it asks for ten times its rate; then without a rate, beside so
//! many callers that the gateway is busy (the peak); beside ten times as many; beside the peak's again. Printed:
//! what was accepted per second, how long refusals took, what the quiet account noticed (a busy gateway is slower for everybody, an
//! overloaded one must not be slower still for those who do not overload it), and the most memory.
//! The run fails if anything but "accepted" or "throttled" was answered, if the store does not hold exactly what was accepted, or if
//! `whimbrel check` finds a promise broken; with `--release` also if a limit of [`Limits`] is passed. Callers are closed loops: each sends
//! its next text when the last one was answered, so refusals that come at once are asked for again at once.

use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use crate::bench::loader::{Order, Pace, Proof, Tally};
use crate::bench::peer::{Loader, Sink};
use crate::clock::Started;
use crate::command::{self, program};
use crate::commands::backlog::ends;
use crate::commands::crashloop::build;
use crate::evidence::{self, Run};
use crate::failure::{Failure, Outcome, require};
use crate::harness::account::Account;
use crate::harness::check::check_store;
use crate::harness::gateway::{Gateway, Mode, Setup};
use crate::harness::proc_stat::{cpu, memory_kib};
use crate::workspace::Workspace;

/// How much, how long.
#[derive(Args)]
pub struct Options {
    /// Callers that keep the gateway busy; ten times as many are too many.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=256))]
    callers: u32,
    /// How long each of the six phases takes.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(2..=120))]
    seconds: u64,
    /// Uses the release build, and judges it.
    #[arg(long)]
    release: bool,
}

/// What the quiet account sends in a second, whether answers come or not, and the callers for it.
const QUIET_PER_SECOND: u32 = 250;
const QUIET_CALLERS: u32 = 16;
const WINDOW: u32 = 100;
/// The rate of the crowd's account in the last two phases; of what it asks for in the first of them it is all served.
const RATED_PER_SECOND: u32 = 1_000;
const KEPT_PER_SECOND: u32 = 900;
const RATED_CALLERS: u32 = 64;

/// What an overloaded gateway must keep, of what it does at its peak.
struct Limits {
    /// Of what is accepted per second; after the overload too.
    goodput: f64,
    refusal_p99_ms: f64,
    memory_mib: u64,
    /// How much longer a quiet account's texts take if an account with a rate asks for ten times that. The goal is 1.1, which is not reached
    /// on one core: the first tenth of each second is as busy as the account wants.
    hot_stretch: f64,
}

const LIMITS: Limits = Limits { goodput: 0.9, refusal_p99_ms: 50.0, memory_mib: 256, hot_stretch: 3.0 };

/// What the other account does beside the quiet one.
#[derive(Debug, Clone, Copy)]
enum Crowd {
    Away,
    /// So many send as fast as they are answered.
    Callers(u32),
    /// So many texts a second, whether answers come or not.
    PerSecond(u32),
}

/// The processes of a run.
struct Bench<'a> {
    gateway: Gateway,
    crowd: Loader,
    quiet: Loader,
    options: &'a Options,
}

/// A phase: what both accounts saw, and how much of a core the gateway used.
struct Phase {
    crowd: Tally,
    quiet: Tally,
    cores: f64,
    /// Operations of the store that one flush made durable.
    batch: f64,
}

impl Phase {
    fn per_second(&self) -> f64 {
        let rate = |tally: &Tally| if tally.seconds > 0.0 { tally.accepted as f64 / tally.seconds } else { 0.0 };
        rate(&self.crowd) + rate(&self.quiet)
    }

    fn print(&self, name: &str) {
        let Self { crowd, quiet, cores, batch } = self;
        println!(
            "{name}: {:.0}/s accepted, p50 {:.1} p99 {:.1} ms; {} refused, p99 {:.1} ms; the quiet account p50 {:.1} p99 {:.1} ms, {} \
             refused; the gateway used {cores:.2} cores, {batch:.0} operations a flush",
            self.per_second(),
            ms(crowd.p50_us),
            ms(crowd.p99_us),
            crowd.refused,
            ms(crowd.refused_p99_us),
            ms(quiet.p50_us),
            ms(quiet.p99_us),
            quiet.refused,
        );
    }
}

fn ms(micros: u64) -> f64 {
    micros as f64 / 1_000.0
}

/// Measures once.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let profile = build(workspace, options.release)?;
    let run = Run::begin(workspace, "overload", profile, None);
    evidence::record(workspace, &run, overload(workspace, profile, options))
}

fn overload(workspace: &Workspace, profile: &str, options: &Options) -> Outcome<Value> {
    let (binary, folder, ends) =
        (workspace.product(profile), workspace.scratch("overload")?, ends(workspace, profile)?);
    let alone = std::thread::available_parallelism()?.get() >= 2;
    if alone {
        // What this process starts from now on is where it is.
        pin(workspace, std::process::id(), 1)?;
    }
    let sink = Sink::start(&ends, &folder, false)?;
    let mode = Mode::Carrier { addr: sink.addr, window: WINDOW, doubt_resends: 1 };
    let environment = vec![("WHIMBREL_LOG".to_owned(), "warn".to_owned())];
    let setup = Setup { binary, folder: folder.clone(), mode, environment };
    let gateway = setup.start()?;
    if alone {
        pin(workspace, gateway.process.pid(), 0)?;
    }
    let loader = |name: &str, account: &Account| {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)?;
        Loader::start(&ends, &folder, gateway.http, account)
    };
    let crowds = gateway.open_account()?;
    let (crowd, quiet) = (loader("crowd", &crowds)?, loader("quiet", &gateway.open_account()?)?);
    // The crowd's loader keeps its core busy: the quiet one must not wait for it, or it measures that.
    let first = ["--rr", "--all-tasks", "--pid", "1", &quiet.pid().to_string()];
    if command::read(&mut program(workspace, "chrt", &first)).is_err() {
        println!("not allowed to let the quiet account go first (chrt): its times hold those of the crowd's loader");
    }
    let mut bench = Bench { gateway, crowd, quiet, options };

    let alone = bench.phase("alone", Crowd::Away)?;
    bench.rate(&crowds, RATED_PER_SECOND)?;
    let kept = bench.phase("within its rate", Crowd::PerSecond(KEPT_PER_SECOND))?;
    let hot = bench.phase("ten times its rate", Crowd::PerSecond(RATED_PER_SECOND * 10))?;
    bench.rate(&crowds, 0)?;
    let peak = bench.phase("the peak", Crowd::Callers(options.callers))?;
    let many = bench.phase("ten times as many", Crowd::Callers(options.callers * 10))?;
    let after = bench.phase("afterwards", Crowd::Callers(options.callers))?;
    let phases = [&alone, &kept, &hot, &peak, &many, &after];
    let (_, most_kib) = memory_kib(bench.gateway.process.pid())?;
    let (share, recovered) = (many.per_second() / peak.per_second(), after.per_second() / peak.per_second());
    println!(
        "goodput {:.1} % of the peak, afterwards {:.1} %; acceptances of the crowd took {:.2} times as long, those of the quiet account \
         {:.2} times; at most {} MiB",
        share * 100.0,
        recovered * 100.0,
        many.crowd.p99_us as f64 / peak.crowd.p99_us as f64,
        many.quiet.p99_us as f64 / peak.quiet.p99_us as f64,
        most_kib / 1024
    );
    let stretch = hot.quiet.p99_us as f64 / kept.quiet.p99_us.max(1) as f64;
    println!("an account that asks for ten times its rate makes a quiet one's p99 {stretch:.2} times as long");
    let accepted = bench.check(&phases, &setup)?;
    if options.release {
        LIMITS.judge(&peak, &many, &after, most_kib / 1024)?;
        require(stretch <= LIMITS.hot_stretch, || {
            format!("one hot account cost a quiet one {stretch:.2} times its p99")
        })?;
    }
    let seconds = |micros: u64| micros as f64 / 1e6;
    Ok(json!({
        "accepted": accepted,
        "refused": phases.iter().map(|phase| phase.crowd.refused).sum::<u64>(),
        "refused_of_the_quiet": phases.iter().map(|phase| phase.quiet.refused).sum::<u64>(),
        "peak_per_s": peak.per_second(),
        "overloaded_per_s": many.per_second(),
        "afterwards_per_s": after.per_second(),
        "peak_p99_s": seconds(peak.crowd.p99_us),
        "overloaded_p99_s": seconds(many.crowd.p99_us),
        "refusal_p99_s": seconds(many.crowd.refused_p99_us),
        "quiet_p99_alone_s": seconds(alone.quiet.p99_us),
        "quiet_p99_beside_peak_s": seconds(peak.quiet.p99_us),
        "quiet_p99_beside_s": seconds(many.quiet.p99_us),
        "quiet_p99_beside_kept_rate_s": seconds(kept.quiet.p99_us),
        "quiet_p99_beside_ten_times_the_rate_s": seconds(hot.quiet.p99_us),
        "memory_mib": most_kib / 1024,
    }))
}

/// Lets a process, with all its threads and what it starts from now on, run on this core only.
fn pin(workspace: &Workspace, pid: u32, core: usize) -> Outcome<()> {
    let (core, pid) = (core.to_string(), pid.to_string());
    let arguments = ["--all-tasks", "--pid", "--cpu-list", &core, &pid];
    command::read(&mut program(workspace, "taskset", &arguments)).map(drop)
}

impl Bench<'_> {
    /// Lets the quiet account send for the time of a phase, and so many callers of the other beside it.
    fn phase(&mut self, name: &str, crowd: Crowd) -> Outcome<Phase> {
        let millis = self.options.seconds * 1_000;
        let (callers, pace) = match crowd {
            Crowd::Away => (0, Pace::Answers),
            Crowd::Callers(callers) => (callers, Pace::Answers),
            Crowd::PerSecond(rate) => (RATED_CALLERS, Pace::PerSecond(rate)),
        };
        let order = Order { callers, millis, receipts: false, proof: Proof::Secret, pace };
        let quiet_order = Order { callers: QUIET_CALLERS, pace: Pace::PerSecond(QUIET_PER_SECOND), ..order };
        let (ops, commits) = self.commits()?;
        let (before, started) = (cpu(self.gateway.process.pid())?, Started::now());
        let (crowd, quiet) = std::thread::scope(|scope| {
            let crowd = scope.spawn(|| if callers == 0 { Ok(Tally::default()) } else { self.crowd.run(order) });
            let quiet = self.quiet.run(quiet_order);
            (crowd.join().unwrap_or_else(|_| Err(Failure::new("a caller panicked"))), quiet)
        });
        let used = cpu(self.gateway.process.pid())?.saturating_sub(before);
        let cores = used.as_secs_f64() / started.elapsed().as_secs_f64();
        let (ops_after, commits_after) = self.commits()?;
        let batch = (ops_after - ops) / (commits_after - commits).max(1.0);
        let phase = Phase { crowd: crowd?, quiet: quiet?, cores, batch };
        phase.print(name);
        Ok(phase)
    }

    /// Lets an account ask for so much in a second; 0 for as much as it wants.
    fn rate(&self, account: &Account, per_second_max: u32) -> Outcome<()> {
        let rule = json!({ "requests_per_second_max": per_second_max }).to_string();
        self.gateway.native("PATCH", &format!("accounts/{}", account.key), rule.as_bytes()).map(drop)
    }

    fn commits(&self) -> Outcome<(f64, f64)> {
        let metric = |name| self.gateway.metric(name);
        Ok((metric("whimbrel_commit_batch_ops_sum")?, metric("whimbrel_commit_batch_ops_count")?))
    }

    /// What was answered is what is stored. Ends the gateway; gives how many were accepted.
    fn check(&mut self, phases: &[&Phase], setup: &Setup) -> Outcome<u64> {
        let tallies = || phases.iter().flat_map(|phase| [&phase.crowd, &phase.quiet]);
        for tally in tallies() {
            tally.accepted_or_throttled()?;
        }
        let accepted = tallies().map(|tally| tally.accepted).sum::<u64>();
        let stored = self.gateway.count("messages")?;
        require(stored == accepted, || format!("{accepted} were accepted and {stored} are stored"))?;
        let status = self.gateway.process.terminate()?;
        require(status.success(), || format!("the gateway ended with {status}"))?;
        check_store(&setup.binary, Path::new(&setup.data_folder()))?;
        Ok(accepted)
    }
}

impl Limits {
    fn judge(&self, peak: &Phase, many: &Phase, after: &Phase, memory_mib: u64) -> Outcome<()> {
        for (name, phase) in [("at ten times the load", many), ("afterwards", after)] {
            let share = phase.per_second() / peak.per_second();
            require(share >= self.goodput, || format!("{name} only {:.1} % of the peak were accepted", share * 100.0))?;
        }
        let refusal = ms(many.crowd.refused_p99_us);
        require(refusal <= self.refusal_p99_ms, || format!("refusals took {refusal:.1} ms"))?;
        require(memory_mib <= self.memory_mib, || format!("the gateway took {memory_mib} MiB"))
    }
}
