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
use crate::workspace::Workspace;

/// The part that people copy.
const EXAMPLE: &str = "examples/nginx.conf";
const PROGRAM: &str = "/usr/sbin/nginx";
const PATIENCE: Duration = Duration::from_secs(10);

/// A running proxy.
#[derive(Debug)]
pub struct Nginx {
    process: Running,
    /// Where it speaks HTTP.
    pub http: SocketAddr,
    log: PathBuf,
}

impl Nginx {
    /// Starts one in a folder before a gateway.
    pub fn start(workspace: &Workspace, folder: &Path, gateway: SocketAddr) -> Outcome<Self> {
        let folder = folder.join("nginx");
        std::fs::create_dir_all(&folder)?;
        let [port] = free_ports()?;
        let http = SocketAddr::from(([127, 0, 0, 1], port));
        let example = std::fs::read_to_string(workspace.path(EXAMPLE)).attempting(format_args!("read {EXAMPLE}"))?;
        let path = folder.join("nginx.conf");
        std::fs::write(&path, configuration(&folder, &site(&example, http, gateway)?))?;
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
        Ok(Self { process, http, log: folder.join("access.log") })
    }

    /// What it read as requests: a line each, with status and `User-Agent`.
    pub fn read_requests(&self) -> Outcome<String> {
        std::fs::read_to_string(&self.log).attempting(format_args!("read {}", self.log.display()))
    }

    /// The most memory that it and its worker had, KiB.
    pub fn memory_kib(&self) -> Outcome<u64> {
        family(self.process.pid())?.into_iter().map(|pid| Ok(memory_kib(pid)?.1)).sum()
    }
}

/// The example with the harness's addresses.
fn site(example: &str, http: SocketAddr, gateway: SocketAddr) -> Outcome<String> {
    let mut site = example.to_owned();
    for (here, there) in [("listen 80;", format!("listen {http};")), ("127.0.0.1:7670", gateway.to_string())] {
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
         http {{\n    log_format read '$status $http_user_agent';\n    access_log {} read;\n{temporary}{site}}}\n",
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
        let [http, gateway] = ["127.0.0.1:1", "127.0.0.1:2"].map(|addr| addr.parse().expect("an address"));
        let site = site(&example, http, gateway).expect("both addresses stand in it");
        assert!(site.contains("listen 127.0.0.1:1;") && site.contains("server 127.0.0.1:2"), "{site}");
        assert_eq!(site.lines().count(), example.lines().count());
        assert!(super::site("server {}", http, gateway).is_err());
    }
}
