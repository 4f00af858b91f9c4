//! Application tokens: what is made, what is taken, what is refused.

use proptest::prelude::*;
use whimbrel_signing::jwt::application::{self, Claims, Lifetime, NewToken, Token};
use whimbrel_signing::jwt::{Acl, Call};
use whimbrel_signing::{Fault, UnixSeconds};

use crate::forge::{self, APPLICATION, NOW, claims};

fn verify(token: &str) -> Result<Claims, Fault> {
    application::verify(token, &forge::public(), NOW)
}

fn new() -> NewToken<'static> {
    NewToken {
        application_id: APPLICATION.parse().expect("an id"),
        issued_at: NOW,
        token_id: "0f7d53a6-5c04-4a0e-8c5b-2e3f6b1d9a10",
        lifetime: Lifetime::default(),
        not_before: None,
        subject: None,
        acl: None,
    }
}

/// The claims of a valid token, with one replaced or added.
fn with(name: &str, value: &str) -> String {
    let mut object = serde_json::Map::new();
    object.insert("application_id".to_owned(), APPLICATION.into());
    object.insert("iat".to_owned(), NOW.0.into());
    object.insert("jti".to_owned(), "1".into());
    object.insert(name.to_owned(), serde_json::from_str(value).expect("JSON"));
    claims(&serde_json::Value::Object(object).to_string())
}

/// The claims of a valid token without one.
fn without(name: &str) -> String {
    let all =
        [("application_id", format!("\"{APPLICATION}\"")), ("iat", NOW.0.to_string()), ("jti", "\"1\"".to_owned())];
    let rest: Vec<String> =
        all.iter().filter(|(each, _)| *each != name).map(|(name, value)| format!("\"{name}\":{value}")).collect();
    claims(&format!("{{{}}}", rest.join(",")))
}

#[test]
fn what_is_made_is_what_the_vendors_library_for_python_makes() {
    // vonage-jwt 1.1.5 with this application, key, iat and jti (run in 2026); RS256 has one signature for a text.
    let token = application::sign(&new(), &forge::private()).expect("a token");
    assert_eq!(token, include_str!("vonage_jwt_1.1.5.txt").trim());
    let claims = verify(&token).expect("valid");
    assert_eq!(claims.application_id.to_string(), APPLICATION);
    assert_eq!((claims.issued_at, claims.token_id.as_str()), (NOW, new().token_id));
    assert_eq!((claims.subject, claims.acl), (None, None));
}

#[test]
fn everything_that_can_be_said_is_read_back() {
    let acl = r#"{"paths":{"/*/users/**":{},"/*/media/**":{"methods":["GET"]}}}"#;
    let made = NewToken {
        subject: Some("Zoë \"Z\""),
        not_before: Some(NOW),
        acl: Some(Acl::from_json(acl).expect("an acl")),
        ..new()
    };
    let claims = verify(&application::sign(&made, &forge::private()).expect("a token")).expect("valid");
    assert_eq!(claims.subject.as_deref(), Some("Zoë \"Z\""));
    let acl = claims.acl.expect("an acl");
    assert!(acl.allows(Call { method: "GET", path: "/v1/media/1" }));
    assert!(!acl.allows(Call { method: "POST", path: "/v1/media/1" }));
}

