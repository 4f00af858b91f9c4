//! What a decoder should say of a PDU, field by field, under the names that Wireshark gives the fields.
//!
//! Every value is a text: numbers in decimal, octets in hexadecimal, spans and moments in seconds.

use std::fmt::Write as _;

use whimbrel_smpp::{Address, Bind, Body, DataSm, MessageIdBody, Pdu, ShortMessage, Tlvs, tag};

use crate::draw::{Drawn, When};

/// Fields and values, in the order of the wire.
pub type Meaning = Vec<(&'static str, String)>;

/// What is meant by a PDU.
pub fn meaning(drawn: &Drawn, octets: usize) -> Meaning {
    let pdu = &drawn.pdu;
    let mut said = Meaning::new();
    number(&mut said, "smpp.command_length", octets);
    number(&mut said, "smpp.command_id", pdu.command_id());
    if pdu.body.is_response() {
        number(&mut said, "smpp.command_status", pdu.status.0);
    }
    number(&mut said, "smpp.sequence_number", pdu.sequence);
    if has_body(pdu) {
        body(&mut said, drawn);
    }
    said
}

/// Wireshark reads no body in a response with an error. SMPP 3.4 leaves it out of some of them (§4.4.2) and not of others;
/// we write it in all, as many peers expect it.
fn has_body(pdu: &Pdu) -> bool {
    pdu.status.is_ok()
}

fn body(said: &mut Meaning, drawn: &Drawn) {
    match &drawn.pdu.body {
        Body::Bind(_, body) => bind(said, body),
        Body::BindResp(_, body) => {
            text(said, "smpp.system_id", &body.system_id);
            tlvs(said, &body.tlvs);
        }
        Body::SubmitSm(body) | Body::DeliverSm(body) => short_message(said, body, drawn),
        Body::SubmitSmResp(body) | Body::DeliverSmResp(body) | Body::DataSmResp(body) => answer(said, body),
        Body::DataSm(body) => data_sm(said, body),
        Body::QuerySm(body) => {
            text(said, "smpp.message_id", &body.message_id);
            source(said, &body.source);
        }
        Body::QuerySmResp(body) => {
            text(said, "smpp.message_id", &body.message_id);
            // Unlike the other times, an empty one is not shown at all.
            if drawn.first != When::Unsaid {
                time(said, "smpp.final_date", "smpp.final_date_r", drawn.first);
            }
            number(said, "smpp.message_state", body.message_state);
            number(said, "smpp.error_code", body.error_code);
        }
        Body::Unbind
        | Body::UnbindResp
        | Body::EnquireLink
        | Body::EnquireLinkResp
        | Body::GenericNack
        | Body::AlertNotification(_)
        | Body::Other { .. } => {}
    }
}

fn bind(said: &mut Meaning, body: &Bind) {
    text(said, "smpp.system_id", &body.system_id);
    text(said, "smpp.password", &body.password);
    text(said, "smpp.system_type", &body.system_type);
    number(said, "smpp.interface_version", body.interface_version);
    number(said, "smpp.addr_ton", body.address.ton);
    number(said, "smpp.addr_npi", body.address.npi);
    text(said, "smpp.address_range", &body.address.digits);
}

fn answer(said: &mut Meaning, body: &MessageIdBody) {
    text(said, "smpp.message_id", &body.message_id);
    tlvs(said, &body.tlvs);
}

fn source(said: &mut Meaning, address: &Address) {
    number(said, "smpp.source_addr_ton", address.ton);
    number(said, "smpp.source_addr_npi", address.npi);
    text(said, "smpp.source_addr", &address.digits);
}

fn destination(said: &mut Meaning, address: &Address) {
    number(said, "smpp.dest_addr_ton", address.ton);
    number(said, "smpp.dest_addr_npi", address.npi);
    text(said, "smpp.destination_addr", &address.digits);
}

fn short_message(said: &mut Meaning, body: &ShortMessage, drawn: &Drawn) {
    service_type(said, &body.service_type);
    source(said, &body.source);
    destination(said, &body.destination);
    esm_class(said, body.esm_class);
    number(said, "smpp.protocol_id", body.protocol_id);
    number(said, "smpp.priority_flag", body.priority_flag);
    time(said, "smpp.schedule_delivery_time", "smpp.schedule_delivery_time_r", drawn.first);
    time(said, "smpp.validity_period", "smpp.validity_period_r", drawn.second);
    registered_delivery(said, body.registered_delivery);
    number(said, "smpp.replace_if_present_flag", body.replace_if_present);
    number(said, "smpp.data_coding", body.data_coding);
    number(said, "smpp.sm_default_msg_id", body.default_message_id);
    number(said, "smpp.sm_length", body.short_message.len());
    if !body.short_message.is_empty() {
        octets(said, "smpp.message", &body.short_message);
    }
    tlvs(said, &body.tlvs);
}

fn data_sm(said: &mut Meaning, body: &DataSm) {
    service_type(said, &body.service_type);
    source(said, &body.source);
    destination(said, &body.destination);
    esm_class(said, body.esm_class);
    registered_delivery(said, body.registered_delivery);
    number(said, "smpp.data_coding", body.data_coding);
    tlvs(said, &body.tlvs);
}

/// Wireshark shows the default by this word.
fn service_type(said: &mut Meaning, value: &[u8]) {
    text(said, "smpp.service_type", if value.is_empty() { b"(Default)" } else { value });
}

/// SMPP 3.4 §5.2.12: features, kind and mode, from the top.
fn esm_class(said: &mut Meaning, octet: u8) {
    number(said, "smpp.esm.submit.msg_mode", octet & 0x03);
    number(said, "smpp.esm.submit.msg_type", octet >> 2 & 0x0F);
    number(said, "smpp.esm.submit.features", octet >> 6);
}

/// SMPP 3.4 §5.2.17: whose acknowledgements, and whether of what is underway.
fn registered_delivery(said: &mut Meaning, octet: u8) {
    number(said, "smpp.regdel.receipt", octet & 0x03);
    number(said, "smpp.regdel.acks", octet >> 2 & 0x03);
    number(said, "smpp.regdel.notif", octet >> 4 & 0x01);
}

fn tlvs(said: &mut Meaning, all: &Tlvs) {
    for tlv in all {
        number(said, "smpp.opt_param_tag", tlv.tag);
        number(said, "smpp.opt_param_len", tlv.value.len());
        match tlv.tag {
            tag::USER_MESSAGE_REFERENCE => integer(said, "smpp.user_message_reference", &tlv.value),
            tag::SAR_MSG_REF_NUM => integer(said, "smpp.sar_msg_ref_num", &tlv.value),
            tag::SAR_TOTAL_SEGMENTS => integer(said, "smpp.sar_total_segments", &tlv.value),
            tag::SAR_SEGMENT_SEQNUM => integer(said, "smpp.sar_segment_seqnum", &tlv.value),
            tag::SC_INTERFACE_VERSION => integer(said, "smpp.SC_interface_version", &tlv.value),
            tag::MESSAGE_STATE => integer(said, "smpp.message_state", &tlv.value),
            tag::MORE_MESSAGES_TO_SEND => integer(said, "smpp.more_messages_to_send", &tlv.value),
            tag::NETWORK_ERROR_CODE => {
                integer(said, "smpp.network_error.type", &tlv.value[..1]);
                integer(said, "smpp.network_error.code", &tlv.value[1..]);
            }
            tag::RECEIPTED_MESSAGE_ID => ended(said, "smpp.receipted_message_id", &tlv.value),
            tag::ADDITIONAL_STATUS_INFO_TEXT => ended(said, "smpp.additional_status_info_text", &tlv.value),
            tag::MESSAGE_PAYLOAD => octets(said, "smpp.message_payload", &tlv.value),
            _ => octets(said, "smpp.vendor_op", &tlv.value),
        }
    }
}

fn integer(said: &mut Meaning, field: &'static str, value: &[u8]) {
    number(said, field, value.iter().fold(0_u32, |sum, octet| sum << 8 | u32::from(*octet)));
}

fn number(said: &mut Meaning, field: &'static str, value: impl ToString) {
    said.push((field, value.to_string()));
}

fn text(said: &mut Meaning, field: &'static str, value: &[u8]) {
    said.push((field, String::from_utf8_lossy(value).into_owned()));
}

/// A text whose value has its NUL.
fn ended(said: &mut Meaning, field: &'static str, value: &[u8]) {
    text(said, field, value.strip_suffix(b"\0").unwrap_or(value));
}

fn octets(said: &mut Meaning, field: &'static str, value: &[u8]) {
    let mut hex = String::with_capacity(value.len() * 2);
    for octet in value {
        // Writing to a `String` cannot fail.
        let _ = write!(hex, "{octet:02x}");
    }
    said.push((field, hex));
}

fn time(said: &mut Meaning, moment: &'static str, span: &'static str, when: When) {
    match when {
        // Wireshark calls an empty time "immediate", and a span of nothing.
        When::Unsaid => number(said, span, 0),
        When::In(seconds) => number(said, span, seconds),
        When::At(seconds) => number(said, moment, seconds),
    }
}
