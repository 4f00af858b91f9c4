//! Looks now and then whether what is open in the store keeps what was promised, and tells operators if it does not.
//!
//! A fault found early is one that can be explained. Nothing is stopped or repaired: the database's own constraints refuse a bad
//! row, so what is found here is news to everybody.

use std::sync::{Arc, PoisonError};

use whimbrel_core::{Span, Timestamp};
use whimbrel_store::{StoreError, Verdict};

use crate::Engine;
use crate::events::About;

/// The first look, once a start has ended what had expired meanwhile.
const FIRST_AFTER: Span = Span::seconds(60);
/// How often it looks. With a million open parts a look takes seconds of one reader.
const EVERY: Span = Span::seconds(600);

/// Looks until the engine stops.
pub(crate) async fn run(engine: Arc<Engine>) {
    let mut pause = FIRST_AFTER;
    loop {
        tokio::select! {
            biased;
            () = engine.stopping() => return,
            () = engine.world.sleep(pause) => {}
        }
        pause = EVERY;
        if let Err(error) = engine.look_whether_sound().await {
            tracing::error!(%error, "cannot look whether the store is sound; trying again in ten minutes");
        }
    }
}

/// What a look at what is open has found.
#[derive(Debug, Clone)]
pub struct Look {
    /// When it ended.
    pub at: Timestamp,
    /// What it found, an invariant each.
    pub verdicts: Arc<[Verdict]>,
}

impl Engine {
    /// What the last look found, if there was one since the start.
    #[must_use]
    pub fn last_look(&self) -> Option<Look> {
        self.last_look.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks whether what is open keeps what was promised. With a million open parts that takes seconds of one reader.
    ///
    /// # Errors
    /// [`StoreError::Read`].
    pub async fn look_whether_sound(&self) -> Result<Look, StoreError> {
        let verdicts: Arc<[Verdict]> = self.read(|store| store.check_open()).await?.into();
        verdicts.iter().for_each(|verdict| tell(self, verdict));
        let look = Look { at: self.world.now(), verdicts };
        *self.last_look.lock().unwrap_or_else(PoisonError::into_inner) = Some(look.clone());
        Ok(look)
    }
}

fn tell(engine: &Engine, verdict: &Verdict) {
    metrics::gauge!("whimbrel_invariant_violations", "invariant" => verdict.name).set(verdict.violation_count as f64);
    metrics::counter!("whimbrel_invariant_checks_total", "invariant" => verdict.name).increment(1);
    let Some(first) = verdict.violations.first() else { return };
    tracing::error!(
        invariant = verdict.name,
        count = verdict.violation_count,
        row = &*first.id,
        reason = &*first.reason,
        "the store breaks what was promised: run `whimbrel check`, keep a copy of the data folder, and report this"
    );
    engine.events.tell(engine.world.now(), || {
        let detail = format!("{} is broken by {} rows", verdict.name, verdict.violation_count);
        ("gateway.invariant-broken", None, About::Gateway, detail.into())
    });
}
