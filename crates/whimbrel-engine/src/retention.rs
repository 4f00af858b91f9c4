//! Forgets what is old: texts first, then everything that hangs on finished messages, in steps that hold nobody up.
//!
//! Each step is an operation like any other, committed with whatever comes beside it; between two steps there is room for others.
//! What is never forgotten: the ledger, and that an id was given.

use std::collections::BTreeSet;
use std::sync::Arc;

use whimbrel_core::{MessageId, Span, Timestamp};
use whimbrel_store::{Forget, MessageView, Op, OpResult, Prune, Pruned};

use crate::Engine;
use crate::people::PeopleError;
use crate::tape::Gone;

/// How long things are kept, counted from their acceptance. `None`: for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// What texts say.
    pub texts: Option<Span>,
    /// Messages and texts that came in, with all that is known of them.
    pub messages: Option<Span>,
}

/// The first look, once a start has done what could not wait.
const FIRST_AFTER: Span = Span::seconds(60);
/// How often it looks whether something has become old.
const EVERY: Span = Span::seconds(600);
/// The pause between two steps.
const STEP_PAUSE: Span = Span::millis(20);
/// Messages in a step: some milliseconds of the writer.
const STEP_MAX: usize = 100;

/// Forgets until the engine stops.
pub(crate) async fn run(engine: Arc<Engine>) {
    let mut pause = FIRST_AFTER;
    while engine.retention != Retention::default() {
        tokio::select! {
            biased;
            () = engine.stopping() => return,
            () = engine.world.sleep(pause) => {}
        }
        pause = if step(&engine).await { STEP_PAUSE } else { EVERY };
    }
}

impl Engine {
    /// Forgets these messages now, as far as they have ended, nobody is yet to be told of them and no receipt may
    /// still be for them. Answers how many were there and are gone.
    ///
    /// # Errors
    /// Not all of them were: those of a step are forgotten together, and steps before it are done.
    pub async fn forget(&self, messages: Vec<MessageId>) -> Result<u64, PeopleError> {
        let mut gone = 0;
        for step in messages.chunks(STEP_MAX) {
            let on_tape = self.on_tape(step).await?;
            let forget = Forget { at: self.world.now(), messages: step.into() };
            match self.batcher.settle(vec![Op::Forget(forget)]).await.map_err(PeopleError::Commit)?.pop() {
                Some(OpResult::Pruned(pruned)) => {
                    count(&pruned);
                    gone += pruned.messages;
                    self.forget_on_tape(on_tape).await?;
                }
                other => return Err(PeopleError::Bug(format!("messages were not removed: {other:?}").into())),
            }
        }
        Ok(gone)
    }

    /// These messages as the tape knows them; none if it is off.
    async fn on_tape(&self, messages: &[MessageId]) -> Result<Vec<MessageView>, PeopleError> {
        if !self.tape.is_on() {
            return Ok(Vec::new());
        }
        let ids = messages.to_vec();
        let read = self.read(move |store| {
            let views = ids.into_iter().filter_map(|id| store.message(id).transpose());
            views.collect::<Result<Vec<_>, _>>()
        });
        read.await.map_err(PeopleError::Read)
    }

    /// What went over the wires is forgotten with those of these messages that are gone.
    async fn forget_on_tape(&self, messages: Vec<MessageView>) -> Result<(), PeopleError> {
        if messages.is_empty() {
            return Ok(());
        }
        let ids: Vec<MessageId> = messages.iter().map(|message| message.summary.id).collect();
        let left = self.read(move |store| store.messages_named(&ids)).await.map_err(PeopleError::Read)?;
        let left: BTreeSet<MessageId> = left.into_iter().map(|message| message.id).collect();
        let mut gone = Gone::default();
        for message in messages.into_iter().filter(|message| !left.contains(&message.summary.id)) {
            gone.ids.insert(message.summary.id);
            gone.serials.extend(message.summary.serial);
            gone.parts.extend(message.parts.iter().map(|part| part.id));
        }
        self.tape.forget_messages(&gone);
        Ok(())
    }
}

/// One step; answers whether there is more to do.
async fn step(engine: &Engine) -> bool {
    let prune = engine.retention.at(engine.world.now());
    if let Some(before) = prune.texts_before {
        engine.tape.forget_before(before);
    }
    match engine.batcher.settle(vec![Op::Prune(prune)]).await.as_deref() {
        Ok([OpResult::Pruned(pruned)]) => {
            count(pruned);
            pruned.more
        }
        Ok(other) => {
            tracing::error!(?other, "old messages could not be removed; trying again in ten minutes");
            false
        }
        Err(error) => {
            tracing::error!(%error, "old messages could not be removed; trying again in ten minutes");
            false
        }
    }
}

fn count(pruned: &Pruned) {
    for (what, count) in [("texts", pruned.texts), ("messages", pruned.messages), ("inbound", pruned.inbound)] {
        metrics::counter!("whimbrel_pruned_total", "what" => what).increment(count);
    }
}

impl Retention {
    /// What is old at `now`.
    fn at(self, now: Timestamp) -> Prune {
        Prune {
            at: now,
            texts_before: self.texts.map(|kept| now - kept),
            messages_before: self.messages.map(|kept| now - kept),
            count_max: STEP_MAX,
        }
    }
}
