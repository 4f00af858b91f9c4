//! Taking a message: the row, its parts, the hold, the stored answer and the first claim or the place in the queue.
//!
//! Nothing is stored unless all of it is. The same message id, or the same idempotency key with the same request, is
//! answered as it was the first time; the answer is built from the message's row, which keeps the balance after it.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};
use whimbrel_core::part::Funds;
use whimbrel_core::saboteur::{Saboteur, acts};
use whimbrel_core::{
    Accepted, AcceptedPart, AccountId, Alphabet, AttemptNumber, CodePlace, Content, Currency, IdempotencyKey,
    MessageClass, MessageId, Money, NoticeScope, PartRecord, PartState, Plan, ReceiptWish, Refusal, ReplayKind, Span,
    Timestamp,
};

use super::codes::{Code, Tell, cut_code, open_state, sender_kind};
use super::fault::Fault;
use super::recent::is_kept;
use super::replay::{Before, answer_of};
use super::rows::{self, LivePart, MessageRow};
use super::writer::Work;
use crate::op::{Accept, Claim, OpResult};
use crate::view::Marked;

/// How long an answer is stored for the same idempotency key.
pub(super) const ANSWER_KEPT: Span = Span::hours(24);
/// Old answers are removed after so many new ones, at most `PRUNED_MAX` at a time.
const ANSWERS_PER_PRUNE: u32 = 64;
const PRUNED_MAX: i64 = 256;

// By the primary key.
const FIND_ANSWER: &str =
    "select request_digest, message_id, expires_at from dedupe where account_id = ?1 and key = ?2";
const STORE_ANSWER: &str = "insert into dedupe (account_id, key, request_digest, message_id, expires_at)
 values (?1, ?2, ?3, ?4, ?5)
 on conflict (account_id, key)
 do update set request_digest = excluded.request_digest, message_id = excluded.message_id,
 expires_at = excluded.expires_at";
// By the index dedupe_expiry.
const PRUNE_ANSWERS: &str = "delete from dedupe where (account_id, key) in
 (select account_id, key from dedupe where expires_at <= ?1 order by expires_at limit ?2)";
const INSERT_MESSAGE: &str = "insert into message (id, account_id, dialect, class, recipient, sender_kind, sender, text,
 alphabet, concat_reference, encoding, part_count, price, balance_after, network, carrier, route, epoch, receipt_wanted,
 callback, client_ref, account_ref, validity, accepted_at, expires_at, header, body, protocol_id, handset_class, entity,
 template, form, application, code_from, code_length, serial)
 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25,
 ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36)
 on conflict (id) do nothing";
const INSERT_LIVE: &str =
    "insert into live (part_id, message_id, number, account_id, carrier, state, state_at, attempt,
 failures, doubts, price, funds, capture_on, expires_at, told, class, tell, bucket, has_code, indexed)
 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, ?9, ?10, ?11, ?12, null, ?13, ?14, ?15, ?16, ?17)";

