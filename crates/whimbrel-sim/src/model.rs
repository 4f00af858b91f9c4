//! The naive model beside the engine: it hears what the store committed and what left the process, and says what cannot be.
//!
//! Everything here is kept twice on purpose: balances are added up anew each time, and each operation's result is compared with what
//! a [`Part`] of the model makes of it.

use std::collections::BTreeMap;

use whimbrel_core::part::{DoubtRules, Funds, PartState};
use whimbrel_core::{
    Accepted, AccountId, AttemptNumber, CarrierId, PartEvent, PartId, PartRecord, ReceiptStatus, ReceiptWish, Refusal,
    Report, Span, Submission, Timestamp,
};
use whimbrel_store::{Accept, Claim, Op, OpResult, PartChange, PartOutcome, ReceiptIn, ReceiptOutcome, Wallet};

use crate::coverage::Coverage;
use crate::naive::{Part, Place};
use crate::promise::Check;

/// An id, as its carrier gave it.
type Named = (CarrierId, Box<str>);

/// A part that is due leaves within this time, if nothing is wrong with its carrier: the slowest takes two a second.
const LEAVES_WITHIN: Span = Span::seconds(40);

/// What the model knows.
#[derive(Default)]
pub struct Model {
    /// Every part that was stored.
    pub parts: BTreeMap<i64, Part>,
    /// Paid in, by account.
    pub paid: BTreeMap<i64, i64>,
    /// The part of each carrier's id, and receipts for ids that are not known yet, in the order in which they came.
    ids: BTreeMap<Named, i64>,
    /// The part that each id was really given for: the engine learns some of them by evidence only.
    given: BTreeMap<Box<str>, i64>,
    waiting: BTreeMap<Named, Vec<(ReceiptIn, PartEvent)>>,
    /// The message that each idempotency key was answered with.
    keys: BTreeMap<Box<str>, i64>,
    /// Deliveries that are stored, by their code.
    pub stored: std::collections::BTreeSet<Box<str>>,
    /// What doubt does.
    pub rules: DoubtRules,
    /// Parts that each carrier may have unanswered.
    pub window: u16,
    /// Since when carriers take everything and nothing dies any more, with time for the last pause that one asked for.
    pub healthy_since: Option<Timestamp>,
    /// Whether the store has failed: nothing may be accepted any more.
    pub has_failed: bool,
    /// What was seen.
    pub coverage: Coverage,
    /// What cannot be, each with the name of the check that found it.
    pub faults: Vec<String>,
}

impl Model {
    /// A model of a store that is empty.
    pub fn new(rules: DoubtRules, window: u16) -> Self {
        Self { rules, window, ..Self::default() }
    }

    /// Notes something that cannot be.
    pub fn fault(&mut self, check: Check, text: impl std::fmt::Display) {
        self.faults.push(format!("{check}: {text}"));
    }

    fn require(&mut self, check: Check, truth: bool, text: impl FnOnce() -> String) {
        if !truth {
            self.fault(check, text());
        }
    }

    /// A batch was committed.
    pub fn committed(&mut self, ops: &[Op], results: &[OpResult]) {
        self.require(Check::OPERATIONS_FIT, ops.len() == results.len(), || "an operation without an answer".to_owned());
        for (op, result) in ops.iter().zip(results) {
            match (op, result) {
                (_, OpResult::Failed(why)) => {
                    self.fault(Check::OPERATIONS_FIT, format!("a constraint was broken: {why}"))
                }
                (Op::Accept(accept), result) => self.accepted(accept, result),
                (Op::Part(change), OpResult::Part(outcome)) => self.changed(change, outcome),
                (Op::Receipt(receipt), OpResult::Receipt(outcome)) => self.reported(receipt, outcome),
                (Op::TopUp(payment), OpResult::Wallet(_)) => {
                    _ = self.paid.entry(payment.account_id.0).or_insert(payment.amount.units);
                }
                _ => {}
            }
        }
        let mut claimed: BTreeMap<CarrierId, u16> = BTreeMap::new();
        for part in self.parts.values().filter(|part| part.place == Place::Submitting) {
            *claimed.entry(part.carrier).or_default() += 1;
        }
        for (carrier, count) in claimed {
            let window = self.window;
            self.require(Check::CLAIMS_FIT_WINDOW, count <= window, || {
                format!("carrier {} has {count} claims unanswered in a window of {window}", carrier.0)
            });
        }
    }

