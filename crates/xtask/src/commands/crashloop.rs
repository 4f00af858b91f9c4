//! `cargo xtask crashloop`: kills the gateway at random instants under load, again and again, and checks the books.
//!
//! Client, gateway and simulator are three processes; the simulator's journal is flushed per record. Every request has its own
//! recipient and is sent once, so whatever the far end has twice was doubled by the gateway. What must hold at the end:
//! everything accepted is in the store and reached the simulator; the wallet fell by the price of each text exactly once, or
//! holds it once where the text stays in doubt; copies are at most the window for each kill; and doubts were seen, or
//! nothing was tested. After every kill, and at the end, `whimbrel check` finds every promise kept.
//!
//! With `--graceful` the gateway is told to end (SIGTERM) instead: then nothing may be left in doubt and nothing may be sent twice.
//!
//! A text may be hit by several kills in a row. Its policy sends it again only so often (`--doubt-resends`), so one that was
//! hit before its octets left, each time, would be held as doubtful without having reached anybody: that counts as lost here.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::RwLock;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::clock::{Chance, Started, seed, sleep};
use crate::command::{self, cargo};
use crate::evidence::{self, Run};
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::harness::account::Account;
use crate::harness::books::Books;
use crate::harness::callers::Callers;
use crate::harness::check::{check_store, verdicts};
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
    /// Ends it by SIGTERM instead, in good order.
    #[arg(long)]
    graceful: bool,
    /// Callers at the same time.
    #[arg(long, default_value_t = 80)]
    callers: usize,
    /// A kill waits until so many requests are open.
    #[arg(long, default_value_t = 50)]
    open_min: usize,
    /// The carrier's window.
    #[arg(long, default_value_t = 10)]
    window: u32,
    /// How often a submission in doubt is sent again, over a text's whole life (0 to 2).
    #[arg(long, default_value_t = 2)]
    doubt_resends: u8,
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
    let seed = options.seed.unwrap_or_else(seed);
    let harness = if options.graceful { "gracestop" } else { "crashloop" };
    let run = Run::begin(workspace, harness, profile, Some((seed, seed)));
    let load = Load {
        binary: workspace.product(profile),
        folder: workspace.scratch("crashloop")?,
        ends: if options.graceful { Ends::Stops } else { Ends::Kills },
        count: options.kills,
        callers: options.callers,
        open_min: options.open_min,
        window: options.window,
        doubt_resends: options.doubt_resends,
        life_ms_max: options.life_ms_max,
        seed,
        environment: Vec::new(),
    };
    let end = &mut |gateway: &mut Gateway| {
        if options.graceful {
            let status = gateway.process.terminate()?;
            require(status.success(), || format!("a stop ended with {status}"))?;
        } else {
            gateway.process.kill()?;
        }
        Ok(After::Gone)
    };
    evidence::record(workspace, &run, end_and_compare(&load, end))
}

/// What runs under which load, and how often it dies.
#[derive(Debug)]
pub struct Load {
    /// The product.
    pub binary: PathBuf,
    /// An empty folder.
    pub folder: PathBuf,
    /// What is done to it again and again.
    pub ends: Ends,
    /// How many times.
    pub count: usize,
    /// Callers at the same time.
    pub callers: usize,
    /// A death waits until so many requests are open.
    pub open_min: usize,
    /// The carrier's window.
    pub window: u32,
    /// How often a submission in doubt is sent again.
    pub doubt_resends: u8,
    /// The longest life between two deaths.
    pub life_ms_max: u64,
    /// Decides the instants.
    pub seed: u64,
    /// Environment of the gateway.
    pub environment: Vec<(String, String)>,
}

/// What is done to a gateway again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// It is killed.
    Kills,
    /// It is told to end, in good order: nothing may be in doubt then.
    Stops,
    /// Its disk loses its power.
    Cuts,
    /// Its links are dropped.
    Drops,
}

impl Ends {
    /// What is counted.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kills => "kills",
            Self::Stops => "stops",
            Self::Cuts => "cuts",
            Self::Drops => "drops",
        }
    }
}

/// Does it once. A gateway that was ended leaves its data folder to the next.
pub type End<'a> = &'a mut dyn FnMut(&mut Gateway) -> Outcome<After>;

/// What is left of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Nothing but its data: another one is started.
    Gone,
    /// It goes on.
    Alive,
}

/// Does it to the gateway again and again, and compares what everybody knows.
pub fn end_and_compare(options: &Load, end: End<'_>) -> Outcome<Value> {
    let simulator = Simulator::start(&options.binary, &options.folder)?;
    end_before(options, &simulator, simulator.addr, end)
}

