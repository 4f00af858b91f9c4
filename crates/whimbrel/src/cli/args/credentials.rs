//! Flags of the commands that look after secrets, signing and keys. A secret never stands on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ConsentArgs, ServerArgs};

/// A secret that somebody chose.
#[derive(Debug, Clone, Args)]
pub struct ChosenSecretArgs {
    /// The variable of the environment that holds the secret.
    #[arg(long, value_name = "NAME", conflicts_with = "secret_file")]
    pub secret_env: Option<String>,
    /// The file that holds it; `-` reads it from stdin.
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
}

/// `oauth`.
#[derive(Debug, Subcommand)]
pub enum OauthCommand {
    /// List an account's consumers: programs that may ask other accounts for access.
    Ls {
        /// The account's key.
        key: String,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Make a consumer; its secret is printed this once.
    Add {
        /// The account's key.
        key: String,
        /// Its name, shown to whoever is asked for access.
        #[arg(long)]
        name: String,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Remove a consumer: whatever was granted to it ends at once.
    Rm {
        /// The account's key.
        key: String,
        /// The consumer's key.
        consumer: String,
        /// Consent.
        #[command(flatten)]
        consent: ConsentArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List what an account granted.
    Grants {
        /// The account's key.
        key: String,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Revoke what an account granted: requests by it are refused from then on.
    Revoke {
        /// The account's key.
        key: String,
        /// The token.
        token: String,
        /// Consent.
        #[command(flatten)]
        consent: ConsentArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `secret`.
#[derive(Debug, Subcommand)]
pub enum SecretCommand {
    /// List an account's secrets: ids and ages, never the secrets.
    Ls {
        /// The account's key.
        key: String,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Give an account one more secret; without a secret of your own one is made and printed this once.
    Add {
        /// The account's key.
        key: String,
        /// A secret of your own: 8 to 25 characters with a small letter, a capital and a digit.
        #[command(flatten)]
        chosen: ChosenSecretArgs,
        /// What a secret key is for: `live` or `test`. For accounts whose secrets are keys.
        #[arg(long, value_name = "MODE", value_parser = ["live", "test"])]
        mode: Option<String>,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Take a secret from an account: it is good no more at once.
    Revoke {
        /// The account's key.
        key: String,
        /// The secret's id, as `secret ls` prints it.
        id: String,
        /// Consent.
        #[command(flatten)]
        consent: ConsentArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `key`.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// List the keys that guard secrets at rest, with their states.
    Ls {
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Make a new key, seal every secret by it, and give up the old one, while the server goes on. Back up secret.key afterwards.
    Rotate {
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `account signing`.
#[derive(Debug, Subcommand)]
pub enum SigningCommand {
    /// Show how an account signs, and since when it has its signature secret.
    Show {
        /// The account's key.
        key: String,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Change how an account signs.
    Set {
        /// The account's key.
        key: String,
        /// What to change.
        #[command(flatten)]
        signing: SigningArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Give an account another signature secret; the one before stays good for a while.
    Rotate {
        /// The account's key.
        key: String,
        /// Seconds for which the secret before stays good; 0: it ends at once.
        #[arg(long, value_name = "SECONDS", default_value_t = 86_400)]
        overlap: u32,
        /// A secret of your own, such as the one of an account elsewhere: 8 to 64 visible ASCII characters.
        #[command(flatten)]
        chosen: ChosenSecretArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `account signing set`. What is not given stays as it is.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct SigningArgs {
    /// The method: md5hash, md5, sha1, sha256, sha512 (all but the first are HMACs).
    #[arg(long)]
    pub method: Option<String>,
    /// Whether webhooks are signed: signed, unsigned.
    #[arg(long)]
    pub webhooks: Option<String>,
}

/// `account policy`. What is not given stays as it is.
#[derive(Debug, Args)]
pub struct PolicyArgs {
    /// How requests may show who calls, with commas: parameters, basic, signature, token, oauth, secret-key; or all.
    #[arg(long, value_delimiter = ',')]
    pub methods: Option<Vec<String>>,
    /// Whether requests must be signed: optional, where-possible, required (also where an API knows no signatures).
    #[arg(long)]
    pub signature: Option<String>,
    /// The weakest method of signing that is taken.
    #[arg(long, value_name = "METHOD")]
    pub signature_method_min: Option<String>,
    /// Where requests may come from, with commas: addresses and networks such as 192.0.2.0/24; empty: from everywhere.
    #[arg(long, value_delimiter = ',')]
    pub networks: Option<Vec<String>>,
    /// What requests may be about, with commas: send, read, account, numbers, applications, secrets; or all.
    #[arg(long, value_delimiter = ',')]
    pub scopes: Option<Vec<String>>,
    /// What may be spent in a day (UTC), such as 25.00; empty: whatever is in the wallet.
    #[arg(long, value_name = "AMOUNT")]
    pub spend_per_day_max: Option<String>,
}
