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
    /// What it writes down.
    pub journal: PathBuf,
}

impl Simulator {
    /// Starts one with its journal in `folder`.
    pub fn start(binary: &Path, folder: &Path) -> Outcome<Self> {
        let (journal, ready_file) = (folder.join("journal.jsonl"), folder.join("sim.ready.json"));
        let mut line = Command::new(binary);
        line.args(["sim", "--listen", "127.0.0.1:0"]).current_dir(folder);
        line.arg("--journal").arg(&journal).arg("--ready-file").arg(&ready_file);
        let mut process = Running::start("the simulator", &mut line, &folder.join("sim.log"))?;
        let ready = process.wait_ready(&ready_file)?;
        let addr = ready["addr"].as_str().or_else(|| ready["simulator"]["addr"].as_str());
        let addr = addr.and_then(|addr| addr.parse().ok());
        let addr = addr.ok_or_else(|| Failure::new(format!("the simulator's ready-file has no address: {ready}")))?;
        Ok(Self { process, addr, journal })
    }
}
