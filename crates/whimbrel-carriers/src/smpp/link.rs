//! One connection: moves octets between the socket and the session, and submissions and receipts between the session and the
//! engine.
//!
//! Each wake-up does all that can be done, then writes once. While the engine does not take events, the socket is not read
//! and no deadline runs: the silence is then ours, not the carrier's.

mod delivery;
mod end;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use whimbrel_core::world::BoxFuture;
use whimbrel_core::{AckToken, AnswerTiming, DoubtCause, LinkId, Span, Submission};
use whimbrel_smpp::session::{CloseReason, EsmeConfig, Event, Instant, RequestRefused, Session, State};
use whimbrel_smpp::{BindMode, Body, EncodeError, Pdu};

use crate::Ack;

use super::RECEIPTS_OPEN_MAX;
use super::answer::{self, Answer, Then, Validity};
use super::connect::Socket;
use super::keeper::Keeper;
use super::outgoing::Outgoing;
use super::report::Ticket;
use super::wire;

use delivery::Deliveries;

/// Octets read at once: a few hundred PDUs.
const READ_OCTETS_MAX: usize = 16 * 1024;
/// Submissions that timed out and whose answers are still waited for.
const LATE_MAX: u16 = 1_024;
/// Times that what the carrier already sent is read after writing failed.
const LAST_READS_MAX: usize = 64;

/// A submission without an answer.
struct Pending {
    ticket: Ticket,
    validity: Validity,
}

/// What woke the link.
enum Wake {
    Wrote(io::Result<usize>),
    Read(io::Result<usize>),
    Acknowledged(AckToken, Ack),
    Submitted(Box<Submission>),
    Stopped,
    Due,
    /// Room for events.
    Room,
}

/// Why the session ended, and which submissions had no answer.
struct Closed {
    reason: CloseReason,
    outstanding: Vec<u32>,
}

/// A connection and all that is open on it.
pub(super) struct Link<'a> {
    keeper: &'a mut Keeper,
    id: LinkId,
    socket: Socket,
    session: Session,
    outgoing: Outgoing,
    input: Vec<u8>,
    pending: HashMap<u32, Pending>,
    /// Oldest first.
    late: VecDeque<(u32, Ticket)>,
    deliveries: Deliveries,
    bound_at: Option<Instant>,
    closed: Option<Closed>,
    /// Events waited for room, and the socket was not read since.
    is_catching_up: bool,
    /// Armed for this moment; a later deadline does not need a new one.
    timer: Option<(Instant, BoxFuture<'static, ()>)>,
    /// The carrier answered that we are not bound.
    is_out_of_step: bool,
    /// The engine was told that nothing is sent any more, before the end.
    is_announced: bool,
}

impl<'a> Link<'a> {
    /// Starts a session on a new connection; its bind is not written yet.
    ///
    /// # Errors
    /// The bind cannot be written as it is configured.
    pub(super) fn bind(keeper: &'a mut Keeper, id: LinkId, socket: Socket) -> Result<Self, EncodeError> {
        let config = &keeper.config;
        let mut esme = EsmeConfig::new(BindMode::Transceiver, config.bind_body());
        esme.timing.response_timeout = duration(config.response_timeout);
        esme.timing.enquire_interval = duration(config.enquire_interval);
        esme.timing.enquire_timeout = duration(config.enquire_timeout);
        esme.bounds.window_max = config.window();
        esme.bounds.requests_max = u32::from(RECEIPTS_OPEN_MAX);
        esme.bounds.late_max = LATE_MAX;
        let session = Session::esme(esme, keeper.clock.now())?;
        Ok(Self {
            keeper,
            id,
            socket,
            session,
            outgoing: Outgoing::default(),
            input: vec![0; READ_OCTETS_MAX],
            pending: HashMap::new(),
            late: VecDeque::new(),
            deliveries: Deliveries::default(),
            bound_at: None,
            closed: None,
            is_catching_up: false,
            timer: None,
            is_out_of_step: false,
            is_announced: false,
        })
    }

    /// Runs to the end of the connection. Then every submission has had its event, and the pause before the next try is
    /// known.
    pub(super) async fn run(mut self) -> Span {
        self.keeper.set_link(Some(self.id));
        loop {
            let now = self.keeper.clock.now();
            self.step(now);
            if let Some(closed) = self.closed.take() {
                return self.end(closed, now).await;
            }
            let wake = self.wait().await;
            self.take(wake);
        }
    }

