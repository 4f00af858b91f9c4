//! Parts do not wait for a carrier that takes none while their route has another that does.
//!
//! A carrier that has taken nothing for its grace gives its queue to the next ones of each part's route, part by part as that
//! has one that takes parts; a carrier that the configuration does not name any more does so at once. What is in doubt stays with its
//! carrier, which may have it. Handing on is a change of the part's row, so that the carrier before cannot claim it any more.

use std::collections::BTreeMap;
use std::sync::Arc;

use whimbrel_core::{CarrierId, PartEvent, PartId, Snapshot, Span, Timestamp};
use whimbrel_store::{MovablePart, StoreError};

use crate::Engine;
use crate::dispatch::Waiting;

/// How often carriers are looked at.
const EVERY: Span = Span::seconds(1);
/// Parts looked at in one read, and handed on in one commit.
const PARTS_MAX: usize = 1_000;

/// Since when carriers take nothing.
#[derive(Debug, Default)]
struct Idle(BTreeMap<CarrierId, Timestamp>);

impl Idle {
    /// Notes whether a carrier takes parts now, and says whether it has taken none for `grace`.
    fn is_over(&mut self, carrier: CarrierId, state: Taking, grace: Span, now: Timestamp) -> bool {
        match state {
            Taking::Parts => {
                self.0.remove(&carrier);
                false
            }
            Taking::None => {
                // A clock that was set back begins the grace anew.
                let since = self.0.entry(carrier).or_insert(now);
                *since = now.min(*since);
                now.since(*since) >= grace
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taking {
    Parts,
    None,
}

/// Looks after queues until the engine stops.
pub(crate) async fn run(engine: Arc<Engine>) {
    let mut idle = Idle::default();
    while !engine.is_stopping() {
        for carrier in over_grace(&engine, &mut idle).await {
            if let Err(error) = hand_on(&engine, carrier).await {
                tracing::error!(%error, "cannot read the parts that wait for a carrier that is down; trying again in a second");
            }
        }
        tokio::select! {
            biased;
            () = engine.stopping() => {}
            () = engine.world.sleep(EVERY) => {}
        }
    }
}

/// The carriers whose parts should go on, as far as another carrier could get any.
async fn over_grace(engine: &Arc<Engine>, idle: &mut Idle) -> Vec<CarrierId> {
    let (now, snapshot) = (engine.world.now(), engine.snapshot());
    let mut over = Vec::new();
    let mut known = Vec::new();
    for desk in engine.carriers.all().into_iter().filter(|desk| !desk.is_retired()) {
        known.push(desk.id);
        let taking = if desk.dispatch().is_taking() { Taking::Parts } else { Taking::None };
        if idle.is_over(desk.id, taking, desk.rules().down_grace, now) && is_followed(&snapshot, desk.id) {
            over.push(desk.id);
        }
    }
    match engine.read(|store| store.carriers()).await {
        Ok(all) => over.extend(all.into_iter().map(|(id, _)| id).filter(|id| !known.contains(id))),
        Err(error) => tracing::error!(%error, "cannot read the names of carriers; trying again in a second"),
    }
    over
}

/// Whether any route tries another carrier after this one.
fn is_followed(snapshot: &Snapshot, carrier: CarrierId) -> bool {
    snapshot.routes.iter().any(|route| route.carriers.iter().rev().skip(1).any(|candidate| candidate.id == carrier))
}

/// Hands on what another carrier takes.
async fn hand_on(engine: &Arc<Engine>, carrier: CarrierId) -> Result<(), StoreError> {
    let mut after = None;
    let mut count = 0_usize;
    while !engine.is_stopping() {
        let parts = engine.read(move |store| store.movable(carrier, after, PARTS_MAX)).await?;
        let Some(last) = parts.last() else { break };
        after = Some(last.place());
        let moves: Vec<(&MovablePart, PartEvent)> =
            parts.iter().filter_map(|part| Some((part, going_on(engine, carrier, part)?))).collect();
        if moves.is_empty() {
            continue;
        }
        count += moves.len();
        if let Some(desk) = engine.carriers.find(carrier) {
            let mut dispatch = desk.dispatch();
            for (part, _) in &moves {
                let waiting = Waiting { class: part.class, part_id: part.part_id, attempt: part.attempt };
                dispatch.forget(waiting, part.due_at);
            }
        }
        let events: Vec<(PartId, PartEvent)> = moves.into_iter().map(|(part, event)| (part.part_id, event)).collect();
        engine.settle_ours(events).await;
    }
    if count > 0 {
        tracing::warn!(carrier = carrier.0, count, "parts were handed on to the next carrier of their route");
    }
    Ok(())
}

/// The event that gives a part to the first carrier of its route that takes parts; none if there is no such carrier.
fn going_on(engine: &Engine, from: CarrierId, part: &MovablePart) -> Option<PartEvent> {
    let snapshot = engine.snapshot();
    let takes = |id: &CarrierId| {
        engine.carriers.find(*id).is_some_and(|desk| !desk.is_retired() && desk.dispatch().is_taking())
    };
    let next = snapshot.carriers_instead(&part.route, from, part.cut).find(takes)?;
    Some(PartEvent::HandedOn { attempt: part.attempt.next(), next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grace_begins_when_a_carrier_is_first_seen_idle_and_ends_when_it_takes_parts() {
        let mut idle = Idle::default();
        let (carrier, grace) = (CarrierId(1), Span::seconds(30));
        let at = |seconds: i64| Timestamp(0) + Span::seconds(seconds);
        for (seconds, state, over) in [
            (100, Taking::None, false),
            (129, Taking::None, false),
            (130, Taking::None, true),
            (131, Taking::Parts, false),
            (200, Taking::None, false),
            // The clock was set back.
            (50, Taking::None, false),
            (80, Taking::None, true),
        ] {
            assert_eq!(idle.is_over(carrier, state, grace, at(seconds)), over, "{seconds} {state:?}");
        }
    }
}
