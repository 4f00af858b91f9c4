//! The usual mistakes in string, algorithm and secret, made again.

use super::{Hints, Method, Parameters, strings, written};
use crate::digest::Hash;
use crate::explain::Suspect;
use crate::usual::{self, OtherSecret};
use crate::{Algorithm, Mistake};

/// What is looked into.
pub(super) struct Case<'a> {
    pub(super) parameters: &'a Parameters<'a>,
    pub(super) secret: &'a [u8],
    pub(super) method: Method,
    pub(super) hints: Hints<'a>,
}

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
        usual::instead_of_hex(&self.method.digest(&self.string(), self.secret), sig)
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
        let digest = |(mistake, secret): OtherSecret| (mistake, self.method.digest(&string, &secret));
        usual::secrets(self.secret, self.hints.api_secret).into_iter().map(digest).collect()
    }

    fn truncated(&self, octets: usize) -> Option<Suspect> {
        usual::truncated(self.method.digest(&self.string(), self.secret), octets)
    }
}
