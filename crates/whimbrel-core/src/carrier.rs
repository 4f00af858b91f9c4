//! What passes between the engine and a carrier, whatever kind of carrier it is.
//!
//! A carrier is handed [`Submission`]s, never more than its window, and reports each exactly once: sent, refused, in doubt or
//! given back. Receipts come as [`CarrierEvent::Receipt`] and are acknowledged only after they are durable.

use crate::call::{HandsetClass, MessageClass, ReceiptWish, Registration};
use crate::id::{AttemptNumber, CarrierId, LinkId, MessageId, PartId};
use crate::inbound::InboundPart;
use crate::part::{Cause, ReceiptStatus};
use crate::phone::{PhoneNumber, SenderId, mask};
use crate::time::{Span, Timestamp};

use whimbrel_sms::Encoding;

/// One try to hand a part to a carrier.
#[derive(Clone, PartialEq, Eq)]
pub struct Submission {
    /// The part.
    pub part_id: PartId,
    /// Its message: parts of one message go out on one link, in their order.
    pub message_id: MessageId,
    /// Its place among the parts of the message, from 1.
    pub number: u8,
    /// How many parts the message has.
    pub part_count: u8,
    /// Its class.
    pub class: MessageClass,
    /// Which try.
    pub attempt: AttemptNumber,
    /// The origin the handset shows.
    pub sender: SenderId,
    /// To whom.
    pub recipient: PhoneNumber,
    /// The alphabet of `content`.
    pub encoding: Encoding,
    /// The octets to send: a user data header, if there is one, then GSM 7-bit unpacked or UTF-16 big-endian.
    pub content: whimbrel_sms::Part,
    /// How the handset is to treat it.
    pub handset_class: Option<HandsetClass>,
    /// The protocol identifier; 0 for a text.
    pub protocol_id: u8,
    /// What regulators want to travel along.
    pub registration: Registration,
    /// Whether a receipt is asked for.
    pub receipt: ReceiptWish,
    /// Whether the text has a one-time code: then nobody but the handset may see it.
    pub has_code: bool,
    /// The validity that the customer asked for, counted from acceptance; the same for every try, so that tries are alike.
    pub validity: Option<Span>,
}

impl std::fmt::Debug for Submission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Submission")
            .field("part_id", &self.part_id)
            .field("attempt", &self.attempt)
            .field("recipient", &self.recipient)
            .field("encoding", &self.encoding)
            .field("content", &self.content)
            .finish_non_exhaustive()
    }
}

/// A carrier's own id for a part, as it gave it, and the key under which receipts will be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierMessageId {
    /// As the carrier gave it, bytes that are not UTF-8 replaced. For people.
    pub raw: Box<str>,
    /// Normalised: what equal ids share whatever their case and leading zeros. Empty if the carrier gave none.
    pub key: Box<[u8]>,
}

/// Why a carrier did not take a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CarrierError {
    /// It never will.
    Permanent {
        /// What the customer is told.
        cause: Cause,
        /// Whether the customer is told "rejected" or "failed".
        status: ReceiptStatus,
        /// The carrier's code, for people.
        code: Box<str>,
        /// Whether another carrier may take it.
        scope: RefusalScope,
    },
    /// It asks us to slow down: the whole carrier pauses, the try does not count.
    Throttled {
        /// The first pause for this kind of answer.
        pause: Span,
        /// The carrier's code, for people.
        code: Box<str>,
    },
    /// It may take it later.
    Temporary {
        /// The carrier's code, for people.
        code: Box<str>,
        /// Tries after this one; then another carrier gets it, if the route has one, or it fails.
        retries_max: u8,
    },
}

/// Whom a refusal speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalScope {
    /// This carrier only: another one of the route may take the part.
    ThisCarrier,
    /// Every carrier would say so.
    Everywhere,
}

/// Why it is unknown whether the carrier took a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoubtCause {
    /// The connection ended before the answer.
    LinkLost,
    /// The answer did not come in time.
    AnswerTimedOut,
    /// Our process ended before the answer was stored.
    ProcessEnded,
}

/// Names the delivery (a receipt or an inbound text) to acknowledge; meaningful only to the link that gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AckToken {
    /// The link.
    pub link: LinkId,
    /// The carrier's sequence number on it.
    pub sequence: u32,
}

