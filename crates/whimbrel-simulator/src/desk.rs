//! What one session does: answers binds and messages by the outcome table, hands out receipts. Does no I/O but the journal.
//!
//! [`Desk::step`] takes in what has happened and leaves octets in the session's output. The journal is committed within the
//! step, before the driver can send them. Order within a step: what came in, answers that waited, then receipts; so an answer
//! is never behind its receipt, except for the one outcome that wants it so.
//!
//! Bounds: an answer that waits counts towards the client's window, beyond which nothing is read; a receipt is held by
//! [`Receipts`](crate::receipts::Receipts) until it is settled. A message that the table leaves unanswered costs a number.

mod admit;
mod answer;
mod deliver;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use whimbrel_core::Span;
use whimbrel_smpp::session::{Bounds, CloseReason, Event, Instant, Session, SmscConfig, Timing};
use whimbrel_smpp::{Body, CommandStatus, DataSm, Pdu, QuerySm, QuerySmResp, ShortMessage, tag, time};
use whimbrel_sms::udh;

use crate::chance::Chance;
use crate::delivery::Delivery;
use crate::ids::Numbers;
use crate::journal::{Fields, MessageFields, Page, Who, hex, pdu_hex, status_text};
use crate::outcome::{self, Behaviour, Outcome};
use crate::receipt::ESM_CLASS_UDHI;
use crate::receipts::Receiver;
use crate::registry::{ClientState, Count, Member};
use crate::scenario::SessionRules;
use crate::scenario::rules::{MessageRules, Rules};
use crate::shared::Shared;
use crate::wire::Wire;

use answer::{Answer, Command};

/// How many messages of one session may go unanswered for ever before reading stops.
const SILENT_MAX: u32 = 1_000_000;

/// One session and what it still owes.
pub struct Desk {
    session: Session,
    shared: Arc<Shared>,
    number: u64,
    system_id: Arc<[u8]>,
    wake: Arc<Notify>,
    receiver: Option<Receiver>,
    refusal_due: Option<Instant>,
    /// Answers that the table delays, by when they are due and their place in the order of arrival.
    waiting: BTreeMap<(Instant, u64), Answer>,
    arrivals: u64,
    /// Answers that may go out only after their receipt.
    receipt_first: VecDeque<(Delivery, Answer)>,
    /// Messages that never get an answer.
    silent: usize,
    /// Receipts taken to be sent, oldest first.
    inbox: VecDeque<Delivery>,
    /// Receipts sent and not acknowledged.
    unacknowledged: BTreeMap<u32, Delivery>,
    /// New receipts, and those to be sent again, not yet with the shared ones.
    fresh: Vec<(Instant, Delivery)>,
    again: Vec<(Instant, Delivery)>,
    /// Receipts that got no answer: another session may do better.
    passed_on: Vec<Delivery>,
    settled: usize,
    page: Page,
    closed_at: Option<Instant>,
    member: Arc<Member>,
    client: Option<Arc<ClientState>>,
    is_counted: bool,
    conduct: Conduct,
    chance: Chance,
    wire: Wire,
}

/// What a scenario makes of this session.
struct Conduct {
    rules: Arc<Rules>,
    version: u64,
    /// The client's place in the scenario.
    client: Option<usize>,
    /// No message is treated otherwise than without a scenario.
    is_plain: bool,
    /// What holds for each rule of numbers, and, last, for all other numbers; made when first needed.
    slots: Vec<Option<Slot>>,
    session: SessionRules,
    window: usize,
    rate: Option<(f64, f64)>,
    messages: u64,
    enquiries: u32,
    next_enquiry: Option<Instant>,
    ends_at: Option<Instant>,
}

/// What holds for some messages, and how many there were.
struct Slot {
    rules: Arc<MessageRules>,
    messages: u64,
}

