//! Kannel 1.4 as the gateway between the same two ends: a fresh bearerbox and smsbox, a warm-up that is drained, then the load.
//!
//! It is set as its user guide advises for durability, `store-type = file`: messages are written to a log, which it does not flush
//! before it answers. Its log tells warnings and errors only, as ours does in the bench, and no access log is written.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::compared::Compared;
use super::figures::Arrivals;
use super::loader::{Order, Tally};
use super::peer::{Loader, Sink, number};
use super::words::KANNEL_USER;
use crate::clock::{Started, sleep};
use crate::failure::{Attempted as _, Failure, Outcome, require};
use crate::harness::http::{Client, Request};
use crate::harness::proc_stat::{cpu, memory_kib};
use crate::harness::process::Running;

/// Where Debian's package has its programs.
pub const BEARERBOX: &str = "/usr/sbin/bearerbox";
const SMSBOX: &str = "/usr/sbin/smsbox";
const WARM_UP_MS: u64 = 1000;
/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing may move before what is missing counts as missing.
const QUIET: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);
/// The level of warnings in its logs.
const LOG_LEVEL: u8 = 2;

/// Both of its boxes.
struct Kannel {
    bearerbox: Running,
    smsbox: Running,
    http: SocketAddr,
}

/// Measures one row in an empty folder.
pub fn measure(ends: &Path, folder: &Path, window: u32, order: &Order) -> Outcome<Compared> {
    let sink = Sink::start(ends, folder, order.receipts)?;
    let mut kannel = Kannel::start(folder, sink.addr, window)?;
    let loader = Loader::start(ends, folder, kannel.http, None)?;
    let warm_up = loader.run(Order { millis: WARM_UP_MS, ..*order })?;
    settle(&sink, &loader, order, warm_up.accepted)?;
    sink.mark()?;
    loader.mark()?;
    let cpu_before = kannel.cpu()?;
    let tally = loader.run(*order)?;
    let accepted = warm_up.accepted + tally.accepted;
    let (numbers, told) = settle(&sink, &loader, order, accepted)?;
    let cpu_us = kannel.cpu()?.saturating_sub(cpu_before).as_micros() as f64;
    require(tally.accepted > 0, || format!("no text was accepted: {:?}", tally.first_trouble))?;

    let counts = sink.counts()?;
    let at_sink =
        Arrivals { count: number(&counts, "marked_submissions")?, span_us: number(&counts, "marked_span_us")? };
    let (_, webhooks) = loader.webhooks()?;
    let rss_peak_kib = kannel.rss_peak_kib()?;
    kannel.stop()?;
    let Tally { p50_us, p99_us, .. } = tally;
    Ok(Compared {
        gateway: "Kannel",
        callers: order.callers,
        receipts: order.receipts,
        accepted_per_second: tally.accepted as f64 / tally.seconds,
        smsc_per_second: at_sink.per_second(),
        webhooks_per_second: webhooks.per_second(),
        p50_us,
        p99_us,
        cpu_us_per_message: cpu_us / at_sink.count.max(1) as f64,
        rss_peak_kib,
        accepted,
        broken: warm_up.broken + tally.broken,
        unsent: accepted.saturating_sub(numbers),
        untold: if order.receipts { accepted.saturating_sub(told) } else { 0 },
    })
}

/// Waits until everything arrived, or until nothing moves any more; recipients at the sink, and those that webhooks told of.
fn settle(sink: &Sink, loader: &Loader, order: &Order, accepted: u64) -> Outcome<(u64, u64)> {
    let (mut seen, mut moved) = ((0, 0), Started::now());
    loop {
        let now = (number(&sink.counts()?, "numbers")?, loader.webhooks()?.0);
        if now.0 >= accepted && (!order.receipts || now.1 >= accepted) {
            return Ok(now);
        }
        if now != seen {
            (seen, moved) = (now, Started::now());
        }
        if moved.elapsed() > QUIET {
            return Ok(now);
        }
        sleep(PAUSE);
    }
}

