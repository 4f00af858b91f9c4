//! Answers: accepted, refused, late, doubled, misshapen; and the receipts that an acceptance plans.

use std::sync::Arc;

use whimbrel_core::{Span, Timestamp};
use whimbrel_smpp::session::Instant;
use whimbrel_smpp::{Body, CommandStatus, MessageIdBody, MessageState, Pdu, ShortMessage, command_id, tag};

use super::{Desk, Slot};
use crate::clock::after;
use crate::ids::SimulatedId;
use crate::outcome::{Behaviour, Planned, RECEIPT_DELAY};
use crate::queries::Known;
use crate::receipt::{Origin, Receipt, Wish, excerpt, wish};
use crate::receipts::Preferred;
use crate::scenario::rules::MessageRules;
use crate::scenario::{ErrorBody, ReceiptRules, Route};

/// What makes an answer's sequence number one that nobody used.
const UNKNOWN_SEQUENCE: u32 = 0x4000_0000;
/// registered_delivery of a message whose client did not ask and is told all the same.
const EVERY_RECEIPT: u8 = 0x01;

/// An answer that says "accepted".
pub(super) struct Answer {
    sequence: u32,
    command: Command,
    origin: Arc<Origin>,
    registered_delivery: u8,
    receipts: &'static [Planned],
}

/// Which request an answer is for.
#[derive(Clone, Copy)]
pub(super) enum Command {
    SubmitSm,
    DataSm,
}

impl Command {
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::SubmitSm => "submit_sm",
            Self::DataSm => "data_sm",
        }
    }

    fn response(self, message_id: Vec<u8>) -> Body {
        let body = MessageIdBody { message_id, ..MessageIdBody::default() };
        match self {
            Self::SubmitSm => Body::SubmitSmResp(body),
            Self::DataSm => Body::DataSmResp(body),
        }
    }

    /// The response with these octets after its header, whatever they are.
    const fn raw_response(self, raw: Vec<u8>) -> Body {
        let command = match self {
            Self::SubmitSm => command_id::SUBMIT_SM,
            Self::DataSm => command_id::DATA_SM,
        };
        Body::Other { command_id: command | command_id::RESPONSE, raw }
    }
}

impl Desk {
    /// What holds for a message; `None` if nothing differs from the simulator without a scenario.
    pub(super) fn message_rules(&mut self, message: &ShortMessage) -> Option<Arc<MessageRules>> {
        if self.conduct.is_plain {
            return None;
        }
        let slot = self.slot(message)?;
        slot.messages += 1;
        Some(Arc::clone(&slot.rules))
    }

    fn slot(&mut self, message: &ShortMessage) -> Option<&mut Slot> {
        let conduct = &mut self.conduct;
        let number = conduct.rules.number(&message.destination.digits);
        let slot = conduct.slots.get_mut(number.unwrap_or(conduct.rules.number_count()))?;
        Some(slot.get_or_insert_with(|| Slot {
            rules: Arc::new(conduct.rules.message_rules(conduct.client, number)),
            messages: 0,
        }))
    }

    /// Refused, or not answered, because the rules say so.
    pub(super) fn refusal(&mut self, message: &ShortMessage, rules: &MessageRules) -> Option<Behaviour> {
        if rules.answers.silent {
            return Some(Behaviour::Silence);
        }
        let status = rules.answers.refuse_status?;
        let (every, burst) = (u64::from(rules.answers.refuse_every), u64::from(rules.answers.refuse_burst));
        let count = self.slot(message)?.messages;
        // The last ones of every so many.
        let is_refused = count.wrapping_sub(1) % every >= every.saturating_sub(burst);
        is_refused.then_some(Behaviour::Refuse(CommandStatus(status)))
    }

    pub(super) fn answer(
        &self,
        sequence: u32,
        command: Command,
        id: SimulatedId,
        message: ShortMessage,
        rules: Option<Arc<MessageRules>>,
    ) -> Answer {
        let mut registered_delivery = message.registered_delivery;
        if rules.as_ref().is_some_and(|rules| rules.receipts.unrequested) && registered_delivery & 0x03 == 0 {
            registered_delivery |= EVERY_RECEIPT;
        }
        let origin = Arc::new(Origin {
            system_id: Arc::clone(&self.system_id),
            id,
            text: excerpt(&message),
            source: message.source,
            destination: message.destination,
            submitted: self.shared.clock.wall(),
            rules,
        });
        Answer { sequence, command, origin, registered_delivery, receipts: &[] }
    }

