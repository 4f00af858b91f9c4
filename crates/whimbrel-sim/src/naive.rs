//! The life of one part, written a second time and as plainly as can be, to compare with the engine's own.
//!
//! It was written from the page that says what is promised, not from the code that keeps it; where they differ, one of them is
//! wrong, and a seed shows it.

use whimbrel_core::part::{Funds, RECEIPT_GRACE};
use whimbrel_core::{
    CaptureOn, CarrierError, CarrierId, Cause, DoubtPolicy, MessageClass, PartEvent, ReceiptStatus, RefusalScope,
    Report, Span, Timestamp,
};

/// Where a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a carrier's queue.
    Queued,
    /// Handed over, not answered.
    Submitting,
    /// In doubt, until the clock acts.
    Uncertain(Timestamp),
    /// Taken by the carrier.
    Submitted,
    /// Over.
    Ended(ReceiptStatus),
}

/// A part as the model knows it.
#[derive(Debug, Clone)]
pub struct Part {
    /// Who pays.
    pub account: i64,
    /// Its class.
    pub class: MessageClass,
    /// Whether it is all of its text.
    pub is_alone: bool,
    /// What it costs.
    pub price: i64,
    /// When a hold becomes a charge.
    pub capture_on: CaptureOn,
    /// Whether the customer wants receipts.
    pub is_wanted: bool,
    /// When it is given up.
    pub expires_at: Timestamp,
    /// Where it is.
    pub place: Place,
    /// When it may leave, while it is queued.
    pub due_at: Timestamp,
    /// When it was last claimed: from then on it leaves as soon as the claim is stored.
    pub claimed_at: Timestamp,
    /// Whose queue or link it is at.
    pub carrier: CarrierId,
    /// The last try.
    pub attempt: u16,
    /// Doubts so far.
    pub doubts: u8,
    /// Whether a receipt sent it to another carrier.
    pub is_rerouted: bool,
    /// When it ends as unknown, because its carrier said that it does not know.
    pub unclear_until: Option<Timestamp>,
    /// Refusals for now by the present carrier.
    pub failures: u8,
    /// Where the money is.
    pub funds: Funds,
    /// The last report on the way.
    pub told: Option<ReceiptStatus>,
    /// Octets of its first copy.
    pub octets: Option<Vec<u8>>,
    /// How often the far end took it.
    pub taken: u8,
    /// Whether a customer was told that it is accepted.
    pub is_accepted: bool,
    /// Whether its end is to be told.
    pub is_to_be_told: bool,
    /// Statuses that its customer's receiver took.
    pub heard: Vec<String>,
}

/// The pauses after refusals for now.
const PAUSES: [Span; 3] = [Span::seconds(10), Span::seconds(30), Span::seconds(90)];

impl Part {
    /// What an event makes of it; `false`: nothing.
    pub fn happens(&mut self, event: &PartEvent, at: Timestamp) -> bool {
        let is_open_try = |attempt: u16| self.place == Place::Submitting && attempt == self.attempt;
        match event {
            PartEvent::Claimed { attempt } => {
                if self.place != Place::Queued || attempt.0 != self.attempt + 1 {
                    return false;
                }
                if at >= self.expires_at {
                    self.end(ReceiptStatus::Expired, false);
                } else {
                    (self.place, self.attempt, self.claimed_at) = (Place::Submitting, attempt.0, at);
                }
                true
            }
            PartEvent::Sent { attempt } => self.sent(attempt.0),
            PartEvent::Refused { attempt, .. } if !is_open_try(attempt.0) => false,
            PartEvent::Refused { error, retry_at, next, .. } => {
                self.refused(error, *retry_at, *next, at);
                true
            }
            PartEvent::Doubt { attempt, .. } if !is_open_try(attempt.0) => false,
            PartEvent::Doubt { rules, .. } => {
                self.doubts += 1;
                let may_resend = self.doubts <= rules.resends_max;
                match rules.policy(self.class) {
                    DoubtPolicy::FailUnknown => self.end(ReceiptStatus::Unknown, false),
                    DoubtPolicy::Resend if may_resend && at < self.expires_at => self.queue(at),
                    DoubtPolicy::WaitThenResend if may_resend => {
                        self.place = Place::Uncertain((at + rules.wait).min(self.expires_at));
                    }
                    _ => self.place = Place::Uncertain(self.expires_at),
                }
                true
            }
            PartEvent::GivenBack { attempt } if !is_open_try(attempt.0) => false,
            PartEvent::GivenBack { .. } => {
                self.queue(at);
                true
            }
            PartEvent::HandedOn { attempt, next } => {
                let may_go = self.place == Place::Queued
                    && attempt.0 == self.attempt + 1
                    && self.doubts == 0
                    && !self.is_rerouted
                    && *next != self.carrier;
                if may_go {
                    (self.attempt, self.carrier, self.failures) = (attempt.0, *next, 0);
                    self.queue(at.max(self.due_at));
                }
                may_go
            }
            PartEvent::Cancelled => {
                let may_end = self.place == Place::Queued && self.doubts == 0 && !self.is_rerouted;
                if may_end {
                    self.end(ReceiptStatus::Failed, false);
                }
                may_end
            }
            PartEvent::Receipt(report) => self.reported(*report, at),
            PartEvent::Clock => self.time_passes(at),
        }
    }

