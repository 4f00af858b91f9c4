//! One text to several recipients: each gets a message of its own, with an answer of its own.

use crate::call::{Content, HandsetClass, IdempotencyKey, MessageClass, ReceiptWish, Refusal, Registration, SendCall};
use crate::credential::KeyMode;
use crate::id::Serial;
use crate::money::Money;
use crate::notice::Telling;
use crate::phone::{PhoneNumber, SenderId};
use crate::time::{Span, Timestamp};

/// Recipients that one request may have, once the names among them are looked up.
pub const RECIPIENTS_MAX: usize = 1_000;

/// One text to several recipients. `Debug` shows neither them nor what customers chose freely.
#[derive(Clone, PartialEq, Eq)]
pub struct ManyCall {
    /// To whom, in the order of the request; who is named twice gets it once.
    pub addressees: Vec<Addressee>,
    /// What handsets show as origin.
    pub sender: SenderId,
    /// What is sent.
    pub content: Content,
    /// How handsets are to treat it, if the request says so.
    pub handset_class: Option<HandsetClass>,
    /// How receipts are told.
    pub telling: Telling,
    /// The customer's own mark of the messages, given back in answers and receipts.
    pub client_ref: Option<Box<str>>,
    /// A second mark, given back in answers only.
    pub account_ref: Option<Box<str>>,
    /// How long the messages may be tried. `None`: the default.
    pub validity: Option<Span>,
    /// When they may leave; `None`: at once.
    pub due_at: Option<Timestamp>,
    /// The class, if the request names one.
    pub class: Option<MessageClass>,
    /// Whether the same text may go to a recipient again at once.
    pub repeats: Repeats,
    /// Whether anything is sent at all.
    pub trial: Trial,
    /// The caller's mark for "the same request".
    pub idempotency: Option<IdempotencyKey>,
}

impl ManyCall {
    /// The message for one of the recipients.
    #[must_use]
    pub fn to(&self, recipient: PhoneNumber) -> SendCall {
        SendCall {
            recipient,
            sender: self.sender.clone(),
            content: self.content.clone(),
            handset_class: self.handset_class,
            network: None,
            registration: Registration::default(),
            receipt: ReceiptWish::Wanted,
            callback: None,
            telling: self.telling,
            application: None,
            client_ref: self.client_ref.clone(),
            account_ref: self.account_ref.clone(),
            validity: self.validity,
            due_at: self.due_at,
            class: self.class,
            idempotency: self.idempotency.clone(),
            // What is only tried out never becomes a message.
            mode: KeyMode::Live,
            carrier: None,
        }
    }
}

impl std::fmt::Debug for ManyCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ManyCall")
            .field("addressee_count", &self.addressees.len())
            .field("content", &self.content)
            .field("due_at", &self.due_at)
            .field("trial", &self.trial)
            .finish_non_exhaustive()
    }
}

/// To whom a request wants a text sent. `Debug` shows what kind it is.
#[derive(Clone, PartialEq, Eq)]
pub enum Addressee {
    /// A number.
    Number(PhoneNumber),
    /// A name, to be looked up among the account's contacts and groups.
    Name(Box<str>),
    /// Neither: as the request has it.
    Unreadable(Box<str>),
}

impl std::fmt::Debug for Addressee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => write!(f, "Number({number:?})"),
            Self::Name(_) => f.write_str("Name"),
            Self::Unreadable(_) => f.write_str("Unreadable"),
        }
    }
}

/// Whether what an account sends twice is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repeats {
    /// By the rule of the account, if it has one.
    #[default]
    Judged,
    /// It is meant.
    Meant,
}

/// Whether a request is only tried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trial {
    /// It is meant.
    #[default]
    No,
    /// Everything is judged and planned, and nothing is stored, sent or charged.
    Yes,
}

/// What a text to several recipients came to. Nothing of it is told before it is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManySent {
    /// What was asked for.
    pub call: Box<ManyCall>,
    /// What became of it for each recipient, in the order of the request.
    pub items: Vec<ManyItem>,
    /// What the account has left.
    pub balance: Money,
    /// Whether it is the stored answer to the same request.
    pub repeated: bool,
}

/// What became of the message to one recipient. `Debug` does not show who that is.
#[derive(Clone, PartialEq, Eq)]
pub struct ManyItem {
    /// Digits, or what the request had in the place of a number.
    pub recipient: Box<str>,
    /// The message, or why there is none.
    pub result: Result<ManyMessage, Refusal>,
}

impl std::fmt::Debug for ManyItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ManyItem").field("result", &self.result).finish_non_exhaustive()
    }
}

/// One of the messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManyMessage {
    /// Its number; none for one that was only tried out.
    pub serial: Option<Serial>,
    /// Its alphabet.
    pub encoding: whimbrel_sms::Encoding,
    /// What each part says, as a text; octets that are no text as hexadecimal digits.
    pub parts: Vec<crate::secret::MessageText>,
    /// What all parts cost together.
    pub price: Money,
}
