//! The driver of one carrier's queue: claims what may leave, commits, hands over.
//!
//! One task for each carrier, so that a slow one holds up nobody else.

use std::sync::Arc;

use whimbrel_core::{PartEvent, PartState, Span, Timestamp};
use whimbrel_store::{Answer, Op, OpResult};

use crate::Engine;
use crate::carriers::CarrierDesk;
use crate::dispatch::{AHEAD, InStore, Waiting};
use crate::settle::{GiveBack, change, give_back};

/// Parts claimed in one commit, at most.
const CLAIMS_MAX: usize = 512;
/// Parts fetched from the store at once.
const REFILL_MAX: usize = 10_000;

/// Sends what waits for `desk` until the engine stops, or the configuration does not name it any more.
pub(crate) async fn run(engine: Arc<Engine>, desk: Arc<CarrierDesk>) {
    while !engine.is_stopping() && !desk.is_retired() {
        let wants = {
            let dispatch = desk.dispatch();
            dispatch.wants_refill() || dispatch.wants_look(engine.world.now())
        };
        if wants {
            refill(&engine, &desk).await;
        }
        let now = engine.world.now();
        let taken = desk.dispatch().take(CLAIMS_MAX, now);
        if !taken.is_empty() {
            claim(&engine, &desk, taken, now).await;
            continue;
        }
        let wake_at = desk.dispatch().wake_at(now);
        tokio::select! {
            biased;
            () = desk.bell.notified() => {}
            () = sleep_until(&engine, wake_at) => {}
        }
    }
}

async fn sleep_until(engine: &Engine, wake_at: Option<Timestamp>) {
    match wake_at {
        Some(at) => engine.world.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn refill(engine: &Arc<Engine>, desk: &Arc<CarrierDesk>) {
    let (id, until) = (desk.id, engine.world.now() + AHEAD);
    // Before the store is asked: what comes meanwhile is not in its answer.
    desk.dispatch().looked();
    let asked = engine.read(move |store| Ok((store.queued(id, until, REFILL_MAX)?, store.next_due(id, until)?)));
    match asked.await {
        Ok((parts, next_due)) => {
            let rest = match next_due {
                _ if parts.len() == REFILL_MAX => InStore::More,
                Some(at) => InStore::DueAt(at),
                None => InStore::Nothing,
            };
            let waiting = parts.into_iter().filter_map(|part| match part.record.state {
                PartState::Queued { due_at } => {
                    let record = part.record;
                    Some((Waiting { class: part.class, part_id: record.part_id, attempt: record.attempt }, due_at))
                }
                _ => None,
            });
            let now = engine.world.now();
            let mut dispatch = desk.dispatch();
            dispatch.refill(waiting, rest, now);
            next_due.into_iter().for_each(|due_at| dispatch.left_for_later(due_at, now));
        }
        Err(error) => {
            tracing::error!(carrier = &*desk.name, %error, "cannot read the queue; trying again in a second");
            engine.world.sleep(Span::seconds(1)).await;
            desk.dispatch().left_for_later(engine.world.now(), engine.world.now());
        }
    }
}

/// Claims parts whose places are taken; hands over those that the store gave, frees the places of the others.
async fn claim(engine: &Arc<Engine>, desk: &Arc<CarrierDesk>, taken: Vec<Waiting>, now: Timestamp) {
    let ops: Vec<Op> = taken
        .iter()
        .map(|part| {
            change(engine, part.part_id, PartEvent::Claimed { attempt: part.attempt.next() }, Answer::default(), now)
        })
        .collect();
    let results = match engine.batcher.settle(ops).await {
        Ok(results) => results,
        Err(error) => {
            // The places stay taken: the store has stopped, and nothing may leave any more.
            tracing::error!(carrier = &*desk.name, %error, "parts could not be claimed; they wait for a restart");
            return;
        }
    };
    let mut given_back = Vec::new();
    let mut idle_places = 0;
    let mut notices = Vec::new();
    for result in results {
        let OpResult::Part(outcome) = result else {
            idle_places += 1;
            continue;
        };
        notices.extend(outcome.notices);
        match outcome.submission {
            Some(submission) => {
                if let Err(submission) = desk.submit(*submission) {
                    given_back.push(GiveBack { part_id: submission.part_id, attempt: submission.attempt });
                }
            }
            None => idle_places += 1,
        }
    }
    if idle_places > 0 {
        desk.free_places(idle_places);
    }
    if !notices.is_empty() {
        engine.notifier.add(notices, engine.world.now());
    }
    if !given_back.is_empty() {
        give_back(engine, desk, given_back);
    }
}
