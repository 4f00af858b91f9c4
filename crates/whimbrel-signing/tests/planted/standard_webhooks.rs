//! Mistakes of those who sign webhooks by the Standard Webhooks scheme.

use std::collections::BTreeSet;

use whimbrel_signing::standard_webhooks::{self, Received, WINDOW};
use whimbrel_signing::{Algorithm, Fault, Hash, Mistake, Secret, UnixSeconds, Verdict};

use crate::digests::{SHA1, SHA256, base64, hex};
use crate::random::{ROUNDS, Random};

const NOW: i64 = 1_795_328_700;

struct Hook {
    id: String,
    timestamp: i64,
    body: String,
    key: Vec<u8>,
}

/// A webhook in which every mistake shows: JSON with blanks, Latin-1 and a final newline.
fn hook(random: &mut Random) -> Hook {
    let timestamp = NOW - 200 + i64::try_from(random.next() % 400).unwrap();
    let body = format!(
        "{{\"text\": \"{} é/ {}\",  \"n\": {}}}\n",
        random.text("abc"),
        random.text("öäü"),
        random.next() % 1000
    );
    Hook { id: format!("msg_{}", hex(&random.octets(8))), timestamp, body, key: random.octets(24) }
}

impl Hook {
    fn secret(&self) -> String {
        format!("whsec_{}", base64(&self.key))
    }

    fn string(&self) -> String {
        format!("{}.{}.{}", self.id, self.timestamp, self.body)
    }

    fn by(&self, key: &[u8], string: impl AsRef<[u8]>) -> String {
        format!("v1,{}", base64(&(SHA256.hmac)(key, string.as_ref())))
    }

    fn explain(&self, signature: &str) -> Verdict {
        let timestamp = self.timestamp.to_string();
        let received = Received { id: &self.id, timestamp: &timestamp, signature, body: self.body.as_bytes() };
        let explanation = standard_webhooks::explain(&received, Secret::new(&self.secret()), WINDOW, UnixSeconds(NOW));
        explanation.verdict
    }
}

fn planted(hook: &Hook, mistake: Mistake) -> Option<String> {
    let Hook { id, timestamp, body, key } = hook;
    let (string, secret) = (hook.string(), hook.secret());
    let of = |string: String| hook.by(key, string);
    let with_body = |body: &str| hook.by(key, format!("{id}.{timestamp}.{body}"));
    let digest = (SHA256.hmac)(key, string.as_bytes());
    let right = base64(&digest);
    Some(match mistake {
        Mistake::BodyOnly => of(body.clone()),
        Mistake::NonceMissing => of(format!("{timestamp}.{body}")),
        Mistake::TimestampNotSigned => of(format!("{id}.{body}")),
        Mistake::FieldOrder => of(format!("{timestamp}.{id}.{body}")),
        Mistake::OtherSeparator => of(format!("{id}:{timestamp}:{body}")),
        Mistake::BodyEmpty => with_body(""),
        Mistake::BodyTrimmed => with_body(body.trim()),
        Mistake::NewlineAdded => with_body(&format!("{body}\n")),
        Mistake::BodyReserialised => with_body(&body.replace(",  ", ",").replace("\": ", "\":").replace('\n', "")),
        Mistake::WrongCharset => hook.by(key, string.chars().map(|letter| letter as u8).collect::<Vec<_>>()),
        Mistake::TimestampDiffers => of(format!("{id}.{}.{body}", timestamp + 1)),
        Mistake::TimestampInMilliseconds => of(format!("{id}.{timestamp}000.{body}")),
        Mistake::SecretPrefixKept => hook.by(secret.as_bytes(), string),
        Mistake::SecretNotDecoded => hook.by(&secret.as_bytes()[6..], string),
        Mistake::SecretHashed => hook.by(&(SHA256.hash)(key), string),
        Mistake::SecretWithNewline => hook.by(&[key.as_slice(), b"\n"].concat(), string),
        Mistake::SecretAppended => format!("v1,{}", base64(&(SHA256.hash)(&[string.as_bytes(), key].concat()))),
        Mistake::SecretPrepended => format!("v1,{}", base64(&(SHA256.hash)(&[key, string.as_bytes()].concat()))),
        Mistake::SecretMissing => format!("v1,{}", base64(&(SHA256.hash)(string.as_bytes()))),
        Mistake::KeyAndStringSwapped => hook.by(string.as_bytes(), key),
        Mistake::OtherAlgorithm(Algorithm::Hmac(Hash::Sha1)) => {
            format!("v1,{}", base64(&(SHA1.hmac)(key, string.as_bytes())))
        }
        Mistake::PrefixMissing => right,
        Mistake::OtherPrefix => format!("sha256={}", hex(&digest)),
        Mistake::HexForBase64 => format!("v1,{}", hex(&digest)),
        Mistake::Base64OfHex => format!("v1,{}", base64(hex(&digest).as_bytes())),
        Mistake::Base64Url => format!("v1,{}", right.replace('+', "-").replace('/', "_")),
        Mistake::PaddingMissing => format!("v1,{}", right.trim_end_matches('=')),
        _ => return None,
    })
}

#[test]
fn the_planted_mistake_is_named() {
    let mut named = BTreeSet::new();
    let algorithms = [Mistake::OtherAlgorithm(Algorithm::Hmac(Hash::Sha1))];
    for seed in 0..ROUNDS {
        let hook = hook(&mut Random(seed));
        let good = hook.by(&hook.key, hook.string());
        assert_eq!(hook.explain(&good), Verdict::Matches, "seed {seed}");
        for mistake in Mistake::ALL.iter().copied().chain(algorithms) {
            let Some(signature) = planted(&hook, mistake).filter(|signature| *signature != good) else { continue };
            assert_eq!(hook.explain(&signature), Verdict::Mistake(mistake), "seed {seed}, {}", mistake.name());
            // Beside one of another version, and one of another secret.
            let among = format!("v1a,AAAA {} {signature}", hook.by(b"another", hook.string()));
            assert_eq!(hook.explain(&among), Verdict::Mistake(mistake), "seed {seed}, {}", mistake.name());
            named.insert(mistake.name());
        }
    }
    assert!(named.len() >= 25, "{} kinds", named.len());
}

#[test]
fn what_is_no_mistake_is_unknown() {
    for seed in 0..ROUNDS {
        let mut random = Random(seed);
        let mut hook = hook(&mut random);
        let two = hook.by(hook.secret().as_bytes(), &hook.body);
        let foreign = hook.by(b"another", hook.string());
        let good = hook.by(&hook.key, hook.string());
        for signature in [two, foreign, format!("v1,{}", base64(&random.octets(32))), "v1,AAAA".to_owned()] {
            assert_eq!(hook.explain(&signature), Verdict::Unknown, "seed {seed}: {signature}");
        }
        hook.body.insert(1, ' ');
        assert_eq!(hook.explain(&good), Verdict::Unknown, "seed {seed}");
        assert_eq!(hook.explain("v2,AAAA"), Verdict::Malformed(Fault::AlgorithmRefused));
    }
}

#[test]
fn a_right_signature_outside_the_window_says_so() {
    let mut hook = hook(&mut Random(1));
    let mut at = |timestamp: i64| {
        hook.timestamp = timestamp;
        hook.explain(&hook.by(&hook.key, hook.string()))
    };
    assert_eq!(at(NOW), Verdict::Matches);
    assert_eq!(at(NOW - 301), Verdict::Malformed(Fault::TooOld { age_seconds: 301 }));
    assert_eq!(at(NOW * 1000), Verdict::Mistake(Mistake::TimestampInMilliseconds));
}