    /// Answers now, later, or after the receipt.
    pub(super) fn carry_out(&mut self, behaviour: Behaviour, mut answer: Answer, now: Instant) {
        let rules = answer.origin.rules.clone();
        let delay = rules.as_ref().and_then(|rules| rules.answers.delay_ms).map(millis);
        let is_early = rules.is_some_and(|rules| rules.receipts.before_response && rules.receipts.copies > 0);
        match behaviour {
            Behaviour::Accept { receipts: [first, rest @ ..], .. } if is_early => {
                answer.receipts = rest;
                self.receipt_first(first, answer, now);
            }
            Behaviour::Accept { answer_after, receipts } => {
                answer.receipts = receipts;
                match delay.unwrap_or(answer_after) {
                    Span::ZERO => self.accept(answer, now),
                    answer_after => self.wait(after(now, answer_after), answer),
                }
            }
            Behaviour::ReceiptFirst(planned) => self.receipt_first(&planned, answer, now),
            // Neither has an answer that says "accepted".
            Behaviour::Refuse(_) | Behaviour::Silence | Behaviour::ThrottleOnce => {}
        }
    }

    fn receipt_first(&mut self, planned: &Planned, answer: Answer, now: Instant) {
        let wall = self.shared.clock.wall();
        match Receipt::planned(&answer.origin, planned, answer.registered_delivery, wall) {
            None => self.accept(answer, now),
            // Another session of the same name gets the receipt; this one answers when it has had the time to.
            Some(receipt) if self.receiver.is_none() => {
                self.fresh.push((now, receipt.into()));
                self.wait(after(now, RECEIPT_DELAY), answer);
            }
            Some(receipt) => {
                let held = self.shared.receipts().hold();
                match held {
                    Ok(()) => self.receipt_first.push_back((receipt.into(), answer)),
                    Err(_) => self.accept(answer, now),
                }
            }
        }
    }

    fn wait(&mut self, due: Instant, answer: Answer) {
        self.arrivals += 1;
        self.waiting.insert((due, self.arrivals), answer);
    }

    /// Says "accepted" and plans the receipts.
    pub(super) fn accept(&mut self, answer: Answer, now: Instant) {
        let Answer { sequence, command, origin, registered_delivery, receipts } = answer;
        let wall = self.shared.clock.wall();
        let messages_max = self.conduct.rules.scenario().query_messages_max;
        if messages_max > 0 {
            let last = receipts.last();
            let known = Known {
                state: last.map_or(MessageState::Enroute, |planned| planned.state),
                map_error: last.and_then(|planned| planned.map_error),
                done: last.map(|planned| wall + planned.after),
            };
            self.shared.queries().remember(origin.response_id(), known, messages_max);
        }
        let delay = self.shared.phones.receipt_delay(&origin.destination.digits);
        let Some(rules) = origin.rules.clone() else {
            self.session.respond(sequence, CommandStatus::ROK, command.response(origin.id.to_bytes()), now);
            for planned in receipts {
                let planned = Planned { after: due(planned, receipts, delay), ..*planned };
                let receipt = Receipt::planned(&origin, &planned, registered_delivery, wall);
                self.fresh.extend(receipt.map(|receipt| (after(now, planned.after), receipt.into())));
            }
            return;
        };
        let id = origin.response_id().into_bytes();
        let body = if rules.answers.id_nul { command.response(id) } else { command.raw_response(id) };
        self.respond(sequence, CommandStatus::ROK, body, &rules, now);
        self.plan(&origin, &rules.receipts, receipts, registered_delivery, (now, wall));
    }