impl Desk {
    /// A session that nobody has bound yet.
    pub fn new(number: u64, member: Arc<Member>, shared: Arc<Shared>) -> Self {
        // A client that does not answer must not hold up the end of a test run.
        let timing = Timing {
            drain_timeout: Duration::from_secs(1),
            unbind_timeout: Duration::from_secs(2),
            // What is not answered at once is answered much later or never: nothing to wait for.
            peer_unbind_grace: Duration::ZERO,
            ..Timing::smsc()
        };
        let bounds = Bounds { requests_max: SILENT_MAX, ..Bounds::smsc() };
        let conduct = Conduct::new(&shared);
        let chance = Chance::new(conduct.rules.scenario().seed, number);
        Self {
            session: Session::smsc(SmscConfig { timing, bounds }, shared.clock.now()),
            page: shared.journal.page(),
            shared,
            number,
            system_id: Arc::default(),
            wake: Arc::clone(member.wake()),
            receiver: None,
            refusal_due: None,
            waiting: BTreeMap::new(),
            arrivals: 0,
            receipt_first: VecDeque::new(),
            silent: 0,
            inbox: VecDeque::new(),
            unacknowledged: BTreeMap::new(),
            fresh: Vec::new(),
            again: Vec::new(),
            passed_on: Vec::new(),
            settled: 0,
            closed_at: None,
            member,
            client: None,
            is_counted: false,
            conduct,
            chance,
            wire: Wire::new(),
        }
    }

    /// The protocol machine, for octets in and out.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// What lies between the session and the socket.
    pub fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    /// Hands the session's octets to the wire, as far as it has room.
    pub fn feed_wire(&mut self, now: Instant) {
        while self.session.has_output() && self.wire.has_room() {
            let output = self.session.output();
            self.wire.push(output, now);
            output.clear();
        }
    }

