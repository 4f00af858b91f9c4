//! The real world: the operating system's clock, tokio's timers, the kernel's randomness, ids above what the store holds.
//!
//! The only place of the engine that asks the operating system for anything. A simulation brings a [`World`] of its own.
//!
//! Its clock can be put forward, for tests ([`SystemWorld::advance`]): what was due meanwhile is due then, and sleepers look again at
//! once. What is under way (a call, a request on a link) has the time that it had: it is measured by a clock that no test moves. Ids go on rising whatever the clock does, because their source never gives one below the last.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use whimbrel_core::world::BoxFuture;
use whimbrel_core::{IdSource, Span, Timestamp, World};

/// The world as it is.
#[derive(Debug)]
pub struct SystemWorld {
    ids: Mutex<IdSource>,
    pool: Mutex<RandomPool>,
    /// How far the clock was put forward, in microseconds.
    ahead: AtomicI64,
    /// Tells those who sleep that it was.
    advanced: watch::Sender<()>,
}

/// Random bytes fetched ahead, so that not every id costs a system call.
#[derive(Debug)]
struct RandomPool {
    bytes: [u8; 512],
    used: usize,
}

impl SystemWorld {
    /// A world whose ids stand above `high_water`.
    #[must_use]
    pub fn new(node: u8, high_water: i64) -> Self {
        Self {
            ids: Mutex::new(IdSource::new(node, high_water)),
            pool: Mutex::new(RandomPool { bytes: [0; 512], used: 512 }),
            ahead: AtomicI64::new(0),
            advanced: watch::Sender::new(()),
        }
    }

    /// Puts the clock forward by so much more. Tells how far ahead it is now.
    pub fn advance(&self, span: Span) -> Span {
        let add = |ahead: i64| Some(ahead.saturating_add(span.0.max(0)));
        _ = self.ahead.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
        self.advanced.send_replace(());
        self.ahead()
    }

    /// Puts the clock back to the operating system's. What was accepted meanwhile lies in the future then.
    pub fn reset(&self) {
        self.ahead.store(0, Ordering::Relaxed);
        self.advanced.send_replace(());
    }

    /// How far ahead of the operating system's clock this one is.
    #[must_use]
    pub fn ahead(&self) -> Span {
        Span(self.ahead.load(Ordering::Relaxed))
    }
}

impl World for SystemWorld {
    fn now(&self) -> Timestamp {
        self.steady_now() + self.ahead()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn steady_now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }

    fn lapse(&self, span: Span) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(span.to_std()))
    }

    fn sleep_until(&self, deadline: Timestamp) -> BoxFuture<'static, ()> {
        // A clock that is set meanwhile makes this end early or late; every caller looks at the time again.
        let mut advanced = self.advanced.subscribe();
        let pause = deadline.since(self.now()).to_std();
        Box::pin(async move {
            tokio::select! {
                biased;
                () = tokio::time::sleep(pause) => {}
                // Put forward or back: whoever sleeps looks again. The sender lives as long as the world.
                Ok(()) = advanced.changed() => {}
            }
        })
    }

    fn random(&self) -> u64 {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.used + 8 > pool.bytes.len() {
            getrandom::fill(&mut pool.bytes).expect("the kernel gives random bytes once it has booted");
            pool.used = 0;
        }
        let at = pool.used;
        pool.used += 8;
        let mut word = [0_u8; 8];
        word.copy_from_slice(&pool.bytes[at..at + 8]);
        pool.bytes[at..at + 8].fill(0);
        u64::from_le_bytes(word)
    }

    fn next_id(&self) -> i64 {
        let now = self.now();
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).next(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_clock_that_is_put_forward_wakes_those_who_sleep() {
        let world = SystemWorld::new(0, 0);
        let (before, id) = (world.now(), world.next_id());
        let sleeper = world.sleep_until(before + Span::hours(1));
        assert_eq!(world.advance(Span::hours(2)), Span::hours(2));
        sleeper.await;
        assert!(world.now() >= before + Span::hours(2));
        let later = world.next_id();
        assert!(whimbrel_core::id::made_at(later) >= whimbrel_core::id::made_at(id) + Span::hours(2));
        assert!(world.steady_now() < before + Span::hours(1));
        world.reset();
        assert!(world.now() < before + Span::hours(1));
        assert!(world.next_id() > later, "ids rise though the clock ran back");
        assert_eq!(world.advance(Span(-5)), Span::ZERO, "it is never put back a little");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_under_way_keeps_its_time_when_the_clock_is_put_forward() {
        let world = SystemWorld::new(0, 0);
        let (begun, lapse) = (tokio::time::Instant::now(), world.lapse(Span::seconds(15)));
        world.advance(Span::hours(2));
        lapse.await;
        assert!(begun.elapsed() >= std::time::Duration::from_secs(15));
    }
}
