//! The receipts of one session: handed over when they are planned, taken when there is room, sent, and settled.

use whimbrel_core::Span;
use whimbrel_smpp::session::{Instant, RequestRefused, State};
use whimbrel_smpp::{Body, CommandStatus};

use super::{Desk, short_message};
use crate::clock::after;
use crate::delivery::Delivery;
use crate::journal::{Fields, MessageFields, status_text};
use crate::registry::Count;

/// How long a receipt rests that was refused.
const RESEND_DELAY: Span = Span::seconds(5);
/// How often a receipt may be refused for good before it is dropped.
const REFUSED_MAX: u8 = 3;

impl Desk {
    /// Hands new receipts over and takes what this session has room for.
    pub(super) fn exchange(&mut self, now: Instant) {
        let room = self.session.window_free().saturating_sub(self.inbox.len() + self.receipt_first.len());
        let nothing_new = self.fresh.is_empty() && self.again.is_empty() && self.settled == 0;
        if nothing_new && self.receiver.is_none() {
            return;
        }
        let mut receipts = self.shared.receipts();
        let next_before = receipts.next_due();
        let mut dropped = 0_usize;
        for (due, receipt) in self.fresh.drain(..) {
            dropped += usize::from(receipts.schedule(due, receipt).is_err());
        }
        for (due, receipt) in self.again.drain(..) {
            receipts.postpone(due, receipt);
        }
        (0..std::mem::take(&mut self.settled)).for_each(|_| receipts.settled());
        if let Some(receiver) = self.receiver {
            for receipt in self.passed_on.drain(..) {
                receipts.pass_on(receiver, now, receipt);
            }
            self.inbox.extend(receipts.take(receiver, room));
        }
        let earlier = receipts.next_due().is_some_and(|next| next_before.is_none_or(|before| next < before));
        drop(receipts);
        if earlier {
            self.shared.receipts_changed();
        }
        if dropped > 0 {
            tracing::warn!(dropped, "too many receipts are kept: bind a receiver or raise receipts_max");
        }
    }

    /// Sends as many receipts as the window allows, those that hold up an answer first.
    pub(super) fn send_receipts(&mut self, now: Instant) {
        while let Some((receipt, answer)) = self.receipt_first.pop_front() {
            match self.send_receipt(receipt, now) {
                None => self.accept(answer, now),
                Some(receipt) => {
                    self.receipt_first.push_front((receipt, answer));
                    return;
                }
            }
        }
        while let Some(receipt) = self.inbox.pop_front() {
            if let Some(receipt) = self.send_receipt(receipt, now) {
                self.inbox.push_front(receipt);
                return;
            }
        }
    }

    /// Sends a receipt, or gives it back if there is no room now.
    fn send_receipt(&mut self, delivery: Delivery, now: Instant) -> Option<Delivery> {
        if self.session.state() != State::Bound || self.session.window_free() == 0 {
            return Some(delivery);
        }
        let body = delivery.to_body();
        let copy = self.page.is_kept().then(|| body.clone());
        match self.session.request(body, now) {
            Ok(sequence) => {
                self.member.count(Count::Delivered, self.client.as_deref());
                let (event, state) = match &delivery {
                    Delivery::Receipt(receipt) => ("receipt", Some(receipt.state.text())),
                    Delivery::Text(part) => {
                        part.record.sent();
                        ("text", None)
                    }
                };
                let copy = copy.and_then(|body| match body {
                    Body::DeliverSm(message) => Some(*message),
                    Body::DataSm(data) => Some(short_message(*data)),
                    _ => None,
                });
                self.note(event, || Fields {
                    sequence: Some(sequence),
                    message_id: Some(delivery.id()),
                    state,
                    message: copy.as_ref().map(MessageFields::new),
                    ..Fields::default()
                });
                self.unacknowledged.insert(sequence, delivery);
                None
            }
            Err(RequestRefused::Unencodable(error)) => {
                tracing::warn!(%error, "a receipt cannot be sent: its message has addresses longer than SMPP allows");
                self.give_up(&delivery);
                None
            }
            Err(_) => Some(delivery),
        }
    }

    pub(super) fn acknowledged(&mut self, sequence: u32, status: CommandStatus, now: Instant) {
        let Some(mut delivery) = self.unacknowledged.remove(&sequence) else { return };
        self.note("deliver_sm_resp", || Fields {
            sequence: Some(sequence),
            status: Some(status_text(status)),
            message_id: Some(delivery.id()),
            ..Fields::default()
        });
        let later = after(now, RESEND_DELAY);
        if let (false, Delivery::Text(part)) = (status.is_ok(), &delivery) {
            part.record.refused();
        }
        match status {
            CommandStatus::ROK => {
                self.member.count(Count::Acknowledged, self.client.as_deref());
                if let Delivery::Text(part) = &delivery {
                    part.record.acknowledged();
                }
                self.settled += 1;
            }
            CommandStatus::RX_T_APPN | CommandStatus::RTHROTTLED | CommandStatus::RMSGQFUL => {
                self.again.push((later, delivery));
            }
            _ if *delivery.refused_mut() + 1 >= REFUSED_MAX => {
                tracing::warn!(session = self.number, %status, "a receipt was refused three times: dropped");
                self.give_up(&delivery);
            }
            _ => {
                *delivery.refused_mut() += 1;
                self.again.push((later, delivery));
            }
        }
    }

    fn give_up(&mut self, delivery: &Delivery) {
        self.member.count(Count::Dropped, self.client.as_deref());
        if let Delivery::Text(part) = delivery {
            part.record.dropped();
        }
        self.settled += 1;
    }
}
