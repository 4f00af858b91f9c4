//! Receipts: finding their part by the carrier's id.
//!
//! The carrier's ids are kept longer than their parts, so that a receipt that comes again is known as late and not parked; see
//! `sweep.rs`. Receipts that find no part are parked, see `parked.rs`.

use rusqlite::{OptionalExtension, params};
use whimbrel_core::part::Ignored;
use whimbrel_core::saboteur::{Saboteur, acts};
use whimbrel_core::{
    AttemptNumber, CarrierId, CarrierMessageId, Cause, MessageId, PartEvent, PartId, PartRecord, ReceiptStatus, Report,
    Timestamp,
};

use super::change::{EndedPart, Happening};
use super::codes::parsed;
use super::fault::Fault;
use super::find::{Found, Hit};
use super::rows::LivePart;
use super::writer::Work;
use crate::op::{Answer, OpResult, PartChange, PartOutcome, ReceiptIn, ReceiptOutcome};

/// Late receipts that one message's story holds.
const LATE_MAX: i64 = 100;

const INSERT_ID: &str = "insert into pidx (carrier, key, part_id, raw) values (?1, ?2, ?3, ?4) on conflict do nothing";
// By the primary key.
const ATTEMPT_CARRIER: &str = "select carrier from attempt where part_id = ?1 and number = ?2";
// By the primary keys; usually the only id under the key is the part's own.
const REPORTED_SIBLING: &str =
    "select e.status, e.cause, e.code, e.ended_at from pidx p join ended e on e.part_id = p.part_id
 where p.carrier = ?1 and p.key = ?2 and p.part_id <> ?3 and e.message_id = ?4 and e.carrier_message_id = ?5
 and e.ended_by = 'receipt' limit 1";
const NAME_LIVE: &str = "update live set carrier_message_id = ?2 where part_id = ?1 and carrier_message_id = ''";
const NAME_ENDED: &str = "update ended set carrier_message_id = ?2 where part_id = ?1 and carrier_message_id = ''";
const NAME_ATTEMPT: &str =
    "update attempt set carrier_message_id = ?3 where part_id = ?1 and number = ?2 and carrier_message_id = ''";
// The very operation that wrote the line comes again: two reports on the way may be told in turn, but not twice each.
const KNOWN_LINE: &str = "select 1 from event where message_id = ?1 and at = ?2 and sequence = ?3";
const LATE_COUNT: &str = "select count(*) from event where message_id = ?1 and what = 'late-receipt'";

