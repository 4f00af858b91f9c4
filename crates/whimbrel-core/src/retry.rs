//! When to try again: fixed schedules, counted from what the store remembers, so that they survive restarts.

use crate::time::{Span, Timestamp};

/// The pause before the next try of a part that the carrier refused for now, after `failures` such refusals; `None` when it
/// has had its three more tries. (ESME_RSYSERR and its like: 10, 30 and 90 seconds.)
#[must_use]
pub fn after_temporary_refusal(failures: u8) -> Option<Span> {
    [10, 30, 90].get(usize::from(failures)).copied().map(Span::seconds)
}

/// A schedule of tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backoff {
    /// Doubles up to a ceiling and ends after a time.
    Doubling {
        /// The first pause.
        first: Span,
        /// The longest pause.
        longest: Span,
        /// Counted from the first try: no try starts later.
        give_up_after: Span,
    },
    /// Fixed pauses, each up to a tenth longer by chance, so that what failed together is not tried again together.
    Steps(&'static [Span]),
}

impl Backoff {
    /// When to try again after `failures` failed tries (at least 1), the first of which was at `first_at`; `None`: give up. `chance`
    /// is any number.
    #[must_use]
    pub fn next_try(&self, failures: u32, first_at: Timestamp, now: Timestamp, chance: u64) -> Option<Timestamp> {
        let before = failures.saturating_sub(1);
        match *self {
            Self::Doubling { first, longest, give_up_after } => {
                let pause = Span(first.0.saturating_mul(1 << before.min(40)).min(longest.0));
                let at = now + pause;
                (at.since(first_at) <= give_up_after).then_some(at)
            }
            Self::Steps(pauses) => {
                let pause = pauses.get(usize::try_from(before).ok()?)?.0;
                // Of 1,024 values, each as likely.
                let part = i64::try_from(chance % 1_024).unwrap_or(0);
                Some(now + Span(pause.saturating_add(pause / 10 / 1_024 * part)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_taken_in_turn_a_little_late_and_end() {
        const PAUSES: &[Span] = &[Span::seconds(10), Span::seconds(60)];
        let backoff = Backoff::Steps(PAUSES);
        for chance in [0, 1, 511, 1_023, u64::MAX] {
            for (failures, pause) in (1..).zip(PAUSES) {
                let at = backoff.next_try(failures, Timestamp(0), Timestamp(5), chance).expect("another try");
                let late = at.0 - 5 - pause.0;
                assert!((0..=pause.0 / 10).contains(&late), "{late}");
            }
            assert_eq!(backoff.next_try(3, Timestamp(0), Timestamp(0), chance), None);
        }
    }

    #[test]
    fn a_backoff_doubles_to_its_ceiling_and_ends() {
        let backoff =
            Backoff::Doubling { first: Span::seconds(5), longest: Span::seconds(900), give_up_after: Span::hours(72) };
        let first_at = Timestamp(0);
        let mut now = first_at;
        let mut pauses = Vec::new();
        let mut failures = 1;
        while let Some(at) = backoff.next_try(failures, first_at, now, 7) {
            pauses.push(at.since(now).0 / 1_000_000);
            now = at;
            failures += 1;
        }
        assert_eq!(&pauses[..9], [5, 10, 20, 40, 80, 160, 320, 640, 900]);
        assert!(now.since(first_at) <= Span::hours(72) && now.since(first_at) > Span::hours(71));
        assert_eq!(backoff.next_try(u32::MAX, first_at, first_at, 7), Some(first_at + Span::seconds(900)));
    }
}
