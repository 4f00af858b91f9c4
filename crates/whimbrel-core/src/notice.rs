//! A notice: what a customer's webhook tells, of one part or of one text that came in.
//!
//! A notice is made in the transaction that changes the part or stores the text, and lives until it was delivered or given up.
//! What it says is kept as facts, not as bytes: a dialect renders it anew for every try, since time stamps and signatures change.

use crate::account::EndpointKind;
use crate::id::{AccountId, ApplicationId, MessageId, NoticeId, PartId, Serial};
use crate::inbound::InboundTold;
use crate::money::Money;
use crate::part::Final;
use crate::phone::{PhoneNumber, SenderId};
use crate::time::Timestamp;

/// A webhook for a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The same over all tries.
    pub id: NoticeId,
    /// Whose.
    pub account_id: AccountId,
    /// In whose words.
    pub dialect: Box<str>,
    /// Where it goes instead of the account's endpoint: the message's callback, or the number's URL.
    pub url: Option<Box<str>>,
    /// In which form.
    pub form: NoticeForm,
    /// The application that it is about, if it is about one.
    pub application: Option<ApplicationId>,
    /// Which of the account's hooks it is for.
    pub hook: ForHook,
    /// What it tells.
    pub told: Told,
    /// When it happened, by our clock.
    pub happened_at: Timestamp,
    /// Failed tries so far.
    pub failures: u32,
    /// When the first try is or was due.
    pub first_at: Timestamp,
    /// When the next try is due.
    pub due_at: Timestamp,
}

impl Notice {
    /// Which of the account's endpoints it goes to unless it has a URL of its own.
    #[must_use]
    pub const fn endpoint(&self) -> EndpointKind {
        match self.told {
            Told::Receipt(_) => EndpointKind::Receipt,
            Told::Inbound(_) => EndpointKind::Inbound,
        }
    }
}

impl Notice {
    /// The message that it tells of; `None` of a text that came in.
    #[must_use]
    pub const fn message_id(&self) -> Option<MessageId> {
        match &self.told {
            Told::Receipt(told) => Some(told.message_id),
            Told::Inbound(_) => None,
        }
    }
}

/// Which of an account's hooks a notice is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ForHook {
    /// It goes to an endpoint, a callback or an application.
    #[default]
    No,
    /// It is for every hook that wants it, and becomes a notice for each.
    Every,
    /// For that hook, by the key of its document.
    One(Box<str>),
}

/// In which of its dialect's forms a notice is told: a number of the dialect, which no one else understands. 0 is the form of
/// notices that nobody chose a form for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct NoticeForm(pub u8);

/// Whether customers are told of parts or of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum NoticeScope {
    /// Of every part, as it ends and on the way.
    #[default]
    Part,
    /// Of the message as a whole: once when the carrier has all of it, and once when it ends.
    Message,
    /// As of the message, and of what its first part meets on the way; to the account's hooks.
    Progress,
    /// Of the end of the message as a whole.
    End,
}

/// How the receipts of a message are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Telling {
    /// In which form.
    pub form: NoticeForm,
    /// Whether the request named the form; else that of the application it is sent by goes first.
    pub named: FormNamed,
    /// Of what.
    pub scope: NoticeScope,
}

/// Who chose a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FormNamed {
    /// Nobody: it is the usual one.
    #[default]
    ByNobody,
    /// The request.
    ByRequest,
}

/// What a notice tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// What became of a part.
    Receipt(ReceiptTold),
    /// A text came in.
    Inbound(InboundTold),
}

/// A receipt for a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptTold {
    /// The part it speaks of.
    pub part_id: PartId,
    /// Its message.
    pub message_id: MessageId,
    /// The message's number, where its dialect names it by one.
    pub serial: Option<Serial>,
    /// How many parts the message has.
    pub part_count: u8,
    /// The message's recipient.
    pub recipient: PhoneNumber,
    /// The message's sender.
    pub sender: SenderId,
    /// The recipient's network code.
    pub network: Box<str>,
    /// What the part costs.
    pub price: Money,
    /// The customer's mark, if one was given.
    pub client_ref: Option<Box<str>>,
    /// What happened.
    pub report: Final,
}
