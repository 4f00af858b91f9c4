//! `X-NEXO-Signature` of Nexo Route's webhooks: HMAC-SHA256 over the body, keyed with the hash of the secret.
//!
//! The key is SHA-256 of the secret's UTF-8 octets, as 32 octets and not as digits: the vendor keeps the hash alone, so
//! who delivers webhooks needs no more than a [`Key`]. The header is `sha256=` and 64 small hexadecimal digits. There is no
//! timestamp: that a webhook came before is the receiver's to see, by the delivery's id and status.
//!
//! Source: "Send OTP from cURL" of the vendor's guides (read 2026), whose commands were run with OpenSSL. Chosen here: digits
//! may be capitals.
//!
//! ```
//! use whimbrel_signing::Secret;
//! use whimbrel_signing::nexo::{self, Key};
//!
//! let key = Key::of_secret(Secret::new("your_plaintext_webhook_secret"));
//! let header = nexo::sign(b"", &key);
//! assert_eq!(header.as_str(), "sha256=b13c71b9c375bfacad0de4a65c6fc5d7aa2d0691940a865f13ec6ced3b0f04fb");
//! nexo::verify(Some(header.as_str()), b"", &key)?;
//! # Ok::<(), whimbrel_signing::Fault>(())
//! ```

mod explain;
mod probe;
mod scheme;

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::digest::{Hash, hex, unhex};
use crate::{Canonical, Fault, Secret, Signature};

pub use explain::{Hints, explain};
pub use probe::probe;
pub(crate) use scheme::Bodies;

/// The header.
const SIGNATURE: &str = "X-NEXO-Signature";
/// What stands before the digits.
const PREFIX: &str = "sha256=";

/// The hash of a webhook secret: what signs. Shows nothing of itself; wiped when dropped.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// The key of a secret.
    #[must_use]
    pub fn of_secret(secret: Secret<'_>) -> Self {
        let hash = Zeroizing::new(Hash::Sha256.of(&[secret.expose()]));
        let mut octets = Zeroizing::new([0; 32]);
        octets.copy_from_slice(&hash);
        Self(octets)
    }

    /// The key whose octets were kept.
    #[must_use]
    pub fn from_octets(octets: [u8; 32]) -> Self {
        Self(Zeroizing::new(octets))
    }

    /// The octets, to be kept encrypted.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// What is signed: the octets of the body as they are sent.
#[must_use]
pub fn canonical(body: &[u8]) -> Canonical {
    Canonical::new(body)
}

/// The header's value for this body.
#[must_use]
pub fn sign(body: &[u8], key: &Key) -> Signature {
    Signature::new(format!("{PREFIX}{}", hex(&digest(body, key))))
}

/// Verifies the header's value; blanks around it do not count.
///
/// # Errors
/// [`Fault::Missing`], [`Fault::Malformed`] or [`Fault::Mismatch`].
pub fn verify(header: Option<&str>, body: &[u8], key: &Key) -> Result<(), Fault> {
    let digits = presented(header)?.strip_prefix(PREFIX).ok_or(Fault::Malformed(SIGNATURE))?;
    let presented = unhex(digits).filter(|octets| octets.len() == 32).ok_or(Fault::Malformed(SIGNATURE))?;
    if bool::from(digest(body, key).ct_eq(&presented)) { Ok(()) } else { Err(Fault::Mismatch) }
}

fn presented(header: Option<&str>) -> Result<&str, Fault> {
    let trimmed = header.map(|value| value.trim_matches([' ', '\t']));
    trimmed.filter(|value| !value.is_empty()).ok_or(Fault::Missing(SIGNATURE))
}

fn digest(body: &[u8], key: &Key) -> Vec<u8> {
    Hash::Sha256.hmac(&key.0[..], &[body])
}
