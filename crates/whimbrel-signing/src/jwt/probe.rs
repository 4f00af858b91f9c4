//! What must hold for any octets, in one place for the fuzzer and the tests.

use super::application::Token;
use super::webhook::{self, ApiKey, Hints, Issuer, NewToken, Payload, WINDOW_DEFAULT};
use super::{Acl, Call, PublicKey, compact};
use crate::{Fault, Hash, Secret, UnixSeconds, Verdict};

/// Reads octets as what an application may send or an account's holder may paste: a token, an `acl`, a key. A token that is
/// read has one spelling; a key that is read is written and read again as the same.
///
/// # Panics
/// When one of these does not hold.
pub fn probe_application(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    // Arbitrary octets seldom have a header: under one that is right they are claims.
    let input = compact::signing_input("RS256", &text);
    for token in [text.clone().into_owned(), compact::join(&input, octets)] {
        let Ok(read) = Token::parse(&token) else { continue };
        assert_eq!(read.respelled(), token, "a token of two spellings");
        let _ = read.check_times(UnixSeconds(1_795_328_700));
    }
    if let Ok(acl) = Acl::from_json(&text) {
        let _ = acl.allows(Call { method: "GET", path: "/v1/messages" });
        assert!(!acl.allows(Call { method: "GET", path: "/v1/../messages" }), "a path with dots was allowed");
    }
    if let Ok(key) = PublicKey::from_pem(&text) {
        assert_eq!(PublicKey::from_pem(&key.to_pem()), Ok(key), "a key that changed when it was written");
    }
}

/// Reads octets as lines: secret, token, body. What is signed verifies; what verifies is signed by HS256 over its own text;
/// an explanation agrees with verification.
///
/// # Panics
/// When one of these does not hold.
pub fn probe_webhook(octets: &[u8]) {
    let mut lines = octets.splitn(3, |octet| *octet == b'\n');
    let secret = Secret::new(lines.next().unwrap_or_default());
    let text = lines.next().map(String::from_utf8_lossy).unwrap_or_default();
    let payload = Payload::Body(lines.next().unwrap_or_default());
    let now = UnixSeconds(1_795_328_700);
    let new = NewToken {
        issued_at: now,
        token_id: "1",
        issuer: Issuer(&text[..text.floor_char_boundary(40)]),
        api_key: ApiKey("key"),
        application_id: None,
    };
    let signed = webhook::sign(&new, payload, secret);
    let input = compact::signing_input("HS256", &text);
    let any_claims = compact::join(&input, &Hash::Sha256.hmac(secret.expose(), &[input.as_bytes()]));
    for token in [&*text, &any_claims].into_iter().chain(signed.as_deref()) {
        let verified = webhook::verify(token, payload, secret, WINDOW_DEFAULT, now);
        let explained = webhook::explain(token, payload, secret, WINDOW_DEFAULT, now, Hints::default()).verdict;
        assert_eq!(verified.is_ok(), explained == Verdict::Matches, "the explanation disagrees");
    }
    match signed {
        Ok(token) => {
            let verified = webhook::verify(&token, payload, secret, WINDOW_DEFAULT, now);
            assert!(verified.is_ok(), "what was signed did not verify");
        }
        Err(fault) => assert_eq!(fault, Fault::UnusableSecret, "signing failed"),
    }
}
