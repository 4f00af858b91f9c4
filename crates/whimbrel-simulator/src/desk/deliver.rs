//! The receipts of one session: handed over when they are planned, taken when there is room, sent, and settled.

use whimbrel_core::Span;
use whimbrel_smpp::session::{Instant, RequestRefused, State};
use whimbrel_smpp::{Body, CommandStatus};

use super::Desk;
use crate::clock::after;
use crate::journal::{Fields, MessageFields, status_text};
use crate::receipt::Receipt;

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
    fn send_receipt(&mut self, receipt: Receipt, now: Instant) -> Option<Receipt> {
        if self.session.state() != State::Bound || self.session.window_free() == 0 {
            return Some(receipt);
        }
        let message = receipt.to_deliver_sm();
        let copy = self.page.is_kept().then(|| message.clone());
        match self.session.request(Body::DeliverSm(Box::new(message)), now) {
            Ok(sequence) => {
                self.note("receipt", || Fields {
                    sequence: Some(sequence),
                    message_id: Some(receipt.origin.id.to_string()),
                    state: Some(receipt.state.text()),
                    message: copy.as_ref().map(MessageFields::new),
                    ..Fields::default()
                });
                self.unacknowledged.insert(sequence, receipt);
                None
            }
            Err(RequestRefused::Unencodable(error)) => {
                tracing::warn!(%error, "a receipt cannot be sent: its message has addresses longer than SMPP allows");
                self.settled += 1;
                None
            }
            Err(_) => Some(receipt),
        }
    }

    pub(super) fn acknowledged(&mut self, sequence: u32, status: CommandStatus, now: Instant) {
        let Some(mut receipt) = self.unacknowledged.remove(&sequence) else { return };
        self.note("deliver_sm_resp", || Fields {
            sequence: Some(sequence),
            status: Some(status_text(status)),
            message_id: Some(receipt.origin.id.to_string()),
            ..Fields::default()
        });
        let later = after(now, RESEND_DELAY);
        match status {
            CommandStatus::ROK => self.settled += 1,
            CommandStatus::RX_T_APPN | CommandStatus::RTHROTTLED | CommandStatus::RMSGQFUL => {
                self.again.push((later, receipt));
            }
            _ if receipt.refused + 1 >= REFUSED_MAX => {
                tracing::warn!(session = self.number, %status, "a receipt was refused three times: dropped");
                self.settled += 1;
            }
            _ => {
                receipt.refused += 1;
                self.again.push((later, receipt));
            }
        }
    }
}
