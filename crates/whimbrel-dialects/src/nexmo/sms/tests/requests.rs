//! Where each parameter's bounds are, which fault is told first, and requests that mean harm.

use whimbrel_core::{Call, CallbackFault, Refusal, SendCall};

use super::{post, read};
use crate::Parsed;

fn send(parsed: Parsed) -> SendCall {
    let Ok(Call::Send(send)) = parsed.call else { panic!("not a text: {:?}", parsed.call) };
    *send
}

#[test]
fn the_bounds_of_each_parameter_are_where_they_should_be() {
    let refusal = |form: &str| read(&post("", &[], form.as_bytes())).call.err();
    let base = "from=AcmeInc&to=447700900001&text=Hello";
    let with = |more: String| refusal(&format!("{base}&{more}"));
    let times = |text: &str, count: usize| text.repeat(count);

    assert_eq!(refusal(&format!("from=A&to=447700900001&text={}", times("😀", 3_200))), None);
    assert_eq!(refusal(&format!("from=A&to=447700900001&text={}", times("😀", 3_201))), Some(Refusal::TooLong));
    assert_eq!(refusal(&format!("from=A&to=447700900001&text={}", times("a", 3_201))), Some(Refusal::TooLong));

    for (name, field) in [("client-ref", "client-ref"), ("account-ref", "account-ref")] {
        assert_eq!(with(format!("{name}={}", times("é", 100))), None);
        assert_eq!(with(format!("{name}={}", times("é", 101))), Some(Refusal::Invalid { field }));
    }

    let from = |text: &str| refusal(&format!("from={text}&to=447700900001&text=Hello"));
    assert_eq!(from(&times("a", 20)), None);
    for bad in [times("a", 21), "Acm\u{e9}".into(), "a%00".into(), times("1", 21)] {
        assert_eq!(from(&bad), Some(Refusal::Invalid { field: "from" }), "{bad}");
    }
    assert_eq!(from("+++"), Some(Refusal::Missing { field: "from" }));

    let to = |text: &str| refusal(&format!("from=A&to={text}&text=Hello"));
    for good in ["4477009", "447700900001234", "+447700900001", "%2B447700900001", "00447700900001"] {
        assert_eq!(to(good), None, "{good}");
    }
    for bad in ["447700", "4477009000012345"] {
        assert_eq!(to(bad), Some(Refusal::Invalid { field: "to" }), "{bad}");
    }
    for bad in ["abc", "+", "++447700900001x", "447700900001,447700900002", "４４７７００９０００１", "4477%00"]
    {
        assert_eq!(to(bad), Some(Refusal::RecipientNotNumeric), "{bad}");
    }

    for (ttl, good) in [
        ("20000", true),
        ("604800000", true),
        ("0000020000", true),
        ("19999", false),
        ("604800001", false),
        ("-20000", false),
        ("%2B20000", false),
        ("20000.0", false),
        ("2e4", false),
        ("0x4e20", false),
        ("99999999999999999999", false),
        ("+20000", false),
    ] {
        assert_eq!(with(format!("ttl={ttl}")), (!good).then_some(Refusal::InvalidValidity), "{ttl}");
    }
    for class in ["0", "1", "2", "3"] {
        assert_eq!(with(format!("message-class={class}")), None, "{class}");
    }
    for class in ["4", "-1", "00", "flash", "1.0", "%2B1", "+1", "١"] {
        assert_eq!(with(format!("message-class={class}")), Some(Refusal::InvalidHandsetClass), "{class}");
    }
    for kind in ["Text", "TEXT", "unicode ", "x"] {
        assert_eq!(with(format!("type={kind}")), Some(Refusal::Invalid { field: "type" }), "{kind}");
    }
}

#[test]
fn a_callback_is_an_absolute_url() {
    let refusal = |callback: &str| {
        let form = form_urlencoded::Serializer::new(String::from("from=AcmeInc&to=447700900001&text=Hello"))
            .append_pair("callback", callback)
            .finish();
        match read(&post("", &[], form.as_bytes())).call {
            Ok(_) => None,
            Err(Refusal::InvalidCallback(fault)) => Some(fault),
            Err(other) => panic!("{other:?}"),
        }
    };
    let hundred = format!("https://example.com/{}", "x".repeat(80));
    for good in
        ["http://a", "HTTPS://example.com:8443/x?y=z#f", "http://[::1]/", "http://user:pw@example.com/", &hundred]
    {
        assert_eq!(refusal(good), None, "{good}");
    }
    for bad in
        ["example.com/x", "//example.com", "://example.com", "mailto:a@example.com", "example.com:80/x", "a b://c"]
    {
        assert_eq!(refusal(bad), Some(CallbackFault::MissingProtocol), "{bad}");
    }
    let one_more = format!("{hundred}x");
    for bad in
        ["ftp://example.com", "http://", "http:///x", "http://a b", "http://exämple.com", "http://a\r\nb", &one_more]
    {
        assert_eq!(refusal(bad), Some(CallbackFault::Malformed), "{bad}");
    }
}

