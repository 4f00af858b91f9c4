//! Mistakes of those who make tokens.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use whimbrel_signing::jwt::PublicKey;
use whimbrel_signing::jwt::application::{self, Keys};
use whimbrel_signing::jwt::webhook::{self, Hints, Payload, WINDOW_DEFAULT};
use whimbrel_signing::{Algorithm, Fault, Hash, Mistake, Secret, UnixSeconds, Verdict};

use crate::digests::{MD5, SHA1, SHA256, SHA512, hex};
use crate::random::{ROUNDS, Random};

const NOW: i64 = 1_795_328_700;
const PUBLIC: &str = include_str!("../keys/rfc7515_a2.spki.pem");
const RS256: &str = r#"{"alg":"RS256","typ":"JWT"}"#;
const HS256: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

fn url(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

/// The application's key and that of another; to read one takes longer than to sign.
static OWN: LazyLock<KeyPair> = LazyLock::new(|| pair(include_str!("../keys/rfc7515_a2.pkcs8.pem")));
static OTHER: LazyLock<KeyPair> = LazyLock::new(|| pair(include_str!("../keys/other.pkcs8.pem")));

static OWN_PUBLIC: LazyLock<PublicKey> = LazyLock::new(|| PublicKey::from_pem(PUBLIC).unwrap());
static OTHER_PUBLIC: LazyLock<PublicKey> =
    LazyLock::new(|| PublicKey::from_pem(include_str!("../keys/other.spki.pem")).unwrap());

fn pair(pem: &str) -> KeyPair {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    KeyPair::from_pkcs8(&STANDARD.decode(body).unwrap()).unwrap()
}

fn rsa(pair: &KeyPair, encoding: &'static dyn RsaEncoding, octets: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), octets, &mut signature).unwrap();
    signature
}

fn own(encoding: &'static dyn RsaEncoding, octets: &[u8]) -> Vec<u8> {
    rsa(&OWN, encoding, octets)
}

/// What an application's signer knows.
struct Application {
    claims: String,
    secret: String,
}

fn application(random: &mut Random) -> Application {
    let iat = NOW - 600 + i64::try_from(random.next() % 600).unwrap();
    Application {
        claims: claims(random, &format!("\"iat\":{iat},\"exp\":{}", iat + 900)),
        secret: random.text("abcdefgh") + "1234",
    }
}

fn claims(random: &mut Random, times: &str) -> String {
    let jti = hex(&random.octets(8));
    let sub = random.text("üabc");
    // `ÿ>?` and its like are `-` and `_` in base64url.
    format!(r#"{{"application_id":"78d335fa-323d-0114-9c3d-d6f0d48968cf",{times},"jti":"{jti}","sub":"{sub}ÿ>>>???"}}"#)
}

impl Application {
    fn explain(&self, token: &str) -> Verdict {
        let keys = Keys { key: &OWN_PUBLIC, others: &[&OTHER_PUBLIC], secrets: &[Secret::new(&self.secret)] };
        application::explain(token, keys, UnixSeconds(NOW)).verdict
    }

    fn token(&self, mistake: Mistake, random: &mut Random) -> Option<String> {
        let input = format!("{}.{}", url(RS256), url(&self.claims));
        let signed = input.as_bytes();
        let with = |signature: &[u8]| Some(format!("{input}.{}", url(signature)));
        let hmac_by = |key: &str| {
            let input = format!("{}.{}", url(HS256), url(&self.claims));
            Some(format!("{input}.{}", url((SHA256.hmac)(key.as_bytes(), input.as_bytes()))))
        };
        let with_claims = |claims: String| {
            let input = format!("{}.{}", url(RS256), url(claims));
            Some(format!("{input}.{}", url(own(&RSA_PKCS1_SHA256, input.as_bytes()))))
        };
        let good = own(&RSA_PKCS1_SHA256, signed);
        match mistake {
            Mistake::TokenUnsigned => Some(format!("{}.{}.", url(r#"{"alg":"none"}"#), url(&self.claims))),
            Mistake::TokenWrapped => Some(format!("Bearer {input}.{}\n", url(&good))),
            Mistake::PaddingAdded => Some(format!("{input}.{}==", url(&good))),
            Mistake::Base64ForBase64Url => Some(format!("{input}.{}", url(&good).replace('-', "+").replace('_', "/")))
                .filter(|token| token.contains(['+', '/'])),
            Mistake::PartsNotEncoded => with(&own(&RSA_PKCS1_SHA256, format!("{RS256}.{}", self.claims).as_bytes())),
            Mistake::HeaderNotSigned => with(&own(&RSA_PKCS1_SHA256, url(&self.claims).as_bytes())),
            Mistake::NewlineAdded => with(&own(&RSA_PKCS1_SHA256, format!("{input}\n").as_bytes())),
            Mistake::OtherKey => with(&rsa(&OTHER, &RSA_PKCS1_SHA256, signed)),
            Mistake::OtherAlgorithm(Algorithm::Rs384) => with(&own(&RSA_PKCS1_SHA384, signed)),
            Mistake::OtherAlgorithm(Algorithm::Rs512) => {
                let input = format!("{}.{}", url(r#"{"alg":"RS512","typ":"JWT"}"#), url(&self.claims));
                Some(format!("{input}.{}", url(own(&RSA_PKCS1_SHA512, input.as_bytes()))))
            }
            Mistake::OtherAlgorithm(Algorithm::Ps256) => with(&own(&RSA_PSS_SHA256, signed)),
            Mistake::Base64OfHex => with(hex(&good).as_bytes()),
            Mistake::HexForBase64 => Some(format!("{input}.{}", hex(&good))),
            Mistake::PublicKeyAsSecret => hmac_by(PUBLIC),
            Mistake::SecretForPrivateKey => hmac_by(&self.secret),
            Mistake::TimestampInMilliseconds => with_claims(claims(random, &format!("\"iat\":{}", NOW * 1000 - 5))),
            Mistake::LifetimeTooLong => {
                with_claims(claims(random, &format!("\"iat\":{},\"exp\":{}", NOW - 100_000, NOW + 100_000)))
            }
            Mistake::ExpiryMissing => with_claims(claims(random, &format!("\"iat\":{}", NOW - 1_000))),
            _ => None,
        }
    }
}

#[test]
fn the_mistake_planted_into_an_application_s_token_is_named() {
    let others = [Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256].map(Mistake::OtherAlgorithm);
    let mut named = BTreeSet::new();
    for seed in 0..ROUNDS {
        let mut random = Random(seed);
        let application = application(&mut random);
        for mistake in Mistake::ALL.iter().copied().chain(others) {
            let Some(token) = application.token(mistake, &mut random) else { continue };
            assert_eq!(application.explain(&token), Verdict::Mistake(mistake), "seed {seed}, {}", mistake.name());
            named.insert(mistake.to_string());
        }
        let input = format!("{}.{}", url(RS256), url(&application.claims));
        let good = format!("{input}.{}", url(own(&RSA_PKCS1_SHA256, input.as_bytes())));
        assert_eq!(application.explain(&good), Verdict::Matches, "seed {seed}");
        for signature in [random.octets(256), random.octets(32), own(&RSA_PKCS1_SHA256, b"something else")] {
            assert_eq!(application.explain(&format!("{input}.{}", url(signature))), Verdict::Unknown, "seed {seed}");
        }
    }
    assert!(named.len() >= 17, "{} kinds", named.len());
}

#[test]
fn what_is_wrong_with_an_application_s_claims_is_said() {
    let application = application(&mut Random(1));
    let verdict = |claims: &str| {
        let input = format!("{}.{}", url(RS256), url(claims));
        application.explain(&format!("{input}.{}", url(own(&RSA_PKCS1_SHA256, input.as_bytes()))))
    };
    let id = "\"application_id\":\"78d335fa-323d-0114-9c3d-d6f0d48968cf\"";
    let malformed = |fault| Verdict::Malformed(fault);
    assert_eq!(verdict(&format!("{{{id},\"jti\":\"1\"}}")), malformed(Fault::Missing("iat")));
    assert_eq!(verdict(&format!("{{\"iat\":{NOW},\"jti\":\"1\"}}")), malformed(Fault::Missing("application_id")));
    let ahead = verdict(&format!("{{{id},\"jti\":\"1\",\"iat\":{}}}", NOW + 3600));
    assert_eq!(ahead, malformed(Fault::TooNew { ahead_seconds: 3600 }));
    let early = verdict(&format!("{{{id},\"jti\":\"1\",\"iat\":{NOW},\"nbf\":{}}}", NOW + 100));
    assert_eq!(early, malformed(Fault::NotYetValid { ahead_seconds: 100 }));
    let late = verdict(&format!("{{{id},\"jti\":\"1\",\"iat\":{},\"exp\":{}}}", NOW - 500, NOW - 100));
    assert_eq!(late, malformed(Fault::Expired { ago_seconds: 100 }));
    assert_eq!(application.explain("abc"), malformed(Fault::Malformed("token")));
    let es256 = format!("{}.{}.{}", url(r#"{"alg":"ES256"}"#), url(&application.claims), url([0; 64]));
    assert_eq!(application.explain(&es256), malformed(Fault::AlgorithmRefused));
}

/// What a webhook's signer knows.
struct Hook {
    body: String,
    secret: String,
    api_secret: String,
    iat: i64,
}

fn hook(random: &mut Random) -> Hook {
    Hook {
        body: format!(r#"{{"message_uuid":"{}","text":"{}ü/"}}"#, hex(&random.octets(8)), random.text("abc ")),
        secret: format!("aB{}", hex(&random.octets(15))),
        api_secret: random.text("abcdefgh12345678") + "Z9",
        iat: NOW - i64::try_from(random.next() % 300).unwrap(),
    }
}

impl Hook {
    fn claims(&self, payload_hash: &str) -> String {
        format!(
            r#"{{"iat":{},"jti":"1","iss":"Vonage","payload_hash":"{payload_hash}","api_key":"abcd1234"}}"#,
            self.iat
        )
    }

    fn explain(&self, token: &str) -> Verdict {
        let hints = Hints { api_secret: Some(Secret::new(&self.api_secret)) };
        let payload = Payload::Body(self.body.as_bytes());
        webhook::explain(token, payload, Secret::new(&self.secret), WINDOW_DEFAULT, UnixSeconds(NOW), hints).verdict
    }

    /// A token that is right but for the hash of the payload.
    fn hashed(&self, payload_hash: &str) -> String {
        let input = format!("{}.{}", url(HS256), url(self.claims(payload_hash)));
        format!("{input}.{}", url((SHA256.hmac)(self.secret.as_bytes(), input.as_bytes())))
    }

    fn token(&self, mistake: Mistake) -> Option<String> {
        let sha256 = |text: &str| hex(&(SHA256.hash)(text.as_bytes()));
        let input = format!("{}.{}", url(HS256), url(self.claims(&sha256(&self.body))));
        let with = |signature: Vec<u8>| Some(format!("{input}.{}", url(signature)));
        let by = |key: &[u8]| with((SHA256.hmac)(key, input.as_bytes()));
        let good = (SHA256.hmac)(self.secret.as_bytes(), input.as_bytes());
        let of_hash = |hash: String| Some(self.hashed(&hash));
        match mistake {
            Mistake::TokenUnsigned => Some(format!("{}.{}.", url(r#"{"alg":"none"}"#), url(self.claims("00")))),
            Mistake::TokenWrapped => Some(format!("\"{input}.{}\"", url(&good))),
            Mistake::PaddingAdded => Some(format!("{input}.{}=", url(&good))),
            Mistake::PartsNotEncoded => {
                let text = format!("{HS256}.{}", self.claims(&sha256(&self.body)));
                with((SHA256.hmac)(self.secret.as_bytes(), text.as_bytes()))
            }
            Mistake::OtherAlgorithm(Algorithm::Hmac(Hash::Sha512)) => {
                with((SHA512.hmac)(self.secret.as_bytes(), input.as_bytes()))
            }
            Mistake::SecretDecoded => by(&self.secret_decoded()),
            Mistake::SecretWithNewline => by(format!("{}\n", self.secret).as_bytes()),
            Mistake::SecretHashed => by(&(SHA256.hash)(self.secret.as_bytes())),
            Mistake::ApiSecretUsed => by(self.api_secret.as_bytes()),
            Mistake::KeyAndStringSwapped => with((SHA256.hmac)(input.as_bytes(), self.secret.as_bytes())),
            Mistake::HexForBase64 => Some(format!("{input}.{}", hex(&good))),
            Mistake::Base64OfHex => with(hex(&good).into_bytes()),
            Mistake::BodyReserialised => of_hash(sha256(&self.body.replace("\":", "\": ").replace(",\"", ", \""))),
            Mistake::BodyEmpty => of_hash(sha256("")),
            Mistake::BodyWithNewline => of_hash(sha256(&format!("{}\n", self.body))),
            Mistake::BodyHashOther => of_hash(hex(&(MD5.hash)(self.body.as_bytes()))),
            Mistake::TimestampInMilliseconds => {
                Some(Self { iat: self.iat * 1000, body: self.body.clone(), ..hook(&mut Random(0)) })
                    .map(|hook| Self { secret: self.secret.clone(), ..hook }.hashed(&sha256(&self.body)))
            }
            _ => None,
        }
    }

    fn secret_decoded(&self) -> Vec<u8> {
        self.secret
            .as_bytes()
            .chunks(2)
            .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
            .collect()
    }
}

#[test]
fn the_mistake_planted_into_a_webhook_s_token_is_named() {
    let other = Mistake::OtherAlgorithm(Algorithm::Hmac(Hash::Sha512));
    let mut named = BTreeSet::new();
    for seed in 0..ROUNDS {
        let mut random = Random(seed);
        let hook = hook(&mut random);
        for mistake in Mistake::ALL.iter().copied().chain([other]) {
            let Some(token) = hook.token(mistake) else { continue };
            assert_eq!(hook.explain(&token), Verdict::Mistake(mistake), "seed {seed}, {}", mistake.name());
            named.insert(mistake.to_string());
        }
        let right = hex(&(SHA256.hash)(hook.body.as_bytes()));
        assert_eq!(hook.explain(&hook.hashed(&right)), Verdict::Matches, "seed {seed}");
        let other_body = Verdict::Malformed(Fault::OtherBody);
        assert_eq!(hook.explain(&hook.hashed(&hex(&random.octets(32)))), other_body, "seed {seed}");
        let input = format!("{}.{}", url(HS256), url(hook.claims(&right)));
        for signature in
            [random.octets(32), (SHA1.hmac)(b"another", input.as_bytes()), (SHA256.hmac)(b"another", input.as_bytes())]
        {
            assert_eq!(hook.explain(&format!("{input}.{}", url(signature))), Verdict::Unknown, "seed {seed}");
        }
    }
    assert!(named.len() >= 17, "{} kinds", named.len());
}

#[test]
fn a_query_that_was_hashed_as_text_is_named() {
    let query = [("to", "442079460000"), ("text", "a b&c ü")];
    let text = "to=442079460000&text=a%20b%26c%20%C3%BC";
    let hook = hook(&mut Random(1));
    let verdict = |hash: &str| {
        let secret = Secret::new(&hook.secret);
        let token = hook.hashed(hash);
        webhook::explain(&token, Payload::Query(&query), secret, WINDOW_DEFAULT, UnixSeconds(NOW), Hints::default())
            .verdict
    };
    assert_eq!(verdict(&hex(&(SHA256.hash)(text.as_bytes()))), Verdict::Mistake(Mistake::QueryHashedAsText));
    assert_eq!(verdict(&hex(&(SHA256.hash)(b""))), Verdict::Mistake(Mistake::BodyEmpty));
    assert_eq!(verdict(&hex(&(SHA256.hash)(r#"{"to":"442079460000","text":"a b&c ü"}"#.as_bytes()))), Verdict::Matches);
}
