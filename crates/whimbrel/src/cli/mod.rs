//! The command line.
//!
//! Answers go to stdout, everything about them to stderr. Exit codes are the same everywhere and listed in `docs/cli.md`.

mod account;
mod args;
mod client;
mod config;
mod output;
mod send;
mod serve;
mod show;
mod sim;

use clap::Parser;

pub use args::{Cli, Command};

/// How a command ended, as the shell sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked.
    Ok,
    /// Something unexpected.
    Failed,
    /// Wrong usage.
    Usage,
    /// The configuration is not valid.
    Config,
    /// The server did not accept who we say we are.
    Unauthorized,
    /// There is no such thing.
    NotFound,
    /// The message was refused or not delivered.
    Rejected,
    /// It did not happen in time.
    TimedOut,
    /// No server could be reached.
    Unreachable,
}

impl Exit {
    /// The exit code. (2 is clap's own as well.)
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::Unauthorized => 4,
            Self::NotFound => 5,
            Self::Rejected => 6,
            Self::TimedOut => 7,
            Self::Unreachable => 8,
        }
    }
}

/// A command that did not succeed: what to print, and the exit code.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// For people, with what to do.
    pub message: String,
}

impl Failure {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// An error with its chain, printed once.
    fn from_error(exit: Exit, doing: &str, error: &dyn std::error::Error) -> Self {
        let mut message = format!("{doing}: {error}");
        let mut source = error.source();
        while let Some(error) = source {
            message.push_str(&format!(": {error}"));
            source = error.source();
        }
        Self { exit, message }
    }
}

/// Reads the arguments and does what they say.
#[must_use]
pub fn run() -> Exit {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Sim(args) => sim::run(args),
        Command::Send(args) => block_on(send::run(args)),
        Command::Show(args) => block_on(show::run(args)),
        Command::Account(command) => block_on(account::run(command)),
        Command::Config(command) => config::run(command),
        Command::Version(args) => {
            output::version(args.json);
            Ok(())
        }
    };
    match done {
        Ok(()) => Exit::Ok,
        Err(failure) => {
            output::error(&failure.message);
            failure.exit
        }
    }
}

fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::from_error(Exit::Failed, "cannot start", &error))?;
    runtime.block_on(work)
}