impl Work<'_> {
    pub(super) fn accept(&mut self, accept: &Accept) -> Result<OpResult, Fault> {
        let plan = &accept.plan;
        self.memory.counts.saw_time(plan.accepted_at);
        let Some(key) = &accept.replay else { return self.take(accept) };
        // Before the idempotency key, which is not signed: whoever reads the wire could change or drop it.
        match self.use_up(plan.account_id, key, plan.message_id.0, plan.accepted_at)? {
            Before::Never => {}
            Before::By(id) if key.kind == ReplayKind::Signature || id == plan.message_id.0 => {
                // Without its message, which somebody had forgotten, a used signature is only a used one.
                let answered = self.answer_of(MessageId(id))?;
                return Ok(answered.unwrap_or(OpResult::Refused(Refusal::InvalidSignature)));
            }
            Before::By(_) | Before::Unknown => return Ok(OpResult::Refused(Refusal::InvalidSignature)),
        }
        let result = self.take(accept)?;
        match &result {
            OpResult::Accepted { accepted, repeated: true } => {
                self.used_up_by(plan.account_id, key, accepted.message_id)?;
            }
            OpResult::Refused(_) => self.give_back(plan.account_id, key)?,
            _ => {}
        }
        Ok(result)
    }

    fn take(&mut self, accept: &Accept) -> Result<OpResult, Fault> {
        let plan = &accept.plan;
        if let Some(key) = &plan.idempotency
            && let Some(answered) = self.stored_answer(plan, key)?
        {
            return Ok(answered);
        }
        let Some(purse) = self.memory.purse(plan.account_id) else {
            return Ok(OpResult::Refused(Refusal::Internal));
        };
        let total = u16::try_from(plan.parts.len())
            .ok()
            .filter(|count| *count > 0 && plan.price.units >= 0 && plan.price.currency == purse.account.currency)
            .and_then(|count| plan.price.times(count))
            .ok_or_else(|| Fault::Op("a plan without parts, or with a price that cannot be".into()))?;
        let is_bulk = plan.class == MessageClass::Bulk;
        let is_short = |spendable: i64| {
            spendable < total.units && !(is_bulk && spendable >= plan.price.units && acts(Saboteur::Overdraft))
        };
        if is_short(purse.spendable()) {
            if let Some(answered) = self.answer_of(plan.message_id)? {
                return Ok(answered);
            }
            // An account that was too poor for this may be filled from the one above it first.
            self.refill(plan.account_id, (plan.message_id.0, plan.accepted_at))?;
        }
        let Some(purse) = self.memory.purse(plan.account_id) else {
            return Ok(OpResult::Refused(Refusal::Internal));
        };
        let balance = purse.balance();
        if is_short(purse.spendable()) {
            return Ok(OpResult::Refused(Refusal::InsufficientFunds {
                recipient: plan.recipient.clone(),
                price: plan.price,
                balance: Money::new(balance, plan.price.currency),
                network: plan.network.clone(),
            }));
        }
        if purse.spendable_within_cap(plan.accepted_at).is_some_and(|spendable| spendable < total.units) {
            if let Some(answered) = self.answer_of(plan.message_id)? {
                return Ok(answered);
            }
            return Ok(OpResult::Refused(Refusal::SpendCapReached {
                recipient: plan.recipient.clone(),
                price: plan.price,
                balance: Money::new(balance, plan.price.currency),
                network: plan.network.clone(),
            }));
        }
        let balance_after = balance - total.units;
        if !self.insert_message(plan, balance_after)? {
            return self.answer_of(plan.message_id)?.ok_or_else(|| Fault::corrupt("a message without parts"));
        }
        self.insert_parts(accept)?;
        if is_kept(&plan.content, [&plan.callback, &plan.client_ref, &plan.account_ref]) {
            self.memory.recent.put_message(Arc::new(row_of(plan, balance_after)));
        }
        plan.serial.into_iter().for_each(|serial| self.memory.counts.saw_serial(serial));
        if total.units > 0 {
            self.memory.spend(plan.account_id, total.units, plan.accepted_at)?;
        }
        if let Some(key) = &plan.idempotency
            && !(accept.claim == Claim::Later && acts(Saboteur::AnswerNotKept))
        {
            self.store_answer(plan, key)?;
        }
        self.memory.usage.accepted((plan.account_id, plan.message_id), plan.carrier, plan.parts.len(), total.units);
        self.memory.counts.stats.messages += 1;
        let ids = plan.parts.iter().map(|part| part.part_id);
        let accepted = Accepted {
            message_id: plan.message_id,
            serial: plan.serial,
            recipient: plan.recipient.clone(),
            network: plan.network.clone(),
            parts: answer(ids, plan.price, balance_after),
            client_ref: plan.client_ref.clone(),
            account_ref: plan.account_ref.clone(),
        };
        self.refill(plan.account_id, (plan.message_id.0, plan.accepted_at))?;
        Ok(OpResult::Accepted { accepted: Box::new(accepted), repeated: false })
    }

    /// What the same key was answered before: the stored answer, or that another request has it. A key whose message somebody had
    /// forgotten is refused as well: it was sent and charged, and whoever tries again must not send it twice.
    ///
    /// One recipient of several has a key of its own. The key of the whole request says then whether it came with another request,
    /// whoever of that request's recipients was refused.
    fn stored_answer(&self, plan: &Plan, key: &IdempotencyKey) -> Result<Option<OpResult>, Fault> {
        let (account, now) = (plan.account_id, plan.accepted_at);
        let conflict = Ok(Some(OpResult::Refused(Refusal::IdempotencyConflict)));
        if let Some(request) = key.of_request()
            && let Some((digest, _)) = find_answer(&self.db, account, request, now)?
            && digest != key.request_digest
        {
            return conflict;
        }
        match find_answer(&self.db, account, &key.key, now)? {
            None => Ok(None),
            Some((digest, message_id)) if digest == key.request_digest => {
                self.answer_of(message_id)?.map_or(conflict, |answered| Ok(Some(answered)))
            }
            Some(_) => conflict,
        }
    }

    /// The answer that a message was given, from its row; `None` if there is no such message.
    fn answer_of(&self, id: MessageId) -> Result<Option<OpResult>, Fault> {
        let Some(message) = rows::find_message(&self.db, id)? else { return Ok(None) };
        let purse = self.memory.purse(message.account_id).ok_or_else(|| Fault::corrupt("a message without account"))?;
        let accepted = Box::new(accepted_before(&self.db, message, purse.account.currency)?);
        Ok(Some(OpResult::Accepted { accepted, repeated: true }))
    }

    /// Whether the row is new.
    fn insert_message(&self, plan: &Plan, balance_after: i64) -> Result<bool, Fault> {
        let (text, alphabet, binary) = match &plan.content {
            Content::Text { text, alphabet } => (text.expose(), *alphabet, None),
            Content::Binary(binary) => ("", Alphabet::Gsm7Lossy, Some(binary)),
        };
        let code = code_place(plan);
        let inserted = self.db.prepare_cached(INSERT_MESSAGE)?.execute(params![
            plan.message_id.0,
            plan.account_id.0,
            plan.dialect,
            plan.class.code(),
            plan.recipient.digits(),
            sender_kind(&plan.sender),
            plan.sender.as_str(),
            text,
            alphabet.code(),
            cut_code(plan.cut),
            plan.encoding.to_string(),
            plan.parts.len() as i64,
            plan.price.units,
            balance_after,
            plan.network,
            plan.carrier.0,
            plan.route,
            plan.epoch,
            plan.receipt == ReceiptWish::Wanted,
            plan.callback,
            plan.client_ref,
            plan.account_ref,
            plan.validity.map(|span| span.0),
            plan.accepted_at.0,
            plan.expires_at.0,
            binary.map(|binary| binary.header.expose()),
            binary.map(|binary| binary.body.expose()),
            plan.content.protocol_id(),
            plan.handset_class.map(whimbrel_core::HandsetClass::value),
            plan.registration.entity,
            plan.registration.template,
            plan.telling.form.0,
            plan.application.map(|application| application.0.to_be_bytes()),
            code.map(|place| place.from),
            code.map(|place| place.length),
            plan.serial.map(|serial| i64::try_from(serial.0).unwrap_or(i64::MAX)),
        ])?;
        Ok(inserted == 1)
    }

    fn insert_parts(&mut self, accept: &Accept) -> Result<(), Fault> {
        let plan = &accept.plan;
        let (state, attempt) = match accept.claim {
            Claim::Now => (PartState::Submitting { since: plan.accepted_at }, AttemptNumber(1)),
            Claim::Later => (PartState::Queued { due_at: plan.due_at.max(plan.accepted_at) }, AttemptNumber(0)),
        };
        let (code, at) = open_state(state).ok_or_else(|| Fault::corrupt("a new part"))?;
        let tell = match (plan.receipt, &plan.callback, plan.telling.scope) {
            (ReceiptWish::Unwanted, ..) => Tell::Nobody,
            (ReceiptWish::Wanted, _, NoticeScope::Progress) => Tell::Hooks,
            (ReceiptWish::Wanted, None, NoticeScope::Part) => Tell::Account,
            (ReceiptWish::Wanted, Some(_), NoticeScope::Part) => Tell::Callback,
            (ReceiptWish::Wanted, None, NoticeScope::Message) => Tell::AccountWhole,
            (ReceiptWish::Wanted, Some(_), NoticeScope::Message) => Tell::CallbackWhole,
            (ReceiptWish::Wanted, None, NoticeScope::End) => Tell::AccountEnd,
            (ReceiptWish::Wanted, Some(_), NoticeScope::End) => Tell::CallbackEnd,
        };
        for (part, number) in plan.parts.iter().zip(1..=u8::MAX) {
            let paid_from = self.hold(plan.account_id, part.part_id, plan.price.units)?;
            let live = LivePart {
                record: PartRecord {
                    part_id: part.part_id,
                    message_id: plan.message_id,
                    number,
                    account_id: plan.account_id,
                    class: plan.class,
                    carrier: plan.carrier,
                    state,
                    attempt,
                    failures: 0,
                    doubts: 0,
                    reroutes: 0,
                    unclear_until: None,
                    price: plan.price.units,
                    funds: Funds::Held,
                    capture_on: plan.capture_on,
                    expires_at: plan.expires_at,
                    told: None,
                    receipt: plan.receipt,
                },
                class: plan.class,
                tell,
                carrier_message_id: "".into(),
                paid_from,
                has_code: code_place(plan).is_some(),
            };
            let record = &live.record;
            let is_young = self.memory.young(|young| young.has_room_for_part());
            self.db.prepare_cached(INSERT_LIVE)?.execute(params![
                record.part_id.0,
                record.message_id.0,
                record.number,
                record.account_id.0,
                record.carrier.0,
                code,
                at,
                record.attempt.0,
                record.price,
                record.funds.code(),
                record.capture_on.code(),
                record.expires_at.0,
                record.class.code(),
                live.tell.code(),
                live.paid_from.code(),
                live.has_code,
                !is_young,
            ])?;
            if is_young {
                self.memory.young(|young| young.put_part(record.part_id, record.expires_at));
            }
            self.memory.recent.put_part(live);
            self.memory.counts.saw_id(part.part_id.0);
            self.memory.counts.moved(None, state);
        }
        Ok(())
    }

    fn store_answer(&mut self, plan: &Plan, key: &IdempotencyKey) -> Result<(), Fault> {
        let AccountId(account_id) = plan.account_id;
        let expires_at = plan.accepted_at + ANSWER_KEPT;
        for name in [Some(&*key.key), key.of_request()].into_iter().flatten() {
            let row = params![account_id, name, key.request_digest, plan.message_id.0, expires_at.0];
            self.db.prepare_cached(STORE_ANSWER)?.execute(row)?;
            self.memory.counts.answers_since_prune += 1;
        }
        Ok(())
    }

    /// Removes some stored answers whose time is over.
    pub(super) fn prune_answers(&mut self) -> Result<(), Fault> {
        let counts = &mut self.memory.counts;
        if counts.answers_since_prune >= ANSWERS_PER_PRUNE {
            counts.answers_since_prune = 0;
            // Four times as many as came in a step of `ANSWERS_PER_PRUNE`: the table cannot grow without end.
            let removed_max = PRUNED_MAX;
            self.db.prepare_cached(PRUNE_ANSWERS)?.execute(params![counts.now.0, removed_max])?;
        }
        Ok(())
    }
}

