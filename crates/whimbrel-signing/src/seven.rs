//! `X-Signature`, `X-Timestamp`, `X-Nonce` of seven (formerly sms77), for requests and webhooks.
//!
//! Five fields are joined by newlines: the timestamp, the nonce, the method, the whole URL as it is called, and the MD5 of
//! the body in hexadecimal digits. The signature is their HMAC-SHA256 with the account's signing key, in hexadecimal
//! digits. The body is hashed as it goes over the wire; without one, the MD5 of nothing is signed.
//!
//! Source: "Signing of requests" of the vendor's documentation (read 2026), whose scripts were run, and the vendor's
//! libraries for JavaScript and PHP. Chosen here, where they are silent: a nonce has 1 to 128 visible ASCII characters
//! (the documentation says 32, its own script makes 64), a timestamp may be 30 seconds ahead, digits may be capitals.
//!
//! A signature proves that the request is the key holder's. That it came once is for the caller to see: it claims the nonce
//! and the digest in [`Verified`] for as long as the window is open, after it was verified and not before.
//!
//! ```
//! use whimbrel_signing::seven::{self, Headers, Nonce, Received, Request, Stamp, WINDOW_REQUESTS};
//! use whimbrel_signing::{Secret, UnixSeconds};
//!
//! let key = Secret::new("testsigningkey");
//! let body = br#"{ "to": "49170123456789", "text": "Hello World! :-)", "from": "sms77.io" }"#;
//! let request = Request { method: "POST", url: "https://gateway.sms77.io/api/sms", body };
//! let stamp = Stamp { timestamp: UnixSeconds(1_634_641_200), nonce: Nonce::new("fpPRhAd1s8GXacfR39mWqKPynmmXfJnc")? };
//! let signature = seven::sign(&request, stamp, key);
//!
//! let headers = Headers {
//!     timestamp: Some("1634641200"),
//!     nonce: Some("fpPRhAd1s8GXacfR39mWqKPynmmXfJnc"),
//!     signature: Some(signature.as_str()),
//! };
//! let bases = ["https://sms.example.com", "https://gateway.sms77.io"];
//! let received = Received { method: "POST", bases: &bases, path_and_query: "/api/sms", body };
//! let verified = seven::verify(&received, &headers, key, WINDOW_REQUESTS, UnixSeconds(1_634_641_210))?;
//! assert_eq!(verified.base, "https://gateway.sms77.io");
//! # Ok::<(), whimbrel_signing::Fault>(())
//! ```

mod explain;
mod fields;
mod probe;
mod scheme;
mod suspects;

use std::fmt;

use subtle::ConstantTimeEq;

use crate::digest::{Hash, hex, unhex};
use crate::percent::{self, Plus};
use crate::{Canonical, Fault, Secret, Signature, UnixSeconds, Window};

use fields::Fields;

pub use explain::{Hints, explain};
pub use probe::probe;
pub(crate) use scheme::Stamped;

const SIGNATURE: &str = "X-Signature";
const TIMESTAMP: &str = "X-Timestamp";
const NONCE: &str = "X-Nonce";

/// The longest nonce, in characters.
pub const NONCE_CHARACTERS_MAX: usize = 128;
/// How many addresses are tried for one request; what [`Received::bases`] holds beyond them is not looked at.
pub const TRIES_MAX: usize = 8;
/// How far off the timestamp of a request may be: 30 seconds back by the documentation, as far ahead by choice.
pub const WINDOW_REQUESTS: Window = Window::symmetric(30);
/// How far off the timestamp of a webhook may be: as the vendor's library for JavaScript (5.6.0) has it.
pub const WINDOW_WEBHOOKS: Window = Window::symmetric(300);

/// A text that no other request has: 1 to 128 visible ASCII characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonce<'a>(&'a str);

impl<'a> Nonce<'a> {
    /// Takes 1 to 128 characters of U+0021 to U+007E.
    ///
    /// # Errors
    /// [`Fault::Malformed`] or [`Fault::TooLong`].
    pub fn new(text: &'a str) -> Result<Self, Fault> {
        if text.len() > NONCE_CHARACTERS_MAX {
            return Err(Fault::TooLong { field: NONCE, octets_max: NONCE_CHARACTERS_MAX });
        }
        let is_visible = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_graphic());
        if is_visible { Ok(Self(text)) } else { Err(Fault::Malformed(NONCE)) }
    }

    /// The text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

