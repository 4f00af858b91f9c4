//! A session without I/O: octets, answers and the time in; octets, events and the next deadline out. Both roles.
//!
//! What it is for: the link to a carrier (ESME) and the centre for customers and tests (SMSC) are the same machine with
//! a different [`Role`]. A driver owns the socket and the clock and moves octets; it can be a task, a thread or a test.
//!
//! What it promises:
//! - A request gets exactly one of [`Event::Response`], [`Event::ResponseTimedOut`] and a place in
//!   [`Event::Closed::outstanding`]. It is in the window before its octets can leave.
//! - Every request of the peer is answered while the session lives: by the driver, or by the session if no driver need
//!   see it.
//! - `enquire_link` is answered at once, ahead of all that waits and whatever the window holds; nothing is asked before
//!   the bind is answered.
//! - No octets make it panic, and all it holds is bounded: see [`Bounds`].
//! - [`Event::Closed`] comes once and last. After it every call is harmless.
//!
//! What it refuses to know: sockets, clocks, passwords, what a status means for a message, and when to bind again.
//!
//! Follows "Short Message Peer to Peer Protocol Specification v3.4", issue 1.2, §2.2 (states), §4.1 (bind), §4.2
//! (unbind), §4.3 (generic_nack), §4.11 (enquire_link), §5.1.4 (numbers).
//!
//! ```
//! use whimbrel_smpp::session::{Event, Instant, Session, SmscConfig, EsmeConfig};
//! use whimbrel_smpp::{Address, Bind, BindMode};
//!
//! let bind = Bind {
//!     system_id: b"esme".to_vec(),
//!     password: b"secret".to_vec(),
//!     system_type: Vec::new(),
//!     interface_version: 0x34,
//!     address: Address { ton: 0, npi: 0, digits: Vec::new() },
//! };
//! let now = Instant(0);
//! let mut esme = Session::esme(EsmeConfig::new(BindMode::Transceiver, bind), now)?;
//! let mut smsc = Session::smsc(SmscConfig::default(), now);
//!
//! smsc.received(esme.output(), now);
//! esme.output().clear();
//! assert!(matches!(smsc.next_event(), Some(Event::BindRequested { .. })));
//! smsc.accept_bind(b"Whimbrel", now);
//! esme.received(smsc.output(), now);
//! smsc.output().clear();
//! assert!(matches!(esme.next_event(), Some(Event::Bound { .. })));
//! # Ok::<(), whimbrel_smpp::EncodeError>(())
//! ```

use std::collections::VecDeque;
use std::fmt;

use crate::frame::FrameReader;
use crate::pdu::{BindMode, BindResp, Body, EncodeError, Pdu, command_id};
use crate::status::CommandStatus;
use crate::tlv::{Tlvs, tag};

pub use config::{Bounds, EsmeConfig, Instant, Role, SmscConfig, Timing};
pub use event::{CloseReason, Counters, Event, RawFrame, RequestRefused, ResponseForm, State};

use output::{Nul, Output};
use timers::Liveness;
use window::Window;

mod config;
mod event;
mod inbound;
mod output;
mod timers;
mod window;

/// The largest sequence number (SMPP 3.4 §5.1.4).
const SEQUENCE_MAX: u32 = 0x7FFF_FFFF;

/// The version that a centre states to ESMEs that know optional parameters.
const SC_INTERFACE_VERSION: u8 = 0x34;

/// One end of an SMPP session. See the [module](self).
pub struct Session {
    role: Role,
    timing: Timing,
    bounds: Bounds,
    phase: Phase,
    /// The latest moment given.
    now: Instant,
    reader: FrameReader,
    output: Output,
    window: Window,
    events: VecDeque<Event>,
    /// What came, if somebody wants to see it.
    kept: Option<VecDeque<RawFrame>>,
    /// The last number given out.
    sequence: u32,
    liveness: Liveness,
    /// Requests of the peer that the driver has not answered.
    requests_open: u32,
    /// [`Event::Undecodable`]s not taken yet.
    undecodable_waiting: usize,
    counters: Counters,
}

/// The state, with what belongs to it.
#[derive(Debug, Clone, Copy)]
enum Phase {
    /// SMSC: no bind yet.
    Open { until: Instant },
    /// ESME: our bind is on its way, under `sequence`. SMSC: the driver thinks about the peer's.
    Binding { sequence: u32, mode: BindMode, has_tlvs: bool, until: Instant },
    /// Open for traffic.
    Bound { mode: BindMode },
    /// Ours: waits for open requests, then unbinds.
    Draining { mode: BindMode, until: Instant },
    /// Ours: `unbind` is on its way.
    Unbinding { mode: BindMode, sequence: u32, until: Instant },
    /// The peer's `unbind` waits for the driver's answers to what came before it.
    PeerUnbinding { mode: BindMode, sequence: u32, until: Instant },
    /// Over.
    Closed,
}

