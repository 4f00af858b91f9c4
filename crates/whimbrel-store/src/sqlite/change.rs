//! What happens to a part: the rules of `whimbrel-core` applied to its row, with the money, the history and the notice.

use std::sync::Arc;

use rusqlite::{OptionalExtension, params};
use whimbrel_core::id::made_at;
use whimbrel_core::part::{DoubtRules, Ignored, MoneyMove, Transition, apply};
use whimbrel_core::saboteur::{Saboteur, acts};
use whimbrel_core::{
    CarrierError, CarrierId, Content, DoubtCause, DoubtPolicy, Final, ForHook, MessageClass, MessageId, Money, Notice,
    NoticeId, NoticeScope, PartEvent, PartId, PartRecord, PartState, ReceiptStatus, ReceiptTold, Submission, Timestamp,
    Told, Whole,
};

use super::codes::{Code, Tell, open_state, small};
use super::evidence::Evidence;
use super::fault::Fault;
use super::recent::is_kept;
use super::rows::{self, LivePart, MessageRow};
use super::set_aside::UNKNOWN;
use super::writer::Work;
use crate::op::{Answer, OpResult, PartChange, PartOutcome};

/// Our revenue, as a party of the ledger.
pub(super) const REVENUE: i64 = -1;
/// What was paid in, as a party of the ledger.
pub(super) const PAID_IN: i64 = -2;

const UPDATE_LIVE: &str =
    "update live set state = ?2, state_at = ?3, attempt = ?4, failures = ?5, doubts = ?6, funds = ?7,
 told = ?8, carrier_message_id = ?9, carrier = ?10, reroutes = ?11, unclear_until = ?12 where part_id = ?1";
const DELETE_LIVE: &str = "delete from live where part_id = ?1";
const INSERT_ENDED: &str = "insert into ended (part_id, message_id, number, status, cause, funds, ended_at, ended_by,
 operation, code, attempts, carrier_message_id) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const INSERT_ATTEMPT: &str = "insert into attempt (part_id, number, claimed_at, answered_at, outcome, code,
 carrier_message_id, carrier) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
// The primary key makes a second capture of the same part impossible.
const CAPTURE: &str = "insert into transfer (kind, cause, debit, credit, amount, at, bucket)
 values (1, ?1, ?2, ?3, ?4, ?5, ?6)";
const ENDED_PART: &str = "select message_id, number, operation, carrier_message_id from ended where part_id = ?1";
// By the primary key and the partial index live_of_message.
const IS_OPEN: &str = "select 1 from live where part_id = ?1
 union all select 1 from live where message_id = ?1 and number > 1 limit 1";
const PUT_TEXT: &str = "update message set text = ?2 where id = ?1";
const CARRIER_NAME: &str = "select name from carrier where id = ?1";
const INSERT_EVENT: &str = "insert into event (message_id, at, sequence, part_number, what, detail)
 values (?1, ?2, ?3, ?4, ?5, ?6) on conflict (message_id, at, sequence) do nothing";

/// An event with what came along.
#[derive(Clone, Copy)]
pub(super) struct Happening<'a> {
    pub(super) event: &'a PartEvent,
    /// When the change is made.
    pub(super) at: Timestamp,
    /// When it happened: earlier for a receipt that was parked.
    pub(super) happened_at: Timestamp,
    pub(super) notice_id: NoticeId,
    pub(super) answer: &'a Answer,
}

/// What is left of a part that ended.
#[derive(Debug, Clone)]
pub(super) struct EndedPart {
    pub(super) part_id: PartId,
    pub(super) message_id: MessageId,
    pub(super) number: u8,
    /// The operation that ended it.
    pub(super) operation: NoticeId,
    pub(super) carrier_message_id: Box<str>,
}

