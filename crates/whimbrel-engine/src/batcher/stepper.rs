//! The write side as a simulation drives it: step by step, and what is taken is committed when the simulation says so.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use whimbrel_core::World;
use whimbrel_store::Store;

use super::pace::Pace;
use super::queue::Group;
use super::{Batcher, LEFT_FOR, Shared, commit};

/// A simulation has few texts at a time. Where windows are full, one is enough for a commit: so some are left.
const ENOUGH_MIN: usize = 1;

/// The write side without a thread: it commits when it is told to. For a simulation, in which nothing happens by itself.
pub struct Stepper {
    shared: Arc<Shared>,
    store: Arc<dyn Store>,
    /// The batch that was taken and not committed.
    taken: Mutex<Vec<Group>>,
}

impl Batcher {
    /// As [`start`](Self::start) without a thread: nothing is committed before the stepper is told to. More than `op_count_max` waiting
    /// operations are refused.
    #[must_use]
    pub fn stepped(store: Arc<dyn Store>, world: Arc<dyn World>, op_count_max: usize) -> (Self, Stepper) {
        let shared = Shared::new(world, op_count_max, LEFT_FOR, Pace::with_enough(ENOUGH_MIN));
        (Self { shared: Arc::clone(&shared) }, Stepper { shared, store, taken: Mutex::default() })
    }
}

/// What waits to be committed, the more urgent the higher.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Nothing.
    None,
    /// Only what nobody waits for: the thread would leave it for a moment.
    Left,
    /// Something that somebody waits for.
    Due,
}

impl Stepper {
    /// What waits to be committed.
    #[must_use]
    pub fn work(&self) -> Work {
        if self.has_taken() {
            return Work::Due;
        }
        let waiting = self.shared.lock();
        match (waiting.is_idle(), waiting.is_left()) {
            (true, _) => Work::None,
            (false, true) => Work::Left,
            (false, false) => Work::Due,
        }
    }

    /// Whether a batch was taken and not committed.
    #[must_use]
    pub fn has_taken(&self) -> bool {
        !self.taken().is_empty()
    }

    /// Takes what waits as one batch, as the thread would. What happens until the next [`step`](Self::step) happens while that is at work.
    pub fn take(&self) {
        if !self.has_taken() {
            let groups = self.shared.take();
            *self.taken() = groups;
        }
    }

    /// Commits the batch that was taken, or what waits, and runs what follows from it, as the thread would. Does nothing if there is
    /// nothing.
    pub fn step(&self) {
        self.take();
        let groups = std::mem::take(&mut *self.taken());
        if !groups.is_empty() {
            commit(&self.shared, &*self.store, groups);
        }
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Group>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Stepper {
    /// What waits holds those it would tell, and they hold the other end of this. Without the lock: they may hand something over.
    fn drop(&mut self) {
        let taken = std::mem::take(&mut *self.taken());
        let groups = self.shared.lock().queue.take_all();
        drop((taken, groups));
    }
}
