//! The store in one SQLite file: one connection that writes, a few that read.
//!
//! Write-ahead log with a flush at every commit. Small tables for what changes often, one row written once for each message;
//! wallets live in the writer's memory and are written once per batch. A second process is kept out by a lock beside the
//! file. What the columns mean is said in `migrations/sqlite`.

mod accept;
mod accounts;
mod audit;
mod buckets;
mod cancel;
mod catalogue;
mod change;
pub mod check;
mod codes;
mod copy;
mod credentials;
mod documents;
mod evidence;
mod fault;
mod find;
mod history;
mod inbound;
mod inbox;
mod journal;
mod ledger;
mod lists;
mod log;
mod memory;
mod moved;
mod networks;
mod notices;
mod numbers;
mod offers;
mod open;
mod parked;
mod people;
mod policy;
mod pool;
mod prune;
mod reads;
mod receipt;
mod recent;
mod rejections;
mod reload;
mod replay;
mod retold;
mod rows;
mod rules;
mod sealed;
mod search;
mod set_aside;
mod statements;
mod story;
mod subaccounts;
mod sweep;
mod totals;
mod unreadable;
mod usage;
mod walk;
mod writer;
mod young;

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use whimbrel_core::call::history::{HistoryId, HistoryPart, RefusedSend, SentTo};
use whimbrel_core::call::journal::{JournalCall, JournalOutcome, Progress};
use whimbrel_core::call::numbers::{OwnedEntry, OwnedQuery, SaleEntry};
use whimbrel_core::call::totals::TotalsCall;
use whimbrel_core::{
    Accepted, AccountId, CarrierId, IdempotencyKey, ListKind, Lists, MessageId, Notice, NoticeId, NumberNetwork,
    PartId, ReplayKey, Serial, Span, Timestamp,
};

use self::check::{Audit, INVARIANTS, Inspection, Reach, Verdict};
pub use self::copy::{copied_bytes, copy_store};
use self::log::Log;
use self::memory::{Counts, ListsByOwner, Owner};
use self::pool::Pool;
use self::unreadable::{Unreadable, What};
use self::writer::Writer;
use self::young::YoungRows;
use crate::document::{Document, DocumentFilter, DocumentPage, DocumentPlace};
use crate::keyring::Keyring;
use crate::op::{Op, OpResult, OwnedNumber};
use crate::view::{
    AccountTraffic, AccountView, AuditEntry, Credential, Found, InboundFilter, InboundView, LedgerPage, Marked,
    MessageFilter, MessageSummary, MessageView, MovablePart, OpenPart, Operator, Orphan, PartRoute, PooledNumber,
    QueuePlace, SaleFilter, Search, Stats, SubaccountView, Tallies, TrafficHour, UsageDay, UsageFilter, WaitingNotices,
};
use crate::{Store, StoreError};

/// The database's name in a data folder.
pub const DATABASE_FILE: &str = "whimbrel.db";

/// How to open a store.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// The database; made if it is missing, with its folder.
    pub path: PathBuf,
    /// Guards the secrets in it.
    pub keyring: Keyring,
    /// Connections that read, 1 to 64; more reads at once wait for one.
    pub reader_count: usize,
}

/// A store in a SQLite file.
pub struct SqliteStore {
    // Invariant: closed before the pool. The last connection to be closed would bring the log back, whatever became of a flush, unless
    // it only reads (docs/adr/0055).
    writer: Mutex<Writer>,
    pool: Pool,
    /// The counts after the last commit.
    counts: Mutex<Counts>,
    /// Lists after the last commit.
    lists: Mutex<ListsByOwner>,
    /// Rows that are in no index by time.
    young: YoungRows,
    /// Rows that reads left out and reported.
    unreadable: Unreadable,
    keyring: Keyring,
    /// The database, which is flushed beside SQLite, and what is locked while it is open. The last to be closed: see [`Log::watch`].
    /// `None` in memory.
    _files: Option<(Arc<File>, File)>,
}

