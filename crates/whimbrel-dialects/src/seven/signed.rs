//! `X-Signature`, `X-Timestamp` and `X-Nonce` of a request, kept until somebody brings the account's signing key.
//!
//! Follows the vendor's page "Signing of requests" (read 2026-11) through `whimbrel_signing`. What is signed names the whole URL as the
//! caller knows it, and proxies change scheme and host: so the operator's addresses are tried, the name that the request came by with
//! both schemes as far as it counts ([`Addresses::bases`]), and the vendor's own hosts, by which clients come that were led here by DNS.
//!
//! The nonce is used up, and with it the signature, which covers it: no other request can have both. Webhooks are signed with the same key
//! over the same string, and whoever gets one could hand it in as a request: their nonces bear [`WEBHOOK_MARK`], and no request's may.

use std::fmt;

use sha2::{Digest as _, Sha256};
use whimbrel_core::{ReplayKey, ReplayKind, ReplayMark, Timestamp};
use whimbrel_signing::seven::{self as scheme, Headers, Hints, Query, Received, TRIES_MAX};
use whimbrel_signing::{Fault, UnixSeconds, Verdict, Window};

use crate::address::Addresses;
use crate::claim::{Explained, KeySignature, SignatureFault, SigningKeys, Verified};
use crate::http::HttpRequest;

/// The vendor's hosts, of now and before.
const VENDOR: [&str; 2] = ["https://gateway.seven.io", "https://gateway.sms77.io"];
/// How long a nonce is remembered, from the second in which its request was signed.
const REMEMBERED_SECONDS: i64 = 120;
/// Requests of more octets are not explained: each costs hundreds of digests.
const EXPLAINED_OCTETS_MAX: usize = 8_192;
/// How the nonces of our webhooks begin. No hexadecimal or base-36 nonce does, as clients make them.
pub(super) const WEBHOOK_MARK: &str = "Webhook";

/// A signed request. `Debug` shows nothing of it.
pub(super) struct SignedHeaders {
    method: Box<str>,
    host: Box<str>,
    path_and_query: String,
    body: Vec<u8>,
    timestamp: Option<Box<str>>,
    nonce: Option<Box<str>>,
    signature: Option<Box<str>>,
}

/// The signature of a request; `None` if it has no header of one. A header that is no text is there and cannot be read.
pub(super) fn read(request: &HttpRequest<'_>) -> Option<SignedHeaders> {
    let header = |name: &str| {
        let found = request.headers.iter().find(|(header, _)| *header == name);
        found.map(|(_, value)| Box::from(&*String::from_utf8_lossy(value)))
    };
    let (timestamp, nonce, signature) = (header("x-timestamp"), header("x-nonce"), header("x-signature"));
    if timestamp.is_none() && nonce.is_none() && signature.is_none() {
        return None;
    }
    Some(SignedHeaders {
        method: request.method.into(),
        host: request.header("host").unwrap_or_default().into(),
        path_and_query: request.path_and_query(),
        body: request.body.to_vec(),
        timestamp,
        nonce,
        signature,
    })
}

impl SignedHeaders {
    fn with<R>(&self, keys: &SigningKeys<'_>, see: impl FnOnce(&Received<'_>, &Headers<'_>) -> R) -> R {
        let bases = self.bases(keys.addresses, keys.secrets.len());
        let bases: Vec<&str> = bases.iter().map(String::as_str).collect();
        let received =
            Received { method: &self.method, bases: &bases, path_and_query: &self.path_and_query, body: &self.body };
        let headers = Headers {
            timestamp: self.timestamp.as_deref(),
            nonce: self.nonce.as_deref(),
            signature: self.signature.as_deref(),
        };
        see(&received, &headers)
    }

    /// Under which addresses it may have been signed, those of the request's own host first: as many as can be tried with so many
    /// secrets, the vendor's among them.
    fn bases(&self, addresses: &Addresses, secret_count: usize) -> Vec<String> {
        let has_other_host = |base: &String| {
            let host = base.split_once("://").and_then(|(_, rest)| rest.split('/').next());
            host.is_none_or(|host| !host.eq_ignore_ascii_case(&self.host))
        };
        let mut bases = addresses.bases(&self.host);
        bases.sort_by_key(has_other_host);
        bases.truncate((TRIES_MAX / secret_count.max(1)).saturating_sub(VENDOR.len()).max(1));
        bases.extend(VENDOR.map(str::to_owned));
        bases.sort_by_key(has_other_host);
        bases
    }

