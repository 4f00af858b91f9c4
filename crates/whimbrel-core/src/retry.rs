//! When to try again: fixed schedules, counted from what the store remembers, so that they survive restarts.

use crate::time::{Span, Timestamp};

/// The pause before the next try of a part that the carrier refused for now, after `failures` such refusals; `None` when it
/// has had its three more tries. (ESME_RSYSERR and its like: 10, 30 and 90 seconds.)
#[must_use]
pub fn after_temporary_refusal(failures: u8) -> Option<Span> {
    [10, 30, 90].get(usize::from(failures)).copied().map(Span::seconds)
}

/// A schedule that doubles up to a ceiling and ends after a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first pause.
    pub first: Span,
    /// The longest pause.
    pub longest: Span,
    /// Counted from the first try: no try starts later.
    pub give_up_after: Span,
}

impl Backoff {
    /// When to try again after `failures` failed tries (at least 1), the first of which was at `first_at`; `None`: give up.
    #[must_use]
    pub fn next_try(&self, failures: u32, first_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let doublings = failures.saturating_sub(1).min(40);
        let pause = Span(self.first.0.saturating_mul(1 << doublings).min(self.longest.0));
        let at = now + pause;
        (at.since(first_at) <= self.give_up_after).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backoff_doubles_to_its_ceiling_and_ends() {
        let backoff = Backoff { first: Span::seconds(5), longest: Span::seconds(900), give_up_after: Span::hours(72) };
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
}
