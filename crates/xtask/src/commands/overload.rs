//! `cargo xtask overload`: ten times as many callers as saturate the gateway, and a quiet account beside them.
//!
//! Gateway, SMSC, the crowd's loader and the quiet account's are processes of their own. With two cores or more the gateway has one to
//! itself and the others share another: a crowd must not take from the gateway the time it measures. Nor does the crowd's loader sleep
//! while it loads, for it would be the gateway's core that wakes it, as no client elsewhere is woken.
//!
//! A quiet account is alone first, and is there in each phase before the crowd comes. Then come rounds of five phases: beside another
//! account that has a rate and keeps it; beside the same when its callers ask again as soon as they are answered, whatever the answer (in
//! every second round these two change places); then without a rate, beside so many callers that the gateway is busy (the peak); beside
//! ten times as many; beside the peak's again. A machine is not equally fast for a minute: so each phase is compared with its neighbours,
//! the overload with the peaks before and after it, and of ratios the middle one of all rounds counts, of refusals the slowest round.
//!
//! Printed: what was accepted per second, and what had reached the SMSC per second when all had, how long refusals took, what the quiet
//! account noticed (a busy gateway is slower for everybody, an overloaded one must not be slower still for those who do not overload it),
//! the processor's time, and the most memory.
//! The run fails if anything but "accepted" or "throttled" was answered, if the store does not hold exactly what was accepted, or if
//! `whimbrel check` finds a promise broken; with `--release` also if a limit of [`Limits`] is passed. Callers are closed loops: each sends
//! its next text when the last one was answered, so refusals that come at once are asked for again at once.

use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::bench::loader::{Order, Pace, Proof, Tally};
use crate::bench::peer::{Loader, Sink};
use crate::clock::{Started, sleep};
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
    /// How long each phase takes.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(2..=120))]
    seconds: u64,
    /// How often the five phases are measured.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Uses the release build, and judges it.
    #[arg(long)]
    release: bool,
}

/// What the quiet account sends in a second, whether answers come or not, and the callers for it.
const QUIET_PER_SECOND: u32 = 250;
const QUIET_CALLERS: u32 = 16;
const WINDOW: u32 = 100;
/// So much earlier than the crowd the quiet account is there, with its connections, which would else wait behind the crowd's. How long its
/// texts take then is not measured.
const QUIET_LEAD_MS: u64 = 200;
/// The rate of the crowd's account in two phases, and how much of it may come at once; of what it asks for in the first of them it is all
/// served, or nearly: where the machine stands still for a moment, more is due at once than may come at once.
const RATED_PER_SECOND: u32 = 1_000;
const RATED_BURST: u32 = 20;
const KEPT_PER_SECOND: u32 = 980;
/// So much of those may be refused, in the middle one of all rounds.
const KEPT_REFUSED_MAX: f64 = 0.02;
const RATED_CALLERS: u32 = 64;

/// What an overloaded gateway must keep, of what it does at its peak.
struct Limits {
    /// Of what is accepted per second, and of what reaches the SMSC; after the overload too.
    goodput: f64,
    refusal_p99_ms: f64,
    memory_mib: u64,
    /// How much longer a quiet account's slowest hundredth takes beside an account that asks beyond its rate. The goal is 1.1; a machine
    /// that does other things as well moves such a figure by half, in either direction.
    hot_stretch: f64,
}

const LIMITS: Limits = Limits { goodput: 0.9, refusal_p99_ms: 50.0, memory_mib: 256, hot_stretch: 2.0 };

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
    sink: Sink,
    gateway: Gateway,
    crowd: Loader,
    quiet: Loader,
    accepted: u64,
    options: &'a Options,
}

/// The phases of a round.
struct Round {
    kept: Phase,
    hot: Phase,
    peak: Phase,
    many: Phase,
    after: Phase,
}

impl Round {
    const fn phases(&self) -> [&Phase; 5] {
        [&self.kept, &self.hot, &self.peak, &self.many, &self.after]
    }
}