impl SqliteStore {
    /// Opens the database, brings its schema to the newest version, and reads wallets and counts.
    ///
    /// # Errors
    /// [`StoreError::Open`] if another process has it open, it is of a newer version, of another program or of another key,
    /// or it cannot be read or written.
    pub fn open(options: SqliteOptions) -> Result<Self, StoreError> {
        open::create(&options.path)?;
        let lock = open::lock(&options.path)?;
        let mut db = open::writer(&options.path, &options.keyring)?;
        let readers = (0..options.reader_count.clamp(1, 64))
            .map(|_| open::reader(&options.path))
            .collect::<Result<Vec<Connection>, StoreError>>()?;
        let file = Arc::new(open::file(&options.path)?);
        let log = Log::watch(&mut db, &options.path, Arc::clone(&file))?;
        Self::start((db, Some(log)), readers, options.keyring, Some((file, lock)))
    }

    /// A store that is gone when it is dropped: for tests. Reads wait for the writer.
    ///
    /// # Errors
    /// [`StoreError::Open`] if there is no memory for it.
    pub fn in_memory(keyring: Keyring) -> Result<Self, StoreError> {
        let db = Connection::open_in_memory().map_err(|error| StoreError::Open { why: error.to_string().into() })?;
        open::prepare_writer(&db, &keyring, Path::new("memory"))?;
        Self::start((db, None), Vec::new(), keyring, None)
    }

    fn start(
        (db, log): (Connection, Option<Log>),
        readers: Vec<Connection>,
        keyring: Keyring,
        files: Option<(Arc<File>, File)>,
    ) -> Result<Self, StoreError> {
        let mut writer =
            Writer::new(db, log, keyring.clone()).map_err(|fault| StoreError::Open { why: fault.into_text() })?;
        let counts = Mutex::new(writer.memory.counts);
        let lists = Mutex::new(writer.memory.take_changed_lists().unwrap_or_default());
        let young = writer.memory.young(|young| young.rows());
        Ok(Self {
            young,
            writer: Mutex::new(writer),
            pool: Pool::new(readers),
            counts,
            lists,
            unreadable: Unreadable::default(),
            keyring,
            _files: files,
        })
    }

    /// Looks at every invariant of [`check`]. Reads everything: for tests; others look on with [`CheckedStore`](check::CheckedStore).
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub fn audit(&self) -> Result<Audit, StoreError> {
        self.read(|db| {
            let inspection = Inspection::new(db, &self.keyring);
            Ok(Audit(INVARIANTS.iter().map(|invariant| inspection.judge(invariant)).collect::<Result<_, _>>()?))
        })
    }

    /// Forgets all that is not in the database and reads it anew, as a process does that starts: for simulations of crashes.
    ///
    /// # Errors
    /// [`StoreError::Open`].
    #[doc(hidden)]
    pub fn restart(&self) -> Result<(), StoreError> {
        let mut writer = self.writer()?;
        writer.restart().map_err(|fault| StoreError::Open { why: fault.into_text() })?;
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = writer.memory.counts;
        let lists = writer.memory.take_changed_lists().unwrap_or_default();
        *self.lists.lock().unwrap_or_else(PoisonError::into_inner) = lists;
        Ok(())
    }

    /// Removes every row, as if the store had just been made: a simulation plays many worlds, and making the tables anew would take
    /// most of its time.
    ///
    /// # Errors
    /// [`StoreError::Open`].
    #[doc(hidden)]
    pub fn empty(&self) -> Result<(), StoreError> {
        self.writer()?.empty().map_err(|fault| StoreError::Open { why: fault.into_text() })?;
        self.restart()
    }

    /// Limits the file to so many pages of 4 KiB from now on, so that tests can fill a disk.
    ///
    /// # Errors
    /// [`StoreError::Read`] if the database does not take the limit.
    #[doc(hidden)]
    pub fn limit_pages(&self, page_count_max: u32) -> Result<(), StoreError> {
        let sql = format!("pragma max_page_count = {page_count_max}");
        let done = self.writer()?.db.query_row(&sql, [], |_| Ok(()));
        done.map_err(|error| StoreError::Read { why: error.to_string().into() })
    }

