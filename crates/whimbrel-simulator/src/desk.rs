//! What one session does: answers binds and messages by the outcome table, hands out receipts. Does no I/O but the journal.
//!
//! [`Desk::step`] takes in what has happened and leaves octets in the session's output. The journal is committed within the
//! step, before the driver can send them. Order within a step: what came in, answers that waited, then receipts; so an answer
//! is never behind its receipt, except for the one outcome that wants it so.
//!
//! Bounds: an answer that waits counts towards [`REQUESTS_OPEN_MAX`], beyond which nothing is read; a receipt is held by
//! [`Receipts`](crate::receipts::Receipts) until it is settled. A message that the table leaves unanswered costs a number.

mod deliver;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use whimbrel_core::{Secret, Span};
use whimbrel_smpp::session::{Bounds, CloseReason, Event, Instant, Session, SmscConfig, Timing};
use whimbrel_smpp::{Bind, BindMode, Body, CommandStatus, DataSm, MessageIdBody, Pdu, QuerySmResp, ShortMessage, tag};
use whimbrel_sms::udh;

use crate::clock::after;
use crate::ids::SimulatedId;
use crate::journal::{Fields, MessageFields, Page, Who, hex, pdu_hex, status_text};
use crate::outcome::{self, Behaviour, Planned, RECEIPT_DELAY};
use crate::receipt::{ESM_CLASS_UDHI, Origin, Receipt, excerpt};
use crate::receipts::Receiver;
use crate::shared::Shared;

/// How many messages may wait for their answer before reading stops.
pub const REQUESTS_OPEN_MAX: usize = 100;
/// How many messages of one session may go unanswered for ever before reading stops.
const SILENT_MAX: u32 = 1_000_000;
/// How long a wrong password waits for its answer.
const REFUSAL_DELAY: Span = Span::seconds(2);
/// How the simulator names itself.
const SYSTEM_ID: &[u8] = b"Whimbrel";

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
    receipt_first: VecDeque<(Receipt, Answer)>,
    /// Messages that never get an answer.
    silent: usize,
    /// Receipts taken to be sent, oldest first.
    inbox: VecDeque<Receipt>,
    /// Receipts sent and not acknowledged.
    unacknowledged: BTreeMap<u32, Receipt>,
    /// New receipts, and those to be sent again, not yet with the shared ones.
    fresh: Vec<(Instant, Receipt)>,
    again: Vec<(Instant, Receipt)>,
    /// Receipts that got no answer: another session may do better.
    passed_on: Vec<Receipt>,
    settled: usize,
    page: Page,
    closed_at: Option<Instant>,
}

/// An answer that says "accepted".
struct Answer {
    sequence: u32,
    command: Command,
    id: SimulatedId,
    origin: Arc<Origin>,
    registered_delivery: u8,
    receipts: &'static [Planned],
}

/// Which request an answer is for.
#[derive(Clone, Copy)]
enum Command {
    SubmitSm,
    DataSm,
}

impl Command {
    const fn event(self) -> &'static str {
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
}

impl Desk {
    /// A session that nobody has bound yet.
    pub fn new(number: u64, shared: Arc<Shared>) -> Self {
        // A client that does not answer must not hold up the end of a test run.
        let timing = Timing {
            drain_timeout: Duration::from_secs(1),
            unbind_timeout: Duration::from_secs(2),
            // What is not answered at once is answered much later or never: nothing to wait for.
            peer_unbind_grace: Duration::ZERO,
            ..Timing::smsc()
        };
        let bounds = Bounds { requests_max: SILENT_MAX, ..Bounds::smsc() };
        Self {
            session: Session::smsc(SmscConfig { timing, bounds }, shared.clock.now()),
            page: shared.journal.page(),
            shared,
            number,
            system_id: Arc::default(),
            wake: Arc::new(Notify::new()),
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
        }
    }

