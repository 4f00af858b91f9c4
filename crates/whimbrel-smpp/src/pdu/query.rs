//! `query_sm` and its response (SMPP 3.4 §4.8).

use std::fmt;

use super::EncodeError;
use super::message::Address;
use super::read::{Reader, TEXT_OCTETS_MAX, What};
use super::write::Writer;
use crate::status::CommandStatus;

/// Asks for the state of a message.
#[derive(Clone, PartialEq, Eq)]
pub struct QuerySm {
    /// The id that the centre gave.
    pub message_id: Vec<u8>,
    /// The sender of the message.
    pub source: Address,
}

impl QuerySm {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, What> {
        Ok(Self { message_id: reader.short_text("message_id is too long")?, source: Address::read(reader)? })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.text("message_id", &self.message_id, TEXT_OCTETS_MAX)?;
        self.source.write(writer, "source_addr", 20)
    }
}

impl fmt::Debug for QuerySm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuerySm")
            .field("message_id", &format_args!("{}", self.message_id.escape_ascii()))
            .field("source", &self.source)
            .finish()
    }
}

/// Answers a query. With an error it may be all empty.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct QuerySmResp {
    /// The id that was asked for.
    pub message_id: Vec<u8>,
    /// When the message came to its final state: empty, or 16 octets.
    pub final_date: Vec<u8>,
    /// As of [`MessageState::value`](crate::receipt::MessageState::value).
    pub message_state: u8,
    /// The network's error.
    pub error_code: u8,
}

impl QuerySmResp {
    pub(super) fn read(status: CommandStatus, reader: &mut Reader<'_>) -> Result<Self, What> {
        let message_id = reader.short_text("message_id is too long")?;
        let final_date = reader.text();
        if !status.is_ok() {
            let message_state = reader.octet("").unwrap_or_default();
            let error_code = reader.octet("").unwrap_or_default();
            return Ok(Self { message_id, final_date, message_state, error_code });
        }
        let message_state = reader.octet("message_state is missing")?;
        let error_code = reader.octet("error_code is missing")?;
        Ok(Self { message_id, final_date, message_state, error_code })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.text("message_id", &self.message_id, TEXT_OCTETS_MAX)?;
        writer.text("final_date", &self.final_date, 16)?;
        writer.octets(&[self.message_state, self.error_code]);
        Ok(())
    }
}

impl fmt::Debug for QuerySmResp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QuerySmResp")
            .field("message_id", &format_args!("{}", self.message_id.escape_ascii()))
            .field("final_date", &format_args!("{}", self.final_date.escape_ascii()))
            .field("message_state", &self.message_state)
            .field("error_code", &self.error_code)
            .finish()
    }
}
