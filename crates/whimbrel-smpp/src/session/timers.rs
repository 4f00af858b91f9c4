//! Time: deadlines, keep-alive, and the way to an end in good order.

use super::config::Instant;
use super::event::{CloseReason, Event};
use super::{Phase, Session};
use crate::pdu::{Body, Pdu};

/// Whether the peer lives.
pub(super) struct Liveness {
    /// When the last PDU came.
    heard: Instant,
    /// The `enquire_link` that was sent last, and when it counts as missed: never, if the peer was heard since.
    enquiry: Option<(u32, Option<Instant>)>,
    /// Missed in a row.
    misses: u32,
}

impl Liveness {
    pub(super) fn new(now: Instant) -> Self {
        Self { heard: now, enquiry: None, misses: 0 }
    }

    /// Any PDU is proof of life.
    pub(super) fn hear(&mut self, now: Instant) {
        self.heard = now;
        self.misses = 0;
        if let Some((_, until)) = &mut self.enquiry {
            *until = None;
        }
    }

    /// Whether a response with this number answers our `enquire_link`; it is then settled.
    pub(super) fn settle(&mut self, sequence: u32) -> bool {
        let is_ours = self.is_open(sequence);
        if is_ours {
            self.enquiry = None;
        }
        is_ours
    }

    pub(super) fn is_open(&self, sequence: u32) -> bool {
        self.enquiry.is_some_and(|(open, _)| open == sequence)
    }

    /// The number of the `enquire_link` that is open and counts.
    pub(super) fn open(&self) -> Option<u32> {
        self.enquiry.filter(|(_, until)| until.is_some()).map(|(sequence, _)| sequence)
    }

    fn missed_at(&self) -> Option<Instant> {
        self.enquiry.and_then(|(_, until)| until)
    }
}

impl Session {
    /// When [`tick`](Self::tick) has something to do; `None` once closed.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let of_phase = match self.phase {
            Phase::Open { until }
            | Phase::Binding { until, .. }
            | Phase::Draining { until, .. }
            | Phase::Unbinding { until, .. }
            | Phase::PeerUnbinding { until, .. } => Some(until),
            Phase::Bound { .. } => self.liveness_deadline(),
            Phase::Closed => None,
        };
        [of_phase, self.window.deadline()].into_iter().flatten().min()
    }

    /// Does what is due. Call it at [`next_deadline`](Self::next_deadline); at any other time it is harmless.
    pub fn tick(&mut self, now: Instant) {
        self.at(now);
        while let Some(sequence) = self.window.expire(self.now) {
            self.events.push_back(Event::ResponseTimedOut { sequence });
        }
        match self.phase {
            Phase::Open { until } | Phase::Binding { until, .. } if until <= self.now => {
                self.end(CloseReason::BindTimedOut);
            }
            Phase::Unbinding { until, .. } if until <= self.now => self.end(CloseReason::UnbindTimedOut),
            Phase::Bound { .. } => self.watch_peer(),
            _ => {}
        }
        self.go_on_ending();
    }

    /// While reading is stopped, the silence is ours.
    fn liveness_deadline(&self) -> Option<Instant> {
        if !self.wants_input() {
            return None;
        }
        self.liveness.missed_at().or_else(|| Some(self.liveness.heard.after(self.timing.enquire_interval)))
    }

    fn watch_peer(&mut self) {
        if self.liveness_deadline().is_none_or(|until| self.now < until) {
            return;
        }
        if self.liveness.missed_at().is_some() {
            self.liveness.misses = self.liveness.misses.saturating_add(1);
            if self.liveness.misses >= self.timing.enquire_misses_max {
                return self.end(CloseReason::EnquireTimedOut);
            }
        }
        self.ask_for_life();
        self.check_output();
    }

    /// Sends an `enquire_link`.
    pub(super) fn ask_for_life(&mut self) -> u32 {
        let sequence = self.next_sequence();
        // `enquire_link` has no fields that could not be written.
        let _ = Pdu::request(sequence, Body::EnquireLink).encode(self.output.queued());
        self.liveness.enquiry = Some((sequence, Some(self.now.after(self.timing.enquire_timeout))));
        sequence
    }

    /// Takes the next step of an `unbind`, ours or the peer's, if nothing holds it back any more.
    pub(super) fn go_on_ending(&mut self) {
        match self.phase {
            Phase::Draining { mode, until } => {
                let is_drained = self.window.is_empty() && self.requests_open == 0;
                if !is_drained && self.now < until {
                    return;
                }
                let sequence = self.next_sequence();
                // `unbind` has no fields that could not be written.
                let _ = Pdu::request(sequence, Body::Unbind).encode(self.output.queued());
                self.phase = Phase::Unbinding { mode, sequence, until: self.now.after(self.timing.unbind_timeout) };
            }
            Phase::PeerUnbinding { sequence, until, .. } if self.requests_open == 0 || until <= self.now => {
                self.answer_unbind(sequence, CloseReason::PeerUnbound);
            }
            _ => {}
        }
    }
}
