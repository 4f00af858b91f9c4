//! Receipts that came before the answer that names their part: kept until it comes, and settled with it.
//!
//! Bounded by age and by number; the oldest go first, and what goes is counted. The same receipt is parked once.

use rusqlite::{Connection, OptionalExtension, Row, params};
use whimbrel_core::{
    CarrierId, CarrierReceipt, Cause, KeyForm, MessageClass, NoticeId, PartEvent, ReceiptKey, ReceiptStatus, Report,
    Span, Timestamp,
};

use whimbrel_core::saboteur::{Saboteur, acts};

use super::change::Happening;
use super::codes::{parsed, reason_of, small};
use super::fault::Fault;
use super::find::{Found, Hit};
use super::reads::limit;
use super::writer::Work;
use crate::op::{Answer, OrphanReason, PartChange, PartOutcome, ReceiptIn, ReceiptOutcome};
use crate::view::Orphan;

/// Parked receipts at most, of all carriers together; beyond, the oldest are dropped. About half a kilobyte each.
pub(super) const PARKED_MAX: u64 = 1_000_000;
/// Parked receipts with one and the same key; beyond, the oldest of them is dropped.
const PARKED_ALIKE_MAX: usize = 64;
/// How long a receipt is parked.
const PARKED_KEPT: Span = Span::hours(24);
/// How many old ones go in one step, and how long the next step waits once none is left that is old enough.
const PARKED_DROPPED_MAX: i64 = 256;
const PARKED_LOOK: Span = Span::seconds(60);
/// Characters of a text, and octets of a key, that are kept: identifiers of carriers have 65 at most (SMPP 3.4 §5.2.23).
const TEXT_MAX: usize = 255;

const PARK: &str = "insert into parked (id, carrier, raw_id, status, cause, code, recipient, notice_id, at, reason)
 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const PARK_KEY: &str =
    "insert into parked_key (carrier, key, parked_id, form) values (?1, ?2, ?3, ?4) on conflict do nothing";
// By the index parked_by_operation.
const PARKED_BY: &str = "select 1 from parked where notice_id = ?1";
// The primary key of parked_key leads to the few receipts with that key.
const PARKED_FOR: &str = "select p.id, p.raw_id, p.status, p.cause, p.code, p.recipient, p.notice_id, p.at, p.reason
 from parked_key k join parked p on p.id = k.parked_id where k.carrier = ?1 and k.key = ?2 order by p.id limit ?3";
// By the index parked_key_of.
const KEYS_OF: &str = "select key, form from parked_key where parked_id = ?1 order by form, key";
const REASON: &str = "update parked set reason = ?2 where id = ?1";
// The first few by the primary key, which rises with the time of parking.
const PARKED_OLD: &str = "select id from (select id, at from parked order by id limit ?2) where at <= ?1";
const PARKED_OLDEST: &str = "select id from parked order by id limit 1";
const UNPARK: &str = "delete from parked where id = ?1";
const UNPARK_KEYS: &str = "delete from parked_key where parked_id = ?1";
// By the primary key, or by the index parked_by_carrier.
const ORPHANS: &str =
    "select carrier, raw_id, status, code, recipient, reason, at from parked order by id desc limit ?1";
const ORPHANS_OF: &str = "select carrier, raw_id, status, code, recipient, reason, at from parked
 where carrier = ?2 order by id desc limit ?1";

/// A receipt that waited. Its keys are read apart.
struct Parked {
    id: i64,
    receipt: CarrierReceipt,
    notice_id: NoticeId,
    at: Timestamp,
    reason: OrphanReason,
}

