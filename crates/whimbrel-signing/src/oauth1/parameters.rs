//! The parameters of a request: what is signed, and the protocol's own among them.

use std::fmt;

use super::address::Address;
use super::{Method, Request, SIGNATURE, header};
use crate::percent::{self, Plus};
use crate::{Fault, UnixSeconds};

/// Where a parameter stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Header,
    Query,
    Form,
}

/// A name and a value, decoded; they may be no UTF-8.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: Vec<u8>,
    pub(super) value: Vec<u8>,
    pub(super) origin: Origin,
}

/// The protocol's parameters, none of which may come twice (RFC 5849 §3.1, §3.2).
const PROTOCOL: &[&str] = &[
    "oauth_consumer_key",
    "oauth_token",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_version",
    "oauth_callback",
    "oauth_verifier",
    SIGNATURE,
];

/// A request, read: method, address and every parameter. `Debug` shows names only.
#[derive(Clone)]
pub struct Parameters {
    pub(super) http_method: String,
    pub(super) address: Address,
    /// All but `realm`, in the order of header, query and form.
    pub(super) all: Vec<Parameter>,
    /// `realm`, which is not signed.
    pub(super) realm: Option<Vec<u8>>,
}

impl Parameters {
    /// Reads a request and checks that the protocol's parameters are there and can be read.
    ///
    /// # Errors
    /// [`Fault::Missing`], [`Fault::Malformed`] and [`Fault::Ambiguous`], which name the parameter, `url` or `authorization`.
    pub fn read(request: &Request<'_>) -> Result<Self, Fault> {
        let parameters = Self::gather(request)?;
        parameters.required("oauth_consumer_key")?;
        parameters.required("oauth_signature_method")?;
        if parameters.method() != Some(Method::Plaintext) {
            parameters.required("oauth_timestamp")?;
            parameters.required("oauth_nonce")?;
        }
        parameters.timestamp()?;
        for name in PROTOCOL {
            if parameters.value(name).is_some_and(|value| std::str::from_utf8(value).is_err()) {
                return Err(Fault::Malformed(name));
            }
        }
        match parameters.value("oauth_version") {
            None | Some(b"1.0") => Ok(parameters),
            Some(_) => Err(Fault::Malformed("oauth_version")),
        }
    }

    /// All parameters of a request; none of the protocol's has to be there.
    pub(super) fn gather(request: &Request<'_>) -> Result<Self, Fault> {
        let address = Address::read(request.url)?;
        let (mut all, realm) = request.authorization.map_or_else(|| Ok((vec![], None)), header::read)?;
        all.extend(form(address.query.as_deref().unwrap_or_default().as_bytes(), Origin::Query));
        all.extend(form(request.form.unwrap_or_default(), Origin::Form));
        for name in PROTOCOL {
            if all.iter().filter(|parameter| parameter.name == name.as_bytes()).count() > 1 {
                return Err(Fault::Ambiguous((*name).to_owned()));
            }
        }
        Ok(Self { http_method: request.method.to_ascii_uppercase(), address, all, realm })
    }

    /// Who calls.
    #[must_use]
    pub fn consumer_key(&self) -> &str {
        self.text("oauth_consumer_key").unwrap_or_default()
    }

    /// On whose behalf; nothing while a token is asked for.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.text("oauth_token").filter(|token| !token.is_empty())
    }

    /// The nonce, to be used once with its timestamp.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.text("oauth_nonce")
    }

    /// Where the browser goes after consent: an address, or `oob`.
    #[must_use]
    pub fn callback(&self) -> Option<&str> {
        self.text("oauth_callback")
    }

    /// What consent gave.
    #[must_use]
    pub fn verifier(&self) -> Option<&str> {
        self.text("oauth_verifier")
    }

    /// The method of signing, if it is one that is known here.
    #[must_use]
    pub fn method(&self) -> Option<Method> {
        self.text("oauth_signature_method").and_then(Method::of_name)
    }

    /// The time of signing.
    ///
    /// # Errors
    /// [`Fault::Malformed`] if it is anything but decimal digits of a number that is more than zero.
    pub fn timestamp(&self) -> Result<Option<UnixSeconds>, Fault> {
        let Some(text) = self.value("oauth_timestamp") else { return Ok(None) };
        let digits = std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|octet| octet.is_ascii_digit()));
        let seconds = digits.and_then(|digits| digits.parse().ok()).filter(|seconds| *seconds > 0);
        seconds.map(|seconds| Some(UnixSeconds(seconds))).ok_or(Fault::Malformed("oauth_timestamp"))
    }

    pub(super) fn signature(&self) -> Result<&str, Fault> {
        self.text(SIGNATURE).filter(|signature| !signature.is_empty()).ok_or(Fault::Missing(SIGNATURE))
    }

    fn value(&self, name: &str) -> Option<&[u8]> {
        self.all.iter().find(|parameter| parameter.name == name.as_bytes()).map(|parameter| parameter.value.as_slice())
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.value(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    fn required(&self, name: &'static str) -> Result<(), Fault> {
        self.value(name).filter(|value| !value.is_empty()).map(drop).ok_or(Fault::Missing(name))
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all.iter().map(|parameter| String::from_utf8_lossy(&parameter.name))).finish()
    }
}

/// The pairs of a form or query (RFC 5849 §3.4.1.3.1).
fn form(octets: &[u8], origin: Origin) -> impl Iterator<Item = Parameter> {
    percent::form(octets, Plus::Blank).map(move |(name, value)| Parameter { name, value, origin })
}
