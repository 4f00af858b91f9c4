//! What must hold for any octets, in one place for the fuzzer and the tests.

use super::{
    Headers, Hints, Nonce, Received, Request, Stamp, WINDOW_REQUESTS, bases, explain, sign, verify, with_query_decoded,
};
use crate::{Secret, UnixSeconds, Verdict};

/// Reads octets as lines: key, timestamp, nonce, signature, method, base, path and query; the rest is the body. What is
/// signed verifies and is explained so, with the query as it was sent and decoded; an explanation agrees with verification.
///
/// # Panics
/// When one of these does not hold.
pub fn probe(octets: &[u8]) {
    let mut lines = octets.splitn(8, |octet| *octet == b'\n');
    let mut line = || lines.next().map(String::from_utf8_lossy).unwrap_or_default();
    let (key, timestamp, nonce, signature) = (line(), line(), line(), line());
    let (method, base, path_and_query) = (line(), line(), line());
    let body = lines.next().unwrap_or_default();
    let all = [&*base, "https://sms.example.com"];
    let received = Received { method: &method, bases: &all, path_and_query: &path_and_query, body };
    let headers = Headers { timestamp: Some(&timestamp), nonce: Some(&nonce), signature: Some(&signature) };
    let key = Secret::new(key.as_bytes());
    let now = headers.timestamp().unwrap_or(UnixSeconds(0));
    agree(&received, &headers, key, now);
    let (Ok(timestamp_read), Ok(nonce_read)) = (headers.timestamp(), headers.nonce()) else { return };
    let stamp = Stamp { timestamp: timestamp_read, nonce: nonce_read };
    for base in bases(&received) {
        for target in [Some(path_and_query.to_string()), with_query_decoded(&path_and_query)].into_iter().flatten() {
            let url = format!("{base}{target}");
            let signed = sign(&Request { method: &method, url: &url, body }, stamp, key);
            let headers = Headers { signature: Some(signed.as_str()), ..headers };
            let verified = verify(&received, &headers, key, WINDOW_REQUESTS, now).expect("what was signed verifies");
            assert!(Nonce::new(verified.nonce.as_str()) == Ok(stamp.nonce), "another nonce than was signed");
            agree(&received, &headers, key, now);
        }
    }
}

fn agree(received: &Received<'_>, headers: &Headers<'_>, key: Secret<'_>, now: UnixSeconds) {
    let verified = verify(received, headers, key, WINDOW_REQUESTS, now);
    let explained = explain(received, headers, key, WINDOW_REQUESTS, now, Hints::default()).verdict;
    assert_eq!(verified.is_ok(), explained == Verdict::Matches, "the explanation disagrees");
}
