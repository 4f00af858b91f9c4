//! seven's signatures: the vendor's examples, what must be taken, what must be refused.

use proptest::prelude::*;
use whimbrel_signing::seven::{
    self, Headers, NONCE_CHARACTERS_MAX, Nonce, Query, Received, Request, Stamp, TRIES_MAX, Verified, WINDOW_REQUESTS,
    WINDOW_WEBHOOKS,
};
use whimbrel_signing::{Fault, Secret, UnixSeconds};

const KEY: &str = "testsigningkey";
const TIMESTAMP: UnixSeconds = UnixSeconds(1_634_641_200);
const NONCE: &str = "fpPRhAd1s8GXacfR39mWqKPynmmXfJnc";
const LONG_NONCE: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/// The example of "Signing of requests", whose MD5 the page prints: every blank counts.
const BODY: &str = r#"{ "to": "49170123456789", "text": "Hello World! :-)", "from": "sms77.io" }"#;
const URL: &str = "https://gateway.sms77.io/api/sms";

fn stamp(nonce: &str) -> Stamp<'_> {
    Stamp { timestamp: TIMESTAMP, nonce: Nonce::new(nonce).expect("a nonce") }
}

fn request<'a>(method: &'a str, url: &'a str, body: &'a str) -> Request<'a> {
    Request { method, url, body: body.as_bytes() }
}

fn signature(request: &Request<'_>, nonce: &str) -> String {
    seven::sign(request, stamp(nonce), Secret::new(KEY)).into_string()
}

fn headers<'a>(nonce: &'a str, signature: &'a str) -> Headers<'a> {
    Headers { timestamp: Some("1634641200"), nonce: Some(nonce), signature: Some(signature) }
}

fn received<'a>(bases: &'a [&'a str], path_and_query: &'a str, body: &'a str) -> Received<'a> {
    Received { method: "POST", bases, path_and_query, body: body.as_bytes() }
}

fn verify<'a>(received: &Received<'a>, headers: &Headers<'a>) -> Result<Verified<'a>, Fault> {
    seven::verify(received, headers, Secret::new(KEY), WINDOW_REQUESTS, TIMESTAMP)
}

#[test]
fn the_string_of_the_documentation() {
    let canonical = seven::canonical(&request("POST", URL, BODY), stamp(NONCE));
    let printed = "1634641200\nfpPRhAd1s8GXacfR39mWqKPynmmXfJnc\nPOST\nhttps://gateway.sms77.io/api/sms\n62dd06ffb3101dc2456517b177b744ae";
    assert_eq!(canonical.to_text(), printed);
}

#[test]
fn vectors_made_with_openssl() {
    // `printf '%s' STRING | openssl dgst -sha256 -hmac testsigningkey`, OpenSSL 3, for the documentation's example and what
    // its two scripts send (repaired where they do not run): the bash script's body and nonce of 64, PHP's body without blanks.
    let bash = BODY.replace("49170123456789", "0170123456789");
    let php = r#"{"to":"49170123456789","text":"Hello World! :-)","from":"sms77.io"}"#;
    let status = "https://gateway.seven.io/api/status?msg_id=77%2C78";
    for (request, nonce, expected) in [
        (request("POST", URL, BODY), NONCE, "91b1fc79a8853ca2129aa3d61212cc6b20cd5e8c473a5cda8f52be700de4cdfb"),
        (
            request("POST", "http://127.0.0.1:8080/api/sms", BODY),
            NONCE,
            "6a276111c0df0db9ff93a22e8fecf4cee7999319a2bdca28988edbe2c7c3f028",
        ),
        (request("GET", status, ""), NONCE, "2dd336b2b89848216b7a3f09f4e0781a3d372334de420bf787a685de50da52f0"),
        (request("POST", URL, &bash), LONG_NONCE, "71eac440d6452f7c3d03653f1e682d1add7d87b26fb565b2e497fd6f252eff9b"),
        (
            request("POST", URL, php),
            "00112233445566778899aabbccddeeff",
            "adf589b6223f2182e7b8284cd46fff03e326266f2e4baad60767f9a1c47301c8",
        ),
    ] {
        assert_eq!(signature(&request, nonce), expected);
    }
}

#[test]
fn the_documentation_s_scripts_are_taken() {
    let right = signature(&request("POST", URL, BODY), NONCE);
    let bases = ["https://sms.example.com", "https://gateway.sms77.io/"];
    let received = received(&bases, "/api/sms", BODY);
    let verified = verify(&received, &headers(NONCE, &right)).expect("valid");
    assert_eq!((verified.base, verified.query), ("https://gateway.sms77.io", Query::AsSent));
    assert_eq!((verified.timestamp, verified.nonce.as_str()), (TIMESTAMP, NONCE));
    // PHP's script sends `X-nonce:VALUE`; blanks around values do not count, nor does the case of digits.
    let padded = format!(" {right}\t");
    assert!(verify(&received, &headers(NONCE, &padded)).is_ok());
    assert!(verify(&received, &headers(NONCE, &right.to_uppercase())).is_ok());
}

#[test]
fn a_signature_does_not_show_itself() {
    let right = signature(&request("POST", URL, BODY), NONCE);
    let verified = verify(&received(&["https://gateway.sms77.io"], "/api/sms", BODY), &headers(NONCE, &right));
    let shown = format!("{:?} {:?}", headers(NONCE, &right), verified);
    assert!(shown.contains("X-Signature") && !shown.contains(&right[..8]), "{shown}");
    let octet = u8::from_str_radix(&right[..2], 16).expect("digits");
    assert!(!shown.contains(&format!("{octet}, ")), "{shown}");
}

#[test]
fn nonces_have_1_to_128_visible_characters() {
    let longest = "n".repeat(NONCE_CHARACTERS_MAX);
    for nonce in ["!", "~", "a:b;c=\"d\"", LONG_NONCE, &longest] {
        let right = signature(&request("POST", URL, BODY), nonce);
        assert!(verify(&received(&["https://gateway.sms77.io"], "/api/sms", BODY), &headers(nonce, &right)).is_ok());
    }
    for nonce in ["a b", "a\nb", "é", "\u{7f}", "a\0", "\r"] {
        assert_eq!(Nonce::new(nonce), Err(Fault::Malformed("X-Nonce")), "{nonce:?}");
    }
    assert_eq!(Nonce::new(""), Err(Fault::Malformed("X-Nonce")));
    let fault = Fault::TooLong { field: "X-Nonce", octets_max: 128 };
    assert_eq!(Nonce::new(&format!("{longest}n")), Err(fault));
}

#[test]
fn every_header_must_be_there_and_readable() {
    let right = signature(&request("POST", URL, BODY), NONCE);
    let bases = ["https://gateway.sms77.io"];
    let received = received(&bases, "/api/sms", BODY);
    let good = headers(NONCE, &right);
    assert!(!good.are_absent() && Headers::default().are_absent());
    let check = |headers: Headers<'_>, fault: Fault| {
        assert!(!headers.are_absent());
        assert_eq!(verify(&received, &headers).err(), Some(fault));
    };
    check(Headers { timestamp: None, ..good }, Fault::Missing("X-Timestamp"));
    check(Headers { nonce: None, ..good }, Fault::Missing("X-Nonce"));
    check(Headers { signature: None, ..good }, Fault::Missing("X-Signature"));
    check(Headers { nonce: Some(" "), ..good }, Fault::Missing("X-Nonce"));
    for timestamp in
        ["1634641200.0", "-1", "+1634641200", "0x616eab30", "1634641200000000000000", "now", "1634641200\n", "١"]
    {
        check(Headers { timestamp: Some(timestamp), ..good }, Fault::Malformed("X-Timestamp"));
    }
    for signature in ["0", "xyz", &right[..62], &format!("{right}00"), &format!("sha256={right}"), "\u{e9}"] {
        check(Headers { signature: Some(signature), ..good }, Fault::Malformed("X-Signature"));
    }
}

