//! A request that its parameters' signature proves: `sig` over all of them, and the second in which it was made.
//!
//! Follows the vendor's page "Signing messages" (read 2026-11) through `whimbrel_signing`; what its libraries sign otherwise is
//! understood as far as [`Compat`] says. Stricter than the page, since a name with `&` or `=` would let one string stand for two
//! requests: such names are refused.

use std::borrow::Cow;
use std::fmt;

use sha2::{Digest as _, Sha256};
use whimbrel_core::{ReplayKey, ReplayKind, ReplayMark, Secret, SignatureMethod, Timestamp};
use whimbrel_signing::nexmo::{self as scheme, Form, Hints, Method, PYTHON_UNSET, Parameters, Policy, Tolerance};
use whimbrel_signing::{Fault, UnixSeconds, Verdict, Window};

use super::params::Params;
use crate::claim::{Compat, Explained, SignatureFault, SignedRequest, SigningKeys, Verified};
use crate::http::HttpRequest;

/// How far a time stamp may be off, in seconds. The vendor documents it of webhooks only.
const WINDOW_SECONDS: u32 = 300;
/// Requests of more octets are not explained: some two hundred digests of each would be made.
const EXPLAINED_OCTETS_MAX: usize = 8_192;
/// How the one library names itself that signs what it does not send.
const PYTHON_AGENT: &str = "vonage-python-sdk/";

/// Parameters with their signature, kept until somebody brings the secret. They are not shown in `Debug`.
pub(super) struct SignedParams {
    key: Box<str>,
    sig: Box<str>,
    pairs: Vec<(Box<str>, Box<str>)>,
    agent: Agent,
}

/// Who built the request, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agent {
    /// Version 4 of the vendor's Python library, or somebody who says so.
    Python,
    Any,
}

impl SignedParams {
    /// Takes the parameters of a request that has a key and a signature.
    pub(super) fn new(key: &str, sig: &str, request: &HttpRequest<'_>, params: &Params<'_>) -> Self {
        let owned = |text: &Cow<'_, str>| Box::from(&**text);
        let is_python = request.header("user-agent").is_some_and(|agent| agent.starts_with(PYTHON_AGENT));
        Self {
            key: key.into(),
            sig: sig.into(),
            pairs: params.pairs().iter().map(|pair| (owned(&pair.name), owned(&pair.value))).collect(),
            agent: if is_python { Agent::Python } else { Agent::Any },
        }
    }

    fn parameters(&self) -> Result<Parameters<'_>, SignatureFault> {
        if self.pairs.iter().any(|(name, _)| name.contains(['&', '='])) {
            return Err(SignatureFault::Ambiguous);
        }
        Parameters::new(self.pairs.iter().map(|(name, value)| (&**name, &**value))).map_err(fault)
    }

    fn policy(&self, keys: &SigningKeys<'_>) -> Policy<'static> {
        let tolerance = match (keys.compat, self.agent) {
            (Compat::Off, _) => Tolerance::STRICT,
            (Compat::On, Agent::Any) => Tolerance { blanks_left_out: true, unset_as_none: &[] },
            (Compat::On, Agent::Python) => Tolerance { blanks_left_out: true, unset_as_none: PYTHON_UNSET },
        };
        Policy { method: method(keys.method), window: Window::symmetric(WINDOW_SECONDS), tolerance }
    }

    /// What must not be used again: the key with the signature, whatever the case of its digits. So a blank field that was
    /// added or taken away on the way, or `&` in the place of `_`, is the same request and no second one.
    fn replay(&self, signed_at: UnixSeconds) -> ReplayKey {
        let mut digest = Sha256::new();
        digest.update(self.key.as_bytes());
        digest.update([0]);
        digest.update(self.sig.to_ascii_lowercase().as_bytes());
        // The last second counts to its end.
        let end = signed_at.0.saturating_add(i64::from(WINDOW_SECONDS) + 1);
        ReplayKey {
            kind: ReplayKind::Signature,
            mark: ReplayMark::dated(signed_at.0, digest.finalize().into()),
            expires_at: Timestamp(end.saturating_mul(1_000_000)),
        }
    }
}

impl fmt::Debug for SignedParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedParams").field("agent", &self.agent).finish_non_exhaustive()
    }
}

impl SignedRequest for SignedParams {
    fn key(&self) -> &str {
        &self.key
    }

    fn verify(&self, keys: &SigningKeys<'_>) -> Result<Verified, SignatureFault> {
        let parameters = self.parameters()?;
        let policy = self.policy(keys);
        let now = UnixSeconds(keys.now.unix_seconds());
        let mut last = SignatureFault::NoSecret;
        for secret in usable(keys.secrets) {
            match scheme::verify(&parameters, secret, &policy, now) {
                Ok(found) => return Ok(Verified { replay: self.replay(found.timestamp), form: form(found.form) }),
                Err(why) => last = fault(why),
            }
        }
        Err(last)
    }

    fn explain(&self, keys: &SigningKeys<'_>) -> Option<Explained> {
        let octets: usize = self.pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
        if octets > EXPLAINED_OCTETS_MAX {
            return None;
        }
        let parameters = self.parameters().ok()?;
        let policy = self.policy(keys);
        let now = UnixSeconds(keys.now.unix_seconds());
        let verdicts = usable(keys.secrets)
            .map(|secret| scheme::explain(&parameters, secret, &policy, now, Hints::default()).verdict);
        verdicts.into_iter().find_map(|verdict| match verdict {
            Verdict::Mistake(mistake) => {
                Some(Explained { cause: mistake.name(), advice: mistake.to_string().into_boxed_str() })
            }
            Verdict::Matches | Verdict::Unknown | Verdict::Malformed(_) => None,
        })
    }
}

/// An empty secret is none: with it anybody could sign.
fn usable<'a>(secrets: &'a [&Secret]) -> impl Iterator<Item = whimbrel_signing::Secret<'a>> {
    secrets.iter().map(|secret| secret.expose()).filter(|secret| !secret.is_empty()).map(whimbrel_signing::Secret::new)
}

/// The scheme's name for a method.
pub(super) const fn method(method: SignatureMethod) -> Method {
    match method {
        SignatureMethod::Md5Hash => Method::Md5Hash,
        SignatureMethod::HmacMd5 => Method::Md5,
        SignatureMethod::HmacSha1 => Method::Sha1,
        SignatureMethod::HmacSha256 => Method::Sha256,
        SignatureMethod::HmacSha512 => Method::Sha512,
    }
}

const fn form(form: Form) -> &'static str {
    match form {
        Form::Canonical => "canonical",
        Form::WithoutBlanks => "without-blanks",
        Form::UnsetAsNone => "unset-as-none",
    }
}

fn fault(fault: Fault) -> SignatureFault {
    match fault {
        Fault::Missing(field) => SignatureFault::Missing(field),
        Fault::Malformed(field) | Fault::TooLong { field, .. } => SignatureFault::Malformed(field),
        Fault::Ambiguous(_) => SignatureFault::Ambiguous,
        Fault::TooOld { .. } | Fault::Expired { .. } => SignatureFault::TooOld,
        Fault::TooNew { .. } | Fault::NotYetValid { .. } => SignatureFault::TooNew,
        Fault::UnusableSecret => SignatureFault::NoSecret,
        // The last one is a token's, which this scheme never answers.
        Fault::AlgorithmRefused | Fault::Mismatch | Fault::OtherBody => SignatureFault::Mismatch,
    }
}