/// A phase: what both accounts saw, and how much of a core the gateway used.
struct Phase {
    crowd: Tally,
    quiet: Tally,
    cores: f64,
    /// Operations of the store that one flush made durable.
    batch: f64,
    /// What had reached the SMSC per second when all had.
    reached_per_second: f64,
    /// Of the gateway's processor time, until then, for each that was accepted.
    cpu_us: f64,
}

impl Phase {
    fn per_second(&self) -> f64 {
        let rate = |tally: &Tally| if tally.seconds > 0.0 { tally.accepted as f64 / tally.seconds } else { 0.0 };
        rate(&self.crowd) + rate(&self.quiet)
    }

    fn print(&self, name: &str) {
        let Self { crowd, quiet, cores, batch, reached_per_second, cpu_us } = self;
        println!(
            "{name}: {:.0}/s accepted, p50 {:.1} p99 {:.1} ms; {} refused, p99 {:.1} ms; the quiet account p50 {:.1} p99 {:.1} ms, {} \
             refused; the gateway used {cores:.2} cores, {batch:.0} operations a flush; all had reached the SMSC at \
             {reached_per_second:.0}/s, {cpu_us:.1} us of a processor each",
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
    let scratch = |name: &str| {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).map(|()| folder)
    };
    let crowds = gateway.open_account()?;
    // On one core, whoever does not sleep would take it from the gateway.
    let start = if alone { Loader::start_awake } else { Loader::start };
    let crowd = start(&ends, &scratch("crowd")?, gateway.http, &crowds)?;
    let quiet = Loader::start(&ends, &scratch("quiet")?, gateway.http, &gateway.open_account()?)?;
    // The crowd's loader keeps its core busy: the quiet one must not wait for it, or it measures that.
    let first = ["--rr", "--all-tasks", "--pid", "1", &quiet.pid().to_string()];
    if command::read(&mut program(workspace, "chrt", &first)).is_err() {
        println!(
            "not allowed to let the quiet account go first (chrt): its times hold those of the crowd's loader, which does not sleep"
        );
    }
    let mut bench = Bench { sink, gateway, crowd, quiet, accepted: 0, options };

    let alone = bench.phase("alone", Crowd::Away)?;
    let mut rounds = Vec::new();
    for number in 0..options.rounds {
        rounds.push(bench.round(&crowds, number % 2 == 1)?);
    }
    let (_, most_kib) = memory_kib(bench.gateway.process.pid())?;
    let findings = Findings::of(&rounds, most_kib / 1024);
    findings.print();
    require(findings.kept_refused <= KEPT_REFUSED_MAX, || {
        let percent = findings.kept_refused * 100.0;
        format!("{percent:.1} % of what an account sent that keeps its rate were refused")
    })?;
    let phases: Vec<&Phase> = std::iter::once(&alone).chain(rounds.iter().flat_map(Round::phases)).collect();
    let accepted = bench.check(&phases, &setup)?;
    if options.release {
        LIMITS.judge(&findings)?;
    }
    let of_rounds = |of: &dyn Fn(&Round) -> f64| middle(rounds.iter().map(of).collect());
    let rate = |of: fn(&Round) -> &Phase| of_rounds(&|round| of(round).per_second());
    let p99_s = |of: fn(&Round) -> &Tally| of_rounds(&|round| of(round).p99_us as f64) / 1e6;
    Ok(json!({
        "accepted": accepted,
        "refused": phases.iter().map(|phase| phase.crowd.refused).sum::<u64>(),
        "refused_of_the_quiet": phases.iter().map(|phase| phase.quiet.refused).sum::<u64>(),
        "peak_per_s": rate(|round| &round.peak),
        "overloaded_per_s": rate(|round| &round.many),
        "afterwards_per_s": rate(|round| &round.after),
        "peak_reached_per_s": of_rounds(&|round| round.peak.reached_per_second),
        "overloaded_reached_per_s": of_rounds(&|round| round.many.reached_per_second),
        "peak_cpu_us": of_rounds(&|round| round.peak.cpu_us),
        "overloaded_cpu_us": of_rounds(&|round| round.many.cpu_us),
        "overloaded_of_the_peak_percent": findings.goodput * 100.0,
        "overloaded_reached_of_the_peak_percent": findings.reached * 100.0,
        "afterwards_of_the_peak_percent": findings.recovered * 100.0,
        "quiet_p99_of_that_beside_the_peak_percent": findings.crowd_stretch * 100.0,
        "quiet_p99_of_that_beside_a_kept_rate_percent": findings.hot_stretch * 100.0,
        "peak_p99_s": p99_s(|round| &round.peak.crowd),
        "overloaded_p99_s": p99_s(|round| &round.many.crowd),
        "refusal_p99_s": findings.refusal_p99_ms / 1e3,
        "quiet_p99_alone_s": alone.quiet.p99_us as f64 / 1e6,
        "quiet_p99_beside_peak_s": p99_s(|round| &round.peak.quiet),
        "quiet_p99_beside_s": p99_s(|round| &round.many.quiet),
        "quiet_p99_beside_kept_rate_s": p99_s(|round| &round.kept.quiet),
        "quiet_p99_beside_hot_s": p99_s(|round| &round.hot.quiet),
        "memory_mib": findings.memory_mib,
    }))
}

/// What the phases say, each beside its neighbours.
#[derive(Clone, Copy)]
struct Findings {
    /// Of the peak's acceptances per second, those beside ten times as many callers.
    goodput: f64,
    /// The same of what had reached the SMSC per second when all had: what is accepted faster than it is sent is not yet done.
    reached: f64,
    /// Of the peak's, those of the same callers right after an overload.
    recovered: f64,
    /// The longest of all rounds.
    refusal_p99_ms: f64,
    /// How much longer the p99 of the quiet account is beside ten times as many callers, compared with the peak's.
    crowd_stretch: f64,
    /// The same beside an account that asks for as much as it can, compared with one that keeps it.
    hot_stretch: f64,
    /// Of what an account sent that keeps its rate.
    kept_refused: f64,
    memory_mib: u64,
}

impl Findings {
    fn of(rounds: &[Round], memory_mib: u64) -> Self {
        let share = |of: fn(&Round) -> f64| middle(rounds.iter().map(of).collect());
        let stretch = |busy: fn(&Round) -> &Phase, calm: fn(&Round) -> &Phase| {
            let of_round = |round| busy(round).quiet.p99_us as f64 / calm(round).quiet.p99_us.max(1) as f64;
            middle(rounds.iter().map(of_round).collect())
        };
        let of_the_peaks = |rate: fn(&Phase) -> f64| {
            let of_round = |round: &Round| rate(&round.many) / f64::midpoint(rate(&round.peak), rate(&round.after));
            middle(rounds.iter().map(of_round).collect())
        };
        Self {
            goodput: of_the_peaks(Phase::per_second),
            reached: of_the_peaks(|phase| phase.reached_per_second),
            recovered: share(|round| round.after.per_second() / round.peak.per_second()),
            refusal_p99_ms: rounds.iter().map(|round| ms(round.many.crowd.refused_p99_us)).fold(0.0, f64::max),
            crowd_stretch: stretch(|round| &round.many, |round| &round.peak),
            hot_stretch: stretch(|round| &round.hot, |round| &round.kept),
            kept_refused: share(|Round { kept: Phase { crowd, .. }, .. }| {
                crowd.refused as f64 / (crowd.refused + crowd.accepted).max(1) as f64
            }),
            memory_mib,
        }
    }

