//! What the tape holds: one thing that went over a wire, as it may be seen.

use whimbrel_core::{AccountId, CarrierId, LinkId, MessageId, Notice, PartId, Serial, Span, Timestamp};

use crate::ports::{Answered, Timing};

/// Names one thing on the tape of this process; rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TapeId(pub u64);

/// One thing that went over a wire.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name.
    pub id: TapeId,
    /// When it began.
    pub at: Timestamp,
    /// Whose, if that is known.
    pub account_id: Option<AccountId>,
    /// What it was.
    pub seen: Seen,
}

/// What went over a wire.
#[derive(Debug, Clone)]
pub enum Seen {
    /// A customer's request and our answer.
    Request(Box<SeenRequest>),
    /// A PDU, to a carrier or from one.
    Pdu(Box<SeenPdu>),
    /// A webhook and what came of it.
    Webhook(Box<SeenWebhook>),
}

/// An HTTP message with its secrets masked. `Debug` shows sizes: texts stand in the rest.
#[derive(Clone, Default)]
pub struct SeenHttp {
    /// Of a request: its method and address, with the query.
    pub line: Option<(Box<str>, Box<str>)>,
    /// Names and values, in order.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// The body's beginning; `None` where it cannot be told what of it is secret, or it is no text.
    pub body: Option<Box<str>>,
    /// How long the whole body is.
    pub body_bytes: usize,
}

impl std::fmt::Debug for SeenHttp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeenHttp").field("body_bytes", &self.body_bytes).finish_non_exhaustive()
    }
}

/// A customer's request and our answer.
#[derive(Debug, Clone)]
pub struct SeenRequest {
    /// The messages that came of it.
    pub messages: Vec<MessageId>,
    /// Their numbers, where their dialect names them by such.
    pub serials: Vec<Serial>,
    /// In whose words.
    pub dialect: &'static str,
    /// What was asked.
    pub request: SeenHttp,
    /// What was answered.
    pub answer: SeenHttp,
    /// The answer's status.
    pub status: u16,
    /// From the request's last octet to the answer.
    pub elapsed: Span,
}

/// Which way something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From us.
    Out,
    /// To us.
    In,
}

/// A PDU, as octets. What would show a one-time code is not in them. `Debug` shows sizes.
#[derive(Clone)]
pub struct SeenPdu {
    /// The carrier.
    pub carrier: CarrierId,
    /// Its link.
    pub link: LinkId,
    /// Which way.
    pub direction: Direction,
    /// The parts that it is about: several where a carrier takes a message as one.
    pub parts: Vec<PartId>,
    /// The frame: as it was on the wire, or without its text.
    pub octets: Box<[u8]>,
    /// Octets of the text that are left out, so that lengths do not fit; 0: the frame is whole.
    pub hidden: usize,
}

impl std::fmt::Debug for SeenPdu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeenPdu")
            .field("carrier", &self.carrier)
            .field("direction", &self.direction)
            .field("size_bytes", &self.octets.len())
            .finish_non_exhaustive()
    }
}

/// Why a webhook was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// A notice was due.
    Due,
    /// Somebody had it sent again.
    Resent,
    /// Somebody had it sent again, and changed it before.
    Edited,
    /// Somebody tried out a made-up event.
    Triggered,
}

impl Why {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Resent => "resent",
            Self::Edited => "edited",
            Self::Triggered => "triggered",
        }
    }
}

/// What came of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptEnd {
    /// The endpoint took it.
    Taken,
    /// It did not, and is tried again then.
    RetryAt(Timestamp),
    /// It did not, and this try is the last or only one.
    Refused,
}

impl AttemptEnd {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "delivered",
            Self::RetryAt(_) => "retry",
            Self::Refused => "failed",
        }
    }
}

/// A webhook and what came of it.
#[derive(Debug, Clone)]
pub struct SeenWebhook {
    /// What it told: from this it can be sent again.
    pub notice: Notice,
    /// Why it was sent.
    pub why: Why,
    /// Which try it was, from 1.
    pub attempt: u32,
    /// Where it went, its secrets masked.
    pub url: Box<str>,
    /// What was sent.
    pub request: SeenHttp,
    /// What came back, or why nothing did.
    pub answer: Result<Answered, Box<str>>,
    /// How long each step took.
    pub timing: Timing,
    /// What came of it.
    pub end: AttemptEnd,
}

impl Seen {
    /// The messages that it is about.
    pub(super) fn messages(&self) -> Vec<MessageId> {
        match self {
            Self::Request(request) => request.messages.clone(),
            Self::Pdu(_) => Vec::new(),
            Self::Webhook(webhook) => webhook.notice.message_id().into_iter().collect(),
        }
    }

    /// About how many octets of memory it takes.
    pub(super) fn size(&self) -> usize {
        const FIXED: usize = 512;
        FIXED
            + match self {
                Self::Request(seen) => {
                    seen.request.size() + seen.answer.size() + 16 * (seen.messages.len() + seen.serials.len())
                }
                Self::Pdu(seen) => seen.octets.len(),
                Self::Webhook(seen) => seen.size(),
            }
    }
}

impl SeenHttp {
    fn size(&self) -> usize {
        let line = self.line.as_ref().map_or(0, |(method, target)| method.len() + target.len());
        line + headers_size(&self.headers) + self.body.as_deref().map_or(0, str::len)
    }
}

impl SeenWebhook {
    fn size(&self) -> usize {
        let answer = match &self.answer {
            Ok(answer) => headers_size(&answer.headers) + answer.beginning.len(),
            Err(why) => why.len(),
        };
        // A text that came in stands in the notice as well as in the request.
        2 * self.request.size() + self.url.len() + answer
    }
}

fn headers_size(headers: &[(Box<str>, Box<str>)]) -> usize {
    headers.iter().map(|(name, value)| name.len() + value.len() + 32).sum()
}
