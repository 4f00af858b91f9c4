//! How much new work may wait, so that what is taken is answered soon, and how much is enough for one commit.
//!
//! What may wait is what the writer gets done in [`WAIT`], as it showed when it was busy. As long as it has not been, and right after a
//! start, the bound is the highest: a burst is no overload.
//!
//! Where windows are full, [`ENOUGH_MIN`] new operations are enough for one commit, if commits are quick. Where they are slow, as many go
//! with each as keep [`ENOUGH_PER_SECOND`], up to the bound of every batch. What a commit takes grows with what goes with it: where that
//! alone is a sixteenth of a millisecond for a text, enough is as much as there is.

use whimbrel_core::Span;

/// How long new work should wait at most.
const WAIT: Span = Span::millis(200);
/// So much may wait however slow the disk is.
const ROOM_MIN: usize = 512;
/// One flush for so many costs each of them little, if it is quick.
const ENOUGH_MIN: usize = 64;
/// So many new operations a second are to be made durable even if none of them can leave.
const ENOUGH_PER_SECOND: f64 = 16_000.0;
/// Batches with less new work than this say nothing of the rate: most of their time is the flush.
const BUSY_FROM: usize = 64;
// A batch that had enough tells how long it took, or enough would never be more.
const _: () = assert!(ENOUGH_MIN >= BUSY_FROM);

/// What the writer gets done.
#[derive(Debug)]
pub(super) struct Pace {
    /// The last few busy batches.
    busy: Option<Busy>,
    enough_min: usize,
}

#[derive(Debug, Clone, Copy)]
struct Busy {
    /// New operations in a second.
    per_second: f64,
    /// How long the commit of one takes, in seconds.
    took: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self::with_enough(ENOUGH_MIN)
    }
}

impl Pace {
    /// So many new operations at least are enough for one commit where windows are full.
    pub(super) const fn with_enough(enough_min: usize) -> Self {
        Self { busy: None, enough_min }
    }

    /// A batch with so much new work was committed.
    pub(super) fn committed(&mut self, new: usize, took: Span) {
        if new < BUSY_FROM || took.0 <= 0 {
            return;
        }
        let took = took.to_std().as_secs_f64();
        let last = Busy { per_second: new as f64 / took, took };
        let mean = |before: f64, last: f64| before * 0.8 + last * 0.2;
        self.busy = Some(self.busy.map_or(last, |before| Busy {
            per_second: mean(before.per_second, last.per_second),
            took: mean(before.took, last.took),
        }));
    }

    /// So much new work is enough for one commit if windows are full.
    pub(super) fn enough(&self) -> usize {
        self.busy.map_or(0, |busy| (busy.took * ENOUGH_PER_SECOND) as usize).max(self.enough_min)
    }

    /// New operations that may wait now.
    pub(super) fn room(&self, room_max: usize) -> usize {
        let rated = self.busy.map_or(room_max, |busy| (busy.per_second * WAIT.to_std().as_secs_f64()) as usize);
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
    fn where_flushes_are_slow_more_goes_with_each() {
        let mut pace = Pace::default();
        assert_eq!(pace.enough(), 64);
        pace.committed(64, Span::millis(2));
        assert_eq!(pace.enough(), 64, "quick enough for 32,000 a second");
        for _ in 0..50 {
            pace.committed(64, Span::millis(20));
        }
        assert!((318..=320).contains(&pace.enough()), "{}", pace.enough());
        for _ in 0..50 {
            pace.committed(64, Span::millis(2));
        }
        assert_eq!(pace.enough(), 64, "and when they are quick again, no more");
    }

    #[test]
    fn a_clock_that_was_set_says_nothing() {
        let mut pace = Pace::default();
        for took in [Span::ZERO, Span(-5)] {
            pace.committed(1_000, took);
        }
        assert_eq!((pace.room(100), pace.enough()), (100, ENOUGH_MIN));
    }
}