    fn print(&self) {
        let Self { goodput, reached, recovered, refusal_p99_ms, crowd_stretch, hot_stretch, memory_mib, .. } = self;
        println!(
            "goodput {:.1} % of the peak, {:.1} % until all had reached the SMSC, afterwards {:.1} %; refusals took {refusal_p99_ms:.1} ms (p99 of the \
             slowest round); at most {memory_mib} MiB",
            goodput * 100.0,
            reached * 100.0,
            recovered * 100.0,
        );
        println!(
            "ten times as many callers of another account make a quiet one's p99 {crowd_stretch:.2} times as long"
        );
        println!("an account that asks beyond its rate makes a quiet one's p99 {hot_stretch:.2} times as long");
    }
}

/// The middle one; of an even number what lies between both.
fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let at = |place: usize| figures.get(place).copied().unwrap_or_default();
    f64::midpoint(at(figures.len().saturating_sub(1) / 2), at(figures.len() / 2))
}

/// Lets a process, with all its threads and what it starts from now on, run on this core only.
fn pin(workspace: &Workspace, pid: u32, core: usize) -> Outcome<()> {
    let (core, pid) = (core.to_string(), pid.to_string());
    let arguments = ["--all-tasks", "--pid", "--cpu-list", &core, &pid];
    command::read(&mut program(workspace, "taskset", &arguments)).map(drop)
}

