//! Commands and their flags.

mod admin;
mod credentials;
mod inbox;
mod people;
mod run;
mod signing;
mod tools;
mod traffic;
mod webhooks;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use admin::{
    AccountCommand, AccountRuleArgs, ApplicationCommand, CarrierCommand, ListCommand, ListOf, NumberCommand,
    PoolAddArgs, PoolCommand, TestArgs,
};
pub use credentials::{
    ChosenSecretArgs, KeyCommand, OauthCommand, PolicyArgs, SecretCommand, SigningArgs, SigningCommand,
};
pub use inbox::{
    ChaosArgs, ClockCommand, DumpArgs, ExtractArg, InboxArgs, LeaseArgs, PhoneSetArgs, ShareCommand, WaitArgs,
};
pub use people::{AuditArgs, OperatorCommand, PasswordArgs, RoleArg};
pub use run::{DoctorArgs, EnvArgs, EnvShell, RunArgs, TraceArgs, UnknownHostsArg};
pub use signing::{MessageArgs, SchemeSecretArgs, SignArgs, VerifyArgs};
pub use tools::{BackupArgs, CaCommand, CaFormat, CheckArgs, ConfigCommand, HelpArgs, OpenapiArgs};
pub use traffic::{BenchArgs, CredentialArgs, PhoneCommand, ReplyArgs, SendArgs, ShowArgs, TailArgs, WaitFor};
pub use webhooks::{AttemptsArgs, EditArgs, ListenArgs, ListenEvent, ResendArgs, TriggerArgs, WebhookCommand};

/// A self-hosted SMS and OTP gateway.
#[derive(Debug, Parser)]
#[command(
    name = "whimbrel",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    /// How to print.
    #[command(flatten)]
    pub output: OutputArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// How to print; for every command.
#[derive(Debug, Clone, Copy, Args)]
pub struct OutputArgs {
    /// Print one JSON document; streams print one a line. Errors are JSON too.
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,
    /// Say nothing besides the answer and errors.
    #[arg(long, global = true, help_heading = "Output")]
    pub quiet: bool,
    /// When to colour; NO_COLOR, CLICOLOR_FORCE and TERM=dumb are heeded.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: ColorWhen,
    /// Never ask; what would ask fails.
    #[arg(long, global = true, help_heading = "Output")]
    pub no_input: bool,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the gateway.
    Serve(ServeArgs),
    /// Run a command whose requests to the vendors' hosts reach Whimbrel, unmodified; end as it ended.
    Run(RunArgs),
    /// Print what clients must know of a running server, as variables of the environment.
    Env(EnvArgs),
    /// Trace a request: name, connection, certificates, heads and times, and what the gateway made of it.
    Trace(Box<TraceArgs>),
    /// Look whether everything is well with a server and its data folder, and say what to do.
    Doctor(DoctorArgs),
    /// Run the carrier simulator alone: an SMSC on TCP.
    Sim(SimArgs),
    /// Send a text through a running gateway, as a customer's application would.
    #[command(visible_alias = "s")]
    Send(SendArgs),
    /// Show a message with its story.
    Show(ShowArgs),
    /// Show what became of a message to somebody who cannot sign in, by a link; without its text.
    #[command(subcommand)]
    Share(ShareCommand),
    /// Watch what happens, as it happens.
    #[command(visible_alias = "t")]
    Tail(TailArgs),
    /// Find messages.
    #[command(visible_alias = "i")]
    Inbox(InboxArgs),
    /// Wait for a text, and print its one-time code, its link or all of it.
    Wait(WaitArgs),
    /// Write messages and their stories into a folder.
    Dump(DumpArgs),
    /// Put the clock of a development server forward.
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Order faults of the simulator; without a flag, show which are on.
    Chaos(ChaosArgs),
    /// Play the subscriber.
    #[command(subcommand)]
    Phone(PhoneCommand),
    /// Look after carriers.
    #[command(subcommand)]
    Carrier(CarrierCommand),
    /// Make, change, pay into and show accounts.
    #[command(subcommand)]
    Account(AccountCommand),
    /// Look after the applications of accounts and their keys.
    #[command(subcommand)]
    Application(ApplicationCommand),
    /// Look after who may ask accounts for access by OAuth, and what was granted.
    #[command(subcommand)]
    Oauth(OauthCommand),
    /// Look after the secrets of accounts.
    #[command(subcommand)]
    Secret(SecretCommand),
    /// See where webhooks go and how they went, and send them again.
    #[command(subcommand)]
    Webhook(WebhookCommand),
    /// Send webhooks to a receiver on this machine as well, while it is written.
    Listen(ListenArgs),
    /// Send a made-up event, signed as a real one.
    Trigger(TriggerArgs),
    /// Look after the keys that guard secrets at rest.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Look after who may sign in to the pages.
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Show who did what.
    Audit(AuditArgs),
    /// Give numbers to accounts: texts that come in for a number go to its account.
    #[command(subcommand)]
    Number(NumberCommand),
    /// Look after lists of numbers and senders.
    #[command(subcommand)]
    List(ListCommand),
    /// Put load on a gateway and measure how it answers.
    Bench(BenchArgs),
    /// Sign a request or webhook as its vendor's clients do: prints what is to be added to it.
    Sign(Box<SignArgs>),
    /// Verify the signature of a request or webhook, and say what is wrong with it.
    Verify(Box<VerifyArgs>),
    /// Look whether the store of a data folder keeps every promise; a gateway may be running on it.
    Check(CheckArgs),
    /// Copy the store of a data folder into another folder; a gateway may be running on it.
    Backup(BackupArgs),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// The local certificate authority of the data folder.
    #[command(subcommand)]
    Ca(CaCommand),
    /// Print what an API can be called for, as an OpenAPI document; without a name, which there are.
    Openapi(OpenapiArgs),
    /// Print the completion script of a shell.
    Completion {
        /// Whose.
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write all of them into a folder.
    Man {
        /// The folder.
        #[arg(long, value_name = "FOLDER")]
        out: Option<PathBuf>,
    },
    /// Explain an error by its code.
    Explain {
        /// The code, such as E0214; without it all codes are listed.
        code: Option<String>,
    },
    /// Show the help of a command or a topic.
    Help(HelpArgs),
    /// Print the version.
    Version,
}

/// Where the configuration comes from. Flags go before the environment, that before the file.
#[derive(Debug, Clone, Args)]
pub struct SettingArgs {
    /// Development: no configuration needed, a fixed account, the built-in simulator, loopback only.
    #[arg(long)]
    pub dev: bool,
    /// The configuration file, or a folder of files *.toml.
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
    /// Stop when stdin ends: for a process that starts a server and must not leave it behind.
    #[arg(long, hide = true)]
    pub stop_with_stdin: bool,
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
    /// How it behaves: a scenario file (docs/guide/simulator.md).
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Where it can be asked and ordered over HTTP (`simulator` and `phones` of the native API); loopback only, no token.
    #[arg(long, value_name = "ADDRESS")]
    pub http: Option<SocketAddr>,
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
    #[arg(long, value_name = "URL", env = "WHIMBREL_URL", help_heading = "Server")]
    pub url: Option<String>,
    /// The data folder of the server, if it is not the one of `serve --dev`.
    #[arg(long, alias = "data", value_name = "FOLDER", env = "WHIMBREL_DATA_DIR", help_heading = "Server")]
    pub data_dir: Option<PathBuf>,
}

/// Leave to do something that cannot be undone.
#[derive(Debug, Clone, Copy, Args)]
pub struct ConsentArgs {
    /// Do it without asking.
    #[arg(long, short)]
    pub yes: bool,
}
