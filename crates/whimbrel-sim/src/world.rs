//! Virtual time: a clock that moves only when the simulation moves it, and may be set while timers run on.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use whimbrel_core::world::BoxFuture;
use whimbrel_core::{IdSource, Span, Timestamp, World};

use crate::chance::Chance;

/// When every world begins: 2026-11-24, about noon.
const BEGIN: Timestamp = Timestamp(1_795_526_000_000_000);

/// Clock, timers, chance and ids of one world. Cheap to clone.
#[derive(Clone)]
pub struct SimWorld(Arc<Mutex<State>>);

struct State {
    /// Time since the beginning, which never goes back.
    elapsed: Span,
    /// How far the wall clock was set.
    set_by: Span,
    chance: Chance,
    timers: BTreeMap<(Span, u64), Waker>,
    timer_count: u64,
    ids: IdSource,
}

impl SimWorld {
    /// A world at its beginning.
    pub fn new(chance: Chance) -> Self {
        let ids = IdSource::new(0, 0);
        let (elapsed, set_by, timers) = (Span::ZERO, Span::ZERO, BTreeMap::new());
        Self(Arc::new(Mutex::new(State { elapsed, set_by, chance, timers, timer_count: 0, ids })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Time since the beginning, whatever the wall clock says.
    pub fn elapsed(&self) -> Span {
        self.state().elapsed
    }

    /// When the next timer ends.
    pub fn next_timer(&self) -> Option<Span> {
        self.state().timers.first_key_value().map(|((at, _), _)| *at)
    }

    /// Moves time on, and ends the timers that are due.
    pub fn advance_to(&self, elapsed: Span) {
        let mut due = Vec::new();
        {
            let mut state = self.state();
            state.elapsed = state.elapsed.max(elapsed);
            let now = state.elapsed;
            while let Some(entry) = state.timers.first_entry()
                && entry.key().0 <= now
            {
                due.push(entry.remove());
            }
        }
        due.into_iter().for_each(Waker::wake);
    }

    /// Sets the wall clock, on or back. Timers run on.
    pub fn set_clock(&self, by: Span) {
        let mut state = self.state();
        state.set_by = Span(state.set_by.0 + by.0);
    }

    /// A new process: its ids go on above those that are stored.
    pub fn restart(&self, high_water: i64) {
        let mut state = self.state();
        state.timers.clear();
        state.ids = IdSource::new(0, high_water);
    }
}

impl World for SimWorld {
    fn now(&self) -> Timestamp {
        let state = self.state();
        BEGIN + state.elapsed + state.set_by
    }

    fn sleep_until(&self, deadline: Timestamp) -> BoxFuture<'static, ()> {
        // As the real one does: the pause is counted now, and a clock that is set later changes nothing.
        let pause = deadline.since(self.now()).0.max(0);
        let at = Span(self.elapsed().0.saturating_add(pause));
        Box::pin(Sleep { world: self.clone(), at, number: None })
    }

    fn random(&self) -> u64 {
        self.state().chance.bits()
    }

    fn next_id(&self) -> i64 {
        let now = self.now();
        self.state().ids.next(now)
    }
}

struct Sleep {
    world: SimWorld,
    at: Span,
    number: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let world = self.world.clone();
        let mut state = world.state();
        if state.elapsed >= self.at {
            return Poll::Ready(());
        }
        let number = *self.number.get_or_insert_with(|| {
            state.timer_count += 1;
            state.timer_count
        });
        state.timers.insert((self.at, number), context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.world.state().timers.remove(&(self.at, number));
        }
    }
}
