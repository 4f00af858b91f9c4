//! Mistakes of those who sign five fields.

use std::collections::BTreeSet;

use whimbrel_signing::seven::{self, Headers, Hints, Received, WINDOW_REQUESTS};
use whimbrel_signing::{Algorithm, Fault, Hash, Mistake, Secret, UnixSeconds, Verdict};

use crate::digests::{MD5, SHA1, SHA256, SHA512, base64, hex};
use crate::random::{ROUNDS, Random};

const NOW: i64 = 1_795_328_700;
const BASE: &str = "https://sms.example.com:8443";
const BASES: [&str; 2] = ["https://gateway.example.com", BASE];

struct Call {
    timestamp: i64,
    nonce: String,
    path: String,
    query: String,
    body: String,
    key: String,
    api_key: String,
}

/// A call in which every mistake shows: a body that libraries write in other ways, with `%` in it; a query with escapes.
fn call(random: &mut Random) -> Call {
    let (to, text) = (random.next() % 1000, random.text("abc "));
    Call {
        timestamp: NOW - 20 + i64::try_from(random.next() % 40).unwrap(),
        nonce: hex(&random.octets(16)),
        path: format!("/api/{}", random.text("abc")),
        query: format!("text={}%20b%2Cc+{}&x=%C3%BC", random.text("xy"), random.text("z")),
        body: format!(r#"{{ "to": "49170{to}", "text": "100% sure ü/{text}", "from": "sms77.io" }}"#),
        key: format!("aB{}", hex(&random.octets(15))),
        api_key: random.text("abcdefgh12345678") + "Z9",
    }
}

impl Call {
    fn url(&self) -> String {
        format!("{BASE}{}?{}", self.path, self.query)
    }

    fn hash(&self) -> String {
        hex(&(MD5.hash)(self.body.as_bytes()))
    }

    fn fields(&self) -> [String; 5] {
        [self.timestamp.to_string(), self.nonce.clone(), "POST".to_owned(), self.url(), self.hash()]
    }

    fn explain(&self, signature: &str) -> Verdict {
        let (timestamp, target) = (self.timestamp.to_string(), format!("{}?{}", self.path, self.query));
        let received = Received { method: "POST", bases: &BASES, path_and_query: &target, body: self.body.as_bytes() };
        let headers = Headers { timestamp: Some(&timestamp), nonce: Some(&self.nonce), signature: Some(signature) };
        let hints = Hints { api_key: Some(Secret::new(&self.api_key)) };
        seven::explain(&received, &headers, Secret::new(&self.key), WINDOW_REQUESTS, UnixSeconds(NOW), hints).verdict
    }

    /// The right fields with one replaced.
    fn with(&self, index: usize, field: impl Into<String>) -> String {
        let mut fields = self.fields();
        fields[index] = field.into();
        fields.join("\n")
    }

    fn with_body(&self, body: &str) -> String {
        self.with(4, hex(&(MD5.hash)(body.as_bytes())))
    }
}

/// What was signed in place of the right string.
fn string(call: &Call, mistake: Mistake) -> Option<String> {
    let (fields, url) = (call.fields(), call.url());
    let right = fields.join("\n");
    Some(match mistake {
        Mistake::NewlineAdded => right + "\n",
        Mistake::NewlineMissing => fields.concat(),
        Mistake::NewlineLiteral => fields.join("\\n"),
        Mistake::CarriageReturn => fields.join("\r\n"),
        Mistake::FieldsIndented => format!("  {}", fields.join("\n  ")),
        Mistake::FieldOrder => {
            [&fields[1], &fields[0], &fields[2], &fields[3], &fields[4]].map(String::as_str).join("\n")
        }
        // As bash does: `% s` is a text that was not given.
        Mistake::PrintfFormat => call.with_body(&call.body.replace("% s", "")),
        Mistake::BodyReserialised => call
            .with_body(&call.body.replace("{ ", "{").replace(" }", "}").replace("\": ", "\":").replace(", \"", ",\"")),
        Mistake::BodyEmpty => call.with_body(""),
        Mistake::BodyWithNewline => call.with_body(&format!("{}\n", call.body)),
        Mistake::BodyNotHashed => call.with(4, &call.body),
        Mistake::BodyHashOther => call.with(4, hex(&(SHA256.hash)(call.body.as_bytes()))),
        Mistake::FileNameKept => right + "  -",
        Mistake::HexInCapitals => call.with(4, call.hash().to_uppercase()),
        Mistake::MethodInSmallLetters => call.with(2, "post"),
        Mistake::OtherMethod => call.with(2, "GET"),
        Mistake::PathOnly => call.with(3, url.replace(BASE, "")),
        Mistake::OtherScheme => call.with(3, url.replace("https", "http")),
        Mistake::OtherHost => call.with(3, url.replace(BASE, "https://gateway.seven.io")),
        Mistake::OtherPort => call.with(3, url.replace(":8443", "")),
        Mistake::TrailingSlash => call.with(3, url.replace('?', "/?")),
        Mistake::QueryDropped => call.with(3, url.split('?').next().unwrap()),
        Mistake::QueryReencoded => call.with(3, url.replace('+', "%20")),
        Mistake::NonceMissing => [&fields[0], &fields[2], &fields[3], &fields[4]].map(String::as_str).join("\n"),
        Mistake::TimestampDiffers => call.with(0, (call.timestamp + 1).to_string()),
        Mistake::TimestampInMilliseconds => call.with(0, (call.timestamp * 1000).to_string()),
        _ => return None,
    })
}

/// Signatures of the right string, made otherwise.
fn signature(call: &Call, mistake: Mistake) -> Option<String> {
    let (string, key) = (call.fields().join("\n"), call.key.as_str());
    let by = |key: &str| (SHA256.hmac)(key.as_bytes(), string.as_bytes());
    let hash = |text: String| (SHA256.hash)(text.as_bytes());
    let good = by(key);
    let digest = match mistake {
        Mistake::SecretAppended => hash(format!("{string}{key}")),
        Mistake::SecretPrepended => hash(format!("{key}{string}")),
        Mistake::SecretMissing => hash(string),
        Mistake::KeyAndStringSwapped => (SHA256.hmac)(string.as_bytes(), key.as_bytes()),
        Mistake::SecretHashed => by(&hex(&(SHA256.hash)(key.as_bytes()))),
        Mistake::SecretWithNewline => by(&format!("{key}\n")),
        Mistake::SecretWithBlank => by(&format!(" {key}")),
        Mistake::SecretInOtherCase => by(&key.to_uppercase()),
        Mistake::ApiSecretUsed => by(&call.api_key),
        Mistake::OtherAlgorithm(Algorithm::Hmac(Hash::Sha512)) => (SHA512.hmac)(key.as_bytes(), string.as_bytes()),
        Mistake::OtherAlgorithm(Algorithm::Hmac(Hash::Sha1)) => (SHA1.hmac)(key.as_bytes(), string.as_bytes()),
        Mistake::Truncated => good[..16].to_vec(),
        Mistake::Base64ForHex => return Some(base64(&good)),
        Mistake::Base64OfHex => return Some(base64(hex(&good).as_bytes())),
        Mistake::PrefixAdded => return Some(format!("sha256={}", hex(&good))),
        _ => return None,
    };
    Some(hex(&digest))
}

#[test]
fn the_planted_mistake_is_named() {
    let others = [Algorithm::Hmac(Hash::Sha512), Algorithm::Hmac(Hash::Sha1)].map(Mistake::OtherAlgorithm);
    let mut named = BTreeSet::new();
    for seed in 0..ROUNDS {
        let call = call(&mut Random(seed));
        for mistake in Mistake::ALL.iter().copied().chain(others) {
            let of_string =
                string(&call, mistake).map(|string| hex(&(SHA256.hmac)(call.key.as_bytes(), string.as_bytes())));
            let Some(presented) = of_string.or_else(|| signature(&call, mistake)) else { continue };
            assert_eq!(call.explain(&presented), Verdict::Mistake(mistake), "seed {seed}, {}", mistake.name());
            named.insert(mistake.to_string());
        }
        let good = hex(&(SHA256.hmac)(call.key.as_bytes(), call.fields().join("\n").as_bytes()));
        assert_eq!(call.explain(&good), Verdict::Matches, "seed {seed}");
    }
    assert!(named.len() >= 40, "{} kinds", named.len());
}

#[test]
fn what_is_no_mistake_is_unknown() {
    for seed in 0..ROUNDS {
        let mut random = Random(seed);
        let call = call(&mut random);
        let by = |key: &str, string: &str| hex(&(SHA256.hmac)(key.as_bytes(), string.as_bytes()));
        let right = call.fields().join("\n");
        // Another key, chance, two mistakes at once, another body, a path that nobody called.
        for presented in [
            by("another key", &right),
            hex(&random.octets(32)),
            by(&call.key.to_uppercase(), &(right.clone() + "\n")),
            by(&call.key, &call.with_body("{}")),
            by(&call.key, &call.with(3, format!("{BASE}/other"))),
        ] {
            assert_eq!(call.explain(&presented), Verdict::Unknown, "seed {seed}: {presented}");
        }
        let malformed = Verdict::Malformed(Fault::Malformed("X-Signature"));
        assert_eq!(call.explain(&base64(&random.octets(32))), malformed, "seed {seed}");
        assert_eq!(call.explain(&hex(&random.octets(20))), malformed, "seed {seed}");
    }
}

#[test]
fn a_right_signature_outside_the_window_says_so() {
    let verdict = |timestamp: i64| {
        let call = Call { timestamp, ..call(&mut Random(1)) };
        call.explain(&hex(&(SHA256.hmac)(call.key.as_bytes(), call.fields().join("\n").as_bytes())))
    };
    assert_eq!(verdict(NOW - 31), Verdict::Malformed(Fault::TooOld { age_seconds: 31 }));
    assert_eq!(verdict(NOW * 1000), Verdict::Mistake(Mistake::TimestampInMilliseconds));
    // Nothing can be said of a signature whose time cannot be read.
    let call = call(&mut Random(1));
    let received = Received { method: "POST", bases: &BASES, path_and_query: "/", body: b"" };
    let headers = Headers { timestamp: None, nonce: Some("n"), signature: Some("00") };
    let key = Secret::new(&call.key);
    let explanation = seven::explain(&received, &headers, key, WINDOW_REQUESTS, UnixSeconds(NOW), Hints::default());
    assert_eq!(explanation.verdict, Verdict::Malformed(Fault::Malformed("X-Signature")));
    assert_eq!(explanation.expected, None);
}