    /// Ends a wait of the driver: there are receipts to send.
    pub fn wake(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// When the session closed, if it has.
    pub fn closed_at(&self) -> Option<Instant> {
        self.closed_at
    }

    /// Whether the client may be read from: it is not while too many of its messages wait for their answers.
    pub fn wants_input(&self) -> bool {
        let most = self.conduct.session.stop_reading_after_messages;
        self.session.wants_input()
            && self.session.requests_open().saturating_sub(self.silent) < self.conduct.window
            && (most == 0 || self.conduct.messages < most)
    }

    /// When [`step`](Self::step) has something to do although nothing happened.
    pub fn next_deadline(&self) -> Option<Instant> {
        let waiting = self.waiting.first_key_value().map(|((due, _), _)| *due);
        let Conduct { next_enquiry, ends_at, .. } = self.conduct;
        [self.session.next_deadline(), self.refusal_due, waiting, next_enquiry, ends_at].into_iter().flatten().min()
    }

    /// Takes in all that has happened until now.
    ///
    /// # Errors
    /// The journal could not be written: nothing that the session still has to say may be sent.
    pub fn step(&mut self) -> io::Result<()> {
        let now = self.shared.clock.now();
        self.session.tick(now);
        self.heed_rules(now);
        if self.refusal_due.is_some_and(|due| due <= now) {
            self.refusal_due = None;
            self.session.refuse_bind(CommandStatus::RINVPASWD, now);
        }
        self.events(now);
        self.act_by_itself(now);
        while let Some(entry) = self.waiting.first_entry() {
            if entry.key().0 > now {
                break;
            }
            let answer = entry.remove();
            self.accept(answer, now);
        }
        loop {
            // What is told below, here or on another session, speaks of what is noted so far.
            self.commit()?;
            self.exchange(now);
            self.send_receipts(now);
            self.commit()?;
            if !self.events(now) {
                return Ok(());
            }
        }
    }

    /// Gives everything back that others may need. The session is over.
    pub fn leave(mut self) -> io::Result<()> {
        self.settled += self.receipt_first.len();
        self.exchange(self.shared.clock.now());
        let mut receipts = self.shared.receipts();
        if let Some(receiver) = self.receiver.take() {
            let unacknowledged = std::mem::take(&mut self.unacknowledged);
            receipts.detach(receiver, unacknowledged.into_values().chain(self.inbox.drain(..)));
        }
        drop(receipts);
        if let (true, Some(client)) = (self.is_counted, &self.client) {
            client.sessions.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
        }
        self.shared.registry.leave(self.number);
        self.commit()
    }

    /// Writes down what is noted. If that fails, nobody is told of the messages it speaks of.
    fn commit(&mut self) -> io::Result<()> {
        let result = self.shared.journal.commit(&mut self.page);
        if result.is_err() {
            self.fresh.clear();
        }
        result
    }

    /// Takes in what the session says; tells whether there was anything.
    fn events(&mut self, now: Instant) -> bool {
        let mut any = false;
        while let Some(event) = self.session.next_event() {
            any = true;
            match event {
                Event::BindRequested { mode, bind } => self.bind(mode, bind, now),
                Event::Request(pdu) => self.request(pdu, now),
                Event::Response { sequence, pdu, .. } => self.acknowledged(sequence, pdu.status, now),
                Event::ResponseTimedOut { sequence } => self.passed_on.extend(self.unacknowledged.remove(&sequence)),
                Event::Undecodable { sequence, answered, frame, .. } => self.note("malformed", || Fields {
                    sequence: Some(sequence),
                    status: Some(status_text(answered)),
                    pdu_hex: Some(hex(&frame.0)),
                    ..Fields::default()
                }),
                Event::Closed { reason, .. } => self.closed(reason, now),
                Event::LateResponse { .. } | Event::Bound { .. } | Event::BindRefused { .. } => {}
            }
        }
        any
    }

    fn closed(&mut self, reason: CloseReason, now: Instant) {
        self.closed_at = Some(now);
        self.waiting.clear();
        let event = match reason {
            CloseReason::Unbound | CloseReason::UnbindTimedOut | CloseReason::PeerUnbound => "unbind",
            CloseReason::BadFrame => "malformed",
            _ => "closed",
        };
        tracing::info!(session = self.number, ?reason, "session closed");
        self.note(event, || Fields { reason: Some(format!("{reason:?}")), ..Fields::default() });
    }

    fn request(&mut self, pdu: Pdu, now: Instant) {
        let pdu_hex = if self.page.is_kept() { pdu_hex(&pdu) } else { None };
        let Pdu { sequence, body, .. } = pdu;
        let (command, message) = match body {
            Body::SubmitSm(message) => (Command::SubmitSm, *message),
            Body::DataSm(data) => (Command::DataSm, short_message(*data)),
            Body::QuerySm(query) => return self.query(sequence, query, now),
            _ => return self.session.respond(sequence, CommandStatus::RINVCMDID, Body::GenericNack, now),
        };
        let rules = self.message_rules(&message);
        let behaviour = self.behaviour(&message, rules.as_deref(), now);
        let numbers = rules.as_ref().map_or(Numbers::Marked, |rules| rules.ids.numbers);
        let (event, status, id, count) = match behaviour {
            Behaviour::Refuse(CommandStatus::RTHROTTLED) => {
                ("throttled", Some(CommandStatus::RTHROTTLED), None, Count::Throttled)
            }
            Behaviour::Refuse(status) => (command.event(), Some(status), None, Count::Refused),
            Behaviour::Silence => (command.event(), None, None, Count::Unanswered),
            Behaviour::Accept { .. } | Behaviour::ReceiptFirst(_) | Behaviour::ThrottleOnce => {
                (command.event(), Some(CommandStatus::ROK), Some(self.shared.next_id(numbers)), Count::Accepted)
            }
        };
        self.member.count(count, self.client.as_deref());
        self.note(event, || Fields {
            sequence: Some(sequence),
            status: status.map(status_text),
            message_id: id.map(|id| match &rules {
                Some(rules) => rules.ids.response.write(id, rules.ids.width),
                None => id.to_string(),
            }),
            message: Some(MessageFields::new(&message)),
            pdu_hex,
            ..Fields::default()
        });
        match (id, status) {
            (Some(id), _) => {
                self.keep_text(&message, behaviour);
                let answer = self.answer(sequence, command, id, message, rules);
                self.carry_out(behaviour, answer, now);
            }
            (None, Some(status)) => self.refuse(sequence, command, status, rules.as_deref(), now),
            (None, None) => self.silent += 1,
        }
        self.tire(now);
    }

    /// What the rules or the table say, with "once" resolved.
    fn behaviour(&mut self, message: &ShortMessage, rules: Option<&MessageRules>, now: Instant) -> Behaviour {
        if let (Some(rate), Some(client)) = (self.conduct.rate, &self.client)
            && !client.may_send(parts_of(message), rate, now)
        {
            return Behaviour::Refuse(CommandStatus::RTHROTTLED);
        }
        if let Some(behaviour) = rules.and_then(|rules| self.refusal(message, rules)) {
            return behaviour;
        }
        let part = part_number(message);
        let destination = &message.destination.digits;
        let chosen = self.shared.phones.outcome(destination).or_else(|| rules.and_then(|rules| rules.outcome));
        let behaviour = match chosen {
            Some(outcome) => outcome.behaviour(part),
            None if self.conduct.rules.scenario().ignore_suffixes => Outcome::Delivered.behaviour(part),
            None => outcome::behaviour(destination, part, self.shared.ranges),
        };
        match behaviour {
            Behaviour::ThrottleOnce if self.shared.throttled().refuses(&self.system_id, message, now) => {
                Behaviour::Refuse(CommandStatus::RTHROTTLED)
            }
            Behaviour::ThrottleOnce => {
                Behaviour::Accept { answer_after: Span::ZERO, receipts: outcome::plain_receipts() }
            }
            behaviour => behaviour,
        }
    }

    /// Tells what became of one of the last messages, if they are remembered; most are not, for receipts and the journal tell.
    fn query(&mut self, sequence: u32, query: QuerySm, now: Instant) {
        let wall = self.shared.clock.wall();
        let known = self.shared.queries().state(&query.message_id, wall);
        let mut body = QuerySmResp { message_id: query.message_id, ..QuerySmResp::default() };
        let Some((state, error, done)) = known else {
            return self.session.respond(sequence, CommandStatus::RQUERYFAIL, Body::QuerySmResp(body), now);
        };
        body.message_state = state.value();
        body.error_code = u8::try_from(error).unwrap_or(u8::MAX);
        body.final_date =
            done.map_or_else(Vec::new, |at| time::absolute(u64::try_from(at.unix_seconds()).unwrap_or(0)));
        self.session.respond(sequence, CommandStatus::ROK, Body::QuerySmResp(body), now);
    }

    fn note<'a>(&mut self, event: &'static str, fields: impl FnOnce() -> Fields<'a>) {
        let who = Who { number: self.number, system_id: &self.system_id };
        self.page.note(self.shared.clock.wall(), event, who, fields);
    }
}

