//! What the peer sends: frames in, answers and events out.
//!
//! Each frame is decided by its command and the state before its body matters, so that a body that cannot be read is
//! answered like any other request that we cannot take.

use std::collections::VecDeque;

use super::config::{Instant, Role};
use super::event::{CloseReason, Event, RawFrame, ResponseForm};
use super::output::Nul;
use super::window::Settled;
use super::{Phase, Session};
use crate::frame::{FrameError, FrameReader, HEADER_OCTETS};
use crate::pdu::{BindMode, Body, DecodeError, Pdu, command_id as id};
use crate::status::CommandStatus;
use crate::tlv::Tlvs;

/// How many [`Event::Undecodable`]s wait for the driver; further ones are counted and answered all the same.
const UNDECODABLE_WAITING_MAX: usize = 64;

/// Frames that wait for somebody to take them; of more the oldest is gone.
const KEPT_MAX: usize = 256;

/// A frame that was read, as far as it could be.
enum Incoming {
    Whole(Pdu),
    Broken(DecodeError, Vec<u8>),
}

/// What becomes of a request.
enum Fate {
    /// The driver decides.
    HandOver,
    /// The peer's `enquire_link`.
    Enquiry,
    /// The peer's `unbind`.
    Unbind,
    /// A bind that this centre may take.
    Bind,
    /// Its own response, with this status.
    Answer(CommandStatus),
    /// `generic_nack`: no such command.
    Nack,
    /// It has no response.
    Ignore,
}

impl Session {
    /// Takes octets as they came, cut anywhere. Give at most some 64 KiB at a time, and only while
    /// [`wants_input`](Self::wants_input).
    pub fn received(&mut self, octets: &[u8], now: Instant) {
        self.at(now);
        if self.is_closed() {
            return;
        }
        self.reader.push(octets);
        self.read_frames();
        if self.reader.held() > self.bounds.input_octets_max {
            self.end(CloseReason::InputOverrun);
        }
    }

    /// Reads what was held back while reading was stopped. That silence was not the peer's.
    pub(super) fn go_on_reading(&mut self) {
        self.liveness.hear(self.now);
        self.read_frames();
    }

    fn read_frames(&mut self) {
        while self.wants_input() {
            let Some(incoming) = read_frame(&mut self.reader, self.kept.as_mut()) else { return };
            let Ok(incoming) = incoming else {
                self.output.push_bare(id::GENERIC_NACK, CommandStatus::RINVCMDLEN.0, 0, Nul::No);
                return self.end(CloseReason::BadFrame);
            };
            self.counters.received += 1;
            self.liveness.hear(self.now);
            self.counters.undecodable += u64::from(matches!(incoming, Incoming::Broken(..)));
            if incoming.command_id() & id::RESPONSE == 0 {
                self.take_request(incoming);
            } else {
                self.take_response(incoming.into_response());
            }
            self.check_output();
        }
    }

    fn take_request(&mut self, incoming: Incoming) {
        let (command_id, sequence) = (incoming.command_id(), incoming.sequence());
        match (self.fate(command_id), incoming) {
            (Fate::Enquiry, _) => {
                self.counters.enquiries_answered += 1;
                let pdu = Pdu { status: CommandStatus::ROK, sequence, body: Body::EnquireLinkResp };
                self.output.push_urgent(&pdu);
            }
            (Fate::Unbind, _) => self.take_unbind(sequence),
            (Fate::Ignore, _) => self.counters.ignored += 1,
            (Fate::Nack, _) => {
                self.counters.unsupported_commands += 1;
                self.output.push_bare(id::GENERIC_NACK, CommandStatus::RINVCMDID.0, sequence, Nul::No);
            }
            (Fate::Answer(status), _) => self.answer_bare(command_id | id::RESPONSE, status, sequence),
            (Fate::Bind | Fate::HandOver, Incoming::Broken(_, frame)) => {
                let answered = CommandStatus::RX_R_APPN;
                self.answer_bare(command_id | id::RESPONSE, answered, sequence);
                if self.undecodable_waiting < UNDECODABLE_WAITING_MAX {
                    self.undecodable_waiting += 1;
                    let frame = RawFrame(frame);
                    self.events.push_back(Event::Undecodable { command_id, sequence, answered, frame });
                }
            }
            (Fate::Bind, Incoming::Whole(Pdu { body: Body::Bind(mode, bind), .. })) => {
                // §3.4: no optional parameters to an ESME of an older version.
                let has_tlvs = bind.interface_version >= 0x34;
                let until = self.now.after(self.timing.bind_timeout);
                self.phase = Phase::Binding { sequence, mode, has_tlvs, until };
                self.events.push_back(Event::BindRequested { mode, bind });
            }
            (Fate::Bind | Fate::HandOver, Incoming::Whole(pdu)) => {
                self.requests_open += 1;
                self.events.push_back(Event::Request(pdu));
            }
        }
    }

