//! `cargo xtask throttled`: a carrier that answers "slow down" above its allowed rate, beside one that takes everything.
//!
//! Gateway and simulator are two processes. Texts are queued for the slow carrier faster than it allows, and some are sent over the
//! other one meanwhile. The run fails unless the slow carrier's allowed rate was used to 95 %, at most 2 % of its answers were
//! refusals, texts left in the order of acceptance, every text over the other carrier reached it within five seconds, and `whimbrel check`
//! finds every promise kept.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::clock::{Started, sleep};
use crate::commands::crashloop::build;
use crate::evidence::{self, Run};
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::harness::account::{Account, Told, send_request, told};
use crate::harness::check::check_store;
use crate::harness::gateway::{Gateway, Mode, Setup};
use crate::harness::http::{Client, Request};
use crate::harness::simulator::Simulator;
use crate::workspace::Workspace;

/// How much is measured.
#[derive(Args)]
pub struct Options {
    /// Parts per second that the slow carrier allows.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(10..=2_000))]
    rate: u32,
    /// How long is measured, after three seconds of start, or twenty if the rate is unknown.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(5..=600))]
    seconds: u64,
    /// The gateway is not told the rate, and must find it.
    #[arg(long)]
    unknown: bool,
    /// The debug build.
    #[arg(long)]
    debug: bool,
}

/// Numbers of the slow carrier and of the free one; the last two digits choose no outcome.
const SLOW: u64 = 44_000_000_000_000;
const FREE: u64 = 49_000_000_000_000;
/// Unanswered submissions at each carrier.
const WINDOW: u32 = 10;
const START_SECONDS: u64 = 3;
/// A rate that is not told must be found first.
const FIND_SECONDS: u64 = 20;
const FREE_PAUSE: Duration = Duration::from_millis(50);

/// Measures once.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    build(workspace, !options.debug)?;
    let profile = if options.debug { "debug" } else { "release" };
    let run = Run::begin(workspace, "throttled", profile, None);
    evidence::record(workspace, &run, throttle(workspace, profile, options))
}

fn throttle(workspace: &Workspace, profile: &str, options: &Options) -> Outcome<Value> {
    let binary = workspace.product(profile);
    let folder = workspace.scratch("throttled")?;
    let scenario = format!(
        "ignore_suffixes = true\n[[client]]\nsystem_id = \"slow\"\nrate = {rate}\nburst = {burst}\n\n[[client]]\nsystem_id = \"*\"\n",
        rate = options.rate,
        burst = (options.rate / 10).max(1),
    );
    let simulator = Simulator::start_with(&binary, &folder, Some(&scenario))?;
    let mode = Mode::Written(configuration(&simulator, options));
    let setup = Setup { binary, folder: folder.clone(), mode, environment: Vec::new() };
    let gateway = setup.start()?;
    let account = gateway.open_account()?;
    let figures = measure(&simulator, &gateway, &account, options)?;
    println!("{}", figures.line(options));
    in_order(&simulator.journal)?;
    check_store(&setup.binary, &setup.data_folder())?;
    require(figures.used >= 0.95, || format!("only {:.1} % of the allowed rate was used", figures.used * 100.0))?;
    require(figures.refused <= 0.02, || format!("{:.1} % of the answers were refusals", figures.refused * 100.0))?;
    std::fs::remove_dir_all(&folder).attempting(format_args!("remove {}", folder.display()))?;
    Ok(json!({ "taken": figures.accepted, "sent_beside": figures.free_sent }))
}

fn configuration(simulator: &Simulator, options: &Options) -> String {
    let carrier = |name: &str, rate: Option<u32>| {
        let rate = rate.map_or(String::new(), |rate| format!("rate = {rate}\n"));
        format!(
            "[carriers.{name}]\nkind = \"smpp\"\nhost = \"{}\"\nport = {}\nsystem_id = \"{name}\"\npassword = \"dev\"\nwindow = {WINDOW}\n{rate}\n",
            simulator.addr.ip(),
            simulator.addr.port(),
        )
    };
    let route = |name: &str, prefix: &str| {
        format!("[[routes]]\nname = \"{name}\"\nprefix = \"{prefix}\"\ncarrier = \"{name}\"\n\n")
    };
    let told = (!options.unknown).then_some(options.rate);
    [carrier("slow", told), carrier("free", None), route("slow", "44"), route("free", "49")].concat()
}

/// What one run gave.
struct Figures {
    accepted: u64,
    used: f64,
    refused: f64,
    free_sent: u64,
    free_slowest_ms: u64,
}

