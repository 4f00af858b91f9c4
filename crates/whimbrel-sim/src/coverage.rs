//! What a batch of seeds has seen: a row that stays at zero is a story that nobody told.

use std::collections::BTreeMap;

use whimbrel_core::{CarrierError, DoubtCause, PartEvent, ReceiptStatus, RefusalScope};

use crate::naive::{Part, Place};

/// Everything that a batch of a thousand seeds must have seen.
pub const WANTED: &[&str] = &[
    "accepted and claimed",
    "accepted and queued",
    "repeated request",
    "refused for want of money",
    "customer: accepted",
    "customer: no money",
    "customer: fault",
    "customer: hung up",
    "submitted",
    "sent again after doubt",
    "claimed",
    "claimed too late",
    "sent",
    "sent, and nobody asks for receipts",
    "late answer that counts",
    "answer that says nothing new",
    "refused for good",
    "refused by one carrier",
    "handed on",
    "handed on before it was sent",
    "refused for now",
    "throttled",
    "given back",
    "doubt: link lost",
    "doubt: no answer",
    "doubt: process ended",
    "doubt ends as unknown",
    "doubt resolved by the clock",
    "doubt resolved by evidence",
    "receipt on the way",
    "receipt at the end",
    "receipt before its answer",
    "receipt that comes late",
    "receipt that comes again",
    "receipt that nobody knows, and better news is waited for",
    "receipt of a carrier that the part has left",
    "sent on to another network",
    "receipt that ends the wait for better news, and is no end",
    "better news did not come",
    "parked receipt",
    "parked receipt again",
    "expired in the queue",
    "expired without a receipt",
    "webhook taken",
    "webhook failed",
    "webhook without an answer",
    "acknowledged",
    "to be delivered again",
    "death in the middle of something",
    "death while nothing moves",
    "store failed before it wrote",
    "store failed after it wrote",
    "clock set on",
    "clock set back",
    "link down",
    "carrier hands back at once",
    "stopped in good order",
    "answer that nobody waited for",
];

/// Counts by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage(pub BTreeMap<&'static str, u64>);

impl Coverage {
    /// Something was seen.
    pub fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    /// Adds what another one has seen.
    pub fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    /// What should have been seen and was not.
    pub fn missing(&self) -> Vec<&'static str> {
        WANTED.iter().copied().filter(|what| !self.0.contains_key(what)).collect()
    }

    /// An event of a part and what became of it.
    pub fn event(&mut self, event: &PartEvent, before: &Part, after: &Part, is_changed: bool) {
        let ended = matches!(after.place, Place::Ended(_)) && is_changed;
        let was_in_doubt = before.doubts > 0 && matches!(before.place, Place::Uncertain(_));
        self.count(match event {
            PartEvent::Claimed { .. } if ended => "claimed too late",
            PartEvent::Claimed { .. } => "claimed",
            PartEvent::Sent { .. } if !is_changed => "answer that says nothing new",
            PartEvent::Sent { attempt } if before.place != Place::Submitting || attempt.0 < before.attempt => {
                "late answer that counts"
            }
            PartEvent::Sent { .. } if ended => "sent, and nobody asks for receipts",
            PartEvent::Sent { .. } => "sent",
            PartEvent::Refused { .. } if after.carrier != before.carrier => "handed on",
            PartEvent::Refused { error: CarrierError::Throttled { .. }, .. } => "throttled",
            PartEvent::Refused { error: CarrierError::Temporary { .. }, .. } => "refused for now",
            PartEvent::Refused { error: CarrierError::Permanent { scope, .. }, .. } => match scope {
                RefusalScope::ThisCarrier => "refused by one carrier",
                RefusalScope::Everywhere => "refused for good",
            },
            PartEvent::Doubt { .. } if ended => "doubt ends as unknown",
            PartEvent::Doubt { cause: DoubtCause::LinkLost, .. } => "doubt: link lost",
            PartEvent::Doubt { cause: DoubtCause::AnswerTimedOut, .. } => "doubt: no answer",
            PartEvent::Doubt { cause: DoubtCause::ProcessEnded, .. } => "doubt: process ended",
            PartEvent::GivenBack { .. } => "given back",
            PartEvent::HandedOn { .. } if is_changed => "handed on before it was sent",
            PartEvent::HandedOn { .. } => "handed on too late",
            PartEvent::Receipt(_) if after.is_rerouted != before.is_rerouted => "sent on to another network",
            PartEvent::Receipt(_) if after.unclear_until.is_some() && before.unclear_until.is_none() => {
                "receipt that nobody knows, and better news is waited for"
            }
            PartEvent::Receipt(_) if after.unclear_until.is_none() && before.unclear_until.is_some() && !ended => {
                "receipt that ends the wait for better news, and is no end"
            }
            PartEvent::Receipt(report) if before.is_rerouted && report.carrier != before.carrier => {
                "receipt of a carrier that the part has left"
            }
            PartEvent::Receipt { .. } if ended && was_in_doubt => "doubt resolved by a receipt",
            PartEvent::Receipt { .. } if ended => "receipt at the end",
            PartEvent::Receipt { .. } if is_changed => "receipt on the way",
            PartEvent::Receipt { .. } if matches!(before.place, Place::Ended(_)) => "receipt that comes late",
            PartEvent::Receipt { .. } => "receipt that comes again",
            PartEvent::Cancelled if is_changed => "called back",
            PartEvent::Cancelled => "called back too late",
            PartEvent::Clock if was_in_doubt && is_changed => "doubt resolved by the clock",
            PartEvent::Clock if ended && before.place == Place::Queued => "expired in the queue",
            PartEvent::Clock if ended && after.place == Place::Ended(ReceiptStatus::Unknown) => {
                "better news did not come"
            }
            PartEvent::Clock if ended => "expired without a receipt",
            PartEvent::Clock => "clock that changes nothing",
        });
    }
}
