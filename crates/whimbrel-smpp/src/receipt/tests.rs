//! Receipts as carriers send them. "Row" cases are named for what they keep working; the issue where it was seen
//! broken is cited.

use super::*;
use crate::pdu::Address;

const BASE: &str = "id:7000123456 sub:001 dlvrd:001 submit date:2611010859 done date:2611010900 stat:DELIVRD err:000 \
    Text: Your code";

fn marked(text: &[u8]) -> Receipt {
    let message = ShortMessage { esm_class: KIND_RECEIPT, short_message: text.to_vec(), ..ShortMessage::default() };
    receipt(&message)
}

fn receipt(message: &ShortMessage) -> Receipt {
    match classify(message, true) {
        Delivery::Receipt(receipt) => receipt,
        Delivery::Message => panic!("not a receipt"),
    }
}

fn plain(esm_class: u8, text: &str) -> ShortMessage {
    ShortMessage { esm_class, short_message: text.as_bytes().to_vec(), ..ShortMessage::default() }
}

fn error(value: impl Into<Option<u16>>, raw: &[u8]) -> Option<ErrorCode> {
    Some(ErrorCode { network_type: None, value: value.into(), raw: raw.to_vec() })
}

#[test]
fn the_form_of_appendix_b_is_read() {
    let expected = Receipt {
        id: b"7000123456".to_vec(),
        state: MessageState::Delivered,
        state_text: b"DELIVRD".to_vec(),
        error: error(0, b"000"),
        is_intermediate: false,
    };
    assert_eq!(marked(BASE.as_bytes()), expected);
    let fields = parse(BASE.as_bytes());
    assert_eq!((fields.submitted, fields.delivered), (&b"001"[..], &b"001"[..]));
    assert_eq!((fields.submit_date, fields.done_date), (&b"2611010859"[..], &b"2611010900"[..]));
    assert_eq!(fields.text, b"Your code");
}

#[test]
fn esm_class_tells_the_kind() {
    let is_receipt = |esm_class, sniff| classify(&plain(esm_class, BASE), sniff) != Delivery::Message;
    for bits in [0x00, 0x03, 0x40, 0x80] {
        assert!(is_receipt(0x04 | bits, false), "{bits:#x}");
        assert!(is_receipt(0x20 | bits, false), "{bits:#x}");
        // Acknowledgements by the handset and the end of a dialogue are messages, whatever they say.
        assert!(!is_receipt(0x08 | bits, true) && !is_receipt(0x10 | bits, true) && !is_receipt(0x18 | bits, true));
    }
    assert!(is_receipt(0, true) && !is_receipt(0, false));
    assert!(is_receipt(0x03, true), "store and forward is a mode, not a kind");
    assert!(receipt(&plain(0x20, BASE)).is_intermediate && !receipt(&plain(0x04, BASE)).is_intermediate);
}

#[test]
fn a_receipted_message_id_makes_a_receipt() {
    let mut message = plain(0, "");
    message.tlvs.push(tag::RECEIPTED_MESSAGE_ID, *b"a1\0");
    message.tlvs.push(tag::MESSAGE_STATE, [5]);
    let Delivery::Receipt(read) = classify(&message, false) else { panic!("not a receipt") };
    assert_eq!(
        (read.id.as_slice(), read.state, read.state_text.as_slice()),
        (&b"a1"[..], MessageState::Undeliverable, &b""[..])
    );
}

#[test]
fn messages_of_people_are_not_taken_for_receipts() {
    for text in [
        "",
        "hello",
        "my id:5 and stat:ok",
        "id:5",
        "stat:DELIVRD",
        "text: id:5 stat:DELIVRD",
        "id: stat:DELIVRD",
        "kid:5 stat:x",
    ] {
        assert_eq!(classify(&plain(0, text), true), Delivery::Message, "{text}");
    }
    // A part of a long message begins with a header.
    assert_eq!(classify(&plain(0x40, BASE), true), Delivery::Message);
    assert_ne!(classify(&plain(0, "ID: 5, STAT: Delivrd"), true), Delivery::Message);
}

#[test]
fn data_sm_is_read_as_well() {
    let mut data = DataSm { esm_class: KIND_RECEIPT, ..DataSm::default() };
    data.tlvs.push(tag::MESSAGE_PAYLOAD, BASE);
    let Delivery::Receipt(read) = classify_data(&data, false) else { panic!("not a receipt") };
    assert_eq!(read, marked(BASE.as_bytes()));
}

#[test]
fn parameters_win_over_the_text() {
    let mut message = plain(0x04, BASE);
    message.tlvs.push(tag::RECEIPTED_MESSAGE_ID, *b"A1B2");
    message.tlvs.push(tag::MESSAGE_STATE, [0, 8]);
    message.tlvs.push(tag::NETWORK_ERROR_CODE, [3, 0, 33]);
    let read = receipt(&message);
    assert_eq!((read.id.as_slice(), read.state), (&b"A1B2"[..], MessageState::Rejected));
    assert_eq!(read.error, Some(ErrorCode { network_type: Some(3), value: Some(33), raw: vec![3, 0, 33] }));
    assert_eq!(read.state_text, b"DELIVRD");
}

