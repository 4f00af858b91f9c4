//! What the writer keeps in memory beside the database: accounts with their wallets, lists, and counts.
//!
//! Invariant: after a commit it equals what the database holds. A wallet that changed is written once per batch; when a
//! transaction is rolled back, accounts are read again, the counts of before are put back, and rows that were remembered are forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rusqlite::{Connection, params};
use whimbrel_core::{Account, AccountId, ListKind, Lists, Money, PartState, Serial, Timestamp};

use super::buckets::Shares;
use super::codes::parsed;
use super::fault::Fault;
use super::recent::Recent;
use super::rejections::SinceLook;
use super::rows::{self, AccountRow};
use super::subaccounts::{self, Source};
use super::sweep::Sweep;
use super::usage::Usage;
use super::young::{Mark, Young, YoungRows};
use crate::op::Wallet;
use crate::view::Stats;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Memory {
    accounts: BTreeMap<AccountId, Purse>,
    changed: BTreeSet<AccountId>,
    /// Of subaccounts: where money comes from by itself.
    sources: BTreeMap<AccountId, Source>,
    /// What is to be added to the usage of accounts at the end of the batch.
    pub(super) usage: Usage,
    /// By owner; an account's purse holds the same.
    lists: ListsByOwner,
    /// Whether they differ from what the readers were given last.
    lists_changed: bool,
    pub(super) counts: Counts,
    pub(super) sweep: Sweep,
    pub(super) rejections: SinceLook,
    pub(super) recent: Recent,
    young: Young,
    /// Where the removal of old messages goes on.
    pub(super) prune_from: i64,
}

/// Whose lists they are: an account's, or everybody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Everybody,
    Account(AccountId),
}

impl Owner {
    /// The owner in rows: no account has the number 0.
    pub(super) const fn code(self) -> i64 {
        match self {
            Self::Everybody => 0,
            Self::Account(AccountId(id)) => id,
        }
    }

    const fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Everybody,
            id => Self::Account(AccountId(id)),
        }
    }
}

impl From<Option<AccountId>> for Owner {
    fn from(account: Option<AccountId>) -> Self {
        account.map_or(Self::Everybody, Self::Account)
    }
}

/// Lists that hold anything.
pub(super) type ListsByOwner = BTreeMap<Owner, Arc<Lists>>;

/// Counts and marks; copied before a transaction and put back when it fails.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) stats: Stats,
    pub(super) high_water: i64,
    /// The latest time of any operation since the start: the store has no clock of its own.
    pub(super) now: Timestamp,
    pub(super) parked_last: i64,
    pub(super) parked_dropped: u64,
    /// When parked receipts are looked through next for old ones.
    pub(super) parked_look_at: Timestamp,
    /// Carrier ids written since the last step of the sweep.
    pub(super) ids_since_sweep: u32,
    /// Stored answers written since old ones were last removed.
    pub(super) answers_since_prune: u32,
    /// What was used once since old ones were last forgotten, and when the latest was.
    pub(super) uses_since_prune: u32,
    pub(super) used_at: Timestamp,
    /// Networks of numbers noted since old ones were last forgotten, and when the latest was told.
    pub(super) networks_since_prune: u32,
    pub(super) network_told_at: Timestamp,
    /// The latest expiry of anything forgotten.
    pub(super) replay_forgotten: Timestamp,
    /// The highest numbers up to which messages may be gone, and texts erased.
    pub(super) pruned_to: i64,
    pub(super) texts_to: i64,
    /// The highest number of a message or document.
    pub(super) serial: u64,
    /// How much the transaction under way has changed in the memory of young rows.
    young: Mark,
}

/// An account with its wallet.
#[derive(Debug)]
pub(super) struct Purse {
    pub(super) account: Account,
    posted: i64,
    held: i64,
    floor: i64,
    spent: Spent,
    /// What can still be spent of credit; the rest of the balance is what was paid in.
    credit: Shares,
}

/// What an account spent in a day: prices of the parts accepted in it, without those that were given back.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spent {
    /// Days since 1970, UTC.
    pub(super) day: i64,
    pub(super) units: i64,
}

/// The day of an instant, UTC, counted from 1970.
pub(super) const fn day_of(at: Timestamp) -> i64 {
    at.unix_seconds().div_euclid(86_400)
}

impl Purse {
    pub(super) const fn wallet(&self) -> Wallet {
        let currency = self.account.currency;
        Wallet {
            posted: Money::new(self.posted, currency),
            held: Money::new(self.held, currency),
            bonus_credit: Money::new(self.credit.bonus_credit, currency),
            free_credit: Money::new(self.credit.free_credit, currency),
        }
    }

