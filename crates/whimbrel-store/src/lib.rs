//! Durable state: one [`commit`](Store::commit) of a batch of operations, and reads.
//!
//! What it promises: when `commit` returns `Ok`, every change of the batch is on the disk; when it returns `Err`, none of the
//! batch may be told to anybody, and the store has stopped for good unless only the disk was full. Every operation carries its own time and ids and can
//! be committed twice: the second time changes nothing. An accept then answers the same, marked as repeated; accounts,
//! payments and names answer as they are; what happened to a part is answered as ignored, and a secret that was revoked as
//! unknown. Rules of the business (what an
//! event does to a part) live in `whimbrel-core`; this crate applies them inside the transaction, so that state, money and
//! notices move together.
//!
//! Knows nothing of dialects, carriers' wires or HTTP.

pub mod document;
pub mod keyring;
pub mod op;
pub mod sqlite;
pub mod view;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use whimbrel_core::call::history::{HistoryId, HistoryPart, RefusedSend, SentTo};
use whimbrel_core::call::journal::{JournalCall, JournalOutcome, Progress};
use whimbrel_core::call::numbers::{OwnedEntry, OwnedQuery, SaleEntry};
use whimbrel_core::call::totals::TotalsCall;
use whimbrel_core::{
    Accepted, AccountId, CarrierId, IdempotencyKey, ListKind, Lists, MessageId, Notice, NoticeId, NumberNetwork,
    PartId, ReplayKey, Serial, Timestamp,
};

pub use document::{
    Document, DocumentChange, DocumentFate, DocumentFilter, DocumentKind, DocumentPage, DocumentPlace, DocumentRefused,
    NewContent, NewKey, TakesTexts,
};
pub use keyring::{
    ChosenCost, KeyDigest, KeyId, KeyState, Keyring, KeyringError, SealedSecret, SecretDigest, SecretVerifier,
};
pub use op::{
    Accept, AccountPatch, AccountRefused, AddSecret, Answer, Audited, Cancel, Claim, Deal, Forget, InboundIn,
    InboundOutcome, ListChange, NetworkNews, NewAccount, NewOperator, NewSecret, NoticeResult, NoticeTried,
    NumberChange, NumberFate, NumberRefused, Offer, Onward, Op, OpResult, OperatorId, OperatorRole, OrphanReason,
    OwnedNumber, PartChange, PartOutcome, PeopleDone, PeopleOp, PeopleRefused, PoolDone, PoolOp, Prune, Pruned,
    ReceiptIn, ReceiptOutcome, Refill, Rejection, Reload, ReloadDone, ReloadOp, Resealed, Resent, Rest, RevokeSecret,
    RotateSignatureSecret, Spread, SubaccountChange, SubaccountDone, SubaccountOp, TopUp, TotpChange, UseOnce, Used,
    Wallet,
};
pub use sqlite::check::{self, CheckedStore, Verdict};
pub use sqlite::{DATABASE_FILE, SqliteOptions, SqliteStore, copied_bytes, copy_store};
pub use view::{
    AccountTraffic, AccountView, AuditEntry, Credential, EndingSecret, Found, InboundFilter, InboundView, KnownSecret,
    LedgerEntry, LedgerKind, LedgerPage, Marked, MessageFilter, MessageSummary, MessageView, MovablePart, OpenPart,
    Operator, OperatorTotp, Orphan, PartRoute, PartView, PooledNumber, QueuePlace, SaleFilter, Search, SearchEnd,
    SearchOrder, Sight, SignatureSecret, SignatureSecrets, Stats, SubaccountView, Tallies, Tally, TimelineEntry,
    TrafficHour, UsageDay, UsageFilter, WaitingNotices,
};