#[test]
fn what_the_vendors_libraries_send_besides_is_taken() {
    // .NET: no exp, and a jti that is base64 of 64 octets. Node: `subject` beside `sub`. A sample of the vendor: exp quoted.
    let jti = "x/8=".repeat(22);
    assert!(verify(&with("jti", &format!("\"{jti}\""))).is_ok());
    assert!(verify(&with("subject", "\"me\"")).is_ok());
    assert!(verify(&with("exp", &format!("\"{}\"", NOW.0 + 900))).is_ok());
    assert!(verify(&with("application_id", &format!("\"{}\"", APPLICATION.to_uppercase()))).is_ok());
    assert!(verify(&with("unknown", r#"{"deep":[1,{"a":null}]}"#)).is_ok());
    assert!(verify(&with("iat", &format!("{}.75", NOW.0))).is_ok());
    let minimal = format!(r#"{{"jti":"1","iat":{},"application_id":"{APPLICATION}"}}"#, NOW.0);
    for header in
        [r#"{"alg":"RS256"}"#, r#"{"typ":"jwt","alg":"RS256"}"#, r#"{"typ":"JWT","alg":"RS256","kid":"../../x"}"#]
    {
        assert!(verify(&forge::token(header, &minimal, &forge::By::Rs256)).is_ok(), "{header}");
    }
}

#[test]
fn times_to_the_second() {
    let at = |iat: i64, exp: Option<i64>, nbf: Option<i64>| {
        let exp = exp.map(|exp| format!(",\"exp\":{}", NOW.0 + exp)).unwrap_or_default();
        let nbf = nbf.map(|nbf| format!(",\"nbf\":{}", NOW.0 + nbf)).unwrap_or_default();
        let iat = NOW.0 + iat;
        verify(&claims(&format!(r#"{{"application_id":"{APPLICATION}","jti":"1","iat":{iat}{exp}{nbf}}}"#))).map(|_| ())
    };
    const DAY: i64 = 86_400;
    let cases = [
        // Made ahead: 60 s of skew.
        (60, None, None, Ok(())),
        (61, None, None, Err(Fault::TooNew { ahead_seconds: 61 })),
        // No exp: 15 minutes and the skew.
        (-900, None, None, Ok(())),
        (-959, None, None, Ok(())),
        (-960, None, None, Err(Fault::Expired { ago_seconds: 60 })),
        // Its own exp.
        (-1000, Some(1), None, Ok(())),
        (-1000, Some(-59), None, Ok(())),
        (-1000, Some(-60), None, Err(Fault::Expired { ago_seconds: 60 })),
        (-10, Some(-500), None, Err(Fault::Expired { ago_seconds: 500 })),
        // Never beyond 24 hours, whatever it says.
        (-DAY - 59, Some(1_000_000), None, Ok(())),
        (-DAY - 60, Some(1_000_000), None, Err(Fault::Expired { ago_seconds: 60 })),
        (0, Some(10 * DAY), None, Ok(())),
        // Not before.
        (0, None, Some(60), Ok(())),
        (0, None, Some(61), Err(Fault::NotYetValid { ahead_seconds: 61 })),
    ];
    for (iat, exp, nbf, expected) in cases {
        assert_eq!(at(iat, exp, nbf), expected, "iat {iat} exp {exp:?} nbf {nbf:?}");
    }
    // No number overflows.
    for value in ["9223372036854775807", "-9223372036854775808"] {
        for name in ["iat", "exp", "nbf"] {
            let _ = verify(&with(name, value));
        }
    }
    assert_eq!(
        verify(&with("iat", "1795328699000")).err().map(|fault| fault.to_string().contains("ahead")),
        Some(true)
    );
}

#[test]
fn a_claim_that_is_missing_or_of_another_type_is_named() {
    for name in ["application_id", "iat", "jti"] {
        assert_eq!(verify(&without(name)), Err(Fault::Missing(name)));
    }
    let cases = [
        ("application_id", "1"),
        ("application_id", "null"),
        ("application_id", "\"abc\""),
        ("iat", "\"1795328699\""),
        ("iat", "null"),
        ("iat", "[1]"),
        ("jti", "1"),
        ("jti", "null"),
        ("exp", "null"),
        ("exp", "true"),
        ("exp", "\"tomorrow\""),
        ("exp", "\"\""),
        ("nbf", "\"1\""),
        ("nbf", "null"),
        ("sub", "1"),
        ("sub", "null"),
        ("acl", "null"),
        ("acl", "{}"),
        ("acl", "\"/**\""),
        ("acl", r#"{"paths":[]}"#),
    ];
    for (name, value) in cases {
        let fault = verify(&with(name, value)).expect_err(value);
        assert_eq!(fault, Fault::Malformed(name), "{name}: {value}");
    }
    assert_eq!(verify(&with("jti", "\"\"")), Err(Fault::Missing("jti")));
    assert_eq!(application::sign(&NewToken { token_id: "", ..new() }, &forge::private()), Err(Fault::Missing("jti")));
}

#[test]
fn a_lifetime_is_30_seconds_to_24_hours() {
    for seconds in [0, 29, 86_401, u32::MAX] {
        assert_eq!(Lifetime::of_seconds(seconds), None);
    }
    for seconds in [30, 900, 86_400] {
        assert!(Lifetime::of_seconds(seconds).is_some());
    }
    assert_eq!(Some(Lifetime::default()), Lifetime::of_seconds(900));
}

#[test]
fn a_token_says_whose_key_to_try_before_it_is_verified() {
    let token = application::sign(&new(), &forge::private()).expect("a token");
    let read = Token::parse(&token).expect("read");
    assert_eq!(read.claimed_application_id().to_string(), APPLICATION);
    assert_eq!(read.verify(&forge::other(), NOW), Err(Fault::Mismatch));
    // The signature is looked at before the times: who has no key learns nothing of them.
    let old = UnixSeconds(NOW.0 + 1_000_000);
    assert_eq!(Token::parse(&token).expect("read").verify(&forge::other(), old), Err(Fault::Mismatch));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_signed_verifies(
        token_id in ".{1,40}", subject in proptest::option::of(".{0,40}"), seconds in 30_u32..=86_400, offset in 0_i64..86_400,
        issued_at in 0_i64..4_000_000_000, id in any::<u128>(),
    ) {
        let id = format!("{id:032x}");
        let id = format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]);
        let made = NewToken {
            application_id: id.parse().expect("an id"),
            issued_at: UnixSeconds(issued_at),
            token_id: &token_id,
            lifetime: Lifetime::of_seconds(seconds).expect("in range"),
            subject: subject.as_deref(),
            ..new()
        };
        let token = application::sign(&made, &forge::private()).expect("a token");
        let verified = application::verify(&token, &forge::public(), UnixSeconds(issued_at + offset));
        if offset < i64::from(seconds) + 60 {
            let claims = verified.expect("valid");
            prop_assert_eq!(claims.application_id.to_string(), id);
            prop_assert_eq!(claims.token_id, token_id);
            prop_assert_eq!(claims.subject, subject);
        } else {
            prop_assert!(matches!(verified, Err(Fault::Expired { .. })), "{:?}", verified);
        }
    }
}

#[test]
fn any_changed_character_fails() {
    let token = application::sign(&new(), &forge::private()).expect("a token");
    let key = forge::public();
    for index in 0..token.len() {
        for character in ['A', 'B', '-', '_', '.', '=', '+', '/', ' ', '0'] {
            let mut changed = token.clone();
            changed.replace_range(index..=index, &character.to_string());
            if changed != token {
                assert!(application::verify(&changed, &key, NOW).is_err(), "{index} {character}");
            }
        }
        let mut shorter = token.clone();
        shorter.remove(index);
        assert!(application::verify(&shorter, &key, NOW).is_err(), "without {index}");
    }
}
