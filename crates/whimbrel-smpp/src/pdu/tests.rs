//! Reading what carriers send, writing what they must understand. "Rule" and "row" cases are named for what they
//! keep working; the issue where it was seen broken is cited.

use super::*;
use crate::tlv::{Tlvs, tag};

fn frame(command: u32, status: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER_OCTETS + body.len()).expect("short");
    let words = [length, command, status, 7];
    let mut octets: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    octets.extend_from_slice(body);
    octets
}

fn read(command: u32, status: u32, body: &[u8]) -> Body {
    let pdu = Pdu::decode(&frame(command, status, body)).expect("readable");
    assert_eq!((pdu.command_id(), pdu.status.0, pdu.sequence), (command, status, 7));
    pdu.body
}

fn refused(command: u32, body: &[u8]) -> &'static str {
    let error = Pdu::decode(&frame(command, 0, body)).expect_err("unreadable");
    assert_eq!((error.command_id, error.sequence), (command, 7));
    error.what
}

fn submit_resp(status: u32, body: &[u8]) -> MessageIdBody {
    match read(command_id::SUBMIT_SM | command_id::RESPONSE, status, body) {
        Body::SubmitSmResp(body) => body,
        other => panic!("{other:?}"),
    }
}

/// A `deliver_sm` with this source, times and all from `sm_length` on.
fn deliver(source: &[u8], times: &[u8], from_length: &[u8]) -> ShortMessage {
    let head =
        [b"\0\x01\x01".as_slice(), source, b"\0\x01\x0155\0\x04\0\0", times, &[0, 0, 3, 0], from_length].concat();
    match read(command_id::DELIVER_SM, 0, &head) {
        Body::DeliverSm(body) => *body,
        other => panic!("{other:?}"),
    }
}

fn message() -> ShortMessage {
    ShortMessage {
        source: Address { ton: 5, npi: 0, digits: b"Whimbrel".to_vec() },
        destination: Address { ton: 1, npi: 1, digits: b"447700900123".to_vec() },
        registered_delivery: 1,
        short_message: b"the code is 4711".to_vec(),
        ..ShortMessage::default()
    }
}

fn written(body: Body) -> Result<Vec<u8>, EncodeError> {
    let mut out = b"before".to_vec();
    let result = Pdu::request(1, body).encode(&mut out);
    assert_eq!(out.len() > 6, result.is_ok(), "a refusal leaves the buffer as it was");
    result.map(|()| out.split_off(6))
}

#[test]
fn the_octets_of_a_submit_sm_are_those_of_the_specification() {
    let pdu = Pdu::request(2, Body::SubmitSm(Box::new(ShortMessage { short_message: b"hi".to_vec(), ..message() })));
    let mut out = Vec::new();
    pdu.encode(&mut out).expect("writable");
    let expected = [
        &[0, 0, 0, 55, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 2][..],
        b"\0\x05\0Whimbrel\0\x01\x01447700900123\0\0\0\0\0\0\x01\0\0\0\x02hi",
    ]
    .concat();
    assert_eq!(out, expected);
    assert_eq!(Pdu::decode(&out), Ok(pdu));
}

#[test]
fn rule_1_texts_are_read_to_their_nul_within_the_frame() {
    assert_eq!(submit_resp(0, b"abc").message_id, b"abc");
    assert_eq!(submit_resp(0, &[b'7'; 70]).message_id, [b'7'; 70]);
    assert_eq!(submit_resp(0, &[b'7'; 255]).message_id.len(), 255);
    assert_eq!(refused(0x8000_0004, &[b'7'; 256]), "message_id is too long");
    let source = [b"\xE9\x01".as_slice(), &[b'8'; 253]].concat();
    assert_eq!(deliver(&source, b"\0\0", b"\x02hi").source.digits, source);
    let Body::Bind(BindMode::Transceiver, bind) = read(9, 0, b"sys\0pass\0\0\x34\0\0") else { panic!("a bind") };
    assert_eq!((bind.system_id, bind.address.digits), (b"sys".to_vec(), Vec::new()));
}

