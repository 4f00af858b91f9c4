//! The dialect as a whole: lengths that were captured, paths, ids, and hostile or random requests. Whole exchanges, and the
//! answer to every refusal, are in `tests/exchanges/nexmo`.

mod contents;
mod properties;
mod requests;

use whimbrel_core::{
    Accepted, AcceptedPart, Currency, MessageId, Money, Outcome, PartId, PhoneNumber, Refusal, Timestamp,
};

use super::super::{DESCRIPTOR, Nexmo};
use crate::http::{HostKind, HttpRequest, HttpResponse};
use crate::{Dialect, Match, Parsed, PublicId, Reply};

const NOW: Timestamp = Timestamp(1_522_797_127_412_251);

fn reply() -> Reply {
    Reply {
        page: 0,
        trace_id: "9af96afd6c3b3271bf964d15390991f6".into(),
        host: HostKind::Named,
        now: NOW,
        wording: Default::default(),
        home: Default::default(),
    }
}

fn number(digits: &str) -> PhoneNumber {
    PhoneNumber::from_digits(digits).expect("digits of a number")
}

fn euros(text: &str) -> Money {
    Money::parse(text, Currency::EUR).expect("an amount")
}

fn body(response: HttpResponse) -> String {
    String::from_utf8(response.body).expect("a body in UTF-8")
}

fn read(request: &HttpRequest<'_>) -> Parsed {
    match Nexmo.read(request, 0, NOW) {
        Match::Parsed(parsed) => *parsed,
        other => panic!("not read: {other:?}"),
    }
}

fn post<'a>(query: &'a str, headers: &'a [(&'a str, &'a [u8])], body: &'a [u8]) -> HttpRequest<'a> {
    HttpRequest { method: "POST", path: "/sms/json", query: Some(query), headers, body }
}

/// Captured on rest.nexmo.com between 2017 and 2021 with `Content-Length: 258` and `128`; the recipient is replaced by another
/// of its length.
#[test]
fn bodies_have_the_captured_lengths() {
    let part = AcceptedPart { part_id: PartId(0xd00_0000_2ee0_d00c), price: euros("0.048"), balance: euros("1.952") };
    let accepted = Accepted {
        serial: None,
        message_id: MessageId(part.part_id.0),
        recipient: number("14155550100"),
        network: "73602".into(),
        parts: vec![part],
        client_ref: None,
        account_ref: None,
    };
    assert_eq!(Nexmo.render(&Outcome::Sent(accepted), &reply()).body.len(), 258);
    assert_eq!(Nexmo.render(&Outcome::Refused(Refusal::RecipientNotNumeric), &reply()).body.len(), 128);
}

#[test]
fn only_its_own_paths_and_methods_are_read() {
    let read =
        |method, path| Nexmo.read(&HttpRequest { method, path, query: None, headers: &[], body: b"" }, 0xabc, NOW);
    for path in [
        "/sms/json",
        "/sms/json/",
        "/v1/sms/json",
        "/v1/sms/json/",
        "/sms/xml",
        "/sms/xml/",
        "/v1/sms/xml",
        "/v1/sms/xml/",
    ] {
        assert!(matches!(read("GET", path), Match::Parsed(_)), "{path}");
        assert!(matches!(read("POST", path), Match::Parsed(_)), "{path}");
        assert!(
            matches!(read("HEAD", path), Match::Answered(answer) if answer.status == 200 && answer.body.is_empty())
        );
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "get", ""] {
            assert!(matches!(read(method, path), Match::Answered(answer) if answer.status == 404), "{method} {path}");
        }
    }
    for path in [
        "",
        "/",
        "/sms",
        "/sms/",
        "/sms/json//",
        "//sms/json",
        "/SMS/JSON",
        "/v2/sms/json",
        "/sms/json/internal",
        "/sms/xml.json",
        "/sms/json.xml",
    ] {
        assert!(matches!(read("GET", path), Match::NotMine), "{path}");
    }
}

#[test]
fn a_trace_id_is_the_callers_or_32_digits() {
    let trace_of = |headers: &[(&str, &[u8])]| {
        let request = HttpRequest { method: "POST", path: "/sms/json", query: None, headers, body: b"" };
        match Nexmo.read(&request, 0xabc, NOW) {
            Match::Parsed(parsed) => parsed.reply.trace_id,
            other => panic!("not read: {other:?}"),
        }
    };
    let ours = "00000000000000000000000000000abc";
    assert_eq!(&*trace_of(&[]), ours);
    let longest = "t".repeat(64);
    assert_eq!(&*trace_of(&[("x-nexmo-trace-id", longest.as_bytes())]), longest);
    let too_long = "t".repeat(65);
    for bad in [&b""[..], b"a b", b"a\r\nSet-Cookie: x", b"\xff", too_long.as_bytes()] {
        assert_eq!(&*trace_of(&[("x-nexmo-trace-id", bad)]), ours, "{bad:?}");
    }
}

#[test]
fn the_development_accounts_lengths_are_those_that_clients_demand() {
    let account = DESCRIPTOR.dev_account;
    assert_eq!(account.key.len(), 8);
    assert!((6..=32).contains(&account.secret.len()));
    assert_eq!(account.signature_secret.len(), 32);
    let expected = "curl http://127.0.0.1:7670/sms/json -d api_key=devkey01 -d api_secret=devSecret01 -d to=447700900000 \
                    -d from=Whimbrel -d \"text=Hello from Whimbrel\"";
    assert_eq!(DESCRIPTOR.curl_line.replace("{base}", "http://127.0.0.1:7670"), expected);
}

#[test]
fn ids_are_read_back_in_one_form_only() {
    assert_eq!(Nexmo.public_id(0x00c0_0000_a310_d8ca, None), "A0C00000A310D8CA");
    assert_eq!(Nexmo.public_id(0, None), "A000000000000000");
    assert_eq!(Nexmo.read_public_id("a0c00000a310d8ca"), Some(PublicId::Id(0x00c0_0000_a310_d8ca)));
    for bad in [
        "",
        "A",
        "A0C00000A310D8C",
        "A0C00000A310D8CAA",
        "00C00000A310D8CA",
        "B0C00000A310D8CA",
        "A0C00000A310D8CG",
        "A+C00000A310D8CA",
        " A0C00000A310D8C",
        "A0C00000A310D8é",
        "1234567890123456",
    ] {
        assert_eq!(Nexmo.read_public_id(bad), None, "{bad}");
    }
}

/// As the SMS API reference says of inbound texts, and the guide of receipts (read 2026-11).
#[test]
fn a_text_that_came_in_is_tried_for_a_day_and_a_receipt_for_three() {
    use whimbrel_core::Span;
    assert_eq!(given_up_after(whimbrel_core::EndpointKind::Inbound), Some(Span::hours(24)));
    assert_eq!(given_up_after(whimbrel_core::EndpointKind::Receipt), Some(Span::hours(72)));
}

fn given_up_after(kind: whimbrel_core::EndpointKind) -> Option<whimbrel_core::Span> {
    match super::rules(kind).backoff {
        whimbrel_core::retry::Backoff::Doubling { give_up_after, .. } => Some(give_up_after),
        whimbrel_core::retry::Backoff::Steps(_) => None,
    }
}