/// Why the store did not answer.
#[derive(Debug, Clone)]
pub enum StoreError {
    /// A write or a flush failed: nothing is written any more until the process is started again.
    Stopped {
        /// What failed, for the operator.
        why: Box<str>,
    },
    /// The disk has no room: nothing of the batch was done. The store takes a batch again once there is some.
    Full {
        /// What failed, for the operator.
        why: Box<str>,
    },
    /// A read failed.
    Read {
        /// What failed, for the operator.
        why: Box<str>,
    },
    /// The file cannot be opened, or is of another version.
    Open {
        /// What failed and what to do, for the operator.
        why: Box<str>,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped { why } => write!(f, "the store has stopped ({why}); check the disk, then start again"),
            Self::Full { why } => {
                write!(f, "the disk of the store is full ({why}); it goes on by itself once there is room")
            }
            Self::Read { why } => write!(f, "cannot read the store: {why}"),
            Self::Open { why } => write!(f, "cannot open the store: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}

/// Durable state. All methods block: the engine calls `commit` from its one writer thread and the reads from a blocking pool.
pub trait Store: Send + Sync + 'static {
    /// Applies every operation in order, as one transaction, and flushes it. Results stand in the order of `batch`.
    ///
    /// An operation that cannot be done (no funds, an unknown part) gets its own answer and does not hinder the others.
    ///
    /// # Errors
    /// [`StoreError::Full`] if there is no room: nothing was done, and the same batch may be given again. An empty batch asks whether
    /// there is room by now, and whether what is done beside commits went well. [`StoreError::Stopped`] after the first write or flush
    /// that failed otherwise, for this and every later call.
    fn commit(&self, batch: &[Op]) -> Result<Vec<OpResult>, StoreError>;

    /// The highest id in the store: ids go on above it.
    ///
    /// # Errors
    /// [`StoreError::Read`], as with every read below.
    fn high_water(&self) -> Result<i64, StoreError>;

    /// Every account with what is needed to judge its requests.
    fn credentials(&self) -> Result<Vec<Credential>, StoreError>;

    /// One account with its wallet.
    fn account(&self, id: AccountId) -> Result<Option<AccountView>, StoreError>;

    /// The subaccounts of an account, or of all, that were not given up; by their numbers.
    fn subaccounts(&self, parent: Option<AccountId>) -> Result<Vec<SubaccountView>, StoreError>;

    /// Names of carriers and their numbers.
    fn carriers(&self) -> Result<Vec<(CarrierId, Box<str>)>, StoreError>;

    /// Parts in state `Submitting` with a number above `after`, by number: after a start their answers are lost.
    fn submitting(&self, after: PartId, count_max: usize) -> Result<Vec<OpenPart>, StoreError>;

    /// Parts of `carrier` in state `Queued` that are due at `until` or before, `Otp` first, then by due time and number.
    fn queued(&self, carrier: CarrierId, until: Timestamp, count_max: usize) -> Result<Vec<OpenPart>, StoreError>;

    /// When the first part of `carrier` in state `Queued` is due that is not due at `after`.
    fn next_due(&self, carrier: CarrierId, after: Timestamp) -> Result<Option<Timestamp>, StoreError>;

    /// Parts of `carrier` that wait behind `after` and are in no doubt, in the order of [`queued`](Self::queued).
    fn movable(
        &self,
        carrier: CarrierId,
        after: Option<QueuePlace>,
        count_max: usize,
    ) -> Result<Vec<MovablePart>, StoreError>;

    /// Parts whose clock may change them at `now`: expired, or `Uncertain` and to be resolved. Parts that a read has left out because
    /// their rows make no sense come as well, once: any event sets them aside.
    fn clock_due(&self, now: Timestamp, count_max: usize) -> Result<Vec<PartId>, StoreError>;

    /// How many notices wait for which endpoint, among the `count_max` that are due first.
    fn waiting_notices(&self, count_max: usize) -> Result<Vec<WaitingNotices>, StoreError>;

    /// Notices by due time; those due at `now` first, and never more than `count_max`.
    fn notices(&self, after: Option<(Timestamp, NoticeId)>, count_max: usize) -> Result<Vec<Notice>, StoreError>;

    /// Notices that a read has left out because their rows make no sense, each once: nobody can be told of them.
    fn unreadable_notices(&self) -> Vec<NoticeId>;

    /// The rules that chose the carriers of parts; parts that are not open are left out.
    fn routes_of(&self, parts: &[PartId]) -> Result<Vec<PartRoute>, StoreError>;

    /// Networks of numbers that were told at `since` or later, the oldest first.
    fn number_networks(&self, since: Timestamp) -> Result<Vec<NumberNetwork>, StoreError>;

    /// A message with its parts and its story.
    fn message(&self, id: MessageId) -> Result<Option<MessageView>, StoreError>;

    /// What was answered to the message that `account` sent by a signature; `None` if it sent none by it.
    fn answered(&self, account: AccountId, key: &ReplayKey) -> Result<Option<Accepted>, StoreError>;

    /// The account's message of that number.
    fn message_of_serial(&self, account: AccountId, serial: Serial) -> Result<Option<MessageId>, StoreError>;

    /// The message of that number, whoever's it is.
    fn message_of_any(&self, serial: Serial) -> Result<Option<MessageId>, StoreError>;

    /// How far the account's message of that number is.
    fn progress(&self, account: AccountId, serial: Serial) -> Result<Option<Progress>, StoreError>;

    /// A page of an account's journal.
    fn journal(&self, account: AccountId, page: &JournalCall) -> Result<JournalOutcome, StoreError>;

    /// What an account did in each span of a call; `None` if that is more than is counted on request.
    fn totals(&self, account: AccountId, call: &TotalsCall) -> Result<Option<Tallies>, StoreError>;

    /// The highest number that was given: numbers go on above it.
    fn serial_high(&self) -> Result<u64, StoreError>;

    /// What is kept at `now` of a request that `account` marked by an idempotency key.
    fn answered_to_key(&self, account: AccountId, key: &IdempotencyKey, now: Timestamp) -> Result<Marked, StoreError>;

    /// The message that a part belongs to.
    fn message_of_part(&self, id: PartId) -> Result<Option<MessageId>, StoreError>;

    /// A notice for each part of a message that has ended, as it was or would have been told; `None` if there is no such message.
    fn ends(&self, message: MessageId) -> Result<Option<Vec<Notice>>, StoreError>;

    /// Messages, newest first.
    fn messages(&self, filter: &MessageFilter) -> Result<Vec<MessageSummary>, StoreError>;

    /// The messages with these ids, in their order; unknown ones are left out. At most 1,000.
    fn messages_named(&self, ids: &[MessageId]) -> Result<Vec<MessageSummary>, StoreError>;

    /// Messages that fit a query, newest first. The work is bounded by `rows_max`.
    fn search(&self, search: &Search) -> Result<Found<MessageSummary>, StoreError>;

    /// The same for texts that came in.
    fn search_inbound(&self, search: &Search) -> Result<Found<InboundView>, StoreError>;

    /// Every number that an account owns, or those of one.
    fn numbers(&self, account: Option<AccountId>) -> Result<Vec<OwnedNumber>, StoreError>;

    /// A page of the numbers that an account owns, by number, and how many the query has in all.
    fn owned_numbers(&self, account: AccountId, query: &OwnedQuery) -> Result<(Vec<OwnedEntry>, u64), StoreError>;

    /// A page of the numbers for sale, by number, and how many the filter has in all.
    fn numbers_on_sale(&self, filter: &SaleFilter) -> Result<(Vec<SaleEntry>, u64), StoreError>;

    /// The numbers of the pool after `after`, by number, sold ones too.
    fn pool(&self, after: Option<&str>, count_max: usize) -> Result<Vec<PooledNumber>, StoreError>;

    /// Parts of an account by their numbers, in the order asked for; unknown ones and other accounts' are left out.
    fn history(&self, account: AccountId, ids: &[HistoryId]) -> Result<Vec<HistoryPart>, StoreError>;

    /// Parts of an account that were sent to a number, or came in for it, in a span of time; 1,000 at most.
    fn history_within(&self, account: AccountId, within: &SentTo) -> Result<Vec<HistoryPart>, StoreError>;

    /// The days on which an account did something, in order; 1,000 at most.
    fn usage(&self, filter: &UsageFilter) -> Result<Vec<UsageDay>, StoreError>;

    /// What carriers did in a span of hours since 1970, by hour and carrier; 50,000 rows at most.
    fn traffic(&self, hours: Range<i64>) -> Result<Vec<TrafficHour>, StoreError>;

    /// What accounts did in a span of days since 1970, those with the most parts first; 1,000 at most.
    fn traffic_of_accounts(&self, days: Range<i64>, count_max: usize) -> Result<Vec<AccountTraffic>, StoreError>;

    /// The ledger of an account, newest first, from before a place; so many entries or a few more. With many accounts a page may have fewer,
    /// and there is a next one.
    fn ledger(&self, account: AccountId, before: Option<i64>, count_max: usize) -> Result<LedgerPage, StoreError>;

    /// Refused requests of an account, the oldest first; 1,000 at most.
    fn rejections(&self, account: AccountId, within: &SentTo) -> Result<Vec<RefusedSend>, StoreError>;

    /// Everybody's lists. Those of an account come with its credential.
    fn lists(&self) -> Result<Arc<Lists>, StoreError>;

    /// The entries of a list, in order, after `after`.
    fn list_entries(
        &self,
        account: Option<AccountId>,
        kind: ListKind,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<Box<str>>, StoreError>;

    /// Texts that came in, newest first, the parts of a long one joined.
    fn inbound(&self, filter: &InboundFilter) -> Result<Vec<InboundView>, StoreError>;

    /// Receipts that found no part, newest first.
    fn orphans(&self, carrier: Option<CarrierId>, count_max: usize) -> Result<Vec<Orphan>, StoreError>;

    /// The document at that place.
    fn document(&self, place: &DocumentPlace) -> Result<Option<Document>, StoreError>;

    /// Documents of an account, in the order in which they were made.
    fn documents(&self, filter: &DocumentFilter) -> Result<DocumentPage, StoreError>;

    /// Documents of every account that have the dialect and kind of `after` and a key after its key, by their keys.
    fn documents_after(&self, after: &DocumentPlace, count_max: usize) -> Result<Vec<Document>, StoreError>;

    /// Everybody who looks after the gateway, by name.
    fn operators(&self) -> Result<Vec<Operator>, StoreError>;

    /// What people did, newest first, of what has an id below `before`; 1,000 at most.
    fn audit_log(&self, before: Option<i64>, count_max: usize) -> Result<Vec<AuditEntry>, StoreError>;

    /// Looks whether what is open keeps the invariants of [`check`], at one instant. Reads every open part: for a timer, not for
    /// requests.
    fn check_open(&self) -> Result<Vec<Verdict>, StoreError>;

    /// Brings what the log holds into the database and empties the log, so that nothing that was forgotten stays readable in a file. A
    /// reader that is in its way keeps it from doing so; then it is done the next time.
    fn empty_log(&self) -> Result<(), StoreError>;

    /// Counts for people and metrics.
    fn stats(&self) -> Result<Stats, StoreError>;
}
