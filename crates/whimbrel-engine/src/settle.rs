//! Where what carriers report becomes state: a batch of events, one commit, and only then the acknowledgement.
//!
//! The mapping from event to operation and from answer to action is pure; the loop at the end moves values.

mod places;

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use whimbrel_carriers::Ack;
use whimbrel_core::plan::Route;
use whimbrel_core::saboteur::{Saboteur, acts};
use whimbrel_core::{
    AckToken, AnswerTiming, AttemptNumber, CarrierError, CarrierEvent, CarrierId, CarrierReceipt, Cause, DoubtCause,
    InboundId, Notice, NoticeId, PartEvent, PartId, PartRecord, PartState, PhoneNumber, ReceiptStatus, RefusalScope,
    Report, Span, Timestamp, id,
};
use whimbrel_store::{
    Answer, InboundIn, InboundOutcome, Onward, Op, OpResult, PartChange, PartOutcome, PartRoute, ReceiptIn,
    ReceiptOutcome,
};

use self::places::Freed;
use crate::Engine;
use crate::batcher::CommitError;
use crate::carriers::CarrierDesk;
use crate::dispatch::Waiting;
use crate::events::About;
use crate::listeners::News;
use crate::number_networks::is_wrong_network;

/// Events taken into one batch, at most.
const EVENTS_MAX: usize = 1_024;

/// A submission of which no byte has left.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GiveBack {
    pub(crate) part_id: PartId,
    pub(crate) attempt: AttemptNumber,
}

/// What an event leaves to be done after the commit.
struct After {
    carrier: CarrierId,
    kind: AfterKind,
}

enum AfterKind {
    /// The carrier took a part in time: its place was freed when this was handed to the writer.
    Taken,
    /// A place in the window is free again.
    Place,
    /// A receipt was stored; it is acknowledged once it was settled for every part that it speaks for.
    Receipt(Box<Reported>),
    /// The last part that a receipt speaks for was settled: it is acknowledged.
    Siblings(AckToken),
    /// An inbound text was stored: it is acknowledged.
    Inbound(AckToken),
    /// Only the part's own consequences.
    Part,
}

/// What a receipt said, for the other parts that it speaks for.
struct Reported {
    ack: AckToken,
    status: ReceiptStatus,
    cause: Cause,
    code: Box<str>,
    at: Timestamp,
}

/// Where parts go which a carrier refused for itself only.
type Alternatives = HashMap<PartId, Elsewhere>;

/// Where a part goes which its carrier refused.
pub(crate) struct Elsewhere {
    /// Who gets it, if anybody.
    next: Option<CarrierId>,
    /// To whom it goes.
    pub(crate) recipient: PhoneNumber,
}

/// The first pause of a carrier that took nothing.
const NOT_TAKEN_PAUSE: Span = Span::seconds(1);

/// Writes down parts that were claimed and that the carrier did not take. Runs wherever the carrier said no. The carrier pauses: each
/// turn of claim and giving back costs two flushes, and a carrier whose task has ended would never say that its links are down.
pub(crate) fn give_back(engine: &Arc<Engine>, desk: &Arc<CarrierDesk>, parts: Vec<GiveBack>) {
    let now = engine.world.now();
    desk.dispatch().not_taken(NOT_TAKEN_PAUSE, now);
    let ops: Vec<Op> = parts
        .iter()
        .map(|part| {
            let event = PartEvent::GivenBack { attempt: part.attempt };
            change(engine, part.part_id, event, Answer::default(), now)
        })
        .collect();
    let after: Vec<After> = parts.iter().map(|_| After { carrier: desk.id, kind: AfterKind::Place }).collect();
    let settling = Arc::clone(engine);
    // Nothing follows from what was given back: only receipts have followers.
    engine.batcher.push_settling(ops, Box::new(move |result| _ = settling.settled(after, result)));
}

