//! Draws valid PDUs of every kind that this product writes, with what each field is meant to say.
//!
//! Texts are ASCII, which is what a C-Octet String holds (SMPP 3.4 §3.1); messages and payloads hold any octets.

use whimbrel_smpp::{
    Address, Bind, BindMode, BindResp, Body, CommandStatus, DataSm, MessageIdBody, Pdu, QuerySm, QuerySmResp,
    ShortMessage, Tlvs, tag, time,
};

use crate::random::Random;

/// Who sends a PDU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The client.
    Esme,
    /// The centre.
    Smsc,
}

/// A time in a PDU, as it is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The field is empty.
    Unsaid,
    /// So many seconds from now.
    In(u64),
    /// At this moment, in seconds since 1970.
    At(u64),
}

impl When {
    fn draw(random: &mut Random) -> Self {
        match random.below(3) {
            0 => Self::Unsaid,
            // At most 31 days: longer spans are counted in months, of whose length the specification says nothing.
            1 => Self::In(1 + random.below(31 * 86_400)),
            // 2000 to 2037.
            _ => Self::At(946_684_800 + random.below(1_167_609_600)),
        }
    }

    fn written(self) -> Vec<u8> {
        match self {
            Self::Unsaid => Vec::new(),
            Self::In(seconds) => time::relative_validity(seconds),
            Self::At(seconds) => time::absolute(seconds),
        }
    }
}

/// A PDU with what its octets alone do not show.
pub struct Drawn {
    /// Who sends it.
    pub side: Side,
    /// The PDU.
    pub pdu: Pdu,
    /// What its first time means: the schedule, or the final date of an answer to a query.
    pub first: When,
    /// What its second time means: the validity.
    pub second: When,
}

/// Draws the next PDU.
pub fn draw(random: &mut Random) -> Drawn {
    let (first, second) = (When::draw(random), When::draw(random));
    let side = random.one_of(&[Side::Esme, Side::Smsc]);
    let either = |body| (side, body);
    let (side, body) = match random.below(20) {
        0 => (Side::Esme, Body::Bind(mode(random), bind(random))),
        1 => (Side::Smsc, Body::BindResp(mode(random), bind_resp(random))),
        2..=6 => (Side::Esme, Body::SubmitSm(Box::new(short_message(random, first, second)))),
        7..=8 => (Side::Smsc, Body::SubmitSmResp(message_id(random))),
        9..=12 => (Side::Smsc, Body::DeliverSm(Box::new(short_message(random, first, second)))),
        13 => (Side::Esme, Body::DeliverSmResp(MessageIdBody::default())),
        14 => either(Body::DataSm(Box::new(data_sm(random)))),
        15 => either(Body::DataSmResp(message_id(random))),
        16 => (Side::Esme, Body::QuerySm(QuerySm { message_id: random.text(64), source: address(random, 20) })),
        17 => (Side::Smsc, Body::QuerySmResp(query_resp(random, first))),
        18 => either(random.one_of(&[Simple::EnquireLink, Simple::EnquireLinkResp]).body()),
        _ => either(random.one_of(&[Simple::Unbind, Simple::UnbindResp, Simple::GenericNack]).body()),
    };
    let status = if body.is_response() { status(random) } else { 0 };
    let sequence = u32::try_from(1 + random.below(0x7FFF_FFFF)).unwrap_or(1);
    Drawn { side, pdu: Pdu { status: CommandStatus(status), sequence, body }, first, second }
}

/// The commands without fields.
#[derive(Clone, Copy)]
enum Simple {
    EnquireLink,
    EnquireLinkResp,
    Unbind,
    UnbindResp,
    GenericNack,
}

impl Simple {
    const fn body(self) -> Body {
        match self {
            Self::EnquireLink => Body::EnquireLink,
            Self::EnquireLinkResp => Body::EnquireLinkResp,
            Self::Unbind => Body::Unbind,
            Self::UnbindResp => Body::UnbindResp,
            Self::GenericNack => Body::GenericNack,
        }
    }
}

/// Mostly no error, else one of the specification's or a vendor's own.
fn status(random: &mut Random) -> u32 {
    match random.below(4) {
        0 => random.one_of(&[0x01, 0x08, 0x0A, 0x0B, 0x0D, 0x0E, 0x14, 0x45, 0x58, 0x64, 0x65, 0xFF]),
        1 if random.once_in(4) => 0x400 + u32::from(random.octet()),
        _ => 0,
    }
}

fn mode(random: &mut Random) -> BindMode {
    random.one_of(&[BindMode::Receiver, BindMode::Transmitter, BindMode::Transceiver])
}

fn address(random: &mut Random, most: usize) -> Address {
    let (ton, npi) = random.one_of(&[(0, 0), (0, 1), (1, 1), (2, 1), (3, 0), (4, 8), (5, 0), (6, 0), (6, 18)]);
    let digits = if ton == 5 {
        random.text(most.min(11))
    } else {
        let count = random.count(most.min(20));
        (0..count).map(|_| b'0' + random.octet() % 10).collect()
    };
    Address { ton, npi, digits }
}