impl Work<'_> {
    pub(super) fn change_part(&mut self, change: &PartChange) -> Result<OpResult, Fault> {
        self.saw(change.at, change.notice_id.0);
        let happening = Happening {
            event: &change.event,
            at: change.at,
            happened_at: change.at,
            notice_id: change.notice_id,
            answer: &change.answer,
        };
        let live = self.open_part(change.part_id)?;
        let before = live.as_ref().map(|live| live.record);
        let mut outcome = match live {
            Some(live) => match self.evidence_for(&live, &change.event)? {
                Some(evidence) => self.settle_proven(live, evidence, &happening)?,
                None => self.settle(live, &happening)?,
            },
            None => self.not_open(change.part_id)?,
        };
        if let (PartEvent::Sent { attempt }, Some(id)) = (&change.event, &change.answer.id) {
            match before.filter(|before| before.awaits(*attempt) && outcome.ignored.is_none()) {
                Some(before) => self.know_answer(change, id, &before, &mut outcome)?,
                None => self.know_late_answer(change, id, *attempt, &mut outcome)?,
            }
        }
        Ok(OpResult::Part(Box::new(outcome)))
    }

    /// The answer that an event says is lost, or that a part in doubt waits for, has come in another way.
    fn settle_proven(
        &mut self,
        live: LivePart,
        evidence: Evidence,
        happening: &Happening<'_>,
    ) -> Result<PartOutcome, Fault> {
        let part_id = live.record.part_id;
        if let PartEvent::Doubt { attempt, cause, rules } = happening.event {
            // The doubt is on record, whatever its policy; what it would do is not needed any more.
            let rules = DoubtRules { otp: DoubtPolicy::HoldForReceipt, bulk: DoubtPolicy::HoldForReceipt, ..*rules };
            let event = PartEvent::Doubt { attempt: *attempt, cause: *cause, rules };
            _ = self.settle(live, &Happening { event: &event, ..*happening })?;
        }
        let live = rows::find_live(&self.db, part_id)?.ok_or_else(|| Fault::corrupt("a part in doubt"))?;
        self.take_as_answer(&live, evidence, happening.at)
    }

    /// An open part. What cannot be read is a fault of that part.
    pub(super) fn open_part(&self, id: PartId) -> Result<Option<LivePart>, Fault> {
        let Some(known) = self.memory.recent.part(id) else { return self.read_part(id) };
        debug_assert_eq!(self.read_part(id).ok().flatten().as_ref(), Some(known), "a part as it was written");
        Ok(Some(known.clone()))
    }

    fn read_part(&self, id: PartId) -> Result<Option<LivePart>, Fault> {
        let mut statement = self.db.prepare_cached(rows::LIVE_PART)?;
        let live = statement.query_row([id.0], rows::live_part).optional();
        live.map_err(|error| Fault::from(error).of_part(id))
    }

    /// Applies an event to an open part and writes all that follows from it. What hinders that is a fault of that part.
    pub(super) fn settle(&mut self, live: LivePart, happening: &Happening<'_>) -> Result<PartOutcome, Fault> {
        let part_id = live.record.part_id;
        self.settle_open(live, happening).map_err(|fault| fault.of_part(part_id))
    }

    fn settle_open(&mut self, live: LivePart, happening: &Happening<'_>) -> Result<PartOutcome, Fault> {
        let before = live.record;
        let class = live.class;
        let (record, money, tell) = match apply(&before, happening.event, happening.at) {
            Transition::Changed { record, money, tell } => (record, money, tell),
            Transition::Ignored(why) => {
                return Ok(PartOutcome {
                    record: Some(before),
                    after: Some(before),
                    class,
                    ignored: Some(why),
                    submission: None,
                    notices: Vec::new(),
                });
            }
        };
        self.write_attempt(&live, record.state, happening)?;
        let is_rerouted = record.reroutes != before.reroutes;
        if record.carrier != before.carrier && !is_rerouted {
            let detail =
                format!("from {} to {}", self.carrier_name(before.carrier)?, self.carrier_name(record.carrier)?);
            self.write_event(record.message_id, record.number, "handed-on", happening, &detail)?;
        }
        if let Some(money) = money {
            self.move_part_money(&live, money, happening.at)?;
        }
        let tell = match live.tell.scope() {
            // Who called it off was answered.
            _ if matches!(happening.event, PartEvent::Cancelled) => None,
            NoticeScope::Part => tell,
            NoticeScope::Message => self.told_of_whole(&before, &record)?,
            NoticeScope::Progress => self.told_on_the_way(&before, &record, tell)?,
            NoticeScope::End => self.told_of_whole(&before, &record)?.filter(|report| report.status.is_final()),
        };
        let notices = match tell {
            Some(_) if matches!(happening.event, PartEvent::Clock) && acts(Saboteur::NoticeDropped) => Vec::new(),
            Some(report) => self.make_notice(&live, report, happening)?.into_iter().collect(),
            None => Vec::new(),
        };
        let carrier_id = match &happening.answer.id {
            Some(id) if live.carrier_message_id.is_empty() => &id.raw,
            // The carrier that has it next gives it an id of its own; that of the one before stays with its attempt.
            _ if is_rerouted => "",
            _ => &*live.carrier_message_id,
        };
        self.memory.counts.moved(Some(before.state), record.state);
        self.memory.counts.stats.doubts += u64::from(record.doubts - before.doubts.min(record.doubts));
        let open = if let PartState::Final(end) = record.state {
            self.memory.usage.ended((record.account_id, record.message_id), record.carrier, end);
            self.write_end(&LivePart { record, carrier_message_id: carrier_id.into(), ..live }, end, happening)?;
            // The webhook is made; who asks for a message that has ended asks later.
            if self.known_message(record.message_id).is_some_and(|message| message.part_count == 1) {
                self.memory.recent.drop_message(record.message_id);
            }
            self.erase_if_due(record.message_id)?;
            None
        } else {
            let (state, state_at) = open_state(record.state).ok_or_else(|| Fault::corrupt("an open part"))?;
            let updated = self.db.prepare_cached(UPDATE_LIVE)?.execute(params![
                record.part_id.0,
                state,
                state_at,
                record.attempt.0,
                record.failures,
                record.doubts,
                record.funds.code(),
                record.told.map(|status| status.as_str()),
                carrier_id,
                record.carrier.0,
                record.reroutes,
                record.unclear_until.map(|until| until.0),
            ])?;
            if updated != 1 {
                return Err(Fault::corrupt("an open part without a row"));
            }
            let carrier_message_id = carrier_id.into();
            self.memory.recent.put_part(LivePart { record, carrier_message_id, ..live });
            Some(record)
        };
        let claimed =
            matches!((happening.event, record.state), (PartEvent::Claimed { .. }, PartState::Submitting { .. }));
        let submission = if claimed { Some(Box::new(self.submission(&record)?)) } else { None };
        Ok(PartOutcome { record: open, after: Some(record), class, ignored: None, submission, notices })
    }

    /// What there is to tell of the message as a whole, when one of its parts comes from `before` to `after`. A part that was set aside
    /// ends nothing: what the others come to is told, and that the whole is not known to have arrived.
    fn told_of_whole(&self, before: &PartRecord, after: &PartRecord) -> Result<Option<Final>, Fault> {
        let (others, is_whole) = self.not_set_aside(after.message_id)?;
        let with = |changed: PartState| {
            Whole::of(others.iter().map(|(id, state)| if *id == after.part_id { changed } else { *state }))
        };
        let told = with(before.known_state()).told(with(after.known_state()));
        Ok(told.map(|end| if end.status == ReceiptStatus::Delivered && !is_whole { UNKNOWN } else { end }))
    }

    /// The same for who is told of everything: that the carrier has it, what its first part meets on the way, and the end.
    fn told_on_the_way(
        &self,
        before: &PartRecord,
        after: &PartRecord,
        tell: Option<Final>,
    ) -> Result<Option<Final>, Fault> {
        let on_the_way = tell.filter(|report| !report.status.is_final() && after.number == 1);
        let whole = self.told_of_whole(before, after)?.map(|report| match report.status {
            ReceiptStatus::Accepted => Final { status: ReceiptStatus::Submitted, ..report },
            _ => report,
        });
        Ok(whole.or(on_the_way))
    }

    /// The answer for a part that ended or never was.
    pub(super) fn not_open(&self, id: PartId) -> Result<PartOutcome, Fault> {
        let class = match self.ended_part(id)?.map(|ended| self.message(ended.message_id)) {
            Some(Ok(message)) => message.class,
            // Nothing queues up any more; a message that cannot be read hinders nothing.
            Some(Err(Fault::Op(_) | Fault::Part(..))) | None => MessageClass::Bulk,
            Some(Err(fatal)) => return Err(fatal),
        };
        let ignored = Some(Ignored::Late);
        Ok(PartOutcome { record: None, after: None, class, ignored, submission: None, notices: Vec::new() })
    }

    /// A part that ended.
    pub(super) fn ended_part(&self, id: PartId) -> Result<Option<EndedPart>, Fault> {
        let mut statement = self.db.prepare_cached(ENDED_PART)?;
        let found = statement.query_row([id.0], |row| {
            let (message_id, number, operation) = (MessageId(row.get(0)?), small(row, 1)?, NoticeId(row.get(2)?));
            Ok(EndedPart { part_id: id, message_id, number, operation, carrier_message_id: row.get(3)? })
        });
        Ok(found.optional()?)
    }

    /// The message that a row of ours names.
    pub(super) fn message(&self, id: MessageId) -> Result<Arc<MessageRow>, Fault> {
        self.known_message(id).map_or_else(|| self.read_message(id).map(Arc::new), |known| Ok(Arc::clone(known)))
    }

    /// The same, if it need not be read.
    pub(super) fn known_message(&self, id: MessageId) -> Option<&Arc<MessageRow>> {
        let known = self.memory.recent.message(id)?;
        debug_assert_eq!(self.read_message(id).ok().as_ref(), Some(&**known), "a message as it was written");
        Some(known)
    }

    fn read_message(&self, id: MessageId) -> Result<MessageRow, Fault> {
        let mut statement = self.db.prepare_cached(rows::MESSAGE)?;
        let message = statement.query_row([id.0], rows::message_row).optional()?;
        message.ok_or_else(|| Fault::corrupt("a part without a message"))
    }

    /// The history row of the open attempt, if this event ended it.
    fn write_attempt(&self, live: &LivePart, to: PartState, happening: &Happening<'_>) -> Result<(), Fault> {
        let PartState::Submitting { since } = live.record.state else { return Ok(()) };
        let is_doubt = matches!(happening.event, PartEvent::Doubt { .. });
        if is_doubt && is_later_bulk(&live.record) && acts(Saboteur::AttemptUnwritten) {
            return Ok(());
        }
        if matches!(to, PartState::Submitting { .. }) {
            return Ok(());
        }
        let answer = happening.answer;
        let (outcome, code) = match happening.event {
            PartEvent::Sent { attempt } if *attempt == live.record.attempt => ("sent", &*answer.code),
            // The answer to an earlier try: this one does not count any more, and its own answer still comes.
            PartEvent::Sent { .. } => ("overtaken", ""),
            PartEvent::Refused { error, .. } => {
                ("refused", if answer.code.is_empty() { code_of(error) } else { &*answer.code })
            }
            PartEvent::Doubt { cause, .. } => ("doubt", doubt_name(*cause)),
            PartEvent::GivenBack { .. } => ("given-back", &*answer.code),
            PartEvent::Receipt { .. }
            | PartEvent::Claimed { .. }
            | PartEvent::HandedOn { .. }
            | PartEvent::Cancelled
            | PartEvent::Clock => ("overtaken", ""),
        };
        let carrier_id = answer.id.as_ref().filter(|_| outcome == "sent").map_or("", |id| &*id.raw);
        self.db.prepare_cached(INSERT_ATTEMPT)?.execute(params![
            live.record.part_id.0,
            live.record.attempt.0,
            since.0,
            happening.at.0,
            outcome,
            code,
            carrier_id,
            live.record.carrier.0,
        ])?;
        Ok(())
    }

    /// A carrier's name; its number if it has none.
    pub(super) fn carrier_name(&self, CarrierId(number): CarrierId) -> Result<String, Fault> {
        let name = self.db.prepare_cached(CARRIER_NAME)?.query_row([number], |row| row.get(0)).optional()?;
        Ok(name.unwrap_or_else(|| format!("carrier {number}")))
    }

    fn move_part_money(&mut self, live: &LivePart, money: MoneyMove, at: Timestamp) -> Result<(), Fault> {
        let record = &live.record;
        if record.price == 0 {
            return Ok(());
        }
        match money {
            MoneyMove::Capture => {
                let (part, account, bucket) = (record.part_id.0, record.account_id.0, live.paid_from.code());
                let row = params![part, account, REVENUE, record.price, at.0, bucket];
                self.db.prepare_cached(CAPTURE)?.execute(row)?;
                let is_twice = is_later_bulk(record) && acts(Saboteur::ChargeOnResend);
                let again = if is_twice { record.price } else { 0 };
                self.memory.move_money(record.account_id, -record.price - again, -record.price)
            }
            MoneyMove::Release => {
                // The part's id says when it was accepted, to the millisecond.
                self.memory.unspend(record.account_id, record.price, made_at(record.part_id.0))?;
                self.memory.usage.given_back(record.account_id, record.message_id, record.price);
                if record.class == MessageClass::Bulk && acts(Saboteur::HoldForgotten) {
                    return Ok(());
                }
                let shares = self.taken_back(record.part_id, record.price, live.paid_from)?;
                self.memory.release(record.account_id, record.price, shares)
            }
        }
    }

    /// Forgets the code of a message none of whose parts is open any more: nothing is sent again.
    pub(super) fn forget_code(&mut self, id: MessageId) -> Result<(), Fault> {
        if self.db.prepare_cached(IS_OPEN)?.exists([id.0])? {
            return Ok(());
        }
        if let Content::Text { text, .. } = &self.message(id)?.content
            && text.code_place().is_some()
        {
            self.db.prepare_cached(PUT_TEXT)?.execute(params![id.0, text.masked()])?;
            self.memory.recent.drop_message(id);
        }
        Ok(())
    }

    fn write_end(&mut self, part: &LivePart, end: Final, happening: &Happening<'_>) -> Result<(), Fault> {
        let record = &part.record;
        let (ended_by, code) = match happening.event {
            PartEvent::Receipt { .. } => ("receipt", &*happening.answer.code),
            PartEvent::Refused { error, .. } => ("refusal", code_of(error)),
            PartEvent::Doubt { cause, .. } => ("doubt", doubt_name(*cause)),
            PartEvent::Sent { .. } => ("answer", ""),
            PartEvent::Cancelled => ("cancel", ""),
            PartEvent::Claimed { .. } | PartEvent::HandedOn { .. } | PartEvent::Clock | PartEvent::GivenBack { .. } => {
                ("clock", "")
            }
        };
        self.db.prepare_cached(DELETE_LIVE)?.execute([record.part_id.0])?;
        self.memory.recent.drop_part(record.part_id);
        self.memory.young(|young| young.drop_part(record.part_id));
        self.db.prepare_cached(INSERT_ENDED)?.execute(params![
            record.part_id.0,
            record.message_id.0,
            record.number,
            end.status.as_str(),
            end.cause.as_str(),
            record.funds.code(),
            happening.at.0,
            ended_by,
            happening.notice_id.0,
            code,
            record.attempt.0,
            part.carrier_message_id,
        ])?;
        if part.has_code { self.forget_code(record.message_id) } else { Ok(()) }
    }

    /// The bytes are cut from the stored content anew: the same content and reference give the same octets.
    fn submission(&mut self, record: &PartRecord) -> Result<Submission, Fault> {
        let message = self.message(record.message_id)?;
        if is_kept(&message.content, [&message.callback, &message.client_ref, &message.account_ref]) {
            self.memory.recent.put_message(Arc::clone(&message));
        }
        let (encoding, contents) = whimbrel_core::plan::parts_of(&message.content, message.cut)
            .map_err(|_| Fault::corrupt("the content of a message"))?;
        let index = usize::from(record.number).wrapping_sub(1);
        let content = contents.into_iter().nth(index).ok_or_else(|| Fault::corrupt("the number of a part"))?;
        Ok(Submission {
            part_id: record.part_id,
            message_id: record.message_id,
            number: record.number,
            part_count: message.part_count,
            class: message.class,
            attempt: record.attempt,
            sender: message.sender.clone(),
            recipient: message.recipient.clone(),
            encoding,
            content,
            handset_class: message.handset_class,
            protocol_id: message.content.protocol_id(),
            registration: message.registration.clone(),
            receipt: whimbrel_core::plan::asked_of_carrier(message.receipt, record.capture_on),
            has_code: message.content.has_code(),
            validity: message.validity,
        })
    }

    /// A line of a message's story. The same operation twice writes it once.
    pub(super) fn write_event(
        &self,
        message_id: MessageId,
        number: u8,
        what: &str,
        happening: &Happening<'_>,
        detail: &str,
    ) -> Result<(), Fault> {
        let row = params![message_id.0, happening.happened_at.0, happening.notice_id.0, number, what, detail];
        self.db.prepare_cached(INSERT_EVENT)?.execute(row)?;
        Ok(())
    }

    /// A notice's facts, from its message.
    pub(super) fn notice(&self, live: &LivePart, report: Final, happening: &Happening<'_>) -> Result<Notice, Fault> {
        let message = self.message(live.record.message_id)?;
        let purse =
            self.memory.purse(message.account_id).ok_or_else(|| Fault::corrupt("a message without an account"))?;
        Ok(Notice {
            id: happening.notice_id,
            account_id: message.account_id,
            dialect: message.dialect.clone(),
            url: message.callback.clone(),
            form: message.form,
            application: message.application,
            hook: if live.tell == Tell::Hooks { ForHook::Every } else { ForHook::No },
            told: Told::Receipt(ReceiptTold {
                part_id: live.record.part_id,
                message_id: message.id,
                serial: message.serial,
                part_count: message.part_count,
                recipient: message.recipient.clone(),
                sender: message.sender.clone(),
                network: message.network.clone(),
                price: Money::new(message.price, purse.account.currency),
                client_ref: message.client_ref.clone(),
                report,
            }),
            happened_at: happening.happened_at,
            failures: 0,
            first_at: happening.at,
            due_at: happening.at,
        })
    }
}

fn code_of(error: &CarrierError) -> &str {
    match error {
        CarrierError::Permanent { code, .. }
        | CarrierError::Throttled { code, .. }
        | CarrierError::Temporary { code, .. } => code,
    }
}

fn doubt_name(cause: DoubtCause) -> &'static str {
    match cause {
        DoubtCause::LinkLost => "link-lost",
        DoubtCause::AnswerTimedOut => "answer-timed-out",
        DoubtCause::ProcessEnded => "process-ended",
    }
}

/// What two saboteurs take for their own.
fn is_later_bulk(record: &PartRecord) -> bool {
    record.class == MessageClass::Bulk && record.attempt.0 > 1
}
