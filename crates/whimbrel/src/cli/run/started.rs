//! A server of its own for a command: `serve --dev` as a process beside it, on free ports, in the run's folder.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, ChildStdin, Command};

use super::super::args::ServerArgs;
use super::super::client::Server;
use super::super::{Exit, Failure};
use super::failed;

/// For the start; a machine under load may need seconds.
const START_TIME_MAX: Duration = Duration::from_secs(60);
const STOP_TIME_MAX: Duration = Duration::from_secs(40);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A server that ends with the run.
pub(super) struct Started {
    child: Child,
    /// The server stops when this end closes, however we end.
    stdin: Option<ChildStdin>,
    data: PathBuf,
}

impl Started {
    pub(super) async fn start(folder: &Path) -> Result<Self, Failure> {
        let (data, log, ready) = (folder.join("data"), folder.join("server.log"), folder.join("ready.json"));
        let program = std::env::current_exe().map_err(|error| failed("cannot find this program", &error))?;
        let log_file = std::fs::File::create(&log).map_err(|error| failed("cannot write the server's log", &error))?;
        let mut command = Command::new(program);
        // What configures a server of the user's is not for this one.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("WHIMBREL_") {
                command.env_remove(name);
            }
        }
        command.args(["serve", "--dev", "--quiet", "--stop-with-stdin"]);
        command.args(["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--simulator", "127.0.0.1:0"]);
        command.arg("--data-dir").arg(&data).arg("--ready-file").arg(&ready);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log_file);
        // A Ctrl-C is for the command; the server is there until its end.
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| failed("cannot start a server", &error))?;
        let stdin = child.stdin.take();
        let mut started = Self { child, stdin, data };
        match tokio::time::timeout(START_TIME_MAX, started.until(&ready)).await {
            Ok(Ok(())) => Ok(started),
            Ok(Err(why)) => Err(not_started(&why, &log)),
            Err(_) => Err(not_started("it took more than a minute", &log)),
        }
    }

    async fn until(&mut self, ready: &Path) -> Result<(), String> {
        while !ready.exists() {
            if let Some(status) = self.child.try_wait().map_err(|error| error.to_string())? {
                return Err(status.to_string());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    pub(super) fn server(&self) -> Result<Server, Failure> {
        Server::find(&ServerArgs { url: None, data_dir: Some(self.data.clone()) })
    }

    pub(super) async fn stop(mut self) -> Result<(), Failure> {
        drop(self.stdin.take());
        match tokio::time::timeout(STOP_TIME_MAX, self.child.wait()).await {
            Ok(_) => Ok(()),
            Err(_) => self.child.kill().await.map_err(|error| failed("cannot stop the server of the run", &error)),
        }
    }
}

fn not_started(why: &str, log: &Path) -> Failure {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    let lines: Vec<&str> = lines.into_iter().rev().collect();
    Failure::new(Exit::Failed, format!("a server of its own did not start: {why}\n{}", lines.join("\n")))
}