impl Work<'_> {
    pub(super) fn take_receipt(&mut self, incoming: &ReceiptIn) -> Result<OpResult, Fault> {
        self.saw(incoming.at, incoming.notice_id.0);
        let receipt = &incoming.receipt;
        let found = self.find_part(incoming.carrier, receipt, incoming.notice_id)?;
        let next = match &found {
            Found::Part { hit: Hit::Open(live), .. } => self.onward(incoming, live)?,
            _ => None,
        };
        let report = Report { carrier: incoming.carrier, status: receipt.status, cause: receipt.cause, next };
        let event = PartEvent::Receipt(report);
        let answer = Answer { id: None, code: receipt.code.clone() };
        let happening = Happening {
            event: &event,
            at: incoming.at,
            happened_at: incoming.at,
            notice_id: incoming.notice_id,
            answer: &answer,
        };
        let outcome = match found {
            Found::Nothing(reason) => {
                let parked = self.park(incoming, reason)?;
                self.settle_as_evidence(incoming, parked)?
            }
            Found::Part { hit, form, siblings } => {
                let outcome = match hit {
                    Hit::Open(live) => self.settle_receipt(live, &happening, &receipt.raw_id)?,
                    Hit::Ended(part) => {
                        self.write_late(&part, &happening, &receipt.raw_id)?;
                        self.not_open(part.part_id)?
                    }
                };
                ReceiptOutcome::Matched { outcome, form, siblings }
            }
        };
        Ok(OpResult::Receipt(Box::new(outcome)))
    }

    /// Who gets a part whose number is in another network. Nobody gets one of several: what becomes of the others, and whether the carrier
    /// took them as one, may not be known yet, and half a text is of no use.
    fn onward(&self, incoming: &ReceiptIn, live: &LivePart) -> Result<Option<CarrierId>, Fault> {
        if incoming.onward.is_empty() {
            return Ok(None);
        }
        let message = self.message(live.record.message_id)?;
        let onward = incoming.onward.iter().find(|onward| message.part_count == 1 && onward.route == message.route);
        Ok(onward.map(|onward| onward.next))
    }

    /// A receipt for an open part. Its end is recorded with the part; whatever else it says gets a line in the story.
    pub(super) fn settle_receipt(
        &mut self,
        live: LivePart,
        happening: &Happening<'_>,
        raw_id: &str,
    ) -> Result<PartOutcome, Fault> {
        let (message_id, number, class) = (live.record.message_id, live.record.number, live.class);
        let on_the_way = matches!(happening.event, PartEvent::Receipt(report) if !report.status.is_final());
        let before = live.record;
        if on_the_way {
            let line = params![message_id.0, happening.happened_at.0, happening.notice_id.0];
            if self.db.prepare_cached(KNOWN_LINE)?.exists(line)? {
                let record = Some(live.record);
                let ignored = Some(Ignored::Repeated);
                return Ok(PartOutcome {
                    record,
                    after: record,
                    class,
                    ignored,
                    submission: None,
                    notices: Vec::new(),
                });
            }
        }
        let outcome = self.settle(live, happening)?;
        let detail = receipt_detail(happening, raw_id);
        match (outcome.ignored, outcome.record) {
            (Some(Ignored::Stale), _) => self.write_late_line(message_id, number, happening, &detail)?,
            (None, Some(after)) if after.reroutes != before.reroutes => {
                let (from, to) = (self.carrier_name(before.carrier)?, self.carrier_name(after.carrier)?);
                let detail = format!("{detail}; from {from} to {to}");
                self.write_event(message_id, number, "rerouted", happening, &detail)?;
            }
            // It has not ended: the line is all that is left of the report.
            (None, Some(_)) => self.write_event(message_id, number, "receipt", happening, &detail)?,
            (_, _) => {}
        }
        Ok(outcome)
    }

    /// A receipt for a part that had ended. The very operation that ended it, committed again, is none.
    pub(super) fn write_late(&self, part: &EndedPart, happening: &Happening<'_>, raw_id: &str) -> Result<(), Fault> {
        if part.operation == happening.notice_id {
            return Ok(());
        }
        self.write_late_line(part.message_id, part.number, happening, &receipt_detail(happening, raw_id))
    }

    /// A receipt that changed nothing any more.
    fn write_late_line(
        &self,
        message_id: MessageId,
        number: u8,
        happening: &Happening<'_>,
        detail: &str,
    ) -> Result<(), Fault> {
        let count: i64 = self.db.prepare_cached(LATE_COUNT)?.query_row([message_id.0], |row| row.get(0))?;
        match count < LATE_MAX {
            true => self.write_event(message_id, number, "late-receipt", happening, detail),
            false => Ok(()),
        }
    }

    /// The carrier named a part in the answer that the part waited for, and what follows from the answer is written.
    pub(super) fn know_answer(
        &mut self,
        change: &PartChange,
        id: &CarrierMessageId,
        before: &PartRecord,
        outcome: &mut PartOutcome,
    ) -> Result<(), Fault> {
        let is_open = outcome.record.is_some();
        if self.is_unknown(change.part_id, before.carrier, id, is_open)? {
            self.settle_by_name(change, before.carrier, id, outcome)?;
        }
        Ok(())
    }

    /// The carrier named a part in an answer that nobody waited for any more, if the part is still known.
    pub(super) fn know_late_answer(
        &mut self,
        change: &PartChange,
        id: &CarrierMessageId,
        attempt: AttemptNumber,
        outcome: &mut PartOutcome,
    ) -> Result<(), Fault> {
        let Some(hit) = self.hit(change.part_id)? else { return Ok(()) };
        let (message_id, number) = (hit.message_id(), hit.number());
        let carrier = self.carrier_of_attempt(change.part_id, attempt.0, &hit)?;
        if self.is_unknown(change.part_id, carrier, id, matches!(hit, Hit::Open(_)))? {
            self.note_late_answer(change, attempt.0, id, message_id, number, outcome)?;
            self.settle_by_name(change, carrier, id, outcome)?;
        }
        Ok(())
    }

    /// Whether a part was not known by this id: receipts find it from now on.
    fn is_unknown(
        &mut self,
        part_id: PartId,
        carrier: CarrierId,
        id: &CarrierMessageId,
        is_open: bool,
    ) -> Result<bool, Fault> {
        if id.key.is_empty() || (!is_open && acts(Saboteur::LateReceiptUnwritten)) {
            return Ok(false);
        }
        // Usually the id and its key are the same: then it is not kept twice.
        let raw = if id.raw.as_bytes() == &*id.key { "" } else { &*id.raw };
        let is_new = self.db.prepare_cached(INSERT_ID)?.execute(params![carrier.0, id.key, part_id.0, raw])? > 0;
        self.memory.counts.ids_since_sweep += u32::from(is_new);
        Ok(is_new)
    }

    /// What waited for a part's name is settled in order.
    fn settle_by_name(
        &mut self,
        change: &PartChange,
        carrier: CarrierId,
        id: &CarrierMessageId,
        outcome: &mut PartOutcome,
    ) -> Result<(), Fault> {
        self.settle_parked(change, carrier, &id.key, outcome)?;
        match outcome.record {
            Some(record) => self.settle_as_sibling(change, carrier, id, record, outcome),
            None => Ok(()),
        }
    }

    /// A carrier that took several parts of a message as one reports once: a part that is named after that report ends as the
    /// other did.
    fn settle_as_sibling(
        &mut self,
        change: &PartChange,
        carrier: CarrierId,
        id: &CarrierMessageId,
        record: PartRecord,
        outcome: &mut PartOutcome,
    ) -> Result<(), Fault> {
        if self.known_message(record.message_id).is_some_and(|message| message.part_count == 1) {
            return Ok(());
        }
        let row = params![carrier.0, id.key, record.part_id.0, record.message_id.0, id.raw];
        let reported = self
            .db
            .prepare_cached(REPORTED_SIBLING)?
            .query_row(row, |row| {
                let (status, cause) = (parsed(row, 0, ReceiptStatus::parse)?, parsed(row, 1, Cause::parse)?);
                let report = Report { carrier, status, cause, next: None };
                Ok((PartEvent::Receipt(report), row.get(2)?, Timestamp(row.get(3)?)))
            })
            .optional()?;
        let (Some((event, code, happened_at)), Some(Hit::Open(live))) = (reported, self.hit(record.part_id)?) else {
            return Ok(());
        };
        // The answer itself may have been told of, under the one id that this operation brought.
        if let Some(told) = outcome.notices.iter_mut().find(|notice| notice.id == change.notice_id) {
            self.make_room_after(told, record.part_id)?;
        }
        let answer = Answer { id: None, code };
        let happening =
            Happening { event: &event, at: change.at, happened_at, notice_id: change.notice_id, answer: &answer };
        let settled = self.settle_receipt(live, &happening, &id.raw)?;
        outcome.record = settled.record;
        outcome.after = settled.after;
        outcome.notices.extend(settled.notices);
        Ok(())
    }

    /// Who gave the answer to that attempt: the part may have gone on to another carrier since.
    fn carrier_of_attempt(&self, part_id: PartId, attempt: u16, hit: &Hit) -> Result<CarrierId, Fault> {
        let mut statement = self.db.prepare_cached(ATTEMPT_CARRIER)?;
        let known: Option<Option<u16>> =
            statement.query_row([part_id.0, i64::from(attempt)], |row| row.get(0)).optional()?;
        match (known.flatten(), hit) {
            (Some(carrier), _) => Ok(CarrierId(carrier)),
            (None, Hit::Open(live)) => Ok(live.record.carrier),
            (None, Hit::Ended(part)) => Ok(self.message(part.message_id)?.carrier),
        }
    }

    /// An answer that came after its attempt was given up gets a line, and its id a place beside the attempt.
    fn note_late_answer(
        &mut self,
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
        self.memory.recent.drop_part(change.part_id);
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
}

/// For people: what the carrier said, without the recipient.
fn receipt_detail(happening: &Happening<'_>, raw_id: &str) -> String {
    let (status, cause) = match happening.event {
        PartEvent::Receipt(report) => (report.status.as_str(), report.cause.as_str()),
        _ => ("", ""),
    };
    format!("{status}, cause {cause}, code {}, id {raw_id}", happening.answer.code)
}
