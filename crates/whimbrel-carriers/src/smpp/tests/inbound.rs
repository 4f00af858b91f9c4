//! Texts from handsets: what is told, and when they are answered. Rows are those of a list of faults seen in the field.

use std::time::Duration;

use whimbrel_core::{
    AckToken, CarrierEvent, InboundAlphabet, InboundContent, InboundPart, MessageOctets, MessageText, PhoneNumber,
    SenderId,
};
use whimbrel_smpp::{Address, Body, CommandStatus, DataSm, MessageIdBody, ShortMessage, Tlvs, tag};
use whimbrel_sms::{ConcatRef, DefaultAlphabet, Sniff, packed};

use super::harness::{Fixture, Options, config};
use crate::Ack;
use crate::smpp::SmppConfig;
use crate::smpp::inbound::{Delivered, read};

fn message(data_coding: u8, octets: &[u8]) -> ShortMessage {
    ShortMessage {
        source: Address { ton: 1, npi: 1, digits: b"447700900123".to_vec() },
        destination: Address { ton: 1, npi: 1, digits: b"+447700900000".to_vec() },
        data_coding,
        short_message: octets.to_vec(),
        ..ShortMessage::default()
    }
}

fn sniffing() -> SmppConfig {
    SmppConfig { sniff_texts: Sniff::On, ..config() }
}

fn text_of(part: &InboundPart) -> Option<(&str, InboundAlphabet)> {
    match &part.content {
        InboundContent::Text { text, alphabet } => Some((text.expose(), *alphabet)),
        InboundContent::Binary(_) => None,
    }
}

/// The text of a message, and the octets of its header.
fn check(message: &ShortMessage, config: &SmppConfig, wanted: &str) -> InboundPart {
    let part = read(Delivered::from(message), config);
    assert_eq!(text_of(&part).map(|(text, _)| text), Some(wanted), "{message:?}");
    part
}

