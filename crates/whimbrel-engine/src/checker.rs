//! Looks now and then whether what is open in the store keeps what was promised, and tells operators if it does not.
//!
//! A fault found early is one that can be explained. Nothing is stopped or repaired: the database's own constraints refuse a bad
//! row, so what is found here is news to everybody.

use std::sync::Arc;

use whimbrel_core::Span;
use whimbrel_store::Verdict;

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
        match engine.read(|store| store.check_open()).await {
            Ok(verdicts) => verdicts.iter().for_each(|verdict| tell(&engine, verdict)),
            Err(error) => {
                tracing::error!(%error, "cannot look whether the store is sound; trying again in ten minutes")
            }
        }
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
