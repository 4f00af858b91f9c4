//! What each type of message needs, and where its bounds are.

use whimbrel_core::{Alphabet, Binary, Call, Content, HandsetClass, MessageOctets, MessageText, Refusal, SendCall};

use super::{post, read};

const BASE: &str = "from=AcmeInc&to=447700900001";

fn call(more: &str) -> Result<SendCall, Refusal> {
    read(&post("", &[], format!("{BASE}&{more}").as_bytes())).call.map(|call| match call {
        Call::Send(send) => *send,
        other => panic!("not a text: {other:?}"),
    })
}

fn refusal(more: &str) -> Option<Refusal> {
    call(more).err()
}

fn octets(bytes: &[u8]) -> MessageOctets {
    MessageOctets::new(bytes)
}

#[test]
fn a_binary_message_is_header_and_body() {
    let binary = |more: &str| match call(&format!("type=binary&{more}")).expect("a good request").content {
        Content::Binary(binary) => binary,
        Content::Text { .. } => panic!("no text was sent"),
    };
    let expected = Binary {
        header: octets(&[6, 5, 4, 0x15, 0x81, 0x15, 0x81]),
        body: octets(&[0, 0x11, 0x22, 0x33, 0xaa, 0xff]),
        protocol_id: 127,
    };
    assert_eq!(binary("body=00112233aAFf&udh=06050415811581&protocol-id=127"), expected);
    assert_eq!(binary("body=ff"), Binary { header: octets(&[]), body: octets(&[0xff]), protocol_id: 0 });
    // Java's library always sends the protocol id; a text beside the body is ignored, as is a body beside a text.
    assert_eq!(binary("body=ff&udh=&protocol-id=0&text=Hello").protocol_id, 0);
    let text = Content::Text { text: MessageText::new("Hello"), alphabet: Alphabet::Gsm7Lossy };
    assert_eq!(call("text=Hello&body=xyz&udh=0&protocol-id=999").expect("a text").content, text);
}

#[test]
fn hexadecimal_digits_come_in_pairs() {
    let invalid = |field| Some(Refusal::Invalid { field });
    assert_eq!(refusal("type=binary"), Some(Refusal::Missing { field: "body" }));
    assert_eq!(refusal("type=binary&body=&udh=0"), Some(Refusal::Missing { field: "body" }));
    for bad in ["0", "000", "0g", "0x00", "00+11", "00 11", "%2B1", "\u{ff10}\u{ff10}", "é", "00,11"] {
        assert_eq!(refusal(&format!("type=binary&body={bad}")), invalid("body"), "{bad}");
        assert_eq!(refusal(&format!("type=binary&body=00&udh={bad}")), invalid("udh"), "{bad}");
    }
    // The length of the header, then of an element, does not add up.
    for bad in ["05", "00", "0500030102", "0605040102030405", "050004010203", "0100"] {
        let expected = (bad != "00").then_some(Refusal::Invalid { field: "udh" });
        assert_eq!(refusal(&format!("type=binary&body=00&udh={bad}")), expected, "{bad}");
    }
    for bad in ["256", "-1", "+1", "%2B1", "1.0", "0x7f", "x", "99999999999"] {
        assert_eq!(refusal(&format!("type=binary&body=00&protocol-id={bad}")), invalid("protocol-id"), "{bad}");
    }
    assert_eq!(refusal("type=binary&body=00&protocol-id=255"), None);
    assert_eq!(refusal("type=binary&body=00&protocol-id=007"), None);
}

#[test]
fn a_binary_message_has_140_octets_at_most() {
    let body = |count: usize| "ab".repeat(count);
    let udh = "udh=06050415811581";
    assert_eq!(refusal(&format!("type=binary&body={}", body(140))), None);
    assert_eq!(refusal(&format!("type=binary&body={}", body(141))), Some(Refusal::TooLong));
    assert_eq!(refusal(&format!("type=binary&{udh}&body={}", body(133))), None);
    assert_eq!(refusal(&format!("type=binary&{udh}&body={}", body(134))), Some(Refusal::TooLong));
    assert_eq!(refusal(&format!("type=binary&body={}x", body(100_000))), Some(Refusal::Invalid { field: "body" }));
}

