//! `cargo xtask crashloop`: kills the gateway at random instants under load, again and again, and checks the books.
//!
//! Client, gateway and simulator are three processes; the simulator's journal is flushed per record. Every request has its own
//! recipient and is sent once, so whatever the far end has twice was doubled by the gateway. What must hold at the end:
//! everything accepted is in the store and reached the simulator; the wallet fell by the price of each stored text exactly
//! once and holds nothing; copies are at most the window for each kill; and doubts were seen, or nothing was tested.

use std::sync::RwLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::Args;

use crate::clock::{Chance, Started, seed, sleep};
use crate::command::{self, cargo};
use crate::failure::{Failure, Outcome, require};
use crate::harness::account::Account;
use crate::harness::books::Books;
use crate::harness::callers::Callers;
use crate::harness::gateway::{Gateway, Mode, Setup};
use crate::harness::http::Client;
use crate::harness::journal::{Submissions, line_count};
use crate::harness::simulator::Simulator;
use crate::workspace::Workspace;

/// How hard, how often.
#[derive(Args)]
pub struct Options {
    /// How many times the gateway is killed.
    #[arg(long, default_value_t = 100)]
    kills: usize,
    /// Callers at the same time.
    #[arg(long, default_value_t = 80)]
    callers: usize,
    /// A kill waits until so many requests are open.
    #[arg(long, default_value_t = 50)]
    open_min: usize,
    /// The carrier's window.
    #[arg(long, default_value_t = 10)]
    window: u32,
    /// The longest life between two kills, in milliseconds.
    #[arg(long, default_value_t = 500)]
    life_ms_max: u64,
    /// Repeats a run's instants (as far as the machine's own timing allows).
    #[arg(long)]
    seed: Option<u64>,
    /// Uses the release build.
    #[arg(long)]
    release: bool,
}

/// How long a wait may take before the run is called stuck.
const PATIENCE: Duration = Duration::from_secs(180);

/// Builds, runs, checks.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let profile = build(workspace, options.release)?;
    let folder = workspace.scratch("crashloop")?;
    let binary = workspace.product(profile);
    let simulator = Simulator::start(&binary, &folder)?;
    let mode = Mode::Carrier { addr: simulator.addr, window: options.window };
    let setup = Setup { binary, folder, mode, environment: Vec::new() };
    let gateway = setup.start()?;
    let account = gateway.open_account()?;
    let (funds, _) = gateway.wallet(&account.key)?;

    let books = Books::default();
    let (gateway, marks) = load_and_kill(&setup, gateway, &simulator, &account, &books, options)?;
    wait_until_settled(&gateway)?;
    check(&gateway, &simulator, &account, &books, funds, &marks, options.window)
}

/// Builds the binary; gives the profile's name.
pub fn build(workspace: &Workspace, release: bool) -> Outcome<&'static str> {
    let mut line = vec!["build", "--package", "whimbrel", "--locked"];
    if release {
        line.push("--release");
    }
    command::run(&mut cargo(workspace, &line))?;
    Ok(if release { "release" } else { "debug" })
}

/// Runs the callers and kills under them; gives the last gateway and the journal's length at each kill.
fn load_and_kill(
    setup: &Setup,
    first: Gateway,
    simulator: &Simulator,
    account: &Account,
    books: &Books,
    options: &Options,
) -> Outcome<(Gateway, Vec<usize>)> {
    let seed = options.seed.unwrap_or_else(seed);
    println!("{} kills under {} callers, seed {seed}", options.kills, options.callers);
    let mut chance = Chance::new(seed);
    let callers =
        Callers { host: RwLock::new(first.http), stop: AtomicBool::new(false), books, account, pause: Duration::ZERO };
    std::thread::scope(|scope| {
        for _ in 0..options.callers {
            scope.spawn(|| callers.call());
        }
        let killed = kill_again_and_again(setup, first, simulator, &callers, &mut chance, options);
        // Also after a failure, or the scope would wait for the callers for ever.
        callers.stop();
        killed
    })
}

fn kill_again_and_again(
    setup: &Setup,
    first: Gateway,
    simulator: &Simulator,
    callers: &Callers<'_>,
    chance: &mut Chance,
    options: &Options,
) -> Outcome<(Gateway, Vec<usize>)> {
    let mut gateway = first;
    let mut marks = Vec::with_capacity(options.kills);
    for kill in 1..=options.kills {
        sleep(Duration::from_millis(20 + chance.below(options.life_ms_max)));
        let started = Started::now();
        while callers.books.open_count() < options.open_min {
            require(started.elapsed() < PATIENCE, || format!("never {} requests open at once", options.open_min))?;
            sleep(Duration::from_micros(200));
        }
        let open = callers.books.open_count();
        gateway.process.kill()?;
        marks.push(line_count(&simulator.journal)?);
        let accepted = callers.books.accepted_count();
        gateway = setup.start()?;
        callers.moved(gateway.http);
        if kill % 10 == 0 || kill == options.kills {
            println!("  kill {kill}: {open} requests were open, {accepted} texts accepted so far");
        }
    }
    // A last life without a kill, so that what was cut short last is seen to the end under load.
    sleep(Duration::from_millis(options.life_ms_max));
    Ok((gateway, marks))
}

