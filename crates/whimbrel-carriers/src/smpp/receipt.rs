//! What a receipt means (SMPP 3.4 §5.2.28, appendix B; causes by 3GPP TS 29.002 §17.6.6). Pure.

use whimbrel_core::{CarrierReceipt, Cause, KeyForm, ReceiptKey, ReceiptStatus};
use whimbrel_smpp::Tlvs;
use whimbrel_smpp::id::{Conversion, candidates, key};
use whimbrel_smpp::receipt::{ErrorCode, MessageState, Receipt};

/// The network type in `network_error_code` whose numbers are MAP errors.
const NETWORK_TYPE_GSM: u8 = 3;

/// What the numbers after `err:` in the text of a receipt are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TextErrorCodes {
    /// The carrier's own: kept for people, nothing is concluded.
    #[default]
    Opaque,
    /// MAP errors, as those that the network error parameter marks as GSM.
    Map,
}

/// How a carrier's ids in answers and in receipts relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum IdFormat {
    /// Unknown: the id as it stands, then converted either way.
    #[default]
    Auto,
    /// They are the same, up to case and leading zeros.
    Exact,
    /// Answers give hexadecimal, receipts the same number in decimal.
    ResponseHexadecimal,
    /// Answers give decimal, receipts the same number in hexadecimal.
    ResponseDecimal,
    /// A mask as Kannel's `msg-id-type`: bit 0 for hexadecimal in answers, bit 1 in receipts. Other bits are not looked at.
    Mask(u8),
}

impl IdFormat {
    /// The only keys to look up; `None` for all there are.
    const fn only(self) -> Option<KeyForm> {
        match self {
            Self::Auto => None,
            Self::Exact => Some(KeyForm::Plain),
            Self::ResponseHexadecimal => Some(KeyForm::ToHexadecimal),
            Self::ResponseDecimal => Some(KeyForm::ToDecimal),
            Self::Mask(mask) => Some(match mask & 3 {
                1 => KeyForm::ToHexadecimal,
                2 => KeyForm::ToDecimal,
                _ => KeyForm::Plain,
            }),
        }
    }
}

/// How a carrier's receipts are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) text_errors: TextErrorCodes,
    /// The carrier's own codes.
    pub(super) causes: &'a [(Box<str>, Cause)],
    pub(super) ids: IdFormat,
}

/// A receipt in the engine's words. `recipient`: the digits of its origin, which is the recipient of the message.
pub(super) fn read(receipt: &Receipt, recipient: Box<str>, reading: Reading<'_>) -> CarrierReceipt {
    let (status, default_cause) = meaning(receipt.state);
    let code = receipt.error.as_ref().map(error_text).unwrap_or_default();
    let cause = match status {
        ReceiptStatus::Expired | ReceiptStatus::Failed | ReceiptStatus::Rejected => own_cause(&code, reading.causes)
            .or_else(|| map_cause(receipt.error.as_ref()?, reading.text_errors))
            .unwrap_or(default_cause),
        ReceiptStatus::Submitted
        | ReceiptStatus::Accepted
        | ReceiptStatus::Buffered
        | ReceiptStatus::Delivered
        | ReceiptStatus::Unknown => default_cause,
    };
    // An intermediate notification is never the last word, whatever state it names.
    let (status, cause) = match (receipt.is_intermediate, status.is_final()) {
        (true, true) => (ReceiptStatus::Buffered, Cause::None),
        (true, false) | (false, _) => (status, cause),
    };
    let (keys, raw_id) = (keys(&receipt.id, reading.ids), lossy(&receipt.id));
    CarrierReceipt { keys, raw_id, status, cause, code, recipient, network: None }
}

/// The recipient's network, from the carrier's own parameters: their texts one after the other are a mobile country code of three
/// digits and a mobile network code of two or three (ITU-T E.212). `None` if they are not.
pub(super) fn network(tlvs: &Tlvs, tags: &[u16]) -> Option<Box<str>> {
    let texts: Option<Vec<&[u8]>> = tags.iter().map(|tag| tlvs.get_text(*tag)).collect();
    let code = String::from_utf8(texts?.concat()).ok()?;
    let is_code = matches!(code.len(), 5 | 6) && code.bytes().all(|octet| octet.is_ascii_digit());
    is_code.then(|| code.into())
}