fn ucs2(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[tokio::test(start_paused = true)]
async fn a_text_is_told_and_answered_only_when_it_is_stored() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    peer.deliver(7, message(0, b"STOP")).await;
    peer.deliver(8, message(8, &ucs2("Mã 1"))).await;
    let mut tokens = Vec::new();
    for (text, alphabet) in [("STOP", InboundAlphabet::Gsm7), ("Mã 1", InboundAlphabet::Ucs2)] {
        let CarrierEvent::Inbound { part, ack, .. } = fixture.event().await else { panic!("no text") };
        assert_eq!(
            *part,
            InboundPart {
                sender: SenderId::Number(PhoneNumber::parse("447700900123").expect("a number")),
                number: "447700900000".into(),
                header: Box::default(),
                concat: None,
                content: InboundContent::Text { text: MessageText::new(text), alphabet },
            }
        );
        tokens.push(ack);
    }
    let silent = tokio::time::timeout(Duration::from_secs(20), peer.pdu()).await;
    assert!(silent.is_err(), "{silent:?}");
    let answers = [(tokens[1], Ack::TryAgain, CommandStatus::RX_T_APPN), (tokens[0], Ack::Stored, CommandStatus::ROK)];
    for (token, ack, status) in answers {
        fixture.carrier.acknowledge(token, ack);
        let pdu = peer.pdu().await.expect("an answer comes");
        assert_eq!((pdu.sequence, pdu.status), (token.sequence, status));
        assert_eq!(pdu.body, Body::DeliverSmResp(MessageIdBody::default()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_text_in_data_sm_is_one_too() {
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    let mut tlvs = Tlvs::new();
    tlvs.push(tag::MESSAGE_PAYLOAD, &b"HELP"[..]);
    let source = Address { ton: 5, npi: 0, digits: b"Acme".to_vec() };
    let destination = Address { ton: 3, npi: 0, digits: b"12345".to_vec() };
    let data = DataSm { source, destination, tlvs, ..DataSm::default() };
    peer.send(CommandStatus::ROK, 9, Body::DataSm(Box::new(data))).await;
    let CarrierEvent::Inbound { part, ack, .. } = fixture.event().await else { panic!("no text") };
    assert_eq!((part.sender.as_str(), &*part.number), ("Acme", "12345"));
    assert_eq!(text_of(&part).map(|(text, _)| text), Some("HELP"));
    assert!(matches!(ack, AckToken { sequence: 9, .. }));
    fixture.carrier.acknowledge(ack, Ack::Stored);
    let pdu = peer.pdu().await.expect("an answer comes");
    assert_eq!((pdu.status, pdu.body), (CommandStatus::ROK, Body::DataSmResp(MessageIdBody::default())));
}

#[test]
fn parts_are_known_by_header_or_by_parameters() {
    let with_header = ShortMessage { esm_class: 0x40, ..message(0, b"\x05\x00\x03\x2A\x02\x01Hello") };
    let part = check(&with_header, &config(), "Hello");
    assert_eq!(&*part.header, &[5, 0, 3, 0x2A, 2, 1]);
    assert_eq!(part.concat.map(|concat| concat.reference()), Some(ConcatRef::Octet(0x2A)));
    let mut tlvs = Tlvs::new();
    tlvs.push(tag::SAR_MSG_REF_NUM, &[1, 2][..]);
    tlvs.push(tag::SAR_TOTAL_SEGMENTS, &[3][..]);
    tlvs.push(tag::SAR_SEGMENT_SEQNUM, &[2][..]);
    let part = check(&ShortMessage { tlvs, ..message(0, b"Hello") }, &config(), "Hello");
    let concat = part.concat.expect("the parameters say so");
    assert_eq!((concat.reference(), concat.total().value(), concat.sequence().value()), (ConcatRef::Word(0x102), 3, 2));
    assert!(part.header.is_empty());
}

#[test]
fn binary_is_told_as_octets() {
    let sent = ShortMessage { esm_class: 0x40, ..message(4, b"\x06\x05\x04\x15\x81\x15\x81\x00\xFF") };
    let part = read(Delivered::from(&sent), &config());
    assert_eq!(part.content, InboundContent::Binary(MessageOctets::new(*b"\x00\xFF")));
    assert_eq!((&*part.header, part.concat), (&[6, 5, 4, 0x15, 0x81, 0x15, 0x81][..], None));
}

#[test]
fn row_12_a_stray_nul_is_no_text() {
    // praekelt/python-smpp issue 7, jookies/jasmin issue 218. Counted, where the alphabet has no such character.
    check(&message(3, b"Hi\0"), &config(), "Hi");
    check(&message(8, &ucs2("Hi\0")), &config(), "Hi");
    // Not counted in sm_length: one octet after the body.
    let mut frame = Vec::new();
    let pdu = whimbrel_smpp::Pdu::request(1, Body::DeliverSm(Box::new(message(0, b"Hi"))));
    pdu.encode(&mut frame).expect("it can be written");
    frame.push(0);
    frame[3] += 1;
    let Body::DeliverSm(read) = whimbrel_smpp::Pdu::decode(&frame).expect("it can be read").body else { panic!() };
    check(&read, &config(), "Hi");
}

#[test]
fn row_17_packed_septets_under_data_coding_0() {
    // farhadi/node-smpp issue 82.
    let octets = packed::pack(b"Your code is 482917", 0);
    check(&message(0, &octets), &sniffing(), "Your code is 482917");
    let told = SmppConfig { default_alphabet: DefaultAlphabet::Gsm7Packed, ..config() };
    check(&message(0, &octets), &told, "Your code is 482917");
}

#[test]
fn row_18_ascii_and_gsm_differ_in_a_few_characters() {
    // farhadi/node-smpp issues 26 and 181.
    check(&message(1, b"$ @ _"), &config(), "$ @ _");
    check(&message(0, b"\x02 \x00 \x11"), &config(), "$ @ _");
}

#[test]
fn row_19_data_coding_is_read_by_groups() {
    // farhadi/node-smpp issue 66: by the low half alone, 0xF4 would be binary for another reason, and 0x18 would be nothing.
    for coding in [0x00, 0x10, 0x11, 0xC0, 0xD8, 0xF0, 0xF1] {
        check(&message(coding, b"Hi"), &config(), "Hi");
    }
    for coding in [0x08, 0x18, 0x19, 0xE0] {
        check(&message(coding, &ucs2("Hi")), &config(), "Hi");
    }
    for coding in [0x02, 0x04, 0x14, 0xF4, 0xF7] {
        assert_eq!(text_of(&read(Delivered::from(&message(coding, b"Hi")), &config())), None, "{coding:#x}");
    }
}

#[test]
fn row_20_latin_1_under_data_coding_0() {
    // kneodev/ksmppd issue 50.
    check(&message(0, b"caf\xE9 cr\xE8me"), &sniffing(), "café crème");
    let told = SmppConfig { default_alphabet: DefaultAlphabet::Latin1, ..config() };
    check(&message(0, b"caf\xE9"), &told, "café");
}

#[test]
fn row_21_a_header_that_is_not_announced() {
    // onlinecity/php-smpp issue 33, smppjs issue 56, python-smpplib issue 50.
    let sent = message(0, b"\x05\x00\x03\x2A\x02\x01Hello");
    let part = check(&sent, &sniffing(), "Hello");
    assert!(part.concat.is_some());
    let taken_at_its_word = read(Delivered::from(&sent), &config());
    assert!(taken_at_its_word.concat.is_none() && taken_at_its_word.header.is_empty());
}

#[test]
fn row_23_a_header_inside_message_payload() {
    // farhadi/node-smpp issues 102 and 243.
    let mut tlvs = Tlvs::new();
    tlvs.push(tag::MESSAGE_PAYLOAD, &b"\x05\x00\x03\x2A\x02\x02Hello"[..]);
    let sent = ShortMessage { esm_class: 0x40, tlvs, ..message(0, b"") };
    let part = check(&sent, &config(), "Hello");
    assert_eq!(part.concat.map(|concat| concat.sequence().value()), Some(2));
}

#[test]
fn acknowledgements_of_handsets_are_texts_and_receipts_never_are() {
    for kind in [0x08, 0x10, 0x18] {
        check(&ShortMessage { esm_class: kind, ..message(0, b"Read") }, &config(), "Read");
    }
}

#[tokio::test(start_paused = true)]
async fn row_16_a_receipt_announced_as_ucs_2_is_a_receipt() {
    // farhadi/node-smpp issue 68.
    let (mut fixture, mut peer) = Fixture::bound(Options::default()).await;
    let receipt = "id:77 sub:001 dlvrd:001 stat:DELIVRD err:000";
    let cases = [(4, receipt.as_bytes().to_vec()), (4, ucs2(receipt)), (0, receipt.as_bytes().to_vec())];
    for (sequence, (esm_class, octets)) in (1..).zip(cases) {
        peer.deliver(sequence, ShortMessage { esm_class, ..message(8, &octets) }).await;
        let event = fixture.event().await;
        assert!(matches!(&event, CarrierEvent::Receipt { receipt, .. } if &*receipt.raw_id == "77"), "{event:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_receipts_are_always_marked_a_text_may_look_like_one() {
    let mut fixture = Fixture::with(SmppConfig { sniff_receipts: Sniff::Off, ..config() }, Options::default());
    let mut peer = fixture.rebound().await;
    peer.deliver(1, message(0, b"id:77 stat:DELIVRD")).await;
    assert!(matches!(fixture.event().await, CarrierEvent::Inbound { .. }));
}
