//! The store as a process has it: the real one, in memory, whose flushes may fail and which a dead process cannot write.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use whimbrel_core::call::history::{HistoryId, HistoryPart, RefusedSend, SentTo};
use whimbrel_core::call::journal::{JournalCall, JournalOutcome, Progress};
use whimbrel_core::call::numbers::{OwnedEntry, OwnedQuery, SaleEntry};
use whimbrel_core::call::totals::TotalsCall;
use whimbrel_core::{
    Accepted, AccountId, CarrierId, IdempotencyKey, ListKind, Lists, MessageId, Notice, NoticeId, NumberNetwork,
    PartEvent, PartId, ReplayKey, Serial, Timestamp,
};
use whimbrel_store::{
    AccountTraffic, AccountView, AuditEntry, Credential, Document, DocumentFilter, DocumentPage, DocumentPlace, Found,
    InboundFilter, InboundView, Keyring, LedgerPage, Marked, MessageFilter, MessageSummary, MessageView, MovablePart,
    Op, OpResult, OpenPart, Operator, Orphan, OwnedNumber, PartRoute, PooledNumber, QueuePlace, SaleFilter, Search,
    SqliteStore, Stats, Store, StoreError, SubaccountView, Tallies, TrafficHour, UsageDay, UsageFilter, Verdict,
    WaitingNotices,
};

use crate::customer::ACCOUNTS;
use crate::model::Model;
use crate::outside::Border;
use crate::promise::Check;

thread_local! {
    static SPARE: RefCell<Option<SqliteStore>> = const { RefCell::new(None) };
}

/// How a flush fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing of the batch is there after the next start.
    NothingWritten,
    /// All of it is, though the process was told otherwise.
    AllWritten,
}

/// See the module.
pub struct SimStore {
    inner: SqliteStore,
    border: Border,
    model: Arc<Mutex<Model>>,
    next: Mutex<Option<Failure>>,
    struck: Mutex<Option<Failure>>,
    has_stopped: Mutex<bool>,
    is_left: Mutex<bool>,
}

impl SimStore {
    /// An empty store, watched by `model`. The tables are those of the last world that this thread played, if that went well.
    pub fn new(border: Border, model: Arc<Mutex<Model>>) -> Result<Self, StoreError> {
        let inner = match SPARE.take() {
            Some(spare) => spare,
            None => SqliteStore::in_memory(keyring())?,
        };
        inner.empty()?;
        Ok(Self {
            inner,
            border,
            model,
            next: Mutex::default(),
            struck: Mutex::default(),
            has_stopped: Mutex::default(),
            is_left: Mutex::default(),
        })
    }

    /// Leaves the tables to the next world of this thread.
    pub fn leave(self) {
        SPARE.set(Some(self.inner));
    }

    /// The next flush fails.
    pub fn fail_next(&self, failure: Failure) {
        *lock(&self.next) = Some(failure);
    }

    /// Whether nobody waits for what is flushed next.
    pub fn expect_left(&self, is_left: bool) {
        *lock(&self.is_left) = is_left;
    }

    /// The failure that a flush has met since this was last asked.
    pub fn take_struck(&self) -> Option<Failure> {
        lock(&self.struck).take()
    }

    /// Whether a flush has failed in this life of the process.
    pub fn has_stopped(&self) -> bool {
        *lock(&self.has_stopped)
    }

    /// The process begins anew: only what was written is known.
    pub fn restart(&self) -> Result<(), StoreError> {
        *lock(&self.next) = None;
        *lock(&self.has_stopped) = false;
        self.inner.restart()
    }

    /// The real store.
    pub fn inner(&self) -> &SqliteStore {
        &self.inner
    }

    fn stop(&self) -> StoreError {
        *lock(&self.has_stopped) = true;
        StoreError::Stopped { why: "the simulated disk failed".into() }
    }

    fn write(&self, batch: &[Op]) -> Result<Vec<OpResult>, StoreError> {
        let results = self.inner.commit(batch)?;
        let mut model = lock(&self.model);
        model.committed(batch, &results);
        // Nothing but a commit changes a wallet.
        for account in ACCOUNTS {
            match self.inner.account(account) {
                Ok(Some(view)) => model.compare_wallet(account, &view.wallet),
                Ok(None) => model.fault(Check::WALLET_ADDS_UP, "an account is gone"),
                Err(error) => model.fault(Check::WALLET_ADDS_UP, error),
            }
        }
        let is_answer = |op: &Op| matches!(op, Op::Part(change) if matches!(change.event, PartEvent::Sent { .. }));
        if *lock(&self.is_left) && batch.iter().any(is_answer) {
            model.coverage.count("answer that nobody waited for");
        }
        Ok(results)
    }
}

