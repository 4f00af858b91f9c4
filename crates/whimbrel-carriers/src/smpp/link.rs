//! One connection: moves octets between the socket and the session, and submissions and receipts between the session and the
//! engine.
//!
//! Each wake-up does all that can be done, then writes once. While the engine does not take events, the socket is not read
//! and no deadline runs: the silence is then ours, not the carrier's.

mod delivery;
mod end;
mod probe;
mod submit;
mod watched;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use whimbrel_core::world::BoxFuture;
use whimbrel_core::{AckToken, LinkId, Span, Submission};
use whimbrel_smpp::EncodeError;
use whimbrel_smpp::session::{CloseReason, EsmeConfig, Event, Instant, Session, State};

use crate::{Ack, Order};

use super::RECEIPTS_OPEN_MAX;
use super::connect::{Flush, Socket};
use super::gather::Gather;
use super::keeper::{Keeper, Probe};
use super::outgoing::Outgoing;

use delivery::Deliveries;
use probe::Probing;
use submit::{Late, Pending, Ready};

/// Octets read at once: a few hundred PDUs.
const READ_OCTETS_MAX: usize = 16 * 1024;
/// Submissions that timed out and whose answers are still waited for.
const LATE_MAX: u16 = 1_024;
/// Unanswered questions in a row that can be allowed before a connection is given up.
const ENQUIRE_MISSES_MAX: u8 = 2;
/// Times that what the carrier already sent is read after writing failed.
const LAST_READS_MAX: usize = 64;

/// What woke the link.
enum Wake {
    Wrote(io::Result<usize>),
    Flushed(io::Result<()>),
    Read(io::Result<usize>),
    Acknowledged(AckToken, Ack),
    Submitted(Box<Submission>),
    Probed(Probe),
    Ordered,
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
    late: VecDeque<Late>,
    /// Parts that wait for the others of their message.
    gather: Gather,
    /// What goes out next, while there is no room for it.
    ready: VecDeque<Ready>,
    deliveries: Deliveries,
    probing: Vec<Probing>,
    /// Octets were written that may wait for a flush.
    is_unflushed: bool,
    /// The order that the engine was told of.
    told: Order,
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
    /// The log was told that the carrier gives no ids.
    is_idless: bool,
}

impl<'a> Link<'a> {
    /// Starts a session on a new connection; its bind is not written yet.
    ///
    /// # Errors
    /// The bind cannot be written as it is configured.
    pub(super) fn bind(keeper: &'a mut Keeper, id: LinkId, socket: Socket) -> Result<Self, EncodeError> {
        let config = keeper.config();
        let mut esme = EsmeConfig::new(keeper.slot.mode, config.bind_body());
        esme.timing.bind_timeout = duration(config.bind_timeout);
        esme.timing.response_timeout = duration(config.response_timeout);
        esme.timing.enquire_interval = duration(config.enquire_interval);
        esme.timing.enquire_timeout = duration(config.enquire_timeout);
        esme.timing.drain_timeout = duration(config.drain_timeout);
        esme.timing.enquire_misses_max = u32::from(config.enquire_misses_max.clamp(1, ENQUIRE_MISSES_MAX));
        esme.bounds.window_max = config.window();
        esme.bounds.requests_max = u32::from(RECEIPTS_OPEN_MAX);
        esme.bounds.late_max = LATE_MAX;
        let mut session = Session::esme(esme, keeper.clock.now())?;
        if keeper.shared.watcher.is_watching() {
            session.keep_frames();
        }
        Ok(Self {
            keeper,
            id,
            socket,
            session,
            outgoing: Outgoing::default(),
            input: vec![0; READ_OCTETS_MAX],
            pending: HashMap::new(),
            late: VecDeque::new(),
            gather: Gather::default(),
            ready: VecDeque::new(),
            deliveries: Deliveries::default(),
            probing: Vec::new(),
            is_unflushed: false,
            told: Order::Bind,
            bound_at: None,
            closed: None,
            is_catching_up: false,
            timer: None,
            is_out_of_step: false,
            is_announced: false,
            is_idless: false,
        })
    }

    /// Runs to the end of the connection. Then every submission has had its event, and the pause before the next try is
    /// known.
    pub(super) async fn run(mut self) -> Span {
        self.keeper.slot.set_link(Some(self.id));
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
        self.heed(now);
        // What came meanwhile is read before any deadline is looked at.
        self.is_catching_up |= self.keeper.report.is_behind();
        if !self.is_catching_up && self.session.next_deadline().is_some_and(|deadline| deadline <= now) {
            self.session.tick(now);
        }
        self.take_events(now);
        while let Ok((token, ack)) = self.keeper.channels.acknowledged.try_recv() {
            self.acknowledge(token, ack, now);
        }
        self.let_go(now);
        while self.may_take() {
            let Ok(submission) = self.keeper.channels.submissions.try_recv() else { break };
            self.submit(submission, now);
        }
        self.take_events(now);
        self.answer_probes(now);
        self.keeper.report.meters.set_unanswered(self.pending.len());
        self.keeper.slot.set_unanswered(self.pending.len());
        if self.outgoing.unwritten().is_empty() {
            self.outgoing.take(self.session.output());
        }
    }

