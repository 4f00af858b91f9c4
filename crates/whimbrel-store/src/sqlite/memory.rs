//! What the writer keeps in memory beside the database: accounts with their wallets, and counts.
//!
//! Invariant: after a commit it equals what the database holds. A wallet that changed is written once per batch; when a
//! transaction is rolled back, accounts are read again and the counts of before are put back.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use whimbrel_core::{Account, AccountId, Money, PartState, Timestamp};

use super::fault::Fault;
use super::rows;
use crate::op::Wallet;
use crate::view::Stats;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Memory {
    accounts: BTreeMap<AccountId, Purse>,
    changed: BTreeSet<AccountId>,
    pub(super) counts: Counts,
    /// Where the sweep over old carrier ids goes on.
    pub(super) sweep: Option<(i64, Vec<u8>, i64)>,
}

/// Counts and marks; copied before a transaction and put back when it fails.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) stats: Stats,
    pub(super) high_water: i64,
    /// The latest time of any operation since the start: the store has no clock of its own.
    pub(super) now: Timestamp,
    pub(super) parked_last: i64,
    pub(super) parked_dropped: u64,
    /// Carrier ids written since the last step of the sweep.
    pub(super) ids_since_sweep: u32,
    /// Stored answers written since old ones were last removed.
    pub(super) answers_since_prune: u32,
}

/// An account with its wallet.
#[derive(Debug)]
pub(super) struct Purse {
    pub(super) account: Account,
    posted: i64,
    held: i64,
    floor: i64,
}

impl Purse {
    pub(super) const fn wallet(&self) -> Wallet {
        let currency = self.account.currency;
        Wallet { posted: Money::new(self.posted, currency), held: Money::new(self.held, currency) }
    }

    /// What can still be held: the balance above the floor.
    pub(super) const fn spendable(&self) -> i64 {
        self.posted.saturating_sub(self.held).saturating_sub(self.floor)
    }

    pub(super) const fn balance(&self) -> i64 {
        self.posted.saturating_sub(self.held)
    }
}

const COUNT_LIVE: &str = "select state, count(*) from live group by state";
const COUNT_REST: &str = "select m.high_water, m.messages, m.doubts, (select count(*) from parked),
 (select count(*) from notice), (select coalesce(max(id), 0) from parked) from meta m";
const WRITE_WALLET: &str = "update wallet set posted = ?2, held = ?3 where account_id = ?1";
const WRITE_META: &str = "update meta set high_water = ?1, messages = ?2, doubts = ?3 where id = 1";

impl Memory {
    /// Reads everything anew, at the start.
    pub(super) fn load(db: &Connection) -> Result<Self, Fault> {
        let mut memory = Self::default();
        memory.load_accounts(db)?;
        let counts = &mut memory.counts;
        db.query_row(COUNT_REST, [], |row| {
            counts.high_water = row.get(0)?;
            counts.stats.messages = count(row.get(1)?);
            counts.stats.doubts = count(row.get(2)?);
            counts.stats.parked = count(row.get(3)?);
            counts.stats.notices = count(row.get(4)?);
            counts.parked_last = row.get(5)?;
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

    /// Reads accounts and wallets anew, after a rollback.
    pub(super) fn load_accounts(&mut self, db: &Connection) -> Result<(), Fault> {
        self.changed.clear();
        self.accounts = rows::accounts(db, None)?
            .into_iter()
            .map(|row| {
                let purse = Purse { account: row.account, posted: row.posted, held: row.held, floor: row.floor };
                (purse.account.id, purse)
            })
            .collect();
        Ok(())
    }

    pub(super) fn purse(&self, id: AccountId) -> Option<&Purse> {
        self.accounts.get(&id)
    }

    /// Puts a new account with an empty wallet, or the changed form of a known one, which keeps its wallet.
    pub(super) fn put_account(&mut self, account: Account) {
        match self.accounts.get_mut(&account.id) {
            Some(purse) => purse.account = account,
            None => {
                self.accounts.insert(account.id, Purse { account, posted: 0, held: 0, floor: 0 });
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

    /// Writes what changed. The checks of the table judge it: a wallet that broke them fails here.
    pub(super) fn write_wallets(&mut self, db: &Connection) -> Result<(), Fault> {
        if self.changed.is_empty() {
            return Ok(());
        }
        let mut statement = db.prepare_cached(WRITE_WALLET)?;
        for id in &self.changed {
            let purse = self.accounts.get(id).ok_or_else(|| Fault::corrupt("an account without a wallet"))?;
            statement.execute(params![id.0, purse.posted, purse.held])?;
        }
        self.changed.clear();
        Ok(())
    }

    /// Writes the marks that differ from those of `before`.
    pub(super) fn write_meta(&self, db: &Connection, before: &Counts) -> Result<(), Fault> {
        let marks = |counts: &Counts| (counts.high_water, counts.stats.messages, counts.stats.doubts);
        if marks(&self.counts) != marks(before) {
            let (high_water, messages, doubts) = marks(&self.counts);
            db.prepare_cached(WRITE_META)?.execute(params![high_water, signed(messages), signed(doubts)])?;
        }
        Ok(())
    }
}

impl Counts {
    /// An id was seen.
    pub(super) fn saw_id(&mut self, id: i64) {
        self.high_water = self.high_water.max(id);
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

fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