impl Work<'_> {
    pub(super) fn park(&mut self, incoming: &ReceiptIn, reason: OrphanReason) -> Result<ReceiptOutcome, Fault> {
        let CarrierId(carrier) = incoming.carrier;
        let receipt = kept(&incoming.receipt);
        if self.db.prepare_cached(PARKED_BY)?.exists([incoming.notice_id.0])? {
            return Ok(ReceiptOutcome::ParkedBefore(reason));
        }
        if let Some(first) = receipt.keys.first() {
            let alike = self.parked_for(incoming.carrier, &first.key)?;
            if alike.iter().any(|parked| same(&parked.receipt, &receipt)) {
                return Ok(ReceiptOutcome::ParkedBefore(reason));
            }
            if let (true, Some(oldest)) = (alike.len() >= PARKED_ALIKE_MAX, alike.first()) {
                self.drop_parked(oldest.id)?;
            }
        }
        if self.memory.counts.stats.parked >= PARKED_MAX {
            let oldest = self.db.prepare_cached(PARKED_OLDEST)?.query_row([], |row| row.get(0)).optional()?;
            oldest.into_iter().try_for_each(|id| self.drop_parked(id))?;
        }
        if receipt.status == ReceiptStatus::Expired && acts(Saboteur::ReceiptNotParked) {
            return Ok(ReceiptOutcome::Parked(reason));
        }
        let counts = &mut self.memory.counts;
        counts.parked_last += 1;
        counts.stats.parked += 1;
        let id = counts.parked_last;
        self.db.prepare_cached(PARK)?.execute(params![
            id,
            carrier,
            receipt.raw_id,
            receipt.status.as_str(),
            receipt.cause.as_str(),
            receipt.code,
            receipt.recipient,
            incoming.notice_id.0,
            incoming.at.0,
            reason.as_str(),
        ])?;
        let mut insert = self.db.prepare_cached(PARK_KEY)?;
        for key in &receipt.keys {
            insert.execute(params![carrier, key.key, id, i64::from(key.form.is_converted())])?;
        }
        Ok(ReceiptOutcome::Parked(reason))
    }

    /// Drops some that are past their time, part of any batch that comes when it is due.
    pub(super) fn sweep_parked(&mut self) -> Result<(), Fault> {
        let counts = self.memory.counts;
        if counts.stats.parked == 0 || counts.now < counts.parked_look_at {
            return Ok(());
        }
        let row = params![(counts.now - PARKED_KEPT).0, PARKED_DROPPED_MAX];
        let old: Vec<i64> =
            self.db.prepare_cached(PARKED_OLD)?.query_map(row, |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        if (old.len() as i64) < PARKED_DROPPED_MAX {
            self.memory.counts.parked_look_at = counts.now + PARKED_LOOK;
        }
        old.into_iter().try_for_each(|id| self.drop_parked(id))
    }

    /// Removes one that nobody will ask for any more, and counts it.
    fn drop_parked(&mut self, id: i64) -> Result<(), Fault> {
        self.memory.counts.parked_dropped += 1;
        self.unpark(id)
    }

    fn unpark(&mut self, id: i64) -> Result<(), Fault> {
        self.db.prepare_cached(UNPARK_KEYS)?.execute([id])?;
        self.db.prepare_cached(UNPARK)?.execute([id])?;
        let parked = &mut self.memory.counts.stats.parked;
        *parked = parked.saturating_sub(1);
        Ok(())
    }

    /// Settles the receipts that waited for this part's name, in the order in which they came. Each is looked up as if it came
    /// now, so that what came early finds what it would have found later.
    pub(super) fn settle_parked(
        &mut self,
        change: &PartChange,
        carrier: CarrierId,
        key: &[u8],
        outcome: &mut PartOutcome,
    ) -> Result<(), Fault> {
        if self.memory.counts.stats.parked == 0 {
            return Ok(());
        }
        for mut parked in self.parked_for(carrier, key)? {
            parked.receipt.keys = self.keys_of(parked.id)?;
            let hit = match self.find_part(carrier, &parked.receipt, parked.notice_id)? {
                Found::Part { hit, .. } if hit.part_id() == change.part_id => hit,
                Found::Part { .. } => continue,
                Found::Nothing(reason) => {
                    if reason != parked.reason {
                        self.db.prepare_cached(REASON)?.execute(params![parked.id, reason.as_str()])?;
                    }
                    continue;
                }
            };
            self.unpark(parked.id)?;
            let is_bulk = matches!(&hit, Hit::Open(live) if live.record.class == MessageClass::Bulk);
            if is_bulk && acts(Saboteur::ParkedNotSettled) {
                continue;
            }
            let receipt = parked.receipt;
            let answer = Answer { id: None, code: receipt.code };
            // It is no reason to go elsewhere: where routes led when it came is not known any more.
            let report = Report { carrier, status: receipt.status, cause: receipt.cause, next: None };
            let happening = Happening {
                event: &PartEvent::Receipt(report),
                at: change.at,
                happened_at: parked.at,
                notice_id: parked.notice_id,
                answer: &answer,
            };
            match hit {
                Hit::Open(live) => {
                    let settled = self.settle_receipt(live, &happening, &receipt.raw_id)?;
                    outcome.record = settled.record;
                    outcome.after = settled.after;
                    outcome.notices.extend(settled.notices);
                }
                Hit::Ended(part) => self.write_late(&part, &happening, &receipt.raw_id)?,
            }
        }
        Ok(())
    }

    /// Those with that key, the oldest first.
    fn parked_for(&self, carrier: CarrierId, key: &[u8]) -> Result<Vec<Parked>, Fault> {
        let mut statement = self.db.prepare_cached(PARKED_FOR)?;
        let parked = statement.query_map(params![carrier.0, key, PARKED_ALIKE_MAX as i64], |row| {
            Ok(Parked {
                id: row.get(0)?,
                receipt: CarrierReceipt {
                    keys: Vec::new(),
                    raw_id: row.get(1)?,
                    status: parsed(row, 2, ReceiptStatus::parse)?,
                    cause: parsed(row, 3, Cause::parse)?,
                    code: row.get(4)?,
                    recipient: row.get(5)?,
                    // It was learned when the receipt came.
                    network: None,
                },
                notice_id: NoticeId(row.get(6)?),
                at: Timestamp(row.get(7)?),
                reason: parsed(row, 8, reason_of)?,
            })
        })?;
        Ok(parked.collect::<rusqlite::Result<_>>()?)
    }

    fn keys_of(&self, parked_id: i64) -> Result<Vec<ReceiptKey>, Fault> {
        let mut statement = self.db.prepare_cached(KEYS_OF)?;
        let keys = statement.query_map([parked_id], |row| {
            // Which way an id was converted is not kept: the answer that settles the receipt does not tell it.
            let form = if row.get::<_, i64>(1)? == 0 { KeyForm::Plain } else { KeyForm::ToHexadecimal };
            Ok(ReceiptKey { key: row.get(0)?, form })
        })?;
        Ok(keys.collect::<rusqlite::Result<_>>()?)
    }
}

