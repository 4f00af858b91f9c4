//! The world outside: the clock, timers, chance and ids.
//!
//! The engine and the carriers are given a [`World`] and never ask the operating system, so that a simulation can own time
//! and chance. The real one lives in the engine.

use std::future::Future;
use std::pin::Pin;

use crate::time::{Span, Timestamp};

/// A future that a trait object can return.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Clock, timers, chance and ids. Shared by every task; cheap to call.
pub trait World: Send + Sync {
    /// The wall clock, UTC. It may be set back; spans are taken with [`Timestamp::since`].
    fn now(&self) -> Timestamp;

    /// Ends at `deadline`, at once if that has passed.
    fn sleep_until(&self, deadline: Timestamp) -> BoxFuture<'static, ()>;

    /// 64 random bits from a source that an attacker cannot guess.
    fn random(&self) -> u64;

    /// The next id; see [`crate::id`].
    fn next_id(&self) -> i64;

    /// Ends after `span`.
    fn sleep(&self, span: Span) -> BoxFuture<'static, ()> {
        self.sleep_until(self.now() + span)
    }

    /// Ends after `span` for what is under way meanwhile: putting a test's clock forward ends it no sooner.
    fn lapse(&self, span: Span) -> BoxFuture<'static, ()> {
        self.sleep(span)
    }

    /// The clock as no test put it forward, for what measures how long something under way takes.
    fn steady_now(&self) -> Timestamp {
        self.now()
    }
}