/// When a request is signed, and what makes it the only one of its kind.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// Now.
    pub timestamp: UnixSeconds,
    /// Used once.
    pub nonce: Nonce<'a>,
}

/// A request or webhook that is to be signed. No `Debug`: it holds a message.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// As on the request line, such as `POST`.
    pub method: &'a str,
    /// The whole address as it is called, with its query.
    pub url: &'a str,
    /// The octets that are sent; none for GET.
    pub body: &'a [u8],
}

/// A request or webhook that came. No `Debug`: it holds a message.
#[derive(Clone, Copy)]
pub struct Received<'a> {
    /// As on the request line.
    pub method: &'a str,
    /// Under which scheme and host it may have been called, such as `https://sms.example.com`, the likelier first: proxies
    /// change both.
    pub bases: &'a [&'a str],
    /// As on the request line, not decoded.
    pub path_and_query: &'a str,
    /// The octets that came.
    pub body: &'a [u8],
}

/// The three headers as they came; blanks around their values do not count. `Debug` shows which are there.
#[derive(Clone, Copy, Default)]
pub struct Headers<'a> {
    /// `X-Timestamp`.
    pub timestamp: Option<&'a str>,
    /// `X-Nonce`.
    pub nonce: Option<&'a str>,
    /// `X-Signature`.
    pub signature: Option<&'a str>,
}

impl<'a> Headers<'a> {
    /// Whether none of them came. If any did, the request must be signed rightly, even where signing is optional.
    #[must_use]
    pub const fn are_absent(&self) -> bool {
        self.timestamp.is_none() && self.nonce.is_none() && self.signature.is_none()
    }

    fn timestamp(&self) -> Result<UnixSeconds, Fault> {
        let text = value(self.timestamp, TIMESTAMP)?;
        let is_decimal = text.bytes().all(|octet| octet.is_ascii_digit());
        let seconds = is_decimal.then(|| text.parse().ok()).flatten();
        seconds.map(UnixSeconds).ok_or(Fault::Malformed(TIMESTAMP))
    }

    fn nonce(&self) -> Result<Nonce<'a>, Fault> {
        Nonce::new(value(self.nonce, NONCE)?)
    }

    fn signature(&self) -> Result<&'a str, Fault> {
        value(self.signature, SIGNATURE)
    }

    fn digest(&self) -> Result<[u8; 32], Fault> {
        let octets = unhex(self.signature()?).and_then(|octets| octets.try_into().ok());
        octets.ok_or(Fault::Malformed(SIGNATURE))
    }
}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [(TIMESTAMP, self.timestamp), (NONCE, self.nonce), (SIGNATURE, self.signature)];
        f.debug_list().entries(all.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| name)).finish()
    }
}

fn value<'a>(header: Option<&'a str>, name: &'static str) -> Result<&'a str, Fault> {
    let trimmed = header.map(|value| value.trim_matches([' ', '\t']));
    trimmed.filter(|value| !value.is_empty()).ok_or(Fault::Missing(name))
}

/// How the query stood in the address that was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Query {
    /// As it was sent.
    AsSent,
    /// With its escapes decoded, but for `%25`, `%23`, `%26`, `%2B` and `%3D`: the vendor's library for .NET signs so.
    Decoded,
}

/// An accepted signature. `Debug` shows no digest: it is the signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Verified<'a> {
    /// Under which of the bases.
    pub base: &'a str,
    /// How the query was signed.
    pub query: Query,
    /// The time of signing.
    pub timestamp: UnixSeconds,
    /// To be claimed, so that it is accepted once.
    pub nonce: Nonce<'a>,
    /// The signature's octets: to be claimed as well.
    pub digest: [u8; 32],
}

impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base, query, timestamp, nonce, digest: _ } = self;
        write!(f, "[verified under {base} ({query:?}), {timestamp:?}, {nonce:?}]")
    }
}

