//! `sig`: a hash over a request's parameters, of the SMS API of Nexmo (now Vonage), for requests and webhooks.
//!
//! Every parameter but `sig` is signed, decoded, in whichever way it came: query, form or JSON object. In each value `&`
//! and `=` become `_`; the pairs are sorted by the octets of their names and written `&name=value`. Either the MD5 of that
//! string and the secret is taken (`md5hash`), or its HMAC with the secret as key. There is no nonce in requests: for as
//! long as the timestamp is inside the window, the same request has the same signature.
//!
//! Sources: Nexmo's page "Signing messages" (read 2026), and what the vendor's libraries sign: Python 2.5.2, 3.18 and 4.9.1,
//! PHP, Ruby and Java, run in 2026. The window for requests is not documented; callbacks have 5 minutes, so do requests.
//!
//! ```
//! use whimbrel_signing::nexmo::{self, Form, Method, Parameters, Policy};
//! use whimbrel_signing::{Secret, UnixSeconds};
//!
//! let secret = Secret::new("my_secret_key_for_testing");
//! let mut pairs = vec![("api_key", "abcd1234"), ("to", "447700900000"), ("text", "A & B"), ("timestamp", "1461605396")];
//! let signature = nexmo::sign(&Parameters::new(pairs.clone())?, Method::Sha256, secret);
//!
//! pairs.push(("sig", signature.as_str()));
//! let verified = nexmo::verify(&Parameters::new(pairs)?, secret, &Policy::new(Method::Sha256), UnixSeconds(1_461_605_400))?;
//! assert_eq!(verified.form, Form::Canonical);
//! # Ok::<(), whimbrel_signing::Fault>(())
//! ```

mod explain;
mod parameters;
mod probe;
mod scheme;
mod strings;
mod suspects;

use std::fmt;

use subtle::ConstantTimeEq;

use crate::digest::{Hash, hex, unhex};
use crate::{Canonical, Fault, Secret, Signature, UnixSeconds, Window};

pub use explain::{Hints, explain};
pub use parameters::Parameters;
pub use probe::probe;
pub(crate) use scheme::Parametric;

/// The parameter that holds the signature.
const SIG: &str = "sig";
/// The parameter that holds the time of signing, in seconds since 1970.
const TIMESTAMP: &str = "timestamp";

/// Names that version 4 of the vendor's Python library (seen: 4.9.1) signs as the text `None` when they are unset, and does
/// not send. For [`Tolerance::unset_as_none`], when the `User-Agent` begins with `vonage-python-sdk/`.
pub const PYTHON_UNSET: &[&str] = &[
    SIG,
    "client-ref",
    "type",
    "ttl",
    "status-report-req",
    "callback",
    "message-class",
    "body",
    "udh",
    "protocol-id",
    "account-ref",
    "entity-id",
    "content-id",
    "trusted-number",
];

/// The signature method of an account, weaker before stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// MD5 of the string and the secret after it; the vendor's default.
    Md5Hash,
    /// HMAC-MD5: as many digits as `Md5Hash`, other values.
    Md5,
    /// HMAC-SHA1.
    Sha1,
    /// HMAC-SHA256.
    Sha256,
    /// HMAC-SHA512.
    Sha512,
}

impl Method {
    /// All of them, weaker before stronger.
    pub const ALL: &[Self] = &[Self::Md5Hash, Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512];

    /// The name in the account's settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5Hash => "md5hash",
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// The method of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|method| method.name() == name)
    }

    fn hash(self) -> Hash {
        match self {
            Self::Md5Hash | Self::Md5 => Hash::Md5,
            Self::Sha1 => Hash::Sha1,
            Self::Sha256 => Hash::Sha256,
            Self::Sha512 => Hash::Sha512,
        }
    }

    fn digest(self, string: &[u8], secret: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5Hash => Hash::Md5.of(&[string, secret]),
            _ => self.hash().hmac(secret, &[string]),
        }
    }

    /// As the live service writes it: capitals for the HMACs, small letters for `md5hash`. The vendor's Ruby and .NET
    /// libraries compare the case.
    fn write(self, digest: &[u8]) -> Signature {
        let mut digits = hex(digest);
        if self != Self::Md5Hash {
            digits.make_ascii_uppercase();
        }
        Signature::new(digits)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which strings besides the canonical one are accepted. The digest and the key stay the same, so that all that these let
/// someone do without the secret is to add or remove a blank parameter, or one whose value is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tolerance<'a> {
    /// Whether parameters with an empty value may be left out of the string, as the vendor's Java library does, which sends
    /// them nevertheless.
    pub blanks_left_out: bool,
    /// Names that may have been signed as the text `None` if they did not come: [`PYTHON_UNSET`] or nothing.
    pub unset_as_none: &'a [&'a str],
}