/// Settles what carriers report until every carrier has gone.
pub(crate) async fn run(engine: Arc<Engine>, mut events: mpsc::Receiver<CarrierEvent>) {
    let mut batch = Vec::with_capacity(EVENTS_MAX);
    while events.recv_many(&mut batch, EVENTS_MAX).await > 0 {
        let alternatives = engine.alternatives(&batch).await;
        let mut work = Vec::with_capacity(batch.len());
        // A place is free once the answer is handed over, and nobody waits for what else follows from it.
        let in_passing = batch.iter().all(|event| matches!(event, CarrierEvent::Sent { .. }));
        for event in batch.drain(..) {
            let carrier = event.carrier();
            let refused = match &event {
                CarrierEvent::Refused { part_id, .. } => alternatives.get(part_id),
                _ => None,
            };
            let heard = engine.hear_network(&event, refused);
            work.extend(heard.map(|op| (op, After { carrier, kind: AfterKind::Part })));
            work.extend(engine.settle(event, &alternatives));
        }
        if in_passing && !work.is_empty() {
            let (ops, after): (Vec<Op>, Vec<After>) = work.into_iter().unzip();
            let freed = Freed::of(&after);
            let settling = Arc::clone(&engine);
            // It is not waited for, so that what comes meanwhile is not held up. Nothing follows from answers: only receipts have
            // followers.
            engine.batcher.push_in_passing(ops, Box::new(move |result| _ = settling.settled(after, result)));
            engine.free(freed);
            continue;
        }
        while !work.is_empty() {
            let (ops, after): (Vec<Op>, Vec<After>) = work.into_iter().unzip();
            let result = engine.batcher.settle(ops);
            engine.free(Freed::of(&after));
            work = engine.settled(after, result.await);
        }
    }
}

impl Engine {
    /// What an event asks of the store; events about links change the desk at once and ask nothing.
    fn settle(&self, event: CarrierEvent, alternatives: &Alternatives) -> Option<(Op, After)> {
        let carrier = event.carrier();
        let desk = self.carriers.find(carrier)?;
        let then = |kind| After { carrier, kind };
        match event {
            CarrierEvent::Up { link, window_max, .. } => {
                desk.dispatch().up(link, window_max);
                tracing::info!(carrier = &*desk.name, link = link.0, window_max, "carrier link bound");
                self.tell_of_carrier(&desk, "carrier.up", &format!("link {}, window {window_max}", link.0));
                desk.bell.notify_one();
                None
            }
            CarrierEvent::Down { link, why, .. } => {
                if let Some(link) = link {
                    desk.dispatch().down(link);
                }
                tracing::warn!(carrier = &*desk.name, why = &*why, "carrier link down");
                self.tell_of_carrier(&desk, "carrier.down", &why);
                None
            }
            CarrierEvent::Sent { part_id, attempt, id, timing, at, .. } => {
                let answer = Answer { id: Some(id), code: Box::default() };
                let kind = match timing {
                    AnswerTiming::InTime => AfterKind::Taken,
                    AnswerTiming::Late if acts(Saboteur::PlaceFreedTwice) && desk.dispatch().used() > 0 => {
                        AfterKind::Taken
                    }
                    AnswerTiming::Late => AfterKind::Part,
                };
                Some((change(self, part_id, PartEvent::Sent { attempt }, answer, at), then(kind)))
            }
            CarrierEvent::Refused { part_id, attempt, error, at, .. } => {
                let (retry_at, code) = match &error {
                    CarrierError::Throttled { pause, code } => {
                        metrics::counter!("whimbrel_throttled_total", "carrier" => desk.name.to_string()).increment(1);
                        self.tell_of_carrier(&desk, "carrier.throttled", code);
                        (desk.dispatch().throttled(*pause, at), code.clone())
                    }
                    CarrierError::Permanent { code, .. } | CarrierError::Temporary { code, .. } => (at, code.clone()),
                };
                let next = alternatives.get(&part_id).and_then(|elsewhere| elsewhere.next);
                let event = PartEvent::Refused { attempt, error, retry_at, next };
                Some((change(self, part_id, event, Answer { id: None, code }, at), then(AfterKind::Place)))
            }
            CarrierEvent::Doubt { part_id, attempt, cause, at, .. } => {
                count_doubts(&desk, cause, 1);
                let event = PartEvent::Doubt { attempt, cause, rules: desk.rules().doubt };
                let kind = if acts(Saboteur::PlaceKept) { AfterKind::Part } else { AfterKind::Place };
                Some((change(self, part_id, event, Answer::default(), at), then(kind)))
            }
            CarrierEvent::GivenBack { part_id, attempt, at, .. } => {
                let event = PartEvent::GivenBack { attempt };
                Some((change(self, part_id, event, Answer::default(), at), then(AfterKind::Place)))
            }
            CarrierEvent::Receipt { mut receipt, ack, at, .. } => {
                desk.learned().sort(&mut receipt.keys);
                let notice_id = NoticeId(self.world.next_id());
                let (status, cause, code) = (receipt.status, receipt.cause, receipt.code.clone());
                let kind = AfterKind::Receipt(Box::new(Reported { ack, status, cause, code, at }));
                let onward = self.onward(carrier, &receipt);
                let op = Op::Receipt(Box::new(ReceiptIn { carrier, receipt, at, notice_id, onward }));
                Some((op, then(kind)))
            }
            CarrierEvent::Inbound { part, ack, at, .. } => {
                let (id, notice_id) = (InboundId(self.world.next_id()), NoticeId(self.world.next_id()));
                let op = Op::Inbound(Box::new(InboundIn { id, carrier, part: *part, at, notice_id }));
                Some((op, then(AfterKind::Inbound(ack))))
            }
        }
    }

