//! What a session tells its driver.

use std::fmt;

use crate::pdu::{Bind, BindMode, EncodeError, Pdu};
use crate::status::CommandStatus;
use crate::tlv::Tlvs;

/// What happened, in order.
#[derive(Debug)]
pub enum Event {
    /// ESME: the centre accepted the bind.
    Bound {
        /// What the centre calls itself.
        system_id: Vec<u8>,
        /// Optional parameters, such as its version.
        tlvs: Tlvs,
    },
    /// ESME: the centre refused the bind. [`Event::Closed`] follows.
    BindRefused {
        /// Why: never `ROK`.
        status: CommandStatus,
    },
    /// SMSC: an ESME wants to bind. Answer with `accept_bind` or `refuse_bind`; until then nothing more is read.
    BindRequested {
        /// What the session should carry.
        mode: BindMode,
        /// Who it is.
        bind: Bind,
    },
    /// A request of the peer. Answer each with one `respond`, in any order.
    ///
    /// An ESME gets `deliver_sm` and `data_sm`, a centre `submit_sm`, `data_sm` and `query_sm`; all others are
    /// answered by the session itself.
    Request(Pdu),
    /// The answer to a request of ours. It may be a `generic_nack`, whose status is then never `ROK`.
    Response {
        /// The number of the request.
        sequence: u32,
        /// The answer.
        pdu: Pdu,
        /// Whether its body could be read.
        form: ResponseForm,
    },
    /// An answer after [`Event::ResponseTimedOut`].
    LateResponse {
        /// The number of the request.
        sequence: u32,
        /// The answer.
        pdu: Pdu,
        /// Whether its body could be read.
        form: ResponseForm,
    },
    /// No answer came in time: the outcome is unknown. The request is no longer in the window.
    ResponseTimedOut {
        /// The number of the request.
        sequence: u32,
    },
    /// A request of the peer could not be read. It has been answered, so that it is not sent for ever.
    Undecodable {
        /// The command.
        command_id: u32,
        /// The peer's number.
        sequence: u32,
        /// What it was answered.
        answered: CommandStatus,
        /// What came, for the operator.
        frame: RawFrame,
    },
    /// The session is over. The last event, given once. Write what `output` still holds, then close the connection.
    Closed {
        /// Why.
        reason: CloseReason,
        /// Our requests without an answer, oldest first: their outcome is unknown.
        outstanding: Vec<u32>,
    },
}

/// Whether the body of an answer could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseForm {
    /// It is what the command says.
    Whole,
    /// It could not be read: the status is right, the body is [`Body::Other`](crate::Body::Other) and raw.
    Undecodable,
}

/// A frame as it came. It may hold a whole message: `Debug` shows its length alone.
#[derive(Clone, PartialEq, Eq)]
pub struct RawFrame(pub Vec<u8>);

impl fmt::Debug for RawFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawFrame([{}])", self.0.len())
    }
}

/// Where a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// SMSC: waits for a bind.
    Open,
    /// The bind is not answered yet.
    Binding,
    /// Both may send what the mode allows.
    Bound,
    /// On the way to an end: no more requests.
    Unbinding,
    /// Over.
    Closed,
}

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The driver said that the connection is gone.
    ConnectionLost,
    /// The driver wanted it so.
    Ours,
    /// Our `unbind` was answered.
    Unbound,
    /// Our `unbind` was not answered in time.
    UnbindTimedOut,
    /// The peer unbound.
    PeerUnbound,
    /// No bind, or no answer to it, in time.
    BindTimedOut,
    /// The bind was refused: never with `ROK`.
    BindRefused(CommandStatus),
    /// The peer was silent, and did not answer `enquire_link` either.
    EnquireTimedOut,
    /// A `command_length` that cannot be right: nothing after it can be found.
    BadFrame,
    /// A `generic_nack` without a sequence number: the peer could not read our stream.
    NackedWithoutSequence,
    /// Octets kept coming while `wants_input` was false.
    InputOverrun,
    /// The peer does not read: too much waits to be written.
    SlowReader,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConnectionLost => "the connection was lost",
            Self::Ours => "closed from our side",
            Self::Unbound => "unbound from our side",
            Self::UnbindTimedOut => "our unbind was not answered in time",
            Self::PeerUnbound => "unbound by the peer",
            Self::BindTimedOut => "no bind or no answer to it in time",
            Self::BindRefused(status) => return write!(f, "the bind was refused: {status}"),
            Self::EnquireTimedOut => "the peer was silent and did not answer enquire_link",
            Self::BadFrame => "the peer sent a command_length that cannot be right",
            Self::NackedWithoutSequence => "the peer could not read our stream (generic_nack without a number)",
            Self::InputOverrun => "octets came while reading was stopped",
            Self::SlowReader => "the peer does not read what it is sent",
        })
    }
}

/// Why a request was not sent. Nothing was written and no number is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestRefused {
    /// The session is not bound, or is about to end: bind anew.
    NotBound,
    /// Neither this end nor this bind mode may send it.
    NotAllowed,
    /// The window is full: wait for an answer.
    WindowFull,
    /// Too much waits to be written: write first.
    OutputFull,
    /// A field holds what cannot be written.
    Unencodable(EncodeError),
}

impl fmt::Display for RequestRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotBound => "the session is not bound: bind anew",
            Self::NotAllowed => "neither this end nor this bind mode may send it: bind in another mode",
            Self::WindowFull => "the window is full: wait for an answer",
            Self::OutputFull => "too much waits to be written: write first",
            Self::Unencodable(_) => "the request cannot be written",
        })
    }
}

impl std::error::Error for RequestRefused {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unencodable(error) => Some(error),
            Self::NotBound | Self::NotAllowed | Self::WindowFull | Self::OutputFull => None,
        }
    }
}

/// What was set right without troubling the driver, since the session began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// PDUs read.
    pub received: u64,
    /// Responses that nobody asked for, or that came twice.
    pub unsolicited_responses: u64,
    /// Responses of another command than their number's: ignored.
    pub mismatched_responses: u64,
    /// Requests and responses whose body could not be read.
    pub undecodable: u64,
    /// Commands that this end does not know or does not do.
    pub unsupported_commands: u64,
    /// Requests that the state, the role or the mode does not allow.
    pub misplaced_requests: u64,
    /// `alert_notification` and `outbind`: they have no response.
    pub ignored: u64,
    /// `enquire_link`s of the peer.
    pub enquiries_answered: u64,
    /// Answers of the driver that could not be written; the peer got `RSYSERR`.
    pub unencodable_answers: u64,
}
