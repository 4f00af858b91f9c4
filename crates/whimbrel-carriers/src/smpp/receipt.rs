//! What a receipt means (SMPP 3.4 §5.2.28, appendix B; causes by 3GPP TS 29.002 §17.6.6). Pure.

use whimbrel_core::{CarrierReceipt, Cause, KeyForm, ReceiptKey, ReceiptStatus};
use whimbrel_smpp::Address;
use whimbrel_smpp::id::candidates;
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

/// A receipt in the engine's words. `source` is the receipt's origin: the recipient of the message.
pub(super) fn read(receipt: &Receipt, source: &Address, text_errors: TextErrorCodes) -> CarrierReceipt {
    let (status, default_cause) = meaning(receipt.state);
    let cause = match status {
        ReceiptStatus::Expired | ReceiptStatus::Failed | ReceiptStatus::Rejected => {
            receipt.error.as_ref().and_then(|error| map_cause(error, text_errors)).unwrap_or(default_cause)
        }
        ReceiptStatus::Accepted | ReceiptStatus::Buffered | ReceiptStatus::Delivered | ReceiptStatus::Unknown => {
            default_cause
        }
    };
    // An intermediate notification is never the last word, whatever state it names.
    let (status, cause) = match (receipt.is_intermediate, status.is_final()) {
        (true, true) => (ReceiptStatus::Buffered, Cause::None),
        (true, false) | (false, _) => (status, cause),
    };
    CarrierReceipt {
        keys: keys(&receipt.id),
        raw_id: lossy(&receipt.id),
        status,
        cause,
        code: receipt.error.as_ref().map(error_text).unwrap_or_default(),
        recipient: digits(&source.digits),
    }
}

/// The status that a state is told as, and the cause if no error says more.
const fn meaning(state: MessageState) -> (ReceiptStatus, Cause) {
    match state {
        MessageState::Scheduled | MessageState::Enroute => (ReceiptStatus::Buffered, Cause::None),
        MessageState::Delivered => (ReceiptStatus::Delivered, Cause::None),
        MessageState::Expired => (ReceiptStatus::Expired, Cause::AbsentForNow),
        MessageState::Deleted | MessageState::Undeliverable | MessageState::Skipped => {
            (ReceiptStatus::Failed, Cause::Unknown)
        }
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

fn keys(id: &[u8]) -> Vec<ReceiptKey> {
    let form = |converted| if converted { KeyForm::Converted } else { KeyForm::Plain };
    candidates(id).into_iter().map(|found| ReceiptKey { key: found.key, form: form(found.converted) }).collect()
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

/// The digits of an address, without plus or leading zeros; empty if it is not a number.
fn digits(address: &[u8]) -> Box<str> {
    let text = std::str::from_utf8(address).unwrap_or_default();
    let digits = text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or(text);
    if digits.bytes().all(|octet| octet.is_ascii_digit()) { digits.into() } else { Box::default() }
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

    fn check(state: MessageState, error: Option<ErrorCode>, wanted: (ReceiptStatus, Cause)) {
        let shown = format!("{state:?} {error:?}");
        let got = read(&receipt(state, error), &Address::default(), TextErrorCodes::Opaque);
        assert_eq!((got.status, got.cause), wanted, "{shown}");
    }

    #[test]
    fn each_state_has_its_status() {
        check(MessageState::Scheduled, None, (ReceiptStatus::Buffered, Cause::None));
        check(MessageState::Enroute, None, (ReceiptStatus::Buffered, Cause::None));
        check(MessageState::Delivered, None, (ReceiptStatus::Delivered, Cause::None));
        check(MessageState::Expired, None, (ReceiptStatus::Expired, Cause::AbsentForNow));
        check(MessageState::Deleted, None, (ReceiptStatus::Failed, Cause::Unknown));
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
        let got = read(&receipt(MessageState::Undeliverable, text("027")), &Address::default(), TextErrorCodes::Map);
        assert_eq!((got.cause, &*got.code), (Cause::AbsentForNow, "027"));
    }

    #[test]
    fn an_intermediate_notification_ends_nothing() {
        let intermediate = Receipt { is_intermediate: true, ..receipt(MessageState::Undeliverable, gsm(27)) };
        let got = read(&intermediate, &Address::default(), TextErrorCodes::Opaque);
        assert_eq!((got.status, got.cause), (ReceiptStatus::Buffered, Cause::None));
    }

    #[test]
    fn keys_codes_and_recipients_are_read() {
        let from = |digits: &str| Address { ton: 1, npi: 1, digits: digits.into() };
        let got = read(&receipt(MessageState::Undeliverable, gsm(27)), &from("447700900123"), TextErrorCodes::Opaque);
        assert_eq!((&*got.raw_id, &*got.code, &*got.recipient), ("6699", "27", "447700900123"));
        assert_eq!(got.keys.first(), Some(&ReceiptKey { key: (*b"6699").into(), form: KeyForm::Plain }));
        assert!(got.keys.contains(&ReceiptKey { key: (*b"1a2b").into(), form: KeyForm::Converted }));
        for (address, wanted) in [("+447700900123", "447700900123"), ("00447700900123", "447700900123"), ("Acme", "")] {
            assert_eq!(&*digits(address.as_bytes()), wanted);
        }
        assert_eq!(&*digits(b"\xFF1"), "");
    }
}
