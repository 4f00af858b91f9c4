//! What the carrier delivers: receipts and texts, which wait for the engine's acknowledgement.

use std::collections::HashMap;

use whimbrel_core::{AckToken, CarrierReceipt};
use whimbrel_smpp::receipt::{Delivery, classify, classify_data};
use whimbrel_smpp::session::Instant;
use whimbrel_smpp::{Body, CommandStatus, MessageIdBody, Pdu};
use whimbrel_sms::Sniff;

use crate::Ack;
use crate::smpp::inbound::{self, Delivered};
use crate::smpp::receipt::{self, Reading};

use super::Link;

/// Which response a request gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    DeliverSm,
    DataSm,
}

/// Receipts and texts that the engine has not acknowledged, by the carrier's number.
#[derive(Default)]
pub(super) struct Deliveries {
    /// A number twice is the carrier's fault, and is answered twice all the same.
    open: HashMap<u32, Vec<Command>>,
}

impl Link<'_> {
    /// Takes what the carrier delivers.
    pub(super) fn deliver(&mut self, pdu: Pdu, now: Instant) {
        let sequence = pdu.sequence;
        self.keeper.report.meters.pdu(pdu.command_id(), pdu.status);
        let sniff = self.keeper.config().sniff_receipts == Sniff::On;
        match &pdu.body {
            Body::DeliverSm(message) => {
                let (delivery, delivered) = (classify(message, sniff), Delivered::from(&**message));
                self.show_delivery(&pdu, &delivery);
                self.take_delivery(sequence, Command::DeliverSm, delivery, delivered, now);
            }
            Body::DataSm(data) => {
                let (delivery, delivered) = (classify_data(data, sniff), Delivered::from(&**data));
                self.show_delivery(&pdu, &delivery);
                self.take_delivery(sequence, Command::DataSm, delivery, delivered, now);
            }
            // The session hands over no others to an ESME; an answer is owed all the same.
            _ => self.session.respond(sequence, CommandStatus::RINVCMDID, Body::GenericNack, now),
        }
    }

    fn take_delivery(
        &mut self,
        sequence: u32,
        command: Command,
        delivery: Delivery,
        delivered: Delivered<'_>,
        now: Instant,
    ) {
        match delivery {
            Delivery::Receipt(receipt) if receipt.id.is_empty() => {
                self.keeper.report.meters.receipts_without_id.increment(1);
                let carrier = &*self.keeper.config().name;
                tracing::warn!(
                    carrier,
                    "receipt names no message and was dropped: ask the carrier to send message ids"
                );
                self.respond(sequence, command, CommandStatus::ROK, now);
            }
            Delivery::Receipt(receipt) => self.report_receipt(sequence, command, &receipt, delivered),
            Delivery::Message => {
                let part = inbound::read(delivered, self.keeper.config());
                let ack = self.open_delivery(sequence, command);
                self.keeper.report.inbound(part, ack, self.keeper.clock.wall());
            }
        }
    }

    fn report_receipt(
        &mut self,
        sequence: u32,
        command: Command,
        receipt: &whimbrel_smpp::Receipt,
        delivered: Delivered<'_>,
    ) {
        let config = self.keeper.config();
        let reading =
            Reading { text_errors: config.text_error_codes, causes: &config.error_causes, ids: config.id_format };
        let network = receipt::network(delivered.tlvs(), &config.network_tags);
        let read = receipt::read(receipt, config.addresses.digits(delivered.source()), reading);
        let read = CarrierReceipt { network, ..read };
        let ack = self.open_delivery(sequence, command);
        self.keeper.report.receipt(read, ack, self.keeper.clock.wall());
    }

    fn open_delivery(&mut self, sequence: u32, command: Command) -> AckToken {
        self.deliveries.open.entry(sequence).or_default().push(command);
        AckToken { link: self.id, sequence }
    }

    /// Answers a receipt or a text as the engine says.
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
            self.show_acknowledgement(token.sequence, command, status);
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
