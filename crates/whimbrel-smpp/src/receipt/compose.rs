//! Writes receipts as a centre does: the text of appendix B, and the parameters that say the same.

use super::state::MessageState;
use super::{KIND_INTERMEDIATE, KIND_RECEIPT};
use crate::pdu::{Address, ShortMessage};
use crate::time::Civil;
use crate::tlv::tag;

/// How many characters of the message a receipt repeats.
const TEXT_CHARACTERS_MAX: usize = 20;
const SHORT_MESSAGE_OCTETS_MAX: usize = 254;

/// How a receipt writes its dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReceiptDates {
    /// `YYMMDDhhmm`, as the specification says.
    #[default]
    TenDigits,
    /// `YYMMDDhhmmss`, as many carriers do.
    TwelveDigits,
}

/// Whether a receipt says in parameters what its text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReceiptTlvs {
    /// `receipted_message_id`, `message_state` and `network_error_code`.
    #[default]
    Send,
    /// The text alone.
    Omit,
}

/// What a receipt says. No `Debug`: it holds a message and addresses.
#[derive(Clone, PartialEq, Eq)]
pub struct ReceiptText<'a> {
    /// The id as the answer to `submit_sm` gave it.
    pub id: &'a [u8],
    /// What became of the message.
    pub state: MessageState,
    /// The cause: three digits in the text, a code of GSM in the parameters.
    pub error: u16,
    /// When the message was submitted.
    pub submitted_unix_seconds: u64,
    /// When it came to this state.
    pub done_unix_seconds: u64,
    /// The message, or its beginning, in ASCII.
    pub text: &'a [u8],
    /// The subscriber: where the message went.
    pub source: Address,
    /// The sender of the message.
    pub destination: Address,
    /// Whether it is an intermediate notification.
    pub is_intermediate: bool,
    /// How dates are written.
    pub dates: ReceiptDates,
    /// Whether parameters are sent.
    pub tlvs: ReceiptTlvs,
}

/// Writes the body of the `deliver_sm`. A text that `short_message` cannot take goes into `message_payload`.
#[must_use]
pub fn compose(receipt: &ReceiptText<'_>) -> ShortMessage {
    let mut message = ShortMessage {
        source: receipt.source.clone(),
        destination: receipt.destination.clone(),
        esm_class: if receipt.is_intermediate { KIND_INTERMEDIATE } else { KIND_RECEIPT },
        ..ShortMessage::default()
    };
    let text = text(receipt);
    if text.len() <= SHORT_MESSAGE_OCTETS_MAX {
        message.short_message = text;
    } else {
        message.tlvs.push(tag::MESSAGE_PAYLOAD, text);
    }
    if receipt.tlvs == ReceiptTlvs::Send {
        const GSM: u8 = 3;
        let [high, low] = receipt.error.to_be_bytes();
        message.tlvs.push(tag::RECEIPTED_MESSAGE_ID, [receipt.id, &[0]].concat());
        message.tlvs.push(tag::MESSAGE_STATE, [receipt.state.value()]);
        message.tlvs.push(tag::NETWORK_ERROR_CODE, [GSM, high, low]);
    }
    message
}

fn text(receipt: &ReceiptText<'_>) -> Vec<u8> {
    let delivered = u8::from(receipt.state == MessageState::Delivered);
    let fields = format!(
        " sub:001 dlvrd:{delivered:03} submit date:{} done date:{} stat:{} err:{:03} text:",
        date(receipt.submitted_unix_seconds, receipt.dates),
        date(receipt.done_unix_seconds, receipt.dates),
        receipt.state.text(),
        receipt.error,
    );
    let mut text = [b"id:", receipt.id, fields.as_bytes()].concat();
    text.extend(receipt.text.iter().take(TEXT_CHARACTERS_MAX).map(|octet| same_in_gsm(*octet).unwrap_or(b'?')));
    text
}

fn date(unix_seconds: u64, dates: ReceiptDates) -> String {
    let Civil { year, month, day, hour, minute, second } = Civil::from_unix(unix_seconds);
    let year = year % 100;
    match dates {
        ReceiptDates::TenDigits => format!("{year:02}{month:02}{day:02}{hour:02}{minute:02}"),
        ReceiptDates::TwelveDigits => format!("{year:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}"),
    }
}

/// The octet, if it means the same in ASCII and in the GSM alphabet (3GPP TS 23.038 §6.2.1).
const fn same_in_gsm(octet: u8) -> Option<u8> {
    match octet {
        b'\n' | b'\r' | b' '..=b'#' | b'%'..=b'?' | b'A'..=b'Z' | b'a'..=b'z' => Some(octet),
        _ => None,
    }
}
