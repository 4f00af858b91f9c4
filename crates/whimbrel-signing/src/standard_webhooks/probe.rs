//! What must hold for any octets, in one place for the fuzzer and the tests.

use super::{Received, WINDOW, Webhook, explain, sign, verify};
use crate::{Secret, UnixSeconds, Verdict};

/// Reads octets as a webhook, cut at each line: secret, id, timestamp, signature; the rest is the body. Nothing panics; an
/// explanation agrees with verification; what is signed verifies, and no longer with another body.
///
/// # Panics
/// When one of these does not hold.
pub fn probe(octets: &[u8]) {
    let mut lines = octets.splitn(5, |octet| *octet == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (secret, id, timestamp, signature, body) = (line(), line(), line(), line(), line());
    let [id, timestamp, signature] = [id, timestamp, signature].map(String::from_utf8_lossy);
    let received = Received { id: &id, timestamp: &timestamp, signature: &signature, body };
    let (secret, now) = (Secret::new(secret), timestamp.parse().map_or(UnixSeconds(0), UnixSeconds));
    let verified = verify(&received, &[secret], WINDOW, now).is_ok();
    assert_eq!(verified, explain(&received, secret, WINDOW, now).verdict == Verdict::Matches);
    let Ok(good) = sign(&Webhook { id: &id, timestamp: now, body }, &[secret]) else { return };
    let seconds = now.0.to_string();
    let signed = Received { timestamp: &seconds, signature: good.as_str(), ..received };
    assert!(verify(&signed, &[secret], WINDOW, now).is_ok(), "what was signed did not verify");
    let longer = [body, b"0"].concat();
    let other = Received { body: &longer, ..signed };
    assert!(verify(&other, &[secret], WINDOW, now).is_err(), "another body was accepted");
    let entry = |found: &str| signature.split(' ').any(|entry| entry == found);
    assert!(!verified || entry(good.as_str()), "accepted what signing does not give");
}