    /// What can still be held: the balance above the floor.
    pub(super) const fn spendable(&self) -> i64 {
        self.posted.saturating_sub(self.held).saturating_sub(self.floor)
    }

    /// The same without credit, which is for messages only.
    pub(super) const fn spendable_balance(&self) -> i64 {
        let Shares { free_credit, bonus_credit } = self.credit;
        self.spendable().saturating_sub(free_credit).saturating_sub(bonus_credit)
    }

    /// What may still be spent on the day of `at`; `None`: there is no cap. A clock that was set back to an earlier day does not
    /// open the cap anew.
    pub(super) fn spendable_within_cap(&self, at: Timestamp) -> Option<i64> {
        let cap = self.account.policy.spend_per_day_max?;
        let spent = if day_of(at) > self.spent.day { 0 } else { self.spent.units };
        Some(cap.units.saturating_sub(spent))
    }

    pub(super) const fn balance(&self) -> i64 {
        self.posted.saturating_sub(self.held)
    }
}

const COUNT_LIVE: &str = "select state, count(*) from live group by state";
const COUNT_REST: &str = "select m.high_water, m.messages, m.doubts, (select count(*) from parked),
 (select count(*) from notice), (select coalesce(max(id), 0) from parked), m.inbound, m.replay_forgotten,
 (select count(*) from set_aside), m.pruned_to, m.texts_to, m.serial from meta m";
const LISTS: &str = "select account_id, kind, entry from list_entry where ?1 is null or account_id = ?1";
const WRITE_WALLET: &str = "update wallet set posted = ?2, held = ?3, spent_day = ?4, spent = ?5,
 free_credit = ?6, bonus_credit = ?7 where account_id = ?1";
const WRITE_META: &str = "update meta set high_water = ?1, messages = ?2, doubts = ?3, inbound = ?4,
 replay_forgotten = ?5, pruned_to = ?6, texts_to = ?7, serial = ?8 where id = 1";

impl Memory {
    /// Reads everything anew, at the start.
    pub(super) fn load(db: &Connection, young: &YoungRows) -> Result<Self, Fault> {
        let mut memory = Self { lists_changed: true, ..Self::default() };
        memory.restore(db)?;
        memory.young = Young::load(db, young)?;
        let counts = &mut memory.counts;
        db.query_row(COUNT_REST, [], |row| {
            counts.high_water = row.get(0)?;
            counts.stats.messages = count(row.get(1)?);
            counts.stats.doubts = count(row.get(2)?);
            counts.stats.parked = count(row.get(3)?);
            counts.stats.notices = count(row.get(4)?);
            counts.parked_last = row.get(5)?;
            counts.stats.inbound = count(row.get(6)?);
            counts.replay_forgotten = Timestamp(row.get(7)?);
            counts.stats.set_aside = count(row.get(8)?);
            counts.pruned_to = row.get(9)?;
            counts.texts_to = row.get(10)?;
            counts.serial = count(row.get(11)?);
            Ok(())
        })?;
        let mut statement = db.prepare(COUNT_LIVE)?;
        let mut states = statement.query([])?;
        while let Some(row) = states.next()? {
            let place = match row.get(0)? {
                0 => &mut counts.stats.queued,
                1 => &mut counts.stats.submitting,
                2 => &mut counts.stats.uncertain,
                _ => &mut counts.stats.submitted,
            };
            *place = count(row.get(1)?);
        }
        Ok(memory)
    }

    /// Reads accounts and wallets anew, after a rollback; lists, which may be long, only if they changed.
    pub(super) fn restore(&mut self, db: &Connection) -> Result<(), Fault> {
        self.recent.clear();
        self.young.back_to(self.counts.young);
        self.sweep = Sweep::default();
        self.changed.clear();
        self.usage.clear();
        if self.lists_changed {
            self.lists = read_lists(db, None)?;
        }
        self.sources = subaccounts::sources(db)?.into_iter().collect();
        self.accounts = rows::accounts(db, None)?
            .into_iter()
            .map(|row| {
                let AccountRow { account, posted, held, floor, spent, credit, .. } = row;
                let account = Account { lists: self.lists(Owner::Account(account.id)), ..account };
                (account.id, Purse { account, posted, held, floor, spent, credit })
            })
            .collect();
        Ok(())
    }

