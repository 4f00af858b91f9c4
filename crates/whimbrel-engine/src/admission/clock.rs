//! How long those in line have waited, on a clock that somebody may set.
//!
//! It is read often while anybody waits. So whatever lies between two readings beyond [`STEP_MAX`] was not waited for, and what lies before the
//! last reading neither: the clock was set, or this process stood still, and nobody could have been served.

use whimbrel_core::{Span, Timestamp};

/// More than this does not pass between two readings.
const STEP_MAX: Span = Span::millis(100);

/// A clock that never goes back, and on by small steps.
#[derive(Debug)]
pub(super) struct LineClock {
    now: Timestamp,
    read_at: Timestamp,
}

impl Default for LineClock {
    fn default() -> Self {
        Self { now: Timestamp(0), read_at: Timestamp(0) }
    }
}

impl LineClock {
    /// The instant, on this clock's own scale, at which the world's is `world_now`.
    pub(super) fn read(&mut self, world_now: Timestamp) -> Timestamp {
        let passed = world_now.since(self.read_at).0.clamp(0, STEP_MAX.0);
        self.read_at = world_now;
        self.now = self.now + Span(passed);
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_with_the_world_whatever_that_is_set_to() {
        let mut clock = LineClock::default();
        let begun = clock.read(Timestamp(1_795_526_000_000_000));
        let mut passed = |world_now: i64| clock.read(Timestamp(world_now)).since(begun);
        assert_eq!(passed(1_795_526_000_030_000), Span::millis(30));
        assert_eq!(passed(1_795_522_400_000_000), Span::millis(30), "set back by an hour");
        assert_eq!(passed(1_795_522_400_020_000), Span::millis(50), "and it goes on");
        assert_eq!(passed(1_795_533_600_000_000), Span::millis(150), "set on by hours: a step");
    }
}
