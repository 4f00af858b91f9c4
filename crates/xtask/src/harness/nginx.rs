//! nginx before the gateway, as `examples/nginx.conf` has it: Debian's, on loopback, with all its files in a folder of the harness.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::clock::{Started, sleep};
use crate::failure::{Attempted as _, Outcome, require};
use crate::harness::http::free_ports;
use crate::harness::proc_stat::{family, memory_kib};
use crate::harness::process::Running;
use crate::harness::siege::Doors;
use crate::workspace::Workspace;

/// The part that people copy.
const EXAMPLE: &str = "examples/nginx.conf";
const PROGRAM: &str = "/usr/sbin/nginx";
const PATIENCE: Duration = Duration::from_secs(10);

/// A running proxy.
#[derive(Debug)]
pub struct Nginx {
    process: Running,
    /// Where it is reached.
    pub doors: Doors,
    log: PathBuf,
}

impl Nginx {
    /// Starts one in a folder before a gateway.
    pub fn start(workspace: &Workspace, folder: &Path, gateway: SocketAddr) -> Outcome<Self> {
        let folder = folder.join("nginx");
        std::fs::create_dir_all(&folder)?;
        let [http, https] = free_ports()?.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let doors = Doors { http, https };
        let certificate = Certificate::make(&folder)?;
        let example = std::fs::read_to_string(workspace.path(EXAMPLE)).attempting(format_args!("read {EXAMPLE}"))?;
        let path = folder.join("nginx.conf");
        std::fs::write(&path, configuration(&folder, &site(&example, doors, gateway, &certificate)?))?;
        let mut line = Command::new(PROGRAM);
        line.arg("-p").arg(&folder).arg("-c").arg(&path).args(["-e", "stderr"]);
        let mut process = Running::start_group("nginx", &mut line, &folder.join("error.log"))?;
        let started = Started::now();
        while TcpStream::connect(http).is_err() {
            require(process.runs()? && started.elapsed() < PATIENCE, || {
                format!("nginx does not start, see {}", folder.join("error.log").display())
            })?;
            sleep(Duration::from_millis(20));
        }
        Ok(Self { process, doors, log: folder.join("access.log") })
    }

    /// What it read as requests: a line each, with its status, the gateway's if that was asked, and `User-Agent`.
    pub fn read_requests(&self) -> Outcome<String> {
        std::fs::read_to_string(&self.log).attempting(format_args!("read {}", self.log.display()))
    }

    /// The most memory that it and its worker had, KiB.
    pub fn memory_kib(&self) -> Outcome<u64> {
        family(self.process.pid())?.into_iter().map(|pid| Ok(memory_kib(pid)?.1)).sum()
    }
}

/// A certificate of nobody, for the example's TLS.
#[derive(Debug)]
struct Certificate {
    chain: PathBuf,
    key: PathBuf,
}

impl Certificate {
    fn make(folder: &Path) -> Outcome<Self> {
        let made = Self { chain: folder.join("chain.pem"), key: folder.join("key.pem") };
        let mut line = Command::new("openssl");
        line.args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-noenc",
            "-days",
            "2",
        ]);
        line.args(["-subj", "/CN=localhost", "-keyout"]).arg(&made.key).arg("-out").arg(&made.chain);
        let output = line.output().attempting("start openssl")?;
        require(output.status.success(), || {
            format!("openssl makes no certificate: {}", String::from_utf8_lossy(&output.stderr))
        })?;
        Ok(made)
    }
}

/// The example with the harness's addresses and certificate; besides it listens without TLS.
fn site(example: &str, doors: Doors, gateway: SocketAddr, certificate: &Certificate) -> Outcome<String> {
    let mut site = example.to_owned();
    for (here, there) in [
        ("listen 443 ssl http2;", format!("listen {}; listen {} ssl http2;", doors.http, doors.https)),
        ("/etc/nginx/whimbrel.pem", certificate.chain.display().to_string()),
        ("/etc/nginx/whimbrel.key", certificate.key.display().to_string()),
        ("127.0.0.1:7670", gateway.to_string()),
    ] {
        require(site.contains(here), || format!("{EXAMPLE} has no `{here}`"))?;
        site = site.replace(here, &there);
    }
    Ok(site)
}

/// What Debian's own configuration has around a site.
fn configuration(folder: &Path, site: &str) -> String {
    let user = if rustix::process::geteuid().is_root() { "user root;\n" } else { "" };
    let below = |name: &str| folder.join(name).display().to_string();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("    {kind}_temp_path {};\n", below(kind)))
        .collect();
    format!(
        "{user}daemon off;\nworker_processes 1;\npid {};\nerror_log stderr warn;\nevents {{\n    worker_connections 4096;\n}}\n\
         http {{\n    log_format read '$status $upstream_status $http_user_agent';\n    access_log {} read;\n{temporary}{site}}}\n",
        below("pid"),
        below("access.log")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_used_as_it_stands_but_for_addresses() {
        let workspace = Workspace::find().expect("the tests run inside the repository");
        let example = std::fs::read_to_string(workspace.path(EXAMPLE)).expect("the example");
        let [http, https, gateway] =
            ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"].map(|addr| addr.parse().expect("an address"));
        let certificate = Certificate { chain: "/a/chain".into(), key: "/a/key".into() };
        let doors = Doors { http, https };
        let site = site(&example, doors, gateway, &certificate).expect("addresses and files stand in it");
        for part in
            ["listen 127.0.0.1:1; listen 127.0.0.1:2 ssl http2;", "server 127.0.0.1:3", " /a/chain;", " /a/key;"]
        {
            assert!(site.contains(part), "{part}: {site}");
        }
        assert_eq!(site.lines().count(), example.lines().count());
        assert!(super::site("server {}", doors, gateway, &certificate).is_err());
    }
}
