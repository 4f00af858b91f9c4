//! The parts of messages that go out as one, until all of them are there. Pure.
//!
//! The engine hands over part by part. A message whose parts are all there is let out in their order. One that does not become
//! whole in time is given back, for the rest may still wait in a queue; if the same happens to it again, its other parts were
//! settled before, and what is left goes out part by part.

use std::collections::VecDeque;

use whimbrel_core::{MessageId, Submission};
use whimbrel_smpp::session::Instant;

use std::time::Duration;

/// How long the next part of a message is waited for, counted from the last one: a low rate lets them come one by one.
const WAIT: Duration = Duration::from_secs(10);
/// Messages that wait at once; beyond, the oldest is let go.
const WAITING_MAX: usize = 256;
/// Messages that did not become whole and are remembered.
const INCOMPLETE_MAX: usize = 1_024;

/// What has been waited for long enough, or is whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gathered {
    /// All parts of a message, in their order.
    Whole(Vec<Submission>),
    /// Some parts, which are to be given back.
    Incomplete(Vec<Submission>),
    /// Parts that will not become whole: each goes out alone.
    Apart(Vec<Submission>),
}

struct Waiting {
    message: MessageId,
    parts: Vec<Submission>,
    until: Instant,
}

/// See the module.
#[derive(Default)]
pub(super) struct Gather {
    /// The one that ends first leads.
    waiting: VecDeque<Waiting>,
    incomplete: VecDeque<MessageId>,
}

impl Gather {
    /// Takes a part of a message of several. Answers what is to be done with its message, or with one that it displaces.
    pub(super) fn take(&mut self, submission: Submission, now: Instant) -> Vec<Gathered> {
        let message = submission.message_id;
        let part_count = usize::from(submission.part_count);
        let mut gathered = Vec::new();
        let at = match self.waiting.iter().position(|waiting| waiting.message == message) {
            Some(at) => at,
            None => {
                if self.waiting.len() >= WAITING_MAX {
                    gathered.extend(self.let_go());
                }
                self.waiting.push_back(Waiting { message, parts: Vec::new(), until: now.after(WAIT) });
                self.waiting.len() - 1
            }
        };
        let Some(waiting) = self.waiting.get_mut(at) else { return gathered };
        match waiting.parts.binary_search_by_key(&submission.number, |part| part.number) {
            // The same part twice: the engine must not do that, and both get their event.
            Ok(_) => gathered.push(Gathered::Incomplete(vec![submission])),
            Err(place) => waiting.parts.insert(place, submission),
        }
        let Some(mut waiting) = self.waiting.remove(at) else { return gathered };
        if waiting.parts.len() >= part_count {
            self.incomplete.retain(|incomplete| *incomplete != message);
            gathered.push(Gathered::Whole(waiting.parts));
        } else {
            waiting.until = now.after(WAIT);
            self.waiting.push_back(waiting);
        }
        gathered
    }

    /// When [`expired`](Self::expired) has something.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.front().map(|waiting| waiting.until)
    }

    /// The oldest message that has waited long enough.
    pub(super) fn expired(&mut self, now: Instant) -> Option<Gathered> {
        self.waiting.front().filter(|waiting| waiting.until <= now)?;
        self.let_go()
    }

    /// Every part that waits.
    pub(super) fn drain(&mut self) -> Vec<Submission> {
        self.waiting.drain(..).flat_map(|waiting| waiting.parts).collect()
    }

    fn let_go(&mut self) -> Option<Gathered> {
        let Waiting { message, parts, .. } = self.waiting.pop_front()?;
        if let Some(at) = self.incomplete.iter().position(|incomplete| *incomplete == message) {
            self.incomplete.remove(at);
            return Some(Gathered::Apart(parts));
        }
        if self.incomplete.len() >= INCOMPLETE_MAX {
            self.incomplete.pop_front();
        }
        self.incomplete.push_back(message);
        Some(Gathered::Incomplete(parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smpp::tests::harness::parts_of;

    fn parts(first: i64) -> Vec<Submission> {
        parts_of(first, &"x".repeat(400))
    }

    fn numbers(gathered: &[Gathered]) -> Vec<String> {
        let shown = |name: &str, parts: &[Submission]| {
            format!("{name} {:?}", parts.iter().map(|part| part.part_id.0).collect::<Vec<_>>())
        };
        gathered
            .iter()
            .map(|gathered| match gathered {
                Gathered::Whole(parts) => shown("whole", parts),
                Gathered::Incomplete(parts) => shown("incomplete", parts),
                Gathered::Apart(parts) => shown("apart", parts),
            })
            .collect()
    }

    #[test]
    fn messages_mixed_with_each_other_become_whole_in_their_order() {
        let mut gather = Gather::default();
        let now = Instant(0);
        let mut all: Vec<Submission> =
            parts(1).into_iter().zip(parts(11)).flat_map(|(one, other)| [one, other]).collect();
        all.reverse();
        let gathered: Vec<Gathered> = all.into_iter().flat_map(|part| gather.take(part, now)).collect();
        assert_eq!(numbers(&gathered), ["whole [11, 12, 13]", "whole [1, 2, 3]"]);
        assert_eq!((gather.deadline(), gather.drain().len()), (None, 0));
    }

    #[test]
    fn the_first_time_it_is_given_back_and_the_second_time_sent_apart() {
        let mut gather = Gather::default();
        for wanted in ["incomplete [1, 2]", "apart [1, 2]", "incomplete [1, 2]"] {
            for part in parts(1).into_iter().take(2) {
                assert!(gather.take(part, Instant(0)).is_empty());
            }
            let deadline = gather.deadline().expect("it waits");
            assert_eq!(deadline, Instant(0).after(WAIT));
            assert_eq!(gather.expired(Instant(deadline.0 - 1)), None);
            assert_eq!(numbers(&gather.expired(deadline).into_iter().collect::<Vec<_>>()), [wanted]);
        }
    }

    #[test]
    fn the_wait_begins_anew_with_each_part() {
        let mut gather = Gather::default();
        let mut now = Instant(0);
        for part in parts(1).into_iter().take(2) {
            now = now.after(WAIT - Duration::from_secs(1));
            assert_eq!(gather.expired(now), None);
            assert!(gather.take(part, now).is_empty());
        }
        // A message that came meanwhile ends first if its parts come less late.
        assert!(gather.take(parts(11).remove(0), now.after(Duration::from_secs(1))).is_empty());
        assert_eq!(gather.deadline(), Some(now.after(WAIT)));
    }

    #[test]
    fn the_same_part_twice_gets_two_events() {
        let mut gather = Gather::default();
        let part = || parts(1).remove(0);
        assert!(gather.take(part(), Instant(0)).is_empty());
        assert_eq!(numbers(&gather.take(part(), Instant(0))), ["incomplete [1]"]);
        assert_eq!(gather.drain().len(), 1);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut gather = Gather::default();
        let mut out = 0;
        for message in 0..3_000 {
            out += gather.take(parts(message * 10).remove(0), Instant(0)).len();
        }
        assert_eq!((gather.waiting.len(), out), (WAITING_MAX, 3_000 - WAITING_MAX));
        assert!(gather.incomplete.len() <= INCOMPLETE_MAX);
    }
}