/// The status that a state is told as, and the cause if no error says more.
const fn meaning(state: MessageState) -> (ReceiptStatus, Cause) {
    match state {
        MessageState::Scheduled | MessageState::Enroute => (ReceiptStatus::Buffered, Cause::None),
        MessageState::Delivered => (ReceiptStatus::Delivered, Cause::None),
        MessageState::Expired => (ReceiptStatus::Expired, Cause::AbsentForNow),
        MessageState::Deleted => (ReceiptStatus::Failed, Cause::Deleted),
        MessageState::Undeliverable | MessageState::Skipped => (ReceiptStatus::Failed, Cause::Unknown),
        MessageState::Accepted => (ReceiptStatus::Accepted, Cause::None),
        MessageState::Unknown => (ReceiptStatus::Unknown, Cause::Unknown),
        MessageState::Rejected => (ReceiptStatus::Rejected, Cause::Spam),
    }
}

/// The cause that a MAP error names; `None` if the code is none, or is no error.
fn map_cause(error: &ErrorCode, text_errors: TextErrorCodes) -> Option<Cause> {
    let is_map = match error.network_type {
        Some(network_type) => network_type == NETWORK_TYPE_GSM,
        None => text_errors == TextErrorCodes::Map,
    };
    let value = error.value.filter(|value| is_map && *value != 0)?;
    Some(match value {
        1 | 5 => Cause::AbsentForGood,
        6 | 27 => Cause::AbsentForNow,
        9 | 12 => Cause::Unreachable,
        11 | 21 => Cause::BlockedByCarrier,
        13 => Cause::Barred,
        31..=33 => Cause::Busy,
        34 | 36 => Cause::NetworkFault,
        35 => Cause::IllegalMessage,
        _ => Cause::Unknown,
    })
}

/// The cause that the carrier's own table names.
fn own_cause(code: &str, causes: &[(Box<str>, Cause)]) -> Option<Cause> {
    let code = code.trim();
    causes.iter().find(|(own, _)| own.trim().eq_ignore_ascii_case(code)).map(|(_, cause)| *cause)
}

/// The keys of an id, most trusted first. An id that is no number of the kind that the carrier should send is looked up as
/// it stands.
fn keys(id: &[u8], format: IdFormat) -> Vec<ReceiptKey> {
    let converted = |conversion: Conversion, form| Some(ReceiptKey { key: conversion.apply(id)?, form });
    let only = match format.only() {
        None => return all_keys(id),
        Some(KeyForm::Plain) => None,
        Some(form @ KeyForm::ToHexadecimal) => converted(Conversion::ToHexadecimal, form),
        Some(form @ KeyForm::ToDecimal) => converted(Conversion::ToDecimal, form),
    };
    let plain = || ReceiptKey { key: key(id), form: KeyForm::Plain };
    let found = only.unwrap_or_else(plain);
    // Converted to itself: nothing was converted, and the recipient need not agree.
    let found = if found.key == key(id) { plain() } else { found };
    if found.key.is_empty() { Vec::new() } else { vec![found] }
}

fn all_keys(id: &[u8]) -> Vec<ReceiptKey> {
    let form = |conversion| match conversion {
        None => KeyForm::Plain,
        Some(Conversion::ToHexadecimal) => KeyForm::ToHexadecimal,
        Some(Conversion::ToDecimal) => KeyForm::ToDecimal,
    };
    candidates(id).into_iter().map(|found| ReceiptKey { form: form(found.conversion), key: found.key }).collect()
}

/// The code for people: what a parameter of three octets says as a number, a text as it stands.
fn error_text(error: &ErrorCode) -> Box<str> {
    match (error.network_type, error.value) {
        (Some(_), Some(value)) => value.to_string().into(),
        (Some(_), None) | (None, _) => lossy(&error.raw),
    }
}

