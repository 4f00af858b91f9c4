//! Which command a body belongs to, and the bodies too small for a file.

use std::fmt;

use super::bind::{Bind, BindMode, BindResp};
use super::message::{DataSm, ShortMessage};
use super::query::{QuerySm, QuerySmResp};
use super::read::{Reader, TEXT_OCTETS_MAX, What};
use super::write::Writer;
use super::{EncodeError, command_id};
use crate::status::CommandStatus;
use crate::tlv::Tlvs;

/// The command and its fields.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// Opens a session.
    Bind(BindMode, Bind),
    /// Answers [`Body::Bind`].
    BindResp(BindMode, BindResp),
    /// An ESME hands a message to the centre.
    SubmitSm(Box<ShortMessage>),
    /// Answers [`Body::SubmitSm`] with the centre's id.
    SubmitSmResp(MessageIdBody),
    /// The centre hands a message or a receipt to an ESME.
    DeliverSm(Box<ShortMessage>),
    /// Answers [`Body::DeliverSm`]; the id is unused.
    DeliverSmResp(MessageIdBody),
    /// Either hands data to the other.
    DataSm(Box<DataSm>),
    /// Answers [`Body::DataSm`].
    DataSmResp(MessageIdBody),
    /// Asks for the state of a message.
    QuerySm(QuerySm),
    /// Answers [`Body::QuerySm`].
    QuerySmResp(QuerySmResp),
    /// Ends the session.
    Unbind,
    /// Answers [`Body::Unbind`].
    UnbindResp,
    /// Asks whether the other is alive.
    EnquireLink,
    /// Answers [`Body::EnquireLink`].
    EnquireLinkResp,
    /// Answers what could not be read.
    GenericNack,
    /// A handset is reachable again; the fields, raw.
    AlertNotification(Vec<u8>),
    /// Any other command, raw.
    Other {
        /// The command.
        command_id: u32,
        /// All after the header.
        raw: Vec<u8>,
    },
}

impl Body {
    /// The number of the command.
    #[must_use]
    pub const fn command_id(&self) -> u32 {
        use command_id as id;
        match self {
            Self::Bind(mode, _) => mode.command_id(),
            Self::BindResp(mode, _) => mode.command_id() | id::RESPONSE,
            Self::SubmitSm(_) => id::SUBMIT_SM,
            Self::SubmitSmResp(_) => id::SUBMIT_SM | id::RESPONSE,
            Self::DeliverSm(_) => id::DELIVER_SM,
            Self::DeliverSmResp(_) => id::DELIVER_SM | id::RESPONSE,
            Self::DataSm(_) => id::DATA_SM,
            Self::DataSmResp(_) => id::DATA_SM | id::RESPONSE,
            Self::QuerySm(_) => id::QUERY_SM,
            Self::QuerySmResp(_) => id::QUERY_SM | id::RESPONSE,
            Self::Unbind => id::UNBIND,
            Self::UnbindResp => id::UNBIND | id::RESPONSE,
            Self::EnquireLink => id::ENQUIRE_LINK,
            Self::EnquireLinkResp => id::ENQUIRE_LINK | id::RESPONSE,
            Self::GenericNack => id::GENERIC_NACK,
            Self::AlertNotification(_) => id::ALERT_NOTIFICATION,
            Self::Other { command_id, .. } => *command_id,
        }
    }

    /// Whether it answers a request: `generic_nack` does.
    #[must_use]
    pub const fn is_response(&self) -> bool {
        self.command_id() & command_id::RESPONSE != 0
    }

