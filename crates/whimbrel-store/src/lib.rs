//! Durable state: one [`commit`](Store::commit) of a batch of operations, and reads.
//!
//! What it promises: when `commit` returns `Ok`, every change of the batch is on the disk; when it returns `Err`, the store
//! has stopped for good and none of the batch may be told to anybody. Every operation carries its own time and ids and can
//! be committed twice: the second time changes nothing. An accept then answers the same, marked as repeated; accounts,
//! payments and names answer as they are; what happened to a part is answered as ignored. Rules of the business (what an
//! event does to a part) live in `whimbrel-core`; this crate applies them inside the transaction, so that state, money and
//! notices move together.
//!
//! Knows nothing of dialects, carriers' wires or HTTP.

pub mod keyring;
pub mod op;
pub mod sqlite;
pub mod view;

use std::fmt;
use std::sync::Arc;

use whimbrel_core::{AccountId, CarrierId, ListKind, Lists, MessageId, Notice, NoticeId, PartId, Timestamp};

pub use keyring::{Keyring, KeyringError, SealedSecret, SecretDigest};
pub use op::{
    Accept, AccountPatch, AccountRefused, Answer, Claim, InboundIn, InboundOutcome, ListChange, NewAccount,
    NoticeResult, NoticeTried, NumberChange, NumberFate, NumberRefused, Op, OpResult, OrphanReason, OwnedNumber,
    PartChange, PartOutcome, ReceiptIn, ReceiptOutcome, TopUp, Wallet,
};
pub use sqlite::check::{self, CheckedStore, Verdict};
pub use sqlite::{DATABASE_FILE, SqliteOptions, SqliteStore, copy_store};
pub use view::{
    AccountView, Credential, InboundFilter, InboundView, MessageFilter, MessageSummary, MessageView, OpenPart, Orphan,
    PartView, Stats, TimelineEntry,
};

/// Why the store did not answer.
#[derive(Debug, Clone)]
pub enum StoreError {
    /// A write or a flush failed: nothing is written any more until the process is started again.
    Stopped {
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
    /// [`StoreError::Stopped`] after the first write or flush that failed, for this and every later call.
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

    /// Names of carriers and their numbers.
    fn carriers(&self) -> Result<Vec<(CarrierId, Box<str>)>, StoreError>;

    /// Parts in state `Submitting` with a number above `after`, by number: after a start their answers are lost.
    fn submitting(&self, after: PartId, count_max: usize) -> Result<Vec<OpenPart>, StoreError>;

    /// Parts of `carrier` in state `Queued`, `Otp` first, then by due time and number.
    fn queued(&self, carrier: CarrierId, count_max: usize) -> Result<Vec<OpenPart>, StoreError>;

    /// Parts whose clock may change them at `now`: expired, or `Uncertain` and to be resolved.
    fn clock_due(&self, now: Timestamp, count_max: usize) -> Result<Vec<PartId>, StoreError>;

    /// Notices by due time; those due at `now` first, and never more than `count_max`.
    fn notices(&self, after: Option<(Timestamp, NoticeId)>, count_max: usize) -> Result<Vec<Notice>, StoreError>;

    /// The rules that chose the carriers of parts; parts that are not open are left out.
    fn routes_of(&self, parts: &[PartId]) -> Result<Vec<(PartId, Box<str>)>, StoreError>;

    /// A message with its parts and its story.
    fn message(&self, id: MessageId) -> Result<Option<MessageView>, StoreError>;

    /// The message that a part belongs to.
    fn message_of_part(&self, id: PartId) -> Result<Option<MessageId>, StoreError>;

    /// Messages, newest first.
    fn messages(&self, filter: &MessageFilter) -> Result<Vec<MessageSummary>, StoreError>;

    /// Every number that an account owns, or those of one.
    fn numbers(&self, account: Option<AccountId>) -> Result<Vec<OwnedNumber>, StoreError>;

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

    /// Looks whether what is open keeps the invariants of [`check`], at one instant. Reads every open part: for a timer, not for
    /// requests.
    fn check_open(&self) -> Result<Vec<Verdict>, StoreError>;

    /// Counts for people and metrics.
    fn stats(&self) -> Result<Stats, StoreError>;
}
