//! Says what is the matter with a header.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Key, PREFIX, canonical, digest, presented, sign, verify};
use crate::digest::{Hash, hex, unhex};
use crate::explain::{Explanation, Suspect, Verdict, search};
use crate::usual::{self, OtherSecret};
use crate::{Fault, Mistake, Secret, printf, reserialised};

/// What the caller knows besides the key, and signers confuse with it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hints<'a> {
    /// The secret that the key is the hash of.
    pub secret: Option<Secret<'a>>,
    /// The account's API key.
    pub api_key: Option<Secret<'a>>,
}

/// Says what is the matter with the header: names the mistake that gives exactly the presented signature, if one does.
///
/// What [`verify`] accepts is [`Verdict::Matches`].
#[must_use]
pub fn explain(header: Option<&str>, body: &[u8], key: &Key, hints: Hints<'_>) -> Explanation {
    let verdict = match verify(header, body, key) {
        Ok(()) => Verdict::Matches,
        Err(fault) => {
            presented(header).map_or(Verdict::Malformed(fault.clone()), |text| why(text, body, key, hints, fault))
        }
    };
    Explanation { canonical: canonical(body), expected: Some(sign(body, key)), verdict }
}

fn why(text: &str, body: &[u8], key: &Key, hints: Hints<'_>, fault: Fault) -> Verdict {
    let right = digest(body, key);
    let rest = text.strip_prefix(PREFIX);
    // With the prefix in other letters, or with none, the digits may still be right.
    let digits = text.rsplit_once('=').map_or(text, |(_, digits)| digits);
    if rest.is_none() && unhex(digits).is_some_and(|octets| octets.ct_eq(&right).into()) {
        return Verdict::Mistake(Mistake::PrefixMissing);
    }
    let value = rest.unwrap_or(text);
    let written = search(value.as_bytes(), usual::instead_of_hex(&right, value));
    if let Verdict::Mistake(_) = written {
        return written;
    }
    let found = unhex(value).map(|octets| search(&octets, suspects(body, key, hints, octets.len())));
    match (found, fault) {
        (Some(Verdict::Unknown) | None, Fault::Mismatch) => Verdict::Unknown,
        (Some(Verdict::Unknown) | None, fault) => Verdict::Malformed(fault),
        (Some(found), _) => found,
    }
}

fn suspects(body: &[u8], key: &Key, hints: Hints<'_>, octets: usize) -> impl Iterator<Item = Suspect> {
    let of_bodies = bodies(body).into_iter().map(|(mistake, other)| (mistake, digest(&other, key)));
    let of_keys = keys(key, hints).into_iter().map(|(mistake, other)| (mistake, Hash::Sha256.hmac(&other, &[body])));
    let of_algorithms = usual::instead_of_hmac(Hash::Sha256, key.expose(), body);
    let cut = usual::truncated(digest(body, key), octets);
    of_bodies.chain(of_keys).chain(of_algorithms).filter(move |(_, digest)| digest.len() == octets).chain(cut)
}

fn bodies(body: &[u8]) -> Vec<(Mistake, Vec<u8>)> {
    // The smaller mistake first: writing a document anew also takes the newline behind it away.
    let mut found = vec![
        (Mistake::BodyEmpty, vec![]),
        (Mistake::BodyTrimmed, body.trim_ascii_end().to_vec()),
        (Mistake::BodyTrimmed, body.trim_ascii().to_vec()),
        (Mistake::BodyWithNewline, [body, b"\n"].concat()),
        (Mistake::BodyWithNewline, [body, b"\r\n"].concat()),
    ];
    found.extend(reserialised::forms(body).into_iter().map(|form| (Mistake::BodyReserialised, form)));
    found.extend([
        (Mistake::BodyHashed, Hash::Sha256.of(&[body])),
        (Mistake::BodyHashed, hex(&Hash::Sha256.of(&[body])).into_bytes()),
    ]);
    found.extend(printf::output(body).map(|printed| (Mistake::PrintfFormat, printed)));
    found.retain(|(_, other)| other != body);
    found
}

fn keys(key: &Key, hints: Hints<'_>) -> Vec<OtherSecret> {
    let small = Zeroizing::new(hex(key.expose()));
    let mut found = vec![
        (Mistake::SecretHashedAsHex, Zeroizing::new(small.as_bytes().to_vec())),
        (Mistake::SecretHashedAsHex, Zeroizing::new(small.to_uppercase().into_bytes())),
        (Mistake::KeyHashOther, Zeroizing::new(Hash::Sha256.of(&[key.expose()]))),
    ];
    if let Some(secret) = hints.secret {
        found.push((Mistake::SecretNotHashed, Zeroizing::new(secret.expose().to_vec())));
        // The right hash of a secret that was read wrongly, and that secret itself.
        for (mistake, other) in usual::secrets(secret.expose(), hints.api_key) {
            let mistake = if mistake == Mistake::SecretHashed { Mistake::KeyHashOther } else { mistake };
            found.push((mistake, Zeroizing::new(Hash::Sha256.of(&[&other]))));
            found.push((mistake, other));
        }
    }
    found
}
