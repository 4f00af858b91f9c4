//! `cargo xtask bench`: the whole path, from HTTP requests to a separate fast SMSC, on a release build.
//!
//! Loader, gateway and sink are three processes on this machine and share its cores; compare rates only within one run. The
//! figure that other load does not blur is CPU time per message. A run fails unless texts accepted (by body), unique numbers at
//! the sink and messages in the store are the same count.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use crate::clock::{Started, sleep};
use crate::command;
use crate::commands::crashloop::build;
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::harness::account::Account;
use crate::harness::books::FIRST_RECIPIENT;
use crate::harness::gateway::{Gateway, Mode, Setup, store_bytes};
use crate::harness::http::{Client, Request};
use crate::harness::proc_stat::{cpu, memory_kib};
use crate::harness::process::Running;
use crate::workspace::Workspace;

/// How much is measured.
#[derive(Args)]
pub struct Options {
    /// Callers at the same time, one row each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64, 256])]
    callers: Vec<u32>,
    /// Texts in each row; with one caller a tenth of it.
    #[arg(long, default_value_t = 30_000)]
    count: u64,
    /// The carrier's window.
    #[arg(long, default_value_t = 100)]
    window: u32,
    /// Uses the debug build, to try the bench itself.
    #[arg(long)]
    debug: bool,
}

const PATIENCE: Duration = Duration::from_secs(300);

/// Builds, measures each row, prints the table and the raw lines.
pub fn run(workspace: &Workspace, options: &Options) -> Outcome<()> {
    let profile = build(workspace, !options.debug)?;
    let binary = workspace.product(profile);
    let folder = workspace.scratch("bench")?;
    let mut rows = Vec::new();
    for callers in &options.callers {
        let row_folder = folder.join(format!("callers-{callers}"));
        std::fs::create_dir_all(&row_folder)?;
        let count = if *callers == 1 { options.count / 10 } else { options.count };
        rows.push(row(&binary, &row_folder, *callers, count.max(1), options.window)?);
    }
    println!(
        "| callers | accepted/s | to SMSC/s | p50 ms | p99 ms | p99.9 ms | CPU us/msg | RSS MiB | ops/commit | store B/msg |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for row in &rows {
        let number = |name: &str| row[name].as_f64().unwrap_or(f64::NAN);
        println!(
            "| {} | {:.0} | {:.0} | {:.2} | {:.2} | {:.2} | {:.1} | {:.1} | {:.1} | {:.0} |",
            row["callers"],
            number("rate"),
            number("smsc_rate"),
            number("p50_us") / 1000.0,
            number("p99_us") / 1000.0,
            number("p999_us") / 1000.0,
            number("cpu_us_per_message"),
            number("rss_kib") / 1024.0,
            number("ops_per_commit"),
            number("store_bytes_per_message"),
        );
    }
    for row in &rows {
        println!("{row}");
    }
    Ok(())
}