    fn accepted(&mut self, accept: &Accept, result: &OpResult) {
        let plan = &accept.plan;
        let total = plan.price.units * plan.parts.len() as i64;
        let available = self.available(plan.account_id.0);
        match result {
            OpResult::Accepted { accepted, repeated: false } => {
                let parts = &accepted.parts;
                self.coverage.count(if accept.claim == Claim::Now {
                    "accepted and claimed"
                } else {
                    "accepted and queued"
                });
                self.require(Check::WALLET_DECIDES, total <= available, || {
                    format!("accepted for {total} with {available} left")
                });
                let left = parts.last().map(|part| part.balance.units);
                self.require(Check::WALLET_ADDS_UP, left == Some(available - total), || {
                    format!("told {left:?} left of {available} - {total}")
                });
                if let Some(key) = &plan.idempotency {
                    let before = self.keys.insert(key.key.clone(), plan.message_id.0);
                    self.require(Check::KEY_STANDS_FOR_ONE, before.is_none(), || {
                        format!("a second message for the key of {before:?}")
                    });
                }
                for part in &plan.parts {
                    let part_id = part.part_id.0;
                    let is_new = self.parts.insert(part_id, new_part(accept)).is_none();
                    self.require(Check::ID_IS_GIVEN_ONCE, is_new, || format!("part {part_id:x} was accepted twice"));
                }
            }
            OpResult::Accepted { accepted, repeated: true } => {
                let parts = &accepted.parts;
                self.coverage.count("repeated request");
                let first = parts.first().map(|part| part.part_id.0);
                let known = plan.idempotency.as_ref().and_then(|key| self.keys.get(&key.key).copied());
                self.require(Check::KEY_STANDS_FOR_ONE, first.is_some() && first == known, || {
                    format!("answered with {first:?}, not {known:?}")
                });
            }
            OpResult::Refused(Refusal::InsufficientFunds { .. }) => {
                self.coverage.count("refused for want of money");
                self.require(Check::WALLET_DECIDES, total > available, || {
                    format!("refused {total} with {available} left")
                });
            }
            other => self.fault(Check::OPERATIONS_FIT, format!("an accept was answered with {other:?}")),
        }
    }

    fn changed(&mut self, change: &PartChange, outcome: &PartOutcome) {
        let id = change.part_id.0;
        let Some(mut part) = self.parts.remove(&id) else {
            return self.fault(Check::PARTS_ARE_THERE, format!("an event for part {id:x}, which was never accepted"));
        };
        let before = part.clone();
        let mut is_changed = part.happens(&change.event, change.at);
        self.coverage.event(&change.event, &before, &part, is_changed);
        if let (PartEvent::Sent { attempt }, Some(name)) = (&change.event, &change.answer.id) {
            is_changed |= self.named(&mut part, id, *attempt, change, &name.raw);
        }
        let proven = self.proven(&before, &part, change, outcome);
        if let Some(proven) = proven {
            (part, is_changed) = (proven, true);
        }
        self.compare(id, &before, &part, outcome, is_changed);
        // Only time ends what was left lying: of what waits to be sent again a carrier may say itself that it expired with it, by a
        // receipt or by a late answer that finds its receipt there.
        let is_left_lying = matches!(change.event, PartEvent::Clock | PartEvent::Claimed { .. })
            && before.place == Place::Queued
            && part.place == Place::Ended(ReceiptStatus::Expired)
            && self.healthy_since.is_some_and(|since| since.max(before.due_at) + LEAVES_WITHIN < part.expires_at);
        self.require(Check::DUE_LEAVES, !is_left_lying, || {
            format!("part {id:x} waited for nothing until it expired: {before:?}")
        });
        self.parts.insert(id, part);
    }

    /// The far end has a part under an id.
    pub fn taken(&mut self, part_id: PartId, raw: Box<str>) {
        self.given.insert(raw, part_id.0);
        if let Some(part) = self.parts.get_mut(&part_id.0) {
            part.taken += 1;
        }
    }

