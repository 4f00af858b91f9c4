//! Where what carriers report becomes state: a batch of events, one commit, and only then the acknowledgement.
//!
//! The mapping from event to operation and from answer to action is pure; the loop at the end moves values.

use std::sync::Arc;

use tokio::sync::mpsc;
use whimbrel_carriers::Ack;
use whimbrel_core::{
    AckToken, AnswerTiming, AttemptNumber, CarrierError, CarrierEvent, CarrierId, DoubtCause, Notice, NoticeId,
    PartEvent, PartId, PartState, Span, Timestamp,
};
use whimbrel_store::{Answer, Op, OpResult, PartChange, PartOutcome, ReceiptIn, ReceiptOutcome};

use crate::Engine;
use crate::batcher::CommitError;
use crate::carriers::CarrierDesk;
use crate::dispatch::Waiting;

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
    /// A place in the window is free again.
    Place { went_through: bool },
    /// The receipt is acknowledged.
    Receipt(AckToken),
    /// Only the part's own consequences.
    Part,
}

/// The first pause of a carrier that took nothing.
const NOT_TAKEN_PAUSE: Span = Span::seconds(1);

/// Writes down parts that were claimed and that the carrier did not take. Runs wherever the carrier said no. The carrier pauses: each
/// turn of claim and giving back costs two flushes, and a carrier whose task has ended would never say that its links are down.
pub(crate) fn give_back(engine: &Arc<Engine>, desk: &Arc<CarrierDesk>, parts: Vec<GiveBack>) {
    let now = engine.world.now();
    desk.dispatch().throttled(NOT_TAKEN_PAUSE, now);
    let ops: Vec<Op> = parts
        .iter()
        .map(|part| {
            let event = PartEvent::GivenBack { attempt: part.attempt };
            change(engine, part.part_id, event, Answer::default(), now)
        })
        .collect();
    let after: Vec<After> =
        parts.iter().map(|_| After { carrier: desk.id, kind: AfterKind::Place { went_through: false } }).collect();
    let settling = Arc::clone(engine);
    engine.batcher.push_settling(ops, Box::new(move |result| settling.settled(after, result)));
}

/// Settles what carriers report until every carrier has gone.
pub(crate) async fn run(engine: Arc<Engine>, mut events: mpsc::Receiver<CarrierEvent>) {
    let mut batch = Vec::with_capacity(EVENTS_MAX);
    while events.recv_many(&mut batch, EVENTS_MAX).await > 0 {
        let mut ops = Vec::with_capacity(batch.len());
        let mut after = Vec::with_capacity(batch.len());
        for event in batch.drain(..) {
            if let Some((op, then)) = engine.settle(event) {
                ops.push(op);
                after.push(then);
            }
        }
        if ops.is_empty() {
            continue;
        }
        let result = engine.batcher.settle(ops).await;
        engine.settled(after, result);
    }
}

impl Engine {
    /// What an event asks of the store; events about links change the desk at once and ask nothing.
    fn settle(&self, event: CarrierEvent) -> Option<(Op, After)> {
        let carrier = event.carrier();
        let desk = self.carriers.find(carrier)?;
        let place = |went_through| After { carrier, kind: AfterKind::Place { went_through } };
        match event {
            CarrierEvent::Up { link, window_max, .. } => {
                desk.dispatch().up(link, window_max);
                tracing::info!(carrier = &*desk.name, link = link.0, window_max, "carrier link bound");
                desk.bell.notify_one();
                None
            }
            CarrierEvent::Down { link, why, .. } => {
                if let Some(link) = link {
                    desk.dispatch().down(link);
                }
                tracing::warn!(carrier = &*desk.name, why = &*why, "carrier link down");
                None
            }
            CarrierEvent::Sent { part_id, attempt, id, timing, at, .. } => {
                let answer = Answer { id: Some(id), code: Box::default() };
                let after = match timing {
                    AnswerTiming::InTime => place(true),
                    AnswerTiming::Late => After { carrier, kind: AfterKind::Part },
                };
                Some((change(self, part_id, PartEvent::Sent { attempt }, answer, at), after))
            }
            CarrierEvent::Refused { part_id, attempt, error, at, .. } => {
                let (retry_at, code) = match &error {
                    CarrierError::Throttled { pause, code } => {
                        metrics::counter!("whimbrel_throttled_total", "carrier" => desk.name.to_string()).increment(1);
                        (desk.dispatch().throttled(*pause, at), code.clone())
                    }
                    CarrierError::Permanent { code, .. } | CarrierError::Temporary { code } => (at, code.clone()),
                };
                let event = PartEvent::Refused { attempt, error, retry_at };
                Some((change(self, part_id, event, Answer { id: None, code }, at), place(false)))
            }
            CarrierEvent::Doubt { part_id, attempt, cause, at, .. } => {
                count_doubts(desk, cause, 1);
                let event = PartEvent::Doubt { attempt, cause, rules: desk.doubt };
                Some((change(self, part_id, event, Answer::default(), at), place(false)))
            }
            CarrierEvent::GivenBack { part_id, attempt, at, .. } => {
                Some((change(self, part_id, PartEvent::GivenBack { attempt }, Answer::default(), at), place(false)))
            }
            CarrierEvent::Receipt { receipt, ack, at, .. } => {
                let notice_id = NoticeId(self.world.next_id());
                let op = Op::Receipt(Box::new(ReceiptIn { carrier, receipt, at, notice_id }));
                Some((op, After { carrier, kind: AfterKind::Receipt(ack) }))
            }
        }
    }