impl Session {
    /// Starts the application's end: the bind is in the output, and nothing follows it before its answer.
    ///
    /// # Errors
    ///
    /// The bind holds what cannot be written.
    pub fn esme(config: EsmeConfig, now: Instant) -> Result<Self, EncodeError> {
        let EsmeConfig { mode, bind, timing, bounds } = config;
        let mut session = Self::new(Role::Esme, timing, bounds, now);
        let sequence = session.next_sequence();
        Pdu::request(sequence, Body::Bind(mode, bind)).encode(session.output.queued())?;
        let until = now.after(session.timing.bind_timeout);
        session.phase = Phase::Binding { sequence, mode, has_tlvs: true, until };
        Ok(session)
    }

    /// Starts the centre's end: it waits for a bind.
    #[must_use]
    pub fn smsc(config: SmscConfig, now: Instant) -> Self {
        let SmscConfig { timing, bounds } = config;
        Self::new(Role::Smsc, timing, bounds, now)
    }

    fn new(role: Role, timing: Timing, bounds: Bounds, now: Instant) -> Self {
        let (timing, bounds) = (timing.checked(), bounds.checked());
        Self {
            role,
            phase: Phase::Open { until: now.after(timing.bind_timeout) },
            now,
            reader: FrameReader::new(bounds.pdu_octets_max),
            output: Output::default(),
            window: Window::new(bounds.window_max, bounds.late_max),
            events: VecDeque::new(),
            kept: None,
            sequence: 0,
            liveness: Liveness::new(now),
            requests_open: 0,
            undecodable_waiting: 0,
            counters: Counters::default(),
            timing,
            bounds,
        }
    }

    /// Sends a request and opens it in the window. Its octets are in the output.
    ///
    /// An ESME may send `submit_sm`, `data_sm` and `query_sm` if its mode transmits, a centre `deliver_sm` and
    /// `data_sm` if the mode receives.
    ///
    /// # Errors
    ///
    /// [`RequestRefused`]; nothing was sent then.
    pub fn request(&mut self, body: Body, now: Instant) -> Result<u32, RequestRefused> {
        self.at(now);
        let Phase::Bound { mode } = self.phase else { return Err(RequestRefused::NotBound) };
        let is_allowed = match (self.role, &body) {
            (Role::Esme, Body::SubmitSm(_) | Body::DataSm(_) | Body::QuerySm(_)) => mode.may_submit(),
            (Role::Smsc, Body::DeliverSm(_) | Body::DataSm(_)) => mode.may_deliver(),
            _ => false,
        };
        if !is_allowed {
            return Err(RequestRefused::NotAllowed);
        }
        if self.window.room() == 0 {
            return Err(RequestRefused::WindowFull);
        }
        if !self.has_room_for_requests() {
            return Err(RequestRefused::OutputFull);
        }
        let before = self.sequence;
        let sequence = self.next_sequence();
        let pdu = Pdu::request(sequence, body);
        // Octets leave through `output` only, so that the request is open before they can.
        if let Err(error) = pdu.encode(self.output.queued()) {
            self.sequence = before;
            return Err(RequestRefused::Unencodable(error));
        }
        self.window.open(sequence, pdu.command_id(), self.now.after(self.timing.response_timeout));
        Ok(sequence)
    }

    /// Asks the peer now whether it lives, or joins the question that is open already. Gives its number, which is
    /// [open](Self::is_enquiring) until it is answered. The window does not count it.
    ///
    /// # Errors
    ///
    /// [`RequestRefused::NotBound`], or [`RequestRefused::OutputFull`]; nothing was sent then.
    pub fn enquire(&mut self, now: Instant) -> Result<u32, RequestRefused> {
        self.at(now);
        if !matches!(self.phase, Phase::Bound { .. }) {
            return Err(RequestRefused::NotBound);
        }
        if !self.has_room_for_requests() {
            return Err(RequestRefused::OutputFull);
        }
        Ok(self.liveness.open().unwrap_or_else(|| self.ask_for_life()))
    }

