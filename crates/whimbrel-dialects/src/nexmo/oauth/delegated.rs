//! A request that OAuth signs: read here, verified when the engine has the secrets.
//!
//! A signature covers the address as the client sees it: it must be one of ours ([`Addresses`]). PLAINTEXT is not taken: it would
//! need TLS, of which we may not know.

use std::fmt;

use sha2::{Digest as _, Sha256};
use whimbrel_core::{Refusal, ReplayKey, ReplayKind, ReplayMark, Timestamp};
use whimbrel_signing::oauth1::{self, Keys, Parameters, Policy, Request};
use whimbrel_signing::{Fault, UnixSeconds};

use super::super::params::Params;
use crate::Claim;
use crate::address::{Addresses, Asked};
use crate::claim::{DelegatedKeys, DelegatedRequest, Delegation, SignatureFault};
use crate::http::HttpRequest;

/// As RFC 5849 §3.3 leaves it to the server: how far a time stamp may be off.
const WINDOW_SECONDS: i64 = 300;

/// The name of who asks, wherever the parameters of OAuth stand.
const CONSUMER_KEY: &str = "oauth_consumer_key";

/// Whether OAuth may sign a request with those parameters: [`claim`] reads them all once more, and hardly any request is one.
pub(in super::super) fn is_signed(request: &HttpRequest<'_>, params: &Params<'_>) -> bool {
    by_header(request) || params.first(CONSUMER_KEY).is_some()
}

fn by_header(request: &HttpRequest<'_>) -> bool {
    let scheme = request.header("authorization").and_then(|header| header.trim_start().get(..6));
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("oauth "))
}

/// The claim of a request that OAuth signs; `None` if none does.
pub(in super::super) fn claim(request: &HttpRequest<'_>, delegation: Delegation) -> Option<Result<Claim, Refusal>> {
    let form = form(request);
    let named = |pairs: &[u8]| form_urlencoded::parse(pairs).any(|(name, _)| name == CONSUMER_KEY);
    if !by_header(request) && !named(request.query().as_bytes()) && !form.is_some_and(named) {
        return None;
    }
    // A signature covers no other body than a form.
    let is_covered = request.body.is_empty() || form.is_some();
    Some(
        Delegated::read(request, form, delegation)
            .filter(|_| is_covered)
            .map_or(Err(Refusal::BadCredentials), |delegated| Ok(Claim::Delegated(Box::new(delegated)))),
    )
}

/// The body, if it is a form: nothing else is signed.
fn form<'a>(request: &HttpRequest<'a>) -> Option<&'a [u8]> {
    let content_type = request.header("content-type")?.split(';').next()?.trim();
    content_type.eq_ignore_ascii_case("application/x-www-form-urlencoded").then_some(request.body)
}

/// A request with its signature, kept until the engine says which addresses are ours.
pub(super) struct Delegated {
    said: Parameters,
    delegation: Delegation,
    method: Box<str>,
    host: Box<str>,
    path: Box<str>,
    query: Box<str>,
    authorization: Option<Box<str>>,
    form: Option<Box<[u8]>>,
}

impl Delegated {
    fn read(request: &HttpRequest<'_>, form: Option<&[u8]>, delegation: Delegation) -> Option<Self> {
        let authorization = request.header("authorization");
        // What is said does not depend on the address.
        let url = Addresses::public(["http://any.invalid".into()]);
        let url = url.urls(Asked { host: "", path: request.path, query: request.query() }).pop()?;
        let said = Parameters::read(&Request { method: request.method, url: &url, authorization, form }).ok()?;
        Some(Self {
            said,
            delegation,
            method: request.method.into(),
            host: request.header("host").unwrap_or_default().into(),
            path: request.path.into(),
            query: request.query().into(),
            authorization: authorization.map(Box::from),
            form: form.map(Box::from),
        })
    }

    /// The request as it was signed if the client called `url`.
    fn called(&self, url: &str) -> Option<Parameters> {
        let (authorization, form) = (self.authorization.as_deref(), self.form.as_deref());
        Parameters::read(&Request { method: &self.method, url, authorization, form }).ok()
    }
}

/// What a request for a token says beside who asks.
pub(super) struct Said {
    pub(super) consumer: Box<str>,
    pub(super) token: Option<Box<str>>,
    pub(super) callback: Option<Box<str>>,
    pub(super) verifier: Option<Box<str>>,
}

/// Reads what a request for a token says; `None` if it is none.
pub(super) fn said(request: &HttpRequest<'_>) -> Option<Said> {
    let read = Delegated::read(request, form(request), Delegation::Request)?;
    let parameters = &read.said;
    Some(Said {
        consumer: parameters.consumer_key().into(),
        token: parameters.token().map(Box::from),
        callback: parameters.callback().map(Box::from),
        verifier: parameters.verifier().map(Box::from),
    })
}

impl fmt::Debug for Delegated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delegated").field("delegation", &self.delegation).finish_non_exhaustive()
    }
}

impl DelegatedRequest for Delegated {
    fn consumer(&self) -> &str {
        self.said.consumer_key()
    }

    fn token(&self) -> Option<&str> {
        self.said.token()
    }

    fn delegation(&self) -> Delegation {
        self.delegation
    }

    fn verify(&self, keys: &DelegatedKeys<'_>) -> Result<ReplayKey, SignatureFault> {
        let secrets = Keys {
            consumer: whimbrel_signing::Secret::new(keys.consumer.expose()),
            token: keys.token.map(|token| whimbrel_signing::Secret::new(token.expose())),
        };
        let now = UnixSeconds(keys.now.unix_seconds());
        let mut fault = SignatureFault::Mismatch;
        let asked = Asked { host: &self.host, path: &self.path, query: &self.query };
        for parameters in keys.addresses.urls(asked).iter().filter_map(|url| self.called(url)) {
            match oauth1::verify(&parameters, secrets, &Policy::default(), now) {
                Ok(verified) => {
                    let signed_at = verified.timestamp.ok_or(SignatureFault::Missing("oauth_timestamp"))?;
                    return Ok(self.replay(&parameters, signed_at));
                }
                Err(Fault::TooOld { .. }) => fault = SignatureFault::TooOld,
                Err(Fault::TooNew { .. }) => fault = SignatureFault::TooNew,
                Err(_) => {}
            }
        }
        Err(fault)
    }
}

impl Delegated {
    /// A nonce is used once with its second, by one consumer and token (RFC 5849 §3.3).
    fn replay(&self, parameters: &Parameters, UnixSeconds(signed_at): UnixSeconds) -> ReplayKey {
        let mut digest = Sha256::new();
        for text in [self.consumer(), self.token().unwrap_or_default(), parameters.nonce().unwrap_or_default()] {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        }
        let end = signed_at.saturating_add(WINDOW_SECONDS + 1);
        ReplayKey {
            kind: ReplayKind::Nonce,
            mark: ReplayMark::dated(signed_at, digest.finalize().into()),
            expires_at: Timestamp(end.saturating_mul(1_000_000)),
        }
    }
}
