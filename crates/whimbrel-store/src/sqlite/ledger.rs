//! The ledger as an account's owner reads it, newest first.
//!
//! Its rows are found by what caused them, and charges are of all accounts: so as many of these are looked at as [`LOOKED_AT_MAX`] says,
//! and where an account has few among them the page is short and names the next one.

use rusqlite::{Connection, OptionalExtension, params};
use whimbrel_core::{AccountId, Bucket, Currency, Money, PartId, Timestamp, id};

use super::codes::{Code, parsed};
use super::fault::{Fault, corrupt_column};
use super::reads::limit;
use crate::view::{LedgerEntry, LedgerKind, LedgerPage};

/// Entries of one page at most.
const PAGE_MAX: usize = 1_000;
/// Charges of all accounts that are looked at for one page.
const LOOKED_AT_MAX: usize = 50_000;
/// Payments of an account that are read: each was made by hand or by an order that somebody made.
const PAYMENTS_MAX: usize = 10_000;

const CURRENCY: &str = "select currency from account where id = ?1";
// By the primary key, newest first: causes are ids.
const BY_CAUSE: &str = "select cause, debit, credit, amount, at, bucket from transfer
 where kind = ?1 and cause < ?2 order by cause desc limit ?3";
// By the primary key: causes of payments begin with their account's number.
const PAYMENTS: &str = "select substr(cause, length(?1) + 1), amount, at, bucket from transfer
 where kind = 2 and cause >= ?1 and cause < ?2 order by cause limit ?3";

/// What an id says of why a row was written.
type Why = fn(i64) -> LedgerKind;

/// Kinds of rows whose causes are ids.
const BY_ID: [(i64, Why); 4] = [
    (1, |id| LedgerKind::Part(PartId(id))),
    (3, LedgerKind::Number),
    (4, LedgerKind::Reload),
    (5, LedgerKind::Between),
];

pub(super) fn page(
    db: &Connection,
    account: AccountId,
    before: Option<i64>,
    count_max: usize,
) -> Result<LedgerPage, Fault> {
    let currency = db.prepare_cached(CURRENCY)?.query_row([account.0], |row| parsed(row, 0, |code| code.parse().ok()));
    let Some(currency) = currency.optional()? else { return Ok(LedgerPage::default()) };
    let reader = Reader { db, account, currency, before: before.unwrap_or(i64::MAX) };
    let count_max = count_max.clamp(1, PAGE_MAX);
    let mut entries = reader.payments()?;
    // Below this place charges were not looked at.
    let mut looked_to = i64::MIN;
    for (kind, why) in BY_ID {
        let (found, cut) = reader.by_cause(kind, why, count_max)?;
        entries.extend(found);
        looked_to = looked_to.max(cut);
    }
    entries.retain(|entry| entry.place >= looked_to);
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.place));
    let more = entries.len() > count_max;
    if more {
        // Whatever has the same place goes with the last one: the next page begins below it.
        let last = entries[count_max - 1].place;
        entries.retain(|entry| entry.place >= last);
    }
    let next = match entries.last() {
        Some(last) if more => Some(last.place),
        _ => Some(looked_to).filter(|place| *place > i64::MIN),
    };
    Ok(LedgerPage { entries, next })
}

struct Reader<'a> {
    db: &'a Connection,
    account: AccountId,
    currency: Currency,
    before: i64,
}

impl Reader<'_> {
    /// Entries whose causes are ids, and the place below which none was looked at.
    fn by_cause(&self, kind: i64, why: Why, count_max: usize) -> Result<(Vec<LedgerEntry>, i64), Fault> {
        let mut statement = self.db.prepare_cached(BY_CAUSE)?;
        let mut rows = statement.query(params![kind, self.before, limit(LOOKED_AT_MAX)])?;
        let (mut entries, mut last, mut count) = (Vec::new(), i64::MIN, 0);
        while let Some(row) = rows.next()? {
            (last, count) = (row.get(0)?, count + 1);
            let (debit, credit, amount): (i64, i64, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
            if debit != self.account.0 && credit != self.account.0 {
                continue;
            }
            let units = if credit == self.account.0 { amount } else { -amount };
            let amount = Money::new(units, self.currency);
            let bucket = bucket(row.get(5)?)?;
            entries.push(LedgerEntry { place: last, at: Timestamp(row.get(4)?), kind: why(last), amount, bucket });
            if entries.len() > count_max {
                return Ok((entries, last));
            }
        }
        let cut = if count == LOOKED_AT_MAX { last } else { i64::MIN };
        Ok((entries, cut))
    }

    fn payments(&self) -> Result<Vec<LedgerEntry>, Fault> {
        let from = format!("{:x}/", self.account.0);
        // The character after the slash.
        let until = format!("{:x}0", self.account.0);
        let mut statement = self.db.prepare_cached(PAYMENTS)?;
        let rows = statement.query_map(params![from, until, limit(PAYMENTS_MAX)], |row| {
            let at = Timestamp(row.get(2)?);
            Ok(LedgerEntry {
                place: id::lowest_at(at),
                at,
                kind: LedgerKind::Payment(row.get(0)?),
                amount: Money::new(row.get(1)?, self.currency),
                bucket: bucket(row.get(3)?).map_err(|_| corrupt_column(3))?,
            })
        })?;
        let payments: Vec<LedgerEntry> = rows.collect::<rusqlite::Result<_>>()?;
        Ok(payments.into_iter().filter(|payment| payment.place < self.before).collect())
    }
}

fn bucket(code: i64) -> Result<&'static str, Fault> {
    match (code, Bucket::from_code(code)) {
        (3, _) => Ok("several"),
        (_, Some(bucket)) => Ok(bucket.as_str()),
        (_, None) => Err(Fault::corrupt("the bucket of a transfer")),
    }
}
