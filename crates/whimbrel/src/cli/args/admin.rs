//! Flags of the commands that look after a gateway.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::credentials::{PolicyArgs, SigningCommand};
use super::{ConsentArgs, ServerArgs};

/// `carrier`.
#[derive(Debug, Subcommand)]
pub enum CarrierCommand {
    /// List carriers with their links.
    Ls {
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Test a carrier: is it bound, does it answer, and with --to, does a text arrive?
    Test(TestArgs),
    /// Bind a carrier that was unbound or drained.
    Bind {
        /// The carrier.
        name: String,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Unbind a carrier at once: what it has not answered is in doubt.
    Unbind {
        /// The carrier.
        name: String,
        /// Consent.
        #[command(flatten)]
        consent: ConsentArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Give a carrier nothing new, let it finish, then unbind it.
    Drain {
        /// The carrier.
        name: String,
        /// Consent.
        #[command(flatten)]
        consent: ConsentArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List receipts that belong to no message, and why.
    Orphans {
        /// Only those of this carrier.
        name: Option<String>,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `carrier test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// The carrier.
    pub name: String,
    /// Send a text to this number too; it costs what it costs.
    #[arg(long, value_name = "NUMBER")]
    pub to: Option<String>,
    /// The sender of that text.
    #[arg(long, value_name = "SENDER", requires = "to")]
    pub from: Option<String>,
    /// The text.
    #[arg(long, requires = "to")]
    pub text: Option<String>,
    /// The account that pays.
    #[arg(long, value_name = "KEY", requires = "to")]
    pub account: Option<String>,
    /// Give up waiting for the receipt after so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub timeout: u32,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `account`.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make an account; its key and secrets are printed this once.
    Create {
        /// A name for people.
        #[arg(long, default_value = "")]
        name: String,
        /// Whose words its applications speak.
        #[arg(long, value_name = "DIALECT")]
        dialect: Option<String>,
        /// The one currency of its wallet; without it that of the dialect's vendor.
        #[arg(long)]
        currency: Option<String>,
        /// The class of its messages: otp or bulk.
        #[arg(long)]
        class: Option<String>,
        /// Begin with the free credit of who signs up, where the dialect gives any.
        #[arg(long)]
        welcome: bool,
        /// Where its receipts go.
        #[arg(long, value_name = "URL")]
        receipt_url: Option<String>,
        /// Where texts that come in go.
        #[arg(long, value_name = "URL")]
        inbound_url: Option<String>,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Make an account for yourself, where the operator allows it; its key and secrets are printed this once.
    SignUp {
        /// A name for people.
        #[arg(long, default_value = "")]
        name: String,
        /// Whose words its applications speak.
        #[arg(long, value_name = "DIALECT")]
        dialect: Option<String>,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List accounts.
    Ls {
        /// Those after this one, written as the list writes it.
        #[arg(long, value_name = "ACCOUNT")]
        after: Option<String>,
        /// How many at most.
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show what an account sent and spent, by day (UTC).
    Usage {
        /// The account's key; self: the one that WHIMBREL_TOKEN names.
        key: String,
        /// The first day, such as 2026-11-01; without it 31 days are shown.
        #[arg(long, value_name = "DAY")]
        from: Option<String>,
        /// The last day; without it today.
        #[arg(long, value_name = "DAY")]
        to: Option<String>,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Pay into an account's wallet.
    Topup {
        /// The account's key.
        key: String,
        /// How much, in the account's currency, such as 10.00.
        amount: String,
        /// Names the payment: the same reference pays once, however often it is given.
        #[arg(long)]
        reference: Option<String>,
        /// Where it goes: `balance`, or credit that is spent before it on messages, `bonus_credit` or `free_credit`.
        #[arg(long, value_parser = ["balance", "bonus_credit", "free_credit"])]
        bucket: Option<String>,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// How an account signs: its method and its signature secret.
    #[command(subcommand)]
    Signing(SigningCommand),
    /// Show what an account's key may be used for, or change it.
    Policy {
        /// The account's key.
        key: String,
        /// What to change; without any, the policy is shown.
        #[command(flatten)]
        policy: Box<PolicyArgs>,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show an account with its wallet.
    Show {
        /// The account's key.
        key: String,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Arrange a payment that an account may call up by itself, or end that.
    Reload(ReloadArgs),
    /// Change what an account may do and where its webhooks go.
    Set {
        /// The account's key.
        key: String,
        /// What to change.
        #[command(flatten)]
        rules: Box<AccountRuleArgs>,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `account reload`.
#[derive(Debug, Args)]
pub struct ReloadArgs {
    /// The account's key.
    pub key: String,
    /// What the account must name to call it up.
    #[arg(long, required_unless_present = "off")]
    pub reference: Option<String>,
    /// What is paid in each time, in the account's currency.
    #[arg(long, required_unless_present = "off")]
    pub amount: Option<String>,
    /// How often it may be called up.
    #[arg(long, value_name = "COUNT", required_unless_present = "off")]
    pub times: Option<u32>,
    /// End what was arranged.
    #[arg(long, conflicts_with_all = ["reference", "amount", "times"])]
    pub off: bool,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `account set`. What is not given stays as it is.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct AccountRuleArgs {
    /// active, suspended.
    #[arg(long)]
    pub status: Option<String>,
    /// How it may send: http, smpp-only.
    #[arg(long)]
    pub access: Option<String>,
    /// Requests per second; 0: no limit.
    #[arg(long, value_name = "COUNT")]
    pub requests_per_second_max: Option<u32>,
    /// Parts per second with one and the same sender; 0: no limit.
    #[arg(long, value_name = "COUNT")]
    pub sender_parts_per_second_max: Option<u32>,
    /// Whom it may send to: any, permitted (its list of that name).
    #[arg(long)]
    pub recipients: Option<String>,
    /// As whom it may send: any, listed (its list of senders, and its numbers).
    #[arg(long)]
    pub senders: Option<String>,
    /// What becomes of a character that GSM 7-bit lacks: replace, transliterate, unicode.
    #[arg(long)]
    pub unmappable: Option<String>,
    /// Whether it may send binary messages: allowed, denied.
    #[arg(long)]
    pub binary: Option<String>,
    /// Whether it may choose where the handset puts a message: allowed, denied.
    #[arg(long)]
    pub handset_class: Option<String>,
    /// The class of its messages unless a request says otherwise: otp, bulk.
    #[arg(long)]
    pub default_class: Option<String>,
    /// How webhooks carry their parameters: GET, POST, POST-JSON.
    #[arg(long)]
    pub webhook_method: Option<String>,
    /// Requests that it may make at once, if it has a rate, which gives room for more evenly; 0: each second counts for itself.
    #[arg(long, value_name = "COUNT")]
    pub requests_burst_max: Option<u32>,
    /// Seconds between two messages to one recipient; 0: no limit.
    #[arg(long, value_name = "SECONDS")]
    pub recipient_seconds_min: Option<u32>,
    /// Messages to one recipient in an hour; 0: no limit.
    #[arg(long, value_name = "COUNT")]
    pub recipient_per_hour_max: Option<u32>,
    /// Seconds in which the same text does not go to the same recipient again; 0: it may go at once.
    #[arg(long, value_name = "SECONDS")]
    pub repeat_seconds_min: Option<u32>,
    /// The text of one-time codes, with {code} in it, where its API takes a code and no text; empty: that of the API.
    #[arg(long, value_name = "TEXT")]
    pub otp_template: Option<String>,
    /// What handsets show as origin of such codes, and of texts that name no sender; empty: that of the API.
    #[arg(long, value_name = "SENDER", visible_alias = "sender")]
    pub otp_sender: Option<String>,
    /// Where its clocks stand, such as Europe/Zurich, for APIs with local times; empty: that of the API.
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// Whose numbers it may write with one 0 in front, such as CH, for APIs that take those; empty: that of the API.
    #[arg(long, value_name = "COUNTRY")]
    pub country: Option<String>,
    /// Where receipts go; empty takes it away.
    #[arg(long, value_name = "URL")]
    pub receipt_url: Option<String>,
    /// Where texts that come in go; empty takes it away.
    #[arg(long, value_name = "URL")]
    pub inbound_url: Option<String>,
}

/// `application`.
#[derive(Debug, Subcommand)]
pub enum ApplicationCommand {
    /// List an account's applications.
    Ls {
        /// The account's key.
        #[arg(long, value_name = "KEY")]
        account: String,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Make an application; a private key that is made here is printed this once.
    Create {
        /// The account's key.
        #[arg(long, value_name = "KEY")]
        account: String,
        /// A name for people.
        #[arg(long)]
        name: String,
        /// The id it had elsewhere, so that its clients need no change.
        #[arg(long, value_name = "UUID")]
        id: Option<String>,
        /// Its public key, PEM; without it a pair is made.
        #[arg(long, value_name = "FILE")]
        public_key: Option<PathBuf>,
        /// Where notices of its messages go.
        #[arg(long, value_name = "URL")]
        receipt_url: Option<String>,
        /// Where texts that come in for its numbers go.
        #[arg(long, value_name = "URL")]
        inbound_url: Option<String>,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Remove an application: its tokens are refused from then on.
    Rm {
        /// The account's key.
        #[arg(long, value_name = "KEY")]
        account: String,
        /// The application.
        id: String,
        /// Consent.
        #[command(flatten)]
        consent: ConsentArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Give an application another key; a private key that is made here is printed this once.
    RotateKey {
        /// How many seconds the old key counts beside the new one.
        #[arg(long, value_name = "SECONDS", default_value_t = 0)]
        overlap: u32,
        /// The account's key.
        #[arg(long, value_name = "KEY")]
        account: String,
        /// The application.
        id: String,
        /// Its new public key, PEM; without it a pair is made.
        #[arg(long, value_name = "FILE")]
        public_key: Option<PathBuf>,
        /// Consent.
        #[command(flatten)]
        consent: ConsentArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `number`.
#[derive(Debug, Subcommand)]
pub enum NumberCommand {
    /// List numbers with their accounts.
    Ls {
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Give a number to an account.
    Assign {
        /// The number.
        number: String,
        /// The account's key.
        #[arg(long, value_name = "KEY")]
        account: String,
        /// Where texts for this number go, instead of the account's own URL.
        #[arg(long, value_name = "URL")]
        inbound_url: Option<String>,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Numbers for sale: what customers find and buy through their API.
    #[command(subcommand)]
    Pool(PoolCommand),
    /// Take a number from its account: texts for it go nowhere.
    Release {
        /// The number.
        number: String,
        /// Consent.
        #[command(flatten)]
        consent: ConsentArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `number pool`.
#[derive(Debug, Subcommand)]
pub enum PoolCommand {
    /// List the pool, sold numbers too.
    Ls {
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Put a number up for sale, or change its terms; with --file, all numbers of a table.
    Add(PoolAddArgs),
    /// Take a number out of the pool; whoever bought it keeps it.
    Rm {
        /// The number.
        number: String,
        /// Consent.
        #[command(flatten)]
        consent: ConsentArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `number pool add`.
#[derive(Debug, Args)]
pub struct PoolAddArgs {
    /// The number.
    #[arg(required_unless_present = "file")]
    pub number: Option<String>,
    /// A table with the line `number,country,kind,features,monthly,purchase,currency` on top; features have `+` between them, and an
    /// empty purchase costs a month. `-` reads stdin.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["number", "country", "monthly"])]
    pub file: Option<PathBuf>,
    /// Its country, such as GB.
    #[arg(long, required_unless_present = "file")]
    pub country: Option<String>,
    /// mobile, landline, toll-free.
    #[arg(long, default_value = "mobile")]
    pub kind: String,
    /// What it can do: SMS, VOICE, MMS, with commas between them.
    #[arg(long, default_value = "SMS")]
    pub features: String,
    /// What is named as its price for a month, such as 1.25.
    #[arg(long, value_name = "AMOUNT", required_unless_present = "file")]
    pub monthly: Option<String>,
    /// What the purchase costs, all of it. Left out: a month.
    #[arg(long, value_name = "AMOUNT")]
    pub purchase: Option<String>,
    /// Who pays in another currency does not see it.
    #[arg(long, default_value = "EUR")]
    pub currency: String,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListOf {
    /// Numbers that nobody, or not this account, may send to.
    Barred,
    /// Numbers that were given up.
    Deactivated,
    /// Numbers that an account with recipients=permitted may send to.
    Permitted,
    /// Senders that an account with senders=listed may use.
    Senders,
}

impl ListOf {
    /// Its name in the native API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Barred => "barred",
            Self::Deactivated => "deactivated",
            Self::Permitted => "permitted",
            Self::Senders => "senders",
        }
    }
}

/// `list`.
#[derive(Debug, Subcommand)]
pub enum ListCommand {
    /// Print a list, an entry a line.
    Show {
        /// Which.
        kind: ListOf,
        /// The account's own list instead of the one for everybody.
        #[arg(long, value_name = "KEY")]
        account: Option<String>,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Add entries: numbers, prefixes such as 4477*, senders.
    Add {
        /// Which.
        kind: ListOf,
        /// The entries; `-` reads them from stdin, an entry a line.
        #[arg(required = true)]
        entries: Vec<String>,
        /// The account's own list instead of the one for everybody.
        #[arg(long, value_name = "KEY")]
        account: Option<String>,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Take entries away.
    Remove {
        /// Which.
        kind: ListOf,
        /// The entries; `-` reads them from stdin, an entry a line.
        #[arg(required = true)]
        entries: Vec<String>,
        /// The account's own list instead of the one for everybody.
        #[arg(long, value_name = "KEY")]
        account: Option<String>,
        /// Consent.
        #[command(flatten)]
        consent: ConsentArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}
