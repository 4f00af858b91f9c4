//! The real world: the operating system's clock, tokio's timers, the kernel's randomness, ids above what the store holds.
//!
//! The only place of the engine that asks the operating system for anything. A simulation brings a [`World`] of its own.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use whimbrel_core::world::BoxFuture;
use whimbrel_core::{IdSource, Timestamp, World};

/// The world as it is.
#[derive(Debug)]
pub struct SystemWorld {
    ids: Mutex<IdSource>,
    pool: Mutex<RandomPool>,
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
        }
    }
}

impl World for SystemWorld {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
    }

    fn sleep_until(&self, deadline: Timestamp) -> BoxFuture<'static, ()> {
        // A clock that is set meanwhile makes this end early or late; every caller looks at the time again.
        let pause = deadline.since(self.now()).to_std();
        Box::pin(tokio::time::sleep(pause))
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