#[test]
fn rule_2_and_row_10_an_error_may_come_with_any_body() {
    // smppex issue 6, node-smpp issue 118.
    let tlvs = b"\0\x1D\0\x05slow\0";
    assert_eq!(submit_resp(0x58, b""), MessageIdBody::default());
    assert_eq!(submit_resp(0x58, b"\0"), MessageIdBody::default());
    assert_eq!(submit_resp(0x45, b"id7\0"), MessageIdBody::new("id7"));
    assert_eq!(submit_resp(0x45, b"id7"), MessageIdBody::new("id7"));
    let alone = submit_resp(0x58, tlvs);
    assert_eq!(alone.message_id, b"");
    assert_eq!(alone.tlvs.get_text(0x1D), Some(&b"slow"[..]));
    let both = submit_resp(0x58, &[b"id7\0".as_slice(), tlvs].concat());
    assert_eq!((both.message_id, both.tlvs), (b"id7".to_vec(), alone.tlvs.clone()));
    let after_nul = submit_resp(0x58, &[b"\0".as_slice(), tlvs].concat());
    assert_eq!((after_nul.message_id, after_nul.tlvs), (Vec::new(), alone.tlvs));
    for command in [1, 2, 9, 5, 0x103, 3, 6, 0x15] {
        let body = read(command | command_id::RESPONSE, 0x0D, b"");
        assert!(body.is_response(), "{body:?}");
    }
}

#[test]
fn rule_3_success_without_an_id_is_accepted() {
    assert_eq!(submit_resp(0, b""), MessageIdBody::default());
    assert_eq!(submit_resp(0, b"\0"), MessageIdBody::default());
}

#[test]
fn rule_4_and_row_11_an_answer_to_a_delivery_may_hold_an_id() {
    // smppex issue 31, smscgateway issue 232.
    let body = read(command_id::DELIVER_SM | command_id::RESPONSE, 0, b"id7\0");
    assert_eq!(body, Body::DeliverSmResp(MessageIdBody::new("id7")));
    let ours = written(Body::DeliverSmResp(MessageIdBody::default())).expect("writable");
    assert_eq!(ours.get(16..), Some(&b"\0"[..]));
}

#[test]
fn rule_5_octets_after_the_body_that_form_no_parameter_are_dropped() {
    // python-smpp issue 7.
    for rest in [&b"\0"[..], b"\0\0\0", b"\0\0\0\x09x"] {
        assert_eq!(submit_resp(0, &[b"id7\0", rest].concat()), MessageIdBody::new("id7"));
    }
    for command in [0x15, 0x8000_0015, 6, 0x8000_0006, 0x8000_0000] {
        assert!(!matches!(read(command, 0, b"\0"), Body::Other { .. }));
    }
}

#[test]
fn rule_6_parameters_are_kept_whatever_their_length() {
    let octets = b"\x02hi\x04\x27\0\x02\0\x02\0\x1E\0\x02a1\x14\x01\0\x03x\0y\x04\x23\0\x09\x03";
    let tlvs = deliver(b"4477", b"\0\0", octets).tlvs;
    assert_eq!(tlvs.len(), 3, "the last is cut off: {tlvs:?}");
    assert_eq!(tlvs.get_u8(tag::MESSAGE_STATE), Some(2));
    assert_eq!(tlvs.get_text(tag::RECEIPTED_MESSAGE_ID), Some(&b"a1"[..]));
    assert_eq!(tlvs.get(0x1401), Some(&b"x\0y"[..]));
}

