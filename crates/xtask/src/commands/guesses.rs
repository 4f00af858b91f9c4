//! `cargo xtask guesses`: what comparisons that are dear on purpose cost those who wait for nothing dear.
//!
//! Customers with generated secrets send as fast as they are answered, first alone; then beside guessers, each of whose requests
//! costs two runs of Argon2id; then while customers with chosen secrets all come at once after a restart, with nothing in memory.
//! Failure limits are off: they would end the load that is measured. What must hold: every honest request is accepted. The
//! rates are for people; nothing is asserted of them.

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::clock::{Started, sleep};
use crate::commands::crashloop::build;
use crate::failure::{Outcome, require};
use crate::harness::account::{Account, Told, send_request};
use crate::harness::books::Books;
use crate::harness::callers::{Callers, outcome};
use crate::harness::gateway::{Gateway, Mode, Setup};
use crate::harness::http::Client;
use crate::workspace::Workspace;

/// How long, how hard.
#[derive(Args)]
pub struct Options {
    /// Seconds of each span.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Spans alone, and as many beside guessers, in turn; the medians are told.
    #[arg(long, default_value_t = 3)]
    rounds: u64,
    /// Customers with a generated secret.
    #[arg(long, default_value_t = 16)]
    callers: usize,
    /// Guessers.
    #[arg(long, default_value_t = 32)]
    guessers: usize,
    /// Accounts with a chosen secret that nobody has shown since the start.
    #[arg(long, default_value_t = 20)]
    cold: usize,
    /// Uses the debug build.
    #[arg(long)]
    debug: bool,
}

/// Builds, measures, checks.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let profile = build(workspace, !options.debug)?;
    let folder = workspace.scratch("guesses")?;
    let setup = Setup { binary: workspace.product(profile), folder, mode: Mode::Development, environment: Vec::new() };
    let gateway = setup.start()?;
    let account = gateway.open_account()?;
    let cold = (0..options.cold).map(|index| with_chosen(&gateway, index)).collect::<Outcome<Vec<_>>>()?;
    drop(gateway);
    let gateway = setup.start()?;

    // In turn, so that what else the machine does falls on both alike.
    let (mut alone, mut beside, mut guesses) = (Vec::new(), Vec::new(), Guesses::default());
    for _ in 0..options.rounds.max(1) {
        alone.push(honest(&gateway, &account, options, || ())?);
        beside.push(beside_guessers(&gateway, &account, options, &mut guesses)?);
    }
    let (alone, beside) = (median(alone), median(beside));
    println!("alone: {alone:.0} accepted a second");
    let seconds = (options.seconds * options.rounds.max(1)) as f64;
    println!(
        "beside {} guessers: {beside:.0} accepted a second ({:.0} %), {:.0} guesses refused a second, {:.0} turned away",
        options.guessers,
        100.0 * beside / alone.max(1.0),
        guesses.refused as f64 / seconds,
        guesses.turned_away as f64 / seconds,
    );
    drop(gateway);
    let gateway = setup.start()?;
    let (warmed, waited) = (AtomicU64::new(0), AtomicU64::new(0));
    let warming = honest(&gateway, &account, options, || warm_up(&gateway, &cold, &warmed, &waited))?;
    let warm = Duration::from_micros(waited.load(Ordering::Relaxed));
    require(warmed.load(Ordering::Relaxed) == cold.len() as u64, || "a cold secret was never accepted".to_owned())?;
    println!(
        "beside {} cold secrets: {warming:.0} accepted a second ({:.0} %); the last cold one was accepted after {} ms",
        cold.len(),
        100.0 * warming / alone.max(1.0),
        warm.as_millis(),
    );
    Ok(())
}

/// How long one waits who was turned away for now.
const TURNED_AWAY_PAUSE: Duration = Duration::from_millis(50);

/// What guessers were answered.
#[derive(Debug, Default)]
struct Guesses {
    refused: u64,
    turned_away: u64,
}

fn beside_guessers(gateway: &Gateway, account: &Account, options: &Options, guesses: &mut Guesses) -> Outcome<f64> {
    let (refused, turned_away, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let rate = std::thread::scope(|scope| {
        for guesser in 0..options.guessers {
            let (stop, refused, turned_away) = (&stop, &refused, &turned_away);
            scope.spawn(move || guess(gateway, guesser, stop, refused, turned_away));
        }
        let rate = honest(gateway, account, options, || ());
        stop.store(true, Ordering::Release);
        rate
    });
    guesses.refused += refused.into_inner();
    guesses.turned_away += turned_away.into_inner();
    rate
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(0.0)
}

/// An account with one chosen secret beside its own.
fn with_chosen(gateway: &Gateway, index: usize) -> Outcome<Account> {
    let account = gateway.open_account()?;
    let secret = format!("Chosen-{index:06}");
    let body = json!({ "secret": secret }).to_string();
    gateway.native("POST", &format!("accounts/{}/secrets", account.key), body.as_bytes())?;
    Ok(Account { secret, ..account })
}

/// What honest callers are accepted in a second while `beside` runs.
fn honest(gateway: &Gateway, account: &Account, options: &Options, beside: impl FnOnce() + Send) -> Outcome<f64> {
    let books = Books::default();
    let callers = Callers {
        host: RwLock::new(gateway.http),
        stop: AtomicBool::new(false),
        books: &books,
        account,
        pause: Duration::ZERO,
    };
    let started = Started::now();
    let elapsed = std::thread::scope(|scope| {
        for _ in 0..options.callers {
            scope.spawn(|| callers.call());
        }
        scope.spawn(beside);
        sleep(Duration::from_secs(options.seconds));
        callers.stop();
        started.elapsed()
    });
    let failed = format!("{:?} {:?}", books.refused(), books.unknown());
    require(books.refused().is_empty() && books.unknown().is_empty(), || format!("honest requests failed: {failed}"))?;
    Ok(books.accepted_count() as f64 / elapsed.as_secs_f64())
}

fn guess(gateway: &Gateway, guesser: usize, stop: &AtomicBool, refused: &AtomicU64, turned_away: &AtomicU64) {
    let mut client = Client::new(gateway.http);
    let account = Account { key: format!("nokey{guesser:03}"), secret: "Guess-0001".to_owned() };
    while !stop.load(Ordering::Acquire) {
        match outcome(client.call(&send_request(&account.form(447_700_900_000, "hello")))) {
            Ok(Told::Refused(status)) if status == "4" => _ = refused.fetch_add(1, Ordering::Relaxed),
            _ => {
                turned_away.fetch_add(1, Ordering::Relaxed);
                // What is measured is what comparisons cost, not a flood of requests that are turned away unread.
                sleep(TURNED_AWAY_PAUSE);
            }
        }
    }
}

/// Every cold account sends until it is accepted, all at once; notes how many were, and when the last one.
fn warm_up(gateway: &Gateway, cold: &[Account], warmed: &AtomicU64, waited: &AtomicU64) {
    let started = Started::now();
    std::thread::scope(|scope| {
        for account in cold {
            scope.spawn(move || {
                let mut client = Client::new(gateway.http);
                for _ in 0..1_000 {
                    let told = outcome(client.call(&send_request(&account.form(447_700_900_000, "hello"))));
                    if matches!(told, Ok(Told::Accepted { .. })) {
                        warmed.fetch_add(1, Ordering::Relaxed);
                        return;
                    }
                    // Turned away for now, as the answer says.
                    sleep(TURNED_AWAY_PAUSE);
                }
            });
        }
    });
    waited.store(started.elapsed_us(), Ordering::Relaxed);
}
