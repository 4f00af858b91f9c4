//! Places in carriers' windows that are free when an answer is handed over, before it is stored.

use whimbrel_core::CarrierId;

use super::{After, AfterKind};
use crate::Engine;

/// How many places of each carrier: those of parts that it took in time.
pub(super) struct Freed(Vec<(CarrierId, usize)>);

impl Freed {
    pub(super) fn of(after: &[After]) -> Self {
        let mut counts: Vec<(CarrierId, usize)> = Vec::new();
        for carrier in after.iter().filter(|after| matches!(after.kind, AfterKind::Taken)).map(|after| after.carrier) {
            match counts.iter_mut().find(|(known, _)| *known == carrier) {
                Some((_, count)) => *count += 1,
                None => counts.push((carrier, 1)),
            }
        }
        Self(counts)
    }
}

impl Engine {
    /// Frees the places of parts that carriers took. Only when that was handed to the writer: whatever takes these places is committed with it
    /// or later, and what a crash leaves in doubt is never more than the window.
    pub(super) fn free(&self, freed: Freed) {
        for (carrier, count) in freed.0 {
            if let Some(desk) = self.carriers.find(carrier) {
                desk.took(count, self.world.now());
            }
        }
    }
}
