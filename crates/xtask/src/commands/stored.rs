//! `cargo xtask stored`: what a text and a look-up cost with five million texts in the store, beside what they cost with a thousand.
//!
//! Eight accounts, each with a loader of its own, send at the same time, and every measured text asks for its receipt, which is found by the
//! carrier's id among all that were ever given. Look-ups are shuffled over everything that was sent, by recipient and then by id. With
//! the big store they are made twice, first with a cold cache: the gateway is stopped, the system forgets the pages of files (Linux, as
//! root; without that the run says so), and the gateway starts on what is on the disk. A run fails unless accepted, stored and arrived are the same count,
//! every look-up finds its text, `whimbrel check` finds every promise kept, and, in a release build, a text costs at most a fifth more.

use std::path::{Path, PathBuf};

use clap::Args;
use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::bench::loader::{Order, Pace, Proof};
use crate::bench::peer::{Loader, Sink, number, reach};
use crate::bench::words::recipient;
use crate::clock::{Chance, Started, seed};
use crate::command::{self, program};
use crate::commands::backlog::ends;
use crate::commands::crashloop::build;
use crate::evidence::{self, Run};
use crate::failure::{Attempted as _, Outcome, require};
use crate::harness::account::Account;
use crate::harness::check::check_store;
use crate::harness::gateway::{Gateway, Mode, Setup, store_bytes};
use crate::harness::http::Client;
use crate::harness::proc_stat::{cpu, memory_kib};
use crate::workspace::Workspace;

/// How much.
#[derive(Args)]
pub struct Options {
    /// Texts in the big store.
    #[arg(long, default_value_t = 5_000_000)]
    count: u64,
    /// How long texts are measured, with the small store and with the big one.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Look-ups of each kind.
    #[arg(long, default_value_t = 5_000)]
    lookups: u64,
    /// The debug build: proves that the harness works, and measures nothing.
    #[arg(long)]
    debug: bool,
}

const ACCOUNTS: u64 = 8;
const CALLERS_EACH: u32 = 8;
/// How far the recipients of two accounts are apart: so many texts each may send.
const APART: u64 = 10_000_000;
const WINDOW: u32 = 100;
/// The small store.
const FEW: u64 = 1_000;
const FILL_MS: u64 = 5_000;
/// A text with the big store costs at most so much of one with the small.
const COST_MAX: f64 = 1.2;

/// The processes, and what is known of them.
struct Bench {
    sink: Sink,
    setup: Setup,
    gateway: Gateway,
    customers: Vec<Customer>,
    chance: Chance,
    ends: PathBuf,
}

struct Customer {
    account: Account,
    loader: Loader,
    /// Recipients before the first of `loader`.
    first: u64,
    accepted: u64,
}

/// What texts cost.
struct Texts {
    per_second: f64,
    cost_us: f64,
}

/// How long look-ups took, in microseconds, and what they cost.
struct LookUps {
    by_recipient: Histogram<u64>,
    by_id: Histogram<u64>,
    cost_us: f64,
}

/// Builds and measures.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let profile = build(workspace, !options.debug)?;
    let run = Run::begin(workspace, "stored", profile, None);
    evidence::record(workspace, &run, measure(workspace, profile, options))
}

