//! Kannel 1.4 between the same two ends: a fresh bearerbox and smsbox.
//!
//! It is set as its user guide advises for durability, `store-type = file`: messages are written to a log, which it does not flush
//! before it answers. Its log tells warnings and errors only, as ours does in the bench, and no access log is written.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::other::Other;
use super::words::PEER_USER;
use crate::clock::{Started, sleep};
use crate::commands::load::Speech;
use crate::failure::{Outcome, require};
use crate::harness::http::{Client, Request, free_ports};
use crate::harness::process::Running;

const BEARERBOX: &str = "/usr/sbin/bearerbox";
const SMSBOX: &str = "/usr/sbin/smsbox";
/// How long a start may take.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);
/// The level of warnings in its logs.
const LOG_LEVEL: u8 = 2;

/// Both of its boxes.
pub struct Kannel {
    bearerbox: Running,
    smsbox: Running,
    http: SocketAddr,
}

impl Kannel {
    /// Starts it in an empty folder, and waits until it is bound to the sink.
    pub fn start(folder: &Path, sink: SocketAddr, window: u32) -> Outcome<Self> {
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
}

impl Other for Kannel {
    const NAME: &'static str = "Kannel";
    const SPEECH: Speech = Speech::Kannel;

    fn http(&self) -> SocketAddr {
        self.http
    }

    fn pids(&self) -> Outcome<Vec<u32>> {
        Ok(vec![self.bearerbox.pid(), self.smsbox.pid()])
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

fn configuration(folder: &Path, sink: SocketAddr, window: u32, [admin, boxes, sends]: [u16; 3]) -> String {
    let (user, password) = PEER_USER;
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