/// What of a receipt is kept: a carrier does not decide how much that is.
fn kept(receipt: &CarrierReceipt) -> CarrierReceipt {
    let cut = |text: &str| text.chars().take(TEXT_MAX).collect::<String>().into_boxed_str();
    let fits = |key: &&ReceiptKey| (1..=TEXT_MAX).contains(&key.key.len());
    CarrierReceipt {
        keys: receipt.keys.iter().filter(fits).cloned().collect(),
        raw_id: cut(&receipt.raw_id),
        code: cut(&receipt.code),
        recipient: cut(&receipt.recipient),
        network: None,
        ..*receipt
    }
}

/// Whether two say the same, whatever keys they have.
fn same(a: &CarrierReceipt, b: &CarrierReceipt) -> bool {
    let said = |receipt: &CarrierReceipt| (receipt.status, receipt.cause);
    said(a) == said(b) && a.raw_id == b.raw_id && a.code == b.code && a.recipient == b.recipient
}

pub(super) fn orphans(db: &Connection, carrier: Option<CarrierId>, count_max: usize) -> Result<Vec<Orphan>, Fault> {
    let count_max = limit(count_max);
    let orphans = match carrier {
        None => db.prepare_cached(ORPHANS)?.query_map([count_max], orphan)?.collect::<rusqlite::Result<_>>()?,
        Some(CarrierId(carrier)) => db
            .prepare_cached(ORPHANS_OF)?
            .query_map([count_max, i64::from(carrier)], orphan)?
            .collect::<rusqlite::Result<_>>()?,
    };
    Ok(orphans)
}

fn orphan(row: &Row<'_>) -> rusqlite::Result<Orphan> {
    Ok(Orphan {
        carrier: CarrierId(small(row, 0)?),
        raw_id: row.get(1)?,
        status: parsed(row, 2, ReceiptStatus::parse)?,
        code: row.get(3)?,
        recipient: row.get(4)?,
        reason: parsed(row, 5, reason_of)?,
        at: Timestamp(row.get(6)?),
    })
}
