//! Texts that come in: from a handset, by a carrier, to a number of ours.
//!
//! A long text arrives as parts, each a message of its own to the carrier. A part is stored as it came and told as it came; what
//! the parts say together is read from the stored parts.

use whimbrel_sms::Concat;

use crate::id::InboundId;
use crate::phone::{SenderId, mask};
use crate::secret::{MessageOctets, MessageText};

/// One part as a carrier delivered it.
#[derive(Clone, PartialEq, Eq)]
pub struct InboundPart {
    /// Who sent it.
    pub sender: SenderId,
    /// To which number of ours: digits without a plus, or a short code. As the carrier names it if it is neither.
    pub number: Box<str>,
    /// The whole user data header, length octet first; empty for none.
    pub header: Box<[u8]>,
    /// Which part of which text it is; `None` for the only part.
    pub concat: Option<Concat>,
    /// What it holds.
    pub content: InboundContent,
}

impl std::fmt::Debug for InboundPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InboundPart")
            .field("number", &mask(&self.number))
            .field("concat", &self.concat)
            .field("content", &self.content)
            .finish_non_exhaustive()
    }
}

/// What an inbound part holds. `Debug` shows sizes only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboundContent {
    /// A text.
    Text {
        /// The text.
        text: MessageText,
        /// The alphabet it came in.
        alphabet: InboundAlphabet,
    },
    /// Octets that are no text, without the header.
    Binary(MessageOctets),
}

/// The alphabet an inbound text came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboundAlphabet {
    /// GSM 7-bit, or another that holds no more than Western Europe needs.
    Gsm7,
    /// UCS-2.
    Ucs2,
}

/// A stored inbound part as webhooks tell it, or a whole text: then its parts are joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundTold {
    /// Our id for it.
    pub id: InboundId,
    /// The part.
    pub part: InboundPart,
    /// How many parts that came are in it.
    pub part_count: u8,
}
