//! A text that was planned, on its way to the store: at once, or when whoever ends gives it a place.

use std::sync::Arc;

use tokio::sync::oneshot;
use whimbrel_core::{Account, Plan, Refusal, ReplayKey, Timestamp};
use whimbrel_store::{Accept, Op, OpResult};

use super::{Counted, Taken};
use crate::Engine;
use crate::admission::{Place, Waiter};
use crate::batcher::CommitError;

/// What became of a text, and the place that it had: its request gives it back when it is answered.
pub(super) type Answer = (Result<Taken, Refusal>, Option<Place>);

/// See the module.
pub(super) struct PlannedText {
    pub(super) counted: CountedText,
    pub(super) plan: Plan,
    pub(super) replay: Option<ReplayKey>,
    pub(super) answer: oneshot::Sender<Answer>,
}

/// What was counted for a text of an account at an instant. Dropped, it counts no more: who hangs up while it waits sent nothing.
pub(super) struct CountedText {
    pub(super) engine: Arc<Engine>,
    pub(super) account: Arc<Account>,
    /// `None` once it is to stay.
    pub(super) counted: Option<Counted>,
    pub(super) at: Timestamp,
}

impl Drop for CountedText {
    fn drop(&mut self) {
        if let Some(counted) = &self.counted {
            self.engine.forget_recipient(&self.account, counted, self.at);
        }
    }
}

impl PlannedText {
    /// Has the text made durable, and answered after that.
    pub(super) fn hand_over(self, place: Option<Place>) {
        let Self { mut counted, plan, replay, answer } = self;
        let engine = Arc::clone(&counted.engine);
        let ready = match engine.ready(&counted.account, plan, engine.world.now()) {
            Ok(ready) => ready,
            Err(refusal) => {
                drop(counted);
                _ = answer.send((Err(refusal), place));
                return;
            }
        };
        let op = Op::Accept(Box::new(Accept { plan: ready.plan.clone(), claim: ready.claim, replay }));
        let after = move |result: Result<Vec<OpResult>, CommitError>| {
            let outcome = counted.engine.accepted(&ready, result.map(|mut results| results.pop()));
            if outcome.as_ref().is_ok_and(|taken| taken.is_new) {
                counted.counted = None;
            }
            // What counts no more does so before anybody is told.
            drop(counted);
            _ = answer.send((outcome, place));
        };
        engine.batcher.push(vec![op], Box::new(after));
    }
}

impl Waiter for PlannedText {
    fn is_gone(&self) -> bool {
        self.answer.is_closed()
    }

    fn go_on(self: Box<Self>, place: Place) {
        self.hand_over(Some(place));
    }

    fn give_up(self: Box<Self>) {
        let Self { counted, answer, .. } = *self;
        drop(counted);
        _ = answer.send((Err(Refusal::Overloaded), None));
    }
}
