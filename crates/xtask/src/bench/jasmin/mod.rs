//! Jasmin 0.11.1 between the same two ends: its three daemons, a RabbitMQ and a Redis of their own, all fresh and on loopback.
//!
//! `jasmind`, `dlrlookupd` and `dlrd` run apart, as its documentation advises for load. Its connector has no window: it submits one
//! text after the other. It writes warnings and errors, and no access log. Processor time and memory are those of all five.

mod configuration;
mod console;
mod install;

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub use install::{Installation, install};

use super::other::Other;
use crate::clock::{Started, sleep};
use crate::commands::load::Speech;
use crate::failure::{Outcome, require};
use crate::harness::http::free_ports;
use crate::harness::proc_stat::family;
use crate::harness::process::Running;

/// How long each step of a start may take.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);
/// How long `dlrlookupd` may take to bind its queue: it says so nowhere, and receipts that come earlier are lost.
const LOOKUP_LEAD: Duration = Duration::from_secs(3);
const RABBITMQ: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/// Where everything listens.
#[derive(Debug, Clone, Copy)]
struct Ports {
    http: u16,
    console: u16,
    /// The daemons among themselves: the SMPP server and its backend, the connectors' and the router's.
    inner: [u16; 4],
    amqp: u16,
    redis: u16,
    /// RabbitMQ's own: its nodes, and the mapper of their ports.
    erlang: [u16; 2],
}

/// All its processes. Dropped, they are ended in the order of the fields.
pub struct Jasmin {
    daemons: Vec<Running>,
    redis: Running,
    /// A script around the machine that does the work.
    rabbitmq: Running,
    _mapper: Running,
    ports: Ports,
}

impl Jasmin {
    /// Starts it in an empty folder, and waits until it is bound to the sink.
    pub fn start(installation: &Installation, folder: &Path, sink: SocketAddr) -> Outcome<Self> {
        let [http, console, a, b, c, d, amqp, redis, e, f] = free_ports()?;
        let ports = Ports { http, console, inner: [a, b, c, d], amqp, redis, erlang: [e, f] };
        configuration::write(installation, folder, &ports)?;
        let (mapper, mut rabbitmq) = rabbitmq(folder, &ports)?;
        let mut line = Command::new("redis-server");
        line.args(["--bind", "127.0.0.1", "--port", &redis.to_string(), "--save", "", "--dir"]).arg(folder);
        let mut redis_server = start("redis", &mut line, folder)?;
        wait(&mut rabbitmq, amqp)?;
        wait(&mut redis_server, redis)?;
        let mut jasmin = Self { daemons: Vec::new(), redis: redis_server, rabbitmq, _mapper: mapper, ports };
        jasmin.daemon(
            installation,
            folder,
            "jasmind",
            &["-u", console::USER, "-p", console::PASSWORD],
            &[http, b, console],
        )?;
        jasmin.daemon(installation, folder, "dlrlookupd", &[], &[])?;
        jasmin.daemon(installation, folder, "dlrd", &[], &[])?;
        sleep(LOOKUP_LEAD);
        console::set_up(local(console), sink)?;
        for daemon in &mut jasmin.daemons {
            require(daemon.runs()?, || {
                "a daemon of Jasmin ended at its start; its logs are in the row's folder".to_owned()
            })?;
        }
        Ok(jasmin)
    }

    /// Starts a daemon and waits until it listens.
    fn daemon(
        &mut self,
        installation: &Installation,
        folder: &Path,
        name: &str,
        more: &[&str],
        listens: &[u16],
    ) -> Outcome<()> {
        let mut line = Command::new(installation.interpreter());
        line.arg(installation.script(name)).arg("-c").arg(configuration::path(folder)).args(more);
        line.env("CONFIG_PATH", folder)
            .env("LOG_PATH", folder)
            .env("ROOT_PATH", folder)
            .env("PYTHONWARNINGS", "ignore");
        let mut daemon = start(name, &mut line, folder)?;
        for port in listens {
            wait(&mut daemon, *port)?;
        }
        self.daemons.push(daemon);
        Ok(())
    }
}

impl Other for Jasmin {
    const NAME: &'static str = "Jasmin";
    const SPEECH: Speech = Speech::Jasmin;

    fn http(&self) -> SocketAddr {
        local(self.ports.http)
    }

    fn pids(&self) -> Outcome<Vec<u32>> {
        let mut pids: Vec<u32> = self.daemons.iter().map(Running::pid).collect();
        pids.push(self.redis.pid());
        pids.extend(family(self.rabbitmq.pid())?);
        Ok(pids)
    }

    fn stop(&mut self) -> Outcome<()> {
        // Not in order: its daemons take SIGTERM for a while of farewells, and nothing of theirs is needed any more.
        for daemon in &mut self.daemons {
            daemon.kill()?;
        }
        self.redis.kill()?;
        self.rabbitmq.kill()
    }
}

/// The broker and the mapper of its ports, which it would otherwise leave behind.
fn rabbitmq(folder: &Path, ports: &Ports) -> Outcome<(Running, Running)> {
    let [nodes, mapped] = ports.erlang.map(|port| port.to_string());
    let mut line = Command::new("epmd");
    line.args(["-address", "127.0.0.1", "-port", &mapped]);
    let mut mapper = start("epmd", &mut line, folder)?;
    wait(&mut mapper, ports.erlang[1])?;
    let home = folder.join("rabbitmq");
    std::fs::create_dir_all(&home)?;
    let below = |name: &str| -> PathBuf { home.join(name) };
    let mut line = Command::new(RABBITMQ);
    line.current_dir(folder)
        .env("HOME", &home)
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("ERL_EPMD_PORT", &mapped)
        .env("RABBITMQ_NODENAME", format!("whimbrel{nodes}@localhost"))
        .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_NODE_PORT", ports.amqp.to_string())
        .env("RABBITMQ_DIST_PORT", &nodes)
        .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}")
        .env("RABBITMQ_MNESIA_BASE", below("mnesia"))
        .env("RABBITMQ_LOG_BASE", below("log"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", below("plugins"))
        .env("RABBITMQ_PID_FILE", below("pid"));
    let rabbitmq = Running::start_group("rabbitmq", &mut line, &folder.join("rabbitmq.out"))?;
    Ok((mapper, rabbitmq))
}

fn start(name: &str, line: &mut Command, folder: &Path) -> Outcome<Running> {
    Running::start(name, line.current_dir(folder), &folder.join(format!("{name}.out")))
}

fn wait(process: &mut Running, port: u16) -> Outcome<()> {
    let started = Started::now();
    while TcpStream::connect(local(port)).is_err() {
        require(process.runs()?, || {
            "a process of Jasmin ended at its start; its logs are in the row's folder".to_owned()
        })?;
        require(started.elapsed() < PATIENCE, || "Jasmin is not ready; its logs are in the row's folder".to_owned())?;
        sleep(PAUSE);
    }
    Ok(())
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}
