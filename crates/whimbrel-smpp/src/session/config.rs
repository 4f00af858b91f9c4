//! What a session is told at its start: who it is, how long it waits, how much it holds.

use std::time::Duration;

use crate::frame::PDU_OCTETS_MAX_DEFAULT;
use crate::pdu::{Bind, BindMode};

/// A moment in microseconds from an origin of the driver's choice. It is given with every call and never read from a
/// clock; one that runs backwards is taken for the latest seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(pub i64);

impl Instant {
    /// The moment `wait` later; the last there is, if that is beyond it.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(wait.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is before.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Which end of the session this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The application's end: it binds, submits and receives.
    Esme,
    /// The centre's end: it is bound to, accepts and delivers.
    Smsc,
}

/// What an ESME starts with. `Debug` of the bind shows no password.
#[derive(Debug, Clone)]
pub struct EsmeConfig {
    /// What the session may carry.
    pub mode: BindMode,
    /// What is sent to bind.
    pub bind: Bind,
    /// How long it waits.
    pub timing: Timing,
    /// How much it holds.
    pub bounds: Bounds,
}

impl EsmeConfig {
    /// Binds with the usual waits and bounds.
    #[must_use]
    pub fn new(mode: BindMode, bind: Bind) -> Self {
        Self { mode, bind, timing: Timing::esme(), bounds: Bounds::esme() }
    }
}

/// What a centre starts with.
#[derive(Debug, Clone)]
pub struct SmscConfig {
    /// How long it waits.
    pub timing: Timing,
    /// How much it holds.
    pub bounds: Bounds,
}

impl Default for SmscConfig {
    fn default() -> Self {
        Self { timing: Timing::smsc(), bounds: Bounds::smsc() }
    }
}

/// How long a session waits. Zero counts as one microsecond, so that time always moves on.
#[derive(Debug, Clone)]
pub struct Timing {
    /// ESME: for the answer to the bind. SMSC: for the bind, and then for the driver's answer to it. 10 s.
    pub bind_timeout: Duration,
    /// For the answer to a request; afterwards its outcome is unknown. ESME 60 s, SMSC 30 s.
    pub response_timeout: Duration,
    /// Without a PDU from the peer before `enquire_link` is sent. ESME 30 s, SMSC 60 s.
    pub enquire_interval: Duration,
    /// For any PDU after an `enquire_link`. 15 s.
    pub enquire_timeout: Duration,
    /// The unanswered `enquire_link`s in a row that close the session, at least one. ESME 1, SMSC 2.
    pub enquire_misses_max: u32,
    /// For open requests of both sides, before our `unbind` is sent. 10 s.
    pub drain_timeout: Duration,
    /// For the answer to our `unbind`. 5 s.
    pub unbind_timeout: Duration,
    /// How long the answer to the peer's `unbind` waits for the driver's answers to requests that came before it.
    /// ESME zero: at once; SMSC 2 s.
    pub peer_unbind_grace: Duration,
}

impl Timing {
    /// The usual waits of an ESME.
    #[must_use]
    pub const fn esme() -> Self {
        Self {
            bind_timeout: Duration::from_secs(10),
            response_timeout: Duration::from_secs(60),
            enquire_interval: Duration::from_secs(30),
            enquire_timeout: Duration::from_secs(15),
            enquire_misses_max: 1,
            drain_timeout: Duration::from_secs(10),
            unbind_timeout: Duration::from_secs(5),
            peer_unbind_grace: Duration::ZERO,
        }
    }

    /// The usual waits of a centre.
    #[must_use]
    pub const fn smsc() -> Self {
        Self {
            response_timeout: Duration::from_secs(30),
            enquire_interval: Duration::from_secs(60),
            enquire_misses_max: 2,
            peer_unbind_grace: Duration::from_secs(2),
            ..Self::esme()
        }
    }

    /// The waits with nothing that would make time stand still.
    pub(super) fn checked(self) -> Self {
        let some = |wait: Duration| wait.max(Duration::from_micros(1));
        Self {
            bind_timeout: some(self.bind_timeout),
            response_timeout: some(self.response_timeout),
            enquire_interval: some(self.enquire_interval),
            enquire_timeout: some(self.enquire_timeout),
            enquire_misses_max: self.enquire_misses_max.max(1),
            drain_timeout: some(self.drain_timeout),
            unbind_timeout: some(self.unbind_timeout),
            peer_unbind_grace: self.peer_unbind_grace,
        }
    }
}

/// How much a session holds. Zero counts as one.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Our unanswered requests; beyond, [`request`](super::Session::request) refuses. 10; the most is 65 534.
    pub window_max: u16,
    /// The peer's requests that the driver has not answered; beyond, reading stops. ESME 1 000, SMSC 100.
    pub requests_max: u32,
    /// The longest PDU accepted, in octets; a longer one closes the session.
    pub pdu_octets_max: usize,
    /// Octets kept while reading is stopped; beyond, the session closes: the driver went on reading. 1 MiB.
    pub input_octets_max: usize,
    /// Octets waiting to be written; from half of it on requests are refused, beyond it an answer closes the session:
    /// the peer does not read. Make it several PDUs. 1 MiB.
    pub output_octets_max: usize,
    /// Requests that timed out and whose late answers are still recognised; beyond, the oldest are forgotten. 1 024.
    pub late_max: u16,
}

impl Bounds {
    /// The usual bounds of an ESME.
    #[must_use]
    pub const fn esme() -> Self {
        Self {
            window_max: 10,
            requests_max: 1_000,
            pdu_octets_max: PDU_OCTETS_MAX_DEFAULT,
            input_octets_max: 1 << 20,
            output_octets_max: 1 << 20,
            late_max: 1_024,
        }
    }

    /// The usual bounds of a centre.
    #[must_use]
    pub const fn smsc() -> Self {
        Self { requests_max: 100, ..Self::esme() }
    }

    /// The bounds with room for at least one of each.
    pub(super) fn checked(self) -> Self {
        Self {
            window_max: self.window_max.clamp(1, u16::MAX - 1),
            requests_max: self.requests_max.max(1),
            pdu_octets_max: self.pdu_octets_max,
            input_octets_max: self.input_octets_max.max(self.pdu_octets_max),
            output_octets_max: self.output_octets_max.max(1),
            late_max: self.late_max,
        }
    }
}