/// The row of a message as it is read.
fn row_of(plan: &Plan, balance_after: i64) -> MessageRow {
    MessageRow {
        id: plan.message_id,
        serial: plan.serial,
        account_id: plan.account_id,
        dialect: plan.dialect.into(),
        class: plan.class,
        recipient: plan.recipient.clone(),
        sender: plan.sender.clone(),
        content: plan.content.clone(),
        handset_class: plan.handset_class,
        registration: plan.registration.clone(),
        cut: plan.cut,
        encoding: plan.encoding,
        part_count: u8::try_from(plan.parts.len()).unwrap_or(u8::MAX),
        price: plan.price.units,
        balance_after,
        network: plan.network.clone(),
        carrier: plan.carrier,
        route: plan.route.clone(),
        epoch: plan.epoch,
        receipt: plan.receipt,
        callback: plan.callback.clone(),
        form: plan.telling.form,
        application: plan.application,
        client_ref: plan.client_ref.clone(),
        account_ref: plan.account_ref.clone(),
        validity: plan.validity,
        accepted_at: plan.accepted_at,
        expires_at: plan.expires_at,
    }
}

fn code_place(plan: &Plan) -> Option<CodePlace> {
    match &plan.content {
        Content::Text { text, .. } => text.code_place(),
        Content::Binary(_) => None,
    }
}

