//! `cargo xtask rotate`: every secret of an account is replaced once a second under load, and the keys of the store with them.
//!
//! Two kinds of callers send all the time. *Careful* ones do as the documentation says: a new secret is added, they move to it,
//! and only when none of them uses the old one any more is it revoked. *Late* ones use the old secret until its revocation has
//! returned, and call from another address. What must hold: no request of a careful caller fails; of a late caller only one that was
//! open while the revocation was carried out may be refused, for it may have arrived after it, and then it is held up for a while, as
//! whoever guesses; and once a revocation has returned, the old secret is never accepted again.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::clock::{Started, sleep};
use crate::commands::crashloop::build;
use crate::failure::{Failure, Outcome, require};
use crate::harness::account::{Account, Told, send_request};
use crate::harness::books::FIRST_RECIPIENT;
use crate::harness::callers::outcome;
use crate::harness::gateway::{Gateway, Mode, Setup};
use crate::harness::http::Client;
use crate::workspace::Workspace;

/// What the dialect answers to a wrong secret, and when too many secrets are compared.
const WRONG: &str = "4";
const BUSY: &str = "1";
/// Where late callers are: whoever fails to prove who they are is held up with all others of the same address.
const LATE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// How often and after which pause the latter is asked again.
const BUSY_TRIES: u32 = 10;
const BUSY_PAUSE: Duration = Duration::from_millis(200);

/// How long, how hard.
#[derive(Args)]
pub struct Options {
    /// Rotations, one each second.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Callers of each kind.
    #[arg(long, default_value_t = 8)]
    callers: usize,
    /// Uses the release build.
    #[arg(long)]
    release: bool,
}

/// Which secret a caller uses, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Habit {
    Careful,
    Late,
}

/// A secret in use.
#[derive(Clone)]
struct InUse {
    id: String,
    secret: String,
    round: u64,
}

/// What callers share.
struct Desk<'a> {
    gateway: &'a Gateway,
    key: &'a str,
    /// Held by a careful caller while its request is open.
    careful: RwLock<InUse>,
    /// Copied by a late caller before its request.
    late: RwLock<InUse>,
    /// Secrets whose revocation was begun, by round.
    revoking: AtomicU64,
    stop: AtomicBool,
    next: AtomicU64,
    /// Revoked secrets that were answered as too many: nobody has said yet that they are wrong.
    unjudged: Mutex<Vec<String>>,
    tally: Mutex<Tally>,
}

#[derive(Debug, Default)]
struct Tally {
    accepted: u64,
    /// Refusals of late callers whose request overlapped the revocation.
    overtaken: u64,
    failures: BTreeMap<String, u64>,
}

/// Builds, runs, checks.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let profile = build(workspace, options.release)?;
    let folder = workspace.scratch("rotate")?;
    let setup = Setup { binary: workspace.product(profile), folder, mode: Mode::Development, environment: Vec::new() };
    let gateway = setup.start()?;
    let account = gateway.open_account()?;
    let listed = gateway.native("GET", &format!("accounts/{}/secrets", account.key), b"")?;
    let first = InUse { id: text(&listed["secrets"][0], "id")?, secret: account.secret.clone(), round: 0 };
    let desk = Desk {
        gateway: &gateway,
        key: &account.key,
        careful: RwLock::new(first.clone()),
        late: RwLock::new(first),
        revoking: AtomicU64::new(0),
        stop: AtomicBool::new(false),
        next: AtomicU64::new(0),
        unjudged: Mutex::default(),
        tally: Mutex::default(),
    };
    println!("{} rotations under {} callers of each kind", options.seconds, options.callers);
    let rotated = std::thread::scope(|scope| {
        for habit in [Habit::Careful, Habit::Late].into_iter().cycle().take(2 * options.callers) {
            let desk = &desk;
            scope.spawn(move || desk.call(habit));
        }
        let rotated = (1..=options.seconds).try_for_each(|round| desk.rotate(round));
        // Also after a failure, or the scope would wait for the callers for ever.
        desk.stop.store(true, Ordering::Release);
        rotated
    });
    rotated?;
    desk.judge_rest()?;
    let tally = desk.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    check(&tally, &gateway, options.seconds)
}