fn bind(random: &mut Random) -> Bind {
    Bind {
        system_id: random.text(15),
        password: random.text(8),
        system_type: random.text(12),
        interface_version: random.one_of(&[0x33, 0x34, 0x50]),
        address: address(random, 40),
    }
}

fn bind_resp(random: &mut Random) -> BindResp {
    let mut tlvs = Tlvs::new();
    if random.once_in(2) {
        tlvs.push(tag::SC_INTERFACE_VERSION, [random.one_of(&[0x33, 0x34, 0x50])]);
    }
    BindResp { system_id: random.text(15), tlvs }
}

fn message_id(random: &mut Random) -> MessageIdBody {
    MessageIdBody::new(random.text(64))
}

fn query_resp(random: &mut Random, when: When) -> QuerySmResp {
    QuerySmResp {
        message_id: random.text(64),
        final_date: when.written(),
        message_state: random.octet() % 10,
        error_code: random.octet(),
    }
}

fn short_message(random: &mut Random, first: When, second: When) -> ShortMessage {
    let (mut tlvs, esm_class) = (tlvs(random), random.octet());
    let mut short_message = Vec::new();
    if random.once_in(5) {
        tlvs.push(tag::MESSAGE_PAYLOAD, payload(random, esm_class));
    } else {
        short_message = header(random, esm_class);
        let count = random.count(254 - short_message.len());
        short_message.extend(random.octets(count));
    }
    ShortMessage {
        service_type: random.text(5),
        source: address(random, 20),
        destination: address(random, 20),
        esm_class,
        protocol_id: random.octet(),
        priority_flag: random.octet() % 4,
        schedule_delivery_time: first.written(),
        validity_period: second.written(),
        registered_delivery: random.octet(),
        replace_if_present: random.octet() % 2,
        data_coding: random.octet(),
        default_message_id: random.octet(),
        short_message,
        tlvs,
    }
}

fn data_sm(random: &mut Random) -> DataSm {
    let (mut tlvs, esm_class) = (tlvs(random), random.octet());
    tlvs.push(tag::MESSAGE_PAYLOAD, payload(random, esm_class));
    DataSm {
        service_type: random.text(5),
        source: address(random, 64),
        destination: address(random, 64),
        esm_class,
        registered_delivery: random.octet(),
        data_coding: random.octet(),
        tlvs,
    }
}

/// Mostly as long as a long text, now and then as long as the field allows.
fn payload(random: &mut Random, esm_class: u8) -> Vec<u8> {
    let most = if random.once_in(500) { 65_000 } else { 1_600 };
    let count = 1 + random.count(most);
    let mut payload = header(random, esm_class);
    payload.extend(random.octets(count));
    payload
}

/// What leads the message where `esm_class` says that a user data header does: that it is a part, by a reference of one
/// octet or of two (3GPP TS 23.040 §9.2.3.24.1 and §9.2.3.24.8).
fn header(random: &mut Random, esm_class: u8) -> Vec<u8> {
    if esm_class & 0x40 == 0 {
        return Vec::new();
    }
    let total = 1 + random.octet() % 255;
    let part = 1 + random.octet() % total;
    let [high, low] = random.pair().to_be_bytes();
    if random.once_in(2) { vec![5, 0, 3, low, total, part] } else { vec![6, 8, 4, high, low, total, part] }
}

/// Up to five optional parameters of those that this product writes, in any order, none twice.
fn tlvs(random: &mut Random) -> Tlvs {
    let mut tlvs = Tlvs::new();
    for _ in 0..random.count(5) {
        let (tag, value) = tlv(random);
        if tlvs.get(tag).is_none() {
            tlvs.push(tag, value);
        }
    }
    tlvs
}

fn tlv(random: &mut Random) -> (u16, Vec<u8>) {
    match random.below(10) {
        0 => (tag::USER_MESSAGE_REFERENCE, random.octets(2)),
        1 => (tag::SAR_MSG_REF_NUM, random.octets(2)),
        2 => (tag::SAR_TOTAL_SEGMENTS, random.octets(1)),
        3 => (tag::SAR_SEGMENT_SEQNUM, random.octets(1)),
        4 => (tag::MESSAGE_STATE, vec![random.octet() % 10]),
        5 => (tag::NETWORK_ERROR_CODE, random.octets(3)),
        6 => (tag::MORE_MESSAGES_TO_SEND, vec![random.octet() % 2]),
        7 => (tag::RECEIPTED_MESSAGE_ID, terminated(random.text(64))),
        8 => (tag::ADDITIONAL_STATUS_INFO_TEXT, terminated(random.text(254))),
        _ => {
            let count = random.count(40);
            (0x1400 + random.pair() % 0x2C00, random.octets(count))
        }
    }
}

fn terminated(mut text: Vec<u8>) -> Vec<u8> {
    text.push(0);
    text
}
