//! What became of the last messages, for query_sm (SMPP 3.4 §4.8). Pure.

use std::collections::{HashMap, VecDeque};

use whimbrel_core::Timestamp;
use whimbrel_smpp::MessageState;

/// The last messages, by the id that their answer had.
#[derive(Debug, Default)]
pub struct Queries {
    known: HashMap<String, Known>,
    oldest_first: VecDeque<String>,
}

/// A message that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its last state.
    pub state: MessageState,
    /// The network's error.
    pub map_error: Option<u16>,
    /// When it came, or will come, to that state; it is underway before. Never if `None`.
    pub done: Option<Timestamp>,
}

impl Queries {
    /// Remembers a message, and no more than `messages_max` in all.
    pub fn remember(&mut self, id: String, known: Known, messages_max: usize) {
        if self.known.insert(id.clone(), known).is_none() {
            self.oldest_first.push_back(id);
        }
        while self.oldest_first.len() > messages_max {
            if let Some(oldest) = self.oldest_first.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    /// The state of a message at `now`, its error, and since when if it is final.
    pub fn state(&self, id: &[u8], now: Timestamp) -> Option<(MessageState, u16, Option<Timestamp>)> {
        let known = self.known.get(str::from_utf8(id).ok()?)?;
        Some(match known.done {
            Some(done) if done <= now => (known.state, known.map_error.unwrap_or(0), Some(done)),
            _ => (MessageState::Enroute, 0, None),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_underway_until_it_is_done_and_then_forgotten() {
        let mut queries = Queries::default();
        let known = Known { state: MessageState::Expired, map_error: Some(27), done: Some(Timestamp(5)) };
        queries.remember("a".to_owned(), known, 2);
        assert_eq!(queries.state(b"a", Timestamp(4)), Some((MessageState::Enroute, 0, None)));
        assert_eq!(queries.state(b"a", Timestamp(5)), Some((MessageState::Expired, 27, Some(Timestamp(5)))));
        assert_eq!(queries.state(b"b", Timestamp(5)), None);
        queries.remember("b".to_owned(), Known { done: None, ..known }, 2);
        queries.remember("c".to_owned(), known, 2);
        assert_eq!((queries.state(b"a", Timestamp(9)), queries.known.len()), (None, 2));
        assert_eq!(queries.state(b"b", Timestamp(9)), Some((MessageState::Enroute, 0, None)));
    }
}
