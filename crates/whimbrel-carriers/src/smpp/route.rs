//! Which connection a submission goes to. Pure.
//!
//! The one with the fewest submissions open. All parts of a message go to the same one, as long as its link lasts, so that
//! they leave in order.

use std::collections::{HashMap, VecDeque};

use whimbrel_core::{MessageId, Submission};

/// Messages whose connection is remembered; beyond, the oldest are forgotten.
const PINS_MAX: usize = 4_096;

/// A connection that may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Load {
    /// The link that takes submissions; 0 for none.
    pub(super) link: u32,
    /// Submissions open on it.
    pub(super) outstanding: u32,
}

#[derive(Clone, Copy)]
struct Pin {
    at: usize,
    link: u32,
}

/// Remembers where the parts of a message go.
#[derive(Default)]
pub(super) struct Router {
    pins: HashMap<MessageId, Pin>,
    /// Oldest first.
    order: VecDeque<MessageId>,
    /// Where the search begins, so that equals take turns.
    turn: usize,
}

impl Router {
    /// The place in `loads` to hand it to; `None` if there is none. One without a link is chosen only if no other is there: it
    /// gives the submission back.
    pub(super) fn choose(&mut self, submission: &Submission, loads: &[Load]) -> Option<usize> {
        if submission.part_count <= 1 {
            return self.least(loads);
        }
        let message = submission.message_id;
        let pinned = self.pins.get(&message).copied();
        let held = pinned.filter(|pin| pin.link != 0 && loads.get(pin.at).is_some_and(|load| load.link == pin.link));
        let pin = match held {
            Some(pin) => pin,
            None => {
                let at = self.least(loads)?;
                Pin { at, link: loads.get(at)?.link }
            }
        };
        // Parts may come again, so a message is remembered until others take its place.
        if self.pins.insert(message, pin).is_none() {
            self.order.push_back(message);
            self.forget();
        }
        Some(pin.at)
    }

    fn least(&mut self, loads: &[Load]) -> Option<usize> {
        let count = loads.len();
        self.turn = (self.turn + 1) % count.max(1);
        (0..count)
            .map(|step| (self.turn + step) % count)
            .min_by_key(|at| loads.get(*at).map(|load| (load.link == 0, load.outstanding)))
    }

    fn forget(&mut self) {
        while self.order.len() > PINS_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.pins.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smpp::tests::harness::{parts_of, submission};

    fn loads(all: &[(u32, u32)]) -> Vec<Load> {
        all.iter().map(|(link, outstanding)| Load { link: *link, outstanding: *outstanding }).collect()
    }

    #[test]
    fn the_least_loaded_link_is_chosen_and_equals_take_turns() {
        let mut router = Router::default();
        assert_eq!(router.choose(&submission(1), &loads(&[(1, 5), (2, 3), (3, 4)])), Some(1));
        assert_eq!(router.choose(&submission(1), &loads(&[(0, 0), (2, 9)])), Some(1), "one without a link is the last");
        assert_eq!(router.choose(&submission(1), &loads(&[(0, 0)])), Some(0), "which gives it back");
        assert_eq!(router.choose(&submission(1), &[]), None);
        let equal = loads(&[(1, 0), (2, 0), (3, 0)]);
        let mut chosen: Vec<_> = (0..3).filter_map(|_| router.choose(&submission(1), &equal)).collect();
        chosen.sort_unstable();
        assert_eq!(chosen, [0, 1, 2]);
    }

    #[test]
    fn parts_stay_together_while_their_link_lasts() {
        let mut router = Router::default();
        let parts = parts_of(1, &"x".repeat(400));
        let first = router.choose(&parts[0], &loads(&[(1, 9), (2, 0)]));
        assert_eq!(first, Some(1));
        assert_eq!(router.choose(&parts[1], &loads(&[(1, 0), (2, 9)])), Some(1), "however loaded it is");
        assert_eq!(router.choose(&parts[2], &loads(&[(1, 0), (3, 9)])), Some(0), "its link is another one");
        assert_eq!(router.choose(&parts[0], &loads(&[(1, 9), (3, 0)])), Some(0), "also one that comes again");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut router = Router::default();
        for message in 0..2 * PINS_MAX {
            let part = parts_of(i64::try_from(message).expect("small"), &"x".repeat(200)).remove(0);
            assert!(router.choose(&part, &loads(&[(1, 0)])).is_some());
        }
        assert!(router.pins.len() <= PINS_MAX && router.order.len() <= PINS_MAX);
    }
}