    /// The protocol machine, for octets in and out.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
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
        self.session.wants_input() && self.session.requests_open().saturating_sub(self.silent) < REQUESTS_OPEN_MAX
    }

    /// When [`step`](Self::step) has something to do although nothing happened.
    pub fn next_deadline(&self) -> Option<Instant> {
        let waiting = self.waiting.first_key_value().map(|((due, _), _)| *due);
        [self.session.next_deadline(), self.refusal_due, waiting].into_iter().flatten().min()
    }

    /// Takes in all that has happened until now.
    ///
    /// # Errors
    /// The journal could not be written: nothing that the session still has to say may be sent.
    pub fn step(&mut self) -> io::Result<()> {
        let now = self.shared.clock.now();
        self.session.tick(now);
        if self.refusal_due.is_some_and(|due| due <= now) {
            self.refusal_due = None;
            self.session.refuse_bind(CommandStatus::RINVPASWD, now);
        }
        self.events(now);
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

    fn bind(&mut self, mode: BindMode, bind: Bind, now: Instant) {
        let right = str::from_utf8(&bind.password).is_ok_and(|text| Secret::new(text) == self.shared.password);
        self.system_id = bind.system_id.into();
        let status = if right { CommandStatus::ROK } else { CommandStatus::RINVPASWD };
        self.note("bind", || Fields { status: Some(status_text(status)), ..Fields::default() });
        if !right {
            tracing::info!(session = self.number, "bind refused: wrong password");
            self.refusal_due = Some(after(now, REFUSAL_DELAY));
            return;
        }
        tracing::info!(session = self.number, ?mode, "session bound");
        self.session.accept_bind(SYSTEM_ID, now);
        if mode.may_deliver() {
            self.receiver = Some(self.shared.receipts().attach(&self.system_id, Arc::clone(&self.wake)));
        }
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
            Body::QuerySm(query) => {
                // What became of a message is in its receipts and in the journal; it is not kept to be asked for.
                let body = QuerySmResp { message_id: query.message_id, ..QuerySmResp::default() };
                return self.session.respond(sequence, CommandStatus::RQUERYFAIL, Body::QuerySmResp(body), now);
            }
            _ => return self.session.respond(sequence, CommandStatus::RINVCMDID, Body::GenericNack, now),
        };
        let behaviour = self.behaviour(&message, now);
        let (event, status, id) = match behaviour {
            Behaviour::Refuse(CommandStatus::RTHROTTLED) => ("throttled", Some(CommandStatus::RTHROTTLED), None),
            Behaviour::Refuse(status) => (command.event(), Some(status), None),
            Behaviour::Silence => (command.event(), None, None),
            Behaviour::Accept { .. } | Behaviour::ReceiptFirst(_) | Behaviour::ThrottleOnce => {
                (command.event(), Some(CommandStatus::ROK), Some(self.shared.next_id()))
            }
        };
        self.note(event, || Fields {
            sequence: Some(sequence),
            status: status.map(status_text),
            message_id: id.map(|id| id.to_string()),
            message: Some(MessageFields::new(&message)),
            pdu_hex,
            ..Fields::default()
        });
        let Some(id) = id else {
            return match status {
                Some(status) => self.session.respond(sequence, status, command.response(Vec::new()), now),
                None => self.silent += 1,
            };
        };
        let answer = self.answer(sequence, command, id, message);
        self.carry_out(behaviour, answer, now);
    }

    /// What the table says, with "once" resolved.
    fn behaviour(&self, message: &ShortMessage, now: Instant) -> Behaviour {
        let part = part_number(message);
        match outcome::behaviour(&message.destination.digits, part, self.shared.ranges) {
            Behaviour::ThrottleOnce if self.shared.throttled().refuses(&self.system_id, message, now) => {
                Behaviour::Refuse(CommandStatus::RTHROTTLED)
            }
            Behaviour::ThrottleOnce => {
                Behaviour::Accept { answer_after: Span::ZERO, receipts: outcome::plain_receipts() }
            }
            behaviour => behaviour,
        }
    }

    fn answer(&self, sequence: u32, command: Command, id: SimulatedId, message: ShortMessage) -> Answer {
        let registered_delivery = message.registered_delivery;
        let origin = Arc::new(Origin {
            system_id: Arc::clone(&self.system_id),
            id,
            text: excerpt(&message),
            source: message.source,
            destination: message.destination,
            submitted: self.shared.clock.wall(),
        });
        Answer { sequence, command, id, origin, registered_delivery, receipts: &[] }
    }

    /// Answers now, later, or after the receipt.
    fn carry_out(&mut self, behaviour: Behaviour, answer: Answer, now: Instant) {
        match behaviour {
            Behaviour::Accept { answer_after: Span::ZERO, receipts } => {
                self.accept(Answer { receipts, ..answer }, now);
            }
            Behaviour::Accept { answer_after, receipts } => {
                self.wait(after(now, answer_after), Answer { receipts, ..answer });
            }
            Behaviour::ReceiptFirst(planned) => {
                let wall = self.shared.clock.wall();
                match Receipt::planned(&answer.origin, &planned, answer.registered_delivery, wall) {
                    None => self.accept(answer, now),
                    // Another session of the same name gets the receipt; this one answers when it has had the time to.
                    Some(receipt) if self.receiver.is_none() => {
                        self.fresh.push((now, receipt));
                        self.wait(after(now, RECEIPT_DELAY), answer);
                    }
                    Some(receipt) => {
                        let held = self.shared.receipts().hold();
                        match held {
                            Ok(()) => self.receipt_first.push_back((receipt, answer)),
                            Err(_) => self.accept(answer, now),
                        }
                    }
                }
            }
            // Neither has an answer that says "accepted".
            Behaviour::Refuse(_) | Behaviour::Silence | Behaviour::ThrottleOnce => {}
        }
    }

    fn wait(&mut self, due: Instant, answer: Answer) {
        self.arrivals += 1;
        self.waiting.insert((due, self.arrivals), answer);
    }

    /// Says "accepted" and plans the receipts.
    fn accept(&mut self, answer: Answer, now: Instant) {
        let Answer { sequence, command, id, origin, registered_delivery, receipts } = answer;
        self.session.respond(sequence, CommandStatus::ROK, command.response(id.to_bytes()), now);
        let wall = self.shared.clock.wall();
        for planned in receipts {
            let receipt = Receipt::planned(&origin, planned, registered_delivery, wall);
            self.fresh.extend(receipt.map(|receipt| (after(now, planned.after), receipt)));
        }
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
