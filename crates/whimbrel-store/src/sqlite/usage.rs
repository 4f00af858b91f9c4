//! What accounts do, by day: counted in memory while a batch is worked on, and added to the rows once at its end.
//!
//! A day is that of a message's id, so that all that becomes of its parts counts for the day on which it was accepted.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};
use whimbrel_core::id::made_at;
use whimbrel_core::{AccountId, Currency, Final, MessageId, Money, ReceiptStatus};

use super::codes::parsed;
use super::fault::Fault;
use super::memory::day_of;
use super::reads::limit;
use crate::view::{UsageDay, UsageFilter};

/// Days that one read gives at most.
const DAYS_MAX: usize = 1_000;

// Both by the primary key. A row is added to before it is made: what is given back on a day without a row would break its checks.
const ADD: &str = "update usage_day set messages = messages + ?3, parts = parts + ?4, delivered = delivered + ?5, failed = failed + ?6,
 spent = max(spent + ?7, 0) where account_id = ?1 and day = ?2";
const MAKE: &str = "insert into usage_day values (?1, ?2, ?3, ?4, ?5, ?6, max(?7, 0))";
// By the primary keys.
const DAYS: &str = "select u.day, u.messages, u.parts, u.delivered, u.failed, u.spent, a.currency
 from usage_day u join account a on a.id = u.account_id
 where u.account_id = ?1 and u.day >= ?2 and u.day < ?3 order by u.day limit ?4";

/// What is to be added, by account and day.
#[derive(Debug, Default)]
pub(super) struct Usage(BTreeMap<(AccountId, i64), Added>);

#[derive(Debug, Default, Clone, Copy)]
struct Added {
    messages: i64,
    parts: i64,
    delivered: i64,
    failed: i64,
    spent: i64,
}

impl Usage {
    /// A message was accepted, whose parts cost so much together.
    pub(super) fn accepted(&mut self, account: AccountId, message: MessageId, part_count: usize, units: i64) {
        let added = self.of(account, message);
        added.messages += 1;
        added.parts += i64::try_from(part_count).unwrap_or(i64::MAX);
        added.spent = added.spent.saturating_add(units);
    }

    /// The price of a part was given back.
    pub(super) fn given_back(&mut self, account: AccountId, message: MessageId, units: i64) {
        let added = self.of(account, message);
        added.spent = added.spent.saturating_sub(units);
    }

    /// A part ended.
    pub(super) fn ended(&mut self, account: AccountId, message: MessageId, end: Final) {
        let added = self.of(account, message);
        match end.status {
            ReceiptStatus::Delivered => added.delivered += 1,
            ReceiptStatus::Expired | ReceiptStatus::Failed | ReceiptStatus::Rejected => added.failed += 1,
            ReceiptStatus::Unknown | ReceiptStatus::Submitted | ReceiptStatus::Accepted | ReceiptStatus::Buffered => {}
        }
    }

    /// Forgets what a batch that failed had added.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds it to the rows.
    pub(super) fn write(&mut self, db: &Connection) -> Result<(), Fault> {
        for ((account, day), added) in std::mem::take(&mut self.0) {
            let Added { messages, parts, delivered, failed, spent } = added;
            let row = params![account.0, day, messages, parts, delivered, failed, spent];
            if db.prepare_cached(ADD)?.execute(row)? == 0 {
                db.prepare_cached(MAKE)?.execute(row)?;
            }
        }
        Ok(())
    }

    fn of(&mut self, account: AccountId, message: MessageId) -> &mut Added {
        self.0.entry((account, day_of(made_at(message.0)))).or_default()
    }
}

/// The days on which an account did something.
pub(super) fn days(db: &Connection, filter: &UsageFilter) -> Result<Vec<UsageDay>, Fault> {
    let values = params![filter.account_id.0, filter.from_day, filter.until_day, limit(DAYS_MAX)];
    let mut statement = db.prepare_cached(DAYS)?;
    let rows = statement.query_map(values, |row| {
        let currency: Currency = parsed(row, 6, |code| code.parse().ok())?;
        Ok(UsageDay {
            day: row.get(0)?,
            messages: row.get(1)?,
            parts: row.get(2)?,
            delivered: row.get(3)?,
            failed: row.get(4)?,
            spent: Money::new(row.get(5)?, currency),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
