//! Receipts that came before the answer that names their part: kept until it comes, and settled with it.
//!
//! Bounded by age and by number; the oldest go first, and what goes is counted. The same receipt is parked once.

use rusqlite::params;
use whimbrel_core::{CarrierId, Cause, KeyForm, MessageId, NoticeId, PartEvent, ReceiptStatus, Span, Timestamp};

use super::change::Happening;
use super::codes::parsed;
use super::fault::Fault;
use super::receipt::{Hit, RECIPIENT};
use super::writer::Work;
use crate::op::{Answer, PartChange, PartOutcome, ReceiptIn, ReceiptOutcome};

/// Parked receipts at most; beyond, the oldest are dropped.
pub(super) const PARKED_MAX: u64 = 100_000;
/// How long a receipt is parked.
const PARKED_KEPT: Span = Span::hours(24);
/// How many old parked receipts one new one removes.
const PARKED_DROPPED_MAX: i64 = 16;

const PARK: &str = "insert into parked (id, carrier, raw_id, status, cause, code, recipient, notice_id, at)
 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const PARK_KEY: &str =
    "insert into parked_key (carrier, key, parked_id, form) values (?1, ?2, ?3, ?4) on conflict do nothing";
// The primary key of parked_key leads to the few receipts with that key.
const PARKED_ALIKE: &str = "select 1 from parked_key k join parked p on p.id = k.parked_id
 where k.carrier = ?1 and k.key = ?2 and p.raw_id = ?3 and p.status = ?4 and p.cause = ?5 and p.code = ?6
 and p.recipient = ?7 limit 1";
const PARKED_FOR: &str = "select p.id, p.raw_id, p.status, p.cause, p.code, p.recipient, p.notice_id, p.at
 from parked_key k join parked p on p.id = k.parked_id
 where k.carrier = ?1 and k.key = ?2 and (k.form = 0 or p.recipient = ?3) order by p.id limit 64";
// The first few by the primary key, which rises with the time of parking.
const PARKED_OLD: &str = "select id from (select id, at from parked order by id limit ?2) where at <= ?1";
const PARKED_OLDEST: &str = "select id from parked order by id limit ?1";
const UNPARK: &str = "delete from parked where id = ?1";
const UNPARK_KEYS: &str = "delete from parked_key where parked_id = ?1";

/// A receipt that waited.
struct Parked {
    id: i64,
    raw_id: Box<str>,
    event: PartEvent,
    code: Box<str>,
    notice_id: NoticeId,
    at: Timestamp,
}

impl Work<'_> {
    pub(super) fn park(&mut self, incoming: &ReceiptIn) -> Result<ReceiptOutcome, Fault> {
        let (CarrierId(carrier), receipt) = (incoming.carrier, &incoming.receipt);
        let (status, cause) = (receipt.status.as_str(), receipt.cause.as_str());
        if let Some(first) = receipt.keys.first() {
            let same = params![carrier, first.key, receipt.raw_id, status, cause, receipt.code, receipt.recipient];
            if self.db.prepare_cached(PARKED_ALIKE)?.exists(same)? {
                return Ok(ReceiptOutcome::ParkedBefore);
            }
        }
        self.drop_parked(incoming.at)?;
        let counts = &mut self.memory.counts;
        counts.parked_last += 1;
        counts.stats.parked += 1;
        let id = counts.parked_last;
        let (notice_id, at) = (incoming.notice_id.0, incoming.at.0);
        let row = params![id, carrier, receipt.raw_id, status, cause, receipt.code, receipt.recipient, notice_id, at];
        self.db.prepare_cached(PARK)?.execute(row)?;
        let mut insert = self.db.prepare_cached(PARK_KEY)?;
        for key in receipt.keys.iter().filter(|key| !key.key.is_empty()) {
            insert.execute(params![carrier, key.key, id, i64::from(key.form == KeyForm::Converted)])?;
        }
        Ok(ReceiptOutcome::Parked)
    }

    /// Makes room for one more: those past their time go, and the oldest if there are too many.
    fn drop_parked(&mut self, now: Timestamp) -> Result<(), Fault> {
        let ids = |statement: &mut rusqlite::CachedStatement<'_>, row: &[&dyn rusqlite::ToSql]| {
            statement.query_map(row, |row| row.get(0))?.collect::<rusqlite::Result<Vec<i64>>>()
        };
        let mut old =
            ids(&mut self.db.prepare_cached(PARKED_OLD)?, params![(now - PARKED_KEPT).0, PARKED_DROPPED_MAX])?;
        if old.is_empty() && self.memory.counts.stats.parked >= PARKED_MAX {
            old = ids(&mut self.db.prepare_cached(PARKED_OLDEST)?, params![1])?;
        }
        self.memory.counts.parked_dropped += old.len() as u64;
        old.into_iter().try_for_each(|id| self.unpark(id))
    }

    fn unpark(&mut self, id: i64) -> Result<(), Fault> {
        self.db.prepare_cached(UNPARK_KEYS)?.execute([id])?;
        self.db.prepare_cached(UNPARK)?.execute([id])?;
        let parked = &mut self.memory.counts.stats.parked;
        *parked = parked.saturating_sub(1);
        Ok(())
    }

    pub(super) fn settle_parked(
        &mut self,
        change: &PartChange,
        carrier: CarrierId,
        key: &[u8],
        message_id: MessageId,
        outcome: &mut PartOutcome,
    ) -> Result<(), Fault> {
        if self.memory.counts.stats.parked == 0 {
            return Ok(());
        }
        for parked in self.parked_for(carrier, key, message_id)? {
            self.unpark(parked.id)?;
            let answer = Answer { id: None, code: parked.code };
            let happening = Happening {
                event: &parked.event,
                at: change.at,
                happened_at: parked.at,
                notice_id: parked.notice_id,
                answer: &answer,
            };
            match self.hit(change.part_id)? {
                Some((Hit::Open(live), _)) => {
                    let settled = self.settle_receipt(live, &happening, &parked.raw_id)?;
                    outcome.record = settled.record;
                    outcome.notices.extend(settled.notices);
                }
                Some((Hit::Ended(part), _)) => self.write_late(part, &happening, &parked.raw_id)?,
                None => {}
            }
        }
        Ok(())
    }

    fn parked_for(&self, carrier: CarrierId, key: &[u8], message_id: MessageId) -> Result<Vec<Parked>, Fault> {
        let mut statement = self.db.prepare_cached(PARKED_FOR)?;
        let recipient: Box<str> = self.db.prepare_cached(RECIPIENT)?.query_row([message_id.0], |row| row.get(0))?;
        let parked = statement.query_map(params![carrier.0, key, recipient], |row| {
            let status = parsed(row, 2, ReceiptStatus::parse)?;
            let cause = parsed(row, 3, Cause::parse)?;
            Ok(Parked {
                id: row.get(0)?,
                raw_id: row.get(1)?,
                event: PartEvent::Receipt { status, cause },
                code: row.get(4)?,
                notice_id: NoticeId(row.get(6)?),
                at: Timestamp(row.get(7)?),
            })
        })?;
        Ok(parked.collect::<rusqlite::Result<_>>()?)
    }
}