    /// Does what was ordered.
    fn heed(&mut self, now: Instant) {
        if self.keeper.is_stopping() || self.keeper.order() == Order::Unbind {
            return self.session.unbind(now);
        }
        if self.told != self.keeper.order() && self.session.state() == State::Bound {
            self.told = self.keeper.order();
            self.tell_up();
        }
    }

    /// Tells the engine what may be handed over: nothing where nothing can be sent.
    fn tell_up(&mut self) {
        let is_taking = self.keeper.slot.mode.may_submit() && self.told != Order::Drain;
        let window_max = if is_taking { self.keeper.config().submissions_max() } else { 0 };
        self.keeper.slot.set_taking(is_taking.then_some(self.id));
        self.keeper.report.up(self.id, window_max);
    }

    /// Waits for whatever comes first.
    async fn wait(&mut self) -> Wake {
        let may_take = self.may_take();
        let may_stop = !self.keeper.is_stopping();
        let is_behind = self.keeper.report.is_behind();
        let deadline = if is_behind { None } else { self.next_deadline() };
        self.arm(deadline);
        let Self { socket, session, outgoing, input, keeper, timer, is_unflushed, .. } = self;
        let has_output = *is_unflushed || !outgoing.unwritten().is_empty();
        let Keeper { channels, report, .. } = &mut **keeper;
        tokio::select! {
            biased;
            wake = put_out(&mut socket.writer, outgoing.unwritten()), if has_output => wake,
            () = report.send_one(), if is_behind => Wake::Room,
            read = socket.reader.read(input), if !is_behind && session.wants_input() => Wake::Read(read),
            Some((token, ack)) = channels.acknowledged.recv() => Wake::Acknowledged(token, ack),
            Some(submission) = channels.submissions.recv(), if may_take => Wake::Submitted(Box::new(submission)),
            Some(probe) = channels.probes.recv() => Wake::Probed(probe),
            _ = channels.commands.changed(), if may_stop => Wake::Ordered,
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
            Wake::Wrote(Ok(count)) if count > 0 => {
                self.outgoing.advance(count);
                self.is_unflushed = self.socket.flush == Flush::Needed;
            }
            Wake::Flushed(Ok(())) => self.is_unflushed = false,
            Wake::Wrote(Ok(_) | Err(_)) | Wake::Flushed(Err(_)) => self.read_the_rest(now),
            Wake::Read(Ok(count)) if count > 0 => {
                self.session.received(self.input.get(..count).unwrap_or_default(), now);
            }
            Wake::Read(Ok(_) | Err(_)) => self.disconnected(now),
            Wake::Acknowledged(token, ack) => self.acknowledge(token, ack, now),
            Wake::Submitted(submission) => self.submit(*submission, now),
            Wake::Probed(probe) => self.probe(probe, now),
            Wake::Ordered | Wake::Due | Wake::Room => {}
        }
    }

    /// When something is due.
    fn next_deadline(&self) -> Option<Instant> {
        let probing = self.probing.iter().map(|probing| probing.until);
        [self.session.next_deadline(), self.gather.deadline()].into_iter().flatten().chain(probing).min()
    }

    /// Makes sure that the timer ends at `deadline` or before.
    fn arm(&mut self, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return };
        if self.timer.as_ref().is_none_or(|(at, _)| *at > deadline) {
            self.timer = Some((deadline, self.keeper.clock.sleep_until(deadline)));
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
                    self.keeper.report.meters.undecodable.increment(1);
                    let (carrier, size_bytes) = (&*self.keeper.config().name, frame.0.len());
                    tracing::warn!(
                        carrier,
                        command_id,
                        size_bytes,
                        %answered,
                        "carrier sent what cannot be read: it was refused; ask the carrier what it is"
                    );
                }
                Event::Closed { reason, outstanding } => self.closed = Some(Closed { reason, outstanding }),
                Event::BindRefused { status } => self.keeper.report.meters.bind_refused(status),
                // It comes to centres only.
                Event::BindRequested { .. } => {}
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
            self.keeper.slot.set_taking(None);
            self.keeper.slot.unbinding(self.keeper.clock.wall());
            let why = "the session ends in good order: open answers are waited for, nothing more is sent";
            self.keeper.report.down(Some(self.id), why);
        }
    }

    fn bound(&mut self, system_id: &[u8], now: Instant) {
        self.bound_at = Some(now);
        let config = self.keeper.config();
        let (name, peer) = (&config.name, system_id.escape_ascii().to_string());
        tracing::info!(carrier = %name, link = self.id.0, peer, "carrier link bound");
        let window_max = if self.keeper.slot.mode.may_submit() { config.window() } else { 0 };
        self.keeper.slot.bound(&peer, window_max, self.keeper.clock.wall());
        self.told = self.keeper.order();
        self.tell_up();
    }
}

/// Writes what is there, or else flushes what was written. Nothing is lost if this is dropped.
async fn put_out(writer: &mut (dyn AsyncWrite + Send + Unpin), octets: &[u8]) -> Wake {
    if octets.is_empty() { Wake::Flushed(writer.flush().await) } else { Wake::Wrote(writer.write(octets).await) }
}

fn duration(span: Span) -> Duration {
    span.to_std()
}
