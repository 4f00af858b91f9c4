//! What holds for every answer and webhook, whatever texts are in it: it can be read, and says what it should.

use proptest::prelude::*;
use whimbrel_core::{
    Accepted, AcceptedPart, AccountId, Currency, HttpMethodChoice, InboundAlphabet, InboundContent, InboundId,
    InboundPart, InboundTold, MessageId, MessageOctets, MessageText, Money, Notice, NoticeForm, NoticeId, Outcome,
    PartId, PhoneNumber, Secret, SenderId, Timestamp, Told,
};
use whimbrel_dialects::http::{HostKind, HttpRequest};
use whimbrel_dialects::nexmo::Nexmo;
use whimbrel_dialects::{Dialect, Match, Moment, Reply, WebhookTarget};
use whimbrel_sms::{Concat, ConcatRef, PartCount, udh::Place};

use super::{webhooks, xml};

const NOW: Timestamp = Timestamp(1_657_312_716_000_000);

/// The reply of a request to that path, as the dialect itself makes it.
fn reply(path: &str) -> Reply {
    let request = HttpRequest { method: "GET", path, query: None, headers: &[], body: b"" };
    match Nexmo.read(&request, 0, NOW) {
        Match::Parsed(parsed) => Reply { host: HostKind::Named, ..parsed.reply },
        other => panic!("not read: {other:?}"),
    }
}