    /// Changes the memory of young rows.
    pub(super) fn young<T>(&mut self, change: impl FnOnce(&mut Young) -> T) -> T {
        let done = change(&mut self.young);
        self.counts.young = self.young.mark();
        done
    }

    /// Where a subaccount's money comes from; `None` if it is none.
    pub(super) fn source(&self, id: AccountId) -> Option<Source> {
        self.sources.get(&id).copied()
    }

    /// Sets that, or takes it away.
    pub(super) fn set_source(&mut self, id: AccountId, source: Option<Source>) {
        match source {
            Some(source) => _ = self.sources.insert(id, source),
            None => _ = self.sources.remove(&id),
        }
    }

    /// The lists of an owner.
    pub(super) fn lists(&self, owner: Owner) -> Arc<Lists> {
        self.lists.get(&owner).cloned().unwrap_or_default()
    }

    /// Puts changed lists, here and into the account.
    pub(super) fn put_lists(&mut self, owner: Owner, lists: Arc<Lists>) {
        if let Owner::Account(id) = owner
            && let Some(purse) = self.accounts.get_mut(&id)
        {
            purse.account.lists = Arc::clone(&lists);
        }
        self.lists.insert(owner, lists);
        self.lists_changed = true;
    }

    /// Lists that changed since the last time, for the readers.
    pub(super) fn take_changed_lists(&mut self) -> Option<ListsByOwner> {
        std::mem::take(&mut self.lists_changed).then(|| self.lists.clone())
    }

    pub(super) fn purse(&self, id: AccountId) -> Option<&Purse> {
        self.accounts.get(&id)
    }

    /// Puts a new account with an empty wallet, or the changed form of a known one, which keeps its wallet.
    pub(super) fn put_account(&mut self, account: Account) {
        match self.accounts.get_mut(&account.id) {
            Some(purse) => {
                let lists = Arc::clone(&purse.account.lists);
                purse.account = Account { lists, ..account };
            }
            None => {
                let account = Account { lists: self.lists(Owner::Account(account.id)), ..account };
                let (spent, credit) = (Spent::default(), Shares::default());
                self.accounts.insert(account.id, Purse { account, posted: 0, held: 0, floor: 0, spent, credit });
            }
        }
    }

    /// Moves money in a wallet: what is posted and what is held change by so much.
    pub(super) fn move_money(&mut self, id: AccountId, posted: i64, held: i64) -> Result<(), Fault> {
        let purse = self.accounts.get_mut(&id).ok_or_else(|| Fault::corrupt("an account without a wallet"))?;
        purse.posted = purse.posted.checked_add(posted).ok_or_else(Fault::overflow)?;
        purse.held = purse.held.checked_add(held).ok_or_else(Fault::overflow)?;
        self.changed.insert(id);
        Ok(())
    }

    /// Sets a price aside, from credit as far as it goes, and says how much of it is from which.
    pub(super) fn hold(&mut self, id: AccountId, price: i64) -> Result<Shares, Fault> {
        let purse = self.accounts.get_mut(&id).ok_or_else(|| Fault::corrupt("an account without a wallet"))?;
        let shares = Shares::of(price, purse.credit);
        // No more than there is: neither can go below zero.
        purse.credit.free_credit -= shares.free_credit;
        purse.credit.bonus_credit -= shares.bonus_credit;
        self.move_money(id, 0, price)?;
        Ok(shares)
    }

    /// Gives a price that was set aside back to where it came from.
    pub(super) fn release(&mut self, id: AccountId, price: i64, shares: Shares) -> Result<(), Fault> {
        self.give_credit(id, shares)?;
        self.move_money(id, 0, -price)
    }

    /// Adds to what can be spent of credit; what is posted is moved by itself.
    pub(super) fn give_credit(&mut self, id: AccountId, shares: Shares) -> Result<(), Fault> {
        let purse = self.accounts.get_mut(&id).ok_or_else(|| Fault::corrupt("an account without a wallet"))?;
        let Shares { free_credit, bonus_credit } = purse.credit;
        purse.credit = Shares {
            free_credit: free_credit.checked_add(shares.free_credit).ok_or_else(Fault::overflow)?,
            bonus_credit: bonus_credit.checked_add(shares.bonus_credit).ok_or_else(Fault::overflow)?,
        };
        self.changed.insert(id);
        Ok(())
    }