/// The same before a simulator that is reached at `addr`.
pub fn end_before(options: &Load, simulator: &Simulator, addr: SocketAddr, end: End<'_>) -> Outcome<Value> {
    let (folder, binary, seed) = (options.folder.clone(), options.binary.clone(), options.seed);
    let mode = Mode::Carrier { addr, window: options.window, doubt_resends: options.doubt_resends };
    let setup = Setup { binary, folder, mode, environment: options.environment.clone() };
    let gateway = setup.start()?;
    let account = gateway.open_account()?;
    let (funds, _) = gateway.wallet(&account.key)?;

    let books = Books::default();
    println!("{} {} under {} callers, seed {seed}", options.count, options.ends.name(), options.callers);
    let (gateway, marks) = load_and_end(&setup, gateway, simulator, &account, &books, options, end)?;
    let uncertain = wait_until_settled(&gateway)?;
    check_store(&setup.binary, &setup.data_folder())?;
    let (posted, held) = gateway.wallet(&account.key)?;
    let found = Accounts {
        accepted: books.accepted(),
        journal: Submissions::read(&simulator.journal)?,
        stored: gateway.count("messages")?,
        uncertain,
        doubts: gateway.count("doubts_ever")?,
        spent: funds - posted,
        held,
    };
    check(&found, &gateway, &books, &marks, options)?;
    Ok(json!({
        options.ends.name(): marks.len(),
        "accepted": found.accepted.len(),
        "lost": 0,
        "charged_twice": 0,
        "doubts": found.doubts,
        "copies": found.journal.extra_between(0, found.journal.lines()),
    }))
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

/// The profile of what people install.
pub const INSTALLED: &str = "dist";

/// Builds the binary as people install it.
pub fn build_installed(workspace: &Workspace) -> Outcome<()> {
    command::run(&mut cargo(workspace, &["build", "--package", "whimbrel", "--locked", "--profile", INSTALLED]))
}

/// Runs the callers and kills under them; gives the last gateway and the journal's length at each kill.
fn load_and_end(
    setup: &Setup,
    first: Gateway,
    simulator: &Simulator,
    account: &Account,
    books: &Books,
    options: &Load,
    end: End<'_>,
) -> Outcome<(Gateway, Vec<usize>)> {
    let callers =
        Callers { host: RwLock::new(first.http), stop: AtomicBool::new(false), books, account, pause: Duration::ZERO };
    std::thread::scope(|scope| {
        for _ in 0..options.callers {
            scope.spawn(|| callers.call());
        }
        let killed = end_again_and_again(setup, first, simulator, &callers, options, end);
        // Also after a failure, or the scope would wait for the callers for ever.
        callers.stop();
        killed
    })
}

fn end_again_and_again(
    setup: &Setup,
    first: Gateway,
    simulator: &Simulator,
    callers: &Callers<'_>,
    options: &Load,
    end: End<'_>,
) -> Outcome<(Gateway, Vec<usize>)> {
    let mut chance = Chance::new(options.seed);
    let mut gateway = first;
    let mut marks = Vec::with_capacity(options.count);
    for number in 1..=options.count {
        sleep(Duration::from_millis(20 + chance.below(options.life_ms_max)));
        let started = Started::now();
        while callers.books.open_count() < options.open_min {
            require(started.elapsed() < PATIENCE, || format!("never {} requests open at once", options.open_min))?;
            sleep(Duration::from_micros(200));
        }
        let open = callers.books.open_count();
        let after = end(&mut gateway)?;
        marks.push(line_count(&simulator.journal)?);
        let accepted = callers.books.accepted_count();
        // Whatever the instant, what is left on the disk keeps every promise, before anybody repairs anything.
        verdicts(&setup.binary, &setup.data_folder(), &[])?;
        if after == After::Gone {
            gateway = setup.start()?;
            callers.moved(gateway.http);
        }
        if number % 10 == 0 || number == options.count {
            println!("  {number}: {open} requests were open, {accepted} texts accepted so far");
        }
    }
    // A last life without a kill, so that what was cut short last is seen to the end under load.
    sleep(Duration::from_millis(options.life_ms_max));
    Ok((gateway, marks))
}

/// Waits until only parts are open that stay in doubt; gives how many those are.
fn wait_until_settled(gateway: &Gateway) -> Outcome<u64> {
    let started = Started::now();
    loop {
        let (open, uncertain) = (gateway.count("open_parts")?, gateway.count("uncertain")?);
        if open == uncertain {
            return Ok(uncertain);
        }
        require(started.elapsed() < PATIENCE, || format!("{} parts are still open", open - uncertain))?;
        sleep(Duration::from_millis(100));
    }
}

/// What the client, the store and the far end know, once all is quiet.
struct Accounts {
    accepted: BTreeMap<u64, (String, i64)>,
    journal: Submissions,
    stored: u64,
    uncertain: u64,
    doubts: u64,
    spent: i64,
    held: i64,
}

fn check(found: &Accounts, gateway: &Gateway, books: &Books, marks: &[usize], options: &Load) -> Outcome<()> {
    let Accounts { accepted, journal, stored, uncertain, doubts, .. } = found;
    let copies = journal.extra_between(0, journal.lines());
    println!(
        "requests {}, accepted {}, refused {:?}, without an answer {:?}",
        books.begun(),
        accepted.len(),
        books.refused(),
        books.unknown()
    );
    println!(
        "stored {stored}, at the simulator {} and {copies} copies, doubts {doubts}, still in doubt {uncertain}",
        journal.unique()
    );
    require(!accepted.is_empty(), || "nothing was accepted".to_owned())?;
    if options.ends == Ends::Stops {
        require((*doubts, copies) == (0, 0), || {
            format!("{doubts} doubts and {copies} copies after stops in good order")
        })?;
    } else {
        require(*doubts > 0, || "no doubt was seen: the kills missed every open submission".to_owned())?;
    }
    let lost: Vec<u64> = accepted.keys().copied().filter(|to| !journal.has(*to)).collect();
    require(lost.is_empty(), || {
        format!("{} accepted texts never reached the simulator, the first to {:?}", lost.len(), lost.first())
    })?;
    require(journal.unique() as u64 == *stored, || "the simulator and the store have different texts".to_owned())?;
    check_money(found)?;
    check_copies(journal, marks, options.window)?;
    check_views(gateway, accepted, *uncertain)?;
    let allowed = if options.ends == Ends::Stops { 0 } else { marks.len() * options.window as usize };
    println!(
        "0 lost, 0 charged twice, {copies} copies after {} {} (at most {allowed} allowed)",
        marks.len(),
        options.ends.name()
    );
    Ok(())
}

/// Every text was taken by the simulator: each is paid once, or held once while it is in doubt. One network, so one price.
fn check_money(found: &Accounts) -> Outcome<()> {
    let price = found.accepted.values().next().map_or(0, |(_, price)| *price);
    require(found.accepted.values().all(|(_, other)| *other == price), || "prices told differ".to_owned())?;
    let owed = |texts: u64| {
        let sum = i64::try_from(texts).ok().and_then(|texts| texts.checked_mul(price));
        sum.ok_or_else(|| Failure::new("the sum of prices is beyond 64 bits"))
    };
    let (paid, held) = (owed(found.stored - found.uncertain)?, owed(found.uncertain)?);
    require(found.spent == paid, || format!("the wallet fell by {} units instead of {paid}", found.spent))?;
    require(found.held == held, || format!("the wallet holds {} units instead of {held}", found.held))
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

/// Each accepted text is found by the id that its client was told, and its one part is paid or, in doubt, held.
fn check_views(gateway: &Gateway, accepted: &BTreeMap<u64, (String, i64)>, uncertain: u64) -> Outcome<()> {
    let mut client = Client::new(gateway.http);
    let mut held = 0;
    for (to, (id, _)) in accepted {
        let answer = gateway.get_over(&mut client, &format!("/_whimbrel/v1/messages/{id}"))?;
        require(answer.status == 200, || format!("accepted text {id} is not in the store: {}", answer.status))?;
        let view: Value = serde_json::from_slice(&answer.body).attempting(format_args!("read message {id}"))?;
        let parts = view["part_list"].as_array().map_or(&[][..], Vec::as_slice);
        require(parts.len() == 1, || format!("text {id} to {to} has {} parts instead of one", parts.len()))?;
        match (parts[0]["state"].as_str(), parts[0]["funds"].as_str()) {
            (Some("uncertain"), Some("held")) => held += 1,
            (Some("delivered"), Some("captured")) => {}
            _ => return Err(Failure::new(format!("text {id} ended as {}", parts[0]))),
        }
    }
    require(held <= uncertain, || format!("{held} texts are held, but the store counts {uncertain} in doubt"))
}
