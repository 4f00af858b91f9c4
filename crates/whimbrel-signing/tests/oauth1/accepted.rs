//! What is accepted and what is not.

use proptest::prelude::*;
use whimbrel_signing::oauth1::{self, Keys, Method, Parameters, Policy, Protocol, Request, Verified};
use whimbrel_signing::{Fault, Secret, UnixSeconds, Window};

const NOW: UnixSeconds = UnixSeconds(1_795_328_700);
const URL: &str = "https://example.com/sms/json?from=Acme&text=A%3DB+%26+C";

fn keys() -> Keys<'static> {
    Keys { consumer: Secret::new("consumer"), token: Some(Secret::new("token")) }
}

fn protocol(method: Method) -> Protocol<'static> {
    Protocol {
        consumer_key: "key",
        token: Some("t1"),
        timestamp: NOW,
        nonce: "once",
        method,
        callback: None,
        verifier: None,
    }
}

fn request<'a>(url: &'a str, authorization: Option<&'a str>, form: Option<&'a [u8]>) -> Request<'a> {
    Request { method: "POST", url, authorization, form }
}

fn verify(request: &Request<'_>, policy: &Policy<'_>, now: UnixSeconds) -> Result<Verified, Fault> {
    oauth1::verify(&Parameters::read(request)?, keys(), policy, now)
}

#[test]
fn the_parameters_of_the_protocol_may_stand_in_header_query_or_form() {
    let header = oauth1::authorization(&request(URL, None, None), &protocol(Method::HmacSha1), keys()).unwrap();
    let pairs = header.trim_start_matches("OAuth ").replace("\", ", "&").replace("=\"", "=").replace('"', "");
    let in_query = format!("{URL}&{pairs}");
    for request in [
        request(URL, Some(&header), None),
        request(&in_query, None, None),
        request(URL, None, Some(pairs.as_bytes())),
        request(&in_query, Some("Basic YTpi"), Some(b"")),
    ] {
        let verified = verify(&request, &Policy::default(), NOW).unwrap();
        assert_eq!(verified, Verified { method: Method::HmacSha1, timestamp: Some(NOW) });
    }
    let twice = request(&in_query, Some(&header), None);
    assert_eq!(verify(&twice, &Policy::default(), NOW), Err(Fault::Ambiguous("oauth_consumer_key".to_owned())));
}

#[test]
fn what_a_verifier_would_refuse_is_not_signed() {
    let sign = |query: &str, protocol: &Protocol<'_>| {
        oauth1::authorization(&request(&format!("{URL}&{query}"), None, None), protocol, keys()).unwrap_err()
    };
    let good = protocol(Method::HmacSha1);
    // The fuzzer found the first: it was signed, and then came twice.
    assert_eq!(sign("oauth_signature=a", &good), Fault::Ambiguous("oauth_signature".to_owned()));
    assert_eq!(sign("oauth_nonce=once", &good), Fault::Ambiguous("oauth_nonce".to_owned()));
    assert_eq!(sign("oauth_verifier=%FF", &good), Fault::Malformed("oauth_verifier"));
    assert_eq!(sign("a=b", &Protocol { nonce: "", ..good }), Fault::Missing("oauth_nonce"));
    assert_eq!(sign("a=b", &Protocol { consumer_key: "", ..good }), Fault::Missing("oauth_consumer_key"));
    assert_eq!(sign("a=b", &Protocol { timestamp: UnixSeconds(0), ..good }), Fault::Malformed("oauth_timestamp"));
}

#[test]
fn only_the_methods_that_are_allowed_are_tried() {
    for method in Method::ALL.iter().copied() {
        let header = oauth1::authorization(&request(URL, None, None), &protocol(method), keys()).unwrap();
        let request = request(URL, Some(&header), None);
        for allowed in Method::ALL.iter().copied() {
            let policy = Policy { methods: &[allowed], window: Window::symmetric(300) };
            let found = verify(&request, &policy, NOW).map(|verified| verified.method);
            assert_eq!(found, if method == allowed { Ok(method) } else { Err(Fault::AlgorithmRefused) });
        }
    }
    assert!(!Policy::default().methods.contains(&Method::Plaintext));
    let unknown = "https://example.com/?oauth_consumer_key=k&oauth_signature_method=RSA-SHA1&oauth_timestamp=1&oauth_nonce=n&oauth_signature=AA==";
    assert_eq!(verify(&request(unknown, None, None), &Policy::default(), NOW), Err(Fault::AlgorithmRefused));
}

#[test]
fn the_window_has_both_ends_inside() {
    let header = oauth1::authorization(&request(URL, None, None), &protocol(Method::HmacSha1), keys()).unwrap();
    let at =
        |seconds: i64| verify(&request(URL, Some(&header), None), &Policy::default(), UnixSeconds(NOW.0 + seconds));
    assert!(at(300).is_ok() && at(-300).is_ok());
    assert_eq!(at(301), Err(Fault::TooOld { age_seconds: 301 }));
    assert_eq!(at(-301), Err(Fault::TooNew { ahead_seconds: 301 }));
}