    /// Where the engine says that the far end has a part in doubt: what the part is then, if a receipt that waits was really given
    /// for it. Which receipts count as evidence is the engine's rule; that it is never another part's is looked at here.
    fn proven(&mut self, before: &Part, part: &Part, change: &PartChange, outcome: &PartOutcome) -> Option<Part> {
        let after = outcome.after.filter(|after| !agrees(after, part))?;
        if !matches!(change.event, PartEvent::Doubt { .. } | PartEvent::Claimed { .. } | PartEvent::Clock) {
            return None;
        }
        let id = after.part_id.0;
        let mut doubted = before.clone();
        if let PartEvent::Doubt { .. } = change.event {
            doubted.doubts += 1;
            doubted.place = Place::Uncertain(doubted.expires_at);
        }
        // Of several tries that the far end has, any may be the one that is proven.
        let names: Vec<Named> = self
            .waiting
            .keys()
            .filter(|(carrier, raw)| *carrier == before.carrier && self.given.get(raw) == Some(&id))
            .cloned()
            .collect();
        let name = names.into_iter().find(|name| {
            let mut proven = doubted.clone();
            self.happens_by(&mut proven, name, change.at);
            agrees(&after, &proven)
        })?;
        self.coverage.count(match change.event {
            PartEvent::Claimed { .. } => "copy called off by evidence",
            _ => "doubt resolved by evidence",
        });
        self.answered_by_receipt(&mut doubted, id, name, change.at);
        Some(doubted)
    }

    /// A part is known by a receipt's id from now on, and the receipts that wait for the id are for it.
    fn answered_by_receipt(&mut self, part: &mut Part, id: i64, name: Named, at: Timestamp) {
        self.happens_by(part, &name, at);
        self.waiting.remove(&name);
        self.ids.insert(name, id);
    }

    /// What becomes of a part once it is known by an id for which receipts wait.
    fn happens_by(&self, part: &mut Part, name: &Named, at: Timestamp) {
        let attempt = AttemptNumber(part.attempt);
        _ = part.happens(&PartEvent::Sent { attempt }, at);
        for (_, event) in self.waiting.get(name).into_iter().flatten() {
            _ = part.happens(event, at);
        }
    }

    /// The carrier named a part: receipts that waited for the name are for it.
    fn named(&mut self, part: &mut Part, id: i64, _: AttemptNumber, change: &PartChange, raw: &str) -> bool {
        // Each try has an id of its own at the far end, so the id tells which carrier gave it.
        let Some(carrier) = crate::far_end::carrier_of(raw) else { return false };
        let key = (carrier, Box::from(raw));
        if self.ids.insert(key.clone(), id).is_some() {
            return false;
        }
        let mut is_changed = false;
        for (_, event) in self.waiting.remove(&key).unwrap_or_default() {
            self.coverage.count("receipt before its answer");
            is_changed |= part.happens(&event, change.at);
        }
        is_changed
    }

    fn reported(&mut self, incoming: &ReceiptIn, outcome: &ReceiptOutcome) {
        let receipt = &incoming.receipt;
        self.stored.insert(receipt.code.clone());
        let key = (incoming.carrier, receipt.raw_id.clone());
        // There is one route. What waits for its name is settled when it has none to go on by.
        let next = incoming.onward.first().map(|onward| onward.next);
        let report = Report { carrier: incoming.carrier, status: receipt.status, cause: receipt.cause, next: None };
        let (event, parked) = (PartEvent::Receipt(Report { next, ..report }), PartEvent::Receipt(report));
        let known = self.ids.get(&key).copied();
        match (known.and_then(|id| Some((id, self.parts.remove(&id)?))), outcome) {
            (Some((id, mut part)), ReceiptOutcome::Matched { outcome, .. }) => {
                let before = part.clone();
                let is_changed = part.happens(&event, incoming.at);
                self.coverage.event(&event, &before, &part, is_changed);
                self.compare(id, &before, &part, outcome, is_changed);
                self.parts.insert(id, part);
            }
            (None, ReceiptOutcome::Matched { outcome, .. }) => {
                let given = self.given.get(&receipt.raw_id).copied();
                let Some((id, mut part)) = given.and_then(|id| Some((id, self.parts.remove(&id)?))) else {
                    let told = format!("a receipt for an id that nobody gave, {:?}, counted as evidence", key.1);
                    return self.fault(Check::EVIDENCE_IS_ITS_OWN, told);
                };
                let is_late = outcome.after.is_none() && matches!(part.place, Place::Ended(_));
                if is_late && self.waiting.contains_key(&key) {
                    // The receipt that waited was evidence before, and the part ended by it as it would have ended without.
                    self.waiting.remove(&key);
                    self.ids.insert(key, id);
                    self.parts.insert(id, part);
                    return;
                }
                self.coverage.count("doubt resolved by evidence");
                let before = part.clone();
                self.waiting.entry(key.clone()).or_default().push((incoming.clone(), parked));
                self.answered_by_receipt(&mut part, id, key, incoming.at);
                self.require(
                    Check::EVIDENCE_IS_ITS_OWN,
                    outcome.after.is_some_and(|after| after.part_id.0 == id),
                    || format!("the receipt for part {id:x} counted as evidence for {outcome:?}"),
                );
                self.compare(id, &before, &part, outcome, true);
                self.parts.insert(id, part);
            }
            (None, ReceiptOutcome::Parked(_)) => {
                self.coverage.count("parked receipt");
                self.waiting.entry(key).or_default().push((incoming.clone(), parked));
            }
            (None, ReceiptOutcome::ParkedBefore(_)) => self.coverage.count("parked receipt again"),
            (found, other) => {
                let found = found.map(|(id, part)| {
                    self.parts.insert(id, part);
                    id
                });
                self.fault(Check::RECEIPT_IS_KEPT, format!("a receipt for {found:x?} was answered with {other:?}"));
            }
        }
    }

