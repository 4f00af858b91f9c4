//! PDUs: what is inside a frame (SMPP 3.4 §4), read leniently and written strictly.
//!
//! Reading keeps every octet a carrier sends that can be kept: texts may be longer than the specification allows, may
//! lack their NUL at the end of the frame and hold any octet; responses with an error may have no body. Writing
//! refuses what a peer would misread. No input makes reading panic, and nothing outside the frame is looked at.
//!
//! `Debug` shows no message, no password and no whole address.

mod bind;
mod body;
mod message;
mod query;
mod read;
mod write;

use std::fmt;

use crate::frame::HEADER_OCTETS;
use crate::status::CommandStatus;

pub use bind::{Bind, BindMode, BindResp};
pub use body::{Body, MessageIdBody};
pub use message::{Address, DataSm, ShortMessage};
pub use query::{QuerySm, QuerySmResp};
pub use read::TEXT_OCTETS_MAX;

use read::Reader;
use write::Writer;

/// The numbers of the commands (SMPP 3.4 §5.1.2.1). A response has the highest bit set.
pub mod command_id {
    /// `generic_nack`.
    pub const GENERIC_NACK: u32 = 0x8000_0000;
    /// `bind_receiver`.
    pub const BIND_RECEIVER: u32 = 0x0000_0001;
    /// `bind_transmitter`.
    pub const BIND_TRANSMITTER: u32 = 0x0000_0002;
    /// `query_sm`.
    pub const QUERY_SM: u32 = 0x0000_0003;
    /// `submit_sm`.
    pub const SUBMIT_SM: u32 = 0x0000_0004;
    /// `deliver_sm`.
    pub const DELIVER_SM: u32 = 0x0000_0005;
    /// `unbind`.
    pub const UNBIND: u32 = 0x0000_0006;
    /// `replace_sm`.
    pub const REPLACE_SM: u32 = 0x0000_0007;
    /// `cancel_sm`.
    pub const CANCEL_SM: u32 = 0x0000_0008;
    /// `bind_transceiver`.
    pub const BIND_TRANSCEIVER: u32 = 0x0000_0009;
    /// `outbind`.
    pub const OUTBIND: u32 = 0x0000_000B;
    /// `enquire_link`.
    pub const ENQUIRE_LINK: u32 = 0x0000_0015;
    /// `submit_multi`.
    pub const SUBMIT_MULTI: u32 = 0x0000_0021;
    /// `alert_notification`, which has no response.
    pub const ALERT_NOTIFICATION: u32 = 0x0000_0102;
    /// `data_sm`.
    pub const DATA_SM: u32 = 0x0000_0103;
    /// The bit that makes a response of a request.
    pub const RESPONSE: u32 = 0x8000_0000;
}

/// One protocol data unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pdu {
    /// Zero in requests.
    pub status: CommandStatus,
    /// The number that a response shares with its request.
    pub sequence: u32,
    /// The command and its fields.
    pub body: Body,
}

impl Pdu {
    /// A request: its status is zero.
    #[must_use]
    pub const fn request(sequence: u32, body: Body) -> Self {
        Self { status: CommandStatus::ROK, sequence, body }
    }

    /// The number of the command.
    #[must_use]
    pub const fn command_id(&self) -> u32 {
        self.body.command_id()
    }

    /// Appends the frame to `out`; on an error `out` is as before.
    ///
    /// # Errors
    ///
    /// A field holds what cannot be written: a NUL inside a text, more octets than its field takes, or a message in
    /// two places.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = out.len();
        let written = self.encode_frame(out, start);
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    fn encode_frame(&self, out: &mut Vec<u8>, start: usize) -> Result<(), EncodeError> {
        for word in [0, self.command_id(), self.status.0, self.sequence] {
            out.extend_from_slice(&word.to_be_bytes());
        }
        self.body.write(&mut Writer::new(out))?;
        let length = u32::try_from(out.len() - start)
            .map_err(|_| EncodeError::TooLong { field: "command_length", octets_max: u32::MAX as usize })?;
        if let Some(field) = out.get_mut(start..start + 4) {
            field.copy_from_slice(&length.to_be_bytes());
        }
        Ok(())
    }

    /// Reads one frame, as [`FrameReader`](crate::FrameReader) gives it.
    ///
    /// # Errors
    ///
    /// A field that must be there is not, or is longer than any field may be. The stream is still in step.
    pub fn decode(frame: &[u8]) -> Result<Self, DecodeError> {
        let Some((header, body)) = frame.split_first_chunk::<HEADER_OCTETS>() else {
            return Err(DecodeError {
                command_id: 0,
                sequence: 0,
                what: "the header is not whole",
                octet: frame.len(),
            });
        };
        let word = |at: usize| header[at..at + 4].iter().fold(0_u32, |sum, octet| (sum << 8) | u32::from(*octet));
        let (length, command_id, status, sequence) = (word(0), word(4), CommandStatus(word(8)), word(12));
        let fail = |what, octet| DecodeError { command_id, sequence, what, octet };
        if usize::try_from(length) != Ok(frame.len()) {
            return Err(fail("command_length is not the length of the frame", 0));
        }
        let mut reader = Reader::new(body);
        match Body::read(command_id, status, &mut reader) {
            Ok(body) => Ok(Self { status, sequence, body }),
            Err(what) => Err(fail(what, HEADER_OCTETS + reader.at())),
        }
    }
}

/// Why a frame could not be read. Names the request, so that it can still be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError {
    /// The command, if the header was whole, else zero.
    pub command_id: u32,
    /// Its sequence number, if the header was whole, else zero.
    pub sequence: u32,
    /// What was wrong. For people.
    pub what: &'static str,
    /// Where in the frame reading stopped.
    pub octet: usize,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command_id, sequence, what, octet } = self;
        write!(f, "PDU {command_id:#010X} number {sequence} cannot be read at octet {octet}: {what}")
    }
}

impl std::error::Error for DecodeError {}

/// Why a PDU could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeError {
    /// A text holds a NUL, which would end it: remove it.
    HasNul {
        /// The field.
        field: &'static str,
    },
    /// A field holds more than it may: shorten it.
    TooLong {
        /// The field.
        field: &'static str,
        /// The most it may hold.
        octets_max: usize,
    },
    /// `short_message` and `message_payload` are both filled: use one.
    TwoMessages,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HasNul { field } => write!(f, "{field} holds a NUL: remove it"),
            Self::TooLong { field, octets_max } => write!(f, "{field} is longer than {octets_max} octets: shorten it"),
            Self::TwoMessages => f.write_str("short_message and message_payload are both filled: use one of them"),
        }
    }
}

impl std::error::Error for EncodeError {}

#[cfg(test)]
mod tests;