#[test]
fn what_the_parameters_do_not_say_is_taken_from_the_text() {
    let mut message = plain(0x04, BASE);
    message.tlvs.push(tag::RECEIPTED_MESSAGE_ID, *b"\0");
    message.tlvs.push(tag::MESSAGE_STATE, [99]);
    message.tlvs.push(tag::NETWORK_ERROR_CODE, *b"");
    assert_eq!(receipt(&message), marked(BASE.as_bytes()));
}

#[test]
fn a_network_error_may_be_three_digits_or_of_a_wrong_length() {
    // Kannel's smsc_smpp.c reads a first octet that is a digit as decimal text.
    let of = |raw: &[u8]| ErrorCode::from_tlv(raw).map(|error| (error.network_type, error.value));
    assert_eq!(of(b"034"), Some((None, Some(34))));
    assert_eq!(of(b"034\0"), Some((None, Some(34))));
    assert_eq!(of(b"3\0\x21"), Some((None, Some(3))));
    assert_eq!(of(b"9z!"), Some((None, None)));
    assert_eq!(of(&[4, 0x01, 0x02]), Some((Some(4), Some(0x0102))));
    assert_eq!(of(&[0, 3, 0, 33]), Some((Some(3), Some(33))));
    assert_eq!(of(&[1, 2]), Some((None, Some(0x0102))));
    assert_eq!(of(&[6]), Some((None, Some(6))));
    assert_eq!(of(&[]), None);
}

#[test]
fn row_13_missing_fields_do_not_hide_the_others() {
    // jsmpp issues 62, 67 and 74; cloudhopper-smpp issue 105.
    for text in [
        "id:a1 submit date:2611010859 done date:2611010900 stat:EXPIRED err:9",
        "id:a1 sub:001 dlvrd:000 stat:EXPIRED err:9 text:",
        "id:a1 stat:EXPIRED err:9",
        "err:9 stat:EXPIRED id:a1",
        "ID: a1, STAT: expired; ERR: 9",
        "id:a1,stat:EXPIRED,err:9",
        "\r\nid:a1\r\nstat:EXPIRED\r\nerr:9\0",
        "id:a1 submit_date:26 done_date:26 stat:EXPIRED err:9 Text:id:b2 stat:DELIVRD err:1",
        "id:a1 id:b2 stat:EXPIRED stat:DELIVRD err:9",
    ] {
        let read = marked(text.as_bytes());
        assert_eq!((read.id.as_slice(), read.state), (&b"a1"[..], MessageState::Expired), "{text}");
        assert_eq!(read.error, error(9, b"9"), "{text}");
    }
    let nothing = marked(b"");
    assert_eq!((nothing.id.as_slice(), nothing.state, nothing.error), (&b""[..], MessageState::Unknown, None));
}

#[test]
fn dates_of_every_length_are_passed_over() {
    // Jasmin issue 70, ksmppd issue 63, node-smpp issue 199, smppex issue 46.
    for date in ["2611010859", "261101085930", "20261101085930", "180711070003912+", "2026-11-01 08:59:30", ""] {
        let text = format!("id:a1 sub:001 dlvrd:001 submit date:{date} done date:{date} stat:DELIVRD err:000 text:x");
        let read = marked(text.as_bytes());
        assert_eq!((read.id.as_slice(), read.state), (&b"a1"[..], MessageState::Delivered), "{date}");
        let first_word = date.split(' ').next().unwrap_or_default();
        assert_eq!(parse(text.as_bytes()).done_date, first_word.as_bytes());
    }
}

#[test]
fn row_14_an_unknown_state_is_a_receipt_all_the_same() {
    // jsmpp issues 9, 53 and 71; sms-gateway issue 388.
    for (word, state) in [
        ("ENROUTE", MessageState::Enroute),
        ("BUFFRED", MessageState::Enroute),
        ("BUFFERD", MessageState::Enroute),
        ("ACKED", MessageState::Accepted),
        ("FAILED", MessageState::Undeliverable),
        ("SKIPPED", MessageState::Skipped),
        ("SCHEDULED", MessageState::Scheduled),
        ("DELIVERED", MessageState::Delivered),
        ("undelivered", MessageState::Undeliverable),
        ("9", MessageState::Unknown),
        ("NDNC", MessageState::Unknown),
        ("", MessageState::Unknown),
    ] {
        let read = marked(format!("id:a1 stat:{word} err:000").as_bytes());
        assert_eq!((read.state, read.state_text.as_slice()), (state, word.as_bytes()));
        assert_eq!(read.id, b"a1");
    }
}