/// What a carrier says of a part it took.
#[derive(Clone, PartialEq, Eq)]
pub struct CarrierReceipt {
    /// Look-up keys in the order of trust: the id as it stands, then converted between decimal and hexadecimal.
    pub keys: Vec<ReceiptKey>,
    /// The id as the carrier wrote it. For people.
    pub raw_id: Box<str>,
    /// The status.
    pub status: ReceiptStatus,
    /// The cause, where the status needs one.
    pub cause: Cause,
    /// The carrier's error code as it stands. For people.
    pub code: Box<str>,
    /// The recipient as the carrier names it: digits, or empty.
    pub recipient: Box<str>,
    /// The network that the recipient belongs to, where the carrier tells it: mobile country and network code as text.
    pub network: Option<Box<str>>,
}

impl std::fmt::Debug for CarrierReceipt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CarrierReceipt")
            .field("raw_id", &self.raw_id)
            .field("status", &self.status)
            .field("cause", &self.cause)
            .field("code", &self.code)
            .field("recipient", &mask(&self.recipient))
            .finish_non_exhaustive()
    }
}

/// A key under which a part may be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptKey {
    /// As [`CarrierMessageId::key`].
    pub key: Box<[u8]>,
    /// How the key was made.
    pub form: KeyForm,
}

/// How a receipt's key was made from its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyForm {
    /// The id as it stands, up to case and leading zeros.
    Plain,
    /// The id is decimal, the key is the same number in hexadecimal. The recipient must agree too.
    ToHexadecimal,
    /// The id is hexadecimal, the key is the same number in decimal. The recipient must agree too.
    ToDecimal,
}

impl KeyForm {
    /// Whether the id was converted: then it may name another part by chance, and the recipient must agree.
    #[must_use]
    pub const fn is_converted(self) -> bool {
        !matches!(self, Self::Plain)
    }
}

/// Whether an answer came while it was awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerTiming {
    /// It did.
    InTime,
    /// It came after the submission had been reported as in doubt, so its place in the window is free already.
    Late,
}

/// What a carrier reports to the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum CarrierEvent {
    /// A link was bound.
    Up {
        /// The carrier.
        carrier: CarrierId,
        /// The link.
        link: LinkId,
        /// Unanswered submissions that the link allows.
        window_max: u16,
    },
    /// A link ended. Each of its open submissions is reported apart.
    Down {
        /// The carrier.
        carrier: CarrierId,
        /// The link, if it had been bound.
        link: Option<LinkId>,
        /// Why, and what to do, for the operator.
        why: Box<str>,
    },
    /// The carrier took a part.
    Sent {
        /// The carrier.
        carrier: CarrierId,
        /// The part.
        part_id: PartId,
        /// The try.
        attempt: AttemptNumber,
        /// The carrier's id.
        id: CarrierMessageId,
        /// Whether this is the one report of the submission, or comes after its [`Doubt`](Self::Doubt).
        timing: AnswerTiming,
        /// When the answer came.
        at: Timestamp,
    },
    /// The carrier refused a part.
    Refused {
        /// The carrier.
        carrier: CarrierId,
        /// The part.
        part_id: PartId,
        /// The try.
        attempt: AttemptNumber,
        /// Why.
        error: CarrierError,
        /// When the answer came.
        at: Timestamp,
    },
    /// It is unknown whether the carrier took a part.
    Doubt {
        /// The carrier.
        carrier: CarrierId,
        /// The part.
        part_id: PartId,
        /// The try.
        attempt: AttemptNumber,
        /// Why.
        cause: DoubtCause,
        /// Since when.
        at: Timestamp,
    },
    /// No byte of the submission left: it may be sent again without doubt.
    GivenBack {
        /// The carrier.
        carrier: CarrierId,
        /// The part.
        part_id: PartId,
        /// The try.
        attempt: AttemptNumber,
        /// When.
        at: Timestamp,
    },
    /// A text came in. It must be acknowledged after it is durable.
    Inbound {
        /// The carrier.
        carrier: CarrierId,
        /// The text.
        part: Box<InboundPart>,
        /// What to acknowledge.
        ack: AckToken,
        /// When it came.
        at: Timestamp,
    },
    /// A receipt came. It must be acknowledged after it is durable.
    Receipt {
        /// The carrier.
        carrier: CarrierId,
        /// The receipt.
        receipt: CarrierReceipt,
        /// What to acknowledge.
        ack: AckToken,
        /// When it came.
        at: Timestamp,
    },
}

impl CarrierEvent {
    /// The carrier it comes from.
    #[must_use]
    pub const fn carrier(&self) -> CarrierId {
        match self {
            Self::Up { carrier, .. }
            | Self::Down { carrier, .. }
            | Self::Sent { carrier, .. }
            | Self::Refused { carrier, .. }
            | Self::Doubt { carrier, .. }
            | Self::GivenBack { carrier, .. }
            | Self::Inbound { carrier, .. }
            | Self::Receipt { carrier, .. } => *carrier,
        }
    }
}
