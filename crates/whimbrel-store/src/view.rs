//! What reads answer.

mod accounts;
mod search;

use whimbrel_core::plan::TEST_ROUTE;
use whimbrel_core::{
    Accepted, AccountId, AttemptNumber, CarrierId, Content, Cut, EndpointKind, Final, HandsetClass, InboundContent,
    InboundId, MessageClass, MessageId, Money, PartId, PartRecord, PhoneNumber, ReceiptStatus, Secret, SenderId,
    Serial, Timestamp,
};
use whimbrel_sms::Encoding;

pub use accounts::*;
pub use search::*;

use crate::keyring::SecretVerifier;
use crate::op::{OperatorId, OperatorRole, OrphanReason};

/// A part that has not ended.
#[derive(Debug, Clone)]
pub struct OpenPart {
    /// The part.
    pub record: PartRecord,
    /// Its class.
    pub class: MessageClass,
}

/// A part that waits for its carrier and is in no doubt: another carrier may get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovablePart {
    /// The part.
    pub part_id: PartId,
    /// Its class.
    pub class: MessageClass,
    /// When it is due.
    pub due_at: Timestamp,
    /// Its last claim, or handing on.
    pub attempt: AttemptNumber,
    /// The rule that chose its carrier.
    pub route: Box<str>,
    /// How its message is cut.
    pub cut: Cut,
}

impl MovablePart {
    /// Its place among those of its carrier.
    #[must_use]
    pub const fn place(&self) -> QueuePlace {
        QueuePlace { class: self.class, due_at: self.due_at, part_id: self.part_id }
    }
}

/// A place in a carrier's queue, which is sorted as this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueuePlace {
    /// The class.
    pub class: MessageClass,
    /// When it is due.
    pub due_at: Timestamp,
    /// The part.
    pub part_id: PartId,
}

/// Which messages.
#[derive(Debug, Clone, Default)]
pub struct MessageFilter {
    /// Only to this recipient.
    pub recipient: Option<PhoneNumber>,
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only older than this message.
    pub before: Option<MessageId>,
    /// Only newer than this message, and of these the oldest; they still come newest first.
    pub after: Option<MessageId>,
    /// At most so many; the store caps it at 1,000.
    pub count_max: usize,
}

/// A line of a list.
#[derive(Debug, Clone)]
pub struct MessageSummary {
    /// The message.
    pub id: MessageId,
    /// Its number, where its dialect names it by one.
    pub serial: Option<Serial>,
    /// Whose.
    pub account_id: AccountId,
    /// The account's key.
    pub account_key: Box<str>,
    /// In whose words.
    pub dialect: Box<str>,
    /// To whom.
    pub recipient: PhoneNumber,
    /// From whom.
    pub sender: SenderId,
    /// What.
    pub content: Content,
    /// When.
    pub accepted_at: Timestamp,
    /// How many parts.
    pub part_count: u8,
    /// Its parts' states, folded into one word: the name of a final status if all ended alike, `mixed` if they ended
    /// differently, else `queued`, `submitting`, `uncertain` or `submitted`, the earliest of its open parts.
    pub status: Box<str>,
    /// The alphabet of its parts.
    pub encoding: Encoding,
    /// What each part costs.
    pub price: Money,
    /// How the last try of a webhook about it went, in the words of its story; `None` if none was tried.
    pub webhook: Option<Box<str>>,
}

/// A message with its parts and its story.
#[derive(Debug, Clone)]
pub struct MessageView {
    /// As in a list.
    pub summary: MessageSummary,
    /// Its class.
    pub class: MessageClass,
    /// How the handset is to treat it.
    pub handset_class: Option<HandsetClass>,
    /// How its text is cut.
    pub cut: Cut,
    /// The recipient's network code.
    pub network: Box<str>,
    /// The carrier it goes to.
    pub carrier: CarrierId,
    /// The rule that chose it.
    pub route: Box<str>,
    /// The snapshot it was planned from.
    pub epoch: u32,
    /// The customer's mark.
    pub client_ref: Option<Box<str>>,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// Its parts in order.
    pub parts: Vec<PartView>,
    /// Its story in order of time.
    pub timeline: Vec<TimelineEntry>,
}