    fn compare(&mut self, id: i64, before: &Part, part: &Part, outcome: &PartOutcome, is_changed: bool) {
        match (&outcome.after, matches!(before.place, Place::Ended(_))) {
            (Some(after), false) => {
                let same = agrees(after, part);
                self.require(Check::LIFE_AGREES, same, || {
                    format!("part {id:x} is {after:?}, the model says {part:?}, before {before:?}")
                });
            }
            (None, true) => {}
            (after, _) => {
                self.fault(Check::LIFE_AGREES, format!("part {id:x} was {before:?}, and after it there is {after:?}"))
            }
        }
        let moved_back = before.funds != Funds::Held && before.funds != part.funds;
        self.require(Check::MONEY_MOVES_ONCE, !moved_back, || format!("the money of part {id:x} moved twice"));
        self.require(Check::CHARGED_WAS_TAKEN, part.funds != Funds::Captured || part.taken > 0, || {
            format!("part {id:x} was charged, and nobody took it")
        });
        self.require(Check::TOLD_HAPPENED, is_changed || outcome.notices.is_empty(), || {
            format!("part {id:x}: nothing happened, and it was told")
        });
    }

    /// A part left the process.
    pub fn submitted(&mut self, carrier: CarrierId, submission: &Submission) {
        let id = submission.part_id.0;
        let Some(part) = self.parts.get_mut(&id) else {
            return self.fault(Check::LEAVES_STORED, format!("part {id:x} left before it was stored"));
        };
        let is_claimed =
            part.place == Place::Submitting && part.attempt == submission.attempt.0 && part.carrier == carrier;
        let octets: Vec<u8> =
            submission.content.header().iter().chain(submission.content.user_data().iter()).copied().collect();
        let is_alike = *part.octets.get_or_insert_with(|| octets.clone()) == octets;
        let (copies, is_in_time) = (part.doubts, part.claimed_at < part.expires_at);
        let told = format!("part {id:x}, attempt {}: {:?}", submission.attempt.0, part.place);
        let resends_max = self.rules.resends_max;
        self.require(Check::LEAVES_CLAIMED, is_claimed, || format!("left without a claim that is stored: {told}"));
        self.require(Check::COPIES_ARE_ALIKE, is_alike, || format!("left with other octets: {told}"));
        self.require(Check::COPIES_ARE_BOUNDED, copies <= resends_max, || {
            format!("left once more after {copies} doubts: {told}")
        });
        self.require(Check::CLAIMED_IN_TIME, is_in_time, || format!("was claimed after its expiry: {told}"));
        self.coverage.count(if copies > 0 { "sent again after doubt" } else { "submitted" });
    }