    /// Finds, for parts whose carrier refuses them for itself, the carrier that their route tries next.
    async fn alternatives(&self, batch: &[CarrierEvent]) -> Alternatives {
        let snapshot = self.snapshot();
        let has_choice = snapshot.routes.iter().any(|route| route.carriers.len() > 1);
        let refused: Vec<(PartId, CarrierId, &CarrierError)> = batch
            .iter()
            .filter_map(|event| match event {
                CarrierEvent::Refused { carrier, part_id, error, .. } => match error {
                    CarrierError::Permanent { .. } if is_wrong_network(error) => Some((*part_id, *carrier, error)),
                    CarrierError::Permanent { scope: RefusalScope::ThisCarrier, .. }
                    | CarrierError::Temporary { .. }
                        if has_choice =>
                    {
                        Some((*part_id, *carrier, error))
                    }
                    CarrierError::Permanent { .. }
                    | CarrierError::Temporary { .. }
                    | CarrierError::Throttled { .. } => None,
                },
                _ => None,
            })
            .collect();
        if refused.is_empty() {
            return Alternatives::new();
        }
        let parts: Vec<PartId> = refused.iter().map(|(part, ..)| *part).collect();
        let routes = loop {
            let asked = parts.clone();
            match self.read(move |store| store.routes_of(&asked)).await {
                Ok(routes) => break routes,
                // Without an answer parts would end that another carrier may take. What waits meanwhile is bounded.
                Err(error) => {
                    tracing::error!(%error, "cannot read the routes of refused parts; trying again in a second");
                    self.world.sleep(Span::seconds(1)).await;
                    if self.is_stopping() {
                        return Alternatives::new();
                    }
                }
            }
        };
        let mut routes: HashMap<PartId, PartRoute> = routes.into_iter().map(|route| (route.part_id, route)).collect();
        let elsewhere = |(part, carrier, error): (PartId, CarrierId, &CarrierError)| {
            let PartRoute { route, recipient, .. } = routes.remove(&part)?;
            let next = match is_wrong_network(error) {
                true => snapshot.carrier_for_ported(&route, carrier),
                false => snapshot.carrier_after(&route, carrier),
            };
            let next = next.filter(|next| self.carriers.find(*next).is_some_and(|desk| !desk.is_retired()));
            Some((part, Elsewhere { next, recipient }))
        };
        refused.into_iter().filter_map(elsewhere).collect()
    }

    /// Where the parts of each route go which `carrier` reports to be in another network.
    fn onward(&self, carrier: CarrierId, receipt: &CarrierReceipt) -> Vec<Onward> {
        if receipt.cause != Cause::Ported {
            return Vec::new();
        }
        let snapshot = self.snapshot();
        let onward = |route: &Route| {
            let next = snapshot.carrier_for_ported(&route.name, carrier)?;
            let has_desk = self.carriers.find(next).is_some_and(|desk| !desk.is_retired());
            has_desk.then(|| Onward { route: route.name.clone(), next })
        };
        snapshot.routes.iter().filter_map(onward).collect()
    }

    fn tell_of_carrier(&self, desk: &CarrierDesk, kind: &'static str, detail: &str) {
        self.events.tell(self.world.now(), || (kind, None, About::Carrier { name: desk.name.clone() }, detail.into()));
    }

    /// Gives parts events that no carrier told: time passed, or they go on to another carrier.
    pub(crate) async fn settle_ours(&self, events: Vec<(PartId, PartEvent)>) {
        let now = self.world.now();
        let after = events.iter().map(|_| After { carrier: CarrierId(0), kind: AfterKind::Part }).collect();
        let op = |(part, event)| change(self, part, event, Answer::default(), now);
        let result = self.batcher.settle(events.into_iter().map(op).collect()).await;
        _ = self.settled(after, result);
    }