#[test]
fn a_class_goes_with_every_type_that_is_offered() {
    let classes =
        [HandsetClass::Flash, HandsetClass::Handset, HandsetClass::Sim, HandsetClass::Terminal].into_iter().enumerate();
    for (number, class) in classes {
        for kind in ["type=text&text=a", "type=unicode&text=a", "type=binary&body=00"] {
            let send = call(&format!("{kind}&message-class={number}")).expect("a good request");
            assert_eq!(send.handset_class, Some(class), "{kind} {number}");
        }
    }
    assert_eq!(call("text=a").expect("a good request").handset_class, None);
    assert_eq!(call("text=a&message-class=").expect("a good request").handset_class, None);
}

#[test]
fn kinds_that_are_not_offered_ask_for_their_parameters_first() {
    let missing = |field| Some(Refusal::Missing { field });
    let not_offered = Some(Refusal::FacilityNotAllowed);
    assert_eq!(refusal("type=wappush&text=a"), missing("title"));
    assert_eq!(refusal("type=wappush&url=http://a"), missing("title"));
    assert_eq!(refusal("type=wappush&title=a&url="), missing("url"));
    assert_eq!(refusal("type=wappush&title=a&url=http://a&validity=300000"), not_offered);
    assert_eq!(refusal("type=vcard&vcal=a"), missing("vcard"));
    assert_eq!(refusal("type=vcard&vcard=BEGIN:VCARD"), not_offered);
    assert_eq!(refusal("type=vcal&vcard=a"), missing("vcal"));
    assert_eq!(refusal("type=vcal&vcal=BEGIN:VCALENDAR"), not_offered);
}

#[test]
fn marks_of_a_registry_and_a_network_are_carried_along() {
    let send = call("text=a&entity-id=1101456324675322134&content-id=1107457532145798767&network-code=23410");
    let send = send.expect("a good request");
    assert_eq!(send.registration.entity.as_deref(), Some("1101456324675322134"));
    assert_eq!(send.registration.template.as_deref(), Some("1107457532145798767"));
    assert_eq!(send.network.as_deref(), Some("23410"));
    for name in ["entity-id", "content-id", "pool-id"] {
        assert_eq!(refusal(&format!("text=a&{name}={}", "1".repeat(100))), None, "{name}");
        let refused = refusal(&format!("text=a&{name}={}", "1".repeat(101)));
        assert!(matches!(refused, Some(Refusal::Invalid { field }) if field == name), "{name}: {refused:?}");
    }
}

#[test]
fn a_network_is_five_or_six_digits_or_the_fixed_lines_of_a_country() {
    for good in ["23410", "310004", "01001", "GB-FIXED", "US-VIRTUAL"] {
        assert_eq!(call(&format!("text=a&network-code={good}")).expect(good).network.as_deref(), Some(good));
    }
    for bad in [
        "2341",
        "3100041",
        "234-10",
        "2341a",
        "GB",
        "GB-",
        "gb-fixed",
        "GBR-FIXED",
        "-FIXED",
        "GB-FIXED-LINE",
        "GB_FIXED",
    ] {
        assert_eq!(refusal(&format!("text=a&network-code={bad}")), Some(Refusal::InvalidNetwork), "{bad}");
    }
    let long = format!("GB-{}", "X".repeat(18));
    assert_eq!(refusal(&format!("text=a&network-code={long}")), Some(Refusal::InvalidNetwork));
}

#[test]
fn booleans_are_read_in_every_form_that_clients_send() {
    for name in ["status-report-req", "trusted-number"] {
        for good in ["1", "0", "true", "false", "True", "False", "TRUE", "yes", "NO", "on", "off", ""] {
            assert_eq!(refusal(&format!("text=a&{name}={good}")), None, "{name}={good}");
        }
        for bad in ["2", "maybe", "null", "-1", "truee", " 1"] {
            let refused = refusal(&format!("text=a&{name}={bad}"));
            assert!(matches!(refused, Some(Refusal::Invalid { field }) if field == name), "{name}={bad}: {refused:?}");
        }
    }
}
