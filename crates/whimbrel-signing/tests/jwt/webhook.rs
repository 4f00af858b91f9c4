//! Webhook tokens.

use proptest::prelude::*;
use whimbrel_signing::jwt::webhook::{self, ApiKey, Claims, Issuer, NewToken, Payload, WINDOW_DEFAULT};
use whimbrel_signing::{Fault, Secret, UnixSeconds};

use crate::forge::{self, APPLICATION, By, NOW};

const SECRET: &str = "my_secret_key_for_testing";
const BODY: &[u8] = br#"{"message_uuid":"aaaaaaaa-bbbb-4ccc-8ddd-0123456789ab","status":"delivered"}"#;

fn new() -> NewToken<'static> {
    NewToken {
        issued_at: NOW,
        token_id: "ec11dd3e-1e7f-4db5-9467-82b02cd223b9",
        issuer: Issuer("Vonage"),
        api_key: ApiKey("abcd1234"),
        application_id: Some(APPLICATION.parse().expect("an id")),
    }
}

fn sign(payload: Payload<'_>) -> String {
    webhook::sign(&new(), payload, Secret::new(SECRET)).expect("a token")
}

fn verify(token: &str, payload: Payload<'_>) -> Result<Claims, Fault> {
    webhook::verify(token, payload, Secret::new(SECRET), WINDOW_DEFAULT, NOW)
}