    /// Does all that can be done without waiting.
    fn step(&mut self, now: Instant) {
        if self.keeper.is_stopping() {
            self.session.unbind(now);
        }
        // What came meanwhile is read before any deadline is looked at.
        self.is_catching_up |= self.keeper.report.is_behind();
        if !self.is_catching_up && self.session.next_deadline().is_some_and(|deadline| deadline <= now) {
            self.session.tick(now);
        }
        self.take_events(now);
        while let Ok((token, ack)) = self.keeper.channels.acknowledged.try_recv() {
            self.acknowledge(token, ack, now);
        }
        while self.may_take() {
            let Ok(submission) = self.keeper.channels.submissions.try_recv() else { break };
            self.submit(&submission, now);
        }
        self.take_events(now);
        self.keeper.report.meters.window_used.set(f64::from(u32::try_from(self.pending.len()).unwrap_or(u32::MAX)));
        if self.outgoing.unwritten().is_empty() {
            self.outgoing.take(self.session.output());
        }
    }

    /// Waits for whatever comes first.
    async fn wait(&mut self) -> Wake {
        let may_take = self.may_take();
        let may_stop = !self.keeper.is_stopping();
        let is_behind = self.keeper.report.is_behind();
        let deadline = if is_behind { None } else { self.session.next_deadline() };
        self.arm(deadline);
        let Self { socket, session, outgoing, input, keeper, timer, .. } = self;
        let Keeper { channels, report, .. } = &mut **keeper;
        tokio::select! {
            biased;
            wrote = socket.writer.write(outgoing.unwritten()), if !outgoing.unwritten().is_empty() => Wake::Wrote(wrote),
            () = report.send_one(), if is_behind => Wake::Room,
            read = socket.reader.read(input), if !is_behind && session.wants_input() => Wake::Read(read),
            Some((token, ack)) = channels.acknowledged.recv() => Wake::Acknowledged(token, ack),
            Some(submission) = channels.submissions.recv(), if may_take => Wake::Submitted(Box::new(submission)),
            _ = channels.stopped.changed(), if may_stop => Wake::Stopped,
            () = async { if let Some((_, timer)) = timer { timer.await } }, if deadline.is_some() => {
                // A timer that has ended must not be asked again.
                *timer = None;
                Wake::Due
            }
        }
    }

    fn take(&mut self, wake: Wake) {
        let now = self.keeper.clock.now();
        if matches!(wake, Wake::Read(_) | Wake::Due) {
            // A deadline is looked at after the socket, so there was nothing to read.
            self.is_catching_up = false;
        }
        match wake {
            Wake::Wrote(Ok(count)) if count > 0 => self.outgoing.advance(count),
            Wake::Wrote(Ok(_) | Err(_)) => self.read_the_rest(now),
            Wake::Read(Ok(count)) if count > 0 => {
                self.session.received(self.input.get(..count).unwrap_or_default(), now);
            }
            Wake::Read(Ok(_) | Err(_)) => self.disconnected(now),
            Wake::Acknowledged(token, ack) => self.acknowledge(token, ack, now),
            Wake::Submitted(submission) => self.submit(&submission, now),
            Wake::Stopped => self.keeper.stop(),
            Wake::Due | Wake::Room => {}
        }
    }

    /// Whether a submission can be dealt with: sent, or given back.
    fn may_take(&self) -> bool {
        let is_wanted = self.session.window_free() > 0 || self.session.state() != State::Bound;
        is_wanted && !self.keeper.report.is_behind()
    }

