//! Requests as customers send them, and their answers; signed by a signer of our own that shares no code with the product's.

use hmac::{Hmac, KeyInit, Mac};
use md5::Digest;
use whimbrel_core::SignatureMethod;
use whimbrel_dialects::Match;
use whimbrel_dialects::http::HttpRequest;
use whimbrel_engine::Origin;

use super::support::{Gateway, soon};

pub type Pairs = Vec<(String, String)>;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub http: &'static str,
    pub path: &'static str,
    pub query: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// Pairs in a form.
    pub fn form(pairs: &[(String, String)]) -> Self {
        let body = encode(pairs).into_bytes();
        Self { http: "POST", path: "/sms/json", query: String::new(), headers: Vec::new(), body }
    }

    /// Pairs in the query.
    pub fn get(pairs: &[(String, String)]) -> Self {
        Self { http: "GET", query: encode(pairs), body: Vec::new(), ..Self::form(&[]) }
    }

    /// Pairs in one JSON object, all of them strings.
    pub fn json(pairs: &[(String, String)]) -> Self {
        let text = |text: &str| serde_json::to_string(text).expect("a string");
        let members: Vec<_> = pairs.iter().map(|(name, value)| format!("{}:{}", text(name), text(value))).collect();
        Self { body: format!("{{{}}}", members.join(",")).into_bytes(), ..Self::form(&[]) }
    }

    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

pub fn encode(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The status of the first message of an answer in JSON, or in XML.
pub fn status(answer: &str) -> &str {
    let after = |mark| answer.split_once(mark).map(|(_, rest)| rest);
    let rest = after("\"status\": \"").or_else(|| after("<status>")).expect("a status");
    rest.split(['"', '<']).next().expect("its digits")
}

impl Gateway {
    /// The answer's body, of the API that says 200 also where it refuses.
    pub async fn answer_to(&self, request: &Request) -> String {
        self.answer_from("127.0.0.1", request).await
    }

    /// The same to a request from elsewhere.
    pub async fn answer_from(&self, source: &str, request: &Request) -> String {
        let (status, body) = self.asked_from(source, request).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// The body of an answer with that status.
    pub async fn body_of(&self, request: &Request, expected: u16) -> String {
        let (status, body) = self.asked_from("127.0.0.1", request).await;
        assert_eq!(status, expected, "{body}");
        body
    }

    async fn asked_from(&self, source: &str, request: &Request) -> (u16, String) {
        let headers: Vec<(&str, &[u8])> =
            request.headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        let (path, query, body) = (request.path, &*request.query, &*request.body);
        let http = HttpRequest { method: request.http, path, query: Some(query), headers: &headers, body };
        let Match::Parsed(parsed) = self.dialect.read(&http, 1, self.clock().now()) else { panic!("not read") };
        let origin = Origin { address: source.parse().ok(), ..Origin::default() };
        let outcome = soon(self.engine.handle(self.dialect, origin, parsed.claim, parsed.call)).await;
        let answer = self.dialect.render(&outcome, &parsed.reply);
        (answer.status, String::from_utf8(answer.body).expect("UTF-8"))
    }
}

/// The string that the vendor's page describes: sorted by name, `_` for `&` and `=` in values, without `sig`.
pub fn canonical(pairs: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = pairs.iter().filter(|(name, _)| name != "sig").collect();
    sorted.sort();
    let written = sorted.iter().map(|(name, value)| format!("&{name}={}", value.replace(['&', '='], "_")));
    written.collect()
}

/// The digits over any string, in small letters.
pub fn digest(method: SignatureMethod, string: &[u8], secret: &str) -> String {
    let octets = match method {
        SignatureMethod::Md5Hash => hashed::<md5::Md5>(&[string, secret.as_bytes()].concat()),
        SignatureMethod::HmacMd5 => keyed::<Hmac<md5::Md5>>(string, secret),
        SignatureMethod::HmacSha1 => keyed::<Hmac<sha1::Sha1>>(string, secret),
        SignatureMethod::HmacSha256 => keyed::<Hmac<sha2::Sha256>>(string, secret),
        SignatureMethod::HmacSha512 => keyed::<Hmac<sha2::Sha512>>(string, secret),
    };
    hex(&octets)
}

/// The digits of a plain hash with the secret in front.
pub fn prefixed(method: SignatureMethod, string: &[u8], secret: &str) -> String {
    let both = [secret.as_bytes(), string].concat();
    hex(&match method {
        SignatureMethod::Md5Hash | SignatureMethod::HmacMd5 => hashed::<md5::Md5>(&both),
        SignatureMethod::HmacSha1 => hashed::<sha1::Sha1>(&both),
        SignatureMethod::HmacSha256 => hashed::<sha2::Sha256>(&both),
        SignatureMethod::HmacSha512 => hashed::<sha2::Sha512>(&both),
    })
}

pub fn signed(pairs: &[(String, String)], method: SignatureMethod, secret: &str) -> Pairs {
    let sig = digest(method, canonical(pairs).as_bytes(), secret);
    [pairs, &[("sig".to_owned(), sig)]].concat()
}

fn hashed<D: Digest>(octets: &[u8]) -> Vec<u8> {
    D::digest(octets).to_vec()
}

fn keyed<M: Mac + KeyInit>(string: &[u8], secret: &str) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(secret.as_bytes()).expect("keys of any length");
    mac.update(string);
    mac.finalize().into_bytes().to_vec()
}

pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