/// A token with any claims and the right secret.
fn forged(claims: &str) -> String {
    forge::token(r#"{"alg":"HS256","typ":"JWT"}"#, claims, &By::Hs256(SECRET.into()))
}

#[test]
fn header_and_claims_stand_in_the_documented_order() {
    // The vendor's page "Signed webhooks", read 2026.
    use base64::Engine as _;
    let token = sign(Payload::Body(BODY));
    let read = |part: usize| {
        let part = token.split('.').nth(part).expect("a part");
        let octets = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).expect("base64url");
        String::from_utf8(octets).expect("UTF-8")
    };
    assert_eq!(read(0), r#"{"alg":"HS256","typ":"JWT"}"#);
    // The hash is that of `sha256sum`.
    assert_eq!(
        read(1),
        format!(
            r#"{{"iat":1795328699,"jti":"ec11dd3e-1e7f-4db5-9467-82b02cd223b9","iss":"Vonage","payload_hash":"d5ecbc7ab77b376b2cf635a6869d4dbb15322175f95b5c19260a27f6217e4eff","api_key":"abcd1234","application_id":"{APPLICATION}"}}"#
        )
    );
    let claims = verify(&token, Payload::Body(BODY)).expect("valid");
    assert_eq!((claims.issuer.as_deref(), claims.api_key.as_deref()), (Some("Vonage"), Some("abcd1234")));
    assert_eq!(claims.application_id, new().application_id);
}

#[test]
fn without_an_application_the_claim_is_not_there() {
    let token = webhook::sign(&NewToken { application_id: None, ..new() }, Payload::Body(b""), Secret::new(SECRET));
    let claims = verify(&token.expect("a token"), Payload::Body(b"")).expect("valid");
    assert_eq!(claims.application_id, None);
}

#[test]
fn a_get_is_hashed_as_compact_json_in_the_order_of_the_query() {
    let query = [("to", "442079460000"), ("from", "447700900000"), ("text", "a \"b\" é \u{1}\n")];
    let json = "{\"to\":\"442079460000\",\"from\":\"447700900000\",\"text\":\"a \\\"b\\\" é \\u0001\\n\"}";
    assert_eq!(Payload::Query(&query).hash(), Payload::Body(json.as_bytes()).hash());
    assert_eq!(Payload::Query(&[]).hash(), Payload::Body(b"{}").hash());
    assert!(verify(&sign(Payload::Query(&query)), Payload::Query(&query)).is_ok());
    let other_order = [query[1], query[0], query[2]];
    assert_eq!(verify(&sign(Payload::Query(&query)), Payload::Query(&other_order)), Err(Fault::OtherBody));
    let twice = [("a", "1"), ("a", "2")];
    let signed = webhook::sign(&new(), Payload::Query(&twice), Secret::new(SECRET));
    assert_eq!(signed, Err(Fault::Ambiguous("a".to_owned())));
}

#[test]
fn another_body_secret_or_time_is_refused() {
    let token = sign(Payload::Body(BODY));
    assert_eq!(verify(&token, Payload::Body(b"{}")), Err(Fault::OtherBody));
    assert_eq!(verify(&token, Payload::Body(&BODY[1..])), Err(Fault::OtherBody));
    let other = |secret: &str| {
        webhook::verify(&token, Payload::Body(BODY), Secret::new(secret), WINDOW_DEFAULT, NOW).expect_err("refused")
    };
    assert_eq!(other("my_secret_key_for_testinG"), Fault::Mismatch);
    assert_eq!(other(""), Fault::UnusableSecret);
    assert_eq!(other("abc"), Fault::UnusableSecret);
    let at = |seconds: i64| {
        let now = UnixSeconds(NOW.0 + seconds);
        webhook::verify(&token, Payload::Body(BODY), Secret::new(SECRET), WINDOW_DEFAULT, now).map(|_| ())
    };
    assert_eq!(at(300), Ok(()));
    assert_eq!(at(301), Err(Fault::TooOld { age_seconds: 301 }));
    assert_eq!(at(-60), Ok(()));
    assert_eq!(at(-61), Err(Fault::TooNew { ahead_seconds: 61 }));
}

#[test]
fn no_algorithm_but_hs256_and_no_key_as_a_secret() {
    let claims =
        format!(r#"{{"iat":{},"jti":"1","payload_hash":"{}"}}"#, NOW.0, Payload::Body(BODY).hash().expect("a hash"));
    assert!(verify(&forged(&claims), Payload::Body(BODY)).is_ok());
    for algorithm in ["none", "HS384", "HS512", "RS256", "hs256"] {
        let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#);
        for by in [By::Hs256(SECRET.into()), By::Rs256] {
            let token = forge::token(&header, &claims, &by);
            assert_eq!(verify(&token, Payload::Body(BODY)), Err(Fault::AlgorithmRefused), "{algorithm}");
        }
    }
    // The attack on verifiers that take any algorithm: the public key, which everyone has, as the secret.
    for key in [forge::PUBLIC, forge::PUBLIC.trim(), "  -----BEGIN RSA PUBLIC KEY-----\n"] {
        let secret = Secret::new(key);
        let token = forge::token(r#"{"alg":"HS256","typ":"JWT"}"#, &claims, &By::Hs256(key.into()));
        let refused = webhook::verify(&token, Payload::Body(BODY), secret, WINDOW_DEFAULT, NOW);
        assert_eq!(refused, Err(Fault::UnusableSecret));
        assert_eq!(webhook::sign(&new(), Payload::Body(BODY), secret), Err(Fault::UnusableSecret));
    }
}

#[test]
fn claims_that_are_missing_or_of_another_type_are_named() {
    let hash = Payload::Body(BODY).hash().expect("a hash");
    for (claims, fault) in [
        (format!(r#"{{"jti":"1","payload_hash":"{hash}"}}"#), Fault::Missing("iat")),
        (format!(r#"{{"iat":1795328699,"payload_hash":"{hash}"}}"#), Fault::Missing("jti")),
        (r#"{"iat":1795328699,"jti":"1"}"#.to_owned(), Fault::Missing("payload_hash")),
        (r#"{"iat":1795328699,"jti":"1","payload_hash":"xyz"}"#.to_owned(), Fault::Malformed("payload_hash")),
        (r#"{"iat":1795328699,"jti":"1","payload_hash":null}"#.to_owned(), Fault::Malformed("payload_hash")),
        (r#"{"iat":1795328699,"jti":"1","payload_hash":"00"}"#.to_owned(), Fault::OtherBody),
        (format!(r#"{{"iat":"1795328699","jti":"1","payload_hash":"{hash}"}}"#), Fault::Malformed("iat")),
        (format!(r#"{{"iat":1795328699,"jti":"1","iss":1,"payload_hash":"{hash}"}}"#), Fault::Malformed("iss")),
        (
            format!(r#"{{"iat":1795328699,"jti":"1","payload_hash":"00","payload_hash":"{hash}"}}"#),
            Fault::Ambiguous("payload_hash".to_owned()),
        ),
    ] {
        assert_eq!(verify(&forged(&claims), Payload::Body(BODY)), Err(fault), "{claims}");
    }
    // The vendor writes small letters; who verifies need not care.
    let capitals = format!(r#"{{"iat":1795328699,"jti":"1","payload_hash":"{}"}}"#, hash.to_uppercase());
    assert!(verify(&forged(&capitals), Payload::Body(BODY)).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_signed_verifies_and_any_change_fails(
        body in proptest::collection::vec(any::<u8>(), 0..200), secret in ".{4,40}", at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let secret = Secret::new(&secret);
        prop_assume!(!secret.expose().trim_ascii_start().starts_with(b"-----BEGIN "));
        let token = webhook::sign(&new(), Payload::Body(&body), secret).expect("a token");
        let verify = |token: &str, body: &[u8]| webhook::verify(token, Payload::Body(body), secret, WINDOW_DEFAULT, NOW);
        prop_assert!(verify(&token, &body).is_ok());
        if !body.is_empty() {
            let mut changed = body.clone();
            changed[at.index(body.len())] ^= 1 << bit;
            prop_assert_eq!(verify(&token, &changed), Err(Fault::OtherBody));
        }
        let mut octets = token.clone().into_bytes();
        octets[at.index(token.len())] ^= 1 << (bit % 7);
        let changed = String::from_utf8(octets).expect("seven bits stay ASCII");
        prop_assert!(verify(&changed, &body).is_err());
    }
}
