//! What a customer asks of the secrets of its own account, and what it comes to.

use crate::credential::{SecretId, SecretRefusal};
use crate::secret::Secret;
use crate::time::Timestamp;

/// A call about the secrets of the account that calls.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretsCall {
    /// The key of the account that the request names: it must be the caller's own.
    pub key: Box<str>,
    /// What is wanted.
    pub wish: SecretsWish,
}

/// A key or an id is whatever the caller wrote, perhaps a secret in the wrong place: only what is done is shown.
impl std::fmt::Debug for SecretsCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretsCall").field("wish", &self.wish).finish_non_exhaustive()
    }
}

/// What is wanted of an account's secrets.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretsWish {
    /// All of them.
    List,
    /// One more, which the customer chose.
    Add(Secret),
    /// One of them.
    Show {
        /// Its id as the caller wrote it.
        id: Box<str>,
    },
    /// That one is good no more.
    Revoke {
        /// Its id as the caller wrote it.
        id: Box<str>,
    },
}

impl std::fmt::Debug for SecretsWish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::List => "List",
            Self::Add(_) => "Add",
            Self::Show { .. } => "Show",
            Self::Revoke { .. } => "Revoke",
        })
    }
}

/// What a call about secrets came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretsOutcome {
    /// These are there, the oldest first.
    Listed {
        /// The account's key.
        key: Box<str>,
        /// What is known of them.
        secrets: Vec<SecretShown>,
    },
    /// One was added.
    Added {
        /// The account's key.
        key: Box<str>,
        /// What is known of it.
        secret: SecretShown,
    },
    /// One is there.
    Shown {
        /// The account's key.
        key: Box<str>,
        /// What is known of it.
        secret: SecretShown,
    },
    /// One is good no more.
    Revoked,
    /// The request names another account than the caller's.
    OtherAccount {
        /// The key as the caller wrote it.
        key: Box<str>,
    },
    /// The account has none with that id.
    Unknown {
        /// The id as the caller wrote it.
        id: Box<str>,
    },
    /// Its rules say no.
    Refused(SecretRefusal),
}

/// What an account's owner sees of a secret: never the secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretShown {
    /// Its name.
    pub id: SecretId,
    /// When it was made or chosen.
    pub created_at: Timestamp,
}