/// What was answered to the very request that has this key, while the answer is kept.
pub(super) fn answered_to_key(
    db: &Connection,
    account: AccountId,
    key: &IdempotencyKey,
    now: Timestamp,
) -> Result<Marked, Fault> {
    if let Some(request) = key.of_request()
        && let Some((digest, _)) = find_answer(db, account, request, now)?
        && digest != key.request_digest
    {
        return Ok(Marked::Another);
    }
    Ok(match find_answer(db, account, &key.key, now)? {
        Some((digest, message)) if digest == key.request_digest => {
            // Its message was forgotten: there is nothing to answer with, and the key is used all the same.
            answer_of(db, message)?.map_or(Marked::Forgotten, |accepted| Marked::This(Box::new(accepted)))
        }
        Some(_) => Marked::Another,
        None => Marked::Nothing,
    })
}

/// The request that has a key, by its digest, and the message that answers it, while the answer is kept.
fn find_answer(
    db: &Connection,
    AccountId(account): AccountId,
    key: &str,
    now: Timestamp,
) -> Result<Option<([u8; 32], MessageId)>, Fault> {
    let stored: Option<([u8; 32], i64, i64)> = (db.prepare_cached(FIND_ANSWER)?)
        .query_row(params![account, key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let kept = stored.filter(|(_, _, expires_at)| *expires_at > now.0);
    Ok(kept.map(|(digest, message, _)| (digest, MessageId(message))))
}

/// The answer that a message was given, from its row.
pub(super) fn accepted_before(db: &Connection, message: MessageRow, currency: Currency) -> Result<Accepted, Fault> {
    let parts = rows::parts_of(db, message.id)?;
    let price = Money::new(message.price, currency);
    Ok(Accepted {
        message_id: message.id,
        serial: message.serial,
        parts: answer(parts.into_iter(), price, message.balance_after),
        recipient: message.recipient,
        network: message.network,
        client_ref: message.client_ref,
        account_ref: message.account_ref,
    })
}

/// Each part with what the account has left after it: all hold the same, the last leaves `balance_after`.
fn answer(
    ids: impl ExactSizeIterator<Item = whimbrel_core::PartId>,
    price: Money,
    balance_after: i64,
) -> Vec<AcceptedPart> {
    let count = ids.len();
    ids.enumerate()
        .map(|(index, part_id)| {
            // Both factors were multiplied and subtracted before when the message was accepted: nothing overflows.
            let later = price.units.saturating_mul((count - 1 - index) as i64);
            AcceptedPart { part_id, price, balance: Money::new(balance_after.saturating_add(later), price.currency) }
        })
        .collect()
}
