//! Application tokens.

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, VerificationAlgorithm,
};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use super::{Lenient, canonical_of, in_seconds, rewritten};
use crate::explain::{Explanation, Verdict};
use crate::jwt::PublicKey;
use crate::jwt::application::{ALGORITHM, Token, verify};
use crate::{Algorithm, Fault, Hash, Mistake, Secret, UnixSeconds};

/// What tokens are tried with.
#[derive(Debug, Clone, Copy)]
pub struct Keys<'a> {
    /// The key of the application that the token names.
    pub key: &'a PublicKey,
    /// Those of the account's other applications.
    pub others: &'a [&'a PublicKey],
    /// Secrets of the account, such as its API secret and its signature secret.
    pub secrets: &'a [Secret<'a>],
}

const OTHER_ALGORITHMS: [(Algorithm, &dyn VerificationAlgorithm); 3] = [
    (Algorithm::Rs384, &RSA_PKCS1_2048_8192_SHA384),
    (Algorithm::Rs512, &RSA_PKCS1_2048_8192_SHA512),
    (Algorithm::Ps256, &RSA_PSS_2048_8192_SHA256),
];

/// Says what is the matter with an application's token.
///
/// The signature that would match takes the private key, so there is none in the answer.
#[must_use]
pub fn explain(token: &str, keys: Keys<'_>, now: UnixSeconds) -> Explanation {
    let verdict = match verify(token, keys.key, now) {
        Ok(_) => Verdict::Matches,
        Err(fault) => why(token, keys, now, fault),
    };
    Explanation { canonical: canonical_of(token), expected: None, verdict }
}

fn why(token: &str, keys: Keys<'_>, now: UnixSeconds, fault: Fault) -> Verdict {
    if let Some((mistake, other)) = rewritten(token)
        && Lenient::read(&other).is_some_and(|read| is_signed(&read, keys.key))
    {
        return Verdict::Mistake(mistake);
    }
    let Some(read) = Lenient::read(token) else { return Verdict::Malformed(fault) };
    if read.is_unsigned() {
        return Verdict::Mistake(Mistake::TokenUnsigned);
    }
    if read.algorithm == ALGORITHM && is_signed(&read, keys.key) {
        return of_claims(&read, now, fault);
    }
    match (of_signature(&read, keys), fault) {
        (Some(mistake), _) => Verdict::Mistake(mistake),
        (None, Fault::Mismatch) => Verdict::Unknown,
        (None, fault) => Verdict::Malformed(fault),
    }
}

fn is_signed(read: &Lenient<'_>, key: &PublicKey) -> bool {
    key.verifies(read.parts.signed.as_bytes(), &read.signature)
}

fn of_signature(read: &Lenient<'_>, keys: Keys<'_>) -> Option<Mistake> {
    let signed = read.parts.signed.as_bytes();
    if keys.others.iter().any(|other| is_signed(read, other)) {
        return Some(Mistake::OtherKey);
    }
    let is_other = |algorithm| keys.key.verifies_as(algorithm, signed, &read.signature);
    if let Some((algorithm, _)) = OTHER_ALGORITHMS.iter().find(|(_, algorithm)| is_other(*algorithm)) {
        return Some(Mistake::OtherAlgorithm(*algorithm));
    }
    if let Some((mistake, _)) = read.other_signatures().find(|(_, octets)| keys.key.verifies(signed, octets)) {
        return Some(mistake);
    }
    if let Some((mistake, _)) = read.other_texts().iter().find(|(_, text)| keys.key.verifies(text, &read.signature)) {
        return Some(*mistake);
    }
    of_hmac(read, keys)
}

/// The signature is an HMAC where RSA belongs.
fn of_hmac(read: &Lenient<'_>, keys: Keys<'_>) -> Option<Mistake> {
    let is_by = |key: &[u8]| {
        let mut digests = Hash::ALL.iter().map(|hash| hash.hmac(key, &[read.parts.signed.as_bytes()]));
        digests.any(|digest| digest.ct_eq(&read.signature).into())
    };
    let public = keys.key.to_pem();
    if [public.as_str(), public.trim()].iter().any(|text| is_by(text.as_bytes())) {
        return Some(Mistake::PublicKeyAsSecret);
    }
    keys.secrets.iter().any(|secret| is_by(secret.expose())).then_some(Mistake::SecretForPrivateKey)
}

/// The signature is right and what was signed is not.
fn of_claims(read: &Lenient<'_>, now: UnixSeconds, fault: Fault) -> Verdict {
    let again = |claims: &Map<String, Value>| Token::of(read.parts.signed, vec![], claims);
    if let Some(claims) = in_seconds(&read.claims)
        && again(&claims).is_ok_and(|token| token.check_times(now).is_ok())
    {
        return Verdict::Mistake(Mistake::TimestampInMilliseconds);
    }
    let (Fault::Expired { .. }, Ok(token)) = (&fault, again(&read.claims)) else { return Verdict::Malformed(fault) };
    match token.expires_at() {
        None => Verdict::Mistake(Mistake::ExpiryMissing),
        Some(expires_at) if expires_at > now => Verdict::Mistake(Mistake::LifetimeTooLong),
        Some(_) => Verdict::Malformed(fault),
    }
}
