//! Mistakes of those who sign parameters.

use std::collections::BTreeSet;

use whimbrel_signing::nexmo::{self, Hints, Method, PYTHON_UNSET, Parameters, Policy};
use whimbrel_signing::{Algorithm, Fault, Hash, Mistake, Secret, UnixSeconds, Verdict};

use crate::digests::{self, MD5, SHA1, SHA256, SHA512, base64, hex};
use crate::random::{ROUNDS, Random};

const NOW: i64 = 1_795_328_700;

/// A request before it is signed, and what its signer knows.
struct Request {
    /// In the order of sending, which is not that of the names.
    pairs: Vec<(String, String)>,
    method: Method,
    secret: String,
    api_secret: String,
}

/// A request in which every mistake shows: values with `&`, `=`, `+`, blanks, escapes and Latin-1, a blank value, a boolean,
/// names whose order depends on how they are sorted.
fn request(random: &mut Random) -> Request {
    let mut pairs = vec![
        ("to", format!(" {}", 447_700_900_000 + random.next() % 1000)),
        ("from", random.text("abcXYZ")),
        ("text", format!("{}&b=c {}+ é %41 {} ", random.text("abc "), random.text("öäü+ "), random.text("xyz"))),
        ("concat-ref", random.text("0123456789")),
        ("concat", "true".to_owned()),
        ("Zeta", random.text("zZ")),
        ("a&b", random.text("ab")),
        ("client-ref", String::new()),
        ("api_key", format!("key{:05}", random.next() % 100_000)),
        ("timestamp", (NOW - 200 + i64::try_from(random.next() % 400).unwrap()).to_string()),
    ];
    let turn = 1 + random.below(pairs.len() - 1);
    pairs.rotate_left(turn);
    let secret = format!("aB{}", hex(&random.octets(15)));
    let api_secret = random.text("abcdefgh12345678") + "Z9";
    let pairs = pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Request { pairs, method: random.pick(Method::ALL), secret, api_secret }
}

impl Request {
    fn sorted(&self) -> Vec<(String, String)> {
        let mut pairs = self.pairs.clone();
        pairs.sort();
        pairs
    }

    fn algorithm(&self) -> digests::Algorithm {
        match self.method {
            Method::Md5Hash | Method::Md5 => MD5,
            Method::Sha1 => SHA1,
            Method::Sha256 => SHA256,
            Method::Sha512 => SHA512,
        }
    }

    fn sign(&self, string: &[u8], secret: &[u8]) -> Vec<u8> {
        match self.method {
            Method::Md5Hash => (MD5.hash)(&[string, secret].concat()),
            _ => (self.algorithm().hmac)(secret, string),
        }
    }

    fn explain(&self, sig: &str) -> Verdict {
        let pairs = self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let parameters = Parameters::new(pairs.chain([("sig", sig)])).unwrap();
        let hints = Hints { api_secret: Some(Secret::new(&self.api_secret)) };
        let policy = Policy::new(self.method);
        nexmo::explain(&parameters, Secret::new(&self.secret), &policy, UnixSeconds(NOW), hints).verdict
    }
}

fn clean(value: &str) -> String {
    value.replace(['&', '='], "_")
}

fn join(pairs: &[(String, String)], value: impl Fn(&str) -> String) -> String {
    pairs.iter().map(|(name, text)| format!("&{name}={}", value(text))).collect()
}

fn right(request: &Request) -> String {
    join(&request.sorted(), clean)
}

