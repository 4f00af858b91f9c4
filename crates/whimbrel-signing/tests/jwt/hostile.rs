//! Tokens that ask to be believed.

use whimbrel_signing::Fault;
use whimbrel_signing::jwt::{TOKEN_OCTETS_MAX, application};

use crate::forge::{self, APPLICATION, By, HEADER, NOW, encode};

fn verify(token: &str) -> Result<(), Fault> {
    application::verify(token, &forge::public(), NOW).map(|_| ())
}

fn payload() -> String {
    format!(r#"{{"application_id":"{APPLICATION}","iat":{},"jti":"1"}}"#, NOW.0)
}

fn header(algorithm: &str) -> String {
    format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#)
}

#[test]
fn the_token_that_the_others_are_made_from_is_taken() {
    assert_eq!(verify(&forge::token(HEADER, &payload(), &By::Rs256)), Ok(()));
}

#[test]
fn no_algorithm_but_rs256_whatever_the_signature() {
    let hmac_keys = [forge::PUBLIC, forge::PUBLIC.trim(), "", "secret"];
    for algorithm in [
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        "HS256",
        "HS384",
        "HS512",
        "RS384",
        "RS512",
        "PS256",
        "PS384",
        "ES256",
        "EdDSA",
        "rs256",
        "RS256 ",
        "RS-256",
        "\\u0052S256x",
    ] {
        let input = format!("{}.{}", encode(header(algorithm)), encode(payload()));
        assert_eq!(verify(&format!("{input}.")), Err(Fault::AlgorithmRefused), "{algorithm} unsigned");
        let by = [By::Rs256, By::Rs384, By::Rs512, By::Ps256];
        for by in by.into_iter().chain(hmac_keys.map(|key| By::Hs256(key.into()))) {
            let token = forge::token(&header(algorithm), &payload(), &by);
            assert_eq!(verify(&token), Err(Fault::AlgorithmRefused), "{algorithm}");
        }
    }
}

#[test]
fn an_honest_header_over_another_signature_does_not_match() {
    let keys = [forge::PUBLIC, forge::PRIVATE, ""].map(|key| By::Hs256(key.into()));
    for by in [By::Rs384, By::Rs512, By::Ps256].into_iter().chain(keys) {
        assert_eq!(verify(&forge::token(HEADER, &payload(), &by)), Err(Fault::Mismatch));
    }
    let input = format!("{}.{}", encode(HEADER), encode(payload()));
    for signature in [vec![], vec![0; 256], vec![0xff; 256], vec![1], vec![0; 512]] {
        assert_eq!(verify(&format!("{input}.{}", encode(signature))), Err(Fault::Mismatch));
    }
    // The signature with a zero before and behind it.
    let right = forge::signature(input.as_bytes(), &By::Rs256);
    assert_eq!(verify(&format!("{input}.{}", encode([&[0], &right[..]].concat()))), Err(Fault::Mismatch));
    assert_eq!(verify(&format!("{input}.{}", encode([&right[..], &[0]].concat()))), Err(Fault::Mismatch));
    // Of the parts before they were encoded.
    let plain = forge::signature(format!("{HEADER}.{}", payload()).as_bytes(), &By::Rs256);
    assert_eq!(verify(&format!("{input}.{}", encode(plain))), Err(Fault::Mismatch));
}

#[test]
fn a_header_does_not_bring_a_key_or_change_the_reading() {
    for (name, value) in [
        ("jwk", r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#),
        ("jku", "\"http://127.0.0.1/keys\""),
        ("x5u", "\"http://127.0.0.1\""),
        ("x5c", "[\"MIIB\"]"),
        ("crit", "[\"exp\"]"),
        ("b64", "false"),
        ("zip", "\"DEF\""),
        ("enc", "\"A128GCM\""),
    ] {
        let header = format!(r#"{{"alg":"RS256","typ":"JWT","{name}":{value}}}"#);
        assert_eq!(verify(&forge::token(&header, &payload(), &By::Rs256)), Err(Fault::Malformed(name)));
    }
    for (header, fault) in [
        (r#"{"typ":"JWT"}"#, Fault::Missing("alg")),
        (r#"{"alg":null}"#, Fault::Malformed("alg")),
        (r#"{"alg":["RS256"]}"#, Fault::Malformed("alg")),
        (r#"{"alg":"RS256","typ":"at+jwt"}"#, Fault::Malformed("typ")),
        (r#"{"alg":"RS256","typ":1}"#, Fault::Malformed("typ")),
        (r#"{"alg":"none","alg":"RS256"}"#, Fault::Ambiguous("alg".to_owned())),
        (r#"{"alg":"RS256","\u0061lg":"none"}"#, Fault::Ambiguous("alg".to_owned())),
        (r#"["RS256"]"#, Fault::Malformed("header")),
        (r#"{"alg":"RS256"}x"#, Fault::Malformed("header")),
        ("", Fault::Malformed("header")),
    ] {
        assert_eq!(verify(&forge::token(header, &payload(), &By::Rs256)), Err(fault), "{header}");
    }
}

#[test]
fn a_claim_twice_is_refused_at_any_depth() {
    let payload = payload();
    for extra in [r#""iat":1"#, r#""exp":9999999999"#, r#""\u006ati":"2""#, r#""acl":{"paths":{"/a":{},"/a":{}}}"#] {
        let twice = payload.replace('}', &format!(",\"exp\":1,{extra}}}"));
        assert!(matches!(verify(&forge::claims(&twice)), Err(Fault::Ambiguous(_))), "{twice}");
    }
}

#[test]
fn one_token_has_one_spelling() {
    let token = forge::token(HEADER, &payload(), &By::Rs256);
    let parts: Vec<&str> = token.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    for other in [
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}==.{signature}"),
        format!("{header}.{payload}.{signature}=="),
        format!(" {token}"),
        format!("{token}\n"),
        format!("Bearer {token}"),
        format!("\"{token}\""),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}."),
        format!(".{token}"),
        format!("{header}..{signature}"),
        format!("{header}.{payload}.{signature}.{payload}.{signature}"),
        token.replace('.', ".."),
        token.replace('.', "%2E"),
        token.to_uppercase(),
        format!("{header}\u{0}.{payload}.{signature}"),
        format!("{header}.{payload}.é"),
    ] {
        assert!(verify(&other).is_err(), "{other}");
    }
    // 256 octets leave four bits unused in the last character: set, they are another spelling of the same octets.
    let last = signature.chars().last().expect("a character");
    for character in
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars().filter(|each| *each != last)
    {
        let other = format!("{}{character}", &token[..token.len() - 1]);
        assert!(verify(&other).is_err(), "{character}");
    }
}

#[test]
fn what_is_too_long_or_too_deep_is_not_read() {
    let long = "x".repeat(TOKEN_OCTETS_MAX + 1);
    let fault = Fault::TooLong { field: "token", octets_max: TOKEN_OCTETS_MAX };
    assert_eq!(verify(&long), Err(fault.clone()));
    assert_eq!(verify(&forge::claims(&payload().replace("\"1\"", &format!("\"{long}\"")))), Err(fault));
    assert_eq!(verify(""), Err(Fault::Missing("token")));
    let deep = payload().replace('}', &format!(",\"a\":{}{}}}", "[".repeat(600), "]".repeat(600)));
    assert_eq!(verify(&forge::claims(&deep)), Err(Fault::Malformed("payload")));
}
