//! Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`, with HMAC-SHA256 (`v1`).
//!
//! Id, timestamp and body are joined by full stops. The secret is base64 after `whsec_`. The signature header may hold
//! several signatures with blanks between them, so that a secret can be changed while webhooks go on: a webhook is signed
//! by the old and the new one, and one that matches is enough. Signatures of other versions (`v1a` is Ed25519) are passed over.
//!
//! Source: the Standard Webhooks specification 1.0.0 (standardwebhooks.com, read 2026); the window of 5 minutes is that of its
//! libraries.
//!
//! ```
//! use whimbrel_signing::standard_webhooks::{self, Received, WINDOW, Webhook};
//! use whimbrel_signing::{Secret, UnixSeconds};
//!
//! let secrets = [Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")];
//! let webhook = Webhook { id: "msg_1", timestamp: UnixSeconds(1_674_087_231), body: br#"{"test": 2432232314}"# };
//! let signature = standard_webhooks::sign(&webhook, &secrets)?;
//!
//! let received = Received { id: "msg_1", timestamp: "1674087231", signature: signature.as_str(), body: webhook.body };
//! standard_webhooks::verify(&received, &secrets, WINDOW, UnixSeconds(1_674_087_300))?;
//! # Ok::<(), whimbrel_signing::Fault>(())
//! ```

mod explain;
mod probe;
mod scheme;
mod suspects;

use std::fmt;

use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::digest::{Hash, base64, unbase64};
use crate::{Canonical, Fault, Secret, Signature, UnixSeconds, Window};

pub use explain::explain;
pub use probe::probe;
pub(crate) use scheme::Webhooks;

/// The header of the id: the same at each try.
pub const ID: &str = "webhook-id";
/// The header of the time of the try, in seconds since 1970.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header of the signatures.
pub const SIGNATURE: &str = "webhook-signature";

/// 300 seconds on both sides.
pub const WINDOW: Window = Window::symmetric(300);

/// What a secret begins with.
const SECRET_PREFIX: &[u8] = b"whsec_";
/// What a derived secret is for: no other use of the same secret gives the same octets.
const DERIVED_FOR: &[u8] = b"whimbrel standard webhooks 1";
/// What a signature begins with.
const VERSION: &str = "v1";

/// A webhook, to be signed. `Debug` shows no body.
#[derive(Clone, Copy)]
pub struct Webhook<'a> {
    /// Visible ASCII without full stops; the same at each try.
    pub id: &'a str,
    /// When this try is made; not before 1970.
    pub timestamp: UnixSeconds,
    /// The octets that are sent.
    pub body: &'a [u8],
}

/// A webhook, as it came: the values of its three headers, and its body. `Debug` shows neither signature nor body.
#[derive(Clone, Copy)]
pub struct Received<'a> {
    /// `webhook-id`.
    pub id: &'a str,
    /// `webhook-timestamp`.
    pub timestamp: &'a str,
    /// `webhook-signature`.
    pub signature: &'a str,
    /// The octets as they came.
    pub body: &'a [u8],
}

impl fmt::Debug for Webhook<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, timestamp, body } = self;
        f.debug_struct("Webhook")
            .field("id", id)
            .field("timestamp", timestamp)
            .field("body_octets", &body.len())
            .finish()
    }
}

impl fmt::Debug for Received<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = self.body.len();
        f.debug_struct("Received").field("id", &self.id).field("body_octets", &octets).finish_non_exhaustive()
    }
}

/// An accepted webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The time of the try.
    pub timestamp: UnixSeconds,
    /// The index of the secret that matched.
    pub secret_index: usize,
}

/// The octets that are signed: id, timestamp and body with full stops between them.
#[must_use]
pub fn canonical(webhook: &Webhook<'_>) -> Canonical {
    Canonical::new(joined(webhook))
}

/// The value of `webhook-signature`: one signature by each secret, in their order.
///
/// # Errors
/// [`Fault::Malformed`] for an id or timestamp that may not be sent, [`Fault::UnusableSecret`] for a secret that is no base64
/// or empty, and for none at all.
pub fn sign(webhook: &Webhook<'_>, secrets: &[Secret<'_>]) -> Result<Signature, Fault> {
    check_id(webhook.id)?;
    if webhook.timestamp.0 < 0 {
        return Err(Fault::Malformed(TIMESTAMP));
    }
    if secrets.is_empty() {
        return Err(Fault::UnusableSecret);
    }
    let string = joined(webhook);
    let by = |secret: &Secret<'_>| Ok(format!("{VERSION},{}", base64(&Hash::Sha256.hmac(&key(*secret)?, &[&string]))));
    let signatures: Vec<_> = secrets.iter().map(by).collect::<Result<_, _>>()?;
    Ok(Signature::new(signatures.join(" ")))
}

