//! Flags of the commands that sign and verify.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use whimbrel_signing::registry::SCHEMES;

/// `sign`.
#[derive(Debug, Args)]
#[command(after_long_help = settings())]
pub struct SignArgs {
    /// By which scheme.
    #[arg(value_name = "SCHEME", value_parser = schemes())]
    pub scheme: String,
    /// What is signed.
    #[command(flatten)]
    pub message: MessageArgs,
    /// What it is signed with.
    #[command(flatten)]
    pub secret: SchemeSecretArgs,
    /// The nonce, token id or webhook id; without it 32 random hexadecimal digits.
    #[arg(long, value_name = "TEXT")]
    pub nonce: Option<String>,
    /// Print the string that is signed as well.
    #[arg(long)]
    pub explain: bool,
}

/// `verify`.
#[derive(Debug, Args)]
#[command(after_long_help = settings())]
pub struct VerifyArgs {
    /// By which scheme.
    #[arg(value_name = "SCHEME", value_parser = schemes())]
    pub scheme: String,
    /// What is verified, its signature included.
    #[command(flatten)]
    pub message: MessageArgs,
    /// What it is verified with.
    #[command(flatten)]
    pub secret: SchemeSecretArgs,
    /// How many seconds a timestamp may be off, in either direction; without it as the scheme says.
    #[arg(long, value_name = "SECONDS")]
    pub window: Option<u32>,
    /// Print what should have been signed and the signature that would match, and name the mistake that was made.
    #[arg(long)]
    pub explain: bool,
}

/// A request or webhook: raw, from --file or stdin, or by its pieces.
#[derive(Debug, Args)]
pub struct MessageArgs {
    /// The message as it goes over the wire (HTTP/1.1); `-` reads stdin, and so does neither --file nor --url.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "method", "header", "headers", "data", "data_file"], help_heading = "Message")]
    pub file: Option<PathBuf>,
    /// Under which scheme and host a raw message is called, such as https://sms.example.com; without it https and its Host.
    #[arg(long, value_name = "URL", conflicts_with = "url", help_heading = "Message")]
    pub base_url: Option<String>,
    /// The whole address, with its query; schemes that do not sign it need none.
    #[arg(long, help_heading = "Message")]
    pub url: Option<String>,
    /// The method; without it POST if there is a body, else GET.
    #[arg(long, help_heading = "Message")]
    pub method: Option<String>,
    /// A header; may be given more than once. A body without `Content-Type` is taken for a form.
    #[arg(long, value_name = "NAME: VALUE", help_heading = "Message")]
    pub header: Vec<String>,
    /// The file that holds the headers, a line each; a line of request or status before them is passed over.
    #[arg(long, value_name = "FILE", help_heading = "Message")]
    pub headers: Option<PathBuf>,
    /// The body.
    #[arg(long, visible_alias = "params", value_name = "TEXT", help_heading = "Message")]
    pub data: Option<String>,
    /// The file that holds the body; not a byte of it is changed.
    #[arg(long, visible_alias = "body", value_name = "FILE", conflicts_with = "data", help_heading = "Message")]
    pub data_file: Option<PathBuf>,
    /// What else the scheme takes, such as method=sha256; may be given more than once.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub settings: Vec<String>,
    /// The time, in seconds since 1970 or as 2026-11-22T06:00:00Z; without it now.
    #[arg(long, visible_alias = "now", value_name = "TIME")]
    pub at: Option<String>,
}

/// Where the secrets are: never on the command line, which others can read.
#[derive(Debug, Args)]
pub struct SchemeSecretArgs {
    /// The variable of the environment that holds the secret.
    #[arg(long, value_name = "NAME", required_unless_present_any = ["secret_file", "secret_stdin"], help_heading = "Secrets")]
    pub secret_env: Option<String>,
    /// The file that holds it, without its final newline; a key in PEM as well.
    #[arg(long, value_name = "FILE", conflicts_with = "secret_env", help_heading = "Secrets")]
    pub secret_file: Option<PathBuf>,
    /// Read it from stdin, up to the end or the first line.
    #[arg(long, conflicts_with_all = ["secret_env", "secret_file"], help_heading = "Secrets")]
    pub secret_stdin: bool,
    /// The variable that holds a second secret: the list of schemes says which.
    #[arg(long, value_name = "NAME", help_heading = "Secrets")]
    pub second_secret_env: Option<String>,
    /// The file that holds it.
    #[arg(long, value_name = "FILE", conflicts_with = "second_secret_env", help_heading = "Secrets")]
    pub second_secret_file: Option<PathBuf>,
}

fn schemes() -> PossibleValuesParser {
    let value = |about: &'static whimbrel_signing::registry::About| {
        PossibleValue::new(about.name).aliases(about.aliases.iter().copied()).help(about.title)
    };
    PossibleValuesParser::new(SCHEMES.iter().map(|scheme| value(scheme.about())))
}

/// What each scheme takes by --set.
fn settings() -> String {
    let mut text = String::from("What the schemes take:\n");
    for about in SCHEMES.iter().map(|scheme| scheme.about()) {
        text += &format!("\n  {}\n    secret: {}\n", about.name, about.secret);
        if let Some(second) = about.second {
            text += &format!("    second secret: {second}\n");
        }
        for setting in about.settings {
            let values =
                if setting.values.is_empty() { String::new() } else { format!(": {}", setting.values.join(", ")) };
            let default = setting.default.map(|default| format!(" [default: {default}]")).unwrap_or_default();
            text += &format!("    --set {}=..  {}{values}{default}\n", setting.name, setting.meaning);
        }
    }
    text
}
