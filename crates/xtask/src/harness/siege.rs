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
use crate::harness::smuggling::{Smuggled, Wire, mark, outer_mark};

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

/// Where a gateway, or the proxy before it, is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doors {
    /// HTTP/1.1.
    pub http: SocketAddr,
    /// HTTP/2 over TLS.
    pub https: SocketAddr,
}

/// The attackers, and what they saw.
#[derive(Debug)]
pub struct Siege<'a> {
    /// Set when they shall end.
    pub stop: AtomicBool,
    account: &'a Account,
    simulator: SocketAddr,
    slow: usize,
    seed: u64,
    smuggled: BTreeMap<(Walls, Wire), Smuggled>,
    seen: BTreeMap<(Walls, &'static str), Seen>,
}

/// The kinds of attack.
const KINDS: [&str; 10] = [
    "huge bodies",
    "slow heads",
    "slow bodies",
    "header bombs",
    "half handshakes",
    "deaf readers",
    "garbage",
    "malformed PDUs",
    "hidden requests",
    "hidden requests over HTTP/2",
];
const ALL_WALLS: [Walls; 2] = [Walls::Gateway, Walls::Nginx];

impl<'a> Siege<'a> {
    /// Attackers of a gateway and of its simulator, with so many slow connections of each kind.
    pub fn new(simulator: SocketAddr, account: &'a Account, slow: usize, seed: u64) -> Self {
        let ways = ALL_WALLS.iter().flat_map(|walls| [(*walls, Wire::Http1), (*walls, Wire::Http2)]);
        Self {
            stop: AtomicBool::new(false),
            account,
            simulator,
            slow,
            seed,
            smuggled: ways.zip(0..).map(|(way, place)| (way, Smuggled::new(place, way.1))).collect(),
            seen: ALL_WALLS.iter().flat_map(|walls| KINDS.map(|kind| ((*walls, kind), Seen::default()))).collect(),
        }
    }

    /// Attacks until stopped. Behind nginx the gateway's other doors are left alone.
    pub fn attack(&self, doors: Doors, walls: &Walls) {
        let Doors { http: host, https } = doors;
        let stage = |kind| Stage { stop: &self.stop, seen: &self.seen[&(*walls, kind)] };
        std::thread::scope(|scope| {
            scope.spawn(move || stage("huge bodies").huge_bodies(host));
            scope.spawn(move || stage("slow heads").slow_headers(host, self.slow));
            scope.spawn(move || stage("slow bodies").slow_bodies(host, self.slow));
            scope.spawn(move || stage("header bombs").header_bombs(host));
            scope.spawn(move || stage("half handshakes").half_handshakes(https, self.slow));
            scope.spawn(move || stage("deaf readers").deaf(host, self.slow / 100));
            scope.spawn(move || stage("garbage").garbage(host, self.seed));
            if *walls == Walls::Gateway {
                scope.spawn(move || stage("garbage").garbage(https, self.seed + 1));
                scope.spawn(move || stage("malformed PDUs").malformed_pdus(self.simulator, self.seed + 2));
            }
            for (wire, kind, host) in
                [(Wire::Http1, "hidden requests", host), (Wire::Http2, "hidden requests over HTTP/2", https)]
            {
                scope.spawn(move || self.smuggled[&(*walls, wire)].attack(&stage(kind), host, self.account));
            }
        });
    }

    /// Tells what the attackers saw.
    pub fn report(&self) {
        for ((walls, kind), seen) in &self.seen {
            if seen.attempts.load(Ordering::Relaxed) > 0 {
                println!("{walls:?}, {kind}: {}", seen.told());
            }
        }
        for ((walls, wire), smuggled) in &self.smuggled {
            println!("{walls:?}, {wire:?}, answers to requests that hide another: {:?}", smuggled.answers());
            for ((shape, answer), count) in smuggled.errors() {
                println!("  {answer} {count} times: {shape}");
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
        for ((walls, wire), smuggled) in &self.smuggled {
            if *walls == Walls::Nginx && nginx.is_none() {
                continue;
            }
            let missing: Vec<u64> = smuggled.controls().into_iter().filter(|to| !sent.has(*to)).collect();
            require(missing.is_empty(), || {
                format!("{walls:?}: requests in their own place were not executed, so this proves nothing: {missing:?}")
            })?;
            require(!smuggled.controls().is_empty(), || {
                format!("{walls:?}, {wire:?}: nothing was sent, so this proves nothing")
            })?;
            controls += smuggled.controls().len();
            for (to, shape) in smuggled.hidden() {
                hidden += 1;
                // Over HTTP/2 nobody's own request is found in another.
                let is_read = (*walls, *wire) == (Walls::Nginx, Wire::Http1) && read.contains(&mark(to));
                match (sent.has(to), is_read) {
                    (true, false) => executed.push(format!("{walls:?}, {shape}")),
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
        for wire in [Wire::Http1, Wire::Http2] {
            let errors = self.smuggled[&(Walls::Gateway, wire)].errors();
            require(errors.is_empty(), || format!("the gateway answered with errors of its own: {errors:?}"))?;
        }
        for ((walls, kind), seen) in &self.seen {
            let hung = seen.hung.load(Ordering::Relaxed);
            require(*walls == Walls::Nginx || hung == 0, || format!("{hung} attackers were not cut off: {kind}"))?;
        }
        if nginx.is_some() {
            self.tell_downgraded(&read, figures);
        }
        figures.insert("hidden_requests".to_owned(), json!(hidden));
        figures.insert("hidden_requests_executed".to_owned(), json!(executed.len()));
        figures.insert("hidden_requests_that_nginx_read_as_its_clients_own".to_owned(), json!(own));
        Ok(())
    }
}

impl Siege<'_> {
    /// What became of the requests over HTTP/2 that nginx was sent, by its log.
    fn tell_downgraded(&self, log: &str, figures: &mut Map<String, Value>) {
        let hidden = self.smuggled[&(Walls::Nginx, Wire::Http2)].hidden();
        // Status of nginx, status of the gateway if it was asked, and the outer request's mark.
        let lines = log.lines().filter_map(|line| line.rsplit_once(' ')).map(|(statuses, mark)| (mark, statuses));
        let lines: BTreeMap<&str, &str> = lines.collect();
        let (mut passed_on, mut by_gateway) = (0, BTreeMap::<&str, usize>::new());
        for to in hidden.keys() {
            let asked = lines.get(outer_mark(*to).as_str()).and_then(|statuses| statuses.split_once(' '));
            if let Some((_, status)) = asked.filter(|(_, status)| *status != "-") {
                passed_on += 1;
                *by_gateway.entry(status).or_default() += 1;
            }
        }
        println!(
            "{} of the hidden requests came to nginx over HTTP/2: it refused {}, and passed {passed_on} on, which the gateway \
             answered with {by_gateway:?}",
            hidden.len(),
            hidden.len() - passed_on
        );
        figures.insert("downgrades_at_nginx".to_owned(), json!(hidden.len()));
        figures.insert("downgrades_that_nginx_passed_on".to_owned(), json!(passed_on));
        let direct = self.smuggled[&(Walls::Gateway, Wire::Http2)].hidden().len();
        figures.insert("hidden_requests_over_http2".to_owned(), json!(direct));
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