impl Tolerance<'_> {
    /// The canonical string only.
    pub const STRICT: Self = Self { blanks_left_out: false, unset_as_none: &[] };
}

/// What a signature must be to be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy<'a> {
    /// The account's method; no other is tried.
    pub method: Method,
    /// How far off the timestamp may be.
    pub window: Window,
    /// Which strings besides the canonical one are accepted.
    pub tolerance: Tolerance<'a>,
}

impl Policy<'_> {
    /// The canonical string, 300 seconds on both sides.
    #[must_use]
    pub const fn new(method: Method) -> Self {
        Self { method, window: Window::symmetric(300), tolerance: Tolerance::STRICT }
    }
}

/// Which string was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Every parameter that came.
    Canonical,
    /// Those with a value.
    WithoutBlanks,
    /// Every parameter that came, and `None` for those that did not.
    UnsetAsNone,
}

/// An accepted signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Which string matched.
    pub form: Form,
    /// The time of signing.
    pub timestamp: UnixSeconds,
}

/// The string that is signed, without the secret: each parameter but `sig`, by name.
#[must_use]
pub fn canonical(parameters: &Parameters<'_>) -> Canonical {
    Canonical::new(written(parameters.signed()))
}

/// Signs parameters. `timestamp` should be among them, or no verifier accepts the signature; `sig` is passed over.
#[must_use]
pub fn sign(parameters: &Parameters<'_>, method: Method, secret: Secret<'_>) -> Signature {
    method.write(&method.digest(canonical(parameters).expose(), secret.expose()))
}

/// Verifies `sig`, whose digits may be capitals or small letters, and the window of `timestamp`.
///
/// # Errors
/// What is missing, cannot be read, is out of the window, or does not match.
pub fn verify(
    parameters: &Parameters<'_>,
    secret: Secret<'_>,
    policy: &Policy<'_>,
    now: UnixSeconds,
) -> Result<Verified, Fault> {
    let sig = parameters.sig()?;
    let timestamp = parameters.timestamp()?;
    policy.window.check(timestamp, now)?;
    let presented = unhex(sig).ok_or(Fault::Malformed(SIG))?;
    let form = form(parameters, secret, policy, &presented).ok_or(Fault::Mismatch)?;
    Ok(Verified { form, timestamp })
}

/// The permitted string whose digest was presented.
fn form(parameters: &Parameters<'_>, secret: Secret<'_>, policy: &Policy<'_>, presented: &[u8]) -> Option<Form> {
    let matches = |string: &[u8]| -> bool { policy.method.digest(string, secret.expose()).ct_eq(presented).into() };
    if matches(&written(parameters.signed())) {
        return Some(Form::Canonical);
    }
    let Tolerance { blanks_left_out, unset_as_none } = policy.tolerance;
    if blanks_left_out && parameters.has_blanks() && matches(&written(parameters.without_blanks())) {
        return Some(Form::WithoutBlanks);
    }
    if !unset_as_none.is_empty() && matches(&written(parameters.with_unset(unset_as_none, "None"))) {
        return Some(Form::UnsetAsNone);
    }
    None
}

/// `&name=value` for each pair, in the order given, with `_` for each `&` and `=` in values.
fn written<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut string = Vec::with_capacity(256);
    for (name, value) in pairs {
        string.push(b'&');
        string.extend(name.as_bytes());
        string.push(b'=');
        string.extend(value.bytes().map(|octet| if matches!(octet, b'&' | b'=') { b'_' } else { octet }));
    }
    string
}
