//! What the carrier delivers: receipts, which wait for the engine's acknowledgement, and texts, which are refused.

use std::collections::HashMap;

use whimbrel_core::AckToken;
use whimbrel_smpp::receipt::{Delivery, classify, classify_data};
use whimbrel_smpp::session::Instant;
use whimbrel_smpp::{Address, Body, CommandStatus, MessageIdBody, Pdu};

use crate::Ack;
use crate::smpp::receipt;

use super::Link;

/// What is marked as a message but reads as a receipt is one.
const SNIFF: bool = true;

/// Which response a request gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    DeliverSm,
    DataSm,
}

/// Receipts that the engine has not acknowledged, by the carrier's number.
#[derive(Default)]
pub(super) struct Deliveries {
    /// A number twice is the carrier's fault, and is answered twice all the same.
    open: HashMap<u32, Vec<Command>>,
    has_refused_text: bool,
}

impl Link<'_> {
    /// Takes what the carrier delivers.
    pub(super) fn deliver(&mut self, pdu: Pdu, now: Instant) {
        let sequence = pdu.sequence;
        let (command, delivery, source) = match pdu.body {
            Body::DeliverSm(message) => (Command::DeliverSm, classify(&message, SNIFF), message.source),
            Body::DataSm(data) => (Command::DataSm, classify_data(&data, SNIFF), data.source),
            // The session hands over no others to an ESME; an answer is owed all the same.
            _ => return self.session.respond(sequence, CommandStatus::RINVCMDID, Body::GenericNack, now),
        };
        match delivery {
            Delivery::Receipt(receipt) if receipt.id.is_empty() => {
                self.keeper.report.meters.receipts_without_id.increment(1);
                let carrier = &*self.keeper.config.name;
                tracing::warn!(
                    carrier,
                    "receipt names no message and was dropped: ask the carrier to send message ids"
                );
                self.respond(sequence, command, CommandStatus::ROK, now);
            }
            Delivery::Receipt(receipt) => self.report_receipt(sequence, command, &receipt, &source),
            Delivery::Message => self.refuse_text(sequence, command, now),
        }
    }

    fn report_receipt(&mut self, sequence: u32, command: Command, receipt: &whimbrel_smpp::Receipt, source: &Address) {
        let read = receipt::read(receipt, source, self.keeper.config.text_error_codes);
        self.deliveries.open.entry(sequence).or_default().push(command);
        let ack = AckToken { link: self.id, sequence };
        self.keeper.report.receipt(read, ack, self.keeper.clock.wall());
    }

    /// An answer that says "taken" would lose the text.
    fn refuse_text(&mut self, sequence: u32, command: Command, now: Instant) {
        self.keeper.report.meters.inbound_refused.increment(1);
        if !self.deliveries.has_refused_text {
            self.deliveries.has_refused_text = true;
            let carrier = &*self.keeper.config.name;
            tracing::warn!(
                carrier,
                "carrier delivers inbound texts, which are not offered: they are refused; ask the carrier to stop them"
            );
        }
        self.respond(sequence, command, CommandStatus::RX_R_APPN, now);
    }

    /// Answers a receipt as the engine says.
    pub(super) fn acknowledge(&mut self, token: AckToken, ack: Ack, now: Instant) {
        if token.link != self.id {
            return;
        }
        let Some(commands) = self.deliveries.open.get_mut(&token.sequence) else { return };
        let command = commands.pop();
        if commands.is_empty() {
            self.deliveries.open.remove(&token.sequence);
        }
        let status = match ack {
            Ack::Stored => CommandStatus::ROK,
            Ack::TryAgain => CommandStatus::RX_T_APPN,
        };
        if let Some(command) = command {
            self.respond(token.sequence, command, status, now);
        }
    }

    fn respond(&mut self, sequence: u32, command: Command, status: CommandStatus, now: Instant) {
        let body = match command {
            Command::DeliverSm => Body::DeliverSmResp(MessageIdBody::default()),
            Command::DataSm => Body::DataSmResp(MessageIdBody::default()),
        };
        self.session.respond(sequence, status, body, now);
    }
}
