//! What a carrier took of late: the rate that it has shown to bear.

use whimbrel_core::{Span, Timestamp};

use super::bucket::Rate;

/// Slots of a quarter of a second.
const SLOT: Span = Span::millis(250);
const SLOTS: usize = 32;
/// Parts in a second from which on they say something of the rate.
const OF_LATE_FROM: u64 = 10;
/// Slots that make a second.
const SECOND: usize = 4;

/// Parts that the carrier took in the last eight seconds.
#[derive(Debug)]
pub(super) struct Taken {
    slots: [u32; SLOTS],
    /// The number of the slot that counts now.
    at: i64,
}

impl Taken {
    pub(super) const fn new() -> Self {
        Self { slots: [0; SLOTS], at: i64::MIN }
    }

    pub(super) fn count(&mut self, now: Timestamp) {
        self.turn(now);
        let slot = &mut self.slots[Self::index(self.at)];
        *slot = slot.saturating_add(1);
    }

    /// The rate over the last second, if it held enough parts to say something.
    pub(super) fn of_late(&mut self, now: Timestamp) -> Option<Rate> {
        self.turn(now);
        let parts: u64 = (0..=SECOND).map(|back| u64::from(self.slots[Self::index(self.at - back as i64)])).sum();
        // The slot of now has begun only.
        let length = Span(SLOT.0 * SECOND as i64 + now.0.rem_euclid(SLOT.0));
        (parts >= OF_LATE_FROM).then(|| Rate::of(parts, length))
    }

    /// The rate over the last second or the last eight, whichever is higher: the first knows nothing of slow carriers, the second
    /// nothing of what began just now.
    pub(super) fn rate(&mut self, now: Timestamp) -> Rate {
        self.turn(now);
        let sum = |slots: usize| (0..slots).map(|back| u64::from(self.slots[Self::index(self.at - back as i64)])).sum();
        let second = Rate::of(sum(SECOND), Span::seconds(1));
        second.max(Rate::of(sum(SLOTS), Span(SLOT.0 * SLOTS as i64)))
    }

    /// Empties the slots between the last one and now; after a clock that was set back nothing is known.
    fn turn(&mut self, now: Timestamp) {
        let at = now.0.div_euclid(SLOT.0);
        let passed = at.saturating_sub(self.at);
        if !(0..SLOTS as i64).contains(&passed) {
            self.slots = [0; SLOTS];
        } else {
            for slot in 1..=passed {
                self.slots[Self::index(self.at + slot)] = 0;
            }
        }
        self.at = at;
    }

    fn index(slot: i64) -> usize {
        usize::try_from(slot.rem_euclid(SLOTS as i64)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_795_000_000_000_000);

    fn steady(taken: &mut Taken, from: Timestamp, every: Span, count: i64) -> Timestamp {
        (0..count).for_each(|part| taken.count(from + Span(every.0 * part)));
        from + Span(every.0 * (count - 1))
    }

    #[test]
    fn a_fast_carrier_is_known_after_a_second_and_a_slow_one_after_eight() {
        let mut taken = Taken::new();
        assert_eq!((taken.rate(START), taken.of_late(START)), (Rate::LOWEST, None));
        let now = steady(&mut taken, START, Span::millis(10), 200);
        assert!((95.0..=105.0).contains(&taken.rate(now).as_parts()), "{taken:?}");
        let of_late = taken.of_late(now).expect("a hundred parts say something");
        assert!((95.0..=105.0).contains(&of_late.as_parts()), "{of_late:?}");
        let mut slow = Taken::new();
        let now = steady(&mut slow, START, Span::millis(500), 40);
        assert!((1.8..=4.0).contains(&slow.rate(now).as_parts()), "{slow:?}");
        assert_eq!(slow.of_late(now), None, "two parts say nothing");
    }

    #[test]
    fn what_is_long_ago_and_what_a_clock_set_back_left_counts_for_nothing() {
        let mut taken = Taken::new();
        let now = steady(&mut taken, START, Span::millis(1), 5_000);
        assert!(taken.rate(now) > Rate::LOWEST);
        assert_eq!(taken.rate(now + Span::seconds(9)), Rate::LOWEST);
        steady(&mut taken, START, Span::millis(1), 5_000);
        assert_eq!(taken.rate(START - Span::hours(1)), Rate::LOWEST);
        taken.count(Timestamp(i64::MIN));
        taken.count(Timestamp(i64::MAX));
    }
}
