//! What accounts do by day, and carriers by hour: counted in memory while a batch is worked on, and added to the rows once at its end.
//!
//! A day or an hour is that of a message's id, so that all that becomes of its parts counts for the day on which it was accepted.

use std::collections::BTreeMap;
use std::ops::Range;

use rusqlite::{Connection, params};
use whimbrel_core::id::made_at;
use whimbrel_core::{AccountId, CarrierId, Currency, Final, MessageId, Money, ReceiptStatus};

use super::codes::{parsed, small};
use super::fault::Fault;
use super::memory::day_of;
use super::reads::limit;
use crate::view::{AccountTraffic, TrafficHour, UsageDay, UsageFilter};

/// Days that one read gives at most, and accounts.
const DAYS_MAX: usize = 1_000;
/// Rows that one read gives at most: more than a month of 64 carriers.
const HOURS_MAX: usize = 50_000;

// Both by the primary key. A row is added to before it is made: what is given back on a day without a row would break its checks.
const ADD: &str = "update usage_day set messages = messages + ?3, parts = parts + ?4, delivered = delivered + ?5, failed = failed + ?6,
 spent = max(spent + ?7, 0) where account_id = ?1 and day = ?2";
const MAKE: &str = "insert into usage_day values (?1, ?2, ?3, ?4, ?5, ?6, max(?7, 0))";
// By the primary keys.
const DAYS: &str = "select u.day, u.messages, u.parts, u.delivered, u.failed, u.spent, a.currency
 from usage_day u join account a on a.id = u.account_id
 where u.account_id = ?1 and u.day >= ?2 and u.day < ?3 order by u.day limit ?4";

const ADD_HOUR: &str =
    "update traffic_hour set messages = messages + ?3, parts = parts + ?4, delivered = delivered + ?5,
 failed = failed + ?6 where hour = ?1 and carrier = ?2";
const MAKE_HOUR: &str = "insert into traffic_hour values (?1, ?2, ?3, ?4, ?5, ?6)";
// By the primary key.
const HOURS: &str = "select hour, carrier, messages, parts, delivered, failed from traffic_hour
 where hour >= ?1 and hour < ?2 order by hour, carrier limit ?3";
// Small: a row for each account and day, by the primary key of each account.
const OF_ACCOUNTS: &str =
    "select a.id, a.dialect, a.key, a.name, a.currency, sum(u.messages), sum(u.parts), sum(u.delivered),
 sum(u.failed), sum(u.spent) from account a join usage_day u on u.account_id = a.id and u.day >= ?1 and u.day < ?2
 group by a.id order by sum(u.parts) desc, a.id limit ?3";

/// What is to be added.
#[derive(Debug, Default)]
pub(super) struct Usage {
    /// By account and day.
    days: BTreeMap<(AccountId, i64), Added>,
    /// By hour and carrier.
    hours: BTreeMap<(i64, CarrierId), Added>,
}

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
    pub(super) fn accepted(
        &mut self,
        (account, message): (AccountId, MessageId),
        by: CarrierId,
        parts: usize,
        units: i64,
    ) {
        let parts = i64::try_from(parts).unwrap_or(i64::MAX);
        self.of(account, message).accepted(parts, units);
        self.by(by, message).accepted(parts, units);
    }

    /// The price of a part was given back.
    pub(super) fn given_back(&mut self, account: AccountId, message: MessageId, units: i64) {
        let added = self.of(account, message);
        added.spent = added.spent.saturating_sub(units);
    }

    /// A part ended.
    pub(super) fn ended(&mut self, (account, message): (AccountId, MessageId), by: CarrierId, end: Final) {
        let (delivered, failed) = match end.status {
            ReceiptStatus::Delivered => (1, 0),
            ReceiptStatus::Expired | ReceiptStatus::Failed | ReceiptStatus::Rejected => (0, 1),
            ReceiptStatus::Unknown | ReceiptStatus::Submitted | ReceiptStatus::Accepted | ReceiptStatus::Buffered => {
                return;
            }
        };
        self.of(account, message).ended(delivered, failed);
        self.by(by, message).ended(delivered, failed);
    }

    /// Forgets what a batch that failed had added.
    pub(super) fn clear(&mut self) {
        self.days.clear();
        self.hours.clear();
    }

    /// Adds it to the rows.
    pub(super) fn write(&mut self, db: &Connection) -> Result<(), Fault> {
        for ((account, day), added) in std::mem::take(&mut self.days) {
            let Added { messages, parts, delivered, failed, spent } = added;
            let row = params![account.0, day, messages, parts, delivered, failed, spent];
            if db.prepare_cached(ADD)?.execute(row)? == 0 {
                db.prepare_cached(MAKE)?.execute(row)?;
            }
        }
        for ((hour, carrier), added) in std::mem::take(&mut self.hours) {
            let Added { messages, parts, delivered, failed, spent: _ } = added;
            let row = params![hour, carrier.0, messages, parts, delivered, failed];
            if db.prepare_cached(ADD_HOUR)?.execute(row)? == 0 {
                db.prepare_cached(MAKE_HOUR)?.execute(row)?;
            }
        }
        Ok(())
    }

    fn of(&mut self, account: AccountId, message: MessageId) -> &mut Added {
        self.days.entry((account, day_of(made_at(message.0)))).or_default()
    }

    fn by(&mut self, carrier: CarrierId, message: MessageId) -> &mut Added {
        self.hours.entry((made_at(message.0).unix_seconds().div_euclid(3_600), carrier)).or_default()
    }
}

impl Added {
    fn accepted(&mut self, parts: i64, units: i64) {
        self.messages += 1;
        self.parts += parts;
        self.spent = self.spent.saturating_add(units);
    }

    fn ended(&mut self, delivered: i64, failed: i64) {
        self.delivered += delivered;
        self.failed += failed;
    }
}

/// What carriers did, by hour.
pub(super) fn hours(db: &Connection, hours: Range<i64>) -> Result<Vec<TrafficHour>, Fault> {
    let mut statement = db.prepare_cached(HOURS)?;
    let rows = statement.query_map(params![hours.start, hours.end, limit(HOURS_MAX)], |row| {
        Ok(TrafficHour {
            hour: row.get(0)?,
            carrier: CarrierId(small(row, 1)?),
            messages: row.get(2)?,
            parts: row.get(3)?,
            delivered: row.get(4)?,
            failed: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// What accounts did in a span of days, those with the most parts first.
pub(super) fn of_accounts(db: &Connection, days: Range<i64>, count_max: usize) -> Result<Vec<AccountTraffic>, Fault> {
    let mut statement = db.prepare_cached(OF_ACCOUNTS)?;
    let rows = statement.query_map(params![days.start, days.end, limit(count_max.min(DAYS_MAX))], |row| {
        let currency: Currency = parsed(row, 4, |code| code.parse().ok())?;
        Ok(AccountTraffic {
            account_id: AccountId(row.get(0)?),
            dialect: row.get(1)?,
            key: row.get(2)?,
            name: row.get(3)?,
            messages: row.get(5)?,
            parts: row.get(6)?,
            delivered: row.get(7)?,
            failed: row.get(8)?,
            spent: Money::new(row.get(9)?, currency),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
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
