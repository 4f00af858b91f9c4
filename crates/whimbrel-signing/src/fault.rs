//! Why a signature was not accepted.

use std::fmt;

/// Why a signature was not accepted. Names parameters and headers, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A field that the scheme needs did not come, or came empty.
    Missing(Field),
    /// A field is there and cannot be read.
    Malformed(Field),
    /// A parameter came twice with different values, or a claim came twice: nobody can say which of them counts.
    Ambiguous(String),
    /// The timestamp is older than the window allows.
    TooOld {
        /// How old it is.
        age_seconds: u128,
    },
    /// The timestamp is further ahead than the window allows.
    TooNew {
        /// How far ahead it is.
        ahead_seconds: u128,
    },
    /// The secret that was given cannot be one of this scheme.
    UnusableSecret,
    /// The request names an algorithm that is not allowed here.
    AlgorithmRefused,
    /// A field is longer than is read.
    TooLong {
        /// Which.
        field: Field,
        /// Its bound, in octets.
        octets_max: usize,
    },
    /// A token's time is over: by its own `exp`, or by how long a token may live.
    Expired {
        /// Since when.
        ago_seconds: u128,
    },
    /// A token's `nbf` lies ahead.
    NotYetValid {
        /// How far.
        ahead_seconds: u128,
    },
    /// A token is in order and was made for another body.
    OtherBody,
    /// All is there, and the signature is of something else or by another secret.
    Mismatch,
}

/// The name of a parameter, header or claim.
pub type Field = &'static str;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(field) => write!(f, "`{field}` is missing"),
            Self::Malformed(field) => write!(f, "`{field}` cannot be read"),
            Self::Ambiguous(name) => {
                write!(f, "`{}` came twice, and nobody can say which of them counts", name.escape_debug())
            }
            Self::TooOld { age_seconds } => write!(f, "the timestamp is {age_seconds} s old"),
            Self::TooNew { ahead_seconds } => write!(f, "the timestamp is {ahead_seconds} s ahead"),
            Self::UnusableSecret => f.write_str("the secret is not in the form that this scheme uses"),
            Self::AlgorithmRefused => f.write_str("the algorithm is not allowed"),
            Self::TooLong { field, octets_max } => write!(f, "`{field}` is longer than {octets_max} octets"),
            Self::Expired { ago_seconds } => write!(f, "the token expired {ago_seconds} s ago"),
            Self::NotYetValid { ahead_seconds } => write!(f, "the token is valid only in {ahead_seconds} s"),
            Self::OtherBody => f.write_str("the token was made for another body: its `payload_hash` does not match"),
            Self::Mismatch => f.write_str("the signature does not match"),
        }
    }
}

impl std::error::Error for Fault {}
