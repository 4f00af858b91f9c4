//! Hashes, HMACs and how their octets are written.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use md5::Digest;

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hash {
    /// MD5, 16 octets (RFC 1321).
    Md5,
    /// SHA-1, 20 octets.
    Sha1,
    /// SHA-256, 32 octets.
    Sha256,
    /// SHA-512, 64 octets.
    Sha512,
}

impl Hash {
    /// All of them, the shortest first.
    pub const ALL: &[Self] = &[Self::Md5, Self::Sha1, Self::Sha256, Self::Sha512];

    /// The hash of these pieces, one after the other.
    pub(crate) fn of(self, pieces: &[&[u8]]) -> Vec<u8> {
        match self {
            Self::Md5 => hash::<md5::Md5>(pieces),
            Self::Sha1 => hash::<sha1::Sha1>(pieces),
            Self::Sha256 => hash::<sha2::Sha256>(pieces),
            Self::Sha512 => hash::<sha2::Sha512>(pieces),
        }
    }

    /// The HMAC of these pieces, one after the other (RFC 2104).
    pub(crate) fn hmac(self, key: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
        match self {
            Self::Md5 => mac::<Hmac<md5::Md5>>(key, pieces),
            Self::Sha1 => mac::<Hmac<sha1::Sha1>>(key, pieces),
            Self::Sha256 => mac::<Hmac<sha2::Sha256>>(key, pieces),
            Self::Sha512 => mac::<Hmac<sha2::Sha512>>(key, pieces),
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
        })
    }
}

fn hash<D: Digest>(pieces: &[&[u8]]) -> Vec<u8> {
    let mut digest = D::new();
    for piece in pieces {
        digest.update(piece);
    }
    digest.finalize().to_vec()
}

fn mac<M: Mac + KeyInit>(key: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length (RFC 2104 §2)");
    for piece in pieces {
        mac.update(piece);
    }
    mac.finalize().into_bytes().to_vec()
}

/// Hexadecimal digits in small letters.
pub(crate) fn hex(octets: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    octets
        .iter()
        .flat_map(|octet| [octet >> 4, octet & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

/// The octets of hexadecimal digits in any case; nothing if there is anything else, or half an octet.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |octet: u8| char::from(octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let octet = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    rest.is_empty().then(|| pairs.iter().map(octet).collect()).flatten()
}

/// Base64 with padding (RFC 4648 §4).
pub(crate) fn base64(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

/// The octets of base64 with padding; nothing if it is anything else.
pub(crate) fn unbase64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_their_specifications() {
        // RFC 1321 §A.5, FIPS 180 examples, RFC 2202 and RFC 4231 test case 2.
        assert_eq!(hex(&Hash::Md5.of(&[b"a", b"bc"])), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hex(&Hash::Sha1.of(&[b"abc"])), "a9993e364706816aba3e25717850c26c9cd0d89d");
        let message: &[&[u8]] = &[b"what do ya want ", b"for nothing?"];
        assert_eq!(hex(&Hash::Md5.hmac(b"Jefe", message)), "750c783e6ab0b503eaa86e310a5db738");
        assert_eq!(hex(&Hash::Sha1.hmac(b"Jefe", message)), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        assert_eq!(
            hex(&Hash::Sha256.hmac(b"Jefe", message)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert!(
            hex(&Hash::Sha512.hmac(b"Jefe", message)).starts_with("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd6")
        );
    }

    #[test]
    fn digits_in_any_case_and_nothing_else() {
        assert_eq!(unhex("00fFAb"), Some(vec![0, 255, 0xab]));
        assert_eq!(unhex(""), Some(vec![]));
        for bad in ["0", "0g", "+1", " 00", "0x00", "é0"] {
            assert_eq!(unhex(bad), None, "{bad}");
        }
    }
}
