//! What reads answer.

use whimbrel_core::call::numbers::SaleQuery;
use whimbrel_core::plan::TEST_ROUTE;
use whimbrel_core::{
    Accepted, Account, AccountId, AttemptNumber, CarrierId, Content, Currency, Cut, Final, HandsetClass,
    InboundContent, InboundId, MessageClass, MessageId, Money, PartId, PartRecord, PhoneNumber, ReceiptStatus, Secret,
    SecretId, SecretRole, SenderId, Serial, Span, Timestamp,
};
use whimbrel_inbox::search::Query;
use whimbrel_sms::Encoding;

use crate::keyring::SecretVerifier;
use crate::op::{Offer, OperatorId, OperatorRole, OrphanReason, Refill, Reload, Wallet};

/// An account with what is needed to judge its requests.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The account.
    pub account: Account,
    /// The dialect whose customers it serves.
    pub dialect: Box<str>,
    /// What proves the secrets that authenticate it; at least one, the oldest first.
    pub secrets: Vec<KnownSecret>,
    /// The secrets that sign, unsealed.
    pub signature_secrets: SignatureSecrets,
}

/// What an account did on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageDay {
    /// Days since 1970, UTC: the day on which the messages were accepted, whenever their parts ended.
    pub day: i64,
    /// Messages that were accepted.
    pub messages: i64,
    /// Parts of them.
    pub parts: i64,
    /// Parts of them that were delivered.
    pub delivered: i64,
    /// Parts of them that expired, failed or were rejected.
    pub failed: i64,
    /// What the parts cost, without those that were given back.
    pub spent: Money,
}

/// Which days of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageFilter {
    /// Whose.
    pub account_id: AccountId,
    /// The first.
    pub from_day: i64,
    /// The one after the last.
    pub until_day: i64,
}

/// What an account did in the spans of a call; each side in the order of spans, then of names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tallies {
    /// Messages, by the code of the network, the second mark, or all alike.
    pub sent: Vec<Tally>,
    /// Texts that came in, by who sent them, or all alike. They cost nothing.
    pub came_in: Vec<Tally>,
    /// How many of both were looked at for it, counted or not.
    pub looked_at: u64,
}

/// What is counted together. `Debug` leaves out the name: it may be a number, or chosen freely.
#[derive(Clone, PartialEq, Eq)]
pub struct Tally {
    /// The index of the span.
    pub span: usize,
    /// What it is told from others by; empty if by nothing.
    pub name: Box<str>,
    /// How many messages or texts.
    pub count: u64,
    /// What their parts cost, without those that were given back: units of the account's currency.
    pub spent: i64,
}

impl std::fmt::Debug for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tally")
            .field("span", &self.span)
            .field("count", &self.count)
            .field("spent", &self.spent)
            .finish_non_exhaustive()
    }
}

/// A secret that authenticates an account: what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSecret {
    /// Its name.
    pub id: SecretId,
    /// What it is for.
    pub role: SecretRole,
    /// When it was made or chosen.
    pub created_at: Timestamp,
    /// What proves it.
    pub verifier: SecretVerifier,
}

/// The secrets that sign an account's requests and webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureSecrets {
    /// The one to sign with.
    pub current: SignatureSecret,
    /// The one before it.
    pub previous: Option<EndingSecret>,
}

/// A secret that signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureSecret {
    /// Its id in the store.
    pub id: i64,
    /// The secret.
    pub secret: Secret,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A signature secret that another one took the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndingSecret {
    /// The secret.
    pub secret: SignatureSecret,
    /// Until when requests signed by it are good.
    pub ends_at: Timestamp,
}

impl SignatureSecrets {
    /// The secrets that a request may be signed by at `now`, the current one first.
    pub fn good_at(&self, now: Timestamp) -> impl Iterator<Item = &Secret> {
        let previous = self.previous.iter().filter(move |previous| now < previous.ends_at);
        std::iter::once(&self.current.secret).chain(previous.map(|previous| &previous.secret.secret))
    }
}

