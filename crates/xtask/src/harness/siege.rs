//! All attacks on what callers reach, at once, and the judgement of what came of them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::clock::{Started, sleep};
use crate::failure::{Outcome, require};
use crate::harness::account::Account;
use crate::harness::attack::{Seen, Stage};
use crate::harness::gateway::Gateway;
use crate::harness::journal::Submissions;
use crate::harness::nginx::Nginx;
use crate::harness::smuggling::{Smuggled, mark};

/// How long what was accepted may take to reach the simulator.
const PATIENCE: Duration = Duration::from_secs(60);

/// What stands between the attackers and what they attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Walls {
    /// Nothing but the gateway.
    Gateway,
    /// nginx.
    Nginx,
}

/// The attackers, and what they saw.
#[derive(Debug)]
pub struct Siege<'a> {
    /// Set when they shall end.
    pub stop: AtomicBool,
    account: &'a Account,
    https: SocketAddr,
    simulator: SocketAddr,
    slow: usize,
    seed: u64,
    smuggled: BTreeMap<Walls, Smuggled>,
    seen: BTreeMap<(Walls, &'static str), Seen>,
}

/// The kinds of attack.
const KINDS: [&str; 7] =
    ["huge bodies", "slow heads", "slow bodies", "header bombs", "garbage", "malformed PDUs", "hidden requests"];

impl<'a> Siege<'a> {
    /// Attackers of a gateway and of its simulator, with so many slow connections of each kind.
    pub fn new(gateway: &Gateway, simulator: SocketAddr, account: &'a Account, slow: usize, seed: u64) -> Self {
        let all = [Walls::Gateway, Walls::Nginx];
        Self {
            stop: AtomicBool::new(false),
            account,
            https: gateway.https,
            simulator,
            slow,
            seed,
            smuggled: all.iter().zip(0..).map(|(walls, place)| (*walls, Smuggled::new(place))).collect(),
            seen: all.iter().flat_map(|walls| KINDS.map(|kind| ((*walls, kind), Seen::default()))).collect(),
        }
    }

    /// Attacks until stopped. Behind nginx the gateway's other doors are left alone.
    pub fn attack(&self, host: SocketAddr, walls: &Walls) {
        let stage = |kind| Stage { stop: &self.stop, seen: &self.seen[&(*walls, kind)] };
        std::thread::scope(|scope| {
            scope.spawn(move || stage("huge bodies").huge_bodies(host));
            scope.spawn(move || stage("slow heads").slow_headers(host, self.slow));
            scope.spawn(move || stage("slow bodies").slow_bodies(host, self.slow));
            scope.spawn(move || stage("header bombs").header_bombs(host));
            scope.spawn(move || stage("garbage").garbage(host, self.seed));
            if *walls == Walls::Gateway {
                scope.spawn(move || stage("garbage").garbage(self.https, self.seed + 1));
                scope.spawn(move || stage("malformed PDUs").malformed_pdus(self.simulator, self.seed + 2));
            }
            scope.spawn(move || self.smuggled[walls].attack(&stage("hidden requests"), host, self.account));
        });
    }

    /// Tells what the attackers saw.
    pub fn report(&self) {
        for ((walls, kind), seen) in &self.seen {
            if seen.attempts.load(Ordering::Relaxed) > 0 {
                println!("{walls:?}, {kind}: {}", seen.told());
            }
        }
        for (walls, smuggled) in &self.smuggled {
            println!("{walls:?}, answers to requests that hide another: {:?} (0: none)", smuggled.statuses());
            for ((shape, status), count) in smuggled.errors() {
                println!("  {status} {count} times: {shape}");
            }
        }
    }

    /// Fails if a hidden request was executed, a connection hung that the server must end, or the gateway answered with an error of
    /// its own.
    pub fn judge(
        &self,
        gateway: &Gateway,
        journal: &Path,
        nginx: Option<&Nginx>,
        honest: usize,
        figures: &mut Map<String, Value>,
    ) -> Outcome<()> {
        drained(gateway)?;
        let (sent, read) =
            (Submissions::read(journal)?, nginx.map(Nginx::read_requests).transpose()?.unwrap_or_default());
        let (mut hidden, mut controls, mut own, mut executed) = (0, 0, BTreeMap::<String, usize>::new(), Vec::new());
        for (walls, smuggled) in &self.smuggled {
            let missing: Vec<u64> = smuggled.controls().into_iter().filter(|to| !sent.has(*to)).collect();
            require(missing.is_empty(), || {
                format!("{walls:?}: requests in their own place were not executed, so this proves nothing: {missing:?}")
            })?;
            controls += smuggled.controls().len();
            for (to, shape) in smuggled.hidden() {
                hidden += 1;
                let is_read = *walls == Walls::Nginx && read.contains(&mark(to));
                match (sent.has(to), is_read) {
                    (true, false) => executed.push(format!("{walls:?}: {shape}")),
                    (true, true) => *own.entry(shape).or_default() += 1,
                    (false, _) => {}
                }
            }
        }
        let own_shapes: Vec<&String> = own.keys().collect();
        let own = own.values().sum::<usize>();
        println!(
            "{hidden} hidden requests: {} executed unseen, {own} that nginx read as its client's own; {controls} in their own \
             place, all executed",
            executed.len()
        );
        for shape in own_shapes {
            println!("  nginx reads two requests in: {shape}");
        }
        require(executed.is_empty(), || format!("hidden requests were executed: {executed:?}"))?;
        let (stored, expected) = (gateway.count("messages")?, honest + controls + own);
        require(stored == expected as u64, || format!("{stored} messages in the store, {expected} were asked for"))?;
        let errors = self.smuggled[&Walls::Gateway].errors();
        require(errors.is_empty(), || format!("the gateway answered with errors of its own: {errors:?}"))?;
        for ((walls, kind), seen) in &self.seen {
            let hung = seen.hung.load(Ordering::Relaxed);
            require(*walls == Walls::Nginx || hung == 0, || format!("{hung} attackers were not cut off: {kind}"))?;
        }
        figures.insert("hidden_requests".to_owned(), json!(hidden));
        figures.insert("hidden_requests_executed".to_owned(), json!(executed.len()));
        figures.insert("hidden_requests_that_nginx_read_as_its_clients_own".to_owned(), json!(own));
        Ok(())
    }
}

/// Waits until nothing is on its way to the carrier any more.
fn drained(gateway: &Gateway) -> Outcome<()> {
    let started = Started::now();
    while gateway.count("queued")? + gateway.count("submitting")? > 0 {
        require(started.elapsed() < PATIENCE, || "texts do not leave the gateway".to_owned())?;
        sleep(Duration::from_millis(50));
    }
    Ok(())
}
