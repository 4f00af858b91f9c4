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
    /// Pauses double up to a ceiling and end after a time.
    Doubling {
        /// The first pause.
        first: Span,
        /// The longest pause.
        longest: Span,
        /// Counted from the first try: no try starts later.
        give_up_after: Span,
    },
    /// These pauses, and then no more.
    Steps(&'static [Span]),
}

impl Backoff {
    /// When to try again after `failures` failed tries (at least 1), the first of which was at `first_at`; `None`: give up.
    #[must_use]
    pub fn next_try(&self, failures: u32, first_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let failed_before = failures.saturating_sub(1);
        match self {
            Self::Doubling { first, longest, give_up_after } => {
                let pause = Span(first.0.saturating_mul(1 << failed_before.min(40)).min(longest.0));
                let at = now + pause;
                (at.since(first_at) <= *give_up_after).then_some(at)
            }
            Self::Steps(pauses) => pauses.get(failed_before as usize).map(|pause| now + *pause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backoff_doubles_to_its_ceiling_and_ends() {
        let backoff =
            Backoff::Doubling { first: Span::seconds(5), longest: Span::seconds(900), give_up_after: Span::hours(72) };
        let first_at = Timestamp(0);
        let mut now = first_at;
        let mut pauses = Vec::new();
        let mut failures = 1;
        while let Some(at) = backoff.next_try(failures, first_at, now) {
            pauses.push(at.since(now).0 / 1_000_000);
            now = at;
            failures += 1;
        }
        assert_eq!(&pauses[..9], [5, 10, 20, 40, 80, 160, 320, 640, 900]);
        assert!(now.since(first_at) <= Span::hours(72) && now.since(first_at) > Span::hours(71));
        assert_eq!(backoff.next_try(u32::MAX, first_at, first_at), Some(first_at + Span::seconds(900)));
    }

    #[test]
    fn steps_are_taken_one_by_one() {
        const PAUSES: [Span; 2] = [Span::seconds(60), Span::seconds(300)];
        let backoff = Backoff::Steps(&PAUSES);
        let next = |failures| backoff.next_try(failures, Timestamp(0), Timestamp(5)).map(|at| at.0 / 1_000_000);
        assert_eq!([1, 2, 3, u32::MAX].map(next), [Some(60), Some(300), None, None]);
    }
}