fn measure(workspace: &Workspace, profile: &str, options: &Options) -> Outcome<Value> {
    let folder = workspace.scratch("stored")?;
    let (binary, ends) = (workspace.product(profile), ends(workspace, profile)?);
    let sink = Sink::start(&ends, &folder, true)?;
    let mode = Mode::Carrier { addr: sink.addr, window: WINDOW, doubt_resends: 1 };
    let environment = vec![("WHIMBREL_LOG".to_owned(), "warn".to_owned())];
    let setup = Setup { binary, folder, mode, environment };
    let gateway = setup.start()?;
    let mut customers = Vec::new();
    for index in 0..ACCOUNTS {
        let (account, first) = (gateway.open_account()?, index * APART);
        let loader = loader(&ends, &setup, &gateway, &account, first)?;
        customers.push(Customer { account, loader, first, accepted: 0 });
    }
    let seed = seed();
    let mut bench = Bench { sink, setup, gateway, customers, chance: Chance::new(seed), ends };

    while bench.accepted() < FEW {
        bench.load(100, false)?;
    }
    bench.arrive()?;
    let few = bench.accepted();
    let few_looks = bench.look_up(options.lookups)?;
    few_looks.print(few, "warm");
    let small = bench.texts(options.seconds)?;
    small.print(few);
    while bench.accepted() < options.count {
        bench.load(FILL_MS, false)?;
        bench.arrive()?;
    }
    let many = bench.accepted();
    let is_cold = bench.restart_cold(workspace)?;
    let bytes = store_bytes(&bench.setup.data_folder())? / many;
    let cold_looks = bench.look_up(options.lookups)?;
    cold_looks.print(many, if is_cold { "cold" } else { "not cold: the system's caches could not be emptied" });
    let warm_looks = bench.look_up(options.lookups)?;
    warm_looks.print(many, "the same again, warmer");
    let is_cold_again = bench.restart_cold(workspace)?;
    let big = bench.texts(options.seconds)?;
    big.print(many);
    let ratio = big.cost_us / small.cost_us;
    let (_, peak_kib) = memory_kib(bench.gateway.process.pid())?;
    println!(
        "a text costs {:+.1} %{}; {bytes} octets on the disk for each; {} MiB at most; seed {seed}",
        (ratio - 1.0) * 100.0,
        if is_cold_again { ", from a cold start" } else { "" },
        peak_kib / 1_024
    );
    bench.check()?;
    require(options.debug || ratio <= COST_MAX, || format!("a text costs {ratio:.2} times as much"))?;
    let secs = |micros: u64| micros as f64 / 1e6;
    let p99 = |looks: &Histogram<u64>| secs(looks.value_at_quantile(0.99));
    Ok(json!({
        "stored": many,
        "cost_few_s": small.cost_us / 1e6,
        "cost_many_s": big.cost_us / 1e6,
        "few_per_s": small.per_second,
        "many_per_s": big.per_second,
        "by_recipient_few_p99_s": p99(&few_looks.by_recipient),
        "by_recipient_cold_p99_s": p99(&cold_looks.by_recipient),
        "by_recipient_warm_p99_s": p99(&warm_looks.by_recipient),
        "by_id_few_p99_s": p99(&few_looks.by_id),
        "by_id_cold_p99_s": p99(&cold_looks.by_id),
        "by_id_warm_p99_s": p99(&warm_looks.by_id),
        "memory_mib": peak_kib / 1_024,
    }))
}

fn loader(ends: &Path, setup: &Setup, gateway: &Gateway, account: &Account, first: u64) -> Outcome<Loader> {
    let folder = setup.folder.join(&account.key);
    std::fs::create_dir_all(&folder)?;
    Loader::start_from(ends, &folder, gateway.http, account, first)
}

impl Texts {
    fn print(&self, stored: u64) {
        let Self { per_second, cost_us } = self;
        println!("{stored} stored: {per_second:.0} texts/s go through with their receipts, {cost_us:.1} us each");
    }
}

impl LookUps {
    fn print(&self, stored: u64, how: &str) {
        let of = |looks: &Histogram<u64>| {
            let ms = |at| looks.value_at_quantile(at) as f64 / 1_000.0;
            format!("p50 {:.2} p99 {:.2} max {:.1} ms", ms(0.5), ms(0.99), ms(1.0))
        };
        println!(
            "{stored} stored, {how}: by recipient {}, by id {}; {:.0} us of processor for both",
            of(&self.by_recipient),
            of(&self.by_id),
            self.cost_us
        );
    }
}

impl Bench {
    fn accepted(&self) -> u64 {
        self.customers.iter().map(|customer| customer.accepted).sum()
    }