#[test]
fn rule_7_and_row_12_a_stray_nul_after_the_message_is_dropped() {
    // Jasmin issue 218, python-smpp issue 7. A counted NUL stays: in the GSM alphabet it is a commercial at.
    let stray = deliver(b"4477", b"\0\0", b"\x02hi\0");
    assert_eq!((stray.short_message.as_slice(), stray.tlvs.len()), (&b"hi"[..], 0));
    assert_eq!(deliver(b"4477", b"\0\0", b"\x03hi\0").short_message, b"hi\0");
}

#[test]
fn rule_8_times_may_be_of_any_length_and_content() {
    let odd = deliver(b"4477", b"0\0\xFFnever\0", b"\x02hi");
    assert_eq!((odd.schedule_delivery_time.as_slice(), odd.validity_period.as_slice()), (&b"0"[..], &b"\xFFnever"[..]));
    let long = [&[b'1'; 300][..], b"\0\0"].concat();
    assert_eq!(deliver(b"4477", &long, b"\x02hi").schedule_delivery_time.len(), 300);
}

#[test]
fn rule_9_any_status_is_kept() {
    // 1375 was seen in node-smpp issue 242.
    for status in [0x400, 0x4FF, 1375, u32::MAX] {
        assert_eq!(submit_resp(status, b"id7\0"), MessageIdBody::new("id7"));
    }
}

#[test]
fn a_peers_sequence_is_kept_whatever_it_is() {
    for sequence in [0_u32, 0x7FFF_FFFF, 0x8000_0000, u32::MAX] {
        let mut octets = frame(0x15, 0, b"");
        octets[12..].copy_from_slice(&sequence.to_be_bytes());
        assert_eq!(Pdu::decode(&octets), Ok(Pdu::request(sequence, Body::EnquireLink)));
    }
}

#[test]
fn what_is_cut_off_names_the_request_that_it_was() {
    let whole = written(Body::SubmitSm(Box::new(message()))).expect("writable");
    for length in HEADER_OCTETS..whole.len() {
        let mut cut = whole[..length].to_vec();
        cut[..4].copy_from_slice(&u32::try_from(length).expect("short").to_be_bytes());
        let error = Pdu::decode(&cut).expect_err("cut off");
        assert_eq!((error.command_id, error.sequence), (command_id::SUBMIT_SM, 1));
        assert!(error.octet <= length);
    }
    for length in 0..HEADER_OCTETS {
        let error = Pdu::decode(&whole[..length]).expect_err("no header");
        assert_eq!((error.command_id, error.sequence), (0, 0));
    }
    assert_eq!(Pdu::decode(&whole[..20]).expect_err("cut off").what, "command_length is not the length of the frame");
}

#[test]
fn unknown_commands_are_kept_raw() {
    let body = read(0x0001_0203, 0, b"any\0thing");
    assert_eq!(body, Body::Other { command_id: 0x0001_0203, raw: b"any\0thing".to_vec() });
    assert_eq!(read(0x102, 0, b"\x01\x01\0"), Body::AlertNotification(b"\x01\x01\0".to_vec()));
}

#[test]
fn what_a_peer_would_misread_is_not_written() {
    let submit = |change: &dyn Fn(&mut ShortMessage)| {
        let mut body = message();
        change(&mut body);
        written(Body::SubmitSm(Box::new(body)))
    };
    let too_long = |field, octets_max| Err(EncodeError::TooLong { field, octets_max });
    assert!(submit(&|m| m.short_message = vec![b'a'; 254]).is_ok());
    assert_eq!(submit(&|m| m.short_message = vec![b'a'; 255]), too_long("short_message", 254));
    assert_eq!(submit(&|m| m.short_message = vec![b'a'; 256]), too_long("short_message", 254));
    assert!(submit(&|m| m.source.digits = vec![b'1'; 20]).is_ok());
    assert_eq!(submit(&|m| m.source.digits = vec![b'1'; 21]), too_long("source_addr", 20));
    assert_eq!(submit(&|m| m.validity_period = vec![b'0'; 17]), too_long("validity_period", 16));
    let nul = Err(EncodeError::HasNul { field: "destination_addr" });
    assert_eq!(submit(&|m| m.destination.digits = b"44\0".to_vec()), nul);
    assert_eq!(submit(&|m| m.tlvs.push(tag::MESSAGE_PAYLOAD, *b"x")), Err(EncodeError::TwoMessages));
    assert_eq!(submit(&|m| m.tlvs.push(0x1401, vec![0; 65_536])), too_long("an optional parameter", 65_535));
    let payload_alone = submit(&|m| {
        m.short_message.clear();
        m.tlvs.push(tag::MESSAGE_PAYLOAD, vec![b'x'; 65_535]);
    });
    assert!(payload_alone.is_ok_and(|octets| octets.len() < crate::PDU_OCTETS_MAX_DEFAULT));
}