    /// Runs after a commit: places of parts that were not taken are freed, parts queue up again, receipts are acknowledged, notices go
    /// out. Answers what follows from it and must be committed too.
    #[must_use]
    fn settled(&self, after: Vec<After>, result: Result<Vec<OpResult>, CommitError>) -> Vec<(Op, After)> {
        let now = self.world.now();
        let results: Vec<Option<OpResult>> = match result {
            Ok(results) => results.into_iter().map(Some).collect(),
            Err(error) => {
                tracing::error!(%error, "what carriers reported could not be stored; it is found again after a restart");
                after.iter().map(|_| None).collect()
            }
        };
        let mut notices = Vec::new();
        let mut follow_ups = Vec::new();
        for (then, result) in after.into_iter().zip(results) {
            self.follow(then, result, &mut notices, &mut follow_ups, now);
        }
        if !notices.is_empty() {
            self.notifier.add(notices, now);
        }
        follow_ups
    }

    fn follow(
        &self,
        after: After,
        result: Option<OpResult>,
        notices: &mut Vec<Notice>,
        follow_ups: &mut Vec<(Op, After)>,
        now: Timestamp,
    ) {
        let desk = self.carriers.find(after.carrier);
        let is_stored = matches!(&result, Some(result) if !matches!(result, OpResult::Failed(_)));
        let mut siblings = Vec::new();
        let outcome = match result {
            Some(OpResult::Part(outcome)) => Some(*outcome),
            Some(OpResult::Receipt(outcome)) => {
                let (outcome, rest) = self.count_receipt(desk.as_deref(), *outcome);
                siblings = rest;
                outcome
            }
            Some(OpResult::Inbound(outcome)) => {
                self.heard(desk.as_deref(), &outcome, now);
                notices.extend(outcome.notice);
                None
            }
            Some(OpResult::Failed(why)) => {
                tracing::error!(why, "a carrier's report broke a constraint and was left out; report this as a bug");
                None
            }
            _ => None,
        };
        if let Some(outcome) = &outcome {
            self.tell_of_part(outcome, now);
            if self.tape.is_on() {
                self.note_on_tape(after.carrier, &after.kind, outcome);
            }
        }
        // The carrier may forget only what is durable. What the store left out is as little durable as what a failed commit held.
        let ack = if is_stored || acts(Saboteur::AckBeforeStored) { Ack::Stored } else { Ack::TryAgain };
        match (after.kind, desk) {
            // After a failed commit the place stays taken: nothing leaves any more.
            (AfterKind::Place, Some(desk)) if is_stored => desk.free_places(1),
            // The place of an answer that was left out should not have been freed.
            (AfterKind::Taken, Some(desk)) if !is_stored => desk.dispatch().occupy(),
            (AfterKind::Receipt(reported), Some(desk)) => match siblings.split_last() {
                Some((last, others)) => {
                    let carrier = after.carrier;
                    follow_ups.extend(others.iter().map(|part| {
                        (self.sibling_report(carrier, *part, &reported), After { carrier, kind: AfterKind::Part })
                    }));
                    let kind = AfterKind::Siblings(reported.ack);
                    follow_ups.push((self.sibling_report(carrier, *last, &reported), After { carrier, kind }));
                }
                None => desk.acknowledge(reported.ack, ack),
            },
            (AfterKind::Siblings(token) | AfterKind::Inbound(token), Some(desk)) => desk.acknowledge(token, ack),
            (AfterKind::Taken | AfterKind::Place | AfterKind::Part, _) | (_, None) => {}
        }
        if let Some(outcome) = outcome {
            self.note_untold(&outcome);
            self.requeue(&outcome, now);
            notices.extend(outcome.notices);
        }
    }

    /// Who listens to webhooks hears of the end of a part also where nobody is told of it.
    fn note_untold(&self, outcome: &PartOutcome) {
        let untold = outcome.after.filter(|_| outcome.ignored.is_none() && outcome.notices.is_empty());
        if let Some(record) = untold
            && matches!(record.state, PartState::Final(_))
        {
            self.listeners.tell(|| News::Untold(record.message_id, record.part_id));
        }
    }

    /// Tells the tape whose receipt it was.
    fn note_on_tape(&self, carrier: CarrierId, kind: &AfterKind, outcome: &PartOutcome) {
        let Some(record) = outcome.after.or(outcome.record) else { return };
        if let AfterKind::Receipt(reported) = kind {
            self.tape.found((carrier, reported.ack), record.message_id);
        }
    }

    /// What a receipt for one part says of another one that the carrier took with it.
    fn sibling_report(&self, carrier: CarrierId, part: PartId, reported: &Reported) -> Op {
        let Reported { status, cause, .. } = *reported;
        let event = PartEvent::Receipt(Report { carrier, status, cause, next: None });
        change(self, part, event, Answer { id: None, code: reported.code.clone() }, reported.at)
    }