/// The string that is signed. `canonical(..)` holds no newline at its end.
#[must_use]
pub fn canonical(request: &Request<'_>, stamp: Stamp<'_>) -> Canonical {
    Canonical::new(Fields::of(request, stamp).joined())
}

/// Signs a request or webhook.
#[must_use]
pub fn sign(request: &Request<'_>, stamp: Stamp<'_>, key: Secret<'_>) -> Signature {
    Signature::new(hex(&Hash::Sha256.hmac(key.expose(), &[canonical(request, stamp).expose()])))
}

/// Verifies the headers in this order: their form, the window, the signature under each address.
///
/// # Errors
/// What is missing, cannot be read, is outside the window, or does not match.
pub fn verify<'a>(
    received: &Received<'a>,
    headers: &Headers<'a>,
    key: Secret<'_>,
    window: Window,
    now: UnixSeconds,
) -> Result<Verified<'a>, Fault> {
    verify_by_any(received, headers, &[key], window, now)
}

/// As [`verify`], by whichever of the keys it was made, as while one replaces another. No more digests are made than for one:
/// [`TRIES_MAX`] of all keys, addresses and forms together, each form under each address by each key.
///
/// # Errors
/// As [`verify`].
pub fn verify_by_any<'a>(
    received: &Received<'a>,
    headers: &Headers<'a>,
    keys: &[Secret<'_>],
    window: Window,
    now: UnixSeconds,
) -> Result<Verified<'a>, Fault> {
    let (digest, nonce) = (headers.digest()?, headers.nonce()?);
    let stamp = Stamp { timestamp: headers.timestamp()?, nonce };
    window.check(stamp.timestamp, now)?;
    let (base, query) = matching(received, stamp, keys, &digest).ok_or(Fault::Mismatch)?;
    Ok(Verified { base, query, timestamp: stamp.timestamp, nonce, digest })
}

/// The address under which the digest was made.
fn matching<'a>(
    received: &Received<'a>,
    stamp: Stamp<'_>,
    keys: &[Secret<'_>],
    digest: &[u8],
) -> Option<(&'a str, Query)> {
    let decoded = with_query_decoded(received.path_and_query);
    let as_sent = bases(received).map(|base| (base, Query::AsSent, received.path_and_query));
    let as_decoded = decoded.iter().flat_map(|path| bases(received).map(|base| (base, Query::Decoded, path.as_str())));
    let by_each = |(base, query, path)| keys.iter().map(move |key| (base, query, path, *key));
    let mut tries = as_sent.chain(as_decoded).flat_map(by_each).take(TRIES_MAX);
    // The body is hashed once for all addresses.
    let mut fields = Fields::of(&Request { method: received.method, url: "", body: received.body }, stamp);
    let found = tries.find(|(base, _, path_and_query, key)| {
        fields.url = format!("{base}{path_and_query}").into();
        Hash::Sha256.hmac(key.expose(), &[&fields.joined()]).ct_eq(digest).into()
    });
    found.map(|(base, query, ..)| (base, query))
}

/// The bases, none twice, without slashes at their end.
fn bases<'a>(received: &Received<'a>) -> impl Iterator<Item = &'a str> {
    let all = received.bases;
    let trimmed = |base: &&'a str| base.trim_end_matches('/');
    let is_first =
        move |(index, base): &(usize, &'a str)| !all[..*index].iter().any(|earlier| trimmed(earlier) == *base);
    all.iter().map(move |base| base.trim_end_matches('/')).enumerate().filter(is_first).map(|(_, base)| base)
}

/// With the query's escapes decoded as .NET's `Uri.ToString` does it; nothing if that changes nothing or is no text.
fn with_query_decoded(path_and_query: &str) -> Option<String> {
    let (path, query) = path_and_query.split_once('?')?;
    // What means something in a query keeps its escape: its `%` is escaped once more, and so comes back.
    let mut kept = query.to_owned();
    for escape in ["25", "23", "26", "2B", "2b", "3D", "3d"] {
        kept = kept.replace(&format!("%{escape}"), &format!("%25{escape}"));
    }
    let decoded = String::from_utf8(percent::decode(kept.as_bytes(), Plus::Itself)).ok()?;
    (decoded != query).then(|| format!("{path}?{decoded}"))
}
