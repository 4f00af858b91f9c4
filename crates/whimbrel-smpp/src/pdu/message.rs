//! The bodies that carry messages: `submit_sm`, `deliver_sm` (SMPP 3.4 §4.4, §4.6) and `data_sm` (§4.7).

use std::fmt;

use super::EncodeError;
use super::read::{Reader, What};
use super::write::Writer;
use crate::tlv::{Tlvs, tag};

/// The most octets that `short_message` takes.
const SHORT_MESSAGE_OCTETS_MAX: usize = 254;

/// An address with its type of number and numbering plan. `Debug` shows no more than its first digits.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// Type of number: 1 international, 5 alphanumeric.
    pub ton: u8,
    /// Numbering plan: 1 ISDN.
    pub npi: u8,
    /// The digits or letters, as they stand: at most 20 octets are written, 255 read.
    pub digits: Vec<u8>,
}

impl Address {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, What> {
        Ok(Self {
            ton: reader.octet("a type of number is missing")?,
            npi: reader.octet("a numbering plan is missing")?,
            digits: reader.short_text("an address is too long")?,
        })
    }

    pub(super) fn write(
        &self,
        out: &mut Writer<'_>,
        field: &'static str,
        octets_max: usize,
    ) -> Result<(), EncodeError> {
        out.octet(self.ton);
        out.octet(self.npi);
        out.text(field, &self.digits, octets_max)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.digits.len() >= 10 { 4 } else { self.digits.len().min(2) };
        let head = self.digits.get(..shown).unwrap_or_default();
        let hidden = self.digits.len() - shown;
        write!(f, "{}/{} {}{}", self.ton, self.npi, head.escape_ascii(), "*".repeat(hidden.min(20)))
    }
}

/// The body of `submit_sm` and of `deliver_sm`. `Debug` shows neither the message nor whole addresses.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ShortMessage {
    /// A kind of service: at most 5 octets, usually none.
    pub service_type: Vec<u8>,
    /// From.
    pub source: Address,
    /// To.
    pub destination: Address,
    /// Mode, kind of message and features, as bits: 0x40 a user data header leads the message.
    pub esm_class: u8,
    /// The protocol identifier of GSM.
    pub protocol_id: u8,
    /// 0 to 3.
    pub priority_flag: u8,
    /// When to deliver: empty, or 16 octets.
    pub schedule_delivery_time: Vec<u8>,
    /// How long to try: empty, or 16 octets as of [`relative_validity`](crate::time::relative_validity).
    pub validity_period: Vec<u8>,
    /// Which receipts are wanted, as bits.
    pub registered_delivery: u8,
    /// Whether an earlier message is replaced.
    pub replace_if_present: u8,
    /// The alphabet of the message.
    pub data_coding: u8,
    /// A canned message of the centre.
    pub default_message_id: u8,
    /// The message, unless it is in `message_payload`: at most 254 octets are written.
    pub short_message: Vec<u8>,
    /// Optional parameters.
    pub tlvs: Tlvs,
}

