//! Evidence that a carrier has a part whose answer was lost: a receipt with an id that nobody knows, for its number.
//!
//! Such a receipt proves that the carrier took *something* for that number. It counts as the lost answer only if nothing else can be
//! meant: one part alone, of all that this carrier was given for the number of late, has a try without an id, that part is in doubt and
//! not under way at the moment, and the receipts that wait for the number name one id. Then the part is known under that id, a planned
//! copy is called off, and the receipts are settled as if the answer had come. All else stays parked: a wrong match would tell a
//! customer of a delivery that is another's. `query_sm` is no evidence, for it asks by the id that was never received
//! (SMPP 3.4 §4.8.1).

use rusqlite::{OptionalExtension, params};
use whimbrel_core::{
    AttemptNumber, CarrierId, CarrierMessageId, KeyForm, MessageId, NoticeId, PartEvent, PartId, PartRecord, PartState,
    Span, Timestamp, id,
};

use super::change::Happening;
use super::fault::Fault;
use super::rows::{self, LivePart};
use super::writer::Work;
use crate::op::{Answer, OpResult, OrphanReason, PartChange, PartOutcome, ReceiptIn, ReceiptOutcome};

/// How far back messages to a number are looked at: a day longer than a part is usually tried. Those that are tried for longer, or
/// later than they were accepted, are looked at for as long after their expiry.
const LOOK_BACK: Span = Span::hours(96);
/// So long ago a message may have been accepted that is looked at now: a part that has been tried for three days looks back from its
/// first try.
const RIVALS_KEPT: Span = Span::hours(96 + 72);
/// Messages to one number, and receipts that wait for it, that are looked at; more are no evidence of any one.
const ALIKE_MAX: usize = 64;

// By the index message_by_recipient, and by message_tried_long, whose condition stands here as it stands there.
const MESSAGES_TO: &str = "select id from (select id from message where recipient = ?1 and id >= ?2 limit ?4)
 union select id from (select id from message
 where recipient = ?1 and expires_at >= ?3 and expires_at - accepted_at > 259200000000 limit ?4)";
// First parts have the number of their message; the others by the partial indexes live_of_message and ended_of_message.
const PARTS: &str = "select ?1 union all select part_id from live where message_id = ?1 and number > 1
 union all select part_id from ended where message_id = ?1 and number > 1";
// By the primary keys. A try that ended in doubt or was overtaken may have been taken under an id that never came; one that was
// answered without an id was.
const NAMELESS: &str = "select min(claimed_at) from attempt
 where part_id = ?1 and carrier = ?2 and outcome in ('doubt', 'overtaken', 'sent') and carrier_message_id = ''";
// By the primary keys and the partial index ended_of_message; the times as in MESSAGES_TO, the tries as in NAMELESS.
const IS_RIVAL: &str = "select 1 from message where id = ?1
 and (id >= ?2 or (expires_at >= ?3 and expires_at - accepted_at > 259200000000))
 and exists (select 1 from attempt
  where part_id in (select ?1 union all select part_id from ended where message_id = ?1 and number > 1)
  and outcome in ('doubt', 'overtaken', 'sent') and carrier_message_id = '')";
// By the index parked_by_recipient.
const WAITING: &str =
    "select id, raw_id from parked where carrier = ?1 and recipient = ?2 and reason = 'unknown-id' and at >= ?3
 order by id limit ?4";
// By the index parked_key_of.
const PLAIN_KEY: &str = "select key from parked_key where parked_id = ?1 and form = 0 order by key limit 1";
// By the primary key. The part itself may be gone by now.
const IS_KNOWN: &str = "select 1 from pidx where carrier = ?1 and key = ?2";

/// What stands for the answer that was lost.
pub(super) struct Evidence {
    part_id: PartId,
    attempt: AttemptNumber,
    id: CarrierMessageId,
}

