//! Who has been throttled already: suffix 06 refuses a message once and takes its second try. Pure.
//!
//! A message is known again by who sent it, where to, and what it says. It is forgotten after ten minutes, so that the same
//! text sent on another day meets the same fate, or when more than [`THROTTLED_MAX`] newer ones are remembered.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use whimbrel_core::Span;
use whimbrel_smpp::ShortMessage;
use whimbrel_smpp::session::Instant;

use crate::clock::after;

/// How many messages are remembered at most.
pub const THROTTLED_MAX: usize = 65_536;
const REMEMBERED_FOR: Span = Span::seconds(600);

/// The messages that were refused for once.
#[derive(Debug, Default)]
pub struct Throttled {
    until: HashMap<u64, Instant>,
    oldest_first: VecDeque<(u64, Instant)>,
}

impl Throttled {
    /// Whether this message is to be refused now; if so, its next try will not be.
    pub fn refuses(&mut self, system_id: &[u8], message: &ShortMessage, now: Instant) -> bool {
        while let Some(&(key, until)) = self.oldest_first.front() {
            if until > now && self.oldest_first.len() < THROTTLED_MAX {
                break;
            }
            self.oldest_first.pop_front();
            self.until.remove(&key);
        }
        let key = key(system_id, message);
        if self.until.contains_key(&key) {
            return false;
        }
        let until = after(now, REMEMBERED_FOR);
        self.until.insert(key, until);
        self.oldest_first.push_back((key, until));
        true
    }
}

fn key(system_id: &[u8], message: &ShortMessage) -> u64 {
    let mut hasher = DefaultHasher::new();
    system_id.hash(&mut hasher);
    message.destination.digits.hash(&mut hasher);
    message.data_coding.hash(&mut hasher);
    message.user_data().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(destination: &str, text: &str) -> ShortMessage {
        let mut message = ShortMessage::default();
        message.destination.digits = destination.as_bytes().to_vec();
        message.short_message = text.as_bytes().to_vec();
        message
    }

    #[test]
    fn a_message_is_refused_once_and_others_for_themselves() {
        let mut throttled = Throttled::default();
        let (a, b) = (message("447700900106", "a"), message("447700900106", "b"));
        assert!(throttled.refuses(b"one", &a, Instant(0)));
        assert!(throttled.refuses(b"one", &b, Instant(1)));
        assert!(throttled.refuses(b"two", &a, Instant(2)));
        assert!(throttled.refuses(b"one", &message("447700900206", "a"), Instant(3)));
        for now in [4, 5, 599_999_999] {
            assert!(!throttled.refuses(b"one", &a, Instant(now)));
        }
        assert!(throttled.refuses(b"one", &a, Instant(600_000_000)), "ten minutes later it is another message");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut throttled = Throttled::default();
        for index in 0..THROTTLED_MAX + 10 {
            assert!(throttled.refuses(b"one", &message("447700900106", &index.to_string()), Instant(0)));
        }
        assert_eq!(throttled.until.len(), THROTTLED_MAX);
        assert_eq!(throttled.oldest_first.len(), THROTTLED_MAX);
        assert!(throttled.refuses(b"one", &message("447700900106", "0"), Instant(0)), "the oldest was forgotten");
    }
}
