//! Receipts: what a carrier says became of a message (SMPP 3.4 §5.3.2 and appendix B).
//!
//! There is no one form. The facts come as optional parameters, as a text in which any field may be missing, or as
//! both; where both speak the parameters are right. It promises that no receipt is refused for what it lacks, that
//! an unknown state is a receipt all the same, and that no octets make it panic.
//!
//! Dates in receipts are never read as times, for nobody knows their zone. What a state means for a customer is
//! decided elsewhere.

mod compose;
mod state;
mod text;

use crate::pdu::{DataSm, ShortMessage};
use crate::tlv::{Tlvs, tag};

pub use compose::{ReceiptDates, ReceiptText, ReceiptTlvs, compose};
pub use state::MessageState;
pub use text::{ReceiptFields, parse};

/// The bits of `esm_class` that tell the kind of message.
const KIND: u8 = 0x3C;
const KIND_RECEIPT: u8 = 0x04;
const KIND_INTERMEDIATE: u8 = 0x20;
/// The bit of `esm_class` that says a user data header leads the message.
const HAS_HEADER: u8 = 0x40;
const UCS2: u8 = 0x08;

/// What a carrier delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// News of a message of ours.
    Receipt(Receipt),
    /// A message from a handset.
    Message,
}

/// News of a message of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The id of the message, as it stands: see [`id`](crate::id). Empty if the carrier gave none.
    pub id: Vec<u8>,
    /// The state; [`MessageState::Unknown`] also for a word that is not known, see `state_text`.
    pub state: MessageState,
    /// The word for the state in the text, as it stands; empty if there is none.
    pub state_text: Vec<u8>,
    /// The cause, if the carrier gave one.
    pub error: Option<ErrorCode>,
    /// Whether it is an intermediate notification, not the last word.
    pub is_intermediate: bool,
}

/// A carrier's reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorCode {
    /// Whose code it is: 1 ANSI-136, 2 IS-95, 3 GSM, others the vendor's. `None` where it was not told.
    pub network_type: Option<u8>,
    /// The number, if it is one.
    pub value: Option<u16>,
    /// As it stands.
    pub raw: Vec<u8>,
}

impl ErrorCode {
    /// From `network_error_code`: a type and two octets, or three digits where a carrier misread the specification.
    fn from_tlv(raw: &[u8]) -> Option<Self> {
        let (network_type, value) = match raw {
            [] => return None,
            [b'0'..=b'9', ..] => (None, decimal(raw)),
            [.., network_type, high, low] => (Some(*network_type), Some(u16::from_be_bytes([*high, *low]))),
            [high, low] => (None, Some(u16::from_be_bytes([*high, *low]))),
            [low] => (None, Some(u16::from(*low))),
        };
        Some(Self { network_type, value, raw: raw.to_vec() })
    }

    /// From `err:`, which may be decimal, hexadecimal or a word: only decimal is a number for certain.
    fn from_text(raw: &[u8]) -> Option<Self> {
        (!raw.is_empty()).then(|| Self { network_type: None, value: decimal(raw), raw: raw.to_vec() })
    }
}

fn decimal(raw: &[u8]) -> Option<u16> {
    let digits = raw.split(|octet| *octet == 0).next().filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Tells a receipt from a message. With `sniff`, what is marked as a plain message but reads as a receipt is one.
#[must_use]
pub fn classify(message: &ShortMessage, sniff: bool) -> Delivery {
    read(message.esm_class, message.data_coding, message.user_data(), &message.tlvs, sniff)
}

/// As [`classify`], for `data_sm`.
#[must_use]
pub fn classify_data(data: &DataSm, sniff: bool) -> Delivery {
    read(data.esm_class, data.data_coding, data.user_data(), &data.tlvs, sniff)
}

fn read(esm_class: u8, data_coding: u8, user_data: &[u8], tlvs: &Tlvs, sniff: bool) -> Delivery {
    let kind = esm_class & KIND;
    let is_marked = matches!(kind, KIND_RECEIPT | KIND_INTERMEDIATE) || tlvs.get(tag::RECEIPTED_MESSAGE_ID).is_some();
    let may_sniff = sniff && kind == 0 && esm_class & HAS_HEADER == 0;
    if !is_marked && !may_sniff {
        return Delivery::Message;
    }
    let text = ascii(data_coding, without_header(esm_class, user_data));
    let fields = parse(&text);
    if !is_marked && !fields.reads_as_receipt() {
        return Delivery::Message;
    }
    Delivery::Receipt(Receipt {
        id: tlvs
            .get_text(tag::RECEIPTED_MESSAGE_ID)
            .filter(|id| !id.is_empty())
            .map_or_else(|| fields.id.to_vec(), <[u8]>::to_vec),
        state: tlvs
            .get_u8(tag::MESSAGE_STATE)
            .and_then(MessageState::from_value)
            .or_else(|| MessageState::from_text(fields.state))
            .unwrap_or(MessageState::Unknown),
        state_text: fields.state.to_vec(),
        error: tlvs
            .get(tag::NETWORK_ERROR_CODE)
            .and_then(ErrorCode::from_tlv)
            .or_else(|| ErrorCode::from_text(fields.error)),
        is_intermediate: kind == KIND_INTERMEDIATE,
    })
}

/// The message after its user data header, if `esm_class` says that there is one and it fits.
fn without_header(esm_class: u8, user_data: &[u8]) -> &[u8] {
    match user_data.first() {
        Some(length) if esm_class & HAS_HEADER != 0 => user_data.get(usize::from(*length) + 1..).unwrap_or(user_data),
        _ => user_data,
    }
}

/// The text in ASCII. What is announced as UCS-2 is often ASCII all the same, so that is tried first. An underscore
/// of the GSM alphabet is read as one: ids have it.
fn ascii(data_coding: u8, user_data: &[u8]) -> Vec<u8> {
    let is_ucs2 = data_coding == UCS2 && user_data.len() >= 2 && parse(user_data).is_empty();
    if is_ucs2 {
        let (units, _) = user_data.as_chunks::<2>();
        return units.iter().map(|unit| u8::try_from(u16::from_be_bytes(*unit)).unwrap_or(b'?')).collect();
    }
    user_data.iter().map(|octet| if *octet == 0x11 { b'_' } else { *octet }).collect()
}

#[cfg(test)]
mod tests;
