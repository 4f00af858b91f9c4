//! Public vectors, each with its source.

use whimbrel_signing::oauth1::{self, Keys, Method, Parameters, Policy, Protocol, Request};
use whimbrel_signing::{Secret, UnixSeconds};

fn keys<'a>(consumer: &'a str, token: &'a str) -> Keys<'a> {
    let token = (!token.is_empty()).then(|| Secret::new(token));
    Keys { consumer: Secret::new(consumer), token }
}

/// Signs again what a header signs, and verifies it at the time that it names.
fn check(request: &Request<'_>, keys: Keys<'_>, signature: &str) {
    let parameters = Parameters::read(request).unwrap();
    assert_eq!(oauth1::sign(&parameters, keys).unwrap().as_str(), signature, "{}", request.url);
    let now = parameters.timestamp().unwrap().unwrap();
    oauth1::verify(&parameters, keys, &Policy::default(), now).unwrap();
}

/// RFC 5849 §1.2: the whole dance of the printer and the photos.
#[test]
fn the_photos_of_the_rfc() {
    let request = |method, url, authorization| Request { method, url, authorization: Some(authorization), form: None };
    let initiate = request(
        "POST",
        "https://photos.example.net/initiate",
        r#"OAuth realm="Photos",
        oauth_consumer_key="dpf43f3p2l4k3l03",
        oauth_signature_method="HMAC-SHA1",
        oauth_timestamp="137131200",
        oauth_nonce="wIjqoS",
        oauth_callback="http%3A%2F%2Fprinter.example.com%2Fready",
        oauth_signature="74KNZJeDHnMBp0EMJ9ZHt%2FXKycU%3D""#,
    );
    check(&initiate, keys("kd94hf93k423kf44", ""), "74KNZJeDHnMBp0EMJ9ZHt/XKycU=");
    let token = request(
        "POST",
        "https://photos.example.net/token",
        r#"OAuth realm="Photos",
        oauth_consumer_key="dpf43f3p2l4k3l03",
        oauth_token="hh5s93j4hdidpola",
        oauth_signature_method="HMAC-SHA1",
        oauth_timestamp="137131201",
        oauth_nonce="walatlh",
        oauth_verifier="hfdp7dh39dks9884",
        oauth_signature="gKgrFCywp7rO0OXSjdot%2FIHF7IU%3D""#,
    );
    check(&token, keys("kd94hf93k423kf44", "hdhd0244k9j7ao03"), "gKgrFCywp7rO0OXSjdot/IHF7IU=");
    let photos = request(
        "GET",
        "http://photos.example.net/photos?file=vacation.jpg&size=original",
        r#"OAuth realm="Photos",
        oauth_consumer_key="dpf43f3p2l4k3l03",
        oauth_token="nnch734d00sl2jdk",
        oauth_signature_method="HMAC-SHA1",
        oauth_timestamp="137131202",
        oauth_nonce="chapoH",
        oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D""#,
    );
    check(&photos, keys("kd94hf93k423kf44", "pfkkdhi9sl3r4s00"), "MdpQcU8iPSUjWoN/UDMsK2sui9I=");
    let parameters = Parameters::read(&initiate).unwrap();
    assert_eq!(parameters.callback(), Some("http://printer.example.com/ready"));
    assert_eq!((parameters.token(), parameters.nonce()), (None, Some("wIjqoS")));
    assert_eq!(Parameters::read(&token).unwrap().verifier(), Some("hfdp7dh39dks9884"));
}

/// RFC 5849 §3.4.1.1: query, form and header together, a name twice, empty values, `+` and escapes.
#[test]
fn the_base_string_of_the_rfc() {
    let request = Request {
        method: "POST",
        url: "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
        authorization: Some(
            r#"OAuth realm="Example", oauth_consumer_key="9djdj82h48djs9d2", oauth_token="kkk9d7dh3k39sjv7",
            oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131201", oauth_nonce="7d8f3e4a",
            oauth_signature="bYT5CMsGcbgUdFHObYMEfcx6bsw%3D""#,
        ),
        form: Some(b"c2&a3=2+q"),
    };
    let parameters = Parameters::read(&request).unwrap();
    assert_eq!(
        oauth1::canonical(&parameters).to_text(),
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D\
         %26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1\
         %26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
    );
    // The secrets are those of errata 2550, which corrects the signature that the RFC prints.
    let signature = oauth1::sign(&parameters, keys("j49sk3j29djd", "dh893hdasih9")).unwrap();
    assert_eq!(signature.as_str(), "r6/TJjbCOr97/+UU0NsvSne7s5g=");
}

/// Twitter's page "Creating a signature", version 1 of its API: a form, and a query besides.
#[test]
fn a_tweet() {
    let request = Request {
        method: "post",
        url: "https://api.twitter.com/1/statuses/update.json?include_entities=true",
        authorization: Some(
            r#"OAuth oauth_consumer_key="xvz1evFS4wEEPTGEFPHBog", oauth_nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
            oauth_signature="tnnArxj06cWHq44gCs1OSKk%2FjLY%3D", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1318622958",
            oauth_token="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", oauth_version="1.0""#,
        ),
        form: Some(b"status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21"),
    };
    let keys = keys("kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE");
    check(&request, keys, "tnnArxj06cWHq44gCs1OSKk/jLY=");
}

