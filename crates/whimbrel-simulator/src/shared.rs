//! What all sessions of a simulator share. Locks are held for moments, never across a wait.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use whimbrel_core::{Secret, World};

use crate::clock::Clock;
use crate::delivery::Delivery;
use crate::ids::{Numbers, SimulatedId};
use crate::journal::Journal;
use crate::outcome::Ranges;
use crate::phones::Phones;
use crate::phones::texts::Texts;
use crate::queries::Queries;
use crate::receipts::Receipts;
use crate::registry::Registry;
use crate::scenario::rules::Rules;
use crate::scenario::{Scenario, ScenarioError};
use crate::throttle::Throttled;

/// The simulator as its sessions see it.
pub struct Shared {
    /// What every `system_id` binds with.
    pub password: Secret,
    /// Which numbers choose an outcome.
    pub ranges: Ranges,
    /// For deadlines and stamps.
    pub clock: Clock,
    /// Where ids come from.
    pub world: Arc<dyn World>,
    /// What clients ask and are told.
    pub journal: Journal,
    /// Who is connected.
    pub registry: Registry,
    /// What reaches phones.
    pub phones: Phones,
    /// What phones send.
    pub texts: Texts,
    rules: Mutex<Arc<Rules>>,
    /// Changes with the rules: what sessions look at, so that they need no lock.
    rules_version: AtomicU64,
    counted_ids: AtomicU64,
    queries: Mutex<Queries>,
    receipts: Mutex<Receipts<Delivery>>,
    receipts_changed: Notify,
    throttled: Mutex<Throttled>,
}

/// What a simulator is made of.
pub struct Parts {
    /// What every `system_id` binds with.
    pub password: Secret,
    /// Which numbers choose an outcome.
    pub ranges: Ranges,
    /// Clock, timers and ids.
    pub world: Arc<dyn World>,
    /// What clients ask and are told.
    pub journal: Journal,
    /// How many receipts are kept at most.
    pub receipts_max: usize,
    /// How many phones' texts are kept.
    pub phones_max: usize,
    /// What is obeyed at first.
    pub rules: Rules,
}

impl Shared {
    /// Nothing has happened yet.
    pub fn new(parts: Parts) -> Self {
        let Parts { password, ranges, world, journal, receipts_max, phones_max, rules } = parts;
        Self {
            password,
            ranges,
            clock: Clock::new(Arc::clone(&world)),
            world,
            journal,
            registry: Registry::default(),
            phones: Phones::new(phones_max),
            texts: Texts::default(),
            rules: Mutex::new(Arc::new(rules)),
            rules_version: AtomicU64::new(0),
            counted_ids: AtomicU64::new(0),
            queries: Mutex::default(),
            receipts: Mutex::new(Receipts::new(receipts_max)),
            receipts_changed: Notify::new(),
            throttled: Mutex::default(),
        }
    }

    /// What is obeyed now.
    pub fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Differs from an earlier one if the rules do.
    pub fn rules_version(&self) -> u64 {
        self.rules_version.load(Ordering::Acquire)
    }

    /// Obeys another scenario from now on.
    ///
    /// # Errors
    /// What is wrong with it; then nothing changes.
    pub fn set_scenario(&self, scenario: Scenario) -> Result<(), ScenarioError> {
        let rules = Arc::new(Rules::new(scenario)?);
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = rules;
        // After the rules: who sees the new version sees the new rules.
        self.rules_version.fetch_add(1, Ordering::Release);
        self.registry.wake_all();
        Ok(())
    }

    /// What query_sm is answered from; the caller gives it back before it waits for anything.
    pub fn queries(&self) -> MutexGuard<'_, Queries> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The receipts; the caller gives them back before it waits for anything.
    pub fn receipts(&self) -> MutexGuard<'_, Receipts<Delivery>> {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who has been throttled; likewise.
    pub fn throttled(&self) -> MutexGuard<'_, Throttled> {
        self.throttled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that a receipt may be due earlier than the one that [`tend`](Self::tend) waits for.
    pub fn receipts_changed(&self) {
        self.receipts_changed.notify_one();
    }

    /// A new message id.
    pub fn next_id(&self, numbers: Numbers) -> SimulatedId {
        match numbers {
            Numbers::Marked => SimulatedId::from_id(self.world.next_id()),
            Numbers::Counted => SimulatedId::from_number(self.counted_ids.fetch_add(1, Ordering::Relaxed) + 1),
        }
    }

    /// Deals out receipts as they fall due, for ever.
    pub async fn tend(&self) {
        loop {
            let next = self.receipts().next_due();
            tokio::select! {
                biased;
                () = self.receipts_changed.notified() => {}
                () = self.clock.sleep_until(next) => {}
            }
            self.receipts().release(self.clock.now());
        }
    }
}
