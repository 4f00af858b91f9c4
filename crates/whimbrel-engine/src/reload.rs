//! Another configuration while parts are under way: what changed is replaced, nothing else notices.
//!
//! A carrier whose connection changed is emptied and unbound first, then the new one takes its place; what waits for it stays queued
//! meanwhile. A carrier that is gone is closed in good order; what waits for it goes on to another of its route
//! (`reroute.rs`), or stays in the store.

use std::sync::{Arc, PoisonError};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use whimbrel_carriers::Carrier;
use whimbrel_core::{CarrierEvent, CarrierId, Snapshot, Span};
use whimbrel_dialects::Wording;
use whimbrel_dialects::claim::{Compat, KeyWindow};

use crate::carriers::{CarrierDesk, CarrierRules};
use crate::events::About;
use crate::{Engine, dispatcher, recover};

/// How long the last answers of a carrier that is gone are waited for.
const SETTLED_WITHIN: Span = Span::seconds(20);
const LOOK_EVERY: Span = Span::millis(20);

/// Starts a carrier: its events go to the channel, its links take their numbers from the desk.
pub type StartCarrier = Box<dyn FnOnce(&CarrierDesk, mpsc::Sender<CarrierEvent>) -> Arc<dyn Carrier> + Send>;

/// What becomes of one carrier.
pub enum CarrierChange {
    /// It is new.
    Add {
        /// Its place, with nothing behind it yet.
        desk: Arc<CarrierDesk>,
        /// Starts it.
        start: StartCarrier,
    },
    /// Its connection changed: a new one replaces it.
    Replace {
        /// Which.
        id: CarrierId,
        /// What the engine does with it from now on.
        rules: CarrierRules,
        /// Starts the new one.
        start: StartCarrier,
    },
    /// Only what the engine does with it changed.
    Rules {
        /// Which.
        id: CarrierId,
        /// What the engine does with it from now on.
        rules: CarrierRules,
    },
    /// It is gone.
    Remove {
        /// Which.
        id: CarrierId,
    },
}

/// A configuration to change to; it was checked before.
pub struct Reload {
    /// Networks, prices and routes from now on.
    pub snapshot: Snapshot,
    /// What becomes of the carriers that do not stay as they are.
    pub carriers: Vec<CarrierChange>,
    /// For people: what changed.
    pub summary: Box<str>,
}

/// A carrier that is emptied to make room for its successor.
struct Succession {
    desk: Arc<CarrierDesk>,
    before: Option<Arc<dyn Carrier>>,
    start: StartCarrier,
}

impl Engine {
    /// From now on, clients that sign otherwise than documented are understood so far.
    pub fn set_compat(&self, compat: Compat) {
        self.signatures.set_compat(compat);
    }

    /// From now on, time stamps of signatures beside keys may be so far off.
    pub fn set_key_window(&self, window: KeyWindow) {
        self.signatures.set_window(window);
    }

    /// From now on, answers are worded so.
    pub fn set_wording(&self, wording: Wording) {
        *self.wording.write().unwrap_or_else(PoisonError::into_inner) = wording;
    }

    /// How answers are worded.
    #[must_use]
    pub fn wording(&self) -> Wording {
        self.wording.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes to another configuration, and returns when carriers that were replaced or are gone have ended. New carriers are there
    /// before routes lead to them, old ones go after. The caller sees to it that one reload ends before the next begins.
    pub async fn reload(self: &Arc<Self>, reload: Reload) {
        let (mut successions, mut gone) = (Vec::new(), Vec::new());
        for change in reload.carriers {
            match change {
                CarrierChange::Add { desk, start } => self.add_carrier(desk, start),
                CarrierChange::Replace { id, rules, start } => {
                    let Some(desk) = self.carriers.find(id) else { continue };
                    desk.set_rules(rules);
                    successions.push(Succession { before: desk.vacate(), desk, start });
                }
                CarrierChange::Rules { id, rules } => {
                    if let Some(desk) = self.carriers.find(id) {
                        desk.set_rules(rules);
                    }
                }
                CarrierChange::Remove { id } => gone.extend(self.carriers.find(id)),
            }
        }
        self.set_snapshot(reload.snapshot);
        let summary = reload.summary;
        self.events.tell(self.world.now(), || ("gateway.reloaded", None, About::Gateway, summary));
        let mut work = JoinSet::new();
        for succession in successions {
            let engine = Arc::clone(self);
            work.spawn(async move { engine.succeed(succession).await });
        }
        for desk in gone {
            desk.retire();
            let engine = Arc::clone(self);
            work.spawn(async move { engine.remove_carrier(desk).await });
        }
        while work.join_next().await.is_some() {}
        if let Err(error) = recover::warn_of_strays(self).await {
            tracing::error!(%error, "cannot look for parts that wait for a carrier that is gone");
        }
    }

    fn add_carrier(self: &Arc<Self>, desk: Arc<CarrierDesk>, start: StartCarrier) {
        // One of the same name that was removed before left its place, for reports that might have come late.
        self.carriers.remove(desk.id);
        self.carriers.add(Arc::clone(&desk));
        if !self.start_carrier(&desk, start) {
            return;
        }
        let engine = Arc::clone(self);
        self.tasks().drivers.push(tokio::spawn(dispatcher::run(engine, desk)));
    }

    /// Waits for the end of a carrier, then puts the next one in its place.
    async fn succeed(self: &Arc<Self>, succession: Succession) {
        let Succession { desk, before, start } = succession;
        if let Some(before) = before {
            before.close().await;
        }
        // The engine may have been told to stop meanwhile: then nothing is started any more.
        if self.start_carrier(&desk, start) {
            tracing::info!(carrier = &*desk.name, "carrier replaced by its changed self");
        }
    }

    /// Waits for the end of a carrier that is gone. Its desk stays for reports that come late.
    async fn remove_carrier(self: &Arc<Self>, desk: Arc<CarrierDesk>) {
        if let Some(carrier) = desk.vacate() {
            carrier.close().await;
        }
        let deadline = self.world.now() + SETTLED_WITHIN;
        while desk.dispatch().used() > 0 && self.world.now() < deadline && !self.is_stopping() {
            self.world.sleep(LOOK_EVERY).await;
        }
        tracing::info!(carrier = &*desk.name, "carrier removed");
    }
}