impl ShortMessage {
    /// The octets of the message, wherever they are: `short_message`, or `message_payload` if that is empty.
    #[must_use]
    pub fn user_data(&self) -> &[u8] {
        if self.short_message.is_empty() {
            self.tlvs.get(tag::MESSAGE_PAYLOAD).unwrap_or_default()
        } else {
            &self.short_message
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, What> {
        Ok(Self {
            service_type: reader.short_text("service_type is too long")?,
            source: Address::read(reader)?,
            destination: Address::read(reader)?,
            esm_class: reader.octet("esm_class is missing")?,
            protocol_id: reader.octet("protocol_id is missing")?,
            priority_flag: reader.octet("priority_flag is missing")?,
            schedule_delivery_time: reader.text(),
            validity_period: reader.text(),
            registered_delivery: reader.octet("registered_delivery is missing")?,
            replace_if_present: reader.octet("replace_if_present_flag is missing")?,
            data_coding: reader.octet("data_coding is missing")?,
            default_message_id: reader.octet("sm_default_msg_id is missing")?,
            short_message: {
                let count = reader.octet("sm_length is missing")?;
                reader.octets(usize::from(count), "short_message is shorter than sm_length")?
            },
            tlvs: reader.tlvs(),
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        if !self.short_message.is_empty() && self.tlvs.get(tag::MESSAGE_PAYLOAD).is_some() {
            return Err(EncodeError::TwoMessages);
        }
        let count = u8::try_from(self.short_message.len())
            .ok()
            .filter(|count| usize::from(*count) <= SHORT_MESSAGE_OCTETS_MAX)
            .ok_or(EncodeError::TooLong { field: "short_message", octets_max: SHORT_MESSAGE_OCTETS_MAX })?;
        writer.text("service_type", &self.service_type, 5)?;
        self.source.write(writer, "source_addr", 20)?;
        self.destination.write(writer, "destination_addr", 20)?;
        writer.octets(&[self.esm_class, self.protocol_id, self.priority_flag]);
        writer.text("schedule_delivery_time", &self.schedule_delivery_time, 16)?;
        writer.text("validity_period", &self.validity_period, 16)?;
        writer.octets(&[self.registered_delivery, self.replace_if_present, self.data_coding, self.default_message_id]);
        writer.octet(count);
        writer.octets(&self.short_message);
        writer.tlvs(&self.tlvs)
    }
}

impl fmt::Debug for ShortMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShortMessage")
            .field("service_type", &format_args!("{}", self.service_type.escape_ascii()))
            .field("source", &self.source)
            .field("destination", &self.destination)
            .field("esm_class", &format_args!("{:#04X}", self.esm_class))
            .field("registered_delivery", &format_args!("{:#04X}", self.registered_delivery))
            .field("data_coding", &format_args!("{:#04X}", self.data_coding))
            .field("short_message_octets", &self.short_message.len())
            .field("tlvs", &self.tlvs)
            .finish_non_exhaustive()
    }
}

/// The body of `data_sm`; its message is in `message_payload`. `Debug` shows neither it nor whole addresses.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct DataSm {
    /// A kind of service: at most 5 octets.
    pub service_type: Vec<u8>,
    /// From: at most 64 octets.
    pub source: Address,
    /// To: at most 64 octets.
    pub destination: Address,
    /// As of [`ShortMessage`].
    pub esm_class: u8,
    /// As of [`ShortMessage`].
    pub registered_delivery: u8,
    /// As of [`ShortMessage`].
    pub data_coding: u8,
    /// Optional parameters, the message among them.
    pub tlvs: Tlvs,
}

impl DataSm {
    /// The octets of the message.
    #[must_use]
    pub fn user_data(&self) -> &[u8] {
        self.tlvs.get(tag::MESSAGE_PAYLOAD).unwrap_or_default()
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, What> {
        Ok(Self {
            service_type: reader.short_text("service_type is too long")?,
            source: Address::read(reader)?,
            destination: Address::read(reader)?,
            esm_class: reader.octet("esm_class is missing")?,
            registered_delivery: reader.octet("registered_delivery is missing")?,
            data_coding: reader.octet("data_coding is missing")?,
            tlvs: reader.tlvs(),
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.text("service_type", &self.service_type, 5)?;
        self.source.write(writer, "source_addr", 64)?;
        self.destination.write(writer, "destination_addr", 64)?;
        writer.octets(&[self.esm_class, self.registered_delivery, self.data_coding]);
        writer.tlvs(&self.tlvs)
    }
}

impl fmt::Debug for DataSm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataSm")
            .field("source", &self.source)
            .field("destination", &self.destination)
            .field("esm_class", &format_args!("{:#04X}", self.esm_class))
            .field("data_coding", &format_args!("{:#04X}", self.data_coding))
            .field("tlvs", &self.tlvs)
            .finish_non_exhaustive()
    }
}