/// The OAuth wiki's page "TestCases": normalised parameters, and the parameters of the protocol in the query.
#[test]
fn the_cases_of_the_wiki() {
    let protocol = "oauth_consumer_key=k&oauth_nonce=n&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1";
    for (query, normalised) in [
        ("name", "name%3D"),
        ("a=b", "a%3Db"),
        ("a=b&c=d", "a%3Db%26c%3Dd"),
        ("a=x!y&a=x+y", "a%3Dx%2520y%26a%3Dx%2521y"),
        ("x!y=a&x=a", "x%3Da%26x%2521y%3Da"),
        // Parameter Encoding: what is encoded in the value is encoded again as part of the whole.
        ("a=abcABC123", "a%3DabcABC123"),
        ("a=-._~", "a%3D-._~"),
        ("a=%25", "a%3D%2525"),
        ("a=%26%3D*", "a%3D%2526%253D%252A"),
        ("a=%0A", "a%3D%250A"),
        ("a=%7F", "a%3D%257F"),
        ("a=%C2%80", "a%3D%25C2%2580"),
        ("a=%E3%80%81", "a%3D%25E3%2580%2581"),
    ] {
        let url = format!("http://example.com/?{query}&{protocol}");
        let request = Request { method: "GET", url: &url, authorization: None, form: None };
        let canonical = oauth1::canonical(&Parameters::read(&request).unwrap());
        let (own, others) = (canonical.to_text(), protocol.replace('=', "%3D").replace('&', "%26"));
        let expected = match query.starts_with('x') {
            true => format!("{others}%26{normalised}"),
            false => format!("{normalised}%26{others}"),
        };
        assert_eq!(own, format!("GET&http%3A%2F%2Fexample.com%2F&{expected}"), "{query}");
    }
    let url = "http://photos.example.net/photos?file=vacation.jpg&size=original&oauth_version=1.0&oauth_consumer_key=dpf43f3p2l4k3l03\
        &oauth_token=nnch734d00sl2jdk&oauth_timestamp=1191242096&oauth_nonce=kllo9940pd9333jh&oauth_signature_method=HMAC-SHA1\
        &oauth_signature=tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D";
    let request = Request { method: "GET", url, authorization: None, form: None };
    check(&request, keys("kd94hf93k423kf44", "pfkkdhi9sl3r4s00"), "tR3+Ty81lMeYAr/Fid0kMTYa/WM=");
}

/// Made with oauthlib 4.0.1 (Python), which signs each of these alike.
#[test]
fn what_another_library_signs() {
    for &(method, url, form, algorithm, consumer, token, signature) in ORACLE {
        let keys = keys(consumer, token);
        let request = Request { method, url, authorization: None, form: form.map(str::as_bytes) };
        let protocol = Protocol {
            consumer_key: "a key",
            token: (!token.is_empty()).then_some("t/k"),
            timestamp: UnixSeconds(1_795_328_700),
            nonce: "n+1",
            method: Method::of_name(algorithm).unwrap(),
            callback: None,
            verifier: None,
        };
        let header = oauth1::authorization(&request, &protocol, keys).unwrap();
        let parameters = Parameters::read(&Request { authorization: Some(&header), ..request }).unwrap();
        assert_eq!(oauth1::sign(&parameters, keys).unwrap().as_str(), signature, "{url}");
        let policy = Policy { methods: Method::ALL, ..Policy::default() };
        oauth1::verify(&parameters, keys, &policy, UnixSeconds(1_795_328_700)).unwrap();
    }
}

type Case<'a> = (&'a str, &'a str, Option<&'a str>, &'a str, &'a str, &'a str, &'a str);
const ORACLE: &[Case<'static>] = &[
    (
        "GET",
        "http://Example.com:80/a%20b/?x=%C3%A9&x=1&x=&y",
        None,
        "HMAC-SHA1",
        "c s",
        "t&s",
        "ZfX7yeTWSuydf80YqRMg4pDxkQk=",
    ),
    (
        "POST",
        "https://example.com:8443/sms/json",
        Some("from=A%26B&to=447700900000&text=A%3DB+%2B+%E2%82%AC%21*%27()~"),
        "HMAC-SHA1",
        "secret/+",
        "token%20",
        "E9emzONCQplTvGZJivLXXWm3ybM=",
    ),
    (
        "POST",
        "https://example.com/sms/json?z=1",
        Some("to=1&a=&a=2&A=3"),
        "HMAC-SHA256",
        "secret",
        "token",
        "U3tpjMgCgkj+GRrb3gpyGYB67/mTbBEPc7RPsiP1nIk=",
    ),
    ("GET", "https://example.com/", None, "HMAC-SHA256", "secrét", "", "9Vi0fALQp3syxS9GZ03UgSfhRUid+dg/niF4Bk/NzeQ="),
    (
        "GET",
        "http://[::1]:7670/sms/json?text=%F0%9F%98%80",
        None,
        "HMAC-SHA1",
        "secret",
        "",
        "utG0EaYM4QNxJG/WZJFCByyOeFo=",
    ),
    ("POST", "https://example.com/", Some("a=1"), "PLAINTEXT", "s&e", "t e", "s%26e&t%20e"),
];
