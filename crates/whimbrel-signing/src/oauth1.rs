//! OAuth 1.0a: signed requests of RFC 5849, for clients and servers.
//!
//! The base string is the HTTP method, the normalised address and the normalised parameters: those of the query, of a form
//! and of the `Authorization` header but `realm` and `oauth_signature`, decoded, percent-encoded again in exactly one way and
//! sorted. The key is the consumer's secret and the token's, both encoded, joined by `&`.
//!
//! Source: RFC 5849 with its errata; HMAC-SHA256 as clients have it besides (the RFC lists HMAC-SHA1, RSA-SHA1 and PLAINTEXT).
//! RSA-SHA1 is not offered. Nonces are not remembered here: [`Parameters::nonce`] is for whoever does.
//!
//! ```
//! use whimbrel_signing::oauth1::{self, Keys, Method, Parameters, Policy, Protocol, Request};
//! use whimbrel_signing::{Secret, UnixSeconds};
//!
//! let request = Request { method: "GET", url: "http://photos.example.net/photos?file=vacation.jpg", authorization: None, form: None };
//! let protocol = Protocol {
//!     consumer_key: "dpf43f3p2l4k3l03",
//!     token: Some("nnch734d00sl2jdk"),
//!     timestamp: UnixSeconds(137_131_202),
//!     nonce: "chapoH",
//!     method: Method::HmacSha1,
//!     callback: None,
//!     verifier: None,
//! };
//! let keys = Keys { consumer: Secret::new("kd94hf93k423kf44"), token: Some(Secret::new("pfkkdhi9sl3r4s00")) };
//! let authorization = oauth1::authorization(&request, &protocol, keys)?;
//!
//! let received = Request { authorization: Some(&authorization), ..request };
//! let parameters = Parameters::read(&received)?;
//! assert_eq!(parameters.consumer_key(), "dpf43f3p2l4k3l03");
//! oauth1::verify(&parameters, keys, &Policy::default(), UnixSeconds(137_131_300))?;
//! # Ok::<(), whimbrel_signing::Fault>(())
//! ```

mod address;
mod base;
mod bases;
mod explain;
mod header;
mod parameters;
mod probe;
mod scheme;
mod suspects;

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::digest::{Hash, base64, unbase64};
use crate::percent::{self, Style};
use crate::{Canonical, Fault, Secret, Signature, UnixSeconds, Window};

pub use explain::{Hints, explain};
pub use header::{Protocol, authorization};
pub use parameters::Parameters;
pub use probe::probe;
pub(crate) use scheme::Requests;

/// The parameter that holds the signature.
const SIGNATURE: &str = "oauth_signature";

/// A request, as the client sees it.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The HTTP method; it is signed in capitals.
    pub method: &'a str,
    /// The whole address with scheme, host and query, as the client calls it: behind a proxy the public one.
    pub url: &'a str,
    /// The `Authorization` header, if there is one; of another scheme than `OAuth` it is passed over.
    pub authorization: Option<&'a str>,
    /// The body, if its content type is `application/x-www-form-urlencoded`; no other body is signed.
    pub form: Option<&'a [u8]>,
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form_octets = self.form.map(<[u8]>::len);
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("form_octets", &form_octets)
            .finish_non_exhaustive()
    }
}

/// A value of `oauth_signature_method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// HMAC-SHA1 (RFC 5849 §3.4.2).
    HmacSha1,
    /// The same with SHA-256.
    HmacSha256,
    /// The key itself as the signature: nothing but TLS protects it (RFC 5849 §3.4.4).
    Plaintext,
}

impl Method {
    /// All of them.
    pub const ALL: &[Self] = &[Self::HmacSha1, Self::HmacSha256, Self::Plaintext];

    /// The name on the wire; case counts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::Plaintext => "PLAINTEXT",
        }
    }

    /// The method of that name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|method| method.name() == name)
    }
}

/// The secrets of both parties.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    /// The consumer's (RFC 5849: the client's shared secret).
    pub consumer: Secret<'a>,
    /// The token's, if the request names a token.
    pub token: Option<Secret<'a>>,
}

impl Keys<'_> {
    /// Both secrets, encoded, with `&` between them, which stays if there is no token.
    fn key(self) -> Zeroizing<Vec<u8>> {
        let token = self.token.map(Secret::expose).unwrap_or_default();
        // Room for all three octets of an escape each, so that no copy is left behind where the text grows.
        let mut key = Zeroizing::new(Vec::with_capacity(3 * (self.consumer.expose().len() + token.len()) + 1));
        percent::encode_into(&mut key, self.consumer.expose(), Style::Strict);
        key.push(b'&');
        percent::encode_into(&mut key, token, Style::Strict);
        key
    }
}

/// What a signature must be to be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy<'a> {
    /// The methods that are allowed; the request names its own.
    pub methods: &'a [Method],
    /// How far off `oauth_timestamp` may be.
    pub window: Window,
}

impl Default for Policy<'_> {
    /// HMAC-SHA1 and HMAC-SHA256, 300 seconds on both sides.
    fn default() -> Self {
        Self { methods: &[Method::HmacSha1, Method::HmacSha256], window: Window::symmetric(300) }
    }
}

/// An accepted signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// By which method.
    pub method: Method,
    /// `oauth_timestamp`; only [`Method::Plaintext`] may come without.
    pub timestamp: Option<UnixSeconds>,
}

/// The signature base string (RFC 5849 §3.4.1).
#[must_use]
pub fn canonical(parameters: &Parameters) -> Canonical {
    Canonical::new(base::string(parameters))
}

/// Signs what `parameters` hold, by the method that they name; [`authorization`] makes a whole header.
///
/// # Errors
/// [`Fault::AlgorithmRefused`] if they name none that is known here.
pub fn sign(parameters: &Parameters, keys: Keys<'_>) -> Result<Signature, Fault> {
    let method = parameters.method().ok_or(Fault::AlgorithmRefused)?;
    Ok(signature(method, &base::string(parameters), &keys.key()))
}

fn signature(method: Method, base: &[u8], key: &[u8]) -> Signature {
    match method {
        Method::HmacSha1 => Signature::new(base64(&Hash::Sha1.hmac(key, &[base]))),
        Method::HmacSha256 => Signature::new(base64(&Hash::Sha256.hmac(key, &[base]))),
        // The key is percent-encoded, so that it is ASCII.
        Method::Plaintext => Signature::new(String::from_utf8_lossy(key)),
    }
}

/// Verifies `oauth_signature` by the method that the request names, if the policy allows it, and the window of its timestamp.
///
/// # Errors
/// What is missing, cannot be read, is not allowed, is out of the window, or does not match.
pub fn verify(
    parameters: &Parameters,
    keys: Keys<'_>,
    policy: &Policy<'_>,
    now: UnixSeconds,
) -> Result<Verified, Fault> {
    let presented = parameters.signature()?;
    let method = parameters.method().filter(|method| policy.methods.contains(method)).ok_or(Fault::AlgorithmRefused)?;
    let timestamp = parameters.timestamp()?;
    if let Some(timestamp) = timestamp {
        policy.window.check(timestamp, now)?;
    }
    if method != Method::Plaintext && unbase64(presented).is_none() {
        return Err(Fault::Malformed(SIGNATURE));
    }
    let expected = signature(method, &base::string(parameters), &keys.key());
    match bool::from(expected.as_str().as_bytes().ct_eq(presented.as_bytes())) {
        true => Ok(Verified { method, timestamp }),
        false => Err(Fault::Mismatch),
    }
}