    /// A customer was answered.
    pub fn answered(&mut self, answer: &Result<Accepted, Refusal>) {
        let accepted = match answer {
            Ok(accepted) => accepted,
            Err(refusal) => {
                return self.coverage.count(match refusal {
                    Refusal::InsufficientFunds { .. } => "customer: no money",
                    Refusal::Overloaded => "customer: overload",
                    _ => "customer: fault",
                });
            }
        };
        self.coverage.count("customer: accepted");
        let has_failed = self.has_failed;
        self.require(Check::STOPPED_TAKES_NOTHING, !has_failed, || "accepted after the store had failed".to_owned());
        for told in &accepted.parts {
            match self.parts.get_mut(&told.part_id.0) {
                Some(part) => part.is_accepted = true,
                None => {
                    let told = format!("part {:x} was accepted and is not stored", told.part_id.0);
                    self.fault(Check::ACCEPTED_IS_STORED, told);
                }
            }
        }
    }

    /// Whether the wallet is what the parts add up to.
    pub fn compare_wallet(&mut self, account: AccountId, wallet: &Wallet) {
        let (posted, held) =
            (self.paid(account.0) - self.sum(account.0, Funds::Captured), self.sum(account.0, Funds::Held));
        let is_same = (wallet.posted.units, wallet.held.units) == (posted, held);
        self.require(Check::WALLET_ADDS_UP, is_same && posted - held >= 0, || {
            format!("the wallet is {wallet:?}, posted {posted}, held {held}")
        });
    }

    /// Whether a part in the store is as the model has it.
    pub fn compare_part(&mut self, id: PartId, state: &str, funds: Funds) {
        let Some(part) = self.parts.get(&id.0) else {
            return self.fault(Check::ROWS_AGREE, format!("part {:x} is in the store, and nobody accepted it", id.0));
        };
        let is_same = name(part.place) == state && part.funds == funds;
        let told = format!(
            "part {:x} is {state} and {funds:?} in the store, {:?} and {:?} here",
            id.0, part.place, part.funds
        );
        self.require(Check::ROWS_AGREE, is_same, || told);
    }

    fn available(&self, account: i64) -> i64 {
        self.paid(account) - self.sum(account, Funds::Captured) - self.sum(account, Funds::Held)
    }

    fn paid(&self, account: i64) -> i64 {
        self.paid.get(&account).copied().unwrap_or(0)
    }

    fn sum(&self, account: i64, funds: Funds) -> i64 {
        self.parts.values().filter(|part| part.account == account && part.funds == funds).map(|part| part.price).sum()
    }

    /// Parts that have not ended.
    pub fn open(&self) -> impl Iterator<Item = (&i64, &Part)> {
        self.parts.iter().filter(|(_, part)| !matches!(part.place, Place::Ended(_)))
    }
}

fn new_part(accept: &Accept) -> Part {
    let plan = &accept.plan;
    let (place, attempt) = match accept.claim {
        Claim::Now => (Place::Submitting, 1),
        Claim::Later => (Place::Queued, 0),
    };
    Part {
        account: plan.account_id.0,
        class: plan.class,
        is_alone: plan.parts.len() == 1,
        price: plan.price.units,
        capture_on: plan.capture_on,
        is_wanted: plan.receipt == ReceiptWish::Wanted,
        expires_at: plan.expires_at,
        due_at: plan.accepted_at,
        claimed_at: plan.accepted_at,
        place,
        carrier: plan.carrier,
        attempt,
        doubts: 0,
        is_rerouted: false,
        unclear_until: None,
        failures: 0,
        funds: Funds::Held,
        told: None,
        octets: None,
        taken: 0,
        is_accepted: false,
        is_to_be_told: false,
        heard: Vec::new(),
    }
}

fn agrees(record: &PartRecord, part: &Part) -> bool {
    let place = match record.state {
        PartState::Queued { .. } => Place::Queued,
        PartState::Submitting { .. } => Place::Submitting,
        PartState::Uncertain { resolve_at } => Place::Uncertain(resolve_at),
        PartState::Submitted { .. } => Place::Submitted,
        PartState::Final(end) => Place::Ended(end.status),
    };
    place == part.place
        && record.carrier == part.carrier
        && record.attempt.0 == part.attempt
        && (record.doubts, record.failures, record.funds) == (part.doubts, part.failures, part.funds)
        && (record.reroutes > 0, record.unclear_until) == (part.is_rerouted, part.unclear_until)
}

/// A place as the store's views name it.
pub fn name(place: Place) -> &'static str {
    match place {
        Place::Queued => "queued",
        Place::Submitting => "submitting",
        Place::Uncertain(_) => "uncertain",
        Place::Submitted => "submitted",
        Place::Ended(status) => ReceiptStatus::as_str(status),
    }
}
