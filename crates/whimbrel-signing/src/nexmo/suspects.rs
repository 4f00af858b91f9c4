//! The usual mistakes in algorithm, secret and writing, made again.

use zeroize::Zeroizing;

use super::{Hints, Method, Parameters, strings, written};
use crate::digest::{Hash, base64, hex, unbase64, unhex};
use crate::explain::Suspect;
use crate::{Algorithm, Mistake};

/// What is looked into.
pub(super) struct Case<'a> {
    pub(super) parameters: &'a Parameters<'a>,
    pub(super) secret: &'a [u8],
    pub(super) method: Method,
    pub(super) hints: Hints<'a>,
}

/// Fewer octets of a digest might be met by chance.
const TRUNCATED_OCTETS_MIN: usize = 8;

impl Case<'_> {
    /// Mistakes in algorithm, string and secret, as digests of that many octets. Each group is made when it is reached.
    pub(super) fn suspects(&self, octets: usize) -> impl Iterator<Item = Suspect> {
        let others: [fn(&Self) -> Vec<Suspect>; 2] = [Self::algorithms, Self::secrets];
        let of_strings = strings::GROUPS.iter().flat_map(|group| group(self.parameters));
        let of_strings = of_strings.map(|(mistake, string)| (mistake, self.method.digest(&string, self.secret)));
        let others = others.into_iter().flat_map(|group| group(self));
        of_strings.chain(others).filter(move |(_, digest)| digest.len() == octets).chain(self.truncated(octets))
    }

    /// Mistakes in how the digest is written, as texts. `sig` is what was presented: some of them keep a part of it.
    pub(super) fn written_otherwise(&self, sig: &str) -> Vec<Suspect> {
        let digest = self.method.digest(&self.string(), self.secret);
        let digits = hex(&digest);
        let url = base64(&digest).replace('+', "-").replace('/', "_");
        let mut texts = vec![
            (Mistake::Base64ForHex, base64(&digest)),
            (Mistake::Base64ForHex, base64(&digest).trim_end_matches('=').to_owned()),
            (Mistake::Base64OfHex, base64(digits.as_bytes())),
            (Mistake::Base64OfHex, base64(digits.to_uppercase().as_bytes())),
            (Mistake::Base64Url, url.trim_end_matches('=').to_owned()),
            (Mistake::Base64Url, url),
        ];
        let before = sig.len().checked_sub(digits.len()).and_then(|length| sig.split_at_checked(length));
        if let Some((prefix, rest)) = before {
            texts.push((Mistake::PrefixAdded, format!("{prefix}{}", in_case_of(rest, &digits))));
        }
        let trimmed = sig.trim();
        if trimmed.len() < sig.len() {
            texts.insert(0, (Mistake::SignatureWithBlank, sig.replacen(trimmed, &in_case_of(trimmed, &digits), 1)));
        }
        texts.into_iter().map(|(mistake, text)| (mistake, text.into_bytes())).collect()
    }

    fn string(&self) -> Vec<u8> {
        written(self.parameters.signed())
    }

    /// The account's other methods first, then what is none.
    fn algorithms(&self) -> Vec<Suspect> {
        let (string, secret, own) = (self.string(), self.secret, self.method.hash());
        let mut found = vec![];
        for hash in Hash::ALL.iter().copied() {
            let suffixed = hash.of(&[&string, secret]);
            let is_its_own = hash == own && hash != Hash::Md5;
            let mistake = Mistake::OtherAlgorithm(Algorithm::Suffixed(hash));
            found.push((Mistake::OtherAlgorithm(Algorithm::Hmac(hash)), hash.hmac(secret, &[&string])));
            found.push((if is_its_own { Mistake::SecretAppended } else { mistake }, suffixed));
        }
        found.extend([
            (Mistake::SecretPrepended, own.of(&[secret, &string])),
            (Mistake::SecretMissing, own.of(&[&string])),
            (Mistake::SecretMissing, own.hmac(&[], &[&string])),
            (Mistake::SecretJoinedWithAmpersand, own.of(&[&string, b"&", secret])),
            (Mistake::KeyAndStringSwapped, own.hmac(&string, &[secret])),
        ]);
        found
    }

    fn secrets(&self) -> Vec<Suspect> {
        let string = self.string();
        let digest = |(mistake, secret): (Mistake, Zeroizing<Vec<u8>>)| (mistake, self.method.digest(&string, &secret));
        other_secrets(self.secret, self.hints).into_iter().map(digest).collect()
    }

    fn truncated(&self, octets: usize) -> Option<Suspect> {
        let mut digest = self.method.digest(&self.string(), self.secret);
        let is_cut = (TRUNCATED_OCTETS_MIN..digest.len()).contains(&octets);
        digest.truncate(octets);
        is_cut.then_some((Mistake::Truncated, digest))
    }
}

/// Small digits, in the case that `model` has.
fn in_case_of(model: &str, digits: &str) -> String {
    match model.bytes().any(|octet| octet.is_ascii_uppercase()) {
        true => digits.to_uppercase(),
        false => digits.to_owned(),
    }
}

/// What is used in place of a secret.
fn other_secrets(secret: &[u8], hints: Hints<'_>) -> Vec<(Mistake, Zeroizing<Vec<u8>>)> {
    let joined = |before: &[u8], after: &[u8]| [before, secret, after].concat();
    let mut found = vec![
        (Mistake::SecretWithNewline, joined(b"", b"\n")),
        (Mistake::SecretWithNewline, joined(b"", b"\r\n")),
        (Mistake::SecretWithNewline, secret.trim_ascii_end().to_vec()),
        (Mistake::SecretWithBlank, joined(b"", b" ")),
        (Mistake::SecretWithBlank, joined(b" ", b"")),
        (Mistake::SecretWithBlank, secret.trim_ascii().to_vec()),
        (Mistake::SecretInOtherCase, secret.to_ascii_lowercase()),
        (Mistake::SecretInOtherCase, secret.to_ascii_uppercase()),
    ];
    if let Some(api_secret) = hints.api_secret {
        found.push((Mistake::ApiSecretUsed, api_secret.expose().to_vec()));
    }
    for hash in Hash::ALL {
        let hashed = hash.of(&[secret]);
        found.push((Mistake::SecretHashed, hex(&hashed).into_bytes()));
        found.push((Mistake::SecretHashed, hex(&hashed).to_uppercase().into_bytes()));
        found.push((Mistake::SecretHashed, hashed));
    }
    let text = std::str::from_utf8(secret).unwrap_or_default();
    let decoded = [unhex(text), unbase64(text)].into_iter().flatten().filter(|octets| !octets.is_empty());
    found.extend(decoded.map(|octets| (Mistake::SecretDecoded, octets)));
    found.into_iter().map(|(mistake, secret)| (mistake, Zeroizing::new(secret))).collect()
}
