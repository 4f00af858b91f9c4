//! What a start finds: parts that were claimed when the last process ended are in doubt, and their policy decides.
//!
//! Runs before any carrier is started, so that nothing leaves twice unrecorded.

use std::sync::Arc;

use whimbrel_core::saboteur::{Saboteur, acts};
use whimbrel_core::{DoubtCause, PartEvent, PartId, PartState, Timestamp};
use whimbrel_store::{Answer, Op, StoreError};

use crate::settle::{change, count_doubts};
use crate::{Engine, StartError};

/// Parts taken at once.
const PARTS_MAX: usize = 1_000;

/// Says which carriers have parts waiting and are not configured any more.
pub(crate) async fn warn_of_strays(engine: &Arc<Engine>) -> Result<(), StoreError> {
    for (id, name) in engine.read(|store| store.carriers()).await? {
        if engine.carriers.find(id).is_some_and(|desk| !desk.is_retired()) {
            continue;
        }
        let waiting = engine.read(move |store| store.queued(id, Timestamp(i64::MAX), PARTS_MAX)).await?.len();
        if waiting > 0 {
            tracing::warn!(
                carrier = &*name,
                waiting,
                "parts wait for a carrier that is not configured: those whose route has another go there, the others end at their expiry \
                 unless it is configured again"
            );
        }
    }
    Ok(())
}

/// Gives every claimed part its doubt. Answers how many there were.
pub(crate) async fn run(engine: &Arc<Engine>) -> Result<usize, StartError> {
    let mut after = PartId(0);
    let mut count = 0;
    loop {
        let parts = engine.read(move |store| store.submitting(after, PARTS_MAX)).await?;
        let Some(last) = parts.last() else { break };
        after = last.record.part_id;
        let now = engine.world.now();
        let ops: Vec<Op> = parts
            .iter()
            .filter(|part| matches!(part.record.state, PartState::Submitting { .. }))
            .filter(|part| !(part.record.part_id == last.record.part_id && acts(Saboteur::RecoverSkipsOne)))
            .map(|part| {
                let desk = engine.carriers.find(part.record.carrier);
                if let Some(desk) = &desk {
                    count_doubts(desk, DoubtCause::ProcessEnded, 1);
                }
                let rules = desk.map(|desk| desk.rules().doubt).unwrap_or_default();
                let event = PartEvent::Doubt { attempt: part.record.attempt, cause: DoubtCause::ProcessEnded, rules };
                let event = match acts(Saboteur::RecoverForgets) {
                    true => PartEvent::GivenBack { attempt: part.record.attempt },
                    false => event,
                };
                change(engine, part.record.part_id, event, Answer::default(), now)
            })
            .collect();
        count += ops.len();
        engine.batcher.settle(ops).await?;
    }
    warn_of_strays(engine).await?;
    if count > 0 {
        tracing::warn!(count, "parts were under way when the last process ended; their doubt policy decides");
    }
    Ok(count)
}
