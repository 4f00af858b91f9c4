//! What may be used once: signatures and nonces, in one form for every scheme.
//!
//! A key is kept until nobody can use it any more, which is a property of the signed request and never of the clock that looks
//! at it: so a clock that is set back cannot make a used one fresh again (the store keeps a mark of what it has forgotten).

use std::fmt;

use crate::time::Timestamp;

/// Something that an account may use once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayKey {
    /// What it is, and so what its second use is.
    pub kind: ReplayKind,
    /// Which one, within its kind and account.
    pub mark: ReplayMark,
    /// From then on the scheme itself refuses it, so it need not be remembered. It follows from what was signed: the same
    /// request always has the same.
    pub expires_at: Timestamp,
}

/// What is used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReplayKind {
    /// A signature that stands for the whole request: its second use is the same request, answered as the first.
    Signature,
    /// A number used once: its second use is refused.
    Nonce,
}

/// Names what is used once, by a digest. `Debug` shows nothing: a signature is as good as a password for its request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplayMark([u8; 32]);

impl ReplayMark {
    /// A mark of a digest alone, for nonces.
    #[must_use]
    pub const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// A mark of what always carries the same second, for signatures: it stands in front, and the digest is cut to 24 octets. What is used at
    /// about the same time then stands close together in an index, which random digests would scatter over all of it.
    #[must_use]
    pub fn dated(unix_seconds: i64, digest: [u8; 32]) -> Self {
        let mut mark = [0; 32];
        // With the sign flipped, octets sort as the numbers do.
        mark[..8].copy_from_slice(&(unix_seconds.cast_unsigned() ^ 1 << 63).to_be_bytes());
        mark[8..].copy_from_slice(&digest[..24]);
        Self(mark)
    }

    /// The octets, for the store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for ReplayMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[mark]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dated_marks_sort_by_their_second_and_differ_by_their_digest() {
        let mark = |second, octet| ReplayMark::dated(second, [octet; 32]);
        let mut marks = [mark(i64::MAX, 0), mark(1, 2), mark(1, 1), mark(0, 9), mark(-1, 9), mark(i64::MIN, 9)];
        marks.sort();
        assert_eq!(marks, [mark(i64::MIN, 9), mark(-1, 9), mark(0, 9), mark(1, 1), mark(1, 2), mark(i64::MAX, 0)]);
        assert_eq!(format!("{:?}", mark(1, 1)), "[mark]");
    }
}
