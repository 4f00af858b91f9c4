//! A text that was planned, on its way to the store: at once, or when there is a place for it.

use std::sync::Arc;

use tokio::sync::oneshot;
use whimbrel_core::call::many::Repeats;
use whimbrel_core::{Account, Plan, Refusal, ReplayKey, Timestamp};
use whimbrel_store::{Op, OpResult};

use super::Taken;
use crate::Engine;
use crate::admission::{Place, Waiter};
use crate::batcher::{CommitError, Windows};

/// What became of a text, and the place that it had: its request gives it back when it is answered.
pub(super) type Answer = (Result<Taken, Refusal>, Option<Place>);

/// See the module.
pub(super) struct PlannedText {
    pub(super) engine: Arc<Engine>,
    pub(super) account: Arc<Account>,
    pub(super) plan: Plan,
    pub(super) replay: Option<ReplayKey>,
    pub(super) answer: oneshot::Sender<Answer>,
}

impl PlannedText {
    /// Has the text made durable, and answered after that, if the account's rules let it pass now.
    pub(super) fn hand_over(self, place: Option<Place>) {
        let Self { engine, account, plan, replay, answer } = self;
        let now = engine.world.now();
        let counted = match engine.within_recipient_rules(&account, &plan, Repeats::Judged, now) {
            Ok(counted) => counted,
            Err(refusal) => {
                _ = answer.send((Err(refusal), place));
                return;
            }
        };
        let ready = match engine.ready(&account, plan, now) {
            Ok(ready) => ready,
            Err(refusal) => {
                engine.forget_recipient(&account, &counted, now);
                _ = answer.send((Err(refusal), place));
                return;
            }
        };
        let (op, ready) = (ready.op(replay), Arc::new(ready));
        let decide = {
            let ready = Arc::clone(&ready);
            move |ops: &mut [Op], now: Timestamp| Windows::all(ops.iter_mut().map(|op| ready.decide(op, now)))
        };
        let accepting = Arc::clone(&engine);
        let after = move |result: Result<Vec<OpResult>, CommitError>| {
            let taken = accepting.accepted(&ready, result.map(|mut results| results.pop()));
            if !taken.as_ref().is_ok_and(|taken| taken.is_new) {
                accepting.forget_recipient(&account, &counted, now);
            }
            _ = answer.send((taken, place));
        };
        engine.batcher.push_undecided(vec![op], Box::new(decide), Box::new(after));
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
        _ = self.answer.send((Err(Refusal::Overloaded), None));
    }
}
