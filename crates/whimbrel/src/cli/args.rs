//! Commands and their flags.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A self-hosted SMS and OTP gateway.
#[derive(Debug, Parser)]
#[command(name = "whimbrel", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gateway.
    #[command(after_help = "Examples:\n  whimbrel serve --dev\n  whimbrel serve --config /etc/whimbrel.toml")]
    Serve(ServeArgs),
    /// Run the carrier simulator alone: an SMSC on TCP.
    #[command(after_help = "Examples:\n  whimbrel sim\n  whimbrel sim --listen 127.0.0.1:2776 --journal sim.jsonl")]
    Sim(SimArgs),
    /// Send a text through a running gateway, as a customer's application would.
    #[command(after_help = "Examples:\n  whimbrel send --to 447700900000 --text 'Your code is 482917'\n  \
                            whimbrel send --to 447700900004 --text hello --wait delivered")]
    Send(SendArgs),
    /// Show a message with its story.
    #[command(after_help = "Examples:\n  whimbrel show A0DB37A6D4C04001\n  whimbrel show A0DB37A6D4C04001 --json")]
    Show(ShowArgs),
    /// Make, pay into and show accounts.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the version.
    Version(VersionArgs),
}

/// Where the configuration comes from. Flags go before the environment, that before the file.
#[derive(Debug, Clone, Args)]
pub struct SettingArgs {
    /// Development: no configuration needed, a fixed account, the built-in simulator, loopback only.
    #[arg(long)]
    pub dev: bool,
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "WHIMBREL_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where to listen for HTTP, such as 127.0.0.1:7670; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS")]
    pub http: Option<String>,
    /// Where to listen for HTTPS.
    #[arg(long, value_name = "ADDRESS")]
    pub https: Option<String>,
    /// Where the built-in simulator listens; with --dev only.
    #[arg(long, alias = "sim", value_name = "ADDRESS")]
    pub simulator: Option<String>,
    /// The folder of the store, keys and certificates.
    #[arg(long, alias = "data", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// A host that webhooks may reach besides the rule: with --dev one on the Internet, else one on this machine or in a private
    /// network. May be given more than once; replaces egress.allow_hosts.
    #[arg(long, value_name = "HOST")]
    pub allow_egress: Vec<String>,
    /// What to log, such as info or warn,whimbrel_engine=debug.
    #[arg(long, value_name = "FILTER")]
    pub log: Option<String>,
}

/// `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The settings.
    #[command(flatten)]
    pub settings: SettingArgs,
    /// Write addresses and credentials here once everything listens; removed at exit.
    #[arg(long, value_name = "FILE", env = "WHIMBREL_READY_FILE")]
    pub ready_file: Option<PathBuf>,
}

/// `sim`.
#[derive(Debug, Args)]
pub struct SimArgs {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:2776")]
    pub listen: SocketAddr,
    /// The file with the password that binds must give; without it the password is `dev`.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Write every PDU of interest here, one JSON document a line, each flushed before its answer goes out.
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// Write the address here once it listens; removed at exit.
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// What to log.
    #[arg(long, value_name = "FILTER", default_value = "info")]
    pub log: String,
}

/// How to find a running server.
#[derive(Debug, Clone, Args)]
pub struct ServerArgs {
    /// The server's address, such as http://127.0.0.1:7670. Without it the server of the data folder is taken.
    #[arg(long, value_name = "URL", env = "WHIMBREL_URL")]
    pub url: Option<String>,
    /// The data folder of the server, if it is not the one of `serve --dev`.
    #[arg(long, alias = "data", value_name = "FOLDER", env = "WHIMBREL_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
}

/// `send`.
#[derive(Debug, Args)]
pub struct SendArgs {
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// The recipient, country code first.
    #[arg(long, value_name = "NUMBER")]
    pub to: String,
    /// What the handset shows as origin.
    #[arg(long, value_name = "SENDER", default_value = "Whimbrel")]
    pub from: String,
    /// The text.
    #[arg(long)]
    pub text: String,
    /// Send every character in 16 bits, as a text with other letters than GSM's needs.
    #[arg(long)]
    pub unicode: bool,
    /// In whose words to send.
    #[arg(long, value_name = "DIALECT")]
    pub dialect: Option<String>,
    /// The account's key; without it the development account's. Its secret stands in WHIMBREL_API_SECRET.
    #[arg(long, value_name = "KEY", env = "WHIMBREL_API_KEY")]
    pub key: Option<String>,
    /// Wait for the receipts, and fail unless the message is delivered.
    #[arg(long, value_name = "STATE")]
    pub wait: Option<WaitFor>,
    /// Give up waiting after so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub timeout: u32,
    /// Print the server's answer as it came.
    #[arg(long)]
    pub json: bool,
}

/// What `send` waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WaitFor {
    /// The last receipt.
    Delivered,
}

/// `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
    /// The id of an answer or of a receipt.
    pub id: String,
    /// Print the native API's document.
    #[arg(long)]
    pub json: bool,
}

/// `account`.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make an account; its key and secrets are printed this once.
    Create {
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
        /// A name for people.
        #[arg(long, default_value = "")]
        name: String,
        /// Whose words its applications speak.
        #[arg(long, value_name = "DIALECT")]
        dialect: Option<String>,
        /// The one currency of its wallet.
        #[arg(long, default_value = "EUR")]
        currency: String,
        /// The class of its messages: otp or bulk.
        #[arg(long, default_value = "bulk")]
        class: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Pay into an account's wallet.
    Topup {
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
        /// The account's key.
        key: String,
        /// How much, in the account's currency, such as 10.00.
        amount: String,
        /// Names the payment: the same reference pays once, however often it is given.
        #[arg(long)]
        reference: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show an account with its wallet.
    Show {
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
        /// The account's key.
        key: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// `config`.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Read the configuration as `serve` would, and print every value with its origin, or every fault.
    Check {
        /// The settings.
        #[command(flatten)]
        settings: Box<SettingArgs>,
    },
    /// Print the compiled-in defaults, every field explained: a configuration file to start from.
    Defaults,
}

/// `version`.
#[derive(Debug, Args)]
pub struct VersionArgs {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}
