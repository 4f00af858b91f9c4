//! Where a webhook goes, and what one try of it takes from the world.

use std::fmt;

use whimbrel_core::{Account, Secret, Timestamp};

/// Where a webhook goes.
#[derive(Debug, Clone, Copy)]
pub struct WebhookTarget<'a> {
    /// The absolute URL, as the customer set it.
    pub url: &'a str,
    /// The account whose notice it is.
    pub account: &'a Account,
    /// The secret that signs the account's webhooks now.
    pub signature_secret: &'a Secret,
}

/// What one try takes from the world. Every try has its own: time stamps and nonces age.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// When it starts.
    pub now: Timestamp,
    /// Bits that nobody can guess.
    pub chance: u128,
}

/// Why a webhook that is to be signed cannot be. It must not be sent then: its receiver would take it for a forgery, or worse,
/// learn to take what is not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CannotSign {
    /// The account has no signature secret.
    NoSecret,
    /// The customer's URL has a parameter of the same name as the webhook, so that a receiver could not tell which was signed.
    NameInUrl(Box<str>),
}

impl fmt::Display for CannotSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSecret => f.write_str("it is to be signed, and the account has no signature secret"),
            Self::NameInUrl(name) => {
                write!(f, "it is to be signed, and its URL has a parameter `{name}` as well, with another value")
            }
        }
    }
}

impl std::error::Error for CannotSign {}

/// A random UUID, version 4 (RFC 9562 §5.4).
#[must_use]
pub fn random_uuid(chance: u128) -> String {
    let bits = chance & !(0xf << 76) & !(0b11 << 62) | 0x4 << 76 | 0b10 << 62;
    let digits = format!("{bits:032x}");
    let group = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", group(0, 8), group(8, 12), group(12, 16), group(16, 20), group(20, 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_the_bits_of_version_4() {
        assert_eq!(random_uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(random_uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(random_uuid(0x919108f7_52d1_3320_0bac_f847db4148a8), "919108f7-52d1-4320-8bac-f847db4148a8");
    }
}