impl MessageView {
    /// Whether a key for trying out sent it.
    #[must_use]
    pub fn is_trial(&self) -> bool {
        *self.route == *TEST_ROUTE && self.summary.price.units == 0
    }
}

/// A part of a message.
#[derive(Debug, Clone)]
pub struct PartView {
    /// The part.
    pub id: PartId,
    /// Its place, from 1.
    pub number: u8,
    /// `queued`, `submitting`, `uncertain`, `submitted` or the name of its final status.
    pub state: Box<str>,
    /// How it ended, if it did.
    pub end: Option<Final>,
    /// Where its price is: `held`, `captured` or `released`.
    pub funds: whimbrel_core::part::Funds,
    /// Attempts so far.
    pub attempts: u16,
    /// The carrier's id for it, as the carrier gave it; empty before its answer.
    pub carrier_message_id: Box<str>,
}

/// One thing that happened to a message.
#[derive(Debug, Clone)]
pub struct TimelineEntry {
    /// When.
    pub at: Timestamp,
    /// The part, from 1; 0 for the whole message.
    pub part_number: u8,
    /// `accepted`, `queued`, `submitting`, `sent`, `refused`, `doubt`, `given-back`, `receipt`, `late-receipt`, `ended`, `webhook`, ...
    pub what: Box<str>,
    /// For people: codes, ids of the carrier, prices; never a text, a secret or a whole number.
    pub detail: Box<str>,
}

/// A receipt that found no part.
#[derive(Debug, Clone)]
pub struct Orphan {
    /// Who sent it.
    pub carrier: CarrierId,
    /// The id as the carrier wrote it.
    pub raw_id: Box<str>,
    /// What it says.
    pub status: ReceiptStatus,
    /// The carrier's code.
    pub code: Box<str>,
    /// Whom it speaks of, as the carrier names them: digits, or empty.
    pub recipient: Box<str>,
    /// Why it found none.
    pub reason: OrphanReason,
    /// When it came.
    pub at: Timestamp,
}

/// Which texts that came in.
#[derive(Debug, Clone, Default)]
pub struct InboundFilter {
    /// Only to this number of ours.
    pub number: Option<Box<str>>,
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only older than this one.
    pub before: Option<InboundId>,
    /// At most so many; the store caps it at 1,000.
    pub count_max: usize,
}

/// A text that came in, its parts joined.
#[derive(Debug, Clone)]
pub struct InboundView {
    /// The id of its first part to arrive.
    pub id: InboundId,
    /// Whose number it went to.
    pub account_id: Option<AccountId>,
    /// Who delivered it.
    pub carrier: CarrierId,
    /// From whom.
    pub sender: SenderId,
    /// To which number.
    pub number: Box<str>,
    /// What it says; of a long text, what is there, in order.
    pub content: InboundContent,
    /// Parts that are there, and parts that it has.
    pub parts: (u8, u8),
    /// When the first part came.
    pub at: Timestamp,
}

/// Notices that wait for one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingNotices {
    /// Whose endpoint.
    pub account_id: AccountId,
    /// Which.
    pub kind: EndpointKind,
    /// How many.
    pub count: u64,
    /// When the first of them is due.
    pub next_at: Timestamp,
}

/// Counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Messages ever accepted (and not yet pruned).
    pub messages: u64,
    /// Parts that have not ended, by state.
    pub queued: u64,
    /// As above.
    pub submitting: u64,
    /// As above.
    pub uncertain: u64,
    /// As above.
    pub submitted: u64,
    /// Doubts ever, of the messages that are kept: those that are open are the uncertain parts.
    pub doubts: u64,
    /// Receipts that wait for their answer.
    pub parked: u64,
    /// Notices that were not delivered yet.
    pub notices: u64,
    /// Parts of texts that ever came in (and are not yet pruned).
    pub inbound: u64,
    /// Parts that could not go on and were set aside.
    pub set_aside: u64,
}

