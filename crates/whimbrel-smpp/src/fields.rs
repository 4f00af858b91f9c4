//! A PDU in words: its fields by the names of the specification, for people who look for a reason.
//!
//! Follows SMPP 3.4 §4 and §5.2 for names and meanings. Numbers are decimal with their meaning behind them, octets hexadecimal, texts as
//! they stand where they are printable. A password is never among them; the message is: who may not see it must not be given the PDU.

use crate::pdu::{Address, Body, DataSm, MessageIdBody, Pdu, ShortMessage, command_id as id};
use crate::tlv::{Tlvs, tag};

/// A field's name and its value, in words.
pub type Field = (&'static str, String);

/// The name of a command: `submit_sm_resp`.
#[must_use]
pub const fn name(command_id: u32) -> &'static str {
    const RESPONSE: u32 = id::RESPONSE;
    match (command_id & !RESPONSE, command_id & RESPONSE != 0) {
        (0, true) => "generic_nack",
        (id::BIND_RECEIVER, false) => "bind_receiver",
        (id::BIND_RECEIVER, true) => "bind_receiver_resp",
        (id::BIND_TRANSMITTER, false) => "bind_transmitter",
        (id::BIND_TRANSMITTER, true) => "bind_transmitter_resp",
        (id::BIND_TRANSCEIVER, false) => "bind_transceiver",
        (id::BIND_TRANSCEIVER, true) => "bind_transceiver_resp",
        (id::QUERY_SM, false) => "query_sm",
        (id::QUERY_SM, true) => "query_sm_resp",
        (id::SUBMIT_SM, false) => "submit_sm",
        (id::SUBMIT_SM, true) => "submit_sm_resp",
        (id::DELIVER_SM, false) => "deliver_sm",
        (id::DELIVER_SM, true) => "deliver_sm_resp",
        (id::DATA_SM, false) => "data_sm",
        (id::DATA_SM, true) => "data_sm_resp",
        (id::UNBIND, false) => "unbind",
        (id::UNBIND, true) => "unbind_resp",
        (id::ENQUIRE_LINK, false) => "enquire_link",
        (id::ENQUIRE_LINK, true) => "enquire_link_resp",
        (id::ALERT_NOTIFICATION, false) => "alert_notification",
        _ => "unknown",
    }
}

/// The fields of a PDU, in the order of the wire.
#[must_use]
pub fn fields(pdu: &Pdu) -> Vec<Field> {
    let mut said = Vec::new();
    if pdu.body.is_response() {
        let name = pdu.status.name().unwrap_or("not in SMPP 3.4");
        said.push(("command_status", format!("{:#010x} {name}", pdu.status.0)));
    }
    said.push(("sequence_number", pdu.sequence.to_string()));
    match &pdu.body {
        Body::SubmitSm(message) | Body::DeliverSm(message) => short_message(&mut said, message),
        Body::SubmitSmResp(body) | Body::DeliverSmResp(body) | Body::DataSmResp(body) => answer(&mut said, body),
        Body::DataSm(message) => data(&mut said, message),
        Body::Bind(..)
        | Body::BindResp(..)
        | Body::QuerySm(_)
        | Body::QuerySmResp(_)
        | Body::Unbind
        | Body::UnbindResp
        | Body::EnquireLink
        | Body::EnquireLinkResp
        | Body::GenericNack
        | Body::AlertNotification(_)
        | Body::Other { .. } => {}
    }
    said
}

fn short_message(said: &mut Vec<Field>, message: &ShortMessage) {
    said.push(("service_type", text(&message.service_type)));
    address(said, ["source_addr_ton", "source_addr_npi", "source_addr"], &message.source);
    address(said, ["dest_addr_ton", "dest_addr_npi", "destination_addr"], &message.destination);
    said.push(("esm_class", esm_class(message.esm_class)));
    said.push(("protocol_id", message.protocol_id.to_string()));
    said.push(("priority_flag", message.priority_flag.to_string()));
    said.push(("schedule_delivery_time", text(&message.schedule_delivery_time)));
    said.push(("validity_period", text(&message.validity_period)));
    said.push(("registered_delivery", registered_delivery(message.registered_delivery)));
    said.push(("replace_if_present_flag", message.replace_if_present.to_string()));
    said.push(("data_coding", data_coding(message.data_coding)));
    said.push(("sm_default_msg_id", message.default_message_id.to_string()));
    said.push(("sm_length", message.short_message.len().to_string()));
    said.push(("short_message", octets(&message.short_message)));
    optional(said, &message.tlvs);
}

