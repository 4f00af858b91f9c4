//! What `explain` answers, and the search that every scheme's `explain` makes.

use subtle::ConstantTimeEq;

use crate::{Canonical, Fault, Mistake, Signature};

/// Why a signature does or does not match. For the holder of the secret: `expected` would be accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The octets that should have been signed.
    pub canonical: Canonical,
    /// The signature that would match; nothing if it cannot be made here, as by a private key that the verifier lacks.
    pub expected: Option<Signature>,
    /// What is the matter.
    pub verdict: Verdict,
}

/// What is the matter with a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: it matches, and everything else that the scheme demands holds.
    Matches,
    /// One usual mistake, made again, gives exactly the presented signature.
    Mistake(Mistake),
    /// It could be checked, does not match, and no mistake known here reproduces it: another secret, another request.
    Unknown,
    /// It could not be checked, or it matches and is refused for another reason: a field is missing or cannot be read, the
    /// timestamp is outside the window.
    Malformed(Fault),
}

/// A mistake and the signature that it would have produced, in the octets that the scheme compares.
pub(crate) type Suspect = (Mistake, Vec<u8>);

/// Names the first suspect whose signature is the presented one. Suspects are made one by one, the likelier first; of two
/// that sign the same octets for this request the first is named.
pub(crate) fn search(presented: &[u8], suspects: impl IntoIterator<Item = Suspect>) -> Verdict {
    suspects
        .into_iter()
        .find(|(_, signature)| bool::from(signature.ct_eq(presented)))
        .map_or(Verdict::Unknown, |(mistake, _)| Verdict::Mistake(mistake))
}
