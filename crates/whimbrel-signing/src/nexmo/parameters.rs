//! The parameters of a request or webhook, decoded.

use std::fmt;

use super::{SIG, TIMESTAMP};
use crate::{Fault, UnixSeconds};

/// A request's parameters, decoded: those of the query and those of the body together, names in any order. Values of JSON
/// objects are the text of the number, `true` or `false`; what is `null` does not belong here. `Debug` shows names only.
#[derive(Clone)]
pub struct Parameters<'a> {
    /// As they came.
    received: Vec<(&'a str, &'a str)>,
    /// Invariant: by name, none twice.
    sorted: Vec<(&'a str, &'a str)>,
}

impl<'a> Parameters<'a> {
    /// Takes names and values as they came. A name that comes again with the same value counts once.
    ///
    /// # Errors
    /// [`Fault::Ambiguous`] if a name comes again with another value.
    pub fn new(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Fault> {
        let received: Vec<_> = pairs.into_iter().collect();
        let mut sorted = received.clone();
        // Names are compared as octets: capitals before small letters, `-` before both.
        sorted.sort_unstable();
        sorted.dedup();
        match sorted.windows(2).find(|two| two[0].0 == two[1].0) {
            Some(two) => Err(Fault::Ambiguous(two[0].0.to_owned())),
            None => Ok(Self { received, sorted }),
        }
    }

    /// The value of a name.
    fn value(&self, name: &str) -> Option<&'a str> {
        let index = self.sorted.binary_search_by(|(other, _)| (*other).cmp(name)).ok()?;
        Some(self.sorted[index].1)
    }

    /// The signature as it was presented.
    pub(super) fn sig(&self) -> Result<&'a str, Fault> {
        self.value(SIG).filter(|sig| !sig.is_empty()).ok_or(Fault::Missing(SIG))
    }

    /// The time of signing: decimal digits and nothing else.
    pub(super) fn timestamp(&self) -> Result<UnixSeconds, Fault> {
        let text = self.value(TIMESTAMP).filter(|text| !text.is_empty()).ok_or(Fault::Missing(TIMESTAMP))?;
        let digits = text.bytes().all(|octet| octet.is_ascii_digit());
        let seconds = digits.then(|| text.parse().ok()).flatten();
        seconds.map(UnixSeconds).ok_or(Fault::Malformed(TIMESTAMP))
    }

    /// All but the signature, by name.
    pub(super) fn signed(&self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone {
        self.sorted.iter().copied().filter(|(name, _)| *name != SIG)
    }

    /// All but the signature, as they came.
    pub(super) fn in_order(&self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone {
        self.received.iter().copied().filter(|(name, _)| *name != SIG)
    }

    pub(super) fn has_blanks(&self) -> bool {
        self.sorted.iter().any(|(_, value)| value.is_empty())
    }

    /// Those with a value, by name.
    pub(super) fn without_blanks(&self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone {
        self.signed().filter(|(_, value)| !value.is_empty())
    }

    /// All that came, and `text` for those of `names` that did not, by name. `sig` counts as not come.
    pub(super) fn with_unset<'b>(&self, names: &[&'b str], text: &'b str) -> Vec<(&'b str, &'b str)>
    where
        'a: 'b,
    {
        let mut pairs: Vec<(&str, &str)> = self.signed().collect();
        let is_unset = |name: &&&str| **name == SIG || self.value(name).is_none();
        pairs.extend(names.iter().filter(is_unset).map(|name| (*name, text)));
        pairs.sort_unstable();
        pairs
    }
}

impl fmt::Debug for Parameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.received.iter().map(|(name, _)| name)).finish()
    }
}
