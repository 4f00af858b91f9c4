//! SMPP 3.4: frames, PDUs, receipts, and a session without I/O for both roles.
//!
//! What it is for: both ends of a link to a centre, the product as ESME and the simulator as SMSC, are written with
//! it. It promises that no octets make it panic, that no broken PDU puts a stream out of step, that what carriers are
//! known to send is understood, and that what it sends keeps to the specification.
//!
//! Follows "Short Message Peer to Peer Protocol Specification v3.4", issue 1.2, and takes the states and parameters
//! of version 5.0 that carriers send under 3.4.
//!
//! Knows nothing of alphabets, prices or HTTP, does no I/O, reads no clock and depends on nothing. Message texts,
//! passwords and whole addresses never reach `Debug`.

pub mod fields;
pub mod frame;
pub mod id;
pub mod pdu;
pub mod probe;
pub mod receipt;
pub mod session;
pub mod status;
pub mod time;
pub mod tlv;

pub use frame::{FrameError, FrameReader, HEADER_OCTETS, PDU_OCTETS_MAX_DEFAULT};
pub use pdu::{
    Address, Bind, BindMode, BindResp, Body, DataSm, DecodeError, EncodeError, MessageIdBody, Pdu, QuerySm,
    QuerySmResp, ShortMessage, command_id,
};
pub use receipt::{Delivery, MessageState, Receipt};
pub use status::CommandStatus;
pub use tlv::{Tlv, Tlvs, tag};
