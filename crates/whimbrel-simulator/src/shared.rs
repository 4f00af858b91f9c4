//! What all sessions of a simulator share. Locks are held for moments, never across a wait.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use whimbrel_core::{Secret, World};

use crate::clock::Clock;
use crate::ids::SimulatedId;
use crate::journal::Journal;
use crate::outcome::Ranges;
use crate::receipts::Receipts;
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
    receipts: Mutex<Receipts>,
    receipts_changed: Notify,
    throttled: Mutex<Throttled>,
}

impl Shared {
    /// Nothing has happened yet.
    pub fn new(password: Secret, ranges: Ranges, world: Arc<dyn World>, journal: Journal, receipts: Receipts) -> Self {
        Self {
            password,
            ranges,
            clock: Clock::new(Arc::clone(&world)),
            world,
            journal,
            receipts: Mutex::new(receipts),
            receipts_changed: Notify::new(),
            throttled: Mutex::default(),
        }
    }

    /// The receipts; the caller gives them back before it waits for anything.
    pub fn receipts(&self) -> MutexGuard<'_, Receipts> {
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
    pub fn next_id(&self) -> SimulatedId {
        SimulatedId::from_id(self.world.next_id())
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
