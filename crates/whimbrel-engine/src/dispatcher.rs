//! The driver of one carrier's queue: claims what may leave, commits, hands over.
//!
//! One task for each carrier, so that a slow one holds up nobody else.

use std::sync::Arc;

use whimbrel_core::{PartEvent, PartState, Span, Timestamp};
use whimbrel_store::{Answer, Op, OpResult};

use crate::Engine;
use crate::carriers::CarrierDesk;
use crate::dispatch::{InStore, Waiting};
use crate::settle::{GiveBack, change, give_back};

/// Parts claimed in one commit, at most.
const CLAIMS_MAX: usize = 512;
/// Parts fetched from the store at once.
const REFILL_MAX: usize = 10_000;
/// Parts that are due later than this stay in the store: a campaign for tomorrow is not read again and again today.
const DUE_WITHIN: Span = Span::seconds(2);

/// Sends what waits for `desk` until the engine stops, or the configuration does not name it any more.
pub(crate) async fn run(engine: Arc<Engine>, desk: Arc<CarrierDesk>) {
    while !engine.is_stopping() && !desk.is_retired() {
        if desk.dispatch().wants_refill() {
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
    let (id, until) = (desk.id, engine.world.now() + DUE_WITHIN);
    let read = move |store: &dyn whimbrel_store::Store| {
        let parts = store.queued(id, until, REFILL_MAX)?;
        let rest = match store.next_due(id, until)? {
            _ if parts.len() == REFILL_MAX => InStore::More,
            Some(at) => InStore::DueAt(at),
            None => InStore::Nothing,
        };
        Ok((parts, rest))
    };
    match engine.read(read).await {
        Ok((parts, rest)) => {
            let waiting = parts.into_iter().filter_map(|part| match part.record.state {
                PartState::Queued { due_at } => {
                    let record = part.record;
                    Some((Waiting { class: part.class, part_id: record.part_id, attempt: record.attempt }, due_at))
                }
                _ => None,
            });
            desk.dispatch().refill(waiting, rest, engine.world.now());
        }
        Err(error) => {
            tracing::error!(carrier = &*desk.name, %error, "cannot read the queue; trying again in a second");
            engine.world.sleep(Span::seconds(1)).await;
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
