//! What the engine is told, and what is counted.
//!
//! Events wait here while the engine's channel is full; the link stops reading as long as any does, so they are bounded by
//! the window and by what one read can bring.

use std::collections::VecDeque;

use metrics::{Counter, Gauge, counter, gauge};
use tokio::sync::mpsc;
use whimbrel_core::{
    AckToken, AnswerTiming, AttemptNumber, CarrierError, CarrierEvent, CarrierId, CarrierMessageId, CarrierReceipt,
    DoubtCause, LinkId, PartId, ReceiptStatus, Submission, Timestamp,
};

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
    pub(super) meters: Meters,
}

impl Reporter {
    pub(super) fn new(carrier: CarrierId, name: &str, events: mpsc::Sender<CarrierEvent>) -> Self {
        Self { carrier, events, waiting: VecDeque::new(), is_unheard: false, meters: Meters::new(name) }
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
        self.meters.link_up.set(1.0);
        self.send(CarrierEvent::Up { carrier: self.carrier, link, window_max });
    }

    /// `link`: if it had been bound.
    pub(super) fn down(&mut self, link: Option<LinkId>, why: &str) {
        self.meters.link_up.set(0.0);
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
        self.send(CarrierEvent::Sent { carrier: self.carrier, part_id, attempt, id, timing, at });
    }

    pub(super) fn refused(&mut self, Ticket { part_id, attempt }: Ticket, error: CarrierError, at: Timestamp) {
        match error {
            CarrierError::Permanent { .. } => self.meters.refused.increment(1),
            CarrierError::Throttled { .. } => self.meters.throttled.increment(1),
            CarrierError::Temporary { .. } => self.meters.temporary.increment(1),
        }
        self.send(CarrierEvent::Refused { carrier: self.carrier, part_id, attempt, error, at });
    }

    pub(super) fn doubt(&mut self, Ticket { part_id, attempt }: Ticket, cause: DoubtCause, at: Timestamp) {
        self.meters.doubt.increment(1);
        self.send(CarrierEvent::Doubt { carrier: self.carrier, part_id, attempt, cause, at });
    }

    pub(super) fn given_back(&mut self, Ticket { part_id, attempt }: Ticket, at: Timestamp) {
        self.meters.given_back.increment(1);
        self.send(CarrierEvent::GivenBack { carrier: self.carrier, part_id, attempt, at });
    }

    pub(super) fn receipt(&mut self, receipt: CarrierReceipt, ack: AckToken, at: Timestamp) {
        self.meters.receipt(receipt.status).increment(1);
        self.send(CarrierEvent::Receipt { carrier: self.carrier, receipt, ack, at });
    }
}

/// The carrier's numbers, looked up once.
pub(super) struct Meters {
    sent: Counter,
    refused: Counter,
    throttled: Counter,
    temporary: Counter,
    doubt: Counter,
    given_back: Counter,
    receipts: [Counter; 7],
    link_up: Gauge,
    /// Unanswered submissions.
    pub(super) window_used: Gauge,
    /// Connections tried after the first.
    pub(super) reconnects: Counter,
    /// Receipts that name no message: nothing can be done with them.
    pub(super) receipts_without_id: Counter,
    /// Inbound texts that were refused.
    pub(super) inbound_refused: Counter,
}

impl Meters {
    fn new(name: &str) -> Self {
        let carrier = || name.to_owned();
        let submits = |result: &'static str| counter!("whimbrel_carrier_submits_total", "carrier" => carrier(), "result" => result);
        let receipts = |status: &'static str| counter!("whimbrel_carrier_receipts_total", "carrier" => carrier(), "status" => status);
        Self {
            sent: submits("sent"),
            refused: submits("refused"),
            throttled: submits("throttled"),
            temporary: submits("temporary"),
            doubt: submits("doubt"),
            given_back: submits("given_back"),
            receipts: STATUSES.map(|status| receipts(status.as_str())),
            link_up: gauge!("whimbrel_carrier_link_up", "carrier" => carrier()),
            window_used: gauge!("whimbrel_carrier_window_used", "carrier" => carrier()),
            reconnects: counter!("whimbrel_carrier_reconnects_total", "carrier" => carrier()),
            receipts_without_id: receipts("without_id"),
            inbound_refused: counter!("whimbrel_carrier_inbound_refused_total", "carrier" => carrier()),
        }
    }

    fn receipt(&self, status: ReceiptStatus) -> &Counter {
        &self.receipts[place(status)]
    }
}

/// In the order of [`place`].
const STATUSES: [ReceiptStatus; 7] = [
    ReceiptStatus::Accepted,
    ReceiptStatus::Buffered,
    ReceiptStatus::Delivered,
    ReceiptStatus::Expired,
    ReceiptStatus::Failed,
    ReceiptStatus::Rejected,
    ReceiptStatus::Unknown,
];

const fn place(status: ReceiptStatus) -> usize {
    match status {
        ReceiptStatus::Accepted => 0,
        ReceiptStatus::Buffered => 1,
        ReceiptStatus::Delivered => 2,
        ReceiptStatus::Expired => 3,
        ReceiptStatus::Failed => 4,
        ReceiptStatus::Rejected => 5,
        ReceiptStatus::Unknown => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_counted_apart() {
        assert!(STATUSES.iter().enumerate().all(|(index, status)| place(*status) == index));
    }
}
