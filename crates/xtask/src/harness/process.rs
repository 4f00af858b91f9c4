//! A process of the product: started with a ready-file, ended by signal, never left behind.

use std::fs::OpenOptions;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;

use crate::clock::{Started, sleep};
use crate::failure::{Attempted as _, Failure, Outcome};

/// How long a start or an orderly end may take.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(5);

/// A running process. Dropped, it is killed and waited for.
#[derive(Debug)]
pub struct Running {
    child: Child,
    name: String,
    log: PathBuf,
    scope: Scope,
}

/// What ends with a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// It alone.
    Process,
    /// Its whole group, which it leads: its workers too.
    Group,
}

impl Running {
    /// Starts `command`; output is added to `log`.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Outcome<Self> {
        Self::spawn(name, command, log, Scope::Process)
    }

    /// The same for a program that starts others: they end with it.
    pub fn start_group(name: &str, command: &mut Command, log: &Path) -> Outcome<Self> {
        Self::spawn(name, command.process_group(0), log, Scope::Group)
    }

    fn spawn(name: &str, command: &mut Command, log: &Path, scope: Scope) -> Outcome<Self> {
        let file = OpenOptions::new().create(true).append(true).open(log)?;
        for variable in ["HTTP", "HTTPS", "SIMULATOR", "DATA_DIR", "CONFIG", "URL", "TOKEN"] {
            command.env_remove(format!("WHIMBREL_{variable}"));
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .attempting(format_args!("start {name}"))?;
        Ok(Self { child, name: name.to_owned(), log: log.to_owned(), scope })
    }

    /// Waits for the ready-file of this very process.
    pub fn wait_ready(&mut self, path: &Path) -> Outcome<Value> {
        let started = Started::now();
        loop {
            let ready: Option<Value> = std::fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok());
            if let Some(ready) = ready.filter(|ready| ready["pid"].as_u64() == Some(u64::from(self.child.id()))) {
                return Ok(ready);
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(Failure::new(format!("{} ended with {status}, see {}", self.name, self.log.display())));
            }
            if started.elapsed() > PATIENCE {
                return Err(Failure::new(format!("{} is not ready, see {}", self.name, self.log.display())));
            }
            sleep(PAUSE);
        }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> Outcome<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// SIGSTOP: nothing of it runs until it is killed.
    pub fn freeze(&self) -> Outcome<()> {
        kill_process(self.handle()?, Signal::STOP).attempting(format_args!("freeze {}", self.name))
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) -> Outcome<()> {
        if self.scope == Scope::Group && self.runs()? {
            kill_process_group(self.handle()?, Signal::KILL).attempting(format_args!("end {}", self.name))?;
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and waits for the orderly end.
    pub fn terminate(&mut self) -> Outcome<ExitStatus> {
        kill_process(self.handle()?, Signal::TERM).attempting(format_args!("end {}", self.name))?;
        let started = Started::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if started.elapsed() > PATIENCE {
                return Err(Failure::new(format!("{} does not end, see {}", self.name, self.log.display())));
            }
            sleep(PAUSE);
        }
    }
}

impl Running {
    fn handle(&self) -> Outcome<Pid> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        pid.ok_or_else(|| Failure::new("a process without an id"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whatever state it is in: a harness leaves no process behind. It fails only if it is gone already.
        let _ = self.kill();
    }
}
