//! The fields of messages as JSON: text where SMPP has C-octet strings, `{"hex": ..}` where it has octets.

use std::error::Error;
use std::fmt::Write;

use rusmpp::pdus::{DeliverSm, SubmitSm};
use rusmpp::tlvs::{MessageDeliveryRequestTlvValue, TlvValue};
use rusmpp::types::{AnyOctetString, COctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, MessagePayload, Npi, Ton};
use serde_json::{Map, Value, json};

/// What a submission says, as rusmpp understands it.
pub fn told(submit: &SubmitSm) -> Value {
    let mut fields = json!({
        "service_type": submit.service_type.value().to_string(),
        "source_addr_ton": u8::from(submit.source_addr_ton),
        "source_addr_npi": u8::from(submit.source_addr_npi),
        "source_addr": submit.source_addr.to_string(),
        "dest_addr_ton": u8::from(submit.dest_addr_ton),
        "dest_addr_npi": u8::from(submit.dest_addr_npi),
        "destination_addr": submit.destination_addr.to_string(),
        "esm_class": u8::from(submit.esm_class),
        "protocol_id": submit.protocol_id,
        "priority_flag": u8::from(submit.priority_flag),
        "schedule_delivery_time": submit.schedule_delivery_time.to_string(),
        "validity_period": submit.validity_period.to_string(),
        "registered_delivery": u8::from(submit.registered_delivery),
        "data_coding": u8::from(submit.data_coding),
        "short_message": octets(submit.short_message().as_ref()),
    });
    for tlv in submit.tlvs() {
        match tlv.value() {
            Some(TlvValue::SarMsgRefNum(number)) => fields["sar_msg_ref_num"] = (*number).into(),
            Some(TlvValue::SarTotalSegments(number)) => fields["sar_total_segments"] = (*number).into(),
            Some(TlvValue::SarSegmentSeqnum(number)) => fields["sar_segment_seqnum"] = (*number).into(),
            Some(TlvValue::MessagePayload(payload)) => fields["message_payload"] = octets(payload.value.as_ref()),
            // No test asks for another one.
            _ => {}
        }
    }
    fields
}

/// Makes a delivery of its fields.
///
/// # Errors
/// If a field is unknown or has no such value, so that no test passes because nothing was sent.
pub fn deliver(fields: &Map<String, Value>) -> Result<DeliverSm, Box<dyn Error>> {
    let mut pdu = DeliverSm::default();
    for (name, value) in fields {
        match name.as_str() {
            "source_addr_ton" => pdu.source_addr_ton = Ton::from(number::<u8>(value)?),
            "source_addr_npi" => pdu.source_addr_npi = Npi::from(number::<u8>(value)?),
            "source_addr" => pdu.source_addr = c_string(text(value)?)?,
            "dest_addr_ton" => pdu.dest_addr_ton = Ton::from(number::<u8>(value)?),
            "dest_addr_npi" => pdu.dest_addr_npi = Npi::from(number::<u8>(value)?),
            "destination_addr" => pdu.destination_addr = c_string(text(value)?)?,
            "esm_class" => pdu.esm_class = EsmClass::from(number::<u8>(value)?),
            "data_coding" => pdu.data_coding = DataCoding::from(number::<u8>(value)?),
            "short_message" => pdu.set_short_message(OctetString::from_vec(hex(value)?)?),
            "message_payload" => {
                let payload = MessagePayload::new(AnyOctetString::from_vec(hex(value)?));
                pdu.push_tlv(MessageDeliveryRequestTlvValue::MessagePayload(payload));
            }
            "sar_msg_ref_num" => pdu.push_tlv(MessageDeliveryRequestTlvValue::SarMsgRefNum(number(value)?)),
            "sar_total_segments" => pdu.push_tlv(MessageDeliveryRequestTlvValue::SarTotalSegments(number(value)?)),
            "sar_segment_seqnum" => pdu.push_tlv(MessageDeliveryRequestTlvValue::SarSegmentSeqnum(number(value)?)),
            _ => return Err(format!("no such field: {name}").into()),
        }
    }
    Ok(pdu)
}

/// A C-octet string of ASCII.
///
/// # Errors
/// If it is too long or not ASCII.
pub fn c_string<const MAX: usize>(text: &str) -> Result<COctetString<1, MAX>, Box<dyn Error>> {
    Ok(COctetString::from_vec([text.as_bytes(), &[0]].concat())?)
}

/// Text of an order.
///
/// # Errors
/// If it is something else.
pub fn text(value: &Value) -> Result<&str, Box<dyn Error>> {
    value.as_str().ok_or_else(|| format!("no text: {value}").into())
}

/// A number of an order, within its type's range.
///
/// # Errors
/// If it is something else.
pub fn number<N: TryFrom<u64>>(value: &Value) -> Result<N, Box<dyn Error>> {
    let number = value.as_u64().and_then(|number| N::try_from(number).ok());
    number.ok_or_else(|| format!("no number of that size: {value}").into())
}

fn octets(octets: &[u8]) -> Value {
    let mut hex = String::new();
    for octet in octets {
        // Writing to a string cannot fail.
        let _written = write!(hex, "{octet:02x}");
    }
    json!({ "hex": hex })
}

fn hex(value: &Value) -> Result<Vec<u8>, Box<dyn Error>> {
    let digits = text(&value["hex"])?;
    if !digits.is_ascii() || digits.len() % 2 != 0 {
        return Err(format!("no octets in hex: {value}").into());
    }
    let octets = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16));
    Ok(octets.collect::<Result<_, _>>()?)
}