#[test]
fn a_password_longer_than_the_specification_allows_is_written_up_to_64_octets() {
    let bind = |octets| {
        written(Body::Bind(
            BindMode::Transmitter,
            Bind {
                system_id: b"whimbrel".to_vec(),
                password: vec![b'p'; octets],
                system_type: Vec::new(),
                interface_version: 0x34,
                address: Address::default(),
            },
        ))
    };
    assert!(bind(8).is_ok() && bind(64).is_ok());
    assert_eq!(bind(65), Err(EncodeError::TooLong { field: "password", octets_max: 64 }));
}

#[test]
fn a_message_is_found_wherever_it_is() {
    let mut body = ShortMessage::default();
    assert_eq!(body.user_data(), b"");
    body.tlvs.push(tag::MESSAGE_PAYLOAD, *b"payload");
    assert_eq!(body.user_data(), b"payload");
    body.short_message = b"short".to_vec();
    assert_eq!(body.user_data(), b"short");
    let data = DataSm { tlvs: body.tlvs, ..DataSm::default() };
    assert_eq!(data.user_data(), b"payload");
}

#[test]
fn row_23_a_payload_keeps_the_header_that_leads_it() {
    // node-smpp issues 102 and 243.
    let payload = b"\x05\0\x03\x07\x02\x01A part";
    let mut body = ShortMessage { esm_class: 0x40, ..message() };
    body.short_message.clear();
    body.tlvs.push(tag::MESSAGE_PAYLOAD, *payload);
    let octets = written(Body::DeliverSm(Box::new(body))).expect("writable");
    let Body::DeliverSm(read) = Pdu::decode(&octets).expect("readable").body else { panic!("a deliver_sm") };
    assert_eq!((read.esm_class, read.user_data()), (0x40, &payload[..]));
    assert_eq!(crate::receipt::classify(&read, true), crate::Delivery::Message);
}

#[test]
fn debug_shows_no_message_password_or_whole_address() {
    let mut tlvs = Tlvs::new();
    tlvs.push(tag::MESSAGE_PAYLOAD, *b"the code is 4711");
    let data = DataSm { source: message().source, destination: message().destination, tlvs, ..DataSm::default() };
    let bind = Bind {
        system_id: b"whimbrel".to_vec(),
        password: b"4711".to_vec(),
        system_type: Vec::new(),
        interface_version: 0x34,
        address: message().destination,
    };
    let raw = b"the code is 4711 for 447700900123".to_vec();
    let query = QuerySm { message_id: b"7".to_vec(), source: message().destination };
    for body in [
        Body::SubmitSm(Box::new(message())),
        Body::DeliverSm(Box::new(message())),
        Body::DataSm(Box::new(data)),
        Body::Bind(BindMode::Transceiver, bind),
        Body::QuerySm(query),
        Body::AlertNotification(raw.clone()),
        Body::Other { command_id: command_id::SUBMIT_MULTI, raw },
    ] {
        // Octets as text, and as the list that a derived `Debug` would show.
        let shown = format!("{:?} {:#?}", Pdu::request(1, body.clone()), body);
        for hidden in ["4711", "00900123", "52, 55, 49, 49"] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