    /// Whether the `enquire_link` with this number waits for its answer.
    #[must_use]
    pub fn is_enquiring(&self, sequence: u32) -> bool {
        self.liveness.is_open(sequence)
    }

    /// Answers an [`Event::Request`]. Call it exactly once for each.
    ///
    /// An answer that cannot be written is replaced by `RSYSERR`. It closes the session if the peer does not read.
    pub fn respond(&mut self, sequence: u32, status: CommandStatus, body: Body, now: Instant) {
        self.at(now);
        if self.is_closed() {
            return;
        }
        let was_stopped = !self.wants_input();
        let pdu = Pdu { status, sequence, body };
        if pdu.encode(self.output.queued()).is_err() {
            self.counters.unencodable_answers += 1;
            self.answer_bare(pdu.command_id(), CommandStatus::RSYSERR, sequence);
        }
        self.requests_open = self.requests_open.saturating_sub(1);
        self.check_output();
        self.go_on_ending();
        if was_stopped {
            self.go_on_reading();
        }
    }

    /// SMSC: lets the ESME in, with the centre's name (at most 15 octets). Without an open bind nothing happens.
    pub fn accept_bind(&mut self, system_id: &[u8], now: Instant) {
        self.at(now);
        let (Role::Smsc, Phase::Binding { sequence, mode, has_tlvs, .. }) = (self.role, self.phase) else { return };
        let mut tlvs = Tlvs::new();
        if has_tlvs {
            tlvs.push(tag::SC_INTERFACE_VERSION, vec![SC_INTERFACE_VERSION]);
        }
        let body = Body::BindResp(mode, BindResp { system_id: system_id.to_vec(), tlvs });
        let pdu = Pdu { status: CommandStatus::ROK, sequence, body };
        if pdu.encode(self.output.queued()).is_err() {
            // A name that cannot be written is no reason to keep the ESME out.
            self.counters.unencodable_answers += 1;
            self.answer_bare(pdu.command_id(), CommandStatus::ROK, sequence);
        }
        self.phase = Phase::Bound { mode };
        self.go_on_reading();
    }

    /// SMSC: keeps the ESME out and closes. `ROK` counts as `RBINDFAIL`. Without an open bind nothing happens.
    pub fn refuse_bind(&mut self, status: CommandStatus, now: Instant) {
        self.at(now);
        let (Role::Smsc, Phase::Binding { sequence, mode, .. }) = (self.role, self.phase) else { return };
        let status = if status.is_ok() { CommandStatus::RBINDFAIL } else { status };
        self.answer_bare(mode.command_id() | command_id::RESPONSE, status, sequence);
        self.end(CloseReason::BindRefused(status));
    }

    /// Ends the session in good order: waits for open requests of both sides, sends `unbind`, waits for its answer.
    /// A session that is not bound closes at once. Calling it twice is harmless.
    pub fn unbind(&mut self, now: Instant) {
        self.at(now);
        match self.phase {
            Phase::Open { .. } | Phase::Binding { .. } => self.end(CloseReason::Ours),
            Phase::Bound { mode } => {
                self.phase = Phase::Draining { mode, until: self.now.after(self.timing.drain_timeout) };
                self.go_on_ending();
            }
            Phase::Draining { .. } | Phase::Unbinding { .. } | Phase::PeerUnbinding { .. } | Phase::Closed => {}
        }
    }

    /// Ends the session at once, without a word to the peer.
    pub fn close(&mut self, now: Instant) {
        self.at(now);
        self.end(CloseReason::Ours);
    }

    /// The connection is gone: its end was read, or reading or writing failed.
    pub fn disconnected(&mut self, now: Instant) {
        self.at(now);
        self.output.discard();
        self.end(CloseReason::ConnectionLost);
    }

    /// What to write next; empty if nothing waits. Remove what was written; ask again until it is empty.
    pub fn output(&mut self) -> &mut Vec<u8> {
        self.output.next()
    }

    /// Whether anything waits to be written.
    #[must_use]
    pub fn has_output(&self) -> bool {
        self.output.len() > 0
    }