    /// Plans receipts as the rules want them.
    fn plan(
        &mut self,
        origin: &Arc<Origin>,
        rules: &ReceiptRules,
        receipts: &[Planned],
        registered_delivery: u8,
        (now, wall): (Instant, Timestamp),
    ) {
        let Some(first) = receipts.first() else { return };
        let preferred = match (rules.route, self.receiver) {
            (Route::Same, Some(receiver)) => Preferred::Only(receiver),
            (Route::Other, Some(receiver)) => Preferred::Not(receiver),
            _ => Preferred::Any,
        };
        let delay = self.shared.phones.receipt_delay(&origin.destination.digits).or(rules.delay_ms.map(millis));
        let due = |planned: &Planned| due(planned, receipts, delay);
        if rules.intermediate_first && rules.copies > 0 && wish(registered_delivery, first.state) != Wish::None {
            let underway = Receipt {
                origin: Arc::clone(origin),
                state: MessageState::Enroute,
                map_error: None,
                intermediate: true,
                done: wall,
                refused: 0,
                preferred,
            };
            self.fresh.push((after(now, Span(due(first).0 / 2)), underway.into()));
        }
        for planned in receipts {
            let planned = Planned { after: due(planned), ..*planned };
            let Some(receipt) = Receipt::planned(origin, &planned, registered_delivery, wall) else { continue };
            let receipt = Receipt { preferred, ..receipt };
            if rules.drop_rate > 0.0 && self.chance.happens(rules.drop_rate) {
                continue;
            }
            for _ in 0..rules.copies {
                let late = millis(self.chance.up_to(rules.shuffle_ms));
                self.fresh.push((after(now, Span(planned.after.0 + late.0)), receipt.clone().into()));
            }
        }
    }

    /// Says "no".
    pub(super) fn refuse(
        &mut self,
        sequence: u32,
        command: Command,
        status: CommandStatus,
        rules: Option<&MessageRules>,
        now: Instant,
    ) {
        let Some(rules) = rules else {
            return self.session.respond(sequence, status, command.response(Vec::new()), now);
        };
        let body = match rules.answers.error_body {
            _ if rules.answers.nack => Body::GenericNack,
            ErrorBody::Nul => command.response(Vec::new()),
            ErrorBody::None => command.raw_response(Vec::new()),
            ErrorBody::Id => {
                let id = self.shared.next_id(rules.ids.numbers);
                command.response(rules.ids.response.write(id, rules.ids.width).into_bytes())
            }
            ErrorBody::Tlvs => command.raw_response(status_info()),
        };
        self.respond(sequence, status, body, rules, now);
    }

    /// Answers as often as the rules want, and what nobody asked before it.
    fn respond(&mut self, sequence: u32, status: CommandStatus, body: Body, rules: &MessageRules, now: Instant) {
        let mut extra = Vec::new();
        let pdu = Pdu { status, sequence: sequence ^ UNKNOWN_SEQUENCE, body };
        if rules.answers.unknown_sequence && pdu.encode(&mut extra).is_ok() {
            self.session.output().append(&mut extra);
        }
        let pdu = Pdu { sequence, ..pdu };
        for _ in 1..rules.answers.copies {
            // One that cannot be written is replaced by the session, once.
            let _ = pdu.encode(&mut extra);
        }
        self.session.respond(sequence, status, pdu.body, now);
        if !extra.is_empty() {
            self.session.output().append(&mut extra);
        }
    }
}

/// TLVs without the id that should precede them.
fn status_info() -> Vec<u8> {
    const TEXT: &[u8] = b"no\0";
    let mut octets = Vec::new();
    octets.extend_from_slice(&tag::ADDITIONAL_STATUS_INFO_TEXT.to_be_bytes());
    octets.extend_from_slice(&[0, 3]);
    octets.extend_from_slice(TEXT);
    octets
}

/// When a receipt is due after the answer, if the first one is due after `delay`.
fn due(planned: &Planned, receipts: &[Planned], delay: Option<Span>) -> Span {
    match (delay, receipts.first()) {
        (Some(delay), Some(first)) => Span(delay.0 + planned.after.0 - first.after.0),
        _ => planned.after,
    }
}

fn millis(count: u64) -> Span {
    Span::millis(i64::try_from(count).unwrap_or(i64::MAX / 1_000))
}