    /// Lets time act on parts: what expired, what doubt left waiting.
    pub(crate) async fn let_time_pass(self: &Arc<Self>, parts: Vec<PartId>) {
        let now = self.world.now();
        let ops = parts.iter().map(|part| change(self, *part, PartEvent::Clock, Answer::default(), now)).collect();
        let after = parts.iter().map(|_| After { carrier: CarrierId(0), kind: AfterKind::Part }).collect();
        let result = self.batcher.settle(ops).await;
        self.settled(after, result);
    }

    /// Runs after a commit: places are freed, parts queue up again, receipts are acknowledged, notices go out.
    fn settled(&self, after: Vec<After>, result: Result<Vec<OpResult>, CommitError>) {
        let now = self.world.now();
        let results: Vec<Option<OpResult>> = match result {
            Ok(results) => results.into_iter().map(Some).collect(),
            Err(error) => {
                tracing::error!(%error, "what carriers reported could not be stored; it is found again after a restart");
                after.iter().map(|_| None).collect()
            }
        };
        let mut notices = Vec::new();
        for (then, result) in after.into_iter().zip(results) {
            self.follow(then, result, &mut notices, now);
        }
        if !notices.is_empty() {
            self.notifier.add(notices);
        }
    }

    fn follow(&self, after: After, result: Option<OpResult>, notices: &mut Vec<Notice>, now: Timestamp) {
        let stored = result.is_some();
        let ack = ack_for(result.as_ref());
        let outcome = match result {
            Some(OpResult::Part(outcome)) => Some(*outcome),
            Some(OpResult::Receipt(outcome)) => {
                let (found, outcome) = match *outcome {
                    ReceiptOutcome::Matched(outcome) => ("found", Some(outcome)),
                    ReceiptOutcome::Parked | ReceiptOutcome::ParkedBefore => ("parked", None),
                };
                let carrier = self.carriers.find(after.carrier).map(|desk| desk.name.to_string()).unwrap_or_default();
                metrics::counter!("whimbrel_receipts_total", "carrier" => carrier, "match" => found).increment(1);
                outcome
            }
            Some(OpResult::Failed(why)) => {
                tracing::error!(why, "a carrier's report broke a constraint and was left out; report this as a bug");
                None
            }
            _ => None,
        };
        if let Some(desk) = self.carriers.find(after.carrier) {
            match after.kind {
                AfterKind::Place { went_through } => {
                    if went_through {
                        desk.dispatch().went_through(now);
                    }
                    // After a failed commit the place stays taken: nothing leaves any more.
                    if stored {
                        desk.free_places(1);
                    }
                }
                AfterKind::Receipt(token) => {
                    if let Some(carrier) = desk.carrier() {
                        carrier.acknowledge(token, ack);
                    }
                }
                AfterKind::Part => {}
            }
        }
        if let Some(outcome) = outcome {
            self.requeue(&outcome, now);
            notices.extend(outcome.notices);
        }
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

/// What a receipt's carrier is told: to forget it only if it is durable. One that the store left out is as little durable as one
/// of a commit that failed.
const fn ack_for(result: Option<&OpResult>) -> Ack {
    match result {
        Some(OpResult::Receipt(_)) => Ack::Stored,
        _ => Ack::TryAgain,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_stored_receipt_is_acknowledged() {
        let stored = OpResult::Receipt(Box::new(ReceiptOutcome::Parked));
        let left_out = OpResult::Failed("a constraint".into());
        for (result, ack) in [(Some(&stored), Ack::Stored), (Some(&left_out), Ack::TryAgain), (None, Ack::TryAgain)] {
            assert_eq!(ack_for(result), ack, "{result:?}");
        }
    }
}
