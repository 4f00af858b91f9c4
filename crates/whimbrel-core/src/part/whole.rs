//! What a message has come to as a whole, for customers who are told of messages and not of parts.

use super::{Final, PartState, ReceiptStatus};

/// What a message has come to. It only moves forward, since its parts do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// A part is not yet with the carrier.
    Open,
    /// Every part is with the carrier or has arrived.
    Submitted,
    /// Every part has arrived, or one never will: that is how the whole ends.
    Ended(Final),
}

impl Whole {
    /// What all parts together have come to; of several that failed the first counts.
    #[must_use]
    pub fn of(parts: impl IntoIterator<Item = PartState>) -> Self {
        let mut whole = None;
        for state in parts {
            let this = match state {
                PartState::Final(end) if end.status != ReceiptStatus::Delivered => return Self::Ended(end),
                PartState::Final(end) => Self::Ended(end),
                PartState::Submitted { .. } => Self::Submitted,
                PartState::Queued { .. } | PartState::Submitting { .. } | PartState::Uncertain { .. } => Self::Open,
            };
            whole = Some(match (whole, this) {
                (None, this) => this,
                (Some(Self::Open), _) | (_, Self::Open) => Self::Open,
                (Some(Self::Submitted), _) | (_, Self::Submitted) => Self::Submitted,
                (Some(ended), Self::Ended(_)) => ended,
            });
        }
        whole.unwrap_or(Self::Open)
    }

    /// What there is to tell when a message comes from `self` to `next`: each step once, and after the end nothing.
    #[must_use]
    pub const fn told(self, next: Self) -> Option<Final> {
        match (self, next) {
            (Self::Open, Self::Submitted) => Some(Final { status: ReceiptStatus::Accepted, cause: super::Cause::None }),
            (Self::Open | Self::Submitted, Self::Ended(end)) => Some(end),
            (Self::Ended(_), _) | (_, Self::Open) | (Self::Submitted, Self::Submitted) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::part::Cause;
    use crate::time::Timestamp;

    const AT: Timestamp = Timestamp(0);
    const QUEUED: PartState = PartState::Queued { due_at: AT };
    const SUBMITTED: PartState = PartState::Submitted { at: AT };

    const fn ended(status: ReceiptStatus) -> PartState {
        PartState::Final(Final { status, cause: Cause::None })
    }

    const DELIVERED: PartState = ended(ReceiptStatus::Delivered);
    const FAILED: PartState = ended(ReceiptStatus::Failed);
    const EXPIRED: PartState = ended(ReceiptStatus::Expired);

    fn end(state: PartState) -> Whole {
        match state {
            PartState::Final(end) => Whole::Ended(end),
            _ => panic!("not ended"),
        }
    }

    #[test]
    fn a_message_is_as_far_as_its_slowest_part_and_fails_with_the_first() {
        let uncertain = PartState::Uncertain { resolve_at: AT };
        assert_eq!(Whole::of([QUEUED]), Whole::Open);
        assert_eq!(Whole::of([SUBMITTED, uncertain]), Whole::Open);
        assert_eq!(Whole::of([SUBMITTED, DELIVERED]), Whole::Submitted);
        assert_eq!(Whole::of([DELIVERED, DELIVERED]), end(DELIVERED));
        assert_eq!(Whole::of([QUEUED, FAILED, EXPIRED]), end(FAILED));
        assert_eq!(Whole::of([]), Whole::Open);
    }

    proptest! {
        /// Parts only move forward; whatever their order, a message is told of its submission at most once, then of one end.
        #[test]
        fn every_message_has_one_end(
            steps in prop::collection::vec((0..4_usize, 0..4_usize), 0..40),
            count in 1..5_usize,
        ) {
            let mut parts = vec![QUEUED; count];
            let mut told = Vec::new();
            for (part, to) in steps {
                let part = part % count;
                let before = Whole::of(parts.clone());
                parts[part] = match (parts[part], to) {
                    (QUEUED, 0) => SUBMITTED,
                    (PartState::Final(end), _) => PartState::Final(end),
                    (_, 1) => DELIVERED,
                    (_, 2) => FAILED,
                    (_, 3) => EXPIRED,
                    (state, _) => state,
                };
                told.extend(before.told(Whole::of(parts.clone())));
            }
            let ends = told.iter().filter(|told| told.status.is_final()).count();
            let all_ended = parts.iter().all(|state| matches!(state, PartState::Final(_)));
            prop_assert!(ends <= 1 && told.len() <= 2);
            prop_assert!(!all_ended || ends == 1, "{:?}: {:?}", parts, told);
            prop_assert!(told.last().is_none_or(|last| last.status.is_final() || told.len() == 1));
        }
    }
}
