//! Flags of the commands that look at webhooks, send them again and make some up.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::ServerArgs;

/// `webhook`.
#[derive(Debug, Subcommand)]
pub enum WebhookCommand {
    /// List where webhooks go, and how they get on there.
    Ls {
        /// Only of this account.
        #[arg(long, value_name = "KEY")]
        account: Option<String>,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List the last attempts, newest first: what was sent, what came back, how long it took.
    Attempts(AttemptsArgs),
    /// Send a webhook again: the same, signed anew, or changed before.
    Resend(ResendArgs),
    /// Print the secret by which a receiver verifies the headers of Standard Webhooks.
    Secret {
        /// The account's key.
        key: String,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Send an account's URL a request to try it, and show what comes back: status, duration, and the first KiB of the answer.
    Test {
        /// The account's key.
        key: String,
        /// The URL for texts that come in, instead of that for receipts.
        #[arg(long)]
        inbound: bool,
        /// A sample of an event, instead of a ping.
        #[arg(long)]
        sample: bool,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `webhook attempts`.
#[derive(Debug, Args)]
pub struct AttemptsArgs {
    /// Only of this account.
    #[arg(long, value_name = "KEY")]
    pub account: Option<String>,
    /// Only those that were not taken.
    #[arg(long)]
    pub failed: bool,
    /// Only those of so long ago or later, such as 10m.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// So many at most.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    pub limit: u16,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `webhook resend`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub struct ResendArgs {
    /// The attempt, by its id in the list of attempts.
    #[arg(group = "which")]
    pub id: Option<u64>,
    /// What this message told, rebuilt from the store.
    #[arg(long, value_name = "ID", group = "which", conflicts_with_all = ["set", "add", "remove", "body"])]
    pub message: Option<String>,
    /// What is changed.
    #[command(flatten)]
    pub edit: EditArgs,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// What is changed of a webhook before it is signed.
#[derive(Debug, Args)]
pub struct EditArgs {
    /// Give a parameter another value: NAME=VALUE; in JSON `data.status` names what is inside `data`.
    #[arg(long = "set", visible_alias = "override", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Add a parameter: NAME=VALUE.
    #[arg(long, value_name = "NAME=VALUE")]
    pub add: Vec<String>,
    /// Take a parameter out.
    #[arg(long, value_name = "NAME")]
    pub remove: Vec<String>,
    /// A file with another body; `-` reads stdin. Of a GET: another query.
    #[arg(long, value_name = "FILE")]
    pub body: Option<PathBuf>,
}

/// `trigger`.
#[derive(Debug, Args)]
pub struct TriggerArgs {
    /// The event, such as dlr.delivered; --list names them.
    #[arg(required_unless_present = "list")]
    pub event: Option<String>,
    /// List the events of the dialect.
    #[arg(long)]
    pub list: bool,
    /// In whose words: the development account of that dialect.
    #[arg(long, value_name = "DIALECT", conflicts_with = "account")]
    pub dialect: Option<String>,
    /// The account whose webhook it is like.
    #[arg(long, value_name = "KEY")]
    pub account: Option<String>,
    /// Where it goes instead of the account's URL.
    #[arg(long, value_name = "URL")]
    pub to: Option<String>,
    /// What is changed.
    #[command(flatten)]
    pub edit: EditArgs,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `listen`.
#[derive(Debug, Args)]
pub struct ListenArgs {
    /// Where each webhook is sent from here, such as localhost:3000/webhooks.
    #[arg(long, value_name = "URL", required_unless_present = "print_secret")]
    pub forward_to: Option<String>,
    /// Only these: receipts, or texts from handsets.
    #[arg(long, value_name = "KIND", value_delimiter = ',', conflicts_with = "print_secret")]
    pub events: Vec<ListenEvent>,
    /// Only those of this account.
    #[arg(long, value_name = "KEY")]
    pub account: Option<String>,
    /// Print the secret by which the receiver verifies the headers of Standard Webhooks, and nothing else.
    #[arg(long, requires = "account")]
    pub print_secret: bool,
    /// Take any certificate of a receiver with https. Only for one that is being written: nobody knows then who gets the webhooks.
    #[arg(long, conflicts_with = "print_secret")]
    pub skip_verify: bool,
    /// Print the headers of each webhook, signatures hidden.
    #[arg(long)]
    pub headers: bool,
    /// End after so many webhooks.
    #[arg(long, value_name = "COUNT")]
    pub count: Option<u64>,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// A kind of webhook, in the words of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListenEvent {
    /// What became of a text.
    Receipt,
    /// A text from a handset.
    Inbound,
}

impl ListenEvent {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Inbound => "inbound",
        }
    }
}
