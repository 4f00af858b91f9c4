//! Mistakes of those who sign requests by OAuth 1.0a.

use std::collections::BTreeSet;

use whimbrel_signing::oauth1::{self, Hints, Keys, Parameters, Policy};
use whimbrel_signing::{Algorithm, Fault, Hash, Mistake, Secret, UnixSeconds, Verdict};

use crate::digests::{SHA1, SHA256, base64, hex};
use crate::random::{ROUNDS, Random};

const NOW: i64 = 1_795_328_700;
const UNRESERVED: &str = "-._~";

/// A request before it is signed.
struct Request {
    method: &'static str,
    scheme: &'static str,
    path: String,
    query: Vec<(String, String)>,
    form: Vec<(String, String)>,
    protocol: Vec<(String, String)>,
    consumer: String,
    token: String,
}

fn pair(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

/// A request in which every mistake shows: marks that are encoded here and not there, a name twice, a name that is sorted
/// otherwise once it is encoded, an empty value, Latin-1.
fn request(random: &mut Random) -> Request {
    let timestamp = NOW - 200 + i64::try_from(random.next() % 400).unwrap();
    let text = format!("{} {}*!'()~&=+é%2F{}", random.text("abc"), random.text("öä "), random.text("xyz/"));
    Request {
        method: random.pick(&["GET", "POST"]),
        scheme: random.pick(&["http", "https"]),
        path: format!("/sms/{}", random.text("abc/") + "json"),
        query: vec![
            pair("to", random.text("0123456789")),
            pair("é", "1"),
            pair("z", "2"),
            pair("z", "1"),
            pair("Zeta", ""),
        ],
        form: vec![pair("text", text), pair("from", random.text("abcXYZ ")), pair("a", "1"), pair("a-b", "2")],
        protocol: vec![
            pair("oauth_version", "1.0"),
            pair("oauth_consumer_key", random.text("abcdef0123")),
            pair("oauth_token", random.text("abcdef0123")),
            pair("oauth_signature_method", "HMAC-SHA1"),
            pair("oauth_timestamp", timestamp.to_string()),
            pair("oauth_nonce", hex(&random.octets(8))),
        ],
        consumer: format!("aB/{}", hex(&random.octets(8))),
        token: format!("cD+{}", hex(&random.octets(8))),
    }
}

/// How a signer goes about it; the right way, until a mistake changes it.
struct Signer {
    method: String,
    address: String,
    pairs: Vec<(String, String)>,
    /// Encodes a name or value.
    inner: fn(&str) -> String,
    /// Encodes address and parameters as wholes.
    outer: fn(&str) -> String,
    sort: fn(&mut Vec<(String, String)>),
    after: &'static str,
    key: String,
}

impl Request {
    fn signer(&self) -> Signer {
        let encoded = |text: &str| encode(text, "%20", UNRESERVED);
        Signer {
            method: self.method.to_owned(),
            address: format!("{}://example.com:8080{}", self.scheme, self.path),
            pairs: [self.protocol.clone(), self.query.clone(), self.form.clone()].concat(),
            inner: encoded,
            outer: encoded,
            sort: |pairs| pairs.sort(),
            after: "",
            key: format!("{}&{}", encoded(&self.consumer), encoded(&self.token)),
        }
    }

    fn url(&self) -> String {
        format!("{}://Example.com:8080{}?{}", self.scheme, self.path, form(&self.query))
    }

    fn explain(&self, signature: &str) -> Verdict {
        let strict = |text: &str| encode(text, "%20", UNRESERVED);
        let mut header = String::from("OAuth realm=\"SMS\"");
        for (name, value) in self.protocol.iter().chain([&pair("oauth_signature", signature)]) {
            header += &format!(", {name}=\"{}\"", strict(value));
        }
        let (url, body) = (self.url(), form(&self.form));
        let request = oauth1::Request {
            method: self.method,
            url: &url,
            authorization: Some(&header),
            form: Some(body.as_bytes()),
        };
        let parameters = Parameters::read(&request).unwrap();
        let keys = Keys { consumer: Secret::new(&self.consumer), token: Some(Secret::new(&self.token)) };
        let hints = Hints { origins: &["https://rest.example.net"] };
        oauth1::explain(&parameters, keys, &Policy::default(), UnixSeconds(NOW), hints).verdict
    }
}

impl Signer {
    fn base(&self) -> String {
        let mut pairs: Vec<_> =
            self.pairs.iter().map(|(name, value)| ((self.inner)(name), (self.inner)(value))).collect();
        (self.sort)(&mut pairs);
        let normalised: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let wholes = [(self.outer)(&self.address), (self.outer)(&normalised.join("&"))];
        format!("{}&{}&{}{}", self.method, wholes[0], wholes[1], self.after)
    }

    fn sign(&self) -> String {
        base64(&(SHA1.hmac)(self.key.as_bytes(), self.base().as_bytes()))
    }

    fn drop_pair(mut self, name: &str) -> Self {
        self.pairs.retain(|(other, _)| other != name);
        self
    }
}

fn encode(text: &str, blank: &str, kept: &str) -> String {
    let octet = |octet: u8| match octet {
        b' ' => blank.to_owned(),
        octet if octet.is_ascii_alphanumeric() || kept.as_bytes().contains(&octet) => char::from(octet).to_string(),
        octet => format!("%{octet:02X}"),
    };
    text.bytes().map(octet).collect()
}

fn form(pairs: &[(String, String)]) -> String {
    let encoded = |text: &str| encode(text, "+", "-._*");
    pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect::<Vec<_>>().join("&")
}

/// A signer who makes this mistake before the digest is taken.
fn signer(request: &Request, mistake: Mistake) -> Option<Signer> {
    let mut signer = request.signer();
    let strict = |text: &str| encode(text, "%20", UNRESERVED);
    let (consumer, token) = (request.consumer.as_str(), request.token.as_str());
    match mistake {
        Mistake::OtherMethod => signer.method = "PUT".to_owned(),
        Mistake::MethodInSmallLetters => signer.method = signer.method.to_lowercase(),
        Mistake::NewlineAdded => signer.after = "\n",
        Mistake::OtherScheme => {
            let other = if request.scheme == "http" { "https" } else { "http" };
            signer.address = format!("{other}://example.com:8080{}", request.path);
        }
        Mistake::OtherPort => signer.address = format!("{}://example.com{}", request.scheme, request.path),
        Mistake::OtherHost => signer.address = format!("https://rest.example.net{}", request.path),
        Mistake::OtherPath => signer.address = format!("{}://example.com:8080/", request.scheme),
        Mistake::PathOnly => signer.address.clone_from(&request.path),
        Mistake::TrailingSlash => signer.address.push('/'),
        Mistake::QueryKept => signer.address += &format!("?{}", form(&request.query)),
        Mistake::QueryNotSigned => signer.pairs.retain(|pair| !request.query.contains(pair)),
        Mistake::BodyNotSigned => signer.pairs.retain(|pair| !request.form.contains(pair)),
        Mistake::TimestampNotSigned => signer = signer.drop_pair("oauth_timestamp"),
        Mistake::NonceMissing => signer = signer.drop_pair("oauth_nonce"),
        Mistake::KeyNotSigned => signer = signer.drop_pair("oauth_consumer_key"),
        Mistake::TokenNotSigned => signer = signer.drop_pair("oauth_token"),
        Mistake::VersionNotSigned => signer = signer.drop_pair("oauth_version"),
        Mistake::BlanksLeftOut => signer = signer.drop_pair("Zeta"),
        Mistake::SignatureSigned => signer.pairs.push(pair("oauth_signature", "")),
        Mistake::RealmSigned => signer.pairs.push(pair("realm", "SMS")),
        Mistake::PlusForBlank => signer.inner = |text| encode(text, "+", UNRESERVED),
        Mistake::ReservedNotEncoded => signer.inner = |text| encode(text, "%20", "-._~!*'()"),
        Mistake::UnreservedEncoded => signer.inner = |text| encode(text, "%20", "-._"),
        Mistake::EscapesInSmallLetters => {
            signer.inner = |text| text.split_inclusive(|_: char| true).map(small_escapes).collect();
        }
        Mistake::EncodedOnce => signer.inner = str::to_owned,
        Mistake::EncodedThrice => signer.inner = |text| encode(&encode(text, "%20", UNRESERVED), "%20", UNRESERVED),
        Mistake::WholeNotEncoded => signer.outer = str::to_owned,
        Mistake::NotSorted => signer.sort = |_| {},
        Mistake::SortedBackwards => signer.sort = |pairs| pairs.sort_by(|one, other| other.cmp(one)),
        Mistake::SortedByNameAlone => signer.sort = |pairs| pairs.sort_by(|one, other| one.0.cmp(&other.0)),
        Mistake::SortedByPair => signer.sort = |pairs| pairs.sort_by_key(|(name, value)| format!("{name}={value}")),
        Mistake::SortedIgnoringCase => {
            signer.sort = |pairs| {
                pairs.sort();
                pairs.sort_by_key(|(name, _)| name.to_lowercase());
            }
        }
        Mistake::SortedBeforeEncoding => {
            signer.pairs.sort();
            signer.sort = |_| {};
        }
        Mistake::TimestampDiffers => shift(&mut signer, |seconds| seconds - 1),
        Mistake::TimestampInMilliseconds => shift(&mut signer, |seconds| seconds * 1000),
        Mistake::TokenSecretMissing => signer.key = format!("{}&", strict(consumer)),
        Mistake::ConsumerSecretMissing => signer.key = format!("&{}", strict(token)),
        Mistake::KeyAmpersandMissing => signer.key = strict(consumer) + &strict(token),
        Mistake::KeySecretsSwapped => signer.key = format!("{}&{}", strict(token), strict(consumer)),
        Mistake::KeyNotEncoded => signer.key = format!("{consumer}&{token}"),
        Mistake::KeyEncodedTwice => signer.key = format!("{}&{}", strict(&strict(consumer)), strict(&strict(token))),
        Mistake::SecretWithNewline => signer.key = format!("{}%0A&{}", strict(consumer), strict(token)),
        Mistake::SecretInOtherCase => {
            signer.key = format!("{}&{}", strict(&consumer.to_uppercase()), strict(&token.to_uppercase()));
        }
        _ => return None,
    }
    Some(signer)
}

fn small_escapes(letter: &str) -> String {
    let encoded = encode(letter, "%20", UNRESERVED);
    if encoded.starts_with('%') { encoded.to_lowercase() } else { encoded }
}

fn shift(signer: &mut Signer, by: fn(i64) -> i64) {
    let timestamp = signer.pairs.iter_mut().find(|(name, _)| name == "oauth_timestamp").unwrap();
    timestamp.1 = by(timestamp.1.parse().unwrap()).to_string();
}

/// Signatures of the right base string, made otherwise.
fn signature(request: &Request, mistake: Mistake) -> Option<String> {
    let right = request.signer();
    let (base, key, good) = (right.base(), right.key.as_str(), right.sign());
    let digest = (SHA1.hmac)(key.as_bytes(), base.as_bytes());
    Some(match mistake {
        Mistake::SecretAppended => base64(&(SHA1.hash)(format!("{base}{key}").as_bytes())),
        Mistake::SecretPrepended => base64(&(SHA1.hash)(format!("{key}{base}").as_bytes())),
        Mistake::SecretMissing => base64(&(SHA1.hash)(base.as_bytes())),
        Mistake::KeyAndStringSwapped => base64(&(SHA1.hmac)(base.as_bytes(), key.as_bytes())),
        Mistake::OtherAlgorithm(Algorithm::Hmac(Hash::Sha256)) => {
            base64(&(SHA256.hmac)(key.as_bytes(), base.as_bytes()))
        }
        Mistake::HexForBase64 => hex(&digest),
        Mistake::Base64OfHex => base64(hex(&digest).as_bytes()),
        Mistake::PaddingMissing => good.trim_end_matches('=').to_owned(),
        Mistake::SignatureEncodedTwice => encode(&good, "%20", UNRESERVED),
        Mistake::Base64Url => good.replace('+', "-").replace('/', "_"),
        Mistake::PlusSentRaw => good.replace('+', " "),
        Mistake::SignatureWithBlank => good + "\n",
        _ => return None,
    })
}

fn mistakes() -> impl Iterator<Item = Mistake> {
    let algorithms = [Mistake::OtherAlgorithm(Algorithm::Hmac(Hash::Sha256))];
    Mistake::ALL.iter().copied().chain(algorithms)
}

#[test]
fn the_planted_mistake_is_named() {
    let mut named = BTreeSet::new();
    for seed in 0..ROUNDS {
        let request = request(&mut Random(seed));
        let good = request.signer().sign();
        assert_eq!(request.explain(&good), Verdict::Matches, "seed {seed}");
        for mistake in mistakes() {
            let signed = signer(&request, mistake).map(|signer| signer.sign()).or_else(|| signature(&request, mistake));
            // Where a signature has no `+` or `/`, some mistakes change nothing.
            let Some(signed) = signed.filter(|signed| *signed != good) else { continue };
            assert_eq!(request.explain(&signed), Verdict::Mistake(mistake), "seed {seed}, {}", mistake.name());
            named.insert(mistake.name());
        }
    }
    assert!(named.len() >= 45, "{} kinds", named.len());
}

#[test]
fn what_is_no_mistake_is_unknown() {
    for seed in 0..ROUNDS {
        let mut random = Random(seed);
        let mut request = request(&mut random);
        let mut two = signer(&request, Mistake::NotSorted).unwrap();
        two.key = format!("{}&", request.token);
        for signed in [two.sign(), base64(&random.octets(20)), base64(&random.octets(32)), base64(&random.octets(3))] {
            assert_eq!(request.explain(&signed), Verdict::Unknown, "seed {seed}: {signed}");
        }
        let good = request.signer().sign();
        request.form[0].1.push('!');
        assert_eq!(request.explain(&good), Verdict::Unknown, "seed {seed}");
        assert_eq!(request.explain("*"), Verdict::Malformed(Fault::Malformed("oauth_signature")));
    }
}

#[test]
fn a_right_signature_outside_the_window_says_so() {
    let mut request = request(&mut Random(1));
    let mut at = |timestamp: i64| {
        request.protocol[4].1 = timestamp.to_string();
        request.explain(&request.signer().sign())
    };
    assert_eq!(at(NOW), Verdict::Matches);
    assert_eq!(at(NOW - 301), Verdict::Malformed(Fault::TooOld { age_seconds: 301 }));
    assert_eq!(at(NOW * 1000), Verdict::Mistake(Mistake::TimestampInMilliseconds));
}
