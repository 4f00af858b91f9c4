//! What the settings make of a submission.

use whimbrel_core::{HandsetClass, MessageClass, ReceiptWish, Registration, SenderId, Span, Submission, Timestamp};
use whimbrel_smpp::{ShortMessage, Tlvs, tag};
use whimbrel_sms::{BinaryContent, ClassForm, DefaultAlphabet, Encoding, Parts};

use super::harness::{config, parts_of, submission, submission_of};
use crate::smpp::wire::{Times, Writing, submit_sm, submit_whole};
use crate::smpp::{
    AddressForms, ConcatMethod, ConstantTlv, NumberForm, OptionalParameters, ReceiptRequest, RegistrationTags,
    SmppConfig, TextCoding, TonNpi, ValidityForm,
};

/// 2026-11-24T12:33:20Z.
const NOW: Timestamp = Timestamp(1_795_523_600_000_000);

fn written(submission: &Submission, config: &SmppConfig) -> ShortMessage {
    submit_sm(submission, Writing { config, times: Times::Send, at: NOW }).expect("it can be written")
}

fn tags(tlvs: &Tlvs) -> Vec<u16> {
    tlvs.iter().map(|tlv| tlv.tag).collect()
}

#[test]
fn one_time_codes_may_have_a_service_and_a_priority_of_their_own() {
    let config =
        SmppConfig { service_type: "CMT".into(), service_type_otp: Some("OTP".into()), priority_otp: 2, ..config() };
    let otp = written(&submission(1), &config);
    let bulk = written(&Submission { class: MessageClass::Bulk, ..submission(1) }, &config);
    assert_eq!((&otp.service_type[..], otp.priority_flag), (&b"OTP"[..], 2));
    assert_eq!((&bulk.service_type[..], bulk.priority_flag), (&b"CMT"[..], 0));
}

#[test]
fn data_coding_says_alphabet_and_class() {
    let flash = |submission: Submission| Submission { handset_class: Some(HandsetClass::Flash), ..submission };
    let sim = |submission: Submission| Submission { handset_class: Some(HandsetClass::Sim), ..submission };
    let unicode = || submission_of(1, "Mã", 1);
    let general = config();
    let group = SmppConfig { class_form: ClassForm::ClassGroup, ..config() };
    for (submission, config, wanted) in [
        (submission(1), &general, 0x00),
        (unicode(), &general, 0x08),
        (binary(&[], b"x"), &general, 0x04),
        (flash(submission(1)), &general, 0x10),
        (flash(unicode()), &general, 0x18),
        (sim(binary(&[], b"x")), &general, 0x16),
        (flash(submission(1)), &group, 0xF0),
        (flash(unicode()), &group, 0x18),
        (sim(binary(&[], b"x")), &group, 0xF6),
    ] {
        assert_eq!(written(&submission, config).data_coding, wanted);
    }
}

fn binary(udh: &[u8], body: &[u8]) -> Submission {
    let parts = Parts::binary(BinaryContent { udh, body }).expect("it fits");
    let content = parts.into_iter().next().expect("one part");
    Submission { encoding: Encoding::Binary, content, ..submission(1) }
}

#[test]
fn binary_goes_as_it_is_with_its_header_and_protocol() {
    let udh = [6, 5, 4, 0x15, 0x81, 0x15, 0x81];
    let octets: Vec<u8> = (0..=255).rev().take(100).collect();
    for concat in [ConcatMethod::Udh8, ConcatMethod::Udh16, ConcatMethod::Sar, ConcatMethod::Payload] {
        let config = SmppConfig { concat, default_alphabet: DefaultAlphabet::Utf8, ..config() };
        let message = written(&Submission { protocol_id: 0x7F, ..binary(&udh, &octets) }, &config);
        assert_eq!((message.esm_class, message.data_coding, message.protocol_id), (0x40, 0x04, 0x7F));
        assert!(message.short_message == [&udh[..], &octets].concat() && message.tlvs.is_empty());
    }
}

#[test]
fn texts_are_written_in_the_carriers_alphabet() {
    let text = |alphabet, text| {
        let config = SmppConfig { default_alphabet: alphabet, ..config() };
        let message = written(&submission_of(1, text, 1), &config);
        (message.data_coding, message.short_message)
    };
    assert_eq!(text(DefaultAlphabet::Gsm7, "é@"), (0, vec![5, 0]));
    assert_eq!(text(DefaultAlphabet::Latin1, "é@"), (0, vec![0xE9, b'@']));
    assert_eq!(text(DefaultAlphabet::Ascii, "é@"), (0, b"?@".to_vec()));
    assert_eq!(text(DefaultAlphabet::Utf8, "é@"), (0, "é@".as_bytes().to_vec()));
    // 3GPP TS 23.038: `hello`, packed.
    assert_eq!(text(DefaultAlphabet::Gsm7Packed, "hello"), (0, vec![0xE8, 0x32, 0x9B, 0xFD, 0x06]));
}

#[test]
fn what_is_longer_than_short_message_goes_into_message_payload_and_never_both() {
    let config = SmppConfig { default_alphabet: DefaultAlphabet::Utf8, ..config() };
    let message = written(&submission_of(1, &"é".repeat(160), 1), &config);
    assert!(message.short_message.is_empty());
    assert_eq!(message.tlvs.get(tag::MESSAGE_PAYLOAD), Some("é".repeat(160).as_bytes()));
}

