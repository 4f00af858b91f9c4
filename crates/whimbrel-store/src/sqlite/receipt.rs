//! Receipts: finding their part by the carrier's id, parking those that outran the answer, and settling parked ones.
//!
//! The carrier's ids are kept longer than their parts, so that a receipt that comes again is known as late and not parked.
//! Every table here is bounded: ids by age, parked receipts by age and number; the oldest go first.

use rusqlite::{OptionalExtension, params};
use whimbrel_core::{
    CarrierId, CarrierMessageId, CarrierReceipt, KeyForm, MessageId, NoticeId, PartEvent, PartId, ReceiptStatus, Span,
    Timestamp, id,
};

use super::change::Happening;
use super::codes::parsed;
use super::fault::Fault;
use super::rows::{self, LivePart};
use super::writer::Work;
use crate::op::{Answer, OpResult, PartChange, PartOutcome, ReceiptIn, ReceiptOutcome};

/// Parked receipts at most; beyond, the oldest are dropped.
pub(super) const PARKED_MAX: u64 = 100_000;
/// How long a receipt is parked.
const PARKED_KEPT: Span = Span::hours(24);
/// How many old parked receipts one new one removes.
const PARKED_DROPPED_MAX: i64 = 16;
/// How long a carrier's id is known, counted from acceptance: a day longer than a part is tried at most.
const ID_KEPT: Span = Span::hours(96);
/// A step of the sweep over old ids comes after so many new ones and looks at so many.
const IDS_PER_SWEEP: u32 = 256;
const SWEPT_MAX: i64 = 1_024;
/// Parts looked at for one key: carriers that use ids again may have several.
const HITS_MAX: i64 = 8;
/// Late receipts that one message's story holds.
const LATE_MAX: i64 = 100;

// By the primary key.
const FIND_PARTS: &str = "select part_id from pidx where carrier = ?1 and key = ?2 order by part_id desc limit ?3";
const INSERT_ID: &str = "insert into pidx (carrier, key, part_id) values (?1, ?2, ?3) on conflict do nothing";
const SWEEP_STEP: &str = "select carrier, key, part_id from pidx where (carrier, key, part_id) > (?1, ?2, ?3)
 order by carrier, key, part_id limit ?4";
const DELETE_ID: &str = "delete from pidx where carrier = ?1 and key = ?2 and part_id = ?3
 and not exists (select 1 from live where live.part_id = ?3)";
const RECIPIENT: &str = "select recipient from message where id = ?1";
const NAME_LIVE: &str = "update live set carrier_message_id = ?2 where part_id = ?1 and carrier_message_id = ''";
const NAME_ENDED: &str = "update ended set carrier_message_id = ?2 where part_id = ?1 and carrier_message_id = ''";
const NAME_ATTEMPT: &str =
    "update attempt set carrier_message_id = ?3 where part_id = ?1 and number = ?2 and carrier_message_id = ''";
const LATE_COUNT: &str = "select count(*) from event where message_id = ?1 and what = 'late-receipt'";

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
const PARKED_OLD: &str = "select id from parked where at <= ?1 order by id limit ?2";
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

/// Where a receipt's part is.
enum Hit {
    Open(LivePart),
    Ended(MessageId, u8, PartId),
}

