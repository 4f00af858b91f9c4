//! Changes of what accounts prove themselves by, and of the keys that guard it.

use whimbrel_core::{AccountId, Secret, SecretId, SecretRole, Timestamp};

use crate::keyring::SecretVerifier;

/// A secret to keep: its name and what proves it.
#[derive(Debug, Clone)]
pub struct NewSecret {
    /// Its id, new.
    pub id: SecretId,
    /// What it is for.
    pub role: SecretRole,
    /// What proves it. That of a secret key is a digest, by which it is found.
    pub verifier: SecretVerifier,
}

/// One more secret for an account. The same id again changes nothing; a secret key that any account has is refused.
#[derive(Debug, Clone)]
pub struct AddSecret {
    /// Whose.
    pub account_id: AccountId,
    /// The secret.
    pub secret: NewSecret,
    /// When.
    pub at: Timestamp,
}

/// A secret that is good no more. Again, it is answered as unknown.
#[derive(Debug, Clone)]
pub struct RevokeSecret {
    /// Whose.
    pub account_id: AccountId,
    /// Which.
    pub id: SecretId,
    /// When.
    pub at: Timestamp,
}

/// Another secret to sign with. The one before stays good for a while; one before that ends at once. The same id again changes
/// nothing.
#[derive(Debug, Clone)]
pub struct RotateSignatureSecret {
    /// Whose.
    pub account_id: AccountId,
    /// A new id of the store.
    pub id: i64,
    /// The secret.
    pub secret: Secret,
    /// Until when the one before is good; not after `at`: it ends at once.
    pub previous_until: Timestamp,
    /// When.
    pub at: Timestamp,
}

/// How far a change of keys has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resealed {
    /// Secrets sealed anew.
    pub count: usize,
    /// Whether there are more.
    pub rest: Rest,
}

/// Whether anything is left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Some secrets are sealed by another key than the current one.
    Some,
    /// None is, and the database is marked with the current key.
    None,
}
