//! Flags of the commands that bring programs and this gateway together.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::ServerArgs;
use super::traffic::CredentialArgs;

/// `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What becomes of requests to hosts that no dialect speaks for. Without it they pass, or are blocked where CI is set.
    #[arg(long, value_name = "WHAT")]
    pub unknown_hosts: Option<UnknownHostsArg>,
    /// Keep the folder of the run: certificates, and the store and log of a server that was started for it.
    #[arg(long)]
    pub keep: bool,
    /// Write the messages of the run into this folder at its end, as `dump` does.
    #[arg(long, value_name = "FOLDER")]
    pub dump: Option<PathBuf>,
    /// How to find the server. Without one a server is started for the command, with ports and a folder of its own.
    #[command(flatten)]
    pub server: ServerArgs,
    /// The command with its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// What becomes of unknown hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UnknownHostsArg {
    /// They are reached as without Whimbrel.
    Pass,
    /// They are refused and named on stderr; this machine itself is not.
    Block,
}

/// `env`.
#[derive(Debug, Args)]
pub struct EnvArgs {
    /// For a shell to read: `eval "$(whimbrel env --shell)"`. This is what it does without a flag.
    #[arg(long, value_name = "SHELL", num_args = 0..=1, require_equals = true, default_missing_value = "sh")]
    #[arg(group = "form")]
    pub shell: Option<EnvShell>,
    /// As lines of a file `.env`.
    #[arg(long, group = "form")]
    pub dotenv: bool,
    /// Add them to the environment of the later steps of a GitHub job: to the file that GITHUB_ENV names.
    #[arg(long, group = "form")]
    pub github: bool,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Whose quoting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EnvShell {
    /// sh, bash, zsh, dash, ksh.
    Sh,
    /// fish.
    Fish,
    /// PowerShell.
    Powershell,
}

/// `trace`.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// `send`: a text is sent; a URL: it is called; the id of a message: what the gateway knows of it.
    #[arg(value_name = "send|URL|ID")]
    pub target: String,
    /// With `send`: the recipient, country code first.
    #[arg(long, value_name = "NUMBER", default_value = "447700900000")]
    pub to: String,
    /// With `send`: what the handset shows as origin.
    #[arg(long, value_name = "SENDER", default_value = "Whimbrel")]
    pub from: String,
    /// With `send`: the text.
    #[arg(long, default_value = "A text message that was traced")]
    pub text: String,
    /// With `send`: in whose words.
    #[arg(long, value_name = "DIALECT")]
    pub dialect: Option<String>,
    /// With `send`: who sends.
    #[command(flatten)]
    pub credentials: CredentialArgs,
    /// With a URL: the method. Without it GET, or POST where there is a body.
    #[arg(long, short = 'X', value_name = "METHOD")]
    pub method: Option<String>,
    /// With a URL: a header, `Name: value`; may be given more than once.
    #[arg(long, short = 'H', value_name = "HEADER")]
    pub header: Vec<String>,
    /// With a URL: the file with the body; `-` reads stdin.
    #[arg(long, value_name = "FILE")]
    pub body_file: Option<PathBuf>,
    /// An authority to trust besides the system's: a PEM file. Without it the server's own, where one is called.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Write a HAR file too, for the network view of a browser.
    #[arg(long, value_name = "FILE")]
    pub har: Option<PathBuf>,
    /// With `send`: give up waiting for the message's end after so many seconds; 0 does not wait.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub timeout: u32,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}
