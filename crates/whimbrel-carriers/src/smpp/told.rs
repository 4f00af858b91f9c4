//! A frame in words, for people.

use whimbrel_smpp::Pdu;
use whimbrel_smpp::fields::{self, Field};

/// A PDU in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldPdu {
    /// The name of its command, such as `submit_sm`.
    pub name: &'static str,
    /// Its sequence number.
    pub sequence: u32,
    /// Its fields by the names of the specification, in the order of the wire.
    pub fields: Vec<Field>,
}

/// Reads a frame; `None` if it is none that can be read.
#[must_use]
pub fn told(frame: &[u8]) -> Option<ToldPdu> {
    let pdu = Pdu::decode(frame).ok()?;
    Some(ToldPdu { name: fields::name(pdu.command_id()), sequence: pdu.sequence, fields: fields::fields(&pdu) })
}
