//! Flags of the commands that send, receive and watch.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::{LeaseArgs, PhoneSetArgs, ServerArgs};

/// Who sends. The secret never stands on the command line, where other users of the machine can read it.
#[derive(Debug, Clone, Args)]
pub struct CredentialArgs {
    /// The account's key; without it the development account's.
    #[arg(long, value_name = "KEY", env = "WHIMBREL_API_KEY")]
    pub key: Option<String>,
    /// The variable of the environment that holds the account's secret.
    #[arg(long, value_name = "NAME", default_value = "WHIMBREL_API_SECRET")]
    pub secret_env: String,
    /// The file that holds it; `-` reads it from stdin.
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
}

/// `send`.
#[derive(Debug, Args)]
pub struct SendArgs {
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
    /// Who sends.
    #[command(flatten)]
    pub credentials: CredentialArgs,
    /// Wait for the receipts, and fail unless the message is delivered.
    #[arg(long, value_name = "STATE")]
    pub wait: Option<WaitFor>,
    /// Give up waiting after so many seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub timeout: u32,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
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
    /// The id of an answer or of a receipt.
    pub id: String,
    /// What went over the wires for it: request, PDUs and webhooks, as far as the tape has them.
    #[arg(long)]
    pub wire: bool,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `tail`.
#[derive(Debug, Args)]
pub struct TailArgs {
    /// Only what concerns this account.
    #[arg(long, value_name = "KEY")]
    pub account: Option<String>,
    /// Only what concerns this message.
    #[arg(long, value_name = "ID")]
    pub message: Option<String>,
    /// End after so many events.
    #[arg(long, value_name = "COUNT")]
    pub count: Option<u64>,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `phone`.
#[derive(Debug, Subcommand)]
pub enum PhoneCommand {
    /// List the phones that were written to or are leased.
    Ls {
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Lease a number that nobody else has: prints it.
    Lease(LeaseArgs),
    /// Give a leased number back.
    Release {
        /// The number.
        number: String,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Say what becomes of texts to a phone.
    Set(PhoneSetArgs),
    /// Send a text from a simulated phone, as a subscriber would.
    Reply(ReplyArgs),
}

/// `phone reply`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("content").required(true))]
pub struct ReplyArgs {
    /// The phone's number.
    pub number: String,
    /// The number it writes to: one of ours.
    #[arg(long, value_name = "NUMBER")]
    pub to: String,
    /// The text.
    #[arg(long, group = "content")]
    pub text: Option<String>,
    /// A file with the text; `-` reads stdin.
    #[arg(long, value_name = "FILE", group = "content")]
    pub file: Option<PathBuf>,
    /// Octets instead of a text, in hexadecimal.
    #[arg(long, value_name = "HEX", group = "content")]
    pub octets: Option<String>,
    /// A user data header before the octets, in hexadecimal.
    #[arg(long, value_name = "HEX", requires = "octets")]
    pub udh: Option<String>,
    /// The alphabet to send it in, such as gsm7 or ucs2. Left out: by its characters.
    #[arg(long)]
    pub alphabet: Option<String>,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// `bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Callers at once, each with a connection of its own. Alone: each sends as soon as it has its answer (closed loop).
    #[arg(long, value_name = "COUNT", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub callers: u16,
    /// Requests per second, sent when they are due whatever the answers take (open loop); latency counts from when they were due.
    #[arg(long, value_name = "RATE", value_parser = read_rate)]
    pub rate: Option<f64>,
    /// How long.
    #[arg(long = "for", value_name = "TIME", value_parser = read_time, conflicts_with = "count")]
    pub time: Option<Duration>,
    /// How many requests. Without --for and --count: for 10 seconds.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// The recipient.
    #[arg(long, value_name = "NUMBER", default_value = "447700900000")]
    pub to: String,
    /// The sender.
    #[arg(long, value_name = "SENDER", default_value = "Whimbrel")]
    pub from: String,
    /// In whose words to send.
    #[arg(long, value_name = "DIALECT")]
    pub dialect: Option<String>,
    /// Who sends.
    #[command(flatten)]
    pub credentials: CredentialArgs,
    /// Put load on a server on another machine, which is yours.
    #[arg(long)]
    pub i_own_the_target: bool,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}

fn read_rate(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).parse::<f64>().ok();
    let in_bounds = number.filter(|rate| (0.1..=100_000.0).contains(rate));
    in_bounds.ok_or_else(|| "write a rate from 0.1/s to 100000/s".to_owned())
}

fn read_time(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()));
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => 0,
    };
    let time = number.parse::<u64>().ok().and_then(|number| number.checked_mul(millis));
    let in_bounds = time.filter(|millis| (100..=24 * 3_600_000).contains(millis));
    in_bounds.map(Duration::from_millis).ok_or_else(|| "write a time such as 500ms, 10s, 5m or 1h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_times_have_units() {
        assert_eq!((read_rate("500/s"), read_rate("0.5")), (Ok(500.0), Ok(0.5)));
        for wrong in ["", "/s", "0", "-1", "nan", "inf", "1e9", "5/m"] {
            assert!(read_rate(wrong).is_err(), "{wrong}");
        }
        assert_eq!(read_time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(read_time("1h"), Ok(Duration::from_secs(3600)));
        for wrong in ["", "s", "10", "1d", "99ms", "25h", "99999999999999999999s", "-1s", "1.5s"] {
            assert!(read_time(wrong).is_err(), "{wrong}");
        }
    }
}