    /// Every account sends for so long.
    fn load(&mut self, millis: u64, receipts: bool) -> Outcome<()> {
        let order = Order {
            callers: CALLERS_EACH,
            millis,
            receipts,
            proof: Proof::Secret,
            pace: Pace::Answers,
            lead_millis: 0,
        };
        std::thread::scope(|scope| {
            let runs: Vec<_> =
                self.customers.iter_mut().map(|customer| scope.spawn(move || customer.load(order))).collect();
            runs.into_iter().try_for_each(|run| match run.join() {
                Ok(outcome) => outcome,
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })
    }

    /// Texts with receipts, until all of them have arrived and been reported.
    fn texts(&mut self, seconds: u64) -> Outcome<Texts> {
        let (before, receipts) = (self.accepted(), self.receipts()?);
        let (used, started) = (cpu(self.gateway.process.pid())?, Started::now());
        self.load(seconds * 1_000, true)?;
        self.arrive()?;
        let texts = self.accepted() - before;
        reach("receipts came", texts, || Ok(self.receipts()? - receipts))?;
        let (took, cost) = (started.elapsed().as_secs_f64(), cpu(self.gateway.process.pid())? - used);
        Ok(Texts { per_second: texts as f64 / took, cost_us: cost.as_micros() as f64 / texts as f64 })
    }

    /// Receipts that the gateway has found the text of, since it started.
    fn receipts(&self) -> Outcome<u64> {
        self.gateway.metric("whimbrel_receipts_total").map(|count| count as u64)
    }

    /// Waits until everything that was accepted has arrived.
    fn arrive(&self) -> Outcome<()> {
        reach("texts arrived", self.accepted(), || number(&self.sink.counts()?, "numbers"))
    }

    /// Looks texts up that are anywhere in what was sent.
    fn look_up(&mut self, count: u64) -> Outcome<LookUps> {
        let new = || Histogram::new_with_bounds(1, 3_600_000_000, 3).attempting("make a histogram");
        let mut looks = LookUps { by_recipient: new()?, by_id: new()?, cost_us: 0.0 };
        let (mut client, used) = (Client::new(self.gateway.http), cpu(self.gateway.process.pid())?);
        for _ in 0..count {
            let index = usize::try_from(self.chance.below(ACCOUNTS)).unwrap_or(0);
            let customer = &self.customers[index];
            let recipient = recipient(customer.first + self.chance.below(customer.accepted));
            let mut ask = |target: &str, took: &mut Histogram<u64>| -> Outcome<Value> {
                let started = Started::now();
                let answer = self.gateway.get_over(&mut client, &format!("/_whimbrel/v1/{target}"))?;
                took.saturating_record(started.elapsed_us());
                serde_json::from_slice(&answer.body).attempting(format_args!("read the answer of `{target}`"))
            };
            let found = ask(&format!("messages?to={recipient}&limit=2"), &mut looks.by_recipient)?;
            let ids: Vec<&str> = found["messages"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|message| message["id"].as_str())
                .collect();
            require(ids.len() == 1, || format!("{recipient} was sent one text and is found in {found}"))?;
            let message = ask(&format!("messages/{}", ids[0]), &mut looks.by_id)?;
            require(message["id"] == ids[0], || format!("{} is not found: {message}", ids[0]))?;
        }
        let cost = cpu(self.gateway.process.pid())? - used;
        looks.cost_us = cost.as_micros() as f64 / count as f64;
        Ok(looks)
    }

    /// Stops the gateway, lets the system forget what is on the disk, and starts it again. Answers whether it forgot.
    fn restart_cold(&mut self, workspace: &Workspace) -> Outcome<bool> {
        let status = self.gateway.process.terminate()?;
        require(status.success(), || format!("the gateway ended with {status}"))?;
        command::run(&mut program(workspace, "sync", &[]))?;
        // 3: the pages of files, and what is known of folders (Linux, Documentation/admin-guide/sysctl/vm.rst).
        let is_cold = std::fs::write("/proc/sys/vm/drop_caches", "3").is_ok();
        self.gateway = self.setup.start()?;
        for customer in &mut self.customers {
            let first = customer.first + customer.accepted;
            customer.loader = loader(&self.ends, &self.setup, &self.gateway, &customer.account, first)?;
        }
        Ok(is_cold)
    }

    /// Everybody counted the same, and the store keeps what is promised.
    fn check(&mut self) -> Outcome<()> {
        let (stored, counts, accepted) = (self.gateway.count("messages")?, self.sink.counts()?, self.accepted());
        let (numbers, submissions) = (number(&counts, "numbers")?, number(&counts, "submissions")?);
        require(stored == accepted && numbers == accepted && submissions == accepted, || {
            format!("{accepted} accepted, {stored} stored, {numbers} arrived, {submissions} times")
        })?;
        let status = self.gateway.process.terminate()?;
        require(status.success(), || format!("the gateway ended with {status}"))?;
        check_store(&self.setup.binary, &self.setup.data_folder())?;
        std::fs::remove_dir_all(&self.setup.folder)?;
        Ok(())
    }
}

impl Customer {
    fn load(&mut self, order: Order) -> Outcome<()> {
        let tally = self.loader.run(order)?;
        self.accepted += tally.accepted;
        let trouble = tally.first_trouble.unwrap_or_default();
        require(tally.broken + tally.refused == 0, || {
            format!("{} refused, {} without an answer: {trouble}", tally.refused, tally.broken)
        })
    }
}