impl Figures {
    fn line(&self, options: &Options) -> String {
        format!(
            "allowed {} parts/s ({}), {} s: {} taken, {:.1} % of the allowed rate, {:.2} % of the answers refusals; \
             {} texts over the other carrier meanwhile, the slowest was with it after {} ms",
            options.rate,
            if options.unknown { "not told" } else { "told" },
            options.seconds,
            self.accepted,
            self.used * 100.0,
            self.refused * 100.0,
            self.free_sent,
            self.free_slowest_ms,
        )
    }
}

fn measure(simulator: &Simulator, gateway: &Gateway, account: &Account, options: &Options) -> Outcome<Figures> {
    let mut client = Client::new(gateway.http);
    // A tenth more than the carrier can take in all that time, so that something always waits.
    let start = if options.unknown { FIND_SECONDS } else { START_SECONDS };
    let texts = u64::from(options.rate) * (options.seconds + start + 2) * 11 / 10;
    for number in 0..texts {
        send(&mut client, account, SLOW + number)?;
    }
    sleep(Duration::from_secs(start));
    let (from, begun) = (counters(simulator, "slow")?, Started::now());
    let (mut free_sent, mut free_slowest_ms) = (0, 0);
    while begun.elapsed() < Duration::from_secs(options.seconds) {
        let before = counters(simulator, "free").map_or(0, |counters| counters.0);
        let sent = Started::now();
        send(&mut client, account, FREE + free_sent)?;
        free_sent += 1;
        while counters(simulator, "free").map_or(0, |counters| counters.0) == before {
            require(sent.elapsed() < Duration::from_secs(5), || {
                "a text over the free carrier waited for five seconds".to_owned()
            })?;
            sleep(Duration::from_millis(2));
        }
        free_slowest_ms = free_slowest_ms.max(sent.elapsed_us() / 1_000);
        sleep(FREE_PAUSE);
    }
    let (to, elapsed) = (counters(simulator, "slow")?, begun.elapsed().as_secs_f64());
    let (accepted, refused) = (to.0 - from.0, to.1 - from.1);
    Ok(Figures {
        accepted,
        used: accepted as f64 / (f64::from(options.rate) * elapsed),
        refused: refused as f64 / (accepted + refused).max(1) as f64,
        free_sent,
        free_slowest_ms,
    })
}

fn send(client: &mut Client, account: &Account, to: u64) -> Outcome<()> {
    let answer = client.call(&send_request(&account.form(to, "x")))?;
    match told(&answer) {
        Some(Told::Accepted { .. }) => Ok(()),
        other => Err(Failure::new(format!("a text was not accepted: {other:?} ({})", answer.text()))),
    }
}

/// Messages that a client's sessions had accepted and throttled.
fn counters(simulator: &Simulator, system_id: &str) -> Outcome<(u64, u64)> {
    let http = simulator.http.ok_or_else(|| Failure::new("the simulator listens for no HTTP"))?;
    let target = "/_whimbrel/v1/simulator/clients";
    let request = Request { method: "GET", target, token: None, body: ("", b"") };
    let answer = Client::new(http).call(&request)?;
    let clients: Vec<Value> = serde_json::from_slice(&answer.body).attempting("read the simulator's clients")?;
    let client = clients.iter().find(|client| client["system_id"] == system_id);
    let count = |name: &str| client.and_then(|client| client["counters"][name].as_u64()).unwrap_or(0);
    Ok((count("accepted"), count("throttled")))
}

/// Texts left in the order of acceptance, which is that of the numbers, and one that was refused left again before more new ones than
/// the window holds: those were on their way when the refusal came.
fn in_order(journal: &Path) -> Outcome<()> {
    let text = std::fs::read_to_string(journal).attempting("read the journal")?;
    let (mut newest, mut taken) = (0, 0);
    // Refused numbers, with how many new ones have come since.
    let mut refused: BTreeMap<u64, u32> = BTreeMap::new();
    for line in text.lines() {
        let Ok(record) = serde_json::from_str::<Value>(line) else { continue };
        if record["event"] != "submit_sm" || record["system_id"] != "slow" {
            continue;
        }
        let to: u64 = record["destination"].as_str().and_then(|digits| digits.parse().ok()).unwrap_or(0);
        if let Some(since) = refused.remove(&to) {
            require(since <= WINDOW, || format!("{to} was refused, and {since} new ones came before it came again"))?;
        } else {
            require(to > newest, || format!("{to} came for the first time after {newest}"))?;
            newest = to;
            refused.values_mut().for_each(|since| *since += 1);
        }
        if record["status"] == "ESME_ROK" {
            taken += 1;
        } else {
            refused.insert(to, 0);
        }
    }
    require(taken > 0, || "the journal has no text that was taken".to_owned())?;
    println!(
        "{taken} texts were taken, in the order of acceptance but for what was on its way when another was refused"
    );
    Ok(())
}