/// Which part of its message this is, from 1.
fn part_number(message: &ShortMessage) -> u8 {
    let header = if message.esm_class & ESM_CLASS_UDHI == 0 { None } else { udh::strip(message.user_data()).0 };
    match header.and_then(udh::Udh::concat) {
        Some(concat) => concat.sequence().value(),
        None => message.tlvs.get_u8(tag::SAR_SEGMENT_SEQNUM).unwrap_or(1),
    }
}

/// How many parts a message is: more than one only if it is in message_payload.
fn parts_of(message: &ShortMessage) -> u32 {
    let (one, many) = match message.data_coding & 0x0C {
        0x00 => (160, 153),
        _ => (140, 134),
    };
    let octets = message.user_data().len();
    if octets <= one { 1 } else { u32::try_from(octets.div_ceil(many)).unwrap_or(u32::MAX) }
}

/// A data_sm as the submit_sm that says the same.
fn short_message(data: DataSm) -> ShortMessage {
    ShortMessage {
        service_type: data.service_type,
        source: data.source,
        destination: data.destination,
        esm_class: data.esm_class,
        registered_delivery: data.registered_delivery,
        data_coding: data.data_coding,
        tlvs: data.tlvs,
        ..ShortMessage::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_known_by_its_header_or_by_its_parameters() {
        let check = |esm_class, data: &[u8], segment: Option<u8>, wanted| {
            let mut message = ShortMessage { esm_class, short_message: data.to_vec(), ..ShortMessage::default() };
            if let Some(segment) = segment {
                message.tlvs.push(tag::SAR_SEGMENT_SEQNUM, vec![segment]);
            }
            assert_eq!(part_number(&message), wanted, "{data:02x?} {segment:?}");
        };
        check(0x40, b"\x05\x00\x03\x2a\x03\x02text", None, 2);
        check(0x40, b"\x06\x08\x04\x12\x34\x03\x02text", None, 2);
        // Without the bit in esm_class it is text.
        check(0x00, b"\x05\x00\x03\x2a\x03\x02text", None, 1);
        // Part 3 of 2 is nonsense, and a header may be cut off.
        check(0x40, b"\x05\x00\x03\x2a\x02\x03text", None, 1);
        check(0x40, b"\x05\x00\x03", None, 1);
        check(0x00, b"text", Some(2), 2);
        check(0x00, b"text", None, 1);
    }
}
