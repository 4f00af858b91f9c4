//! Where a webhook goes, and what one try of it takes from the world.

use std::fmt;
use std::ops::RangeInclusive;

use whimbrel_core::retry::Backoff;
use whimbrel_core::{Account, Secret, Span, Timestamp, Uuid};

/// Where a webhook goes.
#[derive(Debug, Clone, Copy)]
pub struct WebhookTarget<'a> {
    /// The absolute URL, as the customer set it.
    pub url: &'a str,
    /// The account whose notice it is.
    pub account: &'a Account,
    /// The hook that it is for, if it is for one.
    pub hook: Option<HookTarget<'a>>,
    /// The secret that signs the account's webhooks now.
    pub signature_secret: &'a Secret,
}

/// A hook as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct HookTarget<'a> {
    /// Its document.
    pub document: &'a str,
    /// What of it is kept sealed.
    pub secret: Option<&'a Secret>,
}

/// What an endpoint is tested with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookTest {
    /// Nothing but a sign of life.
    Ping,
    /// An event as it would be, of no message.
    Sample,
}

/// What one try takes from the world. Every try has its own: time stamps and nonces age.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// When it starts.
    pub now: Timestamp,
    /// Bits that nobody can guess.
    pub chance: u128,
}

/// How long an endpoint is tried, and what counts as taken.
#[derive(Debug, Clone)]
pub struct WebhookRules {
    /// The schedule of the tries.
    pub backoff: Backoff,
    /// The status codes by which the endpoint says that it took the webhook.
    pub success: RangeInclusive<u16>,
    /// Which other answers are worth another try.
    pub retried: Retried,
    /// How long the endpoint has for an answer, from connecting on.
    pub answer_within: Span,
}

/// Which answers of an endpoint are worth another try. That there was none always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retried {
    /// All that say it was not taken.
    All,
    /// 429 and those from 500 on: by the others the endpoint says that it never will.
    Faults,
    /// Those alone.
    Only(&'static [u16]),
}

impl WebhookRules {
    /// Whether an endpoint that answered with `status` is tried again.
    #[must_use]
    pub fn is_retried(&self, status: u16) -> bool {
        match self.retried {
            Retried::All => true,
            Retried::Faults => status == 429 || status >= 500,
            Retried::Only(listed) => listed.contains(&status),
        }
    }
}

/// Why a webhook that is to be signed cannot be. It must not be sent then: its receiver would take it for a forgery, or worse,
/// learn to take what is not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CannotSign {
    /// The account has no signature secret.
    NoSecret,
    /// The account's signature secret is too short to sign with.
    ShortSecret,
    /// The customer's URL has a parameter of the same name as the webhook, so that a receiver could not tell which was signed.
    NameInUrl(Box<str>),
    /// What somebody made of it has no parameters, and the signature covers parameters.
    NoParameters,
}

impl fmt::Display for CannotSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSecret => f.write_str("it is to be signed, and the account has no signature secret"),
            Self::ShortSecret => {
                f.write_str("it is to be signed, and the account's signature secret has less than 4 octets: rotate it")
            }
            Self::NameInUrl(name) => {
                write!(f, "it is to be signed, and its URL has a parameter `{name}` as well, with another value")
            }
            Self::NoParameters => f.write_str(
                "it is to be signed, and its body is no JSON object of texts and numbers, whose parameters are signed",
            ),
        }
    }
}

impl std::error::Error for CannotSign {}

/// A random UUID, version 4 (RFC 9562 §5.4).
#[must_use]
pub fn random_uuid(chance: u128) -> String {
    Uuid::random(chance).to_string()
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
