//! `bind_*` and their responses (SMPP 3.4 §4.1).

use std::fmt;

use super::command_id;
use super::message::Address;
use super::read::{Reader, What};
use super::write::Writer;
use super::{EncodeError, body};
use crate::status::CommandStatus;
use crate::tlv::Tlvs;

/// The longest password that is written. The specification allows 8 octets; carriers give out longer ones.
pub(super) const PASSWORD_OCTETS_MAX: usize = 64;

/// What a session may carry, seen from the ESME.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BindMode {
    /// The centre sends, the ESME receives.
    Receiver,
    /// The ESME sends.
    Transmitter,
    /// Both send.
    Transceiver,
}

impl BindMode {
    /// The number of the bind command.
    #[must_use]
    pub const fn command_id(self) -> u32 {
        match self {
            Self::Receiver => command_id::BIND_RECEIVER,
            Self::Transmitter => command_id::BIND_TRANSMITTER,
            Self::Transceiver => command_id::BIND_TRANSCEIVER,
        }
    }

    /// Whether the ESME may submit.
    #[must_use]
    pub const fn may_submit(self) -> bool {
        matches!(self, Self::Transmitter | Self::Transceiver)
    }

    /// Whether the centre may deliver.
    #[must_use]
    pub const fn may_deliver(self) -> bool {
        matches!(self, Self::Receiver | Self::Transceiver)
    }
}

/// Opens a session. `Debug` shows neither the password nor the address range.
#[derive(Clone, PartialEq, Eq)]
pub struct Bind {
    /// Who binds: at most 15 octets.
    pub system_id: Vec<u8>,
    /// Its password: 8 octets by the specification, at most 64 here.
    pub password: Vec<u8>,
    /// A kind of system: at most 12 octets, often none.
    pub system_type: Vec<u8>,
    /// 0x34 for SMPP 3.4.
    pub interface_version: u8,
    /// The addresses that the session serves: at most 40 octets, usually none.
    pub address: Address,
}

impl Bind {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, What> {
        Ok(Self {
            system_id: reader.short_text("system_id is too long")?,
            password: reader.short_text("password is too long")?,
            system_type: reader.short_text("system_type is too long")?,
            interface_version: reader.octet("interface_version is missing")?,
            address: Address::read(reader)?,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.text("system_id", &self.system_id, 15)?;
        writer.text("password", &self.password, PASSWORD_OCTETS_MAX)?;
        writer.text("system_type", &self.system_type, 12)?;
        writer.octet(self.interface_version);
        self.address.write(writer, "address_range", 40)
    }
}

impl fmt::Debug for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bind")
            .field("system_id", &format_args!("{}", self.system_id.escape_ascii()))
            .field("system_type", &format_args!("{}", self.system_type.escape_ascii()))
            .field("interface_version", &self.interface_version)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Answers a bind.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct BindResp {
    /// Who answers: at most 15 octets.
    pub system_id: Vec<u8>,
    /// Optional parameters, such as the version of the centre.
    pub tlvs: Tlvs,
}

impl BindResp {
    pub(super) fn read(status: CommandStatus, reader: &mut Reader<'_>) -> Result<Self, What> {
        let (system_id, tlvs) = body::read_text_and_tlvs(status, reader, "system_id is too long")?;
        Ok(Self { system_id, tlvs })
    }

    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), EncodeError> {
        writer.text("system_id", &self.system_id, 15)?;
        writer.tlvs(&self.tlvs)
    }
}

impl fmt::Debug for BindResp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BindResp")
            .field("system_id", &format_args!("{}", self.system_id.escape_ascii()))
            .field("tlvs", &self.tlvs)
            .finish()
    }
}