    /// Brings the log back as soon as it has so many pages, so that a short test sees what takes much load else.
    ///
    /// # Errors
    /// [`StoreError::Stopped`].
    #[doc(hidden)]
    pub fn bring_log_back_from(&self, pages: u32) -> Result<(), StoreError> {
        if let Some(log) = &mut self.writer()?.log {
            log.set_bound(pages);
        }
        Ok(())
    }

    /// Remembers so many young rows of each kind for so long, so that a short test sees them grow old. As long as it is not restarted.
    ///
    /// # Errors
    /// [`StoreError::Stopped`].
    #[doc(hidden)]
    pub fn remember_young(&self, rows_max: usize, young_for: Span) -> Result<(), StoreError> {
        self.writer()?.memory.young(|young| young.set_bounds(rows_max, young_for));
        Ok(())
    }

    /// As if what its thread brought back of the log could not be flushed.
    ///
    /// # Errors
    /// [`StoreError::Stopped`].
    #[doc(hidden)]
    pub fn fail_log(&self, why: &str) -> Result<(), StoreError> {
        if let Some(log) = &self.writer()?.log {
            log.fail(why);
        }
        Ok(())
    }

    fn read<T>(&self, query: impl FnOnce(&Connection) -> Result<T, fault::Fault>) -> Result<T, StoreError> {
        let done = if self.pool.is_empty() { query(&self.writer()?.db) } else { self.pool.with(query) };
        done.map_err(fault::Fault::into_read)
    }