/// Texts with what documents trip over in many places.
fn any_text() -> impl Strategy<Value = String> {
    let sharp = prop::sample::select(vec![
        "&",
        "<",
        ">",
        "]]>",
        "<!--",
        "&amp;",
        "'",
        "\"",
        "\\",
        "\0",
        "\u{1}",
        "\u{1f}",
        "\u{7f}",
        "\r",
        "\r\n",
        "\n",
        "\t",
        "\u{85}",
        "\u{2028}",
        "\u{fffd}",
        "\u{fffe}",
        "\u{ffff}",
        "\u{10ffff}",
        "é",
        "😀",
        " ",
        "=",
        "%",
        "+",
        "#",
        "a",
    ]);
    let pieces = prop_oneof![3 => sharp.prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

/// What XML makes of a text.
fn held_by_xml(text: &str) -> String {
    let held = |c: char| match c {
        '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        c => c,
    };
    text.chars().map(held).collect()
}

fn accepted(texts: &[String; 3], parts: usize) -> Outcome {
    let money = Money::new(3_330_000, Currency::EUR);
    let [network, client_ref, account_ref] = texts.each_ref().map(|text| Box::<str>::from(text.as_str()));
    Outcome::Sent(Accepted {
        serial: None,
        message_id: MessageId(1),
        recipient: PhoneNumber::from_digits("447700900001").expect("a number"),
        network,
        parts: (1..).take(parts).map(|id| AcceptedPart { part_id: PartId(id), price: money, balance: money }).collect(),
        client_ref: Some(client_ref),
        account_ref: Some(account_ref),
    })
}

fn notice(content: InboundContent, concat: Option<Concat>, header: &[u8]) -> Notice {
    let part = InboundPart {
        sender: SenderId::parse("447700900001").expect("a sender"),
        number: "447700900000".into(),
        header: header.into(),
        concat,
        content,
    };
    Notice {
        id: NoticeId(1),
        account_id: AccountId(1),
        dialect: "nexmo".into(),
        url: None,
        form: NoticeForm::default(),
        application: None,
        hook: whimbrel_core::ForHook::No,
        told: Told::Inbound(InboundTold { id: InboundId(1), part, part_count: 1 }),
        happened_at: NOW,
        failures: 0,
        first_at: NOW,
        due_at: NOW,
    }
}

/// The pairs that a push by each method carries.
fn pushes(notice: &Notice) -> [Vec<(String, String)>; 3] {
    let by = |method| {
        let account = webhooks::account("abcd1234", method);
        let target = WebhookTarget {
            url: "https://example.com/in",
            account: &account,
            hook: None,
            signature_secret: &Secret::default(),
        };
        Nexmo.webhook(notice, target, Moment { now: NOW, chance: 0 }).expect("it is not signed")
    };
    let form = |bytes: &[u8]| form_urlencoded::parse(bytes).into_owned().collect();
    let get = by(HttpMethodChoice::Get).url;
    let json = by(HttpMethodChoice::PostJson).body;
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&json).expect("an object");
    let text = |value: serde_json::Value| value.as_str().expect("a string").to_owned();
    [
        form(get.split_once('?').expect("a query").1.as_bytes()),
        form(&by(HttpMethodChoice::PostForm).body),
        object.into_iter().map(|(name, value)| (name, text(value))).collect(),
    ]
}

proptest! {
    #[test]
    fn every_answer_can_be_read_in_both_forms(texts in [any_text(), any_text(), any_text()], parts in 1usize..4) {
        let outcome = accepted(&texts, parts);
        let names = [("network", "network"), ("client-ref", "clientRef"), ("account-ref", "accountRef")];

        let json = Nexmo.render(&outcome, &reply("/sms/json")).body;
        let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        prop_assert_eq!(json["messages"].as_array().map(Vec::len), Some(parts));

        let document = Nexmo.render(&outcome, &reply("/sms/xml")).body;
        let document = xml::read(std::str::from_utf8(&document).expect("UTF-8")).map_err(TestCaseError::fail)?;
        let messages = document.child("messages");
        prop_assert_eq!(messages.children.len(), parts);

        for index in 0..parts {
            for ((in_json, in_xml), text) in names.iter().zip(&texts) {
                prop_assert_eq!(json["messages"][index][in_json].as_str(), Some(text.as_str()));
                prop_assert_eq!(&messages.children[index].child(in_xml).text, &held_by_xml(text));
            }
        }
    }

    #[test]
    fn any_request_gets_an_answer_that_can_be_read(
        method in "GET|POST|HEAD|PUT|[A-Z]{0,5}",
        path in "/(v1/)?sms/(json|xml)/?",
        query in prop_oneof![any_text(), any::<String>()],
        body in prop::collection::vec(any::<u8>(), 0..120),
        header in prop::collection::vec(any::<u8>(), 0..30),
    ) {
        let headers: [(&str, &[u8]); 4] =
            [("authorization", &header), ("idempotency-key", &header), ("x-whimbrel-class", &header), ("host", &header)];
        let request = HttpRequest { method: &method, path: &path, query: Some(&query), headers: &headers, body: &body };
        let response = match Nexmo.read(&request, 7, NOW) {
            Match::NotMine => return Err(TestCaseError::fail("its own path is not its own")),
            Match::Answered(response) => response,
            Match::Parsed(parsed) => {
                let refusal = parsed.claim.err().or(parsed.call.err());
                let Some(refusal) = refusal else { return Ok(()) };
                Nexmo.render(&Outcome::Refused(refusal), &parsed.reply)
            }
        };
        let text = std::str::from_utf8(&response.body).expect("UTF-8");
        match text.as_bytes().first() {
            None => prop_assert_eq!(&method, "HEAD"),
            Some(b'<') => prop_assert!(xml::read(text).is_ok() && path.contains("xml")),
            Some(_) => prop_assert!(serde_json::from_str::<serde_json::Value>(text).is_ok()),
        }
    }

    #[test]
    fn a_text_that_came_in_is_told_alike_by_every_method(text in any_text(), wide in any::<bool>()) {
        let alphabet = if wide { InboundAlphabet::Ucs2 } else { InboundAlphabet::Gsm7 };
        let content = InboundContent::Text { text: MessageText::new(text.as_str()), alphabet };
        for pairs in pushes(&notice(content.clone(), None, &[])) {
            let value = |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.as_str());
            prop_assert_eq!(value("text"), Some(text.as_str()));
            prop_assert_eq!(value("type"), Some(if wide { "unicode" } else { "text" }));
            prop_assert_eq!(value("keyword").is_some(), !text.trim().is_empty());
            prop_assert!(pairs.iter().all(|(name, value)| name == "text" || !value.is_empty()));
        }
    }

    #[test]
    fn octets_that_came_in_are_told_with_their_place(
        data in prop::collection::vec(any::<u8>(), 1..134),
        reference in any::<u16>(),
        (total, sequence) in (1u8..=255).prop_flat_map(|total| (Just(total), 1..=total)),
    ) {
        let part = |count| PartCount::new(count).expect("not zero");
        let place = Place { sequence: part(sequence), total: part(total) };
        let concat = Concat::new(ConcatRef::Word(reference), place).expect("a part of the total");
        let mut header = Vec::new();
        concat.write_header(&mut header);
        for pairs in pushes(&notice(InboundContent::Binary(MessageOctets::new(data.as_slice())), Some(concat), &header)) {
            let value = |name: &str| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.clone());
            let hex = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02X}")).collect::<String>();
            prop_assert_eq!(value("data"), Some(hex(&data)));
            prop_assert_eq!(value("udh"), Some(hex(&header)));
            prop_assert_eq!(value("concat"), Some("true".to_owned()));
            prop_assert_eq!(value("concat-ref"), Some(reference.to_string()));
            prop_assert_eq!(value("concat-total"), Some(total.to_string()));
            prop_assert_eq!(value("concat-part"), Some(sequence.to_string()));
            prop_assert_eq!(value("text"), None);
        }
    }
}