    /// Whether to read the connection. False while too many requests or a bind wait for the driver's answer: then what
    /// the peer sends waits in the network, and the peer with it. Go on writing, and ticking.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        match (self.role, self.phase) {
            (_, Phase::Closed) | (Role::Smsc, Phase::Binding { .. }) => false,
            _ => self.requests_open < self.bounds.requests_max,
        }
    }

    /// Keeps what comes from now on as it came, for [`take_frame`](Self::take_frame).
    pub fn keep_frames(&mut self) {
        self.kept.get_or_insert_default();
    }

    /// The octets of the PDU of that command and number that came, if they are kept; what came before it is let go. To be asked when its
    /// event is taken.
    pub fn take_frame(&mut self, command_id: u32, sequence: u32) -> Option<RawFrame> {
        let kept = self.kept.as_mut()?;
        let is_it = |frame: &RawFrame| {
            let word = |at: usize| frame.0.get(at..)?.first_chunk::<4>().map(|word| u32::from_be_bytes(*word));
            word(4) == Some(command_id) && word(12) == Some(sequence)
        };
        let place = kept.iter().position(is_it)?;
        kept.drain(..=place).next_back()
    }

    /// The next thing that happened.
    pub fn next_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if matches!(event, Some(Event::Undecodable { .. })) {
            self.undecodable_waiting = self.undecodable_waiting.saturating_sub(1);
        }
        event
    }

    /// Where the session is.
    #[must_use]
    pub fn state(&self) -> State {
        match self.phase {
            Phase::Open { .. } => State::Open,
            Phase::Binding { .. } => State::Binding,
            Phase::Bound { .. } => State::Bound,
            Phase::Draining { .. } | Phase::Unbinding { .. } | Phase::PeerUnbinding { .. } => State::Unbinding,
            Phase::Closed => State::Closed,
        }
    }

    /// Which end this is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// What the session may carry; `None` before it is bound and once it is closed.
    #[must_use]
    pub fn mode(&self) -> Option<BindMode> {
        match self.phase {
            Phase::Bound { mode }
            | Phase::Draining { mode, .. }
            | Phase::Unbinding { mode, .. }
            | Phase::PeerUnbinding { mode, .. } => Some(mode),
            Phase::Open { .. } | Phase::Binding { .. } | Phase::Closed => None,
        }
    }

    /// How many requests may be sent now: zero unless bound, and while too much waits to be written.
    #[must_use]
    pub fn window_free(&self) -> usize {
        let may_request = matches!(self.phase, Phase::Bound { .. }) && self.has_room_for_requests();
        if may_request { self.window.room() } else { 0 }
    }

    /// Our requests that wait for an answer.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.window.len()
    }

    /// The peer's requests that wait for [`respond`](Self::respond).
    #[must_use]
    pub fn requests_open(&self) -> usize {
        usize::try_from(self.requests_open).unwrap_or(usize::MAX)
    }

    /// What was set right without an event.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    fn at(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// The next number: after the largest comes 1, and open ones are passed over.
    fn next_sequence(&mut self) -> u32 {
        loop {
            self.sequence = if self.sequence >= SEQUENCE_MAX { 1 } else { self.sequence + 1 };
            // At most the window and one `enquire_link` are passed over.
            if !self.window.has(self.sequence) && !self.liveness.is_open(self.sequence) {
                return self.sequence;
            }
        }
    }

    /// Answers with a status and no more than an empty text.
    fn answer_bare(&mut self, response_id: u32, status: CommandStatus, sequence: u32) {
        // §4.4.2: `submit_sm_resp` has no body with an error. The others keep their text, which is empty.
        let nul = match response_id & !command_id::RESPONSE {
            command_id::BIND_RECEIVER
            | command_id::BIND_TRANSMITTER
            | command_id::BIND_TRANSCEIVER
            | command_id::DELIVER_SM
            | command_id::DATA_SM => Nul::Yes,
            _ => Nul::No,
        };
        self.output.push_bare(response_id, status.0, sequence, nul);
    }

    /// Requests fill half of the output and no more: the other half is for answers, so that what closes the session is
    /// a peer that does not read, never our own requests.
    fn has_room_for_requests(&self) -> bool {
        self.output.len() < self.bounds.output_octets_max.div_ceil(2)
    }

    /// Closes if more waits to be written than a peer that reads would leave.
    fn check_output(&mut self) {
        if self.output.len() > self.bounds.output_octets_max {
            self.output.discard();
            self.end(CloseReason::SlowReader);
        }
    }

    /// Closes, once, and gives up what is held.
    fn end(&mut self, reason: CloseReason) {
        if self.is_closed() {
            return;
        }
        self.phase = Phase::Closed;
        self.reader = FrameReader::new(0);
        self.requests_open = 0;
        let outstanding = self.window.drain();
        self.events.push_back(Event::Closed { reason, outstanding });
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("role", &self.role)
            .field("phase", &self.phase)
            .field("outstanding", &self.outstanding())
            .field("requests_open", &self.requests_open)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