    /// Counts a receipt; answers its part and the others that it speaks for.
    fn count_receipt(&self, desk: Option<&CarrierDesk>, outcome: ReceiptOutcome) -> (Option<PartOutcome>, Vec<PartId>) {
        let carrier = || desk.map(|desk| desk.name.to_string()).unwrap_or_default();
        let count = |found: &'static str| {
            metrics::counter!("whimbrel_receipts_total", "carrier" => carrier(), "match" => found).increment(1);
        };
        match outcome {
            ReceiptOutcome::Matched { outcome, form, siblings } => {
                if let Some(desk) = desk {
                    desk.meters().found.increment(1);
                    desk.learned().matched(form);
                    if let (Some(record), None) = (&outcome.after, outcome.ignored) {
                        let delay = self.world.now().since(id::made_at(record.part_id.0)).to_std();
                        desk.meters().delay.record(delay);
                    }
                } else {
                    count("found");
                }
                (Some(outcome), siblings)
            }
            ReceiptOutcome::Parked(reason) => {
                let reason = reason.as_str();
                metrics::counter!("whimbrel_receipts_orphaned_total", "carrier" => carrier(), "reason" => reason)
                    .increment(1);
                count("parked");
                (None, Vec::new())
            }
            ReceiptOutcome::ParkedBefore(_) => {
                count("parked");
                (None, Vec::new())
            }
        }
    }

    /// A text came in.
    fn heard(&self, desk: Option<&CarrierDesk>, outcome: &InboundOutcome, now: Timestamp) {
        let carrier = desk.map(|desk| desk.name.to_string()).unwrap_or_default();
        let owner = if outcome.account_id.is_some() { "account" } else { "nobody" };
        if outcome.repeated {
            return;
        }
        metrics::counter!("whimbrel_inbound_parts_total", "carrier" => carrier, "owner" => owner).increment(1);
        self.events.tell(now, || {
            let about = About::Inbound { inbound_id: outcome.id, number: outcome.number.clone() };
            let detail = if outcome.complete { "complete" } else { "parts are missing yet" };
            ("inbound.received", outcome.account_id, about, detail.into())
        });
    }

    fn tell_of_part(&self, outcome: &PartOutcome, now: Timestamp) {
        let (Some(record), None) = (outcome.after, outcome.ignored) else { return };
        self.events.tell(now, || {
            let kind = match record.state {
                PartState::Queued { .. } => "part.queued",
                PartState::Submitting { .. } => "part.submitting",
                PartState::Uncertain { .. } => "part.in-doubt",
                PartState::Submitted { .. } => "part.submitted",
                PartState::Final(end) => match end.status {
                    ReceiptStatus::Delivered => "part.delivered",
                    ReceiptStatus::Expired => "part.expired",
                    ReceiptStatus::Failed => "part.failed",
                    ReceiptStatus::Rejected => "part.rejected",
                    ReceiptStatus::Unknown => "part.unknown",
                    ReceiptStatus::Submitted | ReceiptStatus::Accepted | ReceiptStatus::Buffered => "part.accepted",
                },
            };
            let cause = match record.state {
                PartState::Final(end) => end.cause.as_str(),
                _ => "",
            };
            let PartRecord { message_id, part_id, number, account_id, .. } = record;
            let dialect = self.directory.by_id(account_id).map(|entry| entry.dialect.clone()).unwrap_or_default();
            (kind, Some(account_id), About::Part { message_id, part_id, number, dialect }, cause.into())
        });
    }

    /// A part that is queued after its event waits for a place again.
    fn requeue(&self, outcome: &PartOutcome, now: Timestamp) {
        let Some(record) = outcome.record else { return };
        let PartState::Queued { due_at } = record.state else { return };
        if outcome.ignored.is_some() {
            return;
        }
        let Some(desk) = self.carriers.find(record.carrier) else { return };
        let waiting = Waiting { class: outcome.class, part_id: record.part_id, attempt: record.attempt };
        desk.dispatch().enqueue(waiting, due_at, now);
        desk.bell.notify_one();
    }
}

/// Counts doubts for the operator.
pub(crate) fn count_doubts(desk: &CarrierDesk, cause: DoubtCause, count: u64) {
    let word = match cause {
        DoubtCause::LinkLost => "link-lost",
        DoubtCause::AnswerTimedOut => "answer-timed-out",
        DoubtCause::ProcessEnded => "process-ended",
    };
    metrics::counter!("whimbrel_doubts_total", "carrier" => desk.name.to_string(), "cause" => word).increment(count);
}

/// The operation for an event of a part.
pub(crate) fn change(engine: &Engine, part_id: PartId, event: PartEvent, answer: Answer, at: Timestamp) -> Op {
    Op::Part(PartChange { part_id, event, at, notice_id: NoticeId(engine.world.next_id()), answer })
}
