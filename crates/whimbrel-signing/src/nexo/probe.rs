//! What must hold for any octets, in one place for the fuzzer and the tests.

use super::{Hints, Key, explain, sign, verify};
use crate::{Secret, Verdict};

/// Reads octets as lines: secret and header; the rest is the body. What is signed verifies and is explained so; what
/// verifies has the signature that signing gives; an explanation agrees with verification.
///
/// # Panics
/// When one of these does not hold.
pub fn probe(octets: &[u8]) {
    let mut lines = octets.splitn(3, |octet| *octet == b'\n');
    let secret = Secret::new(lines.next().unwrap_or_default());
    let header = lines.next().map(String::from_utf8_lossy).unwrap_or_default();
    let body = lines.next().unwrap_or_default();
    let key = Key::of_secret(secret);
    let hints = Hints { secret: Some(secret), api_key: None };
    let signed = sign(body, &key);
    for header in [&*header, signed.as_str()] {
        let verified = verify(Some(header), body, &key);
        let explained = explain(Some(header), body, &key, hints).verdict;
        assert_eq!(verified.is_ok(), explained == Verdict::Matches, "the explanation disagrees");
        let same = header.trim_matches([' ', '\t']).eq_ignore_ascii_case(signed.as_str());
        assert!(verified.is_err() || same, "accepted what signing does not give");
    }
    assert_eq!(verify(Some(signed.as_str()), body, &key), Ok(()), "what was signed did not verify");
}