fn lossy(octets: &[u8]) -> Box<str> {
    String::from_utf8_lossy(octets).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(state: MessageState, error: Option<ErrorCode>) -> Receipt {
        Receipt { id: b"6699".to_vec(), state, state_text: Vec::new(), error, is_intermediate: false }
    }

    fn gsm(value: u16) -> Option<ErrorCode> {
        Some(ErrorCode { network_type: Some(3), value: Some(value), raw: vec![3, 0, 0] })
    }

    fn text(raw: &str) -> Option<ErrorCode> {
        Some(ErrorCode { network_type: None, value: raw.parse().ok(), raw: raw.into() })
    }

    const USUAL: Reading<'static> = Reading { text_errors: TextErrorCodes::Opaque, causes: &[], ids: IdFormat::Auto };

    fn read_as(receipt: &Receipt, reading: Reading<'_>) -> CarrierReceipt {
        read(receipt, "447700900123".into(), reading)
    }

    fn check(state: MessageState, error: Option<ErrorCode>, wanted: (ReceiptStatus, Cause)) {
        let shown = format!("{state:?} {error:?}");
        let got = read_as(&receipt(state, error), USUAL);
        assert_eq!((got.status, got.cause), wanted, "{shown}");
    }

    #[test]
    fn a_network_is_five_or_six_digits_in_one_parameter_or_two() {
        let read = |values: &[(u16, &[u8])], tags: &[u16]| {
            let mut tlvs = Tlvs::default();
            for (tag, value) in values {
                tlvs.push(*tag, *value);
            }
            network(&tlvs, tags).map(String::from)
        };
        assert_eq!(read(&[(0x1402, b"45201\0")], &[0x1402]).as_deref(), Some("45201"));
        assert_eq!(read(&[(0x1504, b"012"), (0x1503, b"310")], &[0x1503, 0x1504]).as_deref(), Some("310012"));
        for (values, tags) in [
            (&[][..], &[0x1402][..]),
            (&[(0x1402, &b"45201"[..])], &[]),
            (&[(0x1402, b"4520")], &[0x1402]),
            (&[(0x1402, b"4520123")], &[0x1402]),
            (&[(0x1402, b"45a01")], &[0x1402]),
            (&[(0x1402, b"\xff\xff45201")], &[0x1402]),
            (&[(0x1503, b"452")], &[0x1503, 0x1504]),
        ] {
            assert_eq!(read(values, tags), None, "{values:?} {tags:?}");
        }
    }

    #[test]
    fn each_state_has_its_status() {
        check(MessageState::Scheduled, None, (ReceiptStatus::Buffered, Cause::None));
        check(MessageState::Enroute, None, (ReceiptStatus::Buffered, Cause::None));
        check(MessageState::Delivered, None, (ReceiptStatus::Delivered, Cause::None));
        check(MessageState::Expired, None, (ReceiptStatus::Expired, Cause::AbsentForNow));
        check(MessageState::Deleted, None, (ReceiptStatus::Failed, Cause::Deleted));
        check(MessageState::Undeliverable, None, (ReceiptStatus::Failed, Cause::Unknown));
        check(MessageState::Accepted, None, (ReceiptStatus::Accepted, Cause::None));
        check(MessageState::Unknown, None, (ReceiptStatus::Unknown, Cause::Unknown));
        check(MessageState::Rejected, None, (ReceiptStatus::Rejected, Cause::Spam));
        check(MessageState::Skipped, None, (ReceiptStatus::Failed, Cause::Unknown));
    }

    #[test]
    fn map_errors_say_why() {
        use Cause::{
            AbsentForGood, AbsentForNow, Barred, BlockedByCarrier, Busy, IllegalMessage, NetworkFault, Unknown,
            Unreachable,
        };
        let table: &[(&[u16], Cause)] = &[
            (&[1, 5], AbsentForGood),
            (&[6, 27], AbsentForNow),
            (&[9, 12], Unreachable),
            (&[11, 21], BlockedByCarrier),
            (&[13], Barred),
            (&[31, 32, 33], Busy),
            (&[34, 36], NetworkFault),
            (&[35], IllegalMessage),
            (&[2, 14, 255, u16::MAX], Unknown),
        ];
        for (values, cause) in table {
            for value in *values {
                check(MessageState::Undeliverable, gsm(*value), (ReceiptStatus::Failed, *cause));
                check(MessageState::Expired, gsm(*value), (ReceiptStatus::Expired, *cause));
                check(MessageState::Rejected, gsm(*value), (ReceiptStatus::Rejected, *cause));
                check(MessageState::Delivered, gsm(*value), (ReceiptStatus::Delivered, Cause::None));
            }
        }
    }

    #[test]
    fn what_is_no_map_error_says_nothing() {
        check(MessageState::Expired, gsm(0), (ReceiptStatus::Expired, Cause::AbsentForNow));
        let vendor = Some(ErrorCode { network_type: Some(4), value: Some(13), raw: vec![4, 0, 13] });
        check(MessageState::Rejected, vendor, (ReceiptStatus::Rejected, Cause::Spam));
        check(MessageState::Undeliverable, text("013"), (ReceiptStatus::Failed, Cause::Unknown));
        check(MessageState::Undeliverable, text("21b"), (ReceiptStatus::Failed, Cause::Unknown));
    }

    #[test]
    fn errors_in_the_text_count_where_the_carrier_says_so() {
        let got = read_as(
            &receipt(MessageState::Undeliverable, text("027")),
            Reading { text_errors: TextErrorCodes::Map, ..USUAL },
        );
        assert_eq!((got.cause, &*got.code), (Cause::AbsentForNow, "027"));
    }

    #[test]
    fn an_intermediate_notification_ends_nothing() {
        let intermediate = Receipt { is_intermediate: true, ..receipt(MessageState::Undeliverable, gsm(27)) };
        let got = read_as(&intermediate, USUAL);
        assert_eq!((got.status, got.cause), (ReceiptStatus::Buffered, Cause::None));
    }

    #[test]
    fn keys_codes_and_recipients_are_read() {
        let got = read_as(&receipt(MessageState::Undeliverable, gsm(27)), USUAL);
        assert_eq!((&*got.raw_id, &*got.code, &*got.recipient), ("6699", "27", "447700900123"));
        assert_eq!(
            got.keys,
            [
                ReceiptKey { key: (*b"6699").into(), form: KeyForm::Plain },
                ReceiptKey { key: (*b"1a2b").into(), form: KeyForm::ToHexadecimal },
                ReceiptKey { key: (*b"26265").into(), form: KeyForm::ToDecimal },
            ]
        );
    }

    #[test]
    fn a_carriers_own_codes_go_first() {
        let causes = [("21B".into(), Cause::Spam), ("27".into(), Cause::Ported)];
        let own = Reading { causes: &causes, ..USUAL };
        let cause = |state, error| read_as(&receipt(state, error), own).cause;
        assert_eq!(cause(MessageState::Undeliverable, text("21b ")), Cause::Spam);
        assert_eq!(cause(MessageState::Undeliverable, gsm(27)), Cause::Ported);
        assert_eq!(cause(MessageState::Undeliverable, gsm(13)), Cause::Barred);
        assert_eq!(cause(MessageState::Delivered, text("21b")), Cause::None);
    }

    #[test]
    fn a_format_limits_the_keys() {
        let check = |format, id: &str, wanted: &[(&str, KeyForm)]| {
            let got: Vec<(String, KeyForm)> = keys(id.as_bytes(), format)
                .into_iter()
                .map(|found| (String::from_utf8_lossy(&found.key).into_owned(), found.form))
                .collect();
            let wanted: Vec<(String, KeyForm)> = wanted.iter().map(|(key, form)| ((*key).into(), *form)).collect();
            assert_eq!(got, wanted, "{format:?} {id}");
        };
        use KeyForm::{Plain, ToDecimal, ToHexadecimal};
        check(IdFormat::Exact, "006699", &[("6699", Plain)]);
        for hexadecimal in [IdFormat::ResponseHexadecimal, IdFormat::Mask(1), IdFormat::Mask(5)] {
            check(hexadecimal, "6699", &[("1a2b", ToHexadecimal)]);
            check(hexadecimal, "1A2B", &[("1a2b", Plain)]);
            check(hexadecimal, "7", &[("7", Plain)]);
        }
        for decimal in [IdFormat::ResponseDecimal, IdFormat::Mask(2)] {
            check(decimal, "00001A2B", &[("6699", ToDecimal)]);
            check(decimal, "12-x", &[("12-x", Plain)]);
        }
        for plain in [IdFormat::Mask(0), IdFormat::Mask(3)] {
            check(plain, "1A2B", &[("1a2b", Plain)]);
        }
        check(IdFormat::Auto, "", &[]);
        check(IdFormat::ResponseHexadecimal, "", &[]);
    }
}
