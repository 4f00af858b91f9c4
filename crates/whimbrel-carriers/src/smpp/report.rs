//! What the engine is told.
//!
//! Events wait here while the engine's channel is full; the link stops reading as long as any does, so they are bounded by
//! the window and by what one read can bring.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;
use whimbrel_core::{
    AckToken, AnswerTiming, AttemptNumber, CarrierError, CarrierEvent, CarrierId, CarrierMessageId, CarrierReceipt,
    DoubtCause, InboundPart, LinkId, PartId, Submission, Timestamp,
};

use super::meters::Meters;
use super::slot::Slot;

/// Names a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    pub(super) part_id: PartId,
    pub(super) attempt: AttemptNumber,
}

impl From<&Submission> for Ticket {
    fn from(submission: &Submission) -> Self {
        Self { part_id: submission.part_id, attempt: submission.attempt }
    }
}

/// Tells the engine.
pub(super) struct Reporter {
    carrier: CarrierId,
    events: mpsc::Sender<CarrierEvent>,
    waiting: VecDeque<CarrierEvent>,
    is_unheard: bool,
    slot: Arc<Slot>,
    pub(super) meters: Meters,
}

impl Reporter {
    pub(super) fn new(carrier: CarrierId, name: &str, events: mpsc::Sender<CarrierEvent>, slot: Arc<Slot>) -> Self {
        Self { carrier, events, waiting: VecDeque::new(), is_unheard: false, slot, meters: Meters::new(name) }
    }

    pub(super) const fn carrier(&self) -> CarrierId {
        self.carrier
    }

    /// Whether events wait for room in the channel.
    pub(super) fn is_behind(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether nobody takes events any more.
    pub(super) const fn is_unheard(&self) -> bool {
        self.is_unheard
    }

    /// Waits for room in the channel and sends one waiting event, if there is one. Nothing is lost if this is dropped.
    pub(super) async fn send_one(&mut self) {
        match self.events.reserve().await {
            Ok(permit) => {
                if let Some(event) = self.waiting.pop_front() {
                    permit.send(event);
                }
            }
            Err(_) => {
                self.is_unheard = true;
                self.waiting.clear();
            }
        }
    }

    fn send(&mut self, event: CarrierEvent) {
        if self.is_unheard {
            return;
        }
        if self.is_behind() {
            return self.waiting.push_back(event);
        }
        match self.events.try_send(event) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(event)) => self.waiting.push_back(event),
            Err(mpsc::error::TrySendError::Closed(_)) => self.is_unheard = true,
        }
    }

    pub(super) fn up(&mut self, link: LinkId, window_max: u16) {
        self.meters.set_up(true);
        self.send(CarrierEvent::Up { carrier: self.carrier, link, window_max });
    }

    /// `link`: if it had been bound.
    pub(super) fn down(&mut self, link: Option<LinkId>, why: &str) {
        self.meters.set_up(false);
        self.send(CarrierEvent::Down { carrier: self.carrier, link, why: why.into() });
    }

    pub(super) fn sent(
        &mut self,
        Ticket { part_id, attempt }: Ticket,
        id: CarrierMessageId,
        timing: AnswerTiming,
        at: Timestamp,
    ) {
        self.meters.sent.increment(1);
        if timing == AnswerTiming::InTime {
            self.slot.settle();
        }
        self.send(CarrierEvent::Sent { carrier: self.carrier, part_id, attempt, id, timing, at });
    }

    pub(super) fn refused(&mut self, Ticket { part_id, attempt }: Ticket, error: CarrierError, at: Timestamp) {
        self.slot.settle();
        match error {
            CarrierError::Permanent { .. } => self.meters.refused.increment(1),
            CarrierError::Throttled { .. } => self.meters.throttled.increment(1),
            CarrierError::Temporary { .. } => self.meters.temporary.increment(1),
        }
        self.send(CarrierEvent::Refused { carrier: self.carrier, part_id, attempt, error, at });
    }

    pub(super) fn doubt(&mut self, Ticket { part_id, attempt }: Ticket, cause: DoubtCause, at: Timestamp) {
        self.slot.settle();
        self.meters.doubt.increment(1);
        self.send(CarrierEvent::Doubt { carrier: self.carrier, part_id, attempt, cause, at });
    }

    pub(super) fn given_back(&mut self, Ticket { part_id, attempt }: Ticket, at: Timestamp) {
        self.slot.settle();
        self.meters.given_back.increment(1);
        self.send(CarrierEvent::GivenBack { carrier: self.carrier, part_id, attempt, at });
    }

    pub(super) fn receipt(&mut self, receipt: CarrierReceipt, ack: AckToken, at: Timestamp) {
        self.meters.receipt(receipt.status).increment(1);
        self.send(CarrierEvent::Receipt { carrier: self.carrier, receipt, ack, at });
    }

    pub(super) fn inbound(&mut self, part: InboundPart, ack: AckToken, at: Timestamp) {
        self.meters.inbound.increment(1);
        self.send(CarrierEvent::Inbound { carrier: self.carrier, part: Box::new(part), ack, at });
    }
}
