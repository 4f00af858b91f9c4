//! The clock and chance of the harnesses: the only place of this crate that reads them.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// When something began; says how long ago that was.
#[derive(Debug, Clone, Copy)]
pub struct Started(Instant);

impl Started {
    /// Now.
    #[expect(clippy::disallowed_methods, reason = "the harness measures real time; this file is where it reads it")]
    pub fn now() -> Self {
        Self(Instant::now())
    }

    /// Time since then.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    /// Microseconds since then, at least 1.
    pub fn elapsed_us(&self) -> u64 {
        u64::try_from(self.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
    }
}

/// Microseconds of the machine's monotonic clock, which is one for all its processes.
pub fn monotonic_us() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    // It counts from the machine's start: neither part is negative.
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0) / 1000
}

/// Sleeps this thread. A harness waits for other processes; the product never calls this.
#[expect(clippy::disallowed_methods, reason = "waiting for another process between two looks at it")]
pub fn sleep(span: Duration) {
    std::thread::sleep(span);
}

/// Seconds of Unix time, for what is written down.
#[expect(clippy::disallowed_methods, reason = "raw lines and receipts say when they were made")]
pub fn unix_seconds() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// A seed from the clock, for runs that were not given one. Every command prints the seed it used.
#[expect(clippy::disallowed_methods, reason = "a seed for a harness, printed so that the run can be repeated")]
pub fn seed() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos() & u128::from(u64::MAX)).unwrap_or(1) ^ u64::from(std::process::id())
}

/// Numbers that look random and can be repeated: xorshift64*, S. Vigna 2016.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// A sequence that depends on nothing but `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number from 0 to `bound - 1`; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.bits().checked_rem(bound).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_clock_goes_on() {
        let before = monotonic_us();
        assert!(before > 0 && monotonic_us() >= before);
    }

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let draw = |seed| {
            let mut chance = Chance::new(seed);
            [chance.below(1000), chance.below(1000), chance.below(0)]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert_eq!(draw(0)[2], 0);
    }
}
