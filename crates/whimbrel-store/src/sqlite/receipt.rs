//! Receipts: finding their part by the carrier's id.
//!
//! The carrier's ids are kept longer than their parts, so that a receipt that comes again is known as late and not parked;
//! a sweep in small steps removes the old ones. Receipts that find no part are parked, see `parked.rs`.

use rusqlite::{OptionalExtension, params};
use whimbrel_core::part::Ignored;
use whimbrel_core::{CarrierId, CarrierMessageId, CarrierReceipt, KeyForm, MessageId, PartEvent, PartId, Span, id};

use super::change::{EndedPart, Happening};
use super::fault::Fault;
use super::rows::{self, LivePart};
use super::writer::Work;
use crate::op::{Answer, OpResult, PartChange, PartOutcome, ReceiptIn, ReceiptOutcome};

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
pub(super) const RECIPIENT: &str = "select recipient from message where id = ?1";
const NAME_LIVE: &str = "update live set carrier_message_id = ?2 where part_id = ?1 and carrier_message_id = ''";
const NAME_ENDED: &str = "update ended set carrier_message_id = ?2 where part_id = ?1 and carrier_message_id = ''";
const NAME_ATTEMPT: &str =
    "update attempt set carrier_message_id = ?3 where part_id = ?1 and number = ?2 and carrier_message_id = ''";
// The very operation that wrote the line comes again: two reports on the way may be told in turn, but not twice each.
const KNOWN_LINE: &str = "select 1 from event where message_id = ?1 and at = ?2 and sequence = ?3";
const LATE_COUNT: &str = "select count(*) from event where message_id = ?1 and what = 'late-receipt'";

/// Where a receipt's part is.
pub(super) enum Hit {
    Open(LivePart),
    Ended(EndedPart),
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
            Some(Hit::Ended(part)) => {
                self.write_late(part, &happening, &receipt.raw_id)?;
                ReceiptOutcome::Matched(self.not_open(part.part_id)?)
            }
        };
        Ok(OpResult::Receipt(Box::new(outcome)))
    }

    /// A receipt for an open part. Its end is recorded with the part; a report on the way gets a line in the story.
    pub(super) fn settle_receipt(
        &mut self,
        live: LivePart,
        happening: &Happening<'_>,
        raw_id: &str,
    ) -> Result<PartOutcome, Fault> {
        let (message_id, number, class) = (live.record.message_id, live.record.number, live.class);
        let on_the_way = matches!(happening.event, PartEvent::Receipt { status, .. } if !status.is_final());
        if on_the_way {
            let line = params![message_id.0, happening.happened_at.0, happening.notice_id.0];
            if self.db.prepare_cached(KNOWN_LINE)?.exists(line)? {
                let record = Some(live.record);
                let ignored = Some(Ignored::Repeated);
                return Ok(PartOutcome { record, class, ignored, submission: None, notices: Vec::new() });
            }
        }
        let outcome = self.settle(live, happening)?;
        if on_the_way && outcome.ignored.is_none() {
            self.write_event(message_id, number, "receipt", happening, &receipt_detail(happening, raw_id))?;
        }
        Ok(outcome)
    }

    /// A receipt for a part that had ended. The very operation that ended it, committed again, is none.
    pub(super) fn write_late(&self, part: EndedPart, happening: &Happening<'_>, raw_id: &str) -> Result<(), Fault> {
        if part.operation == happening.notice_id {
            return Ok(());
        }
        let count: i64 = self.db.prepare_cached(LATE_COUNT)?.query_row([part.message_id.0], |row| row.get(0))?;
        if count < LATE_MAX {
            let detail = receipt_detail(happening, raw_id);
            self.write_event(part.message_id, part.number, "late-receipt", happening, &detail)?;
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

    pub(super) fn hit(&self, part_id: PartId) -> Result<Option<(Hit, MessageId)>, Fault> {
        if let Some(live) = rows::find_live(self.db, part_id)? {
            let message_id = live.record.message_id;
            return Ok(Some((Hit::Open(live), message_id)));
        }
        let ended = self.ended_part(part_id)?;
        Ok(ended.map(|part| (Hit::Ended(part), part.message_id)))
    }

    fn recipient_agrees(&self, message_id: MessageId, recipient: &str) -> Result<bool, Fault> {
        if recipient.is_empty() {
            return Ok(false);
        }
        let stored: Option<Box<str>> =
            self.db.prepare_cached(RECIPIENT)?.query_row([message_id.0], |row| row.get(0)).optional()?;
        Ok(stored.as_deref() == Some(recipient))
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
            Some((Hit::Ended(part), message_id)) => (message_id, part.number, self.message(message_id)?.carrier),
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
