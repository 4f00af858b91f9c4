//! How much new work may wait, so that what is taken is answered soon.
//!
//! The bound is what the writer gets done in [`WAIT`], as it showed when it was busy. As long as it has not been, and right after a
//! start, the bound is the highest: a burst is no overload.

use whimbrel_core::Span;

/// How long new work should wait at most.
const WAIT: Span = Span::millis(200);
/// So much may wait however slow the disk is.
const ROOM_MIN: usize = 512;
/// Batches with less new work than this say nothing of the rate: most of their time is the flush.
const BUSY_FROM: usize = 64;

/// What the writer gets done.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// New operations in a second, over the last few busy batches.
    per_second: Option<f64>,
}

impl Pace {
    /// A batch with so much new work was committed.
    pub(super) fn committed(&mut self, new: usize, took: Span) {
        if new < BUSY_FROM || took.0 <= 0 {
            return;
        }
        let rate = new as f64 / took.to_std().as_secs_f64();
        self.per_second = Some(self.per_second.map_or(rate, |before| before * 0.8 + rate * 0.2));
    }

    /// New operations that may wait now.
    pub(super) fn room(&self, room_max: usize) -> usize {
        let rated = self.per_second.map_or(room_max, |rate| (rate * WAIT.to_std().as_secs_f64()) as usize);
        rated.clamp(ROOM_MIN.min(room_max), room_max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_follows_what_a_busy_writer_gets_done() {
        let mut pace = Pace::default();
        assert_eq!(pace.room(8_192), 8_192, "a burst right after the start is no overload");
        pace.committed(1, Span::millis(5));
        assert_eq!(pace.room(8_192), 8_192, "one flush says nothing");
        pace.committed(500, Span::millis(100));
        assert_eq!(pace.room(8_192), 1_000, "5,000 a second");
        pace.committed(500, Span::seconds(10));
        assert!((512..1_000).contains(&pace.room(8_192)), "one slow flush is not all");
        for _ in 0..50 {
            pace.committed(100, Span::seconds(1));
        }
        assert_eq!(pace.room(8_192), 512);
        for _ in 0..50 {
            pace.committed(512, Span::millis(1));
        }
        assert_eq!((pace.room(8_192), pace.room(10)), (8_192, 10), "never more than what is set");
    }

    #[test]
    fn a_clock_that_was_set_says_nothing() {
        let mut pace = Pace::default();
        for took in [Span::ZERO, Span(-5)] {
            pace.committed(1_000, took);
        }
        assert_eq!(pace.room(100), 100);
    }
}