impl Bench<'_> {
    fn round(&mut self, crowds: &Account, hot_first: bool) -> Outcome<Round> {
        self.rate(crowds, RATED_PER_SECOND, RATED_BURST)?;
        let keep = |bench: &mut Self| bench.phase("within its rate", Crowd::PerSecond(KEPT_PER_SECOND));
        let exceed = |bench: &mut Self| bench.phase("beyond its rate", Crowd::Callers(RATED_CALLERS));
        let (kept, hot) = if hot_first {
            let hot = exceed(self)?;
            (keep(self)?, hot)
        } else {
            (keep(self)?, exceed(self)?)
        };
        self.rate(crowds, 0, 0)?;
        let peak = self.phase("the peak", Crowd::Callers(self.options.callers))?;
        let many = self.phase("ten times as many", Crowd::Callers(self.options.callers * 10))?;
        let after = self.phase("afterwards", Crowd::Callers(self.options.callers))?;
        Ok(Round { kept, hot, peak, many, after })
    }

    /// Lets the quiet account send for the time of a phase, and so many callers of the other beside it. Ends when all of it has reached the
    /// SMSC: what one phase leaves behind is no work of the next.
    fn phase(&mut self, name: &str, crowd: Crowd) -> Outcome<Phase> {
        let millis = self.options.seconds * 1_000;
        let (callers, pace) = match crowd {
            Crowd::Away => (0, Pace::Answers),
            Crowd::Callers(callers) => (callers, Pace::Answers),
            Crowd::PerSecond(rate) => (RATED_CALLERS, Pace::PerSecond(rate)),
        };
        let order = Order { callers, millis, receipts: false, proof: Proof::Secret, pace, lead_millis: 0 };
        let quiet_order = Order {
            callers: QUIET_CALLERS,
            pace: Pace::PerSecond(QUIET_PER_SECOND),
            millis: millis + QUIET_LEAD_MS,
            lead_millis: QUIET_LEAD_MS,
            ..order
        };
        let (ops, commits) = self.commits()?;
        let (crowd, quiet) = std::thread::scope(|scope| {
            let crowd = scope.spawn(|| {
                sleep(Duration::from_millis(QUIET_LEAD_MS));
                let (before, started) = (cpu(self.gateway.process.pid())?, Started::now());
                let tally = if callers == 0 { Tally::default() } else { self.crowd.run(order)? };
                Ok((before, started, tally))
            });
            let quiet = self.quiet.run(quiet_order);
            (crowd.join().unwrap_or_else(|_| Err(Failure::new("a caller panicked"))), quiet)
        });
        let (before, started, crowd) = crowd?;
        let used = cpu(self.gateway.process.pid())?.saturating_sub(before);
        let cores = used.as_secs_f64() / started.elapsed().as_secs_f64();
        let (ops_after, commits_after) = self.commits()?;
        let batch = (ops_after - ops) / (commits_after - commits).max(1.0);
        let quiet = quiet?;
        let accepted = crowd.accepted + quiet.accepted;
        self.accepted += accepted;
        self.sink.reach("submissions", self.accepted)?;
        let reached_per_second = accepted as f64 / started.elapsed().as_secs_f64();
        let used = cpu(self.gateway.process.pid())?.saturating_sub(before);
        let cpu_us = used.as_secs_f64() * 1e6 / accepted.max(1) as f64;
        let phase = Phase { crowd, quiet, cores, batch, reached_per_second, cpu_us };
        phase.print(name);
        Ok(phase)
    }

    /// Lets an account ask for so much in a second, and for so much of it at once; 0 for as much as it wants.
    fn rate(&self, account: &Account, per_second_max: u32, burst_max: u32) -> Outcome<()> {
        let rule = json!({ "requests_per_second_max": per_second_max, "requests_burst_max": burst_max }).to_string();
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
    fn judge(&self, found: &Findings) -> Outcome<()> {
        let shares = [
            ("at ten times the load", found.goodput, "were accepted"),
            ("at ten times the load", found.reached, "reached the SMSC"),
            ("afterwards", found.recovered, "were accepted"),
        ];
        for (when, share, what) in shares {
            require(share >= self.goodput, || format!("{when} only {:.1} % of the peak {what}", share * 100.0))?;
        }
        require(found.refusal_p99_ms <= self.refusal_p99_ms, || {
            format!("refusals took {:.1} ms", found.refusal_p99_ms)
        })?;
        let stretch = found.hot_stretch;
        require(stretch <= self.hot_stretch, || {
            format!("one hot account cost a quiet one {stretch:.2} times its p99")
        })?;
        require(found.memory_mib <= self.memory_mib, || format!("the gateway took {} MiB", found.memory_mib))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(per_second: u64, quiet_p99_us: u64, refused_p99_us: u64) -> Phase {
        let crowd = Tally { accepted: per_second, seconds: 1.0, refused_p99_us, ..Tally::default() };
        let quiet = Tally { p99_us: quiet_p99_us, ..Tally::default() };
        let reached_per_second = per_second as f64 / 2.0;
        Phase { crowd, quiet, cores: 1.0, batch: 1.0, reached_per_second, cpu_us: 1.0 }
    }

    #[test]
    fn an_overload_is_compared_with_the_peaks_around_it() {
        let round = |peak, many, after, hot_p99, refused| Round {
            kept: phase(900, 1_000, 0),
            hot: phase(1_000, hot_p99, 0),
            peak: phase(peak, 5_000, 0),
            many: phase(many, 6_000, refused),
            after: phase(after, 5_000, 0),
        };
        // A machine that becomes slower and slower: each overload has 95 % of what its neighbours promise.
        let rounds = [
            round(2_200, 1_995, 2_000, 1_050, 20_000),
            round(2_000, 1_805, 1_800, 1_300, 8_000),
            round(1_800, 1_615, 1_600, 1_100, 40_000),
        ];
        let found = Findings::of(&rounds, 90);
        assert!((found.goodput - 0.95).abs() < 1e-9, "{}", found.goodput);
        assert!((found.reached - 0.95).abs() < 1e-9, "{}", found.reached);
        assert!((found.recovered - 0.9).abs() < 1e-9, "{}", found.recovered);
        assert!((found.crowd_stretch - 1.2).abs() < 1e-9, "{}", found.crowd_stretch);
        assert!((found.hot_stretch - 1.1).abs() < 1e-9, "the middle one: {}", found.hot_stretch);
        assert!((found.refusal_p99_ms - 40.0).abs() < 1e-9, "the worst one: {}", found.refusal_p99_ms);
        assert!(LIMITS.judge(&found).is_ok());
        assert!(LIMITS.judge(&Findings { recovered: 0.89, ..found }).is_err());
        assert!(LIMITS.judge(&Findings { goodput: 0.89, ..found }).is_err());
        assert!(LIMITS.judge(&Findings { reached: 0.89, ..found }).is_err());
    }

    #[test]
    fn of_two_the_middle_lies_between_them() {
        assert!((middle(vec![3.0, 1.0]) - 2.0).abs() < 1e-9);
        assert!((middle(vec![9.0, 1.0, 3.0]) - 3.0).abs() < 1e-9);
    }
}
