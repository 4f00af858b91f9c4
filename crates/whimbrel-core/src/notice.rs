//! A notice: what a customer's webhook tells of one part.
//!
//! A notice is made in the transaction that changes the part, and lives until it was delivered or given up. What it says is
//! kept as facts, not as bytes: a dialect renders it anew for every try, since time stamps and signatures change.

use crate::id::{AccountId, MessageId, NoticeId, PartId};
use crate::money::Money;
use crate::part::Final;
use crate::phone::{PhoneNumber, SenderId};
use crate::time::Timestamp;

/// A receipt for a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The same over all tries.
    pub id: NoticeId,
    /// The part it speaks of.
    pub part_id: PartId,
    /// Its message.
    pub message_id: MessageId,
    /// Whose message it is.
    pub account_id: AccountId,
    /// In whose words.
    pub dialect: Box<str>,
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
    /// Where the message wants its receipts instead of the account's endpoint.
    pub callback: Option<Box<str>>,
    /// What happened.
    pub report: Final,
    /// When it happened, by our clock.
    pub happened_at: Timestamp,
    /// Failed tries so far.
    pub failures: u32,
    /// When the first try is or was due.
    pub first_at: Timestamp,
    /// When the next try is due.
    pub due_at: Timestamp,
}
