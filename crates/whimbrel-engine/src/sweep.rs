//! Lets time act: once a second, parts that expired or whose doubt is to be resolved get their `Clock` event, secrets whose overlap
//! is over are forgotten, and the store is asked whether it is well. What refused requests left is written, also when the engine
//! stops.

use std::sync::Arc;

use whimbrel_core::saboteur::{Saboteur, acts};
use whimbrel_core::{PartEvent, Span};
use whimbrel_store::StoreError;

use crate::Engine;

/// How often the store is asked.
const EVERY: Span = Span::seconds(1);
/// How often the store's log is emptied: nothing that was forgotten stays in it for longer.
const LOG_EVERY: Span = Span::hours(1);
/// Parts taken at once.
const PARTS_MAX: usize = 1_000;

/// Sweeps until the engine stops.
pub(crate) async fn run(engine: Arc<Engine>) {
    let mut log_at = engine.world.now() + LOG_EVERY;
    while !engine.is_stopping() {
        let now = engine.world.now();
        match engine.read(move |store| store.clock_due(now, PARTS_MAX)).await {
            Ok(parts) if parts.is_empty() || acts(Saboteur::ClockStops) => {}
            Ok(parts) => {
                let is_full = parts.len() == PARTS_MAX;
                engine.settle_ours(parts.into_iter().map(|part| (part, PartEvent::Clock)).collect()).await;
                if is_full && engine.batcher.stopped().is_none() {
                    continue;
                }
            }
            Err(error) => tracing::error!(%error, "cannot look for expired parts; trying again in a second"),
        }
        engine.end_signature_secrets().await;
        engine.write_rejections().await;
        engine.report().await;
        // Should the store have stopped beside its commits, nobody else would notice before the next of them.
        engine.batcher.ask_store();
        if log_at <= now {
            log_at = now + LOG_EVERY;
            engine.empty_log().await;
        }
        tokio::select! {
            biased;
            () = engine.stopping() => {}
            () = engine.world.sleep(EVERY) => {}
        }
    }
    engine.write_rejections().await;
}

impl Engine {
    /// Empties the store's log.
    pub(crate) async fn empty_log(&self) {
        match self.read(|store| store.empty_log()).await {
            // The store has told of it.
            Ok(_) | Err(StoreError::Stopped { .. }) => {}
            Err(error) => tracing::warn!(%error, "the store's log could not be emptied; it is tried again in an hour"),
        }
    }
}
