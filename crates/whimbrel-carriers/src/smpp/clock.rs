//! A clock that never runs backwards, made of one that may be set.

use std::sync::Arc;

use whimbrel_core::world::BoxFuture;
use whimbrel_core::{Span, Timestamp, World};
use whimbrel_smpp::session::Instant;

/// The session's time. A wall clock set back stops it for a moment, never longer; one set forward moves it, but for the clock of a test:
/// that ends no request under way.
pub(super) struct Clock {
    world: Arc<dyn World>,
    /// The wall clock when it was last read.
    wall: Timestamp,
    /// The same as no test put it forward.
    steady: Timestamp,
    /// By how much it was set back so far.
    set_back: Span,
}

impl Clock {
    pub(super) fn new(world: Arc<dyn World>) -> Self {
        let (wall, steady) = (world.now(), world.steady_now());
        Self { world, wall, steady, set_back: Span::ZERO }
    }

    /// Reads the clock.
    pub(super) fn now(&mut self) -> Instant {
        self.wall = self.world.now();
        let steady = self.world.steady_now();
        self.set_back = Span(self.set_back.0.saturating_add(self.steady.since(steady).0));
        self.steady = steady;
        Instant((steady + self.set_back).0)
    }

    /// The wall clock as last read.
    pub(super) const fn wall(&self) -> Timestamp {
        self.wall
    }

    /// Ends at `at`, or early if the clock was set meanwhile.
    pub(super) fn sleep_until(&self, at: Instant) -> BoxFuture<'static, ()> {
        self.world.lapse((Timestamp(at.0) - self.set_back).since(self.world.steady_now()))
    }

    pub(super) fn sleep(&self, span: Span) -> BoxFuture<'static, ()> {
        self.world.lapse(span)
    }

    pub(super) fn random(&self) -> u64 {
        self.world.random()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    struct Set(AtomicI64);

    impl World for Set {
        fn now(&self) -> Timestamp {
            Timestamp(self.0.load(Ordering::Relaxed))
        }

        fn sleep_until(&self, deadline: Timestamp) -> BoxFuture<'static, ()> {
            assert_eq!(deadline, Timestamp(930));
            Box::pin(std::future::ready(()))
        }

        fn random(&self) -> u64 {
            0
        }

        fn next_id(&self) -> i64 {
            0
        }
    }

    #[tokio::test]
    async fn a_clock_set_back_goes_on_from_where_it_was() {
        let set = Arc::new(Set(AtomicI64::new(1_000)));
        let mut clock = Clock::new(set.clone());
        let mut at = |wall: i64| {
            set.0.store(wall, Ordering::Relaxed);
            clock.now().0
        };
        assert_eq!(
            [at(1_000), at(1_100), at(900), at(910), at(880), at(900)],
            [1_000, 1_100, 1_100, 1_110, 1_110, 1_130]
        );
        assert_eq!(clock.wall(), Timestamp(900));
        clock.sleep_until(Instant(1_160)).await;
    }
}