    /// Notes that so much was spent at `at`.
    pub(super) fn spend(&mut self, id: AccountId, units: i64, at: Timestamp) -> Result<(), Fault> {
        let purse = self.accounts.get_mut(&id).ok_or_else(|| Fault::corrupt("an account without a wallet"))?;
        if day_of(at) > purse.spent.day {
            purse.spent = Spent { day: day_of(at), units: 0 };
        }
        purse.spent.units = purse.spent.units.checked_add(units).ok_or_else(Fault::overflow)?;
        self.changed.insert(id);
        Ok(())
    }

    /// Notes that so much, spent at `at`, was given back. Only the day that is counted now is of interest.
    pub(super) fn unspend(&mut self, id: AccountId, units: i64, at: Timestamp) -> Result<(), Fault> {
        let purse = self.accounts.get_mut(&id).ok_or_else(|| Fault::corrupt("an account without a wallet"))?;
        if day_of(at) == purse.spent.day {
            purse.spent.units = purse.spent.units.saturating_sub(units).max(0);
            self.changed.insert(id);
        }
        Ok(())
    }

    /// Writes what changed. The checks of the table judge it: a wallet that broke them fails here.
    pub(super) fn write_wallets(&mut self, db: &Connection) -> Result<(), Fault> {
        self.usage.write(db)?;
        if self.changed.is_empty() {
            return Ok(());
        }
        let mut statement = db.prepare_cached(WRITE_WALLET)?;
        for id in &self.changed {
            let purse = self.accounts.get(id).ok_or_else(|| Fault::corrupt("an account without a wallet"))?;
            let Purse { posted, held, spent, credit, .. } = purse;
            let row = params![id.0, posted, held, spent.day, spent.units, credit.free_credit, credit.bonus_credit];
            statement.execute(row)?;
        }
        self.changed.clear();
        Ok(())
    }

    /// Writes the marks that differ from those of `before`.
    pub(super) fn write_meta(&self, db: &Connection, before: &Counts) -> Result<(), Fault> {
        let marks = |counts: &Counts| {
            let stats = &counts.stats;
            let rows = [stats.messages, stats.doubts, stats.inbound, counts.serial].map(signed);
            (counts.high_water, rows, counts.replay_forgotten.0, counts.pruned_to, counts.texts_to)
        };
        if marks(&self.counts) != marks(before) {
            let (high_water, [messages, doubts, inbound, serial], forgotten, pruned_to, texts_to) = marks(&self.counts);
            let row = params![high_water, messages, doubts, inbound, forgotten, pruned_to, texts_to, serial];
            db.prepare_cached(WRITE_META)?.execute(row)?;
        }
        Ok(())
    }
}

impl Counts {
    /// An id was seen.
    pub(super) fn saw_id(&mut self, id: i64) {
        self.high_water = self.high_water.max(id);
    }

    /// A number was given.
    pub(super) fn saw_serial(&mut self, Serial(number): Serial) {
        self.serial = self.serial.max(number);
    }

    /// An operation was made then.
    pub(super) fn saw_time(&mut self, at: Timestamp) {
        self.now = self.now.max(at);
    }

    /// A part came from one state into another; `None` before it was accepted.
    pub(super) fn moved(&mut self, from: Option<PartState>, to: PartState) {
        if let Some(count) = from.and_then(|state| self.of_state(state)) {
            *count = count.saturating_sub(1);
        }
        if let Some(count) = self.of_state(to) {
            *count += 1;
        }
    }

    fn of_state(&mut self, state: PartState) -> Option<&mut u64> {
        match state {
            PartState::Queued { .. } => Some(&mut self.stats.queued),
            PartState::Submitting { .. } => Some(&mut self.stats.submitting),
            PartState::Uncertain { .. } => Some(&mut self.stats.uncertain),
            PartState::Submitted { .. } => Some(&mut self.stats.submitted),
            PartState::Final(_) => None,
        }
    }
}

/// The lists of one owner, or of all.
pub(super) fn read_lists(db: &Connection, only: Option<Owner>) -> Result<ListsByOwner, Fault> {
    let mut by_owner: BTreeMap<Owner, Lists> = BTreeMap::new();
    let mut statement = db.prepare_cached(LISTS)?;
    let mut rows = statement.query([only.map(Owner::code)])?;
    while let Some(row) = rows.next()? {
        let kind = parsed(row, 1, ListKind::parse)?;
        let entry = row.get_ref(2)?.as_str().map_err(|_| Fault::corrupt("an entry of a list"))?;
        by_owner.entry(Owner::from_code(row.get(0)?)).or_default().insert(kind, entry);
    }
    Ok(by_owner.into_iter().map(|(owner, lists)| (owner, Arc::new(lists))).collect())
}

fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