    pub(super) fn read(command: u32, status: CommandStatus, reader: &mut Reader<'_>) -> Result<Self, What> {
        use command_id as id;
        const BIND_RECEIVER_RESP: u32 = id::BIND_RECEIVER | id::RESPONSE;
        const BIND_TRANSMITTER_RESP: u32 = id::BIND_TRANSMITTER | id::RESPONSE;
        const BIND_TRANSCEIVER_RESP: u32 = id::BIND_TRANSCEIVER | id::RESPONSE;
        const SUBMIT_SM_RESP: u32 = id::SUBMIT_SM | id::RESPONSE;
        const DELIVER_SM_RESP: u32 = id::DELIVER_SM | id::RESPONSE;
        const DATA_SM_RESP: u32 = id::DATA_SM | id::RESPONSE;
        const QUERY_SM_RESP: u32 = id::QUERY_SM | id::RESPONSE;
        const UNBIND_RESP: u32 = id::UNBIND | id::RESPONSE;
        const ENQUIRE_LINK_RESP: u32 = id::ENQUIRE_LINK | id::RESPONSE;
        Ok(match command {
            id::BIND_RECEIVER => Self::Bind(BindMode::Receiver, Bind::read(reader)?),
            id::BIND_TRANSMITTER => Self::Bind(BindMode::Transmitter, Bind::read(reader)?),
            id::BIND_TRANSCEIVER => Self::Bind(BindMode::Transceiver, Bind::read(reader)?),
            BIND_RECEIVER_RESP => Self::BindResp(BindMode::Receiver, BindResp::read(status, reader)?),
            BIND_TRANSMITTER_RESP => Self::BindResp(BindMode::Transmitter, BindResp::read(status, reader)?),
            BIND_TRANSCEIVER_RESP => Self::BindResp(BindMode::Transceiver, BindResp::read(status, reader)?),
            id::SUBMIT_SM => Self::SubmitSm(Box::new(ShortMessage::read(reader)?)),
            SUBMIT_SM_RESP => Self::SubmitSmResp(MessageIdBody::read(status, reader)?),
            id::DELIVER_SM => Self::DeliverSm(Box::new(ShortMessage::read(reader)?)),
            DELIVER_SM_RESP => Self::DeliverSmResp(MessageIdBody::read(status, reader)?),
            id::DATA_SM => Self::DataSm(Box::new(DataSm::read(reader)?)),
            DATA_SM_RESP => Self::DataSmResp(MessageIdBody::read(status, reader)?),
            id::QUERY_SM => Self::QuerySm(QuerySm::read(reader)?),
            QUERY_SM_RESP => Self::QuerySmResp(QuerySmResp::read(status, reader)?),
            id::UNBIND => Self::Unbind,
            UNBIND_RESP => Self::UnbindResp,
            id::ENQUIRE_LINK => Self::EnquireLink,
            ENQUIRE_LINK_RESP => Self::EnquireLinkResp,
            id::GENERIC_NACK => Self::GenericNack,
            id::ALERT_NOTIFICATION => Self::AlertNotification(reader.rest().to_vec()),
            command_id => Self::Other { command_id, raw: reader.rest().to_vec() },
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        match self {
            Self::Bind(_, body) => body.write(writer),
            Self::BindResp(_, body) => body.write(writer),
            Self::SubmitSm(body) | Self::DeliverSm(body) => body.write(writer),
            Self::SubmitSmResp(body) | Self::DeliverSmResp(body) | Self::DataSmResp(body) => body.write(writer),
            Self::DataSm(body) => body.write(writer),
            Self::QuerySm(body) => body.write(writer),
            Self::QuerySmResp(body) => body.write(writer),
            Self::Unbind | Self::UnbindResp | Self::EnquireLink | Self::EnquireLinkResp | Self::GenericNack => Ok(()),
            Self::AlertNotification(raw) | Self::Other { raw, .. } => {
                writer.octets(raw);
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bind(mode, body) => write!(f, "Bind({mode:?}, {body:?})"),
            Self::BindResp(mode, body) => write!(f, "BindResp({mode:?}, {body:?})"),
            Self::SubmitSm(body) => write!(f, "SubmitSm({body:?})"),
            Self::SubmitSmResp(body) => write!(f, "SubmitSmResp({body:?})"),
            Self::DeliverSm(body) => write!(f, "DeliverSm({body:?})"),
            Self::DeliverSmResp(body) => write!(f, "DeliverSmResp({body:?})"),
            Self::DataSm(body) => write!(f, "DataSm({body:?})"),
            Self::DataSmResp(body) => write!(f, "DataSmResp({body:?})"),
            Self::QuerySm(body) => write!(f, "QuerySm({body:?})"),
            Self::QuerySmResp(body) => write!(f, "QuerySmResp({body:?})"),
            Self::Unbind => f.write_str("Unbind"),
            Self::UnbindResp => f.write_str("UnbindResp"),
            Self::EnquireLink => f.write_str("EnquireLink"),
            Self::EnquireLinkResp => f.write_str("EnquireLinkResp"),
            Self::GenericNack => f.write_str("GenericNack"),
            Self::AlertNotification(raw) => write!(f, "AlertNotification([{}])", raw.len()),
            Self::Other { command_id, raw } => write!(f, "Other({command_id:#010X}, [{}])", raw.len()),
        }
    }
}

/// The body of the responses to `submit_sm`, `deliver_sm` and `data_sm`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct MessageIdBody {
    /// The centre's id for the message: any octets, at most 255; empty in answers to `deliver_sm` and with errors.
    pub message_id: Vec<u8>,
    /// Optional parameters.
    pub tlvs: Tlvs,
}

impl MessageIdBody {
    /// An id alone.
    #[must_use]
    pub fn new(message_id: impl Into<Vec<u8>>) -> Self {
        Self { message_id: message_id.into(), tlvs: Tlvs::new() }
    }

    fn read(status: CommandStatus, reader: &mut Reader<'_>) -> Result<Self, What> {
        let (message_id, tlvs) = read_text_and_tlvs(status, reader, "message_id is too long")?;
        Ok(Self { message_id, tlvs })
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.text("message_id", &self.message_id, TEXT_OCTETS_MAX)?;
        writer.tlvs(&self.tlvs)
    }
}

impl fmt::Debug for MessageIdBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageIdBody")
            .field("message_id", &format_args!("{}", self.message_id.escape_ascii()))
            .field("tlvs", &self.tlvs)
            .finish()
    }
}

/// The body of most responses. With an error it may be empty, a lone NUL, a text, or optional parameters without the
/// text that should precede them: the first reading that uses every octet is taken.
pub(super) fn read_text_and_tlvs(
    status: CommandStatus,
    reader: &mut Reader<'_>,
    too_long: What,
) -> Result<(Vec<u8>, Tlvs), What> {
    let whole = reader.rest();
    let text = reader.short_text(too_long);
    if !status.is_ok() {
        let is_used_up = text.is_ok() && Tlvs::read(reader.rest()).1 == 0;
        let (tlvs, unused) = Tlvs::read(whole);
        if !is_used_up && unused == 0 {
            return Ok((Vec::new(), tlvs));
        }
    }
    Ok((text?, reader.tlvs()))
}