fn add(request: &Request, more: &[(&str, &str)]) -> String {
    let mut pairs = request.pairs.clone();
    for (name, value) in more {
        if pairs.iter().all(|(other, _)| other != name) {
            pairs.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    pairs.sort();
    join(&pairs, clean)
}

fn without(request: &Request, name: &str) -> String {
    join(&request.sorted().into_iter().filter(|(other, _)| other != name).collect::<Vec<_>>(), clean)
}

fn encode(text: &str, blank: &str, kept: &str) -> String {
    let octet = |octet: u8| match octet {
        b' ' => blank.to_owned(),
        octet if octet.is_ascii_alphanumeric() || kept.as_bytes().contains(&octet) => char::from(octet).to_string(),
        octet => format!("%{octet:02X}"),
    };
    text.bytes().map(octet).collect()
}

/// Strings that are signed instead of the right one.
fn string(request: &Request, mistake: Mistake) -> Option<Vec<u8>> {
    let sorted = request.sorted();
    let timestamp: i64 = sorted.iter().find(|(name, _)| name == "timestamp").unwrap().1.parse().unwrap();
    let with_time =
        |time: i64| right(request).replace(&format!("&timestamp={timestamp}"), &format!("&timestamp={time}"));
    let all = |text: &str| add(request, &PYTHON_UNSET[1..].iter().map(|name| (*name, text)).collect::<Vec<_>>());
    let text = match mistake {
        Mistake::SeparatorsKept => join(&sorted, str::to_owned),
        Mistake::AmpersandKept => join(&sorted, |text| text.replace('=', "_")),
        Mistake::EqualsKept => join(&sorted, |text| text.replace('&', "_")),
        Mistake::SeparatorsRemoved => join(&sorted, |text| text.replace(['&', '='], "")),
        Mistake::AllSeparatorsReplaced => clean(&join(&sorted, |text| encode(text, "+", "-_.!~*'()")))[1..].to_owned(),
        Mistake::NamesReplaced => {
            sorted.iter().map(|(name, text)| format!("&{}={}", clean(name), clean(text))).collect()
        }
        Mistake::NoLeadingAmpersand => right(request)[1..].to_owned(),
        Mistake::AmpersandAfter => sorted.iter().map(|(name, text)| format!("{name}={}&", clean(text))).collect(),
        Mistake::NewlineAdded => right(request) + "\n",
        Mistake::SeparatorsMissing => sorted.iter().map(|(name, text)| format!("{name}{}", clean(text))).collect(),
        Mistake::ValuesOnly => sorted.iter().map(|(_, text)| clean(text)).collect(),
        Mistake::SortedByPair => {
            let mut joined: Vec<_> = sorted.iter().map(|(name, text)| format!("&{name}={}", clean(text))).collect();
            joined.sort();
            joined.concat()
        }
        Mistake::SortedIgnoringCase => {
            let mut pairs = sorted;
            pairs.sort_by_key(|(name, _)| name.to_ascii_lowercase());
            join(&pairs, clean)
        }
        Mistake::SortedBackwards => join(&sorted.into_iter().rev().collect::<Vec<_>>(), clean),
        Mistake::NotSorted => join(&request.pairs, clean),
        Mistake::BlanksLeftOut => without(request, "client-ref"),
        Mistake::TimestampNotSigned => without(request, "timestamp"),
        Mistake::KeyNotSigned => without(request, "api_key"),
        Mistake::SignatureSigned => add(request, &[("sig", "")]),
        Mistake::ValuesEncoded => join(&sorted, |text| encode(text, "%20", "-_.~")),
        Mistake::ValuesEncodedWithPlus => join(&sorted, |text| encode(text, "+", "-_.*")),
        Mistake::DecodedTwice => join(&sorted, |text| clean(&text.replace("%41", "A"))),
        Mistake::PlusSentRaw => join(&sorted, |text| clean(&text.replace(' ', "+"))),
        Mistake::CharactersReplaced => join(&sorted, |text| {
            clean(text).chars().map(|letter| if letter.is_ascii() { letter } else { '?' }).collect()
        }),
        Mistake::WrongCharset => return Some(right(request).chars().map(|letter| letter as u8).collect()),
        Mistake::ValuesTrimmed => join(&sorted, |text| clean(text.trim())),
        Mistake::BooleanSpelling => join(&sorted, |text| clean(if text == "true" { "True" } else { text })),
        Mistake::UnsetAsNone => add(request, &PYTHON_UNSET.iter().map(|name| (*name, "None")).collect::<Vec<_>>()),
        Mistake::UnsetAsNull => all("null"),
        Mistake::UnsetAsUndefined => add(request, &[("callback", "undefined")]),
        Mistake::UnsetAsBlank => add(request, &[("ttl", "")]),
        Mistake::TimestampDiffers => with_time(timestamp + 1),
        Mistake::TimestampInMilliseconds => with_time(timestamp * 1000),
        _ => return None,
    };
    Some(text.into_bytes())
}

/// Signatures of the right string, made otherwise.
fn signature(request: &Request, mistake: Mistake) -> Option<String> {
    let (string, secret, algorithm) = (right(request), request.secret.as_str(), request.algorithm());
    let by = |secret: &str| request.sign(string.as_bytes(), secret.as_bytes());
    let hash = |text: String| (algorithm.hash)(text.as_bytes());
    let good = by(secret);
    let digest = match mistake {
        Mistake::SecretPrepended => hash(format!("{secret}{string}")),
        Mistake::SecretMissing => hash(string),
        Mistake::SecretJoinedWithAmpersand => hash(format!("{string}&{secret}")),
        Mistake::SecretAppended => hash(format!("{string}{secret}")),
        Mistake::KeyAndStringSwapped => (algorithm.hmac)(string.as_bytes(), secret.as_bytes()),
        Mistake::SecretHashed => by(&hex(&(MD5.hash)(secret.as_bytes()))),
        Mistake::SecretWithNewline => by(&format!("{secret}\n")),
        Mistake::SecretWithBlank => by(&format!(" {secret}")),
        Mistake::SecretInOtherCase => by(&secret.to_uppercase()),
        Mistake::SecretDecoded => request.sign(string.as_bytes(), &octets_of_hex(secret)),
        Mistake::ApiSecretUsed => by(&request.api_secret),
        Mistake::OtherAlgorithm(Algorithm::Hmac(Hash::Sha256)) => (SHA256.hmac)(secret.as_bytes(), string.as_bytes()),
        Mistake::OtherAlgorithm(Algorithm::Hmac(Hash::Md5)) => (MD5.hmac)(secret.as_bytes(), string.as_bytes()),
        Mistake::OtherAlgorithm(Algorithm::Suffixed(Hash::Md5)) => (MD5.hash)(format!("{string}{secret}").as_bytes()),
        Mistake::Truncated => good[..good.len() / 2].to_vec(),
        Mistake::Base64ForHex => return Some(base64(&good)),
        Mistake::Base64OfHex => return Some(base64(hex(&good).as_bytes())),
        Mistake::PrefixAdded => return Some(format!("{}={}", request.method, hex(&good))),
        Mistake::SignatureWithBlank => return Some(hex(&good).to_uppercase() + "\n"),
        _ => return None,
    };
    Some(hex(&digest))
}

fn octets_of_hex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

/// Whether the mistake makes a difference under the request's method.
fn applies(request: &Request, mistake: Mistake) -> bool {
    match (mistake, request.method) {
        (Mistake::SecretAppended, method) => method > Method::Md5,
        (Mistake::SecretPrepended | Mistake::SecretMissing | Mistake::SecretJoinedWithAmpersand, _) => true,
        (Mistake::OtherAlgorithm(Algorithm::Hmac(Hash::Sha256)), method) => method != Method::Sha256,
        (Mistake::OtherAlgorithm(Algorithm::Hmac(Hash::Md5)), method) => method != Method::Md5,
        (Mistake::OtherAlgorithm(Algorithm::Suffixed(Hash::Md5)), method) => method != Method::Md5Hash,
        _ => true,
    }
}

fn mistakes() -> impl Iterator<Item = Mistake> {
    let algorithms = [Algorithm::Hmac(Hash::Sha256), Algorithm::Hmac(Hash::Md5), Algorithm::Suffixed(Hash::Md5)];
    Mistake::ALL.iter().copied().chain(algorithms.map(Mistake::OtherAlgorithm))
}

#[test]
fn the_planted_mistake_is_named() {
    let mut named = BTreeSet::new();
    for seed in 0..ROUNDS {
        let request = request(&mut Random(seed));
        for mistake in mistakes().filter(|mistake| applies(&request, *mistake)) {
            let of_string =
                string(&request, mistake).map(|string| hex(&request.sign(&string, request.secret.as_bytes())));
            let Some(sig) = of_string.or_else(|| signature(&request, mistake)) else { continue };
            let method = request.method;
            assert_eq!(request.explain(&sig), Verdict::Mistake(mistake), "seed {seed}, {method}, {}", mistake.name());
            named.insert(mistake.to_string());
        }
        let good = hex(&request.sign(right(&request).as_bytes(), request.secret.as_bytes()));
        assert_eq!(request.explain(&good), Verdict::Matches, "seed {seed}");
    }
    assert!(named.len() >= 45, "{} kinds", named.len());
}

#[test]
fn what_is_no_mistake_is_unknown() {
    for seed in 0..ROUNDS {
        let mut random = Random(seed);
        let mut request = request(&mut random);
        let string = right(&request);
        let by = |secret: &str| hex(&request.sign(string.as_bytes(), secret.as_bytes()));
        let length = by("").len() / 2;
        for sig in [by("another secret"), hex(&random.octets(length)), hex(&random.octets(20))] {
            assert_eq!(request.explain(&sig), Verdict::Unknown, "seed {seed}: {sig}");
        }
        let text = base64(&random.octets(length));
        assert_eq!(request.explain(&text), Verdict::Malformed(Fault::Malformed("sig")), "seed {seed}: {text}");
        // A beginning that might be met by chance is not called one.
        assert_eq!(request.explain(&by(&request.secret)[..8]), Verdict::Unknown, "seed {seed}");
        // Two mistakes at once are neither.
        let two = join(&request.pairs, str::to_owned);
        let sig = hex(&request.sign(two.as_bytes(), request.secret.to_uppercase().as_bytes()));
        assert_eq!(request.explain(&sig), Verdict::Unknown, "seed {seed}");
        // A request that was changed on its way.
        let sig = by(&request.secret);
        request.pairs[0].1.push('0');
        let expected = match request.pairs[0].0.as_str() {
            "timestamp" => Verdict::Malformed(Fault::TooNew { ahead_seconds: 0 }),
            _ => Verdict::Unknown,
        };
        let found = request.explain(&sig);
        assert_eq!(std::mem::discriminant(&found), std::mem::discriminant(&expected), "seed {seed}: {found:?}");
    }
}

#[test]
fn a_right_signature_outside_the_window_says_so() {
    let request = |timestamp: &str| Request {
        pairs: vec![("text".into(), "Hello".into()), ("timestamp".into(), timestamp.into())],
        method: Method::Md5Hash,
        secret: "s3cret".into(),
        api_secret: String::new(),
    };
    let verdict = |timestamp: &str| {
        let request = request(timestamp);
        request.explain(&hex(&request.sign(right(&request).as_bytes(), b"s3cret")))
    };
    assert_eq!(verdict(&NOW.to_string()), Verdict::Matches);
    assert_eq!(verdict(&(NOW - 301).to_string()), Verdict::Malformed(Fault::TooOld { age_seconds: 301 }));
    assert_eq!(verdict(&(NOW * 1000).to_string()), Verdict::Mistake(Mistake::TimestampInMilliseconds));
    assert_eq!(verdict(""), Verdict::Malformed(Fault::Missing("timestamp")));
    assert_eq!(verdict("soon"), Verdict::Malformed(Fault::Malformed("timestamp")));
    assert_eq!(request("1").explain(""), Verdict::Malformed(Fault::Missing("sig")));
    // Unreadable, and nothing that is known makes it so.
    assert_eq!(request("1795328700").explain("not digits"), Verdict::Malformed(Fault::Malformed("sig")));
}