    fn is_webhook(&self) -> bool {
        self.nonce.as_deref().is_some_and(|nonce| nonce.trim().starts_with(WEBHOOK_MARK))
    }
}

impl fmt::Debug for SignedHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[signed headers]")
    }
}

impl KeySignature for SignedHeaders {
    fn verify(&self, keys: &SigningKeys<'_>) -> Result<Verified, SignatureFault> {
        if self.is_webhook() {
            return Err(SignatureFault::Malformed("X-Nonce"));
        }
        let secrets: Vec<_> = usable(keys).collect();
        if secrets.is_empty() {
            return Err(SignatureFault::NoSecret);
        }
        let now = UnixSeconds(keys.now.unix_seconds());
        self.with(keys, |received, headers| {
            let verified = scheme::verify_by_any(received, headers, &secrets, window(keys), now);
            verified.map_err(|why| fault(&why)).map(|verified| Verified {
                replay: replay(verified.nonce.as_str(), verified.timestamp),
                form: match verified.query {
                    Query::AsSent => "as-sent",
                    Query::Decoded => "query-decoded",
                },
            })
        })
    }

    fn explain(&self, keys: &SigningKeys<'_>) -> Option<Explained> {
        if self.is_webhook() || self.body.len() + self.path_and_query.len() > EXPLAINED_OCTETS_MAX {
            return None;
        }
        let now = UnixSeconds(keys.now.unix_seconds());
        let verdict = |secret| {
            self.with(keys, |received, headers| {
                scheme::explain(received, headers, secret, window(keys), now, Hints::default()).verdict
            })
        };
        usable(keys).map(verdict).find_map(|verdict| match verdict {
            Verdict::Mistake(mistake) => {
                Some(Explained { cause: mistake.name(), advice: mistake.to_string().into_boxed_str() })
            }
            Verdict::Matches | Verdict::Unknown | Verdict::Malformed(_) => None,
        })
    }
}

/// What must not be used again.
fn window(keys: &SigningKeys<'_>) -> Window {
    Window { past_seconds: keys.window.past_seconds, future_seconds: keys.window.future_seconds }
}

fn replay(nonce: &str, UnixSeconds(signed_at): UnixSeconds) -> ReplayKey {
    ReplayKey {
        kind: ReplayKind::Nonce,
        mark: ReplayMark::new(Sha256::digest(nonce.as_bytes()).into()),
        expires_at: Timestamp(signed_at.saturating_add(REMEMBERED_SECONDS + 1).saturating_mul(1_000_000)),
    }
}

/// An empty secret is none: with it anybody could sign. Blanks around one do not count, as in the vendor's PHP client.
fn usable<'a>(keys: &'a SigningKeys<'_>) -> impl Iterator<Item = whimbrel_signing::Secret<'a>> {
    let secrets = keys.secrets.iter().map(|secret| secret.expose().trim());
    secrets.filter(|secret| !secret.is_empty()).map(whimbrel_signing::Secret::new)
}

const fn fault(fault: &Fault) -> SignatureFault {
    match fault {
        Fault::Missing(field) => SignatureFault::Missing(field),
        Fault::Malformed(field) | Fault::TooLong { field, .. } => SignatureFault::Malformed(field),
        Fault::Ambiguous(_) => SignatureFault::Ambiguous,
        Fault::TooOld { .. } | Fault::Expired { .. } => SignatureFault::TooOld,
        Fault::TooNew { .. } | Fault::NotYetValid { .. } => SignatureFault::TooNew,
        Fault::UnusableSecret => SignatureFault::NoSecret,
        Fault::AlgorithmRefused | Fault::Mismatch | Fault::OtherBody => SignatureFault::Mismatch,
    }
}

#[cfg(test)]
mod tests {
    use whimbrel_core::{Secret, SignatureMethod};

    use super::*;
    use crate::claim::{Compat, KeyWindow};

    const NONCE: &str = "fpPRhAd1s8GXacfR39mWqKPynmmXfJnc";
    const BODY: &str = r#"{ "to": "49170123456789", "text": "Hello World! :-)", "from": "sms77.io" }"#;
    const PHP_BODY: &str = r#"{"to":"49170123456789","text":"Hello World! :-)","from":"sms77.io"}"#;