#[test]
fn the_window_to_the_second() {
    let right = signature(&request("POST", URL, BODY), NONCE);
    let bases = ["https://gateway.sms77.io"];
    let at = |offset: i64, window| {
        let now = UnixSeconds(TIMESTAMP.0 + offset);
        let received = received(&bases, "/api/sms", BODY);
        seven::verify(&received, &headers(NONCE, &right), Secret::new(KEY), window, now).err()
    };
    assert_eq!(at(30, WINDOW_REQUESTS), None);
    assert_eq!(at(31, WINDOW_REQUESTS), Some(Fault::TooOld { age_seconds: 31 }));
    assert_eq!(at(-30, WINDOW_REQUESTS), None);
    assert_eq!(at(-31, WINDOW_REQUESTS), Some(Fault::TooNew { ahead_seconds: 31 }));
    assert_eq!(at(300, WINDOW_WEBHOOKS), None);
    assert_eq!(at(301, WINDOW_WEBHOOKS), Some(Fault::TooOld { age_seconds: 301 }));
}

#[test]
fn addresses_are_tried_in_order_and_at_most_eight() {
    let bases: Vec<String> = (0..10).map(|n| format!("https://gateway{n}.example.com")).collect();
    let bases: Vec<&str> = bases.iter().map(String::as_str).collect();
    for (index, base) in bases.iter().enumerate() {
        let url = format!("{base}/api/sms");
        let right = signature(&request("POST", &url, BODY), NONCE);
        let verified = verify(&received(&bases, "/api/sms", BODY), &headers(NONCE, &right));
        assert_eq!(verified.is_ok(), index < TRIES_MAX, "{base}");
    }
    // One that comes again takes no try.
    let doubled: Vec<&str> =
        std::iter::repeat_n("https://a.example.com", 20).chain(["https://b.example.com/"]).collect();
    let right = signature(&request("POST", "https://b.example.com/api/sms", BODY), NONCE);
    assert_eq!(
        verify(&received(&doubled, "/api/sms", BODY), &headers(NONCE, &right)).map(|found| found.base),
        Ok("https://b.example.com")
    );
    let none = signature(&request("POST", "/api/sms", BODY), NONCE);
    assert_eq!(verify(&received(&[], "/api/sms", BODY), &headers(NONCE, &none)), Err(Fault::Mismatch));
}