#[test]
fn the_first_fault_in_the_fixed_order_is_told() {
    // Each step mends the first fault of the one before; all later faults are there from the start.
    let mut pairs = vec![
        ("from", ""),
        ("to", ""),
        ("type", "voice"),
        ("text", ""),
        ("client-ref", "r"),
        ("status-report-req", "maybe"),
        ("ttl", "1"),
        ("message-class", "9"),
        ("callback", "x"),
        ("network-code", "GB"),
    ];
    let steps = [
        ("from", "AcmeInc", Refusal::Missing { field: "from" }),
        ("to", "abc", Refusal::Missing { field: "to" }),
        ("to", "447700900001", Refusal::RecipientNotNumeric),
        ("type", "text", Refusal::Invalid { field: "type" }),
        ("text", "Hello", Refusal::Missing { field: "text" }),
        ("status-report-req", "1", Refusal::Invalid { field: "status-report-req" }),
        ("ttl", "20000", Refusal::InvalidValidity),
        ("message-class", "", Refusal::InvalidHandsetClass),
        ("callback", "http://a", Refusal::InvalidCallback(CallbackFault::MissingProtocol)),
        ("network-code", "23410", Refusal::InvalidNetwork),
    ];
    let form = |pairs: &[(&str, &str)]| {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs.iter().copied()).finish()
    };
    for (name, mended, told) in steps {
        assert_eq!(read(&post("", &[], form(&pairs).as_bytes())).call, Err(told));
        pairs.iter_mut().filter(|(other, _)| *other == name).for_each(|pair| pair.1 = mended);
    }
    assert!(read(&post("", &[], form(&pairs).as_bytes())).call.is_ok());
}

#[test]
fn the_digest_is_of_what_is_asked_for_in_whatever_form() {
    let key: &[(&str, &[u8])] = &[("idempotency-key", b"k1")];
    let digest = |query: &str, body: &str| {
        send(read(&post(query, key, body.as_bytes()))).idempotency.expect("a key was given").request_digest
    };
    let form = digest("", "api_key=a&api_secret=b&from=AcmeInc&to=447700900001&text=Hello");
    assert_eq!(digest("from=AcmeInc&to=447700900001&text=Hello", ""), form);
    assert_eq!(digest("text=Hello&from=AcmeInc", "to=447700900001&ttl=&&"), form);
    assert_eq!(digest("", "from=AcmeInc&to=447700900001&text=Hello&unknown=1&text=late"), form);
    assert_eq!(digest("", r#"{"text":"Hello","to":447700900001,"from":"AcmeInc","api_secret":"rotated"}"#), form);

    let mut others = vec![form];
    for more in
        ["&client-ref=a", "&account-ref=a", "&type=text", "&ttl=20000", "&status-report-req=0", "&callback=http://a"]
    {
        others.push(digest("", &format!("from=AcmeInc&to=447700900001&text=Hello{more}")));
    }
    others.push(digest("", "from=AcmeInc&to=447700900001&text=Hello!"));
    others.push(digest("", "from=AcmeIncH&to=447700900001&text=ello"));
    let classed: &[(&str, &[u8])] = &[("idempotency-key", b"k1"), ("x-whimbrel-class", b"bulk")];
    let classed = send(read(&post("", classed, b"from=AcmeInc&to=447700900001&text=Hello")));
    others.push(classed.idempotency.expect("a key was given").request_digest);
    let count = others.len();
    others.sort_unstable();
    others.dedup();
    assert_eq!(others.len(), count);
}

#[test]
fn hostile_bodies_are_refused_without_harm() {
    let huge = vec![b'{'; 1 << 20];
    let many = b"&a=b".repeat(100_000);
    let escapes = b"text=%".repeat(50_000);
    let one_name = format!("{{{}\"text\":\"a\"}}", "\"from\":\"b\",".repeat(50_000));
    for body in [
        &huge[..],
        &escapes,
        b"\0\0\0",
        b"{\"\xff\":\"\xff\"}",
        b"%",
        b"=",
        b"&",
        b"{\"to\"",
        b"[[[[",
        b"\xef\xbb\xbf{}",
    ] {
        let parsed = read(&post("", &[], body));
        assert_eq!(parsed.claim.err(), Some(Refusal::Missing { field: "api_key" }));
        assert!(parsed.call.is_err());
    }
    for body in [&many[..], one_name.as_bytes()] {
        assert_eq!(read(&post("", &[], body)).claim.err(), Some(Refusal::Invalid { field: "parameter" }));
    }
}
