//! The far end and the near end as processes: started with a ready-file, asked over HTTP, killed when dropped.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::figures::Arrivals;
use super::loader::{Order, Pace, Proof, Tally};
use crate::clock::{Started, sleep};
use crate::commands::load::Speech;
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::harness::account::Account;
use crate::harness::http::{Client, Request};
use crate::harness::process::Running;

/// How much longer than asked a load may take; the loader itself gives up earlier.
const OVERTIME: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);
/// For a count that stays where it is.
const PATIENCE: Duration = Duration::from_secs(60);

/// `cargo xtask sink`.
pub struct Sink {
    peer: Peer,
    /// Where gateways bind.
    pub addr: SocketAddr,
}

/// `cargo xtask load`.
pub struct Loader {
    peer: Peer,
}

struct Peer {
    // Dropped, the process is killed.
    process: Running,
    http: SocketAddr,
}

impl Sink {
    /// Starts one; with receipts it sends one for each text that asks.
    pub fn start(program: &Path, folder: &Path, receipts: bool) -> Outcome<Self> {
        let arguments = if receipts { vec!["--receipts".to_owned()] } else { Vec::new() };
        let (peer, ready) = Peer::start(program, "sink", arguments, folder)?;
        Ok(Self { peer, addr: socket(&ready, "addr")? })
    }

    /// What came so far.
    pub fn counts(&self) -> Outcome<Value> {
        self.peer.ask("/counts")
    }

    /// Starts the measured span with the next text.
    pub fn mark(&self) -> Outcome<()> {
        self.peer.ask("/mark").map(drop)
    }

    /// Waits until one of its counts is as high as wanted: see [`reach`].
    pub fn reach(&self, name: &str, wanted: u64) -> Outcome<()> {
        reach("texts arrived", wanted, || number(&self.counts()?, name))
    }
}

impl Loader {
    /// Starts one for a gateway of ours and this account.
    pub fn start(program: &Path, folder: &Path, gateway: SocketAddr, account: &Account) -> Outcome<Self> {
        Self::start_from(program, folder, gateway, account, 0)
    }

    /// The same, with its texts numbered from `first` on: those of several loaders go to different recipients.
    pub fn start_from(
        program: &Path,
        folder: &Path,
        gateway: SocketAddr,
        account: &Account,
        first: u64,
    ) -> Outcome<Self> {
        let (Account { key, secret }, first) = (account, first.to_string());
        let words = ["--speech", "account", "--key", key, "--secret", secret, "--first", &first];
        Self::start_with(program, folder, gateway, &words)
    }

    /// As [`start`](Self::start), but it does not sleep while it loads: the gateway is not the one who wakes it.
    pub fn start_awake(program: &Path, folder: &Path, gateway: SocketAddr, account: &Account) -> Outcome<Self> {
        let Account { key, secret } = account;
        let words = ["--speech", "account", "--key", key, "--secret", secret, "--awake"];
        Self::start_with(program, folder, gateway, &words)
    }

    /// Starts one for a gateway that is asked in other words.
    pub fn start_for(program: &Path, folder: &Path, gateway: SocketAddr, speech: Speech) -> Outcome<Self> {
        let speech = match speech {
            Speech::Account => "account",
            Speech::Kannel => "kannel",
            Speech::Jasmin => "jasmin",
        };
        Self::start_with(program, folder, gateway, &["--speech", speech])
    }

    fn start_with(program: &Path, folder: &Path, gateway: SocketAddr, words: &[&str]) -> Outcome<Self> {
        let mut arguments = vec!["--host".to_owned(), gateway.to_string()];
        arguments.extend(words.iter().map(|word| (*word).to_owned()));
        let (peer, _) = Peer::start(program, "load", arguments, folder)?;
        Ok(Self { peer })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.peer.process.pid()
    }

    /// Where webhooks shall go.
    pub fn webhook_url(&self) -> String {
        format!("http://{}/webhook", self.peer.http)
    }