/// The key of every simulated store.
pub fn keyring() -> Keyring {
    Keyring::from_bytes([7; 32])
}

/// One thread: nobody panics while others wait.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for SimStore {
    fn commit(&self, batch: &[Op]) -> Result<Vec<OpResult>, StoreError> {
        // Asked whether it is well: nothing is written, so no flush can fail and nobody can die between a write and its answer.
        if batch.is_empty() {
            return if self.border.is_dead() || self.has_stopped() { Err(self.stop()) } else { Ok(Vec::new()) };
        }
        // A process may die before a commit, or after it and before anybody hears of it.
        if !self.border.step() || self.has_stopped() {
            return Err(self.stop());
        }
        let next = lock(&self.next).take();
        if next.is_some() {
            *lock(&self.struck) = next;
        }
        match next {
            Some(Failure::NothingWritten) => return Err(self.stop()),
            Some(Failure::AllWritten) => {
                self.write(batch)?;
                return Err(self.stop());
            }
            None => {}
        }
        let results = self.write(batch)?;
        if self.border.step() { Ok(results) } else { Err(self.stop()) }
    }

    fn high_water(&self) -> Result<i64, StoreError> {
        self.inner.high_water()
    }

    fn credentials(&self) -> Result<Vec<Credential>, StoreError> {
        self.inner.credentials()
    }

    fn account(&self, id: AccountId) -> Result<Option<AccountView>, StoreError> {
        self.inner.account(id)
    }

    fn subaccounts(&self, parent: Option<AccountId>) -> Result<Vec<SubaccountView>, StoreError> {
        self.inner.subaccounts(parent)
    }

    fn carriers(&self) -> Result<Vec<(CarrierId, Box<str>)>, StoreError> {
        self.inner.carriers()
    }

    fn submitting(&self, after: PartId, count_max: usize) -> Result<Vec<OpenPart>, StoreError> {
        self.inner.submitting(after, count_max)
    }

    fn queued(&self, carrier: CarrierId, until: Timestamp, count_max: usize) -> Result<Vec<OpenPart>, StoreError> {
        self.inner.queued(carrier, until, count_max)
    }

    fn next_due(&self, carrier: CarrierId, after: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_due(carrier, after)
    }

    fn movable(
        &self,
        carrier: CarrierId,
        after: Option<QueuePlace>,
        count_max: usize,
    ) -> Result<Vec<MovablePart>, StoreError> {
        self.inner.movable(carrier, after, count_max)
    }

    fn clock_due(&self, now: Timestamp, count_max: usize) -> Result<Vec<PartId>, StoreError> {
        self.inner.clock_due(now, count_max)
    }

    fn waiting_notices(&self, count_max: usize) -> Result<Vec<WaitingNotices>, StoreError> {
        self.inner.waiting_notices(count_max)
    }

    fn notices(&self, after: Option<(Timestamp, NoticeId)>, count_max: usize) -> Result<Vec<Notice>, StoreError> {
        self.inner.notices(after, count_max)
    }

    fn unreadable_notices(&self) -> Vec<NoticeId> {
        self.inner.unreadable_notices()
    }

    fn routes_of(&self, parts: &[PartId]) -> Result<Vec<PartRoute>, StoreError> {
        self.inner.routes_of(parts)
    }

    fn number_networks(&self, since: Timestamp) -> Result<Vec<NumberNetwork>, StoreError> {
        self.inner.number_networks(since)
    }

    fn message(&self, id: MessageId) -> Result<Option<MessageView>, StoreError> {
        self.inner.message(id)
    }

    fn answered(&self, account: AccountId, key: &ReplayKey) -> Result<Option<Accepted>, StoreError> {
        self.inner.answered(account, key)
    }

    fn message_of_serial(&self, account: AccountId, serial: Serial) -> Result<Option<MessageId>, StoreError> {
        self.inner.message_of_serial(account, serial)
    }

    fn message_of_any(&self, serial: Serial) -> Result<Option<MessageId>, StoreError> {
        self.inner.message_of_any(serial)
    }

    fn progress(&self, account: AccountId, serial: Serial) -> Result<Option<Progress>, StoreError> {
        self.inner.progress(account, serial)
    }

    fn journal(&self, account: AccountId, page: &JournalCall) -> Result<JournalOutcome, StoreError> {
        self.inner.journal(account, page)
    }

    fn totals(&self, account: AccountId, call: &TotalsCall) -> Result<Option<Tallies>, StoreError> {
        self.inner.totals(account, call)
    }

    fn serial_high(&self) -> Result<u64, StoreError> {
        self.inner.serial_high()
    }

    fn answered_to_key(&self, account: AccountId, key: &IdempotencyKey, now: Timestamp) -> Result<Marked, StoreError> {
        self.inner.answered_to_key(account, key, now)
    }

    fn ends(&self, message: MessageId) -> Result<Option<Vec<Notice>>, StoreError> {
        self.inner.ends(message)
    }

    fn message_of_part(&self, id: PartId) -> Result<Option<MessageId>, StoreError> {
        self.inner.message_of_part(id)
    }

    fn messages(&self, filter: &MessageFilter) -> Result<Vec<MessageSummary>, StoreError> {
        self.inner.messages(filter)
    }

    fn messages_named(&self, ids: &[MessageId]) -> Result<Vec<MessageSummary>, StoreError> {
        self.inner.messages_named(ids)
    }

    fn search(&self, search: &Search) -> Result<Found<MessageSummary>, StoreError> {
        self.inner.search(search)
    }

    fn search_inbound(&self, search: &Search) -> Result<Found<InboundView>, StoreError> {
        self.inner.search_inbound(search)
    }

    fn numbers(&self, account: Option<AccountId>) -> Result<Vec<OwnedNumber>, StoreError> {
        self.inner.numbers(account)
    }

    fn owned_numbers(&self, account: AccountId, query: &OwnedQuery) -> Result<(Vec<OwnedEntry>, u64), StoreError> {
        self.inner.owned_numbers(account, query)
    }

    fn numbers_on_sale(&self, filter: &SaleFilter) -> Result<(Vec<SaleEntry>, u64), StoreError> {
        self.inner.numbers_on_sale(filter)
    }

    fn pool(&self, after: Option<&str>, count_max: usize) -> Result<Vec<PooledNumber>, StoreError> {
        self.inner.pool(after, count_max)
    }

    fn history(&self, account: AccountId, ids: &[HistoryId]) -> Result<Vec<HistoryPart>, StoreError> {
        self.inner.history(account, ids)
    }

    fn history_within(&self, account: AccountId, within: &SentTo) -> Result<Vec<HistoryPart>, StoreError> {
        self.inner.history_within(account, within)
    }

    fn usage(&self, filter: &UsageFilter) -> Result<Vec<UsageDay>, StoreError> {
        self.inner.usage(filter)
    }

    fn traffic(&self, hours: Range<i64>) -> Result<Vec<TrafficHour>, StoreError> {
        self.inner.traffic(hours)
    }

    fn traffic_of_accounts(&self, days: Range<i64>, count_max: usize) -> Result<Vec<AccountTraffic>, StoreError> {
        self.inner.traffic_of_accounts(days, count_max)
    }

    fn ledger(&self, account: AccountId, before: Option<i64>, count_max: usize) -> Result<LedgerPage, StoreError> {
        self.inner.ledger(account, before, count_max)
    }

    fn rejections(&self, account: AccountId, within: &SentTo) -> Result<Vec<RefusedSend>, StoreError> {
        self.inner.rejections(account, within)
    }

    fn lists(&self) -> Result<Arc<Lists>, StoreError> {
        self.inner.lists()
    }

    fn list_entries(
        &self,
        account: Option<AccountId>,
        kind: ListKind,
        after: Option<&str>,
        count_max: usize,
    ) -> Result<Vec<Box<str>>, StoreError> {
        self.inner.list_entries(account, kind, after, count_max)
    }

    fn inbound(&self, filter: &InboundFilter) -> Result<Vec<InboundView>, StoreError> {
        self.inner.inbound(filter)
    }

    fn orphans(&self, carrier: Option<CarrierId>, count_max: usize) -> Result<Vec<Orphan>, StoreError> {
        self.inner.orphans(carrier, count_max)
    }

    fn document(&self, place: &DocumentPlace) -> Result<Option<Document>, StoreError> {
        self.inner.document(place)
    }

    fn documents(&self, filter: &DocumentFilter) -> Result<DocumentPage, StoreError> {
        self.inner.documents(filter)
    }

    fn documents_after(&self, after: &DocumentPlace, count_max: usize) -> Result<Vec<Document>, StoreError> {
        self.inner.documents_after(after, count_max)
    }

    fn operators(&self) -> Result<Vec<Operator>, StoreError> {
        self.inner.operators()
    }

    fn audit_log(&self, before: Option<i64>, count_max: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.inner.audit_log(before, count_max)
    }

    fn check_open(&self) -> Result<Vec<Verdict>, StoreError> {
        self.inner.check_open()
    }

    fn empty_log(&self) -> Result<(), StoreError> {
        self.inner.empty_log()
    }

    fn stats(&self) -> Result<Stats, StoreError> {
        self.inner.stats()
    }
}
