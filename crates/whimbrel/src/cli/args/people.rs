//! Flags of the commands that look after operators, and what people did.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ConsentArgs, ServerArgs};

/// A password that somebody chose; without it one is made and printed this once.
#[derive(Debug, Clone, Args)]
pub struct PasswordArgs {
    /// The variable of the environment that holds the password.
    #[arg(long, value_name = "NAME", conflicts_with = "password_file")]
    pub password_env: Option<String>,
    /// The file that holds it; `-` reads it from stdin.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    /// Everything.
    Operator,
    /// Look, without texts and secrets.
    Viewer,
}

/// `operator`.
#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// List who may sign in to the pages.
    Ls {
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Let somebody sign in; a password is made and printed this once, unless one is given.
    Add {
        /// By which name: small letters, digits, full stops, hyphens, underscores.
        name: String,
        /// What they may do.
        #[arg(long, default_value = "operator")]
        role: RoleArg,
        /// The password.
        #[command(flatten)]
        password: PasswordArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Give somebody another password; they are signed out everywhere.
    Passwd {
        /// Their name.
        name: String,
        /// The password.
        #[command(flatten)]
        password: PasswordArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Let somebody sign in no more; they are signed out everywhere.
    Rm {
        /// Their name.
        name: String,
        /// Consent.
        #[command(flatten)]
        consent: ConsentArgs,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Ask somebody for codes of an authenticator app (TOTP, RFC 6238): prints the secret and recovery codes this once.
    Totp {
        /// Their name.
        name: String,
        /// Ask for codes no more.
        #[arg(long)]
        off: bool,
        /// How to find the server.
        #[command(flatten)]
        server: ServerArgs,
    },
}

/// `audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// Lines at most, 1 to 1000.
    #[arg(long, default_value_t = 50)]
    pub limit: u32,
    /// What was done before the line of that id.
    #[arg(long, value_name = "ID")]
    pub before: Option<String>,
    /// How to find the server.
    #[command(flatten)]
    pub server: ServerArgs,
}