/// An account with its wallet.
#[derive(Debug, Clone)]
pub struct AccountView {
    /// The account.
    pub account: Account,
    /// The dialect whose customers it serves.
    pub dialect: Box<str>,
    /// Its money.
    pub wallet: Wallet,
    /// The payment that it may call up, if one is arranged.
    pub reload: Option<Reload>,
}

/// An account below another.
#[derive(Debug, Clone)]
pub struct SubaccountView {
    /// The account above it.
    pub parent: AccountId,
    /// The number by which that names it.
    pub number: Serial,
    /// Where its owner can be reached.
    pub email: Box<str>,
    /// When money is moved to it by itself.
    pub refill: Refill,
    /// What it spent, ever.
    pub spent: Money,
    /// It.
    pub account: AccountView,
}

/// Which numbers for sale.
#[derive(Debug, Clone)]
pub struct SaleFilter {
    /// What the customer wants.
    pub query: SaleQuery,
    /// The currency that it pays in.
    pub currency: Currency,
}

/// A number of the pool.
#[derive(Debug, Clone)]
pub struct PooledNumber {
    /// The number with its terms.
    pub offer: Offer,
    /// Who owns it now.
    pub owner: Option<AccountId>,
}

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

/// What is looked for, and how much of it.
#[derive(Debug, Clone)]
pub struct Search {
    /// What.
    pub query: Query,
    /// Only of this account, whatever the query says.
    pub account: Option<AccountId>,
    /// Whether all of that may be seen.
    pub sight: Sight,
    /// Only what is older than this id.
    pub before: Option<i64>,
    /// Only what is newer than this id.
    pub after: Option<i64>,
    /// From which end on.
    pub order: SearchOrder,
    /// At most so many; the store caps it at 1,000.
    pub count_max: usize,
    /// At most so many rows are looked at.
    pub rows_max: usize,
    /// How far ids may be ahead of the times of what they name: ids rise also while a clock is put back. A query's `before:` leaves out
    /// ids that are further ahead.
    pub ids_ahead_max: Span,
}

impl Search {
    /// Rows that a search looks at where nobody says otherwise.
    pub const ROWS_MAX: usize = 200_000;
    /// How far ids are ahead at most where no test moves the clock.
    pub const IDS_AHEAD_MAX: Span = Span::hours(24);

    /// The newest that fit, at most `count_max`.
    #[must_use]
    pub const fn new(query: Query, count_max: usize) -> Self {
        Self {
            query,
            account: None,
            sight: Sight::Everything,
            before: None,
            after: None,
            order: SearchOrder::NewestFirst,
            count_max,
            rows_max: Self::ROWS_MAX,
            ids_ahead_max: Self::IDS_AHEAD_MAX,
        }
    }
}

/// What may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Everything.
    Everything,
    /// What was sent by keys for trying out, and what came in by the carrier that they send to, if there is one.
    Trials(Option<CarrierId>),
}

/// From which end a search begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchOrder {
    /// From the newest row on.
    NewestFirst,
    /// From the oldest row on: what is found is nearest to [`Search::after`].
    OldestFirst,
}

/// What a search found, the newest first in either order.
#[derive(Debug, Clone)]
pub struct Found<T> {
    /// What.
    pub found: Vec<T>,
    /// Why there is no more.
    pub end: SearchEnd,
    /// The newest row that is done with, found or not: what comes later has a higher id, but for what is being committed just now.
    pub newest: Option<i64>,
}

/// How a search ended. An edge is where to go on: the next search's `before` or, from the oldest on, its `after`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchEnd {
    /// Everything was looked at.
    Everything,
    /// As many as were asked for were found, and there is at least one more.
    Count {
        /// Where to go on.
        edge: i64,
    },
    /// As many rows as may be looked at were; what stands behind them was not.
    Rows {
        /// Where to go on.
        edge: i64,
        /// When what comes next was accepted.
        at: Timestamp,
    },
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
}
