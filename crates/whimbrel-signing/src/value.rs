//! What every scheme handles: a secret, the octets that are signed, and the signature.
//!
//! None of them shows itself in `Debug`: texts and one-time codes are signed, and a signature is as good as a password
//! for the request that it belongs to.

use std::borrow::Cow;
use std::fmt;

use subtle::ConstantTimeEq;

/// A secret that both ends share, borrowed from its owner, who wipes it. What is derived from it here is wiped after use.
#[derive(Clone, Copy)]
pub struct Secret<'a>(&'a [u8]);

impl<'a> Secret<'a> {
    /// A secret of these octets; of a text, its UTF-8 octets.
    #[must_use]
    pub fn new<T: AsRef<[u8]> + ?Sized>(octets: &'a T) -> Self {
        Self(octets.as_ref())
    }

    /// The secret itself; the caller keeps it from logs and errors.
    #[must_use]
    pub fn expose(self) -> &'a [u8] {
        self.0
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// The octets that a signature covers, without the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Canonical(Vec<u8>);

impl Canonical {
    /// Wraps octets.
    #[must_use]
    pub fn new(octets: impl Into<Vec<u8>>) -> Self {
        Self(octets.into())
    }

    /// The octets themselves: message texts are among them, so the caller keeps them from logs.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The octets as text, to be shown to the one who holds the secret; what is not UTF-8 becomes U+FFFD.
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }
}

impl fmt::Debug for Canonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} octets]", self.0.len())
    }
}

/// A signature as it is written on the wire. Equality takes constant time.
#[derive(Clone)]
pub struct Signature(String);

impl Signature {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to send.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text to send, without a copy.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl PartialEq for Signature {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Signature {}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[signature]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_shows_itself() {
        let shown =
            format!("{:?} {:?} {:?}", Secret::new("s3cret"), Canonical::new("text=482917"), Signature::new("ab"));
        assert_eq!(shown, "[secret] [11 octets] [signature]");
    }
}