impl Work<'_> {
    /// Looks for evidence before a part in doubt is sent again, given up, or in doubt at all.
    pub(super) fn evidence_for(&self, live: &LivePart, event: &PartEvent) -> Result<Option<Evidence>, Fault> {
        let record = &live.record;
        let may_be_proven = match (event, record.state) {
            (PartEvent::Doubt { attempt, .. }, PartState::Submitting { .. }) => *attempt == record.attempt,
            (PartEvent::Claimed { .. } | PartEvent::Clock, PartState::Queued { .. } | PartState::Uncertain { .. }) => {
                record.doubts > 0
            }
            _ => false,
        };
        if !may_be_proven || self.memory.counts.stats.parked == 0 {
            return Ok(None);
        }
        // A part in doubt at one carrier may wait for another by now, which never had it.
        let Some(since) = self.nameless(record.part_id, record.carrier)? else { return Ok(None) };
        let recipient = self.message(record.message_id)?.recipient.clone();
        let Some(id) = self.only_id(record.carrier, recipient.digits(), since)? else { return Ok(None) };
        let only = self.only_nameless(record.carrier, recipient.digits(), since)?;
        let is_this = only.is_some_and(|(part_id, _)| part_id == record.part_id);
        Ok(is_this.then_some(Evidence { part_id: record.part_id, attempt: record.attempt, id }))
    }

    /// A receipt was parked: settles the one part in doubt that it can speak of.
    pub(super) fn settle_as_evidence(
        &mut self,
        incoming: &ReceiptIn,
        parked: ReceiptOutcome,
    ) -> Result<ReceiptOutcome, Fault> {
        let recipient = &*incoming.receipt.recipient;
        let is_new = matches!(parked, ReceiptOutcome::Parked(OrphanReason::UnknownId));
        if !is_new || recipient.is_empty() || self.memory.counts.stats.doubts == 0 {
            return Ok(parked);
        }
        let Some((part_id, since)) = self.only_nameless(incoming.carrier, recipient, incoming.at)? else {
            return Ok(parked);
        };
        let Some(live) = rows::find_live(&self.db, part_id)? else { return Ok(parked) };
        let waits = matches!(live.record.state, PartState::Queued { .. } | PartState::Uncertain { .. });
        if !waits || live.record.doubts == 0 || live.record.carrier != incoming.carrier {
            return Ok(parked);
        }
        let Some(id) = self.only_id(incoming.carrier, recipient, since)? else { return Ok(parked) };
        let evidence = Evidence { part_id, attempt: live.record.attempt, id };
        let outcome = self.take_as_answer(&live, evidence, incoming.at)?;
        Ok(ReceiptOutcome::Matched { outcome, form: KeyForm::Plain, siblings: Vec::new() })
    }

    /// The part is known under the id from now on, as if its answer had come.
    pub(super) fn take_as_answer(
        &mut self,
        live: &LivePart,
        evidence: Evidence,
        at: Timestamp,
    ) -> Result<PartOutcome, Fault> {
        let Evidence { part_id, attempt, id } = evidence;
        let event = PartEvent::Sent { attempt };
        // Ids of parts and notices are of one sequence: no other line of the story has these.
        let line = NoticeId(-part_id.0);
        let detail = format!("a receipt for the only text in doubt to this number, id {}", id.raw);
        let answer = Answer { id: Some(id), code: Box::default() };
        let happening = Happening { event: &event, at, happened_at: at, notice_id: line, answer: &answer };
        self.write_event(live.record.message_id, live.record.number, "evidence", &happening, &detail)?;
        let change =
            PartChange { part_id, event: event.clone(), at, notice_id: NoticeId(part_id.0), answer: answer.clone() };
        match self.change_part(&change)? {
            OpResult::Part(outcome) => Ok(*outcome),
            _ => Err(Fault::corrupt("the outcome of a part")),
        }
    }

    /// The one part that has a try without an id among what `carrier` was given for the number, with the time of that try; none if
    /// there are several.
    fn only_nameless(
        &self,
        carrier: CarrierId,
        recipient: &str,
        at: Timestamp,
    ) -> Result<Option<(PartId, Timestamp)>, Fault> {
        let from = at - LOOK_BACK;
        let row = params![recipient, id::lowest_at(from), from.0, ALIKE_MAX as i64 + 1];
        let messages: Vec<i64> =
            self.db.prepare_cached(MESSAGES_TO)?.query_map(row, |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        if messages.len() > ALIKE_MAX {
            return Ok(None);
        }
        let mut only = None;
        for message in messages {
            let parts: Vec<i64> = self
                .db
                .prepare_cached(PARTS)?
                .query_map([message], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for part_id in parts.into_iter().map(PartId) {
                let found = self.nameless(part_id, carrier)?.map(|since| (part_id, since));
                if found.is_some() && only.is_some() {
                    return Ok(None);
                }
                only = only.or(found);
            }
        }
        Ok(only)
    }

    /// Since when `carrier` may have the part under an id that is not known; `None` if it cannot.
    fn nameless(&self, part_id: PartId, carrier: CarrierId) -> Result<Option<Timestamp>, Fault> {
        let under_way = match rows::find_live(&self.db, part_id)?.map(|live| live.record) {
            Some(PartRecord { state: PartState::Submitting { since }, carrier: at, .. }) if at == carrier => {
                Some(since)
            }
            _ => None,
        };
        let mut statement = self.db.prepare_cached(NAMELESS)?;
        let before: Option<i64> = statement.query_row(params![part_id.0, carrier.0], |row| row.get(0))?;
        Ok(before.map(Timestamp).into_iter().chain(under_way).min())
    }

    /// Whether a receipt that names nobody's id may be for this message, which has ended: without it, the receipt would count as evidence
    /// for another.
    pub(super) fn is_rival(&self, message: MessageId, at: Timestamp) -> Result<bool, Fault> {
        let from = at - RIVALS_KEPT;
        Ok(self.db.prepare_cached(IS_RIVAL)?.exists(params![message.0, id::lowest_at(from), from.0])?)
    }

    /// The one id in the receipts that wait for the number since then, if it was nobody's before.
    fn only_id(
        &self,
        carrier: CarrierId,
        recipient: &str,
        since: Timestamp,
    ) -> Result<Option<CarrierMessageId>, Fault> {
        let row = params![carrier.0, recipient, since.0, ALIKE_MAX as i64 + 1];
        let waiting: Vec<(i64, Box<str>)> = self
            .db
            .prepare_cached(WAITING)?
            .query_map(row, |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let Some((first, raw)) = waiting.first() else { return Ok(None) };
        if waiting.len() > ALIKE_MAX || waiting.iter().any(|(_, other)| other != raw) {
            return Ok(None);
        }
        let key: Option<Box<[u8]>> =
            self.db.prepare_cached(PLAIN_KEY)?.query_row([*first], |row| row.get(0)).optional()?;
        let Some(key) = key else { return Ok(None) };
        let is_anothers = self.db.prepare_cached(IS_KNOWN)?.exists(params![carrier.0, key])?;
        Ok((!is_anothers).then(|| CarrierMessageId { raw: raw.clone(), key }))
    }
}