fn data(said: &mut Vec<Field>, message: &DataSm) {
    said.push(("service_type", text(&message.service_type)));
    address(said, ["source_addr_ton", "source_addr_npi", "source_addr"], &message.source);
    address(said, ["dest_addr_ton", "dest_addr_npi", "destination_addr"], &message.destination);
    said.push(("esm_class", esm_class(message.esm_class)));
    said.push(("registered_delivery", registered_delivery(message.registered_delivery)));
    said.push(("data_coding", data_coding(message.data_coding)));
    optional(said, &message.tlvs);
}

fn answer(said: &mut Vec<Field>, body: &MessageIdBody) {
    said.push(("message_id", text(&body.message_id)));
    optional(said, &body.tlvs);
}

fn address(said: &mut Vec<Field>, [ton_name, npi_name, digits_name]: [&'static str; 3], address: &Address) {
    // §5.2.5 and §5.2.6.
    let ton = match address.ton {
        0 => "unknown",
        1 => "international",
        2 => "national",
        3 => "network specific",
        4 => "subscriber number",
        5 => "alphanumeric",
        6 => "abbreviated",
        _ => "reserved",
    };
    let npi = match address.npi {
        0 => "unknown",
        1 => "ISDN (E.164)",
        3 => "data (X.121)",
        4 => "telex",
        6 => "land mobile (E.212)",
        8 => "national",
        9 => "private",
        10 => "ERMES",
        14 => "internet",
        18 => "WAP client id",
        _ => "reserved",
    };
    said.push((ton_name, format!("{} {ton}", address.ton)));
    said.push((npi_name, format!("{} {npi}", address.npi)));
    said.push((digits_name, text(&address.digits)));
}

/// §5.2.12.
fn esm_class(octet: u8) -> String {
    let mode = match octet & 0x03 {
        0 => "default mode",
        1 => "datagram",
        2 => "forward",
        _ => "store and forward",
    };
    let kind = match octet >> 2 & 0x0f {
        0 => None,
        1 => Some("receipt"),
        2 => Some("delivery acknowledgement"),
        4 => Some("user acknowledgement"),
        6 => Some("conversation abort"),
        8 => Some("intermediate notification"),
        _ => Some("reserved kind"),
    };
    let header = (octet & 0x40 != 0).then_some("user data header");
    let reply = (octet & 0x80 != 0).then_some("reply path");
    let words: Vec<_> = [Some(mode), kind, header, reply].into_iter().flatten().collect();
    format!("{octet:#04x} {}", words.join(", "))
}

/// §5.2.17.
fn registered_delivery(octet: u8) -> String {
    let receipt = match octet & 0x03 {
        0 => "no receipt",
        1 => "receipt of the end",
        2 => "receipt of a failure",
        _ => "reserved",
    };
    let also = if octet & 0x10 != 0 { ", and on the way" } else { "" };
    format!("{octet:#04x} {receipt}{also}")
}

/// §5.2.19.
fn data_coding(octet: u8) -> String {
    let word = match octet {
        0 => "the centre's default alphabet",
        1 => "IA5 (ASCII)",
        2 | 4 => "octets",
        3 => "Latin 1",
        5 => "JIS",
        6 => "Cyrillic",
        7 => "Latin/Hebrew",
        8 => "UCS-2",
        9 => "pictogram",
        10 => "ISO-2022-JP",
        13 => "extended Kanji JIS",
        14 => "KS C 5601",
        0xf0..=0xff => "a message class",
        _ => "reserved, or the carrier's own",
    };
    format!("{octet:#04x} {word}")
}

fn optional(said: &mut Vec<Field>, tlvs: &Tlvs) {
    for tlv in tlvs {
        let (name, value) = match tlv.tag {
            tag::USER_MESSAGE_REFERENCE => ("user_message_reference", integer(&tlv.value)),
            tag::SAR_MSG_REF_NUM => ("sar_msg_ref_num", integer(&tlv.value)),
            tag::SAR_TOTAL_SEGMENTS => ("sar_total_segments", integer(&tlv.value)),
            tag::SAR_SEGMENT_SEQNUM => ("sar_segment_seqnum", integer(&tlv.value)),
            tag::MORE_MESSAGES_TO_SEND => ("more_messages_to_send", integer(&tlv.value)),
            tag::RECEIPTED_MESSAGE_ID => ("receipted_message_id", text(&tlv.value)),
            tag::ADDITIONAL_STATUS_INFO_TEXT => ("additional_status_info_text", text(&tlv.value)),
            tag::MESSAGE_STATE => ("message_state", message_state(&tlv.value)),
            tag::NETWORK_ERROR_CODE => ("network_error_code", octets(&tlv.value)),
            tag::MESSAGE_PAYLOAD => ("message_payload", octets(&tlv.value)),
            number => ("optional parameter", format!("{number:#06x} {}", octets(&tlv.value))),
        };
        said.push((name, value));
    }
}

/// §5.2.28.
fn message_state(value: &[u8]) -> String {
    let state = value.last().copied().unwrap_or_default();
    let word = match state {
        1 => "ENROUTE",
        2 => "DELIVERED",
        3 => "EXPIRED",
        4 => "DELETED",
        5 => "UNDELIVERABLE",
        6 => "ACCEPTED",
        7 => "UNKNOWN",
        8 => "REJECTED",
        _ => "not in SMPP 3.4",
    };
    format!("{state} {word}")
}

fn integer(value: &[u8]) -> String {
    value.iter().fold(0_u64, |sum, octet| sum << 8 | u64::from(*octet)).to_string()
}

/// A text with what is not printable as escapes, up to its NUL.
fn text(octets: &[u8]) -> String {
    octets.strip_suffix(b"\0").unwrap_or(octets).escape_ascii().to_string()
}

/// Octets, and behind them the text that they are in ASCII, if they are one.
fn octets(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut said = String::with_capacity(octets.len() * 3 + 3);
    for octet in octets {
        // Writing to a text cannot fail.
        let _ = write!(said, "{octet:02x}");
    }
    let is_text = octets.len() > 1 && octets.iter().all(|octet| (b' '..=b'~').contains(octet));
    if let (true, Ok(text)) = (is_text, std::str::from_utf8(octets)) {
        let _ = write!(said, " \"{text}\"");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CommandStatus;
    use crate::pdu::Bind;
    use crate::pdu::{Address, BindMode};
    use crate::tlv::Tlv;

    fn value(pdu: &Pdu, name: &str) -> Option<String> {
        fields(pdu).into_iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    #[test]
    fn a_submission_and_its_answer_in_words() {
        let message = ShortMessage {
            source: Address { ton: 5, npi: 0, digits: b"Acme".to_vec() },
            destination: Address { ton: 1, npi: 1, digits: b"447700900000".to_vec() },
            esm_class: 0x40,
            registered_delivery: 0x11,
            data_coding: 8,
            short_message: b"hi!".to_vec(),
            tlvs: [Tlv { tag: tag::MESSAGE_STATE, value: vec![2] }, Tlv { tag: 0x1400, value: vec![7, 255] }]
                .into_iter()
                .collect(),
            ..ShortMessage::default()
        };
        let pdu = Pdu::request(7, Body::SubmitSm(Box::new(message)));
        assert_eq!(name(pdu.command_id()), "submit_sm");
        for (name, shown) in [
            ("sequence_number", "7"),
            ("source_addr_ton", "5 alphanumeric"),
            ("destination_addr", "447700900000"),
            ("esm_class", "0x40 default mode, user data header"),
            ("registered_delivery", "0x11 receipt of the end, and on the way"),
            ("data_coding", "0x08 UCS-2"),
            ("short_message", "686921 \"hi!\""),
            ("message_state", "2 DELIVERED"),
            ("optional parameter", "0x1400 07ff"),
        ] {
            assert_eq!(value(&pdu, name).as_deref(), Some(shown), "{name}");
        }
        let body = Body::SubmitSmResp(MessageIdBody::default());
        let refused = Pdu { status: CommandStatus(0x58), sequence: 7, body };
        assert_eq!(value(&refused, "command_status").as_deref(), Some("0x00000058 ESME_RTHROTTLED"));
        assert_eq!(name(refused.command_id()), "submit_sm_resp");
    }

    #[test]
    fn a_password_is_in_no_field() {
        let bind = Bind {
            system_id: b"us".to_vec(),
            password: b"planted".to_vec(),
            system_type: Vec::new(),
            interface_version: 0x34,
            address: Address::default(),
        };
        let pdu = Pdu::request(1, Body::Bind(BindMode::Transceiver, bind));
        assert!(fields(&pdu).iter().all(|(_, value)| !value.contains("planted")));
    }
}