    /// What becomes of a command in this role and state. Counts what is out of place.
    fn fate(&mut self, command_id: u32) -> Fate {
        let fate = match command_id {
            id::ENQUIRE_LINK => return Fate::Enquiry,
            id::UNBIND => return Fate::Unbind,
            id::ALERT_NOTIFICATION | id::OUTBIND => return Fate::Ignore,
            id::BIND_RECEIVER | id::BIND_TRANSMITTER | id::BIND_TRANSCEIVER => self.fate_of_bind(),
            id::SUBMIT_SM | id::QUERY_SM | id::DATA_SM | id::DELIVER_SM => self.fate_of_message(command_id),
            id::SUBMIT_MULTI | id::CANCEL_SM | id::REPLACE_SM => match self.phase {
                Phase::Open { .. } => Fate::Answer(CommandStatus::RINVBNDSTS),
                _ if command_id == id::REPLACE_SM => Fate::Answer(CommandStatus::RREPLACEFAIL),
                _ => Fate::Answer(CommandStatus::RINVCMDID),
            },
            _ => return Fate::Nack,
        };
        match fate {
            Fate::Answer(CommandStatus::RINVCMDID | CommandStatus::RREPLACEFAIL) => {
                self.counters.unsupported_commands += 1;
            }
            Fate::Answer(_) => self.counters.misplaced_requests += 1,
            _ => {}
        }
        fate
    }

    fn fate_of_bind(&self) -> Fate {
        match (self.role, self.phase) {
            (Role::Smsc, Phase::Open { .. }) => Fate::Bind,
            (Role::Smsc, _) => Fate::Answer(CommandStatus::RALYBND),
            (Role::Esme, _) => Fate::Answer(CommandStatus::RINVBNDSTS),
        }
    }

    fn fate_of_message(&self, command_id: u32) -> Fate {
        let is_of_role = match self.role {
            Role::Esme => matches!(command_id, id::DELIVER_SM | id::DATA_SM),
            Role::Smsc => matches!(command_id, id::SUBMIT_SM | id::QUERY_SM | id::DATA_SM),
        };
        match (self.role, self.phase) {
            (Role::Smsc, Phase::Open { .. }) => Fate::Answer(CommandStatus::RINVBNDSTS),
            _ if !is_of_role => Fate::Answer(CommandStatus::RINVCMDID),
            // A centre that delivers before it answers the bind, or to a transmitter: taking it loses nothing.
            (Role::Esme, Phase::Binding { .. } | Phase::Bound { .. } | Phase::Draining { .. }) => Fate::HandOver,
            // The driver's answer might not go out any more: the centre should keep the message.
            (Role::Esme, _) => Fate::Answer(CommandStatus::RX_T_APPN),
            (Role::Smsc, Phase::Bound { mode } | Phase::Draining { mode, .. }) if mode.may_submit() => Fate::HandOver,
            (Role::Smsc, _) => Fate::Answer(CommandStatus::RINVBNDSTS),
        }
    }

    fn take_unbind(&mut self, sequence: u32) {
        match self.phase {
            Phase::Bound { mode } | Phase::Draining { mode, .. }
                if self.requests_open > 0 && !self.timing.peer_unbind_grace.is_zero() =>
            {
                let until = self.now.after(self.timing.peer_unbind_grace);
                self.phase = Phase::PeerUnbinding { mode, sequence, until };
            }
            // Both unbind at the same time: what we wanted is what we get.
            Phase::Unbinding { .. } => self.answer_unbind(sequence, CloseReason::Unbound),
            _ => self.answer_unbind(sequence, CloseReason::PeerUnbound),
        }
    }