fn row(binary: &Path, folder: &Path, callers: u32, count: u64, window: u32) -> Outcome<Value> {
    let sink = Sink::start(folder)?;
    let mode = Mode::Carrier { addr: sink.addr, window, doubt_resends: 1 };
    let environment = vec![("WHIMBREL_LOG".to_owned(), "warn".to_owned())];
    let setup = Setup { binary: binary.to_owned(), folder: folder.to_owned(), mode, environment };
    let gateway = setup.start()?;
    let account = gateway.open_account()?;
    // A first thousand warms caches and connections and is counted nowhere but in the equality at the end.
    let warm = 1000.min(count);
    load(&gateway, &account, callers, warm, FIRST_RECIPIENT)?;
    sink.wait_for(warm)?;
    sink.ask("/mark")?;

    let before = Usage::read(&gateway)?;
    let mut measured = load(&gateway, &account, callers, count, FIRST_RECIPIENT + warm)?;
    let stats = sink.wait_for(warm + count)?;
    let after = Usage::read(&gateway)?;
    let (rss_kib, rss_most_kib) = memory_kib(gateway.process.pid())?;

    let accepted = measured["accepted"].as_u64().unwrap_or(0);
    let stored = gateway.count("messages")?;
    let unique = stats["unique"].as_u64().unwrap_or(0);
    require(accepted == count, || format!("{count} texts sent, {accepted} accepted: {measured}"))?;
    require(unique == warm + count && stored == warm + count, || {
        format!("{} accepted in all, {unique} unique at the sink, {stored} in the store", warm + count)
    })?;
    let commits = (after.commits - before.commits).max(1.0);
    let figures = json!({
        "window": window,
        "smsc_rate": count as f64 / (stats["span_us"].as_f64().unwrap_or(f64::NAN) / 1e6),
        "cpu_us_per_message": (after.cpu - before.cpu).as_micros() as f64 / count as f64,
        "rss_kib": rss_kib,
        "rss_most_kib": rss_most_kib,
        "ops_per_commit": (after.operations - before.operations) / commits,
        "commits": commits,
        "copies_at_smsc": stats["submissions"].as_u64().unwrap_or(0) - unique,
        "store_bytes_per_message": store_bytes(&setup.data_folder())? as f64 / stored as f64,
    });
    if let (Some(row), Some(figures)) = (measured.as_object_mut(), figures.as_object()) {
        row.extend(figures.clone());
    }
    println!("{measured}");
    Ok(measured)
}

/// What the gateway has used and committed so far.
struct Usage {
    cpu: Duration,
    operations: f64,
    commits: f64,
}

impl Usage {
    fn read(gateway: &Gateway) -> Outcome<Self> {
        Ok(Self {
            cpu: cpu(gateway.process.pid())?,
            operations: gateway.metric("whimbrel_commit_batch_ops_sum")?,
            commits: gateway.metric("whimbrel_commit_batch_ops_count")?,
        })
    }
}

/// Runs the loader as a process of its own; its line of JSON.
fn load(gateway: &Gateway, account: &Account, callers: u32, count: u64, first: u64) -> Outcome<Value> {
    let mut line = Command::new(std::env::current_exe()?);
    line.args(["load", "--host", &gateway.http.to_string(), "--key", &account.key, "--secret", &account.secret]);
    line.args(["--callers", &callers.to_string(), "--count", &count.to_string(), "--first", &first.to_string()]);
    let output = command::read(&mut line)?;
    let last = output.lines().last().unwrap_or_default();
    serde_json::from_str(last).attempting(format_args!("read the loader's result `{last}`"))
}

/// The far end as a process of its own.
struct Sink {
    // Held for its end: dropped, the process is killed.
    _process: Running,
    addr: SocketAddr,
    http: SocketAddr,
}

impl Sink {
    fn start(folder: &Path) -> Outcome<Self> {
        let ready_file = folder.join("sink.ready.json");
        let mut line = Command::new(std::env::current_exe()?);
        line.arg("sink").arg("--ready-file").arg(&ready_file);
        let mut process = Running::start("the sink", &mut line, &folder.join("sink.log"))?;
        let ready = process.wait_ready(&ready_file)?;
        let socket = |name: &str| {
            let addr = ready[name].as_str().and_then(|addr| addr.parse().ok());
            addr.ok_or_else(|| Failure::new(format!("the sink's ready-file has no `{name}`")))
        };
        Ok(Self { addr: socket("addr")?, http: socket("http")?, _process: process })
    }

    fn ask(&self, target: &str) -> Outcome<Value> {
        let answer = Client::new(self.http).call(&Request { method: "GET", target, token: None, body: ("", b"") })?;
        serde_json::from_slice(&answer.body).attempting("read the sink's counts")
    }

    /// Waits until that many numbers were reached; the counts then.
    fn wait_for(&self, unique: u64) -> Outcome<Value> {
        let started = Started::now();
        loop {
            let stats = self.ask("/stats")?;
            if stats["unique"].as_u64() >= Some(unique) {
                return Ok(stats);
            }
            require(started.elapsed() < PATIENCE, || format!("{unique} texts were accepted, the sink has {stats}"))?;
            sleep(Duration::from_millis(20));
        }
    }
}