#[test]
fn row_15_err_need_not_be_a_number() {
    // cloudhopper-smpp issues 40 and 89, php-smpp issue 70.
    let of = |text: &str| marked(format!("id:a1 stat:UNDELIV err:{text}").as_bytes()).error;
    assert_eq!(of("0011 text:x"), error(11, b"0011"));
    assert_eq!(of("21b"), error(None, b"21b"));
    assert_eq!(of("EC_ABSENT"), error(None, b"EC_ABSENT"));
    assert_eq!(of("99999"), error(None, b"99999"));
    assert_eq!(of(""), None);
    assert_eq!(of(" text:77"), None);
    assert_eq!(of("text:77"), None);
    assert_eq!(of("\0\x04\x27"), None);
}

#[test]
fn row_16_a_receipt_announced_as_ucs_2_is_read_either_way() {
    // node-smpp issue 68.
    let wide: Vec<u8> = BASE.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for text in [BASE.as_bytes(), &wide] {
        let message =
            ShortMessage { esm_class: 4, data_coding: 8, short_message: text.to_vec(), ..ShortMessage::default() };
        assert_eq!(receipt(&message), marked(BASE.as_bytes()));
    }
}

#[test]
fn a_text_in_the_payload_or_after_a_header_is_read() {
    let mut message = plain(0x04, "");
    message.tlvs.push(tag::MESSAGE_PAYLOAD, BASE);
    assert_eq!(receipt(&message).id, b"7000123456");
    let headed = [b"\x05\0\x03\x07\x02\x01", BASE.as_bytes()].concat();
    let message = ShortMessage { esm_class: 0x44, short_message: headed, ..ShortMessage::default() };
    assert_eq!(receipt(&message), marked(BASE.as_bytes()));
    let message = ShortMessage { esm_class: 0x44, short_message: b"\xFFid:a1".to_vec(), ..ShortMessage::default() };
    assert_eq!(receipt(&message).state, MessageState::Unknown);
}

#[test]
fn ids_of_every_kind_are_kept_as_they_stand() {
    // Jasmin issues 643, 70, 916 and 423.
    for id in [
        "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        "F47AC10B58CC4372A5670E02B2C3D479",
        "0001234567890123456789012",
        "a_b-C.d:e",
    ] {
        assert_eq!(marked(format!("id:{id} stat:DELIVRD").as_bytes()).id, id.as_bytes());
    }
    // The underscore of the GSM alphabet.
    assert_eq!(marked(b"id:a\x11b stat:DELIVRD").id, b"a_b");
    assert_eq!(marked(&[b"id:", &[b'1'; 256][..], b" stat:DELIVRD"].concat()).id, b"");
}

fn composed() -> ReceiptText<'static> {
    ReceiptText {
        id: b"8F2A00000000001B",
        state: MessageState::Undeliverable,
        error: 27,
        submitted_unix_seconds: 1_709_251_199,
        done_unix_seconds: 1_709_251_200,
        text: b"Code 4711 for you@home, do not share",
        source: Address { ton: 1, npi: 1, digits: b"447700900123".to_vec() },
        destination: Address { ton: 5, npi: 0, digits: b"Whimbrel".to_vec() },
        is_intermediate: false,
        dates: ReceiptDates::TenDigits,
        tlvs: ReceiptTlvs::Send,
    }
}

#[test]
fn a_composed_receipt_has_the_form_of_appendix_b() {
    let message = compose(&composed());
    let expected = "id:8F2A00000000001B sub:001 dlvrd:000 submit date:2402292359 done date:2403010000 stat:UNDELIV \
        err:027 text:Code 4711 for you?ho";
    assert_eq!(String::from_utf8_lossy(&message.short_message), expected);
    assert_eq!((message.esm_class, message.data_coding), (0x04, 0));
    assert_eq!(message.source.digits, b"447700900123");
    assert_eq!(message.tlvs.get(tag::RECEIPTED_MESSAGE_ID), Some(&b"8F2A00000000001B\0"[..]));
    assert_eq!(message.tlvs.get(tag::MESSAGE_STATE), Some(&[5][..]));
    assert_eq!(message.tlvs.get(tag::NETWORK_ERROR_CODE), Some(&[3, 0, 27][..]));
}

#[test]
fn a_receipt_may_be_composed_with_seconds_and_without_parameters() {
    let message = compose(&ReceiptText { dates: ReceiptDates::TwelveDigits, tlvs: ReceiptTlvs::Omit, ..composed() });
    let fields = parse(&message.short_message);
    assert_eq!((fields.submit_date, fields.done_date), (&b"240229235959"[..], &b"240301000000"[..]));
    assert!(message.tlvs.is_empty());
    assert_eq!(receipt(&message).error, error(27, b"027"));
    let delivered = compose(&ReceiptText { state: MessageState::Delivered, is_intermediate: true, ..composed() });
    assert_eq!((parse(&delivered.short_message).delivered, delivered.esm_class), (&b"001"[..], 0x20));
}

#[test]
fn a_composed_receipt_that_is_too_long_goes_into_the_payload() {
    let message = compose(&ReceiptText { id: &[b'7'; 200], ..composed() });
    assert!(message.short_message.is_empty());
    assert_eq!(receipt(&message).id, [b'7'; 200]);
}