    fn writer(&self) -> Result<MutexGuard<'_, Writer>, StoreError> {
        let panicked = |_| StoreError::Stopped { why: "a batch ended in a panic".into() };
        self.writer.lock().map_err(panicked)
    }

    fn counts(&self) -> Counts {
        // A copy of plain numbers: a panic elsewhere cannot leave it half written.
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lists_of(&self, owner: Owner) -> Arc<Lists> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner).get(&owner).cloned().unwrap_or_default()
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl Store for SqliteStore {
    fn commit(&self, batch: &[Op]) -> Result<Vec<OpResult>, StoreError> {
        let mut writer = self.writer()?;
        let results = writer.commit(batch)?;
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner) = writer.memory.counts;
        if let Some(lists) = writer.memory.take_changed_lists() {
            *self.lists.lock().unwrap_or_else(PoisonError::into_inner) = lists;
        }
        Ok(results)
    }

    fn high_water(&self) -> Result<i64, StoreError> {
        Ok(self.counts().high_water)
    }

    fn credentials(&self) -> Result<Vec<Credential>, StoreError> {
        let mut credentials = self.read(|db| reads::credentials(db, &self.keyring))?;
        for credential in &mut credentials {
            credential.account.lists = self.lists_of(Owner::Account(credential.account.id));
        }
        Ok(credentials)
    }

    fn account(&self, id: AccountId) -> Result<Option<AccountView>, StoreError> {
        let mut view = self.read(|db| reads::account(db, id))?;
        if let Some(view) = &mut view {
            view.account.lists = self.lists_of(Owner::Account(id));
        }
        Ok(view)
    }

    fn subaccounts(&self, parent: Option<AccountId>) -> Result<Vec<SubaccountView>, StoreError> {
        self.read(|db| subaccounts::subaccounts(db, parent))
    }

    fn carriers(&self) -> Result<Vec<(CarrierId, Box<str>)>, StoreError> {
        self.read(reads::carriers)
    }

    fn submitting(&self, after: PartId, count_max: usize) -> Result<Vec<OpenPart>, StoreError> {
        self.read(|db| reads::submitting(db, &self.unreadable, after, count_max))
    }

    fn queued(&self, carrier: CarrierId, until: Timestamp, count_max: usize) -> Result<Vec<OpenPart>, StoreError> {
        self.read(|db| reads::queued(db, &self.unreadable, (carrier, until), count_max))
    }

    fn next_due(&self, carrier: CarrierId, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.read(|db| reads::next_due(db, carrier, after))
    }

    fn movable(
        &self,
        carrier: CarrierId,
        after: Option<QueuePlace>,
        count_max: usize,
    ) -> Result<Vec<MovablePart>, StoreError> {
        self.read(|db| reads::movable(db, &self.unreadable, (carrier, after), count_max))
    }

    fn clock_due(&self, now: Timestamp, count_max: usize) -> Result<Vec<PartId>, StoreError> {
        // Before the database is looked at.
        let young = self.young.expired(now);
        let mut due = self.read(|db| reads::clock_due(db, &young, now, count_max))?;
        // What cannot be read fails at its next event, and is set aside by it.
        due.extend(self.unreadable.take(What::Part).into_iter().map(PartId));
        Ok(due)
    }

    fn waiting_notices(&self, count_max: usize) -> Result<Vec<WaitingNotices>, StoreError> {
        // Before the database is looked at.
        let young = self.young.due_behind((Timestamp(i64::MIN), NoticeId(i64::MIN)));
        self.read(|db| reads::waiting_notices(db, &young, count_max))
    }

    fn notices(&self, after: Option<(Timestamp, NoticeId)>, count_max: usize) -> Result<Vec<Notice>, StoreError> {
        let after = after.unwrap_or((Timestamp(i64::MIN), NoticeId(i64::MIN)));
        // Before the database is looked at.
        let young = self.young.due_behind(after);
        self.read(|db| reads::notices(db, &self.unreadable, &young, after, count_max))
    }

    fn unreadable_notices(&self) -> Vec<NoticeId> {
        self.unreadable.take(What::Notice).into_iter().map(NoticeId).collect()
    }

    fn message(&self, id: MessageId) -> Result<Option<MessageView>, StoreError> {
        self.read(|db| story::message(db, id))
    }

    fn answered(&self, account: AccountId, key: &ReplayKey) -> Result<Option<Accepted>, StoreError> {
        self.read(|db| replay::answered(db, account, key))
    }

    fn message_of_serial(&self, account: AccountId, serial: Serial) -> Result<Option<MessageId>, StoreError> {
        self.read(|db| journal::of_serial(db, Some(account), serial))
    }

    fn message_of_any(&self, serial: Serial) -> Result<Option<MessageId>, StoreError> {
        self.read(|db| journal::of_serial(db, None, serial))
    }

    fn progress(&self, account: AccountId, serial: Serial) -> Result<Option<Progress>, StoreError> {
        self.read(|db| journal::progress(db, account, serial))
    }

    fn journal(&self, account: AccountId, page: &JournalCall) -> Result<JournalOutcome, StoreError> {
        self.read(|db| journal::page(db, account, page))
    }

    fn totals(&self, account: AccountId, call: &TotalsCall) -> Result<Option<Tallies>, StoreError> {
        self.read(|db| totals::totals(db, account, call))
    }

    fn serial_high(&self) -> Result<u64, StoreError> {
        Ok(self.counts().serial)
    }

    fn answered_to_key(&self, account: AccountId, key: &IdempotencyKey, now: Timestamp) -> Result<Marked, StoreError> {
        self.read(|db| accept::answered_to_key(db, account, key, now))
    }

    fn message_of_part(&self, id: PartId) -> Result<Option<MessageId>, StoreError> {
        self.read(|db| reads::message_of_part(db, id))
    }

    fn ends(&self, message: MessageId) -> Result<Option<Vec<Notice>>, StoreError> {
        self.read(|db| retold::ends(db, message))
    }

    fn routes_of(&self, parts: &[PartId]) -> Result<Vec<PartRoute>, StoreError> {
        self.read(|db| reads::routes_of(db, parts))
    }

    fn number_networks(&self, since: Timestamp) -> Result<Vec<NumberNetwork>, StoreError> {
        self.read(|db| networks::told_since(db, since))
    }

    fn messages(&self, filter: &MessageFilter) -> Result<Vec<MessageSummary>, StoreError> {
        self.read(|db| story::messages(db, filter))
    }

    fn messages_named(&self, ids: &[MessageId]) -> Result<Vec<MessageSummary>, StoreError> {
        self.read(|db| story::messages_named(db, ids))
    }

    fn search(&self, search: &Search) -> Result<Found<MessageSummary>, StoreError> {
        self.read(|db| search::messages(db, search))
    }

    fn search_inbound(&self, search: &Search) -> Result<Found<InboundView>, StoreError> {
        self.read(|db| search::inbound(db, search))
    }

    fn numbers(&self, account: Option<AccountId>) -> Result<Vec<OwnedNumber>, StoreError> {
        self.read(|db| numbers::numbers(db, account))
    }

    fn owned_numbers(&self, account: AccountId, query: &OwnedQuery) -> Result<(Vec<OwnedEntry>, u64), StoreError> {
        self.read(|db| catalogue::owned(db, account, query))
    }

    fn numbers_on_sale(&self, filter: &SaleFilter) -> Result<(Vec<SaleEntry>, u64), StoreError> {
        self.read(|db| catalogue::on_sale(db, filter))
    }

    fn pool(&self, after: Option<&str>, count_max: usize) -> Result<Vec<PooledNumber>, StoreError> {
        self.read(|db| catalogue::pool(db, after, count_max))
    }

    fn history(&self, account: AccountId, ids: &[HistoryId]) -> Result<Vec<HistoryPart>, StoreError> {
        self.read(|db| history::by_ids(db, account, ids))
    }

    fn history_within(&self, account: AccountId, within: &SentTo) -> Result<Vec<HistoryPart>, StoreError> {
        self.read(|db| history::within(db, account, within))
    }

    fn usage(&self, filter: &UsageFilter) -> Result<Vec<UsageDay>, StoreError> {
        self.read(|db| usage::days(db, filter))
    }

    fn traffic(&self, hours: Range<i64>) -> Result<Vec<TrafficHour>, StoreError> {
        self.read(|db| usage::hours(db, hours))
    }

    fn traffic_of_accounts(&self, days: Range<i64>, count_max: usize) -> Result<Vec<AccountTraffic>, StoreError> {
        self.read(|db| usage::of_accounts(db, days, count_max))
    }

    fn ledger(&self, account: AccountId, before: Option<i64>, count_max: usize) -> Result<LedgerPage, StoreError> {
        self.read(|db| ledger::page(db, account, before, count_max))
    }

    fn rejections(&self, account: AccountId, within: &SentTo) -> Result<Vec<RefusedSend>, StoreError> {
        self.read(|db| rejections::rejections(db, account, within))
    }

    fn lists(&self) -> Result<Arc<Lists>, StoreError> {
        Ok(self.lists_of(Owner::Everybody))
    }

    fn list_entries(
        &self,
        account: Option<AccountId>,
        kind: ListKind,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<Box<str>>, StoreError> {
        self.read(|db| lists::entries(db, account.into(), kind, after, count_max))
    }

    fn inbound(&self, filter: &InboundFilter) -> Result<Vec<InboundView>, StoreError> {
        self.read(|db| inbox::inbound(db, filter))
    }

    fn orphans(&self, carrier: Option<CarrierId>, count_max: usize) -> Result<Vec<Orphan>, StoreError> {
        self.read(|db| parked::orphans(db, carrier, count_max))
    }

    fn document(&self, place: &DocumentPlace) -> Result<Option<Document>, StoreError> {
        self.read(|db| documents::find(db, &self.keyring, place))
    }

    fn documents(&self, filter: &DocumentFilter) -> Result<DocumentPage, StoreError> {
        self.read(|db| documents::of_account(db, &self.keyring, filter))
    }

    fn documents_after(&self, after: &DocumentPlace, count_max: usize) -> Result<Vec<Document>, StoreError> {
        self.read(|db| documents::after(db, &self.keyring, after, count_max))
    }

    fn operators(&self) -> Result<Vec<Operator>, StoreError> {
        self.read(|db| people::operators(db, &self.keyring))
    }

    fn audit_log(&self, before: Option<i64>, count_max: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.read(|db| audit::entries(db, before, count_max))
    }

    fn check_open(&self) -> Result<Vec<Verdict>, StoreError> {
        self.read(|db| {
            let inspection = Inspection::new(db, &self.keyring);
            let open = INVARIANTS.iter().filter(|invariant| invariant.reach == Reach::Open);
            open.map(|invariant| inspection.judge(invariant)).collect()
        })
    }

    fn empty_log(&self) -> Result<(), StoreError> {
        self.writer()?.empty_log()
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        Ok(self.counts().stats)
    }
}