    struct Case<'a> {
        method: &'a str,
        host: &'a str,
        query: &'a str,
        nonce: &'a str,
        body: &'a str,
        signature: &'a str,
        now: i64,
        window: KeyWindow,
    }

    const A: Case<'_> = Case {
        method: "POST",
        host: "gateway.sms77.io",
        query: "",
        nonce: NONCE,
        body: BODY,
        signature: "91b1fc79a8853ca2129aa3d61212cc6b20cd5e8c473a5cda8f52be700de4cdfb",
        now: 1_634_641_200,
        window: KeyWindow { past_seconds: 30, future_seconds: 30 },
    };

    fn check(case: &Case<'_>) -> Result<&'static str, SignatureFault> {
        let path = if case.query.is_empty() { "/api/sms" } else { "/api/status" };
        let query = (!case.query.is_empty()).then_some(case.query);
        judge(case, (path, query), &["testsigningkey"], &Addresses::default())
    }

    fn judge(
        case: &Case<'_>,
        (path, query): (&str, Option<&str>),
        secrets: &[&str],
        addresses: &Addresses,
    ) -> Result<&'static str, SignatureFault> {
        let headers: [(&str, &[u8]); 4] = [
            ("host", case.host.as_bytes()),
            ("x-timestamp", b"1634641200"),
            ("x-nonce", case.nonce.as_bytes()),
            ("x-signature", case.signature.as_bytes()),
        ];
        let request = HttpRequest { method: case.method, path, query, headers: &headers, body: case.body.as_bytes() };
        let secrets: Vec<Secret> = secrets.iter().copied().map(Secret::new).collect();
        let keys = SigningKeys {
            secrets: &secrets.iter().collect::<Vec<_>>(),
            method: SignatureMethod::HmacSha256,
            compat: Compat::On,
            addresses,
            window: case.window,
            now: Timestamp(case.now * 1_000_000),
        };
        read(&request).expect("it is signed").verify(&keys).map(|verified| verified.form)
    }

    /// A GET that a client signed as `url`, come with `host` for `/api/balance` with that query.
    fn signed_as(url: &str, host: &str, query: Option<&str>, secrets: &[&str], addresses: &Addresses) -> bool {
        let stamp = scheme::Stamp { timestamp: UnixSeconds(A.now), nonce: scheme::Nonce::new(NONCE).expect("visible") };
        let key = whimbrel_signing::Secret::new("testsigningkey");
        let signature = scheme::sign(&scheme::Request { method: "GET", url, body: b"" }, stamp, key).into_string();
        let case = Case { method: "GET", host, body: "", signature: &signature, ..A };
        judge(&case, ("/api/balance", query), secrets, addresses).is_ok()
    }

    const KEY: &[&str] = &["testsigningkey"];

    #[test]
    fn where_addresses_are_configured_no_others_count() {
        let set = Addresses::public(["https://sms.example.com".into()]).with_local(["127.0.0.1".into()]);
        let free = Addresses::local(["127.0.0.1".into()]);
        let signed = |base: &str, host: &str, addresses: &Addresses| {
            signed_as(&format!("{base}/api/balance"), host, None, KEY, addresses)
        };
        for host in ["10.0.0.7:7670", "sms.example.com", "evil.example", ""] {
            assert!(signed("https://sms.example.com", host, &set), "{host}");
            assert!(signed("https://gateway.seven.io", host, &set), "{host}");
        }
        assert!(signed("http://127.0.0.1:7670", "127.0.0.1:7670", &set));
        assert!(!signed("https://evil.example", "evil.example", &set));
        assert!(!signed("http://sms.example.com", "sms.example.com", &set), "the scheme is configured, too");
        assert!(signed("https://sms.example.org", "sms.example.org", &free));
    }

    #[test]
    fn a_host_does_not_say_which_path_was_signed() {
        let free = Addresses::local(["127.0.0.1".into(), "..".into()]);
        for host in ["127.0.0.1:18970/api/sms?x=", "../sms#", "user@127.0.0.1", "127.0.0.1#", "[::1"] {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{host}/api/balance");
                assert!(!signed_as(&url, host, None, KEY, &free), "{host}");
            }
        }
    }

    #[test]
    fn a_question_mark_with_nothing_behind_it_is_signed() {
        let free = Addresses::default();
        let signed =
            |url: &str, query| signed_as(&format!("http://localhost/api/balance{url}"), "localhost", query, KEY, &free);
        assert!(signed("?", Some("")) && signed("", None));
        assert!(!signed("?", None) && !signed("", Some("")));
    }

    #[test]
    fn eight_digests_hold_the_likeliest_of_many_addresses_and_keys() {
        let url = |n: usize| format!("https://sms{n}.example.com");
        let many = Addresses::public((1..=8).map(|n| url(n).into()));
        let both: &[&str] = &["newsigningkey", "testsigningkey"];
        let signed = |base: &str, host: &str, keys| signed_as(&format!("{base}/api/balance"), host, None, keys, &many);
        for keys in [KEY, both] {
            for n in 1..=8 {
                assert!(signed(&url(n), &format!("sms{n}.example.com"), keys), "{n}");
            }
            assert!(signed(VENDOR[1], "10.0.0.7", keys) && signed(VENDOR[1], "gateway.sms77.io", keys));
            assert!(signed(&url(1), "10.0.0.7", keys));
        }
        assert!(signed(&url(6), "10.0.0.7", KEY) && !signed(&url(7), "10.0.0.7", KEY));
        assert!(!signed(&url(3), "10.0.0.7", both));
        // Without any configured, there is room for all four by both keys.
        let free = Addresses::default();
        for base in ["http://sms.example.com", "https://sms.example.com", VENDOR[0], VENDOR[1]] {
            assert!(signed_as(&format!("{base}/api/balance"), "sms.example.com", None, both, &free), "{base}");
        }
    }

    #[test]
    fn a_webhook_of_ours_is_no_request() {
        let nonce = format!("{WEBHOOK_MARK}{:025x}", 7);
        let stamp =
            scheme::Stamp { timestamp: UnixSeconds(A.now), nonce: scheme::Nonce::new(&nonce).expect("visible") };
        let url = "https://sms.example.com/api/sms";
        let key = whimbrel_signing::Secret::new("testsigningkey");
        let signature =
            scheme::sign(&scheme::Request { method: "POST", url, body: BODY.as_bytes() }, stamp, key).into_string();
        for nonce in [nonce.clone(), format!(" {nonce}\t")] {
            let case = Case { host: "sms.example.com", nonce: &nonce, signature: &signature, ..A };
            assert_eq!(check(&case), Err(SignatureFault::Malformed("X-Nonce")));
        }
    }

    /// Vectors made with openssl from the vendor's own samples: the bash script, a local base, a query, the long nonce, the PHP script.
    #[test]
    fn the_vectors_hold() {
        let long = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
        let national = BODY.replace("49170", "0170");
        let cases = [
            A,
            Case {
                host: "127.0.0.1:8080",
                signature: "6a276111c0df0db9ff93a22e8fecf4cee7999319a2bdca28988edbe2c7c3f028",
                ..A
            },
            Case {
                method: "GET",
                query: "msg_id=77%2C78",
                body: "",
                signature: "2dd336b2b89848216b7a3f09f4e0781a3d372334de420bf787a685de50da52f0",
                ..A
            },
            Case {
                nonce: long,
                body: &national,
                signature: "71eac440d6452f7c3d03653f1e682d1add7d87b26fb565b2e497fd6f252eff9b",
                ..A
            },
            Case {
                nonce: &long[..32],
                body: PHP_BODY,
                signature: "adf589b6223f2182e7b8284cd46fff03e326266f2e4baad60767f9a1c47301c8",
                ..A
            },
        ];
        for case in cases {
            assert_eq!(check(&case), Ok("as-sent"), "{}", case.signature);
        }
        // Led here by DNS, so that the host is the vendor's only in what was signed.
        assert_eq!(check(&Case { host: "sms.example.com", ..A }), Ok("as-sent"));
    }

    #[test]
    fn what_differs_is_refused_for_its_reason() {
        let tampered = BODY.replace("Hello", "Hallo");
        assert_eq!(check(&Case { body: &tampered, ..A }), Err(SignatureFault::Mismatch));
        assert_eq!(check(&Case { method: "PUT", ..A }), Err(SignatureFault::Mismatch));
        assert_eq!(check(&Case { now: A.now + 31, ..A }), Err(SignatureFault::TooOld));
        assert_eq!(check(&Case { now: A.now - 31, ..A }), Err(SignatureFault::TooNew));
        let window = KeyWindow { past_seconds: 60, future_seconds: 0 };
        let at = |now| check(&Case { now, window, ..A });
        assert_eq!((at(A.now + 60), at(A.now + 61)), (Ok("as-sent"), Err(SignatureFault::TooOld)));
        assert_eq!((at(A.now), at(A.now - 1)), (Ok("as-sent"), Err(SignatureFault::TooNew)));
        assert_eq!(check(&Case { nonce: "a b", ..A }), Err(SignatureFault::Malformed("X-Nonce")));
        assert_eq!(check(&Case { nonce: "", ..A }), Err(SignatureFault::Missing("X-Nonce")));
        assert_eq!(check(&Case { signature: "91b1", ..A }), Err(SignatureFault::Malformed("X-Signature")));
    }
}