impl Kannel {
    fn start(folder: &Path, sink: SocketAddr, window: u32) -> Outcome<Self> {
        let ports = free_ports()?;
        let path = folder.join("kannel.conf");
        std::fs::write(&path, configuration(folder, sink, window, ports))?;
        let start = |name: &str, program: &str| {
            let mut line = Command::new(program);
            line.args(["-v", "4"]).arg(&path).current_dir(folder);
            Running::start(name, &mut line, &folder.join(format!("{name}.out")))
        };
        let [admin, boxes, sends] = ports.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let mut bearerbox = start("bearerbox", BEARERBOX)?;
        wait(&mut bearerbox, || TcpStream::connect(boxes).is_ok())?;
        let mut smsbox = start("smsbox", SMSBOX)?;
        wait(&mut smsbox, || TcpStream::connect(sends).is_ok())?;
        wait(&mut bearerbox, || is_bound(admin))?;
        Ok(Self { bearerbox, smsbox, http: sends })
    }

    fn cpu(&self) -> Outcome<Duration> {
        Ok(cpu(self.bearerbox.pid())? + cpu(self.smsbox.pid())?)
    }

    fn rss_peak_kib(&self) -> Outcome<u64> {
        Ok(memory_kib(self.bearerbox.pid())?.1 + memory_kib(self.smsbox.pid())?.1)
    }

    fn stop(&mut self) -> Outcome<()> {
        self.smsbox.terminate()?;
        self.bearerbox.terminate().map(drop)
    }
}

/// Whether its link to the sink is bound, by its status page.
fn is_bound(admin: SocketAddr) -> bool {
    let request = Request { method: "GET", target: "/status.txt", token: None, body: ("", b"") };
    Client::new(admin).call(&request).is_ok_and(|answer| answer.text().contains("(online"))
}

fn wait(process: &mut Running, mut there: impl FnMut() -> bool) -> Outcome<()> {
    let started = Started::now();
    while !there() {
        require(process.runs()?, || "Kannel ended at its start; its logs are in the row's folder".to_owned())?;
        require(started.elapsed() < PATIENCE, || "Kannel is not ready; its logs are in the row's folder".to_owned())?;
        sleep(PAUSE);
    }
    Ok(())
}

/// Three ports that nobody listens on: Kannel takes no port of the system's choice. Another process may be faster; the start
/// fails then.
fn free_ports() -> Outcome<[u16; 3]> {
    let listeners = [0; 3].map(|_| TcpListener::bind("127.0.0.1:0"));
    let ports: Vec<u16> = listeners
        .into_iter()
        .map(|listener| Ok(listener?.local_addr()?.port()))
        .collect::<std::io::Result<_>>()
        .attempting("find free ports")?;
    ports.try_into().map_err(|_| Failure::new("three ports were asked for"))
}

fn configuration(folder: &Path, sink: SocketAddr, window: u32, [admin, boxes, sends]: [u16; 3]) -> String {
    let (user, password) = KANNEL_USER;
    let (folder, ip, port) = (folder.display(), sink.ip(), sink.port());
    format!(
        "group = core\nadmin-port = {admin}\nadmin-password = bench\nadmin-interface = 127.0.0.1\nsmsbox-port = {boxes}\n\
         smsbox-interface = 127.0.0.1\nlog-file = {folder}/bearerbox.log\nlog-level = {LOG_LEVEL}\ndlr-storage = internal\n\
         store-type = file\nstore-location = {folder}/kannel.store\n\n\
         group = smsc\nsmsc = smpp\nsmsc-id = sink\nhost = {ip}\nport = {port}\ntransceiver-mode = true\n\
         smsc-username = bench\nsmsc-password = bench\nsystem-type = \"\"\ninterface-version = 34\n\
         max-pending-submits = {window}\nreconnect-delay = 1\n\n\
         group = smsbox\nbearerbox-host = 127.0.0.1\nsendsms-port = {sends}\nsendsms-interface = 127.0.0.1\n\
         log-file = {folder}/smsbox.log\nlog-level = {LOG_LEVEL}\n\n\
         group = sendsms-user\nusername = {user}\npassword = {password}\nconcatenation = true\nmax-messages = 3\n\n\
         group = sms-service\nkeyword = default\ntext = \"\"\nmax-messages = 0\n"
    )
}