impl Work<'_> {
    pub(super) fn take_receipt(&mut self, incoming: &ReceiptIn) -> Result<OpResult, Fault> {
        self.saw(incoming.at, incoming.notice_id.0);
        let receipt = &incoming.receipt;
        let event = PartEvent::Receipt { status: receipt.status, cause: receipt.cause };
        let answer = Answer { id: None, code: receipt.code.clone() };
        let happening = Happening {
            event: &event,
            at: incoming.at,
            happened_at: incoming.at,
            notice_id: incoming.notice_id,
            answer: &answer,
        };
        let outcome = match self.find_part(incoming.carrier, receipt)? {
            None => self.park(incoming)?,
            Some(Hit::Open(live)) => ReceiptOutcome::Matched(self.settle_receipt(live, &happening, &receipt.raw_id)?),
            Some(Hit::Ended(message_id, number, part_id)) => {
                self.write_late(message_id, number, &happening, &receipt.raw_id)?;
                ReceiptOutcome::Matched(self.not_open(part_id)?)
            }
        };
        Ok(OpResult::Receipt(Box::new(outcome)))
    }

    /// A receipt for an open part. Its end is recorded with the part; a report on the way gets a line in the story.
    fn settle_receipt(
        &mut self,
        live: LivePart,
        happening: &Happening<'_>,
        raw_id: &str,
    ) -> Result<PartOutcome, Fault> {
        let (message_id, number) = (live.record.message_id, live.record.number);
        let outcome = self.settle(live, happening)?;
        if let (PartEvent::Receipt { status, .. }, true) = (happening.event, outcome.ignored.is_none())
            && !status.is_final()
        {
            self.write_event(message_id, number, "receipt", happening, &receipt_detail(happening, raw_id))?;
        }
        Ok(outcome)
    }

    fn write_late(
        &self,
        message_id: MessageId,
        number: u8,
        happening: &Happening<'_>,
        raw_id: &str,
    ) -> Result<(), Fault> {
        let count: i64 = self.db.prepare_cached(LATE_COUNT)?.query_row([message_id.0], |row| row.get(0))?;
        if count < LATE_MAX {
            self.write_event(message_id, number, "late-receipt", happening, &receipt_detail(happening, raw_id))?;
        }
        Ok(())
    }

    /// The part of a receipt: keys in the order of trust; within a key the open part first, then the one whose recipient
    /// agrees, then the newest.
    fn find_part(&self, carrier: CarrierId, receipt: &CarrierReceipt) -> Result<Option<Hit>, Fault> {
        for key in receipt.keys.iter().filter(|key| !key.key.is_empty()) {
            let mut best: Option<((bool, bool), Hit)> = None;
            let parts = self.parts_with(carrier, &key.key)?;
            // The usual case, one part under the very id, needs no look at the message.
            let unquestioned = parts.len() == 1 && key.form == KeyForm::Plain;
            for part_id in parts {
                let Some((hit, message_id)) = self.hit(part_id)? else { continue };
                let agrees = unquestioned || self.recipient_agrees(message_id, &receipt.recipient)?;
                if key.form == KeyForm::Converted && !agrees {
                    continue;
                }
                let rank = (matches!(hit, Hit::Open(_)), agrees);
                if best.as_ref().is_none_or(|(best, _)| rank > *best) {
                    best = Some((rank, hit));
                }
            }
            if let Some((_, hit)) = best {
                return Ok(Some(hit));
            }
        }
        Ok(None)
    }

    fn parts_with(&self, carrier: CarrierId, key: &[u8]) -> Result<Vec<PartId>, Fault> {
        let mut statement = self.db.prepare_cached(FIND_PARTS)?;
        let ids = statement.query_map(params![carrier.0, key, HITS_MAX], |row| Ok(PartId(row.get(0)?)))?;
        Ok(ids.collect::<rusqlite::Result<_>>()?)
    }

    fn hit(&self, part_id: PartId) -> Result<Option<(Hit, MessageId)>, Fault> {
        if let Some(live) = rows::find_live(self.db, part_id)? {
            let message_id = live.record.message_id;
            return Ok(Some((Hit::Open(live), message_id)));
        }
        let ended = self.ended_part(part_id)?;
        Ok(ended.map(|(message_id, number)| (Hit::Ended(message_id, number, part_id), message_id)))
    }

    fn recipient_agrees(&self, message_id: MessageId, recipient: &str) -> Result<bool, Fault> {
        if recipient.is_empty() {
            return Ok(false);
        }
        let stored: Option<Box<str>> =
            self.db.prepare_cached(RECIPIENT)?.query_row([message_id.0], |row| row.get(0)).optional()?;
        Ok(stored.as_deref() == Some(recipient))
    }

    fn park(&mut self, incoming: &ReceiptIn) -> Result<ReceiptOutcome, Fault> {
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

    /// The carrier named a part: receipts find it from now on, and those that waited for the name are settled in order.
    pub(super) fn know_carrier_id(
        &mut self,
        change: &PartChange,
        id: &CarrierMessageId,
        outcome: &mut PartOutcome,
    ) -> Result<(), Fault> {
        let PartEvent::Sent { attempt } = change.event else { return Ok(()) };
        let (message_id, number, carrier) = match self.hit(change.part_id)? {
            Some((Hit::Open(live), message_id)) => (message_id, live.record.number, live.record.carrier),
            Some((Hit::Ended(_, number, _), message_id)) => (message_id, number, self.message(message_id)?.carrier),
            None => return Ok(()),
        };
        if id.key.is_empty() {
            return Ok(());
        }
        let new = self.db.prepare_cached(INSERT_ID)?.execute(params![carrier.0, id.key, change.part_id.0])? == 1;
        if !new {
            return Ok(());
        }
        self.memory.counts.ids_since_sweep += 1;
        self.note_late_answer(change, attempt.0, id, message_id, number, outcome)?;
        self.settle_parked(change, carrier, &id.key, message_id, outcome)
    }

    /// An answer that came after its attempt was given up gets a line, and its id a place beside the attempt.
    fn note_late_answer(
        &self,
        change: &PartChange,
        attempt: u16,
        id: &CarrierMessageId,
        message_id: MessageId,
        number: u8,
        outcome: &PartOutcome,
    ) -> Result<(), Fault> {
        let named = params![change.part_id.0, attempt, id.raw];
        let after_the_end = self.db.prepare_cached(NAME_ATTEMPT)?.execute(named)? > 0;
        if outcome.ignored.is_none() && !after_the_end {
            return Ok(());
        }
        self.db.prepare_cached(NAME_LIVE)?.execute(params![change.part_id.0, id.raw])?;
        self.db.prepare_cached(NAME_ENDED)?.execute(params![change.part_id.0, id.raw])?;
        let happening = Happening {
            event: &change.event,
            at: change.at,
            happened_at: change.at,
            notice_id: change.notice_id,
            answer: &change.answer,
        };
        self.write_event(message_id, number, "late-answer", &happening, &format!("attempt {attempt}, id {}", id.raw))
    }

    fn settle_parked(
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
                Some((Hit::Ended(message_id, number, _), _)) => {
                    self.write_late(message_id, number, &happening, &parked.raw_id)?;
                }
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
            let cause = parsed(row, 3, whimbrel_core::Cause::parse)?;
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

    /// Looks at some ids from where it stopped before and removes those whose parts are long gone. It looks at four times as
    /// many as came, so the table holds little more than what is young.
    pub(super) fn sweep_carrier_ids(&mut self) -> Result<(), Fault> {
        if self.memory.counts.ids_since_sweep < IDS_PER_SWEEP {
            return Ok(());
        }
        self.memory.counts.ids_since_sweep = 0;
        let kept_from = self.memory.counts.now - ID_KEPT;
        let (carrier, key, part_id) = self.memory.sweep.take().unwrap_or((-1, Vec::new(), 0));
        let seen: Vec<(i64, Vec<u8>, i64)> = self
            .db
            .prepare_cached(SWEEP_STEP)?
            .query_map(params![carrier, key, part_id, SWEPT_MAX], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let mut delete = self.db.prepare_cached(DELETE_ID)?;
        for (carrier, key, part_id) in seen.iter().filter(|(_, _, part_id)| id::made_at(*part_id) < kept_from) {
            delete.execute(params![carrier, key, part_id])?;
        }
        // At the end of the table the next step starts over.
        self.memory.sweep = if seen.len() as i64 == SWEPT_MAX { seen.into_iter().last() } else { None };
        Ok(())
    }
}

/// For people: what the carrier said, without the recipient.
fn receipt_detail(happening: &Happening<'_>, raw_id: &str) -> String {
    let (status, cause) = match happening.event {
        PartEvent::Receipt { status, cause } => (status.as_str(), cause.as_str()),
        _ => ("", ""),
    };
    format!("{status}, cause {cause}, code {}, id {raw_id}", happening.answer.code)
}