#[test]
fn what_is_missing_or_cannot_be_read_is_named() {
    let all = "oauth_consumer_key=k&oauth_nonce=n&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1&oauth_version=1.0&oauth_signature=AAAA";
    let read = |query: &str| {
        let url = format!("https://example.com/?{query}");
        let request = Request { method: "GET", url: &url, authorization: None, form: None };
        Parameters::read(&request)
            .and_then(|parameters| oauth1::verify(&parameters, keys(), &Policy::default(), UnixSeconds(1)).map(drop))
    };
    assert_eq!(read(all), Err(Fault::Mismatch));
    for name in ["oauth_consumer_key", "oauth_nonce", "oauth_signature_method", "oauth_timestamp", "oauth_signature"] {
        let renamed = all.replace(&format!("{name}="), "other=");
        assert_eq!(read(&renamed), Err(Fault::Missing(name)), "{name} absent");
    }
    assert_eq!(read(&all.replace("oauth_nonce=n", "oauth_nonce=")), Err(Fault::Missing("oauth_nonce")));
    for timestamp in ["0", "-1", "+1", "1.0", "a", "%D9%A1", "99999999999999999999", ""] {
        let found = read(&all.replace("oauth_timestamp=1", &format!("oauth_timestamp={timestamp}")));
        let expected =
            if timestamp.is_empty() { Fault::Missing("oauth_timestamp") } else { Fault::Malformed("oauth_timestamp") };
        assert_eq!(found, Err(expected), "{timestamp}");
    }
    assert_eq!(read(&all.replace("=1.0", "=2.0")), Err(Fault::Malformed("oauth_version")));
    assert_eq!(read(&all.replace("=AAAA", "=A")), Err(Fault::Malformed("oauth_signature")));
    assert_eq!(read(&all.replace("=n", "=%FF")), Err(Fault::Malformed("oauth_nonce")));
    let doubled = format!("{all}&oauth_nonce=n");
    assert_eq!(read(&doubled), Err(Fault::Ambiguous("oauth_nonce".to_owned())));
}

#[test]
fn nothing_shows_itself() {
    let request = request("https://example.com/?text=482917", Some("OAuth a=\"hidden\""), Some(b"code=1234"));
    assert_eq!(format!("{request:?}"), r#"Request { method: "POST", form_octets: Some(9), .. }"#);
    let header = oauth1::authorization(&request, &protocol(Method::Plaintext), keys()).unwrap();
    let shown = format!("{:?}", Parameters::read(&Request { authorization: Some(&header), ..request }).unwrap());
    assert!(!shown.contains("482917") && !shown.contains("consumer&") && shown.contains("\"text\""), "{shown}");
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::vec(("[a-zA-Z&= %+é]{1,6}", "\\PC{0,12}"), 0..6)
}

fn form(pairs: &[(String, String)]) -> String {
    let encode = |text: &str| text.bytes().map(|octet| format!("%{octet:02x}")).collect::<String>();
    pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_any_change_fails(
        query in pairs(), form_pairs in pairs(), secret in "\\PC{0,20}", method in prop::sample::select(&Method::ALL[..2]),
        at in any::<prop::sample::Index>(), by in "[b-z]",
    ) {
        let keys = Keys { consumer: Secret::new(&secret), ..keys() };
        let url = format!("https://example.com/x?{}", form(&query));
        let body = form(&form_pairs);
        let unsigned = request(&url, None, Some(body.as_bytes()));
        let header = oauth1::authorization(&unsigned, &protocol(method), keys).unwrap();
        let check = |url: &str, body: &str, header: &str, keys: Keys<'_>| {
            let request = request(url, Some(header), Some(body.as_bytes()));
            Parameters::read(&request).and_then(|parameters| oauth1::verify(&parameters, keys, &Policy::default(), NOW))
        };
        prop_assert!(check(&url, &body, &header, keys).is_ok());
        // Another pair, another path, another method, another key, and any letter or digit of the header's values.
        prop_assert_eq!(check(&format!("{url}&a=b"), &body, &header, keys), Err(Fault::Mismatch));
        prop_assert_eq!(check(&url, &format!("{body}&a=b"), &header, keys), Err(Fault::Mismatch));
        prop_assert_eq!(check(&url.replace("/x", "/y"), &body, &header, keys), Err(Fault::Mismatch));
        prop_assert_eq!(check(&url.replace("https", "http"), &body, &header, keys), Err(Fault::Mismatch));
        prop_assert_eq!(check(&url, &body, &header, Keys { token: None, ..keys }), Err(Fault::Mismatch));
        let mut changed = header.clone().into_bytes();
        let index = at.index(changed.len());
        if changed[index].is_ascii_alphanumeric() && changed[index] != by.as_bytes()[0] && index > 5 {
            changed[index] = by.as_bytes()[0];
            let changed = String::from_utf8(changed).unwrap();
            // Capitals and small letters of an escape are one.
            if !changed.eq_ignore_ascii_case(&header) {
                prop_assert!(check(&url, &body, &changed, keys).is_err(), "{}", changed);
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(url in "\\PC{0,40}", header in "OAuth [a-z=\", %]{0,40}", form in any::<Vec<u8>>()) {
        let url = format!("http://{url}");
        let _ = Parameters::read(&request(&url, Some(&header), Some(&form)));
    }
}
