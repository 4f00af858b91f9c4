//! Flags of the commands around the gateway.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ServerArgs, SettingArgs};

/// `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Read the configuration as `serve` would, and print every fault, or that it is good.
    Check {
        /// The settings.
        #[command(flatten)]
        settings: Box<SettingArgs>,
    },
    /// Print the effective configuration as one file; secrets are hidden.
    Print {
        /// Print secrets as they are.
        #[arg(long, conflicts_with_all = ["redacted", "json"])]
        with_secrets: bool,
        /// Hide secrets: what it does anyway.
        #[arg(long)]
        redacted: bool,
        /// Say after each value where it comes from.
        #[arg(long)]
        origin: bool,
        /// The settings.
        #[command(flatten)]
        settings: Box<SettingArgs>,
    },
    /// Explain a setting: its value, where that comes from, its default, what it does.
    Explain {
        /// The setting, such as listen.http or carriers.acme.rate.
        setting: String,
        /// The settings.
        #[command(flatten)]
        settings: Box<SettingArgs>,
    },
    /// Print a JSON Schema of the configuration file, for editors.
    Schema,
    /// Print the compiled-in defaults, every field explained: a configuration file to start from.
    Defaults,
    /// Have the running server read its files anew: all of it is applied, or nothing.
    Reload {
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `ca`.
#[derive(Debug, Subcommand)]
pub enum CaCommand {
    /// Show where the root certificate is, and its fingerprint.
    Show {
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Print the root certificate, for clients that must trust it.
    Export {
        /// In which form.
        #[arg(long, default_value = "pem")]
        format: CaFormat,
        /// Write it here instead.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// Forms of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CaFormat {
    /// Text.
    Pem,
    /// Octets.
    Der,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The data folder, if it is not the one of `serve --dev` or `serve`.
    #[arg(long, alias = "data", value_name = "FOLDER", env = "WHIMBREL_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Look only at what is open, as a running gateway does now and then.
    #[arg(long)]
    pub fast: bool,
    /// List what is looked at, and what is promised and cannot be.
    #[arg(long, conflicts_with = "fast")]
    pub list: bool,
}

/// `backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// Where to; made if it is not there. It must hold no store.
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// The data folder, if it is not the one of `serve --dev` or `serve`.
    #[arg(long, alias = "data", value_name = "FOLDER", env = "WHIMBREL_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// Copy the key as well: who has the backup then has every secret in it.
    #[arg(long)]
    pub with_key: bool,
}

/// `openapi`.
#[derive(Debug, Args)]
pub struct OpenapiArgs {
    /// Which API: a dialect, or native.
    pub api: Option<String>,
}

/// `help`.
#[derive(Debug, Args)]
pub struct HelpArgs {
    /// A command, such as `carrier test`; or a topic: exit-codes. With --json the whole tree of commands.
    pub topic: Vec<String>,
}