/// A secret of this scheme that comes of another secret: always the same, of 32 octets as the specification wants them (24 to 64),
/// and of no use for finding the other one. Whoever is given it can verify webhooks, and can neither sign nor send anything by the
/// secret that it comes of. (The way of deriving it is ours: HMAC-SHA256 of a constant.)
#[must_use]
pub fn derived(from: Secret<'_>) -> Zeroizing<String> {
    let key = Zeroizing::new(Hash::Sha256.hmac(from.expose(), &[DERIVED_FOR]));
    let digits = Zeroizing::new(base64(&key));
    Zeroizing::new(format!("whsec_{}", &*digits))
}

/// Verifies a webhook: one of its signatures by one of the secrets, and the window of its timestamp.
///
/// # Errors
/// What is missing, cannot be read, is out of the window, or does not match; [`Fault::AlgorithmRefused`] if there is no
/// signature of `v1`.
pub fn verify(
    received: &Received<'_>,
    secrets: &[Secret<'_>],
    window: Window,
    now: UnixSeconds,
) -> Result<Verified, Fault> {
    let webhook = received.read()?;
    window.check(webhook.timestamp, now)?;
    let presented = received.digests()?;
    let string = joined(&webhook);
    let mut found = None;
    for (index, secret) in secrets.iter().enumerate() {
        let expected = Hash::Sha256.hmac(&key(*secret)?, &[&string]);
        // All are compared, so that the time says nothing of which one matched.
        let matches = presented.iter().fold(Choice::from(0), |found, digest| found | digest.ct_eq(&expected));
        if found.is_none() && bool::from(matches) {
            found = Some(Verified { timestamp: webhook.timestamp, secret_index: index });
        }
    }
    found.ok_or(Fault::Mismatch)
}

impl<'a> Received<'a> {
    /// What was signed, if its signature is right.
    fn read(&self) -> Result<Webhook<'a>, Fault> {
        for (name, value) in [(ID, self.id), (TIMESTAMP, self.timestamp), (SIGNATURE, self.signature)] {
            if value.is_empty() {
                return Err(Fault::Missing(name));
            }
        }
        check_id(self.id)?;
        let seconds: Option<u64> = self.timestamp.parse().ok();
        // A number that is written otherwise, as with a leading zero, would be signed otherwise.
        let seconds = seconds.filter(|seconds| seconds.to_string() == self.timestamp);
        let seconds = seconds.and_then(|seconds| seconds.try_into().ok()).ok_or(Fault::Malformed(TIMESTAMP))?;
        Ok(Webhook { id: self.id, timestamp: UnixSeconds(seconds), body: self.body })
    }

    /// The digests of version 1.
    fn digests(&self) -> Result<Vec<Vec<u8>>, Fault> {
        let entries = self.signature.split(' ').filter_map(|entry| entry.split_once(','));
        let mut of_version = entries.filter(|(version, _)| *version == VERSION).peekable();
        if of_version.peek().is_none() {
            return Err(Fault::AlgorithmRefused);
        }
        let digests: Vec<_> = of_version.filter_map(|(_, digest)| unbase64(digest)).collect();
        if digests.is_empty() { Err(Fault::Malformed(SIGNATURE)) } else { Ok(digests) }
    }
}

/// With a full stop in the id, the same octets could be read as another id and timestamp (specification, "Signature scheme").
fn check_id(id: &str) -> Result<(), Fault> {
    match !id.is_empty() && id.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'.') {
        true => Ok(()),
        false => Err(Fault::Malformed(ID)),
    }
}

/// The key of a secret: base64 after `whsec_`, which may be left out, as may the padding.
fn key(secret: Secret<'_>) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let text = secret.expose();
    let text = text.strip_prefix(SECRET_PREFIX).unwrap_or(text);
    let padding = b"===".get(..(4 - text.len() % 4) % 4).unwrap_or_default();
    let padded = Zeroizing::new([text, padding].concat());
    let decoded = std::str::from_utf8(&padded).ok().and_then(unbase64).map(Zeroizing::new);
    decoded.filter(|key| !key.is_empty()).ok_or(Fault::UnusableSecret)
}

fn joined(webhook: &Webhook<'_>) -> Vec<u8> {
    let timestamp = webhook.timestamp.0.to_string();
    [webhook.id.as_bytes(), timestamp.as_bytes(), webhook.body].join(b".".as_slice())
}