fn wait_until_settled(gateway: &Gateway) -> Outcome<()> {
    let started = Started::now();
    loop {
        let open = gateway.count("open_parts")?;
        if open == 0 {
            return Ok(());
        }
        require(started.elapsed() < PATIENCE, || format!("{open} parts are still open"))?;
        sleep(Duration::from_millis(100));
    }
}

fn check(
    gateway: &Gateway,
    simulator: &Simulator,
    account: &Account,
    books: &Books,
    funds: i64,
    marks: &[usize],
    window: u32,
) -> Outcome<()> {
    let accepted = books.accepted();
    let journal = Submissions::read(&simulator.journal)?;
    let (stored, doubts) = (gateway.count("messages")?, gateway.count("doubts")?);
    let (balance, held) = gateway.wallet(&account.key)?;
    let copies = journal.extra_between(0, journal.lines());
    println!(
        "requests {}, accepted {}, refused {:?}, without an answer {}",
        books.begun(),
        accepted.len(),
        books.refused(),
        books.unknown_count()
    );
    println!("stored {stored}, at the simulator {} and {copies} copies, doubts {doubts}", journal.unique());

    require(!accepted.is_empty(), || "nothing was accepted".to_owned())?;
    require(doubts > 0, || "no doubt was seen: the kills missed every open submission".to_owned())?;
    let lost: Vec<u64> = accepted.keys().copied().filter(|to| !journal.has(*to)).collect();
    require(lost.is_empty(), || {
        format!("{} accepted texts never reached the simulator, the first to {:?}", lost.len(), lost.first())
    })?;
    require(journal.unique() as u64 == stored, || "the simulator and the store do not have the same texts".to_owned())?;
    check_money(&accepted, stored, funds - balance, held)?;
    check_copies(&journal, marks, window)?;
    check_views(gateway, &accepted)?;
    println!(
        "0 lost, 0 charged twice, {copies} copies after {} kills (at most {} allowed)",
        marks.len(),
        marks.len() * window as usize
    );
    Ok(())
}

/// Every stored text was taken by the simulator, so each is paid once; one network, so one price.
fn check_money(
    accepted: &std::collections::BTreeMap<u64, (String, i64)>,
    stored: u64,
    spent: i64,
    held: i64,
) -> Outcome<()> {
    let price = accepted.values().next().map_or(0, |(_, price)| *price);
    require(accepted.values().all(|(_, other)| *other == price), || "prices told differ for one network".to_owned())?;
    require(held == 0, || format!("{held} units are still held though no part is open"))?;
    let owed = i64::try_from(stored).ok().and_then(|stored| stored.checked_mul(price));
    let owed = owed.ok_or_else(|| Failure::new("the sum of prices is beyond 64 bits"))?;
    require(spent == owed, || {
        format!("the wallet fell by {spent} units for {stored} texts of {price}: {owed} are owed")
    })
}

/// After the k-th kill at most k windows of submissions can have been in doubt.
fn check_copies(journal: &Submissions, marks: &[usize], window: u32) -> Outcome<()> {
    let ends = marks.iter().skip(1).copied().chain([journal.lines()]);
    for (kills, end) in (1..).zip(ends) {
        let copies = journal.extra_between(0, end);
        let allowed = kills * window as usize;
        require(copies <= allowed, || format!("{copies} copies after {kills} kills, {allowed} are allowed"))?;
    }
    Ok(())
}

/// Each accepted text is found by the id that its client was told, and none of its parts still holds money.
fn check_views(gateway: &Gateway, accepted: &std::collections::BTreeMap<u64, (String, i64)>) -> Outcome<()> {
    let mut client = Client::new(gateway.http);
    for (to, (id, _)) in accepted {
        let answer = gateway.get_over(&mut client, &format!("/_whimbrel/v1/messages/{id}"))?;
        require(answer.status == 200, || format!("accepted text {id} is not in the store: {}", answer.status))?;
        let view: serde_json::Value =
            serde_json::from_slice(&answer.body).map_err(|error| Failure::new(format!("message {id}: {error}")))?;
        let parts = view["part_list"].as_array().map_or(&[][..], Vec::as_slice);
        require(parts.len() == 1, || format!("text {id} to {to} has {} parts instead of one", parts.len()))?;
        require(parts[0]["funds"] == "captured", || {
            format!("text {id} was taken by the carrier but is not paid: {}", parts[0])
        })?;
    }
    Ok(())
}