#[test]
fn a_query_may_be_signed_as_dot_net_prints_it() {
    // `new Uri(..).ToString()` decodes escapes, but not those that would change what the query means.
    let bases = ["https://sms.example.com"];
    let check = |sent: &str, printed: &str, query: Query| {
        let url = format!("https://sms.example.com{printed}");
        let right = signature(&request("POST", &url, ""), NONCE);
        let found = verify(&received(&bases, sent, ""), &headers(NONCE, &right));
        assert_eq!(found.map(|found| found.query), Ok(query), "{sent}");
    };
    check("/api/sms?text=a%20b%2Cc", "/api/sms?text=a b,c", Query::Decoded);
    check("/api/sms?text=a%20b%2Cc", "/api/sms?text=a%20b%2Cc", Query::AsSent);
    check("/api/sms?text=%C3%BC%26%2B%3d%25%23", "/api/sms?text=ü%26%2B%3d%25%23", Query::Decoded);
    check("/api/sms?text=%252C", "/api/sms?text=%252C", Query::AsSent);
    // Not the path, and not what is no text.
    for (sent, printed) in
        [("/a%20b?c=d", "/a b?c=d"), ("/api?text=%ff%2C", "/api?text=%ff,"), ("/api?t=%26", "/api?t=&")]
    {
        let url = format!("https://sms.example.com{printed}");
        let wrong = signature(&request("POST", &url, ""), NONCE);
        assert_eq!(verify(&received(&bases, sent, ""), &headers(NONCE, &wrong)), Err(Fault::Mismatch), "{sent}");
    }
}

fn octet_changed(text: &str, at: usize) -> String {
    let mut octets = text.as_bytes().to_vec();
    octets[at] ^= 1;
    String::from_utf8(octets).expect("ASCII stays ASCII")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_signed_verifies_and_any_change_fails(
        key in proptest::collection::vec(any::<u8>(), 0..80), nonce in "[!-~]{1,128}", method in "GET|POST|PUT|DELETE",
        path in "/[a-z/]{0,20}(\\?[a-z0-9=&.-]{1,40})?", body in proptest::collection::vec(any::<u8>(), 0..120),
        timestamp in 0_i64..10_000_000_000, at in any::<prop::sample::Index>(),
    ) {
        let key = Secret::new(&key);
        let base = "https://sms.example.com:8443";
        let url = format!("{base}{path}");
        let stamp = Stamp { timestamp: UnixSeconds(timestamp), nonce: Nonce::new(&nonce).expect("a nonce") };
        let signed = seven::sign(&Request { method: &method, url: &url, body: &body }, stamp, key).into_string();
        let check = |method: &str, path: &str, body: &[u8], timestamp: i64, nonce: &str, signature: &str, key: Secret<'_>| {
            let received = Received { method, bases: &[base], path_and_query: path, body };
            let timestamp = timestamp.to_string();
            let headers = Headers { timestamp: Some(&timestamp), nonce: Some(nonce), signature: Some(signature) };
            seven::verify(&received, &headers, key, WINDOW_REQUESTS, stamp.timestamp).map(|_| ())
        };
        prop_assert_eq!(check(&method, &path, &body, timestamp, &nonce, &signed, key), Ok(()));
        prop_assert!(check("PATCH", &path, &body, timestamp, &nonce, &signed, key).is_err());
        prop_assert!(check(&method, &octet_changed(&path, at.index(path.len())), &body, timestamp, &nonce, &signed, key).is_err());
        prop_assert!(check(&method, &path, &body, timestamp + 1, &nonce, &signed, key).is_err());
        prop_assert!(check(&method, &path, &body, timestamp, &octet_changed(&nonce, at.index(nonce.len())), &signed, key).is_err());
        prop_assert!(check(&method, &path, &body, timestamp, &nonce, &octet_changed(&signed, at.index(signed.len())), key).is_err());
        prop_assert!(check(&method, &path, &[&body[..], b"\n"].concat(), timestamp, &nonce, &signed, key).is_err());
        if !body.is_empty() {
            let mut changed = body.clone();
            changed[at.index(body.len())] ^= 0x20;
            prop_assert!(check(&method, &path, &changed, timestamp, &nonce, &signed, key).is_err());
        }
        // HMAC fills short keys up with zeros: only a change that is not that is another key.
        let other = [key.expose(), b"x"].concat();
        prop_assert!(check(&method, &path, &body, timestamp, &nonce, &signed, Secret::new(&other)).is_err());
    }
}