#[test]
fn latin_1_is_announced_where_it_is_wanted_and_holds_the_text() {
    let config = SmppConfig { text_coding: TextCoding::Latin1, ..config() };
    let text = |text| {
        let message = written(&submission_of(1, text, 1), &config);
        (message.data_coding, message.short_message)
    };
    assert_eq!(text("é@"), (3, vec![0xE9, b'@']));
    assert_eq!(text("€5"), (0, vec![0x1B, 0x65, b'5']));
    assert_eq!(text("Mã"), (8, vec![0, b'M', 0, 0xE3]));
}

#[test]
fn parts_can_be_marked_by_parameters() {
    let config = SmppConfig { concat: ConcatMethod::Sar, ..config() };
    let parts = parts_of(1, &"x".repeat(400));
    for (number, part) in (1_u8..).zip(&parts) {
        let message = written(part, &config);
        assert_eq!((message.esm_class, message.short_message.len() <= 153), (0, true));
        assert!(message.short_message == part.content.body());
        assert_eq!(message.tlvs.get(tag::SAR_MSG_REF_NUM), Some(&[0, 0x2A][..]));
        assert_eq!(message.tlvs.get(tag::SAR_TOTAL_SEGMENTS), Some(&[3][..]));
        assert_eq!(message.tlvs.get(tag::SAR_SEGMENT_SEQNUM), Some(&[number][..]));
    }
}

#[test]
fn parts_can_go_out_as_one() {
    let config = SmppConfig { concat: ConcatMethod::Payload, ..config() };
    let text = "0123456789".repeat(40);
    let message = submit_whole(&parts_of(1, &text), Writing { config: &config, times: Times::Send, at: NOW });
    let message = message.expect("it can be written");
    assert_eq!((message.esm_class, message.short_message.len()), (0, 0));
    assert_eq!(message.tlvs.get(tag::MESSAGE_PAYLOAD), Some(text.as_bytes()));
}

#[test]
fn row_9_validity_is_on_every_part_in_the_form_that_is_wanted() {
    // jookies/jasmin issues 623 and 1179, kneodev/ksmppd issue 73.
    let parts = parts_of(1, &"x".repeat(400)).into_iter();
    let parts: Vec<_> = parts.map(|part| Submission { validity: Some(Span::seconds(600)), ..part }).collect();
    for (validity, wanted) in [
        (ValidityForm::Relative, &b"000000001000000R"[..]),
        (ValidityForm::Absolute, b"261124124320000+"),
        (ValidityForm::Never, b""),
    ] {
        let config = SmppConfig { validity, ..config() };
        for part in &parts {
            assert_eq!(written(part, &config).validity_period, wanted);
            let omitted = submit_sm(part, Writing { config: &config, times: Times::Omit, at: NOW });
            assert!(omitted.expect("it can be written").validity_period.is_empty());
        }
    }
}

#[test]
fn receipts_are_asked_for_as_it_is_set() {
    let asked = |receipts, receipt| {
        written(&Submission { receipt, ..submission(1) }, &SmppConfig { receipts, ..config() }).registered_delivery
    };
    assert_eq!(asked(ReceiptRequest::Final, ReceiptWish::Wanted), 0x01);
    assert_eq!(asked(ReceiptRequest::WithIntermediate, ReceiptWish::Wanted), 0x11);
    assert_eq!(asked(ReceiptRequest::Never, ReceiptWish::Wanted), 0);
    assert_eq!(asked(ReceiptRequest::WithIntermediate, ReceiptWish::Unwanted), 0);
}

#[test]
fn marks_travel_in_parameters() {
    let registration = Registration { entity: Some("1101".into()), template: Some("1207".into()) };
    let marked = Submission { registration, ..submission(1) };
    let constant = vec![ConstantTlv::text(0x1400, "9999"), ConstantTlv::text(0x1500, "x")];
    let usual = written(&marked, &SmppConfig { constant_tlvs: constant.clone(), ..config() });
    assert_eq!(tags(&usual.tlvs), [0x1400, 0x1401, 0x1500]);
    assert_eq!(usual.tlvs.get(0x1400), Some(&b"1101"[..]), "the message's own mark goes first");
    let unmarked = written(&submission(1), &SmppConfig { constant_tlvs: constant.clone(), ..config() });
    assert_eq!(unmarked.tlvs.get(0x1400), Some(&b"9999"[..]));
    let moved = RegistrationTags { entity: Some(0x2000), template: Some(0x2001) };
    let one = RegistrationTags { entity: Some(0x2000), template: None };
    let none = RegistrationTags { entity: None, template: None };
    assert_eq!(tags(&written(&marked, &SmppConfig { registration_tags: moved, ..config() }).tlvs), [0x2000, 0x2001]);
    assert!(written(&marked, &SmppConfig { registration_tags: none, ..config() }).tlvs.is_empty());
    assert_eq!(tags(&written(&marked, &SmppConfig { registration_tags: one, ..config() }).tlvs), [0x2000]);
    let omit = OptionalParameters::Omit;
    assert!(written(&marked, &SmppConfig { tlvs: omit, constant_tlvs: constant, ..config() }).tlvs.is_empty());
}

#[test]
fn addresses_are_written_as_they_are_wanted() {
    let addresses = AddressForms {
        sender_number_form: NumberForm::Plus,
        recipient_form: NumberForm::National { country: "44".into(), trunk: "0".into() },
        recipient: TonNpi { ton: 2, npi: 1 },
        ..AddressForms::default()
    };
    let sender = SenderId::parse("447700900000").expect("a number");
    let message = written(&Submission { sender, ..submission(1) }, &SmppConfig { addresses, ..config() });
    assert_eq!((&message.source.digits[..], message.source.ton), (&b"+447700900000"[..], 1));
    assert_eq!((&message.destination.digits[..], message.destination.ton), (&b"07700900123"[..], 2));
}