/// The rule that chose the carrier of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRoute {
    /// The part.
    pub part_id: PartId,
    /// The rule's name.
    pub route: Box<str>,
    /// To whom the part goes.
    pub recipient: PhoneNumber,
}

/// Somebody who looks after the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Their number.
    pub id: OperatorId,
    /// By which they sign in.
    pub name: Box<str>,
    /// What they may do.
    pub role: OperatorRole,
    /// What proves their password.
    pub verifier: SecretVerifier,
    /// What codes of their app are made from, if they are asked for.
    pub totp: Option<OperatorTotp>,
    /// When they came.
    pub created_at: Timestamp,
}

/// Codes of an operator's app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorTotp {
    /// What they are made from, in base32.
    pub secret: Secret,
    /// The last step whose code was used; 0: none was.
    pub used_step: i64,
    /// Recovery codes that are left.
    pub recovery_codes: u32,
}

/// Something that somebody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its id, which sorts by time.
    pub id: i64,
    /// When.
    pub at: Timestamp,
    /// Who: `operator:NAME`, `owner:DIALECT:KEY`, `admin-token` or `this-machine`.
    pub person: Box<str>,
    /// From which address; empty if that is not known.
    pub source: Box<str>,
    /// What, such as `POST accounts/devkey01/topup`.
    pub act: Box<str>,
    /// More of it, such as an amount; never a secret or a text.
    pub subject: Box<str>,
    /// What it was answered, as a status of HTTP; 0: it was begun and not answered, because the caller hung up or the gateway ended.
    pub status: u16,
}

/// What a carrier did in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrafficHour {
    /// Hours since 1970, UTC: the one in which the messages were accepted, whenever their parts ended.
    pub hour: i64,
    /// The carrier: of what was accepted the one that was planned, of what ended the one that had it.
    pub carrier: CarrierId,
    /// Messages that were accepted.
    pub messages: i64,
    /// Parts of them.
    pub parts: i64,
    /// Parts that were delivered.
    pub delivered: i64,
    /// Parts that expired, failed or were rejected.
    pub failed: i64,
}

/// What an account did in a span of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountTraffic {
    /// Whose.
    pub account_id: AccountId,
    /// The dialect whose customers it serves.
    pub dialect: Box<str>,
    /// Its key.
    pub key: Box<str>,
    /// Its name, for people.
    pub name: Box<str>,
    /// Messages that were accepted.
    pub messages: i64,
    /// Parts of them.
    pub parts: i64,
    /// Parts that were delivered.
    pub delivered: i64,
    /// Parts that expired, failed or were rejected.
    pub failed: i64,
    /// What the parts cost, without those that were given back.
    pub spent: Money,
}

/// An entry of the ledger as its account sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Where it stands among the others: rises with the time of its cause.
    pub place: i64,
    /// When the money was moved.
    pub at: Timestamp,
    /// Why.
    pub kind: LedgerKind,
    /// What came into the account; negative: what left it.
    pub amount: Money,
    /// The bucket it went to or came from: balance, bonus_credit, free_credit, or several.
    pub bucket: &'static str,
}

/// Why money was moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerKind {
    /// A part was charged.
    Part(PartId),
    /// Somebody paid in; the payment's name.
    Payment(Box<str>),
    /// A number was bought: the purchase.
    Number(i64),
    /// An arranged payment was called up: the operation.
    Reload(i64),
    /// Money went from an account to one below it, or back: the operation.
    Between(i64),
}

/// A page of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LedgerPage {
    /// Newest first.
    pub entries: Vec<LedgerEntry>,
    /// Where the next page begins; `None`: this is the last one.
    pub next: Option<i64>,
}

/// What is kept of a request that is marked by an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marked {
    /// Nothing: none with that key was taken, or it was too long ago.
    Nothing,
    /// What was answered to this very request.
    This(Box<Accepted>),
    /// Another request had that key.
    Another,
    /// This very request had it, and its message was forgotten since.
    Forgotten,
}