    /// Makes sure that the timer ends at `deadline` or before.
    fn arm(&mut self, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return };
        if self.timer.as_ref().is_none_or(|(at, _)| *at > deadline) {
            self.timer = Some((deadline, self.keeper.clock.sleep_until(deadline)));
        }
    }

    fn submit(&mut self, submission: &Submission, now: Instant) {
        if self.session.state() != State::Bound || self.session.window_free() == 0 {
            return self.keeper.give_back(submission);
        }
        let ticket = Ticket::from(submission);
        let message = match wire::submit_sm(submission, &self.keeper.form) {
            Ok(message) => message,
            Err(error) => return self.keeper.report.refused(ticket, error, self.keeper.clock.wall()),
        };
        let validity = if message.validity_period.is_empty() { Validity::Omitted } else { Validity::Given };
        match self.session.request(Body::SubmitSm(Box::new(message)), now) {
            Ok(sequence) => {
                self.pending.insert(sequence, Pending { ticket, validity });
            }
            Err(RequestRefused::Unencodable(error)) => {
                self.keeper.report.refused(ticket, wire::unwritable(&error), self.keeper.clock.wall());
            }
            Err(
                RequestRefused::NotBound
                | RequestRefused::NotAllowed
                | RequestRefused::WindowFull
                | RequestRefused::OutputFull,
            ) => self.keeper.give_back(submission),
        }
    }

    fn take_events(&mut self, now: Instant) {
        while let Some(event) = self.session.next_event() {
            match event {
                Event::Bound { system_id, .. } => self.bound(&system_id, now),
                Event::Request(pdu) => self.deliver(pdu, now),
                Event::Response { sequence, pdu, .. } => self.answered(sequence, &pdu, now),
                Event::LateResponse { sequence, pdu, .. } => self.answered_late(sequence, &pdu),
                Event::ResponseTimedOut { sequence } => self.timed_out(sequence),
                Event::Undecodable { command_id, answered, frame, .. } => {
                    let (carrier, size_bytes) = (&*self.keeper.config.name, frame.0.len());
                    tracing::warn!(
                        carrier,
                        command_id,
                        size_bytes,
                        %answered,
                        "carrier sent what cannot be read: it was refused; ask the carrier what it is"
                    );
                }
                Event::Closed { reason, outstanding } => self.closed = Some(Closed { reason, outstanding }),
                // `Closed` says the same again; binds come to centres only.
                Event::BindRefused { .. } | Event::BindRequested { .. } => {}
            }
        }
        self.announce_ending();
    }

    /// A session that ends in good order may wait for answers for long, and sends nothing meanwhile. The engine is told at its
    /// beginning: else it would hand over all that time what is given back at once.
    fn announce_ending(&mut self) {
        let is_ending = self.bound_at.is_some() && self.session.state() == State::Unbinding;
        if is_ending && !self.is_announced && !self.keeper.is_stopping() {
            self.is_announced = true;
            let why = "the session ends in good order: open answers are waited for, nothing more is sent";
            self.keeper.report.down(Some(self.id), why);
        }
    }

    fn bound(&mut self, system_id: &[u8], now: Instant) {
        self.bound_at = Some(now);
        let name = &self.keeper.config.name;
        tracing::info!(carrier = %name, link = self.id.0, peer = %system_id.escape_ascii(), "carrier link bound");
        self.keeper.report.up(self.id, self.keeper.config.window());
    }

    fn answered(&mut self, sequence: u32, pdu: &Pdu, now: Instant) {
        let Some(Pending { ticket, validity }) = self.pending.remove(&sequence) else { return };
        let at = self.keeper.clock.wall();
        match answer::read(pdu, validity) {
            Answer::Sent(id) => {
                if id.key.is_empty() {
                    let carrier = &*self.keeper.config.name;
                    tracing::warn!(
                        carrier,
                        "carrier took a part without giving an id: no receipt will be found for it"
                    );
                }
                self.keeper.report.sent(ticket, id, AnswerTiming::InTime, at);
            }
            Answer::Refused(error, then) => {
                self.keeper.report.refused(ticket, error, at);
                self.follow(then, pdu, now);
            }
        }
    }

    /// Does what an error asks for.
    fn follow(&mut self, then: Then, pdu: &Pdu, now: Instant) {
        let carrier = &*self.keeper.config.name;
        let code = answer::code(pdu.status);
        match then {
            Then::Nothing => {}
            Then::ReportFault => {
                tracing::error!(carrier, %code, "carrier calls a submission malformed: report it with the carrier's name");
            }
            Then::OmitValidity => {
                if self.keeper.form.validity != wire::ValidityForm::Never {
                    tracing::warn!(carrier, %code, "carrier takes no validity period: none is sent from now on");
                    self.keeper.form.validity = wire::ValidityForm::Never;
                }
            }
            Then::Rebind => {
                if !self.is_out_of_step {
                    tracing::warn!(carrier, %code, "carrier says that we are not bound: binding anew");
                    self.is_out_of_step = true;
                }
                self.session.unbind(now);
            }
        }
    }

    fn answered_late(&mut self, sequence: u32, pdu: &Pdu) {
        let Some(at) = self.late.iter().position(|(late, _)| *late == sequence) else { return };
        let Some((_, ticket)) = self.late.remove(at) else { return };
        // A late refusal changes nothing: the doubt was reported, and is settled by its policy.
        if let Answer::Sent(id) = answer::read(pdu, Validity::Omitted) {
            self.keeper.report.sent(ticket, id, AnswerTiming::Late, self.keeper.clock.wall());
        }
    }

    fn timed_out(&mut self, sequence: u32) {
        let Some(Pending { ticket, .. }) = self.pending.remove(&sequence) else { return };
        if self.late.len() >= usize::from(LATE_MAX) {
            self.late.pop_front();
        }
        self.late.push_back((sequence, ticket));
        self.keeper.report.doubt(ticket, DoubtCause::AnswerTimedOut, self.keeper.clock.wall());
    }
}

fn duration(span: Span) -> Duration {
    span.to_std()
}
