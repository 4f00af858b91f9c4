//! The driver of one carrier's queue: asks the store for what waits there, and the writer for a batch when something may leave. What may
//! leave is claimed when a batch is taken, and handed over when that is committed.
//!
//! One task for each carrier, so that a slow one holds up nobody else.

use std::sync::Arc;

use whimbrel_core::{PartEvent, PartState, Span, Timestamp};
use whimbrel_store::{Answer, Op, OpResult};

use crate::Engine;
use crate::batcher::{CommitError, Continuation, Departures};
use crate::carriers::CarrierDesk;
use crate::dispatch::{AHEAD, InStore, Waiting};
use crate::settle::{GiveBack, change, give_back};

/// Parts of one carrier claimed in one commit, at most.
const CLAIMS_MAX: usize = 512;
/// Parts fetched from the store at once.
const REFILL_MAX: usize = 10_000;

/// Sends what waits for `desk` until the engine stops, or the configuration does not name it any more.
pub(crate) async fn run(engine: Arc<Engine>, desk: Arc<CarrierDesk>) {
    while !engine.is_stopping() && !desk.is_retired() {
        let asks_store = desk.dispatch().asks_store(engine.world.now());
        if asks_store {
            refill(&engine, &desk).await;
        }
        let now = engine.world.now();
        let (may_leave, is_claiming, wake_at) = {
            let mut dispatch = desk.dispatch();
            (dispatch.asks_to_leave(now), dispatch.is_claiming(), dispatch.wake_at(now))
        };
        if may_leave {
            engine.batcher.ask_for_departures();
        }
        tokio::select! {
            biased;
            () = desk.bell.notified() => {}
            // What may leave now is claimed with the next batch, which rings, as does the end of what is being claimed.
            () = sleep_until(&engine, wake_at), if !may_leave && !is_claiming => {}
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
            desk.dispatch().not_answered(engine.world.now());
        }
    }
}

impl Departures for Engine {
    fn claim(self: Arc<Self>, now: Timestamp) -> Vec<(Vec<Op>, Continuation)> {
        if self.is_stopping() {
            return Vec::new();
        }
        let claims = self.carriers.all().into_iter().filter_map(|desk| {
            let (taken, has_asked) = {
                let mut dispatch = desk.dispatch();
                (dispatch.take(CLAIMS_MAX, now), dispatch.has_asked())
            };
            if has_asked {
                // Whether anything could leave after all, and whether there is more, the driver sees.
                desk.bell.notify_one();
            }
            if taken.is_empty() {
                return None;
            }
            let claim = |part: &Waiting| {
                let event = PartEvent::Claimed { attempt: part.attempt.next() };
                change(&self, part.part_id, event, Answer::default(), now)
            };
            let ops = taken.iter().map(claim).collect();
            let engine = Arc::clone(&self);
            let count = taken.len();
            let then: Continuation = Box::new(move |results| {
                desk.dispatch().claimed(count);
                claimed(&engine, &desk, results);
                desk.bell.notify_one();
            });
            Some((ops, then))
        });
        claims.collect()
    }
}

/// Runs after the commit, on the writer thread: hands over the parts that the store gave, frees the places of the others.
fn claimed(engine: &Arc<Engine>, desk: &Arc<CarrierDesk>, results: Result<Vec<OpResult>, CommitError>) {
    let results = match results {
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
