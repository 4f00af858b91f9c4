//! Flags of the commands that find, wait and play.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ConsentArgs, ServerArgs};

/// `inbox`.
#[derive(Debug, Args)]
pub struct InboxArgs {
    /// What to look for, such as `to:07700900123 has:otp -status:delivered`; `whimbrel help search` has the grammar.
    #[arg(long, short, value_name = "QUERY", default_value = "")]
    pub query: String,
    /// Only of this account.
    #[arg(long, value_name = "KEY")]
    pub account: Option<String>,
    /// At most so many.
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub limit: u16,
    /// Only what is older: the `next` of the page before, or an id.
    #[arg(long, value_name = "ID", conflicts_with = "follow")]
    pub before: Option<String>,
    /// Go on with what arrives, the newest last.
    #[arg(long, short)]
    pub follow: bool,
    /// Forget what is found and has ended; money and figures stay.
    #[arg(long, conflicts_with_all = ["follow", "before"])]
    pub clear: bool,
    /// Leave to do so.
    #[command(flatten)]
    pub consent: ConsentArgs,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `wait`.
#[derive(Debug, Args)]
pub struct WaitArgs {
    /// Only texts to this number.
    #[arg(long, value_name = "NUMBER")]
    pub to: Option<String>,
    /// Only texts that fit this search; with `is:inbound` texts from handsets.
    #[arg(long, short, value_name = "QUERY")]
    pub query: Option<String>,
    /// What to print of the text; without it a line about the message.
    #[arg(long, value_name = "WHAT")]
    pub extract: Option<ExtractArg>,
    /// How long to wait, at most 5m.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub timeout: String,
    /// Only texts that are newer: the `since` of a lease or an answer, a time, or so long ago, such as -5m. Without it: a text of the
    /// last minute that was not given to the same question before, or the next one.
    #[arg(long, value_name = "MARK", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Only texts of this account.
    #[arg(long, value_name = "KEY")]
    pub account: Option<String>,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// What is wanted of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExtractArg {
    /// Its one-time code.
    Otp,
    /// Its link.
    Link,
    /// All of it.
    Text,
}

/// `share`.
#[derive(Debug, Subcommand)]
pub enum ShareCommand {
    /// Make a link and print it. Nothing is kept of it, so there is no list of links.
    Create {
        /// The message: its id.
        id: String,
        /// How long the link holds, from 1m to 7d; a day unless you say.
        #[arg(long = "for", value_name = "TIME")]
        age: Option<String>,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// End every link that was made before; they end together.
    End {
        /// Leave to do so.
        #[command(flatten)]
        consent: ConsentArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `phone lease`.
#[derive(Debug, Args)]
pub struct LeaseArgs {
    /// Of which country: two letters. GB, US, DE and VN have numbers for fiction.
    #[arg(long, value_name = "CODE")]
    pub country: Option<String>,
    /// What becomes of texts to it: off, or a row of the outcome table such as expired or no-receipt.
    #[arg(long, value_name = "OUTCOME")]
    pub outcome: Option<String>,
    /// How long after a text its first receipt comes.
    #[arg(long, value_name = "TIME")]
    pub after: Option<String>,
    /// How long the lease lasts, at most a day. 15 minutes if nothing is said.
    #[arg(long, value_name = "TIME")]
    pub ttl: Option<String>,
    /// Who needs it, for `phone ls`.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `phone set`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true))]
pub struct PhoneSetArgs {
    /// The phone's number.
    pub number: String,
    /// on: as the table says; off: its texts do not arrive; or a row of the outcome table.
    #[arg(long, value_name = "OUTCOME", group = "change")]
    pub outcome: Option<String>,
    /// How long after a text its first receipt comes.
    #[arg(long, value_name = "TIME", group = "change")]
    pub after: Option<String>,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `clock`.
#[derive(Debug, Subcommand)]
pub enum ClockCommand {
    /// Put the clock of a development server forward: what is due meanwhile happens at once.
    Advance {
        /// How far, such as 90s, 10m, 2h or 3d.
        by: String,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Put it back to that of this machine.
    Reset {
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Say what time it is there.
    Show {
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `chaos`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("faults").multiple(true))]
pub struct ChaosArgs {
    /// Switch all faults off.
    #[arg(value_name = "off", conflicts_with = "faults")]
    pub off: Option<ChaosOff>,
    /// So many of a hundred submissions are throttled.
    #[arg(long, value_name = "PERCENT", group = "faults")]
    pub throttle: Option<String>,
    /// So many of a hundred receipts are never sent.
    #[arg(long, value_name = "PERCENT", group = "faults")]
    pub drop_receipts: Option<String>,
    /// Every connection ends so long after its bind.
    #[arg(long, value_name = "TIME", group = "faults")]
    pub disconnect_every: Option<String>,
    /// The answer to so many of a hundred webhooks is lost: the receiver has them, and is told again.
    #[arg(long, value_name = "PERCENT", group = "faults")]
    pub webhook_lost: Option<String>,
    /// The answer to so many of a hundred webhooks counts as a 500.
    #[arg(long, value_name = "PERCENT", group = "faults")]
    pub webhook_failed: Option<String>,
    /// The answer to so many of a hundred webhooks comes late.
    #[arg(long, value_name = "PERCENT", group = "faults")]
    pub webhook_delayed: Option<String>,
    /// How late: 5s unless you say.
    #[arg(long, value_name = "TIME", requires = "webhook_delayed")]
    pub webhook_delay: Option<String>,
    /// Decides which webhooks these are: the same number tells the same story.
    #[arg(long, value_name = "NUMBER", requires = "faults")]
    pub seed: Option<u64>,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// The word that ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ChaosOff {
    /// No more faults.
    Off,
}

/// `dump`.
#[derive(Debug, Args)]
pub struct DumpArgs {
    /// The folder; it is made, and its files of an earlier dump are replaced.
    pub folder: PathBuf,
    /// Only messages that fit this search.
    #[arg(long, short, value_name = "QUERY", default_value = "")]
    pub query: String,
    /// At most so many, the newest.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    pub limit: usize,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}