    fn sent(&mut self, attempt: u16) -> bool {
        let counts = match self.place {
            Place::Submitting => attempt == self.attempt || (self.doubts > 0 && attempt < self.attempt),
            Place::Queued | Place::Uncertain(_) => self.doubts > 0 && attempt <= self.attempt,
            Place::Submitted | Place::Ended(_) => false,
        };
        if counts && !self.is_wanted && self.capture_on == CaptureOn::CarrierAccept {
            self.end(ReceiptStatus::Accepted, true);
            self.is_to_be_told = false;
        } else if counts {
            self.place = Place::Submitted;
            if self.capture_on == CaptureOn::CarrierAccept {
                self.funds = Funds::Captured;
            }
        }
        counts
    }

    fn refused(&mut self, error: &CarrierError, retry_at: Timestamp, next: Option<CarrierId>, at: Timestamp) {
        let hand_on = |part: &mut Self, end: ReceiptStatus| match next {
            Some(next) => {
                (part.carrier, part.failures) = (next, 0);
                part.queue(at);
            }
            None => part.end(end, false),
        };
        match error {
            CarrierError::Permanent { status, scope: RefusalScope::Everywhere, .. } => self.end(*status, false),
            CarrierError::Permanent { status, scope: RefusalScope::ThisCarrier, .. } => hand_on(self, *status),
            CarrierError::Throttled { .. } => self.queue(retry_at),
            CarrierError::Temporary { retries_max, .. } => match PAUSES.get(usize::from(self.failures)) {
                Some(pause) if self.failures < *retries_max => {
                    self.failures += 1;
                    self.queue(at + *pause);
                }
                _ => hand_on(self, ReceiptStatus::Failed),
            },
        }
    }

    fn reported(&mut self, report: Report, at: Timestamp) -> bool {
        let status = report.status;
        let is_repeated = !status.is_final() && self.told == Some(status);
        if matches!(self.place, Place::Ended(_)) || (is_repeated && self.unclear_until.is_none()) {
            return false;
        }
        // Who had it before may say that it arrived, and nothing else.
        if self.is_rerouted && report.carrier != self.carrier && status != ReceiptStatus::Delivered {
            return false;
        }
        let is_elsewhere = report.cause == Cause::Ported
            && [ReceiptStatus::Failed, ReceiptStatus::Rejected, ReceiptStatus::Expired].contains(&status);
        let is_first = self.is_alone && !self.is_rerouted;
        let may_go = self.place == Place::Submitted && is_first && self.doubts == 0 && at < self.expires_at;
        if let (true, true, Some(next)) = (is_elsewhere, may_go, report.next.filter(|next| *next != self.carrier)) {
            (self.carrier, self.failures, self.is_rerouted, self.unclear_until) = (next, 0, true, None);
            self.queue(at);
            return true;
        }
        // Where delivery is paid for, that nobody knows is the end only if nothing better comes within a minute.
        let may_wait = self.place == Place::Submitted && self.capture_on == CaptureOn::Delivery;
        if status == ReceiptStatus::Unknown && may_wait {
            let is_first = self.unclear_until.is_none();
            self.unclear_until = self.unclear_until.or(Some(at + Span::seconds(60)));
            return is_first;
        }
        if status.is_final() {
            let is_paid = self.capture_on == CaptureOn::CarrierAccept || status == ReceiptStatus::Delivered;
            self.end(status, is_paid);
        } else {
            (self.told, self.unclear_until) = (Some(status), None);
        }
        true
    }

    fn time_passes(&mut self, at: Timestamp) -> bool {
        let is_over = at >= self.expires_at;
        match self.place {
            Place::Queued if is_over => self.end(ReceiptStatus::Expired, false),
            Place::Submitted if self.unclear_until.is_some_and(|until| at >= until) => {
                self.end(ReceiptStatus::Unknown, false);
            }
            Place::Submitted if at >= self.expires_at + RECEIPT_GRACE => self.end(ReceiptStatus::Expired, false),
            Place::Uncertain(_) if is_over => self.end(ReceiptStatus::Unknown, false),
            Place::Uncertain(resolve_at) if at >= resolve_at => self.queue(at),
            _ => return false,
        }
        true
    }

    fn queue(&mut self, due_at: Timestamp) {
        if due_at >= self.expires_at {
            self.end(ReceiptStatus::Expired, false);
        } else {
            (self.place, self.due_at) = (Place::Queued, due_at);
        }
    }

    fn end(&mut self, status: ReceiptStatus, is_paid: bool) {
        self.place = Place::Ended(status);
        self.is_to_be_told = self.is_wanted;
        if self.funds == Funds::Held {
            self.funds = if is_paid { Funds::Captured } else { Funds::Released };
        }
    }
}
