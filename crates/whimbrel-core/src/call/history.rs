//! What an account finds again: parts that it sent, parts that came in, and requests that were refused.

use crate::credential::KeyMode;
use crate::id::{InboundId, PartId};
use crate::money::Money;
use crate::part::Final;
use crate::secret::MessageText;
use crate::time::Timestamp;

/// The number of a part, sent or come in: both count in one row of ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HistoryId(pub i64);

/// A request of that family. Only what is the account's own is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryCall {
    /// Parts by their numbers; unknown ones are left out.
    ByIds(Vec<HistoryId>),
    /// Parts of a span of time, to one recipient.
    Within(SentTo),
    /// Refused requests of a span of time, to one recipient.
    RefusedWithin(SentTo),
}

/// What was sent when to whom.
#[derive(Clone, PartialEq, Eq)]
pub struct SentTo {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after the span.
    pub until: Timestamp,
    /// Digits without a plus; of a refused request, what it had in the place of a number, at most 100 characters.
    pub recipient: Box<str>,
}

impl std::fmt::Debug for SentTo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SentTo")
            .field("from", &self.from)
            .field("until", &self.until)
            .field("recipient", &crate::phone::mask(&self.recipient))
            .finish()
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryOutcome {
    /// Parts, by their numbers.
    Parts {
        /// The key of the account whose they are.
        key: Box<str>,
        /// What was found.
        parts: Vec<HistoryPart>,
    },
    /// Refused requests, the oldest first.
    Refused {
        /// The key of the account that made them.
        key: Box<str>,
        /// What was found.
        sends: Vec<RefusedSend>,
    },
}

/// A part that was sent or came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryPart {
    /// Sent.
    Sent(SentPart),
    /// Come in.
    CameIn(CameInPart),
}

/// A part that was sent. `Debug` shows neither sender nor marks.
#[derive(Clone, PartialEq, Eq)]
pub struct SentPart {
    /// Its number.
    pub id: PartId,
    /// From whom.
    pub sender: Box<str>,
    /// To whom: digits.
    pub recipient: Box<str>,
    /// The recipient's network code.
    pub network: Box<str>,
    /// What this part says; octets that are no text as hexadecimal digits.
    pub text: MessageText,
    /// What it costs.
    pub price: Money,
    /// By what kind of key it was sent.
    pub mode: KeyMode,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// The customer's mark.
    pub client_ref: Option<Box<str>>,
    /// How it ended and when, if it did.
    pub end: Option<(Final, Timestamp)>,
}

impl std::fmt::Debug for SentPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SentPart").field("id", &self.id).field("end", &self.end).finish_non_exhaustive()
    }
}

/// A part that came in. `Debug` shows its number only.
#[derive(Clone, PartialEq, Eq)]
pub struct CameInPart {
    /// Its number.
    pub id: InboundId,
    /// From whom.
    pub sender: Box<str>,
    /// The sender's network code; empty if it is not known.
    pub network: Box<str>,
    /// To which number of the account.
    pub number: Box<str>,
    /// What it says; octets that are no text as hexadecimal digits.
    pub text: MessageText,
    /// When it came.
    pub at: Timestamp,
}

impl std::fmt::Debug for CameInPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CameInPart").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A request to send that was refused, as its dialect told it. `Debug` shows the code only.
#[derive(Clone, PartialEq, Eq)]
pub struct RefusedSend {
    /// Whom the request named as sender; at most 100 characters.
    pub sender: Box<str>,
    /// Digits without a plus, or what stood in the place of a number; at most 100 characters.
    pub recipient: Box<str>,
    /// When it came.
    pub at: Timestamp,
    /// The code that it was answered with.
    pub code: Box<str>,
    /// The words beside it.
    pub told: Box<str>,
}

impl std::fmt::Debug for RefusedSend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefusedSend").field("at", &self.at).field("code", &self.code).finish_non_exhaustive()
    }
}