    pub(super) fn answer_unbind(&mut self, sequence: u32, reason: CloseReason) {
        self.answer_bare(id::UNBIND | id::RESPONSE, CommandStatus::ROK, sequence);
        self.end(reason);
    }

    fn take_response(&mut self, (mut pdu, form): (Pdu, ResponseForm)) {
        let (response_id, sequence) = (pdu.command_id(), pdu.sequence);
        if response_id == id::GENERIC_NACK {
            if sequence == 0 {
                return self.end(CloseReason::NackedWithoutSequence);
            }
            // A refusal must never read as success, not even a careless one.
            if pdu.status.is_ok() {
                pdu.status = CommandStatus::RUNKNOWNERR;
            }
        }
        let answers = |command_id: u32| response_id == command_id | id::RESPONSE || response_id == id::GENERIC_NACK;
        match self.phase {
            Phase::Binding { sequence: ours, mode, .. }
                if self.role == Role::Esme && ours == sequence && answers(mode.command_id()) =>
            {
                return self.take_bind_answer(mode, pdu);
            }
            Phase::Unbinding { sequence: ours, .. } if ours == sequence && answers(id::UNBIND) => {
                return self.end(CloseReason::Unbound);
            }
            _ => {}
        }
        if answers(id::ENQUIRE_LINK) && self.liveness.settle(sequence) {
            return;
        }
        match self.window.settle(sequence, response_id) {
            Settled::Open => {
                self.events.push_back(Event::Response { sequence, pdu, form });
                self.go_on_ending();
            }
            Settled::Late => self.events.push_back(Event::LateResponse { sequence, pdu, form }),
            Settled::Mismatched => self.counters.mismatched_responses += 1,
            Settled::Unknown => self.counters.unsolicited_responses += 1,
        }
    }

    fn take_bind_answer(&mut self, mode: BindMode, pdu: Pdu) {
        if !pdu.status.is_ok() {
            self.events.push_back(Event::BindRefused { status: pdu.status });
            return self.end(CloseReason::BindRefused(pdu.status));
        }
        self.phase = Phase::Bound { mode };
        let (system_id, tlvs) = match pdu.body {
            Body::BindResp(_, answer) => (answer.system_id, answer.tlvs),
            // It could not be read, but its status could.
            _ => (Vec::new(), Tlvs::new()),
        };
        self.events.push_back(Event::Bound { system_id, tlvs });
    }
}

impl Incoming {
    fn command_id(&self) -> u32 {
        match self {
            Self::Whole(pdu) => pdu.command_id(),
            Self::Broken(error, _) => error.command_id,
        }
    }

    fn sequence(&self) -> u32 {
        match self {
            Self::Whole(pdu) => pdu.sequence,
            Self::Broken(error, _) => error.sequence,
        }
    }

    /// A response always settles its request: one that cannot be read keeps its status and its octets.
    fn into_response(self) -> (Pdu, ResponseForm) {
        match self {
            Self::Whole(pdu) => (pdu, ResponseForm::Whole),
            Self::Broken(DecodeError { command_id, sequence, .. }, mut frame) => {
                let status = frame.get(8..).and_then(|rest| rest.first_chunk::<4>().copied());
                // A frame is never shorter than its header.
                let status = CommandStatus(status.map_or(CommandStatus::RUNKNOWNERR.0, u32::from_be_bytes));
                frame.drain(..HEADER_OCTETS.min(frame.len()));
                let body = Body::Other { command_id, raw: frame };
                (Pdu { status, sequence, body }, ResponseForm::Undecodable)
            }
        }
    }
}

/// The next frame, read as far as it can be. After an error the stream cannot be cut any further.
fn read_frame(reader: &mut FrameReader, kept: Option<&mut VecDeque<RawFrame>>) -> Option<Result<Incoming, FrameError>> {
    let frame = match reader.next()? {
        Ok(frame) => frame,
        Err(error) => return Some(Err(error)),
    };
    if let Some(kept) = kept {
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(RawFrame(frame.to_vec()));
    }
    Some(Ok(match Pdu::decode(frame) {
        Ok(pdu) => Incoming::Whole(pdu),
        Err(error) => Incoming::Broken(error, frame.to_vec()),
    }))
}
