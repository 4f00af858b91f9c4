//! `whimbrel sim` as a process of its own, with its journal.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::harness::process::Running;

/// A running simulator.
#[derive(Debug)]
pub struct Simulator {
    /// The process.
    pub process: Running,
    /// Where it listens.
    pub addr: SocketAddr,
    /// Where it can be asked, if it was started with a scenario.
    pub http: Option<SocketAddr>,
    /// What it writes down.
    pub journal: PathBuf,
}

impl Simulator {
    /// Starts one with its journal in `folder`.
    pub fn start(binary: &Path, folder: &Path) -> Outcome<Self> {
        Self::start_with(binary, folder, None)
    }

    /// Starts one that behaves as a scenario says, and that can be asked over HTTP.
    pub fn start_with(binary: &Path, folder: &Path, scenario: Option<&str>) -> Outcome<Self> {
        let (journal, ready_file) = (folder.join("journal.jsonl"), folder.join("sim.ready.json"));
        let mut line = Command::new(binary);
        line.args(["sim", "--listen", "127.0.0.1:0"]).current_dir(folder);
        line.arg("--journal").arg(&journal).arg("--ready-file").arg(&ready_file);
        if let Some(scenario) = scenario {
            let path = folder.join("scenario.toml");
            std::fs::write(&path, scenario)?;
            line.arg("--scenario").arg(path).args(["--http", "127.0.0.1:0"]);
        }
        let mut process = Running::start("the simulator", &mut line, &folder.join("sim.log"))?;
        let ready = process.wait_ready(&ready_file)?;
        let addr = ready["addr"].as_str().or_else(|| ready["simulator"]["addr"].as_str());
        let addr = addr.and_then(|addr| addr.parse().ok());
        let addr = addr.ok_or_else(|| Failure::new(format!("the simulator's ready-file has no address: {ready}")))?;
        let http = ready["http"].as_str().and_then(|url| url.rsplit('/').next()?.parse().ok());
        Ok(Self { process, addr, http, journal })
    }
}