    /// Loads and waits for the end.
    pub fn run(&self, order: Order) -> Outcome<Tally> {
        let Order { callers, millis, receipts, proof, pace, lead_millis } = order;
        let (receipts, signed) = (u8::from(receipts), u8::from(proof == Proof::Signature));
        let rate = match pace {
            Pace::Answers => 0,
            Pace::PerSecond(rate) => rate,
        };
        let target = format!(
            "/run?callers={callers}&millis={millis}&receipts={receipts}&signed={signed}&rate={rate}&lead={lead_millis}"
        );
        let answer = self.peer.ask(&target)?;
        require(answer["failure"].is_null(), || format!("the loader takes no such order: {target}"))?;
        let (started, patience) = (Started::now(), Duration::from_millis(millis) + OVERTIME);
        // Not to disturb what is measured: the first look is at its end.
        sleep(Duration::from_millis(millis));
        loop {
            let answer = self.peer.ask("/result")?;
            if let Some(why) = answer["failure"].as_str() {
                return Err(Failure::new(format!("the loader failed: {why}")));
            }
            if !answer["tally"].is_null() {
                return serde_json::from_value(answer["tally"].clone()).attempting("read the loader's tally");
            }
            require(started.elapsed() < patience, || "the loader does not come to an end".to_owned())?;
            sleep(PAUSE);
        }
    }

    /// Starts the measured span with the next webhook.
    pub fn mark(&self) -> Outcome<()> {
        self.peer.ask("/mark").map(drop)
    }

    /// Different recipients that webhooks told of, and all webhooks since the mark.
    pub fn webhooks(&self) -> Outcome<(u64, Arrivals)> {
        let counts = self.peer.ask("/webhooks")?;
        let marked = Arrivals { count: number(&counts, "marked")?, span_us: number(&counts, "marked_span_us")? };
        Ok((number(&counts, "told")?, marked))
    }
}

impl Peer {
    /// Runs a build of this very program with a hidden subcommand.
    fn start(program: &Path, name: &str, arguments: Vec<String>, folder: &Path) -> Outcome<(Self, Value)> {
        let ready_file = folder.join(format!("{name}.ready.json"));
        let mut line = Command::new(program);
        line.arg(name).args(arguments).arg("--ready-file").arg(&ready_file);
        let mut process = Running::start(name, &mut line, &folder.join(format!("{name}.log")))?;
        let ready = process.wait_ready(&ready_file)?;
        Ok((Self { http: socket(&ready, "http")?, process }, ready))
    }

    fn ask(&self, target: &str) -> Outcome<Value> {
        let answer = Client::new(self.http).call(&Request { method: "GET", target, token: None, body: ("", b"") })?;
        serde_json::from_slice(&answer.body).attempting(format_args!("read the answer to {target}"))
    }
}

/// What the sink saw since the mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AtSink {
    /// Texts.
    pub texts: Arrivals,
    /// From the time that texts left to their coming.
    pub transit_p50_us: u64,
    /// See `transit_p50_us`.
    pub transit_p99_us: u64,
}

impl Sink {
    /// What came since the mark.
    pub fn marked(&self) -> Outcome<AtSink> {
        let counts = self.counts()?;
        Ok(AtSink {
            texts: Arrivals {
                count: number(&counts, "marked_submissions")?,
                span_us: number(&counts, "marked_span_us")?,
            },
            transit_p50_us: number(&counts, "transit_p50_us")?,
            transit_p99_us: number(&counts, "transit_p99_us")?,
        })
    }
}

/// Waits until there are so many of something; fails if there come no more for a minute.
pub fn reach(what: &str, wanted: u64, count: impl Fn() -> Outcome<u64>) -> Outcome<()> {
    let (mut seen, mut since) = (0, Started::now());
    loop {
        let now = count()?;
        if now >= wanted {
            return Ok(());
        }
        if now > seen {
            (seen, since) = (now, Started::now());
        }
        require(since.elapsed() < PATIENCE, || format!("{now} of {wanted} {what}"))?;
        sleep(PAUSE);
    }
}

/// A count that must be there.
pub fn number(counts: &Value, name: &str) -> Outcome<u64> {
    counts[name].as_u64().ok_or_else(|| Failure::new(format!("no count `{name}` in {counts}")))
}

/// An address of a ready-file.
pub fn socket(ready: &Value, name: &str) -> Outcome<SocketAddr> {
    let addr = ready[name].as_str().and_then(|addr| addr.parse().ok());
    addr.ok_or_else(|| Failure::new(format!("the ready-file has no `{name}`: {ready}")))
}
