//! `standard_webhooks`: vectors, what is accepted and refused, and properties.

use proptest::prelude::*;
use whimbrel_signing::standard_webhooks::{self, Received, Verified, WINDOW, Webhook};
use whimbrel_signing::{Fault, Secret, UnixSeconds};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const NOW: UnixSeconds = UnixSeconds(1_614_265_330);
/// What the libraries of the specification sign: "sign function works" in the tests of its JavaScript library, and of others.
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn received<'a>(timestamp: &'a str, signature: &'a str) -> Received<'a> {
    Received { id: ID, timestamp, signature, body: BODY }
}

fn verify(received: &Received<'_>, secrets: &[&str]) -> Result<usize, Fault> {
    let secrets: Vec<_> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
    standard_webhooks::verify(received, &secrets, WINDOW, NOW).map(|verified| verified.secret_index)
}

#[test]
fn the_vector_of_the_libraries() {
    let webhook = Webhook { id: ID, timestamp: NOW, body: BODY };
    assert_eq!(standard_webhooks::sign(&webhook, &[Secret::new(SECRET)]).unwrap().as_str(), SIGNATURE);
    let canonical = standard_webhooks::canonical(&webhook);
    assert_eq!(canonical.to_text(), r#"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}"#);
    assert_eq!(verify(&received("1614265330", SIGNATURE), &[SECRET]), Ok(0));
}

#[test]
fn a_secret_may_come_without_prefix_or_padding() {
    for secret in [
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGA==",
        "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGA",
    ] {
        let webhook = Webhook { id: ID, timestamp: NOW, body: BODY };
        let signature = standard_webhooks::sign(&webhook, &[Secret::new(secret)]).unwrap();
        assert_eq!(verify(&received("1614265330", signature.as_str()), &[secret]), Ok(0));
    }
    for secret in ["", "whsec_", "whsec_*", "whsec_A", "whsec_AAAA\n", "whsec_é"] {
        assert_eq!(verify(&received("1614265330", SIGNATURE), &[secret]), Err(Fault::UnusableSecret), "{secret}");
        let webhook = Webhook { id: ID, timestamp: NOW, body: BODY };
        assert_eq!(standard_webhooks::sign(&webhook, &[Secret::new(secret)]), Err(Fault::UnusableSecret), "{secret}");
    }
}

#[test]
fn while_a_secret_is_changed_both_are_good() {
    let webhook = Webhook { id: ID, timestamp: NOW, body: BODY };
    let both = standard_webhooks::sign(&webhook, &[Secret::new(OTHER), Secret::new(SECRET)]).unwrap();
    assert!(both.as_str().ends_with(&format!(" {SIGNATURE}")));
    let received = received("1614265330", both.as_str());
    assert_eq!(verify(&received, &[SECRET]), Ok(0));
    assert_eq!(verify(&received, &[OTHER]), Ok(0));
    assert_eq!(verify(&received, &["whsec_AAAA", SECRET]), Ok(1));
    assert_eq!(verify(&received, &["whsec_AAAA"]), Err(Fault::Mismatch));
    assert_eq!(verify(&received, &[]), Err(Fault::Mismatch));
    assert_eq!(standard_webhooks::sign(&webhook, &[]), Err(Fault::UnusableSecret));
}

#[test]
fn signatures_of_other_versions_are_passed_over() {
    let asymmetric = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";
    let check = |signature: &str| verify(&received("1614265330", signature), &[SECRET]);
    assert_eq!(check(&format!("{asymmetric} {SIGNATURE}")), Ok(0));
    assert_eq!(check(&format!("v1,AAAA v1,* nonsense {SIGNATURE}  ")), Ok(0));
    assert_eq!(check(asymmetric), Err(Fault::AlgorithmRefused));
    // The right digest under another version.
    assert_eq!(check(&SIGNATURE.replace("v1,", "v1a,")), Err(Fault::AlgorithmRefused));
    assert_eq!(check(&SIGNATURE.replace("v1,", "v2,")), Err(Fault::AlgorithmRefused));
    assert_eq!(check(&SIGNATURE["v1,".len()..]), Err(Fault::AlgorithmRefused));
    assert_eq!(check("v1,"), Err(Fault::Mismatch));
    assert_eq!(check("v1,*"), Err(Fault::Malformed("webhook-signature")));
    assert_eq!(check(&SIGNATURE[..SIGNATURE.len() - 4]), Err(Fault::Mismatch));
}

#[test]
fn what_is_missing_or_cannot_be_read_is_named() {
    let good = received("1614265330", SIGNATURE);
    assert_eq!(verify(&Received { id: "", ..good }, &[SECRET]), Err(Fault::Missing("webhook-id")));
    assert_eq!(verify(&received("", SIGNATURE), &[SECRET]), Err(Fault::Missing("webhook-timestamp")));
    assert_eq!(verify(&received("1614265330", ""), &[SECRET]), Err(Fault::Missing("webhook-signature")));
    for timestamp in [
        "soon",
        "-1",
        "+1614265330",
        "01614265330",
        "1614265330.0",
        " 1614265330",
        "99999999999999999999",
        "9223372036854775808",
    ] {
        let found = verify(&received(timestamp, SIGNATURE), &[SECRET]);
        assert_eq!(found, Err(Fault::Malformed("webhook-timestamp")), "{timestamp}");
    }
    // `a` at 1 with the body `2.b` would be `a.1` at 2 with the body `b`.
    for id in ["msg.1", "msg 1", "msg\n", "é"] {
        assert_eq!(verify(&Received { id, ..good }, &[SECRET]), Err(Fault::Malformed("webhook-id")), "{id}");
        let webhook = Webhook { id, timestamp: NOW, body: BODY };
        assert_eq!(standard_webhooks::sign(&webhook, &[Secret::new(SECRET)]), Err(Fault::Malformed("webhook-id")));
    }
}

#[test]
fn the_window_has_both_ends_inside() {
    let at = |now: i64| {
        standard_webhooks::verify(&received("1614265330", SIGNATURE), &[Secret::new(SECRET)], WINDOW, UnixSeconds(now))
    };
    let verified = Verified { timestamp: NOW, secret_index: 0 };
    assert_eq!(at(NOW.0 + 300), Ok(verified));
    assert_eq!(at(NOW.0 - 300), Ok(verified));
    assert_eq!(at(NOW.0 + 301), Err(Fault::TooOld { age_seconds: 301 }));
    assert_eq!(at(NOW.0 - 301), Err(Fault::TooNew { ahead_seconds: 301 }));
}

#[test]
fn a_derived_secret_is_always_the_same_and_usable() {
    // HMAC-SHA256 of the constant in the module, by Python's hmac: the first has the octets that every release must give.
    let derived = standard_webhooks::derived(Secret::new("devSignatureSecret01abcdefghijkl"));
    assert_eq!(*derived, "whsec_RItfm28CAOvW/2eY01Dur0gCIiTTZi9F5uGwjm1F9WU=");
    let webhook = Webhook { id: ID, timestamp: NOW, body: BODY };
    let signature = standard_webhooks::sign(&webhook, &[Secret::new(&*derived)]).unwrap();
    assert_eq!(verify(&received("1614265330", signature.as_str()), &[OTHER, &derived]), Ok(1));
    assert_ne!(*standard_webhooks::derived(Secret::new("abcd")), *derived);
}

#[test]
fn nothing_shows_itself() {
    let webhook = Webhook { id: "msg_1", timestamp: UnixSeconds(1), body: b"482917" };
    let received = Received { id: "msg_1", timestamp: "1", signature: "v1,c2VjcmV0", body: b"482917" };
    let shown = format!("{webhook:?} {received:?}");
    assert!(!shown.contains("482917") && !shown.contains("c2Vj"), "{shown}");
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_any_change_fails(
        id in "[!-\\-/-~]{1,20}", body in any::<Vec<u8>>(), key in prop::collection::vec(any::<u8>(), 1..65),
        at in any::<prop::sample::Index>(), by in 1..=255u8,
    ) {
        use base64::Engine as _;
        let secret = format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode(&key));
        let signature = standard_webhooks::sign(&Webhook { id: &id, timestamp: NOW, body: &body }, &[Secret::new(&secret)]).unwrap();
        let good = Received { id: &id, timestamp: "1614265330", signature: signature.as_str(), body: &body };
        let check = |received: Received<'_>| verify(&received, &[&secret]);
        prop_assert_eq!(check(good), Ok(0));
        let longer = [body.as_slice(), &[by]].concat();
        prop_assert_eq!(check(Received { body: &longer, ..good }), Err(Fault::Mismatch));
        let mut changed = longer.clone();
        *at.get_mut(&mut changed) ^= by;
        if changed[..] != body[..] {
            prop_assert_eq!(check(Received { body: &changed, ..good }), Err(Fault::Mismatch));
        }
        let other_id = format!("{id}0");
        prop_assert_eq!(check(Received { id: &other_id, ..good }), Err(Fault::Mismatch));
        prop_assert_eq!(check(Received { timestamp: "1614265331", ..good }), Err(Fault::Mismatch));
        let mut text = signature.as_str().as_bytes().to_vec();
        let index = 3 + at.index(text.len() - 4);
        text[index] = if text[index] == b'A' { b'B' } else { b'A' };
        let text = String::from_utf8(text).unwrap();
        prop_assert!(check(Received { signature: &text, ..good }).is_err(), "{}", text);
        prop_assert_eq!(verify(&good, &[OTHER]), Err(Fault::Mismatch));
    }
}
