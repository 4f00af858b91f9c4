//! Receipts as carriers write them: fields that are missing, doubled, renamed, or somewhere else.
//!
//! Each way is one that somebody's centre has: what a client must not stumble over. The specification's own form is composed
//! by the SMPP crate; here is every other one.

use whimbrel_core::Timestamp;
use whimbrel_smpp::{Body, DataSm, MessageState, ShortMessage, tag};

use super::Receipt;
use crate::scenario::rules::MessageRules;
use crate::scenario::{NetworkError, ReceiptPdu, ReceiptRules, Separator, state_word};

const KIND_RECEIPT: u8 = 0x04;
const KIND_INTERMEDIATE: u8 = 0x20;
/// The most that short_message takes.
const SHORT_MESSAGE_OCTETS_MAX: usize = 254;
/// network_error_code: GSM.
const NETWORK_GSM: u8 = 3;

/// The PDU of a receipt, as the rules want it.
pub(super) fn compose(receipt: &Receipt, message_rules: &MessageRules) -> Body {
    let rules = &message_rules.receipts;
    let id = message_rules.ids.receipt.write(receipt.origin.id, message_rules.ids.width);
    let text = if rules.text { text(receipt, rules, &id) } else { Vec::new() };
    let mut message = ShortMessage {
        source: receipt.origin.destination.clone(),
        destination: receipt.origin.source.clone(),
        esm_class: esm_class(receipt, rules),
        data_coding: rules.data_coding,
        ..ShortMessage::default()
    };
    let has_payload = rules.payload || rules.pdu == ReceiptPdu::DataSm || text.len() > SHORT_MESSAGE_OCTETS_MAX;
    if has_payload && !text.is_empty() {
        message.tlvs.push(tag::MESSAGE_PAYLOAD, text);
    } else {
        message.short_message = text;
    }
    if rules.tlvs {
        parameters(&mut message, receipt, rules, &id);
    }
    match rules.pdu {
        ReceiptPdu::DeliverSm => Body::DeliverSm(Box::new(message)),
        ReceiptPdu::DataSm => Body::DataSm(Box::new(data_sm(message))),
    }
}

fn esm_class(receipt: &Receipt, rules: &ReceiptRules) -> u8 {
    match (rules.marked, receipt.intermediate) {
        (false, _) => 0,
        (true, false) => KIND_RECEIPT,
        (true, true) => KIND_INTERMEDIATE,
    }
}

fn data_sm(message: ShortMessage) -> DataSm {
    let ShortMessage { source, destination, esm_class, data_coding, tlvs, .. } = message;
    DataSm { source, destination, esm_class, data_coding, tlvs, ..DataSm::default() }
}

fn parameters(message: &mut ShortMessage, receipt: &Receipt, rules: &ReceiptRules, id: &str) {
    let mut id = id.as_bytes().to_vec();
    if rules.tlv_nul {
        id.push(0);
    }
    message.tlvs.push(tag::RECEIPTED_MESSAGE_ID, id);
    message.tlvs.push(tag::MESSAGE_STATE, [receipt.state.value()]);
    let code = receipt.map_error.unwrap_or(0);
    match rules.network_error {
        NetworkError::Code => {
            let [high, low] = code.to_be_bytes();
            message.tlvs.push(tag::NETWORK_ERROR_CODE, [NETWORK_GSM, high, low]);
        }
        NetworkError::Digits => message.tlvs.push(tag::NETWORK_ERROR_CODE, format!("{code:03}")),
        NetworkError::Absent => {}
    }
}

/// The fields of appendix B that are wanted, one after the other.
fn text(receipt: &Receipt, rules: &ReceiptRules, id: &str) -> Vec<u8> {
    let delivered = u8::from(receipt.state == MessageState::Delivered);
    let error = receipt.map_error.unwrap_or(0);
    let mut fields: Vec<(&str, String)> = Vec::with_capacity(8);
    if rules.id_in_text {
        fields.push(("id", id.to_owned()));
    }
    if rules.counts {
        fields.push(("sub", "001".to_owned()));
        fields.push(("dlvrd", format!("{delivered:03}")));
    }
    if rules.dates > 0 {
        fields.push(("submit date", date(receipt.origin.submitted, rules.dates)));
        fields.push(("done date", date(receipt.done, rules.dates)));
    }
    fields.push(("stat", state_word(rules, receipt.state).to_owned()));
    fields.push(("err", rules.error_text.clone().unwrap_or_else(|| format!("{error:03}"))));
    let separator = match rules.separator {
        Separator::Space => ' ',
        Separator::Comma => ',',
        Separator::Semicolon => ';',
    };
    let mut text = Vec::with_capacity(160);
    for (index, (key, value)) in fields.iter().enumerate() {
        if index > 0 {
            text.extend_from_slice(separator.encode_utf8(&mut [0; 4]).as_bytes());
        }
        push_key(&mut text, key, rules);
        text.extend_from_slice(value.as_bytes());
    }
    if rules.excerpt {
        text.extend_from_slice(separator.encode_utf8(&mut [0; 4]).as_bytes());
        push_key(&mut text, "text", rules);
        text.extend_from_slice(&receipt.origin.text);
    }
    text
}

fn push_key(text: &mut Vec<u8>, key: &str, rules: &ReceiptRules) {
    let begin = text.len();
    text.extend_from_slice(key.as_bytes());
    text.push(b':');
    if rules.upper_case_keys {
        text[begin..].make_ascii_uppercase();
    }
}

/// `YYMMDDhhmm`, with seconds, with the century too, or as SMPP writes times: `YYMMDDhhmmss000+`. UTC.
fn date(at: Timestamp, characters: u8) -> String {
    // `2026-11-24T13:12:07.000000Z`, as it is shown everywhere.
    let digits: String = at.to_string().chars().filter(char::is_ascii_digit).collect();
    let cut = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().to_owned();
    match characters {
        10 => cut(2, 12),
        12 => cut(2, 14),
        14 => cut(0, 14),
        _ => cut(2, 14) + "000+",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_every_length() {
        let at = Timestamp(1_795_525_927_000_000);
        let check = |characters, wanted: &str| {
            let date = date(at, characters);
            assert_eq!((date.as_str(), date.len()), (wanted, usize::from(characters)));
        };
        check(10, "2611241312");
        check(12, "261124131207");
        check(14, "20261124131207");
        check(16, "261124131207000+");
    }
}
