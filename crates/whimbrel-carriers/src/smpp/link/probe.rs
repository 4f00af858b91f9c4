//! Questions of an operator whether the other end lives.

use whimbrel_core::Span;
use whimbrel_smpp::session::Instant;

use crate::smpp::keeper::Probe;

use super::{Link, duration};

/// A question without an answer.
pub(super) struct Probing {
    sequence: u32,
    asked_at: Instant,
    pub(super) until: Instant,
    asker: Probe,
}

impl Link<'_> {
    /// Asks the other end.
    pub(super) fn probe(&mut self, asker: Probe, now: Instant) {
        match self.session.enquire(now) {
            Ok(sequence) => {
                let until = now.after(duration(self.keeper.config().enquire_timeout));
                self.probing.push(Probing { sequence, asked_at: now, until, asker });
            }
            Err(refused) => answer(asker, Err(refused.to_string().into())),
        }
    }

    /// Answers those whose answer came, or did not come in time.
    pub(super) fn answer_probes(&mut self, now: Instant) {
        if self.probing.is_empty() {
            return;
        }
        for probing in std::mem::take(&mut self.probing) {
            if !self.session.is_enquiring(probing.sequence) {
                answer(probing.asker, Ok(Span(now.0.saturating_sub(probing.asked_at.0))));
            } else if probing.until <= now {
                answer(probing.asker, Err("the carrier did not answer enquire_link in time".into()));
            } else {
                self.probing.push(probing);
            }
        }
    }

    /// The connection is over.
    pub(super) fn end_probes(&mut self) {
        for probing in self.probing.drain(..) {
            answer(probing.asker, Err("the connection ended before the carrier answered".into()));
        }
    }
}

fn answer(asker: Probe, answer: Result<Span, Box<str>>) {
    // Whoever asked may have gone.
    let _ = asker.send(answer);
}
