//! What a request asks for, and what it is answered: the words every dialect shares.
//!
//! A dialect turns its vendor's request into a [`Call`] and an [`Outcome`] into its vendor's answer. [`Refusal`] is closed on
//! purpose: a new reason does not compile until every dialect has an answer for it.

use crate::account::text_forms;
use crate::id::{MessageId, PartId};
use crate::money::Money;
use crate::phone::{PhoneNumber, SenderId};
use crate::secret::MessageText;
use crate::time::Span;

/// Why a message is sent; it decides priority and what doubt does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MessageClass {
    /// One-time codes: first in the queue.
    Otp,
    /// Everything else.
    Bulk,
}

text_forms! { MessageClass { Otp = "otp", Bulk = "bulk" } }

/// A request in our words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Send a text to one recipient.
    Send(SendCall),
}

/// One text to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendCall {
    /// To whom.
    pub recipient: PhoneNumber,
    /// What the handset shows as origin.
    pub sender: SenderId,
    /// The text as the customer gave it.
    pub text: MessageText,
    /// Which alphabet the customer asked for.
    pub alphabet: Alphabet,
    /// Whether the customer wants receipts.
    pub receipt: ReceiptWish,
    /// Where receipts of this message go instead of the account's endpoint.
    pub callback: Option<Box<str>>,
    /// The customer's own mark, given back in answers and receipts.
    pub client_ref: Option<Box<str>>,
    /// A second mark of the customer, given back in answers only.
    pub account_ref: Option<Box<str>>,
    /// How long the message may be tried. `None`: the default.
    pub validity: Option<Span>,
    /// The class, if the request names one.
    pub class: Option<MessageClass>,
    /// The caller's mark for "the same request", with a digest of the request it came with.
    pub idempotency: Option<IdempotencyKey>,
}

/// Which alphabet a text is sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// GSM 7-bit; a character outside it becomes a question mark.
    Gsm7Lossy,
    /// UCS-2, also for texts that would fit GSM 7-bit.
    Ucs2,
}

/// Whether the customer wants receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptWish {
    /// Yes.
    Wanted,
    /// No: none is asked of the carrier and no notice is sent.
    Unwanted,
}

/// The caller's mark for "the same request".
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// The key as given, at most 255 bytes.
    pub key: Box<str>,
    /// A digest of everything the request asks for: the same key with another digest is refused.
    pub request_digest: [u8; 32],
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The text was accepted; it is durable.
    Sent(Accepted),
    /// It was not, and nothing was stored or charged.
    Refused(Refusal),
}

/// An accepted message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The message; also the id of its first part.
    pub message_id: MessageId,
    /// To whom.
    pub recipient: PhoneNumber,
    /// The recipient's network code.
    pub network: Box<str>,
    /// Each part, in order.
    pub parts: Vec<AcceptedPart>,
    /// The customer's mark, if one was given.
    pub client_ref: Option<Box<str>>,
    /// The customer's second mark, if one was given.
    pub account_ref: Option<Box<str>>,
}

/// One part of an accepted message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedPart {
    /// Its id.
    pub part_id: PartId,
    /// What it costs.
    pub price: Money,
    /// What the account has left after this part's hold.
    pub balance: Money,
}

/// Why we say no. Fields are named in the words of the dialect that read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A field is absent or empty.
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A field has a value that cannot be.
    Invalid {
        /// Its name.
        field: &'static str,
    },
    /// The recipient is not a number.
    RecipientNotNumeric,
    /// The validity is no number or out of range.
    InvalidValidity,
    /// The message class on the handset is none.
    InvalidHandsetClass,
    /// The callback is no absolute http or https URL of a sane length.
    InvalidCallback(CallbackFault),
    /// More parts or characters than a message may have.
    TooLong,
    /// The account may not use this feature, or we do not offer it.
    FacilityNotAllowed,
    /// Unknown key, or wrong secret: never told apart.
    BadCredentials,
    /// Two ways of proving who is calling that exclude each other.
    ConflictingCredentials,
    /// A signature was given that cannot be accepted.
    InvalidSignature,
    /// The account is suspended.
    AccountBarred,
    /// No route leads to the recipient.
    Unroutable {
        /// The recipient.
        recipient: PhoneNumber,
    },
    /// The balance is lower than the price.
    InsufficientFunds {
        /// The recipient.
        recipient: PhoneNumber,
        /// What one part costs.
        price: Money,
        /// What the account has.
        balance: Money,
        /// The recipient's network code.
        network: Box<str>,
    },
    /// The same idempotency key came with another request.
    IdempotencyConflict,
    /// We are over our limits; the same request may succeed later.
    Overloaded,
    /// Something on our side failed; nothing was accepted.
    Internal,
}

/// What is wrong with a callback URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackFault {
    /// It has no scheme.
    MissingProtocol,
    /// It is too long, or holds characters that no URL has.
    Malformed,
}
