//! What an account looks up in its journal: messages that it sent and texts that came in, page by page.

use crate::id::{MessageId, Serial};
use crate::money::Money;
use crate::part::{Cause, Final, ReceiptStatus};
use crate::secret::MessageText;
use crate::time::Timestamp;

/// Lines that one page may have.
pub const LINES_MAX: u32 = 100;
/// Lines that may be passed over: a journal is no export.
pub const SKIP_MAX: u32 = 100_000;
/// Messages that are looked at for a page of those that are so far as asked for: no index has how far they are.
pub const LOOKED_AT_MAX: usize = 5_000;

/// A page of the journal. `Debug` does not show whom it is about.
#[derive(Clone, PartialEq, Eq)]
pub struct JournalCall {
    /// What is listed.
    pub side: JournalSide,
    /// Only the message of that number; a text that came in has its own.
    pub id: Option<u64>,
    /// From this instant on.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// Only to this number; of texts that came in, only for it. Digits.
    pub to: Option<Box<str>>,
    /// Only messages that are so far. For such a page at most [`LOOKED_AT_MAX`] messages are looked at.
    pub state: Option<StateWanted>,
    /// So many are passed over, the newest first; up to [`SKIP_MAX`].
    pub skip: u32,
    /// At most so many, up to [`LINES_MAX`].
    pub count_max: u32,
}

/// How far a message is to be, by the last that is known of it as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateWanted {
    /// What was reported.
    pub status: ReceiptStatus,
    /// And why.
    pub cause: CauseWanted,
}

/// Which causes fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CauseWanted {
    /// Each.
    Any,
    /// This one.
    Only(Cause),
    /// Every other one.
    AllBut(Cause),
}

impl StateWanted {
    /// Whether a message of which this is known is so far.
    #[must_use]
    pub fn fits(self, report: Option<Final>) -> bool {
        let is_cause = |known: Cause| match self.cause {
            CauseWanted::Any => true,
            CauseWanted::Only(cause) => known == cause,
            CauseWanted::AllBut(cause) => known != cause,
        };
        report.is_some_and(|report| report.status == self.status && is_cause(report.cause))
    }
}

impl std::fmt::Debug for JournalCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JournalCall")
            .field("side", &self.side)
            .field("id", &self.id)
            .field("from", &self.from)
            .field("until", &self.until)
            .field("state", &self.state)
            .field("skip", &self.skip)
            .field("count_max", &self.count_max)
            .finish_non_exhaustive()
    }
}

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalSide {
    /// What was sent.
    Sent,
    /// What came in.
    CameIn,
    /// What we do not do, and so always nothing.
    Nothing,
}

/// A message as its journal has it. `Debug` shows its number only.
#[derive(Clone, PartialEq, Eq)]
pub struct SentLine {
    /// The message.
    pub message_id: MessageId,
    /// Its number.
    pub serial: Option<Serial>,
    /// From whom.
    pub sender: Box<str>,
    /// To whom: digits.
    pub recipient: Box<str>,
    /// The recipient's network code.
    pub network: Box<str>,
    /// What it says; octets that are no text as hexadecimal digits.
    pub text: MessageText,
    /// What all its parts cost together.
    pub price: Money,
    /// The customer's mark.
    pub client_ref: Option<Box<str>>,
    /// The customer's second mark.
    pub account_ref: Option<Box<str>>,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// How far it is.
    pub progress: Progress,
}

impl std::fmt::Debug for SentLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SentLine")
            .field("serial", &self.serial)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

/// How far a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The last that is known of it as a whole; `None`: no carrier has all of it yet.
    pub report: Option<Final>,
    /// Since when.
    pub at: Timestamp,
}

/// A text that came in. `Debug` shows its number only.
#[derive(Clone, PartialEq, Eq)]
pub struct CameInLine {
    /// Its number.
    pub id: crate::id::InboundId,
    /// From whom.
    pub sender: Box<str>,
    /// To which number of the account.
    pub number: Box<str>,
    /// What it says; octets that are no text as hexadecimal digits.
    pub text: MessageText,
    /// When it came.
    pub at: Timestamp,
}

impl std::fmt::Debug for CameInLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CameInLine").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a page holds, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalOutcome {
    /// What was sent.
    Sent(Vec<SentLine>),
    /// What came in.
    CameIn(Vec<CameInLine>),
    /// More messages would have to be looked at than are on request: a shorter span of time is needed.
    TooMuch,
}
