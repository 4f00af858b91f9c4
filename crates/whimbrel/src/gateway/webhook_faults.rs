//! Faults of webhooks' answers on order, for those who test that their receiver copes with being told again: an answer is lost, is a 500,
//! or comes late. In development only.
//!
//! The receiver is called all the same: what it did with the webhook it did, and hears of it once more. Which call meets which fault is
//! decided by a seed, so that the same seed tells the same story to whoever makes the same calls.

use std::sync::{Mutex, PoisonError};

use whimbrel_core::Span;

/// What is ordered, in percent of all calls; together at most 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WebhookFaults {
    /// So many answers are lost.
    pub lost: u32,
    /// So many are a 500, whatever the receiver said.
    pub failed: u32,
    /// So many come late.
    pub delayed: u32,
    /// By so much.
    pub delay: Span,
    /// Decides which ones.
    pub seed: u64,
}

/// What one call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meets {
    Nothing,
    Lost,
    Failed,
    Delayed(Span),
}

/// The switch.
#[derive(Debug, Default)]
pub struct WebhookChaos(Mutex<Ordered>);

#[derive(Debug, Default)]
struct Ordered {
    faults: WebhookFaults,
    state: u64,
}

impl WebhookChaos {
    /// Orders other faults than before; the seed begins anew.
    pub fn order(&self, faults: WebhookFaults) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Ordered { faults, state: faults.seed };
    }

    /// What is ordered.
    #[must_use]
    pub fn ordered(&self) -> WebhookFaults {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).faults
    }

    /// What the next call meets.
    pub(super) fn next(&self) -> Meets {
        let mut ordered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let WebhookFaults { lost, failed, delayed, delay, .. } = ordered.faults;
        if lost + failed + delayed == 0 {
            return Meets::Nothing;
        }
        let drawn = u32::try_from(drawn(&mut ordered.state) % 100).unwrap_or_default();
        match drawn {
            drawn if drawn < lost => Meets::Lost,
            drawn if drawn < lost + failed => Meets::Failed,
            drawn if drawn < lost + failed + delayed => Meets::Delayed(delay),
            _ => Meets::Nothing,
        }
    }
}

/// The next number of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
const fn drawn(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(chaos: &WebhookChaos) -> Vec<Meets> {
        (0..1_000).map(|_| chaos.next()).collect()
    }

    #[test]
    fn a_seed_tells_one_story_with_about_as_many_faults_as_were_ordered() {
        let chaos = WebhookChaos::default();
        assert!(met(&chaos).iter().all(|met| *met == Meets::Nothing));
        let faults = WebhookFaults { lost: 20, failed: 10, delayed: 5, delay: Span::seconds(2), seed: 7 };
        chaos.order(faults);
        let story = met(&chaos);
        chaos.order(faults);
        assert_eq!(met(&chaos), story);
        chaos.order(WebhookFaults { seed: 8, ..faults });
        assert_ne!(met(&chaos), story);
        let count = |wanted| story.iter().filter(|met| **met == wanted).count();
        assert!((150..250).contains(&count(Meets::Lost)), "{}", count(Meets::Lost));
        assert!((60..140).contains(&count(Meets::Failed)), "{}", count(Meets::Failed));
        assert!((25..85).contains(&count(Meets::Delayed(Span::seconds(2)))));
        chaos.order(WebhookFaults { lost: 100, ..WebhookFaults::default() });
        assert!(met(&chaos).iter().all(|met| *met == Meets::Lost));
    }
}
