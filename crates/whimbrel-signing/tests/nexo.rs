//! Nexo Route's webhook signature.

use proptest::prelude::*;
use whimbrel_signing::nexo::{self, Key};
use whimbrel_signing::{Fault, Secret};

const SECRET: &str = "your_plaintext_webhook_secret";
const DELIVERED: &str = r#"{"type":"otp.delivered","id":"test","phone":"+84981234567","carrier":"viettel","status":"delivered","cost":0.022,"error_code":null,"created_at":"2026-05-26T10:00:00Z","completed_at":"2026-05-26T10:00:25Z"}"#;
const FAILED: &str = r#"{"type":"otp.failed","id":"8f2e1c4d-0000-4000-8000-000000000001","phone":"+84981234567","carrier":"viettel","status":"failed","cost":0,"error_code":"no_answer","created_at":"2026-05-26T10:00:00Z","completed_at":"2026-05-26T10:00:59Z"}"#;

fn key(secret: &str) -> Key {
    Key::of_secret(Secret::new(secret))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn vectors_made_as_the_guide_does() {
    // "Send OTP from cURL": `openssl dgst -sha256 -binary | xxd -p` for the key, `-mac HMAC -macopt hexkey:KEY` for the body.
    assert_eq!(hex(key(SECRET).expose()), "80ff05756b1f4488385af680389a29b3e8c864f34ddaf95870ef214816504ee9");
    let vietnamese = "whsec_Tiếng_Việt✓";
    assert_eq!(hex(key(vietnamese).expose()), "46fcfcd281aeff1a5c6171376d19c32a14de540735108ea772e0487e4c868fd5");
    for (secret, body, expected) in [
        (SECRET, DELIVERED, "sha256=b87b838e5ab8176a9f1d605ffc371dfe20b6468d65aa2816957d43b9ba62fbbc"),
        (SECRET, FAILED, "sha256=b212eb887fe0e87045aa7ca317375f50723eb8c291ffa11e39e966146a7f00d7"),
        (SECRET, "", "sha256=b13c71b9c375bfacad0de4a65c6fc5d7aa2d0691940a865f13ec6ced3b0f04fb"),
        (
            vietnamese,
            r#"{"type":"ping","id":"test"}"#,
            "sha256=80b63d4247faced23055604aeb506d07704460c217e3890dbf1178726e774066",
        ),
    ] {
        assert_eq!(nexo::sign(body.as_bytes(), &key(secret)).as_str(), expected);
        assert_eq!(nexo::verify(Some(expected), body.as_bytes(), &key(secret)), Ok(()));
        let kept = Key::from_octets(*key(secret).expose());
        assert_eq!(nexo::verify(Some(&format!(" {expected} ")), body.as_bytes(), &kept), Ok(()));
    }
}

#[test]
fn the_secret_itself_and_the_digits_of_its_hash_are_not_the_key() {
    for digits in [
        "6f5810a0a349081f6c5516c7cd13e0e6acc12ec8685ae3e1071a8d393e88118a",
        "36a62d5506966ad8bb9d11b9f9f1345888b0ebff629577d2921a4ac3cb1897f0",
    ] {
        let header = format!("sha256={digits}");
        assert_eq!(nexo::verify(Some(&header), DELIVERED.as_bytes(), &key(SECRET)), Err(Fault::Mismatch));
    }
}

#[test]
fn a_header_that_is_missing_or_cannot_be_read_is_no_signature() {
    let right = nexo::sign(b"", &key(SECRET)).into_string();
    let digits = right.strip_prefix("sha256=").expect("its prefix");
    let check = |header: Option<&str>| nexo::verify(header, b"", &key(SECRET));
    for header in [None, Some(""), Some("  ")] {
        assert_eq!(check(header), Err(Fault::Missing("X-NEXO-Signature")));
    }
    for header in [
        digits,
        &right[..70],
        &format!("{right}0"),
        &format!("{right}00"),
        &format!("SHA256={digits}"),
        &format!("sha1={digits}"),
        &format!("sha256=0x{digits}"),
        &format!("sha256= {digits}"),
        &format!("{right},{right}"),
        "sha256=",
        "sha256",
    ] {
        assert_eq!(check(Some(header)), Err(Fault::Malformed("X-NEXO-Signature")), "{header}");
    }
    assert_eq!(check(Some(&format!("sha256={}", digits.to_uppercase()))), Ok(()));
    assert_eq!(check(Some(&format!("sha256={}", "0".repeat(64)))), Err(Fault::Mismatch));
    assert_eq!(format!("{:?}", key(SECRET)), "[key]");
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_any_change_fails(
        secret in ".{0,40}", body in proptest::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let key = key(&secret);
        let header = nexo::sign(&body, &key).into_string();
        prop_assert_eq!(nexo::verify(Some(&header), &body, &key), Ok(()));
        let mut changed = header.clone().into_bytes();
        // Bit 5 is the case of a letter.
        changed[at.index(header.len())] ^= if bit == 5 { 1 } else { 1 << (bit % 7) };
        prop_assert!(nexo::verify(std::str::from_utf8(&changed).ok(), &body, &key).is_err());
        if !body.is_empty() {
            let mut changed = body.clone();
            changed[at.index(body.len())] ^= 1 << bit;
            prop_assert_eq!(nexo::verify(Some(&header), &changed, &key), Err(Fault::Mismatch));
        }
        prop_assert_eq!(nexo::verify(Some(&header), &[&body[..], b"\0"].concat(), &key), Err(Fault::Mismatch));
        let other = Key::of_secret(Secret::new(&format!("{secret}x")));
        prop_assert_eq!(nexo::verify(Some(&header), &body, &other), Err(Fault::Mismatch));
    }
}