impl Desk<'_> {
    /// Sends one text after the other until stopped.
    fn call(&self, habit: Habit) {
        let mut client = match habit {
            Habit::Careful => Client::new(self.gateway.http),
            Habit::Late => Client::from_address(LATE, self.gateway.http),
        };
        while !self.stop.load(Ordering::Acquire) {
            match habit {
                Habit::Careful => {
                    let held = self.careful.read().unwrap_or_else(PoisonError::into_inner);
                    let told = self.send(&mut client, &held.secret);
                    self.note(told, &[]);
                }
                Habit::Late => {
                    let used = self.late.read().unwrap_or_else(PoisonError::into_inner).clone();
                    let told = self.send(&mut client, &used.secret);
                    // The revocation was begun before the answer came, so it may have come first.
                    let may_be_overtaken = self.revoking.load(Ordering::Acquire) > used.round;
                    // Who has just shown a revoked secret is one who guesses, and waits for its turn for a while.
                    self.note(told, if may_be_overtaken { &[WRONG, BUSY] } else { &[BUSY] });
                }
            }
        }
    }

    /// Sends with a revoked secret; answers whether it was compared and found wrong, or too many others were being compared.
    fn ask_with(&self, revoked: &str) -> Outcome<&'static str> {
        match self.send(&mut Client::from_address(LATE, self.gateway.http), revoked) {
            Ok(Told::Refused(status)) if status == WRONG => Ok(WRONG),
            Ok(Told::Refused(status)) if status == BUSY => Ok(BUSY),
            told => Err(Failure::new(format!("a revoked secret was answered {told:?}"))),
        }
    }

    /// Asks once more, with nobody else there, with the secrets that were not compared at their time.
    fn judge_rest(&self) -> Outcome<()> {
        for secret in self.unjudged.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let mut told = BUSY;
            for _ in 0..BUSY_TRIES {
                told = self.ask_with(secret)?;
                if told == WRONG {
                    break;
                }
                sleep(BUSY_PAUSE);
            }
            require(told == WRONG, || "a revoked secret is not compared though nobody else asks".to_owned())?;
        }
        Ok(())
    }

    fn send(&self, client: &mut Client, secret: &str) -> Result<Told, String> {
        let account = Account { key: self.key.to_owned(), secret: secret.to_owned() };
        let to = FIRST_RECIPIENT + self.next.fetch_add(1, Ordering::Relaxed);
        outcome(client.call(&send_request(&account.form(to, "Your code is 123456"))))
    }

    fn note(&self, told: Result<Told, String>, refusals: &[&str]) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        match told {
            Ok(Told::Accepted { .. }) => tally.accepted += 1,
            Ok(Told::Refused(status)) if refusals.contains(&&*status) => tally.overtaken += 1,
            Ok(Told::Refused(status)) => *tally.failures.entry(format!("status {status}")).or_default() += 1,
            Err(why) => *tally.failures.entry(why).or_default() += 1,
        }
    }

    /// One second: another secret, generated and chosen in turn; another signature secret; each fifth time other keys.
    fn rotate(&self, round: u64) -> Outcome<()> {
        let started = Started::now();
        let path = format!("accounts/{}/secrets", self.key);
        let chosen = format!("Chosen-{round:06}");
        let body = if round.is_multiple_of(2) { json!({ "secret": chosen }) } else { json!({}) };
        let added = self.gateway.native("POST", &path, body.to_string().as_bytes())?;
        let secret = added["secret"].as_str().map_or(chosen, str::to_owned);
        let new = InUse { id: text(&added, "id")?, secret, round };
        // Waits until no careful caller has a request open with the old one.
        let old = std::mem::replace(&mut *self.careful.write().unwrap_or_else(PoisonError::into_inner), new.clone());
        self.revoking.store(round, Ordering::Release);
        self.gateway.native("DELETE", &format!("{path}/{}", old.id), b"")?;
        *self.late.write().unwrap_or_else(PoisonError::into_inner) = new;
        // Whoever kept it is refused from now on.
        if self.ask_with(&old.secret)? == BUSY {
            self.unjudged.lock().unwrap_or_else(PoisonError::into_inner).push(old.secret);
        }
        let sign = format!("accounts/{}/signing/rotate", self.key);
        self.gateway.native("POST", &sign, br#"{"overlap_seconds":60}"#)?;
        if round.is_multiple_of(5) {
            self.gateway.native("POST", "keys/rotate", b"")?;
        }
        sleep(Duration::from_secs(1).saturating_sub(started.elapsed()));
        Ok(())
    }
}

fn check(tally: &Tally, gateway: &Gateway, rounds: u64) -> Outcome<()> {
    let Tally { accepted, overtaken, failures } = tally;
    println!("accepted {accepted}, overtaken by a revocation {overtaken}, failed {failures:?}");
    require(failures.is_empty(), || "honest requests failed".to_owned())?;
    require(*accepted > 10 * rounds, || "this is no load".to_owned())?;
    let stored = gateway.count("messages")?;
    require(stored == *accepted, || format!("{stored} texts are stored where {accepted} were accepted"))?;
    println!("{rounds} rotations: 0 honest requests failed, no revoked secret was accepted");
    Ok(())
}

fn text(document: &Value, name: &str) -> Outcome<String> {
    let missing = || Failure::new(format!("no `{name}` in {document}"));
    document[name].as_str().map(str::to_owned).ok_or_else(missing)
}
