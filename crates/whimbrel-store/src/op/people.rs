//! Who looks after the gateway, and what they did.

use whimbrel_core::{Secret, Timestamp};

use super::Used;
use crate::keyring::{KeyDigest, SecretVerifier};
use crate::view::{AuditEntry, Operator};

/// The number of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperatorId(pub i64);

/// What somebody may do who looks after the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorRole {
    /// Everything.
    Operator,
    /// Look, without texts and secrets.
    Viewer,
}

impl OperatorRole {
    /// The role in JSON and rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Viewer => "viewer",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Operator, Self::Viewer].into_iter().find(|role| role.as_str() == text)
    }
}

/// A change of who looks after the gateway.
#[derive(Debug, Clone)]
pub enum PeopleOp {
    /// One more. The same id again changes nothing; a name that is taken is refused.
    Add(NewOperator),
    /// Another password.
    SetPassword {
        /// Whose.
        id: OperatorId,
        /// What proves it: of a chosen secret.
        verifier: SecretVerifier,
        /// When.
        at: Timestamp,
    },
    /// One less. Again changes nothing.
    Remove {
        /// Who.
        id: OperatorId,
        /// When.
        at: Timestamp,
    },
    /// Codes of an app are asked for from now on, or no more. Earlier recovery codes end.
    SetTotp {
        /// Whose.
        id: OperatorId,
        /// How.
        totp: TotpChange,
        /// When.
        at: Timestamp,
    },
    /// A code of an app is used: of its step and all before it none is taken any more.
    UseStep {
        /// Whose.
        id: OperatorId,
        /// The step, in units of 30 seconds since 1970.
        step: i64,
        /// When.
        at: Timestamp,
    },
    /// A recovery code is used.
    UseRecoveryCode {
        /// Whose.
        id: OperatorId,
        /// Its digests, by every key.
        digests: Vec<KeyDigest>,
        /// When.
        at: Timestamp,
    },
}

/// Somebody to look after the gateway.
#[derive(Debug, Clone)]
pub struct NewOperator {
    /// A new id of the store.
    pub id: OperatorId,
    /// By which they sign in; unique.
    pub name: Box<str>,
    /// What they may do.
    pub role: OperatorRole,
    /// What proves their password: of a chosen secret.
    pub verifier: SecretVerifier,
    /// When.
    pub at: Timestamp,
}

/// Whether codes of an app are asked for.
#[derive(Debug, Clone)]
pub enum TotpChange {
    /// They are.
    On {
        /// What they are made from.
        secret: Secret,
        /// What proves the recovery codes: of generated secrets.
        recovery_codes: Vec<SecretVerifier>,
    },
    /// They are not.
    Off,
}

/// What became of a change.
#[derive(Debug, Clone)]
pub enum PeopleDone {
    /// They are so now.
    Operator(Box<Operator>),
    /// They are gone.
    Removed,
    /// Whether a code was used before. One that is unknown counts as used.
    Code(Used),
    /// Nothing changed.
    Refused(PeopleRefused),
}

/// Why nothing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeopleRefused {
    /// Somebody has that name.
    NameTaken,
    /// There is nobody like that.
    Unknown,
    /// There are as many as there may be.
    TooMany,
    /// A verifier was made with a key that was given up meanwhile: it is to be made anew.
    KeyGone,
}

/// Something that somebody does, to be kept. Its id is new; the same again completes it by what it was answered.
pub type Audited = Box<AuditEntry>;
