//! The usual mistakes, made again.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{Hints, Keys, Method, Parameters, base, bases, signature};
use crate::digest::Hash;
use crate::explain::Suspect;
use crate::percent::{self, Style};
use crate::{Mistake, Secret, usual};

/// What is looked into.
pub(super) struct Case<'a> {
    pub(super) parameters: &'a Parameters,
    pub(super) keys: Keys<'a>,
    pub(super) method: Method,
    pub(super) hints: Hints<'a>,
}

/// A mistake and the key that it makes.
type Key = (Mistake, Zeroizing<Vec<u8>>);

impl Case<'_> {
    /// Whether the signature is right, whatever else is wrong.
    pub(super) fn is_right(&self, presented: &str) -> bool {
        bool::from(self.expected().as_bytes().ct_eq(presented.as_bytes()))
    }

    fn expected(&self) -> String {
        signature(self.method, &base::string(self.parameters), &self.keys.key()).into_string()
    }

    fn hash(&self) -> Hash {
        if self.method == Method::HmacSha256 { Hash::Sha256 } else { Hash::Sha1 }
    }

    /// What is sent in place of a key, where the key is the signature.
    pub(super) fn plain(&self) -> Vec<Suspect> {
        other_keys(self.keys).into_iter().map(|(mistake, key)| (mistake, key.to_vec())).collect()
    }

    /// Mistakes in base string, algorithm and key, as digests; each group is made when it is reached.
    pub(super) fn suspects(&self) -> impl Iterator<Item = Suspect> {
        let (hash, key) = (self.hash(), self.keys.key());
        let bases = bases::GROUPS.iter().flat_map(|group| group(self.parameters, self.hints));
        let bases = bases.map(move |(mistake, base)| (mistake, hash.hmac(&key, &[&base])));
        let others: [fn(&Self) -> Vec<Suspect>; 2] = [Self::of_other_keys, Self::algorithms];
        bases.chain(others.into_iter().flat_map(|group| group(self)))
    }

    fn of_other_keys(&self) -> Vec<Suspect> {
        let base = base::string(self.parameters);
        let digest = |(mistake, key): Key| (mistake, self.hash().hmac(&key, &[&base]));
        other_keys(self.keys).into_iter().map(digest).collect()
    }

    fn algorithms(&self) -> Vec<Suspect> {
        usual::instead_of_hmac(self.hash(), &self.keys.key(), &base::string(self.parameters))
    }

    /// Mistakes in how the digest is written, as texts.
    pub(super) fn written_otherwise(&self, presented: &str) -> Vec<Suspect> {
        let expected = self.expected();
        let digest = self.hash().hmac(&self.keys.key(), &[&base::string(self.parameters)]);
        let encoded = percent::encode(expected.as_bytes(), Style::Strict);
        let mut texts = vec![
            (Mistake::PlusSentRaw, expected.replace('+', " ")),
            (Mistake::SignatureEncodedTwice, String::from_utf8_lossy(&encoded).into_owned()),
        ];
        texts.extend(usual::instead_of_base64(&digest));
        let trimmed = presented.trim();
        if !trimmed.is_empty() && trimmed.len() < presented.len() {
            texts.push((Mistake::SignatureWithBlank, presented.replacen(trimmed, &expected, 1)));
        }
        texts.into_iter().map(|(mistake, text)| (mistake, text.into_bytes())).collect()
    }
}

/// What is used in place of the key.
fn other_keys(keys: Keys<'_>) -> Vec<Key> {
    let (consumer, token) = (keys.consumer.expose(), keys.token.map(Secret::expose).unwrap_or_default());
    let strict = |octets: &[u8]| percent::encode(octets, Style::Strict);
    let joined = |one: &[u8], other: &[u8]| [strict(one), strict(other)].join(b"&".as_slice());
    let line = |octets: &[u8]| [octets, b"\n"].concat();
    let mut found = vec![
        (Mistake::TokenSecretMissing, joined(consumer, b"")),
        (Mistake::ConsumerSecretMissing, joined(b"", token)),
        (Mistake::KeyAmpersandMissing, [strict(consumer), strict(token)].concat()),
        (Mistake::KeyAmpersandMissing, strict(consumer)),
        (Mistake::KeySecretsSwapped, joined(token, consumer)),
        (Mistake::KeyNotEncoded, [consumer, token].join(b"&".as_slice())),
        (Mistake::KeyEncodedTwice, joined(&strict(consumer), &strict(token))),
        (Mistake::SecretWithNewline, joined(&line(consumer), token)),
        (Mistake::SecretWithNewline, joined(consumer, &line(token))),
        (Mistake::SecretWithNewline, line(&joined(consumer, token))),
        (Mistake::SecretWithNewline, joined(consumer.trim_ascii_end(), token.trim_ascii_end())),
        (Mistake::SecretWithBlank, joined(consumer.trim_ascii(), token.trim_ascii())),
        (Mistake::SecretInOtherCase, joined(&consumer.to_ascii_lowercase(), &token.to_ascii_lowercase())),
        (Mistake::SecretInOtherCase, joined(&consumer.to_ascii_uppercase(), &token.to_ascii_uppercase())),
    ];
    if keys.token.is_none() {
        found.retain(|(mistake, _)| !matches!(mistake, Mistake::TokenSecretMissing | Mistake::KeySecretsSwapped));
    }
    found.into_iter().map(|(mistake, key)| (mistake, Zeroizing::new(key))).collect()
}
