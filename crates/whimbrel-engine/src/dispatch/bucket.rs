//! A rate in parts per second, and the bucket that lets parts out at it.

use whimbrel_core::{Span, Timestamp};

/// Parts per second, in thousandths; above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rate(i64);

impl Rate {
    /// One part each second: no carrier is slowed below it, but for its pauses.
    pub(super) const LOWEST: Self = Self(1_000);
    /// Five parts each second: what a carrier is tried with of which only refusals are known.
    pub(super) const START: Self = Self(5_000);
    /// A million parts each second.
    pub(super) const HIGHEST: Self = Self(1_000_000_000);

    /// `None` for 0, which says that there is no limit.
    pub(super) fn per_second(parts: u32) -> Option<Self> {
        (parts > 0).then(|| Self(i64::from(parts) * 1_000).min(Self::HIGHEST))
    }

    /// What so many parts in `span` are, within the bounds of a rate.
    pub(super) fn of(parts: u64, span: Span) -> Self {
        let thousandths = i128::from(parts) * 1_000_000_000 / i128::from(span.0.max(1));
        Self(i64::try_from(thousandths).unwrap_or(i64::MAX).clamp(Self::LOWEST.0, Self::HIGHEST.0))
    }

    /// So many thousandths of this rate, within the bounds of a rate.
    pub(super) fn permille(self, permille: i64) -> Self {
        Self((self.0 * permille / 1_000).clamp(Self::LOWEST.0, Self::HIGHEST.0))
    }

    /// A quarter of the way from one rate to another.
    pub(super) const fn between(from: Self, to: Self) -> Self {
        Self(from.0 + (to.0 - from.0) / 4)
    }

    /// How long so many parts take.
    pub(super) const fn span_of(self, parts: i64) -> Span {
        // Parts * 10^6 microseconds * 10^3 / thousandths, rounded up.
        Span((parts * 1_000_000_000 + self.0 - 1) / self.0)
    }

    /// Whole parts in `span`, rounded down.
    pub(super) fn parts_in(self, span: Span) -> i64 {
        let parts = i128::from(self.0) * i128::from(span.0) / 1_000_000_000;
        i64::try_from(parts).unwrap_or(i64::MAX)
    }

    /// Parts per second.
    pub(super) fn as_parts(self) -> f64 {
        self.0 as f64 / 1_000.0
    }
}

/// A part, in the bucket's units: microseconds times thousandths of parts per second are billionths of a part.
const PART: i64 = 1_000_000_000;

/// A token bucket that holds a tenth of a second's parts, at least one.
#[derive(Debug)]
pub(super) struct Bucket {
    tokens: i64,
    /// `None` before the first look: the bucket is full then.
    filled_at: Option<Timestamp>,
}

impl Bucket {
    pub(super) const fn new() -> Self {
        Self { tokens: 0, filled_at: None }
    }

    /// Whole parts that may leave at `now`.
    pub(super) fn parts(&mut self, rate: Rate, now: Timestamp) -> usize {
        let capacity = Self::capacity(rate);
        self.tokens = match self.filled_at {
            None => capacity,
            // A clock that was set back gives nothing and takes nothing.
            Some(filled_at) => {
                let gained = now.since(filled_at).0.min(60_000_000).saturating_mul(rate.0);
                self.tokens.saturating_add(gained).min(capacity)
            }
        };
        self.filled_at = Some(now);
        usize::try_from(self.tokens / PART).unwrap_or(0)
    }

    pub(super) fn spend(&mut self, parts: usize) {
        self.tokens = self.tokens.saturating_sub(i64::try_from(parts).unwrap_or(i64::MAX).saturating_mul(PART));
    }

    /// Forgets what was saved up but for one part: after a pause no burst leaves.
    pub(super) const fn restart(&mut self, now: Timestamp) {
        self.tokens = PART;
        self.filled_at = Some(now);
    }

    /// When a whole part is there, if nothing leaves before.
    pub(super) fn part_at(&mut self, rate: Rate, now: Timestamp) -> Timestamp {
        if self.parts(rate, now) > 0 {
            return now;
        }
        let missing = PART - self.tokens;
        now + Span((missing + rate.0 - 1) / rate.0)
    }

    fn capacity(rate: Rate) -> i64 {
        // A tenth of a second of thousandths per second.
        (rate.0 / 10 * 1_000_000).max(PART)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000_000);

    #[test]
    fn no_rate_is_no_limit_and_divides_nothing() {
        assert_eq!(Rate::per_second(0), None);
        assert_eq!(Rate::of(0, Span::ZERO), Rate::LOWEST);
        assert_eq!(Rate::per_second(u32::MAX), Some(Rate::HIGHEST));
        assert_eq!(Rate::HIGHEST.permille(1_500), Rate::HIGHEST);
        assert_eq!(Rate::LOWEST.permille(0), Rate::LOWEST);
    }

    #[test]
    fn the_bucket_holds_a_tenth_of_a_second_and_at_least_one_part() {
        for (rate, held) in [(1, 1), (9, 1), (10, 1), (19, 1), (20, 2), (100, 10), (1_000_000, 100_000)] {
            let rate = Rate::per_second(rate).expect("not zero");
            let mut bucket = Bucket::new();
            assert_eq!(bucket.parts(rate, NOW), held);
            bucket.spend(held);
            assert_eq!(bucket.parts(rate, NOW), 0);
            assert_eq!(bucket.parts(rate, NOW + Span::hours(100)), held);
        }
    }

    #[test]
    fn a_part_is_there_when_the_bucket_says_and_not_a_microsecond_before() {
        for rate in [Rate::LOWEST, Rate(1_000), Rate(7_001), Rate(999_999)] {
            let mut bucket = Bucket::new();
            bucket.restart(NOW);
            bucket.spend(1);
            let at = bucket.part_at(rate, NOW);
            assert_eq!(bucket.parts(rate, at - Span(1)), 0, "{rate:?}");
            assert_eq!(bucket.parts(rate, at), 1, "{rate:?}");
        }
    }

    #[test]
    fn a_clock_set_back_neither_fills_nor_empties() {
        let rate = Rate(10_000);
        let mut bucket = Bucket::new();
        assert_eq!(bucket.parts(rate, NOW), 1);
        bucket.spend(1);
        assert_eq!(bucket.parts(rate, NOW - Span::hours(1)), 0);
        assert_eq!(bucket.parts(rate, NOW - Span::hours(1) + Span::millis(100)), 1);
    }
}
