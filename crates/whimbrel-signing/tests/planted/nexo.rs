//! Mistakes of those who sign a body with the hash of a secret.

use std::collections::BTreeSet;

use whimbrel_signing::nexo::{self, Hints, Key};
use whimbrel_signing::{Algorithm, Fault, Hash, Mistake, Secret, Verdict};

use crate::digests::{MD5, SHA1, SHA256, SHA512, base64, hex};
use crate::random::{ROUNDS, Random};

struct Event {
    body: String,
    secret: String,
    api_key: String,
}

fn event(random: &mut Random) -> Event {
    Event {
        body: format!(
            r#"{{"type":"otp.delivered","id":"{}","text":"100% sure {}/ü","cost":0.022}}"#,
            hex(&random.octets(4)),
            random.text("abc ")
        ),
        secret: format!("whsec_{}", random.text("abcdefgh")),
        api_key: format!("sk_live_{}", hex(&random.octets(24))),
    }
}

impl Event {
    fn key(&self) -> Vec<u8> {
        (SHA256.hash)(self.secret.as_bytes())
    }

    fn explain(&self, header: &str) -> Verdict {
        let hints = Hints { secret: Some(Secret::new(&self.secret)), api_key: Some(Secret::new(&self.api_key)) };
        let key = Key::of_secret(Secret::new(&self.secret));
        nexo::explain(Some(header), self.body.as_bytes(), &key, hints).verdict
    }
}

fn body(event: &Event, mistake: Mistake) -> Option<String> {
    let body = &event.body;
    Some(match mistake {
        Mistake::BodyReserialised => body.replace("\":", "\": ").replace(",\"", ", \"").replace('ü', "\\u00fc"),
        Mistake::BodyEmpty => String::new(),
        Mistake::BodyWithNewline => format!("{body}\n"),
        Mistake::BodyHashed => hex(&(SHA256.hash)(body.as_bytes())),
        Mistake::PrintfFormat => body.replace("% s", ""),
        _ => return None,
    })
}

fn digest(event: &Event, mistake: Mistake) -> Option<Vec<u8>> {
    let (key, secret, body) = (event.key(), &event.secret, event.body.as_bytes());
    let by = |key: &[u8]| (SHA256.hmac)(key, body);
    Some(match mistake {
        Mistake::SecretNotHashed => by(secret.as_bytes()),
        Mistake::SecretHashedAsHex => by(hex(&key).as_bytes()),
        Mistake::KeyHashOther => by(&(MD5.hash)(secret.as_bytes())),
        Mistake::SecretWithNewline => by(&(SHA256.hash)(format!("{secret}\n").as_bytes())),
        Mistake::SecretWithBlank => by(&(SHA256.hash)(format!("{secret} ").as_bytes())),
        Mistake::SecretInOtherCase => by(&(SHA256.hash)(secret.to_uppercase().as_bytes())),
        Mistake::ApiSecretUsed => by(&(SHA256.hash)(event.api_key.as_bytes())),
        Mistake::SecretAppended => (SHA256.hash)(&[body, &key].concat()),
        Mistake::SecretPrepended => (SHA256.hash)(&[&key, body].concat()),
        Mistake::SecretMissing => (SHA256.hash)(body),
        Mistake::KeyAndStringSwapped => (SHA256.hmac)(body, &key),
        Mistake::OtherAlgorithm(Algorithm::Hmac(Hash::Sha1)) => (SHA1.hmac)(&key, body),
        Mistake::OtherAlgorithm(Algorithm::Hmac(Hash::Sha512)) => (SHA512.hmac)(&key, body),
        Mistake::Truncated => by(&key)[..16].to_vec(),
        _ => return None,
    })
}

fn header(event: &Event, mistake: Mistake) -> Option<String> {
    let good = (SHA256.hmac)(&event.key(), event.body.as_bytes());
    Some(match mistake {
        Mistake::PrefixMissing => hex(&good),
        Mistake::Base64ForHex => format!("sha256={}", base64(&good)),
        Mistake::Base64OfHex => format!("sha256={}", base64(hex(&good).as_bytes())),
        Mistake::PrefixAdded => format!("sha256=0x{}", hex(&good)),
        _ => {
            let of_body = body(event, mistake).map(|body| (SHA256.hmac)(&event.key(), body.as_bytes()));
            format!("sha256={}", hex(&of_body.or_else(|| digest(event, mistake))?))
        }
    })
}

#[test]
fn the_planted_mistake_is_named() {
    let others = [Algorithm::Hmac(Hash::Sha1), Algorithm::Hmac(Hash::Sha512)].map(Mistake::OtherAlgorithm);
    let mut named = BTreeSet::new();
    for seed in 0..ROUNDS {
        let event = event(&mut Random(seed));
        for mistake in Mistake::ALL.iter().copied().chain(others) {
            let Some(header) = header(&event, mistake) else { continue };
            assert_eq!(event.explain(&header), Verdict::Mistake(mistake), "seed {seed}, {}", mistake.name());
            named.insert(mistake.to_string());
        }
        let good = hex(&(SHA256.hmac)(&event.key(), event.body.as_bytes()));
        assert_eq!(event.explain(&format!("sha256={good}")), Verdict::Matches, "seed {seed}");
        assert_eq!(event.explain(&format!("SHA256={good}")), Verdict::Mistake(Mistake::PrefixMissing), "seed {seed}");
    }
    assert!(named.len() >= 22, "{} kinds", named.len());
}

#[test]
fn a_newline_that_was_not_signed_is_told_from_a_body_that_was_written_anew() {
    for (sent, signed, mistake) in [
        ("{\"id\":\"x\"}\n", "{\"id\":\"x\"}", Mistake::BodyTrimmed),
        (" {\"id\":\"x\"}\r\n", "{\"id\":\"x\"}", Mistake::BodyTrimmed),
        ("{\"id\":\"x\"}", "{\"id\":\"x\"}\n", Mistake::BodyWithNewline),
        ("{\"id\": \"x\"}\n", "{\"id\":\"x\"}", Mistake::BodyReserialised),
    ] {
        let event = Event { body: sent.to_owned(), ..event(&mut Random(0)) };
        let header = format!("sha256={}", hex(&(SHA256.hmac)(&event.key(), signed.as_bytes())));
        assert_eq!(event.explain(&header), Verdict::Mistake(mistake), "{sent:?}");
    }
}

#[test]
fn what_is_no_mistake_is_unknown() {
    for seed in 0..ROUNDS {
        let mut random = Random(seed);
        let event = event(&mut random);
        let by = |key: &[u8], body: &str| format!("sha256={}", hex(&(SHA256.hmac)(key, body.as_bytes())));
        for header in [
            by(&(SHA256.hash)(b"another secret"), &event.body),
            by(&event.key(), "{}"),
            by(event.secret.as_bytes(), &format!("{}\n", event.body)),
            format!("sha256={}", hex(&random.octets(32))),
        ] {
            assert_eq!(event.explain(&header), Verdict::Unknown, "seed {seed}: {header}");
        }
        let malformed = Verdict::Malformed(Fault::Malformed("X-NEXO-Signature"));
        for header in [base64(&random.octets(32)), format!("sha256={}", hex(&random.octets(20)))] {
            assert_eq!(event.explain(&header), malformed, "seed {seed}: {header}");
        }
    }
    let event = event(&mut Random(1));
    assert_eq!(event.explain(" "), Verdict::Malformed(Fault::Missing("X-NEXO-Signature")));
}
