//! What accounts sent to their recipients just now, so that the same is not sent again at once. Kept by digests; pure, and bounded by what
//! was sent within the longest pause that an account may ask for. Not kept over a restart.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use whimbrel_core::{AccountId, Content, Plan, Span, Timestamp};

/// Entries looked after before those that say nothing any more are dropped.
const SWEEP_FROM: usize = 4_096;

/// What goes to whom, and when if that is not now: what is the same again is sent twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sending([u8; 32]);

impl Sending {
    /// Of a message that was decided.
    pub fn of(plan: &Plan) -> Self {
        let mut digest = Sha256::new();
        let AccountId(account) = plan.account_id;
        digest.update(account.to_be_bytes());
        // A text for another time is another text: a reminder, for instance.
        let due_at = if plan.due_at > plan.accepted_at { plan.due_at.0 } else { 0 };
        digest.update(due_at.to_be_bytes());
        let mut field = |octets: &[u8]| {
            digest.update((octets.len() as u64).to_be_bytes());
            digest.update(octets);
        };
        field(plan.recipient.digits().as_bytes());
        match &plan.content {
            Content::Text { text, .. } => field(text.expose().as_bytes()),
            Content::Binary(binary) => {
                field(binary.header.expose());
                field(binary.body.expose());
            }
        }
        Self(digest.finalize().into())
    }
}

/// When it was sent, and until when it is remembered.
#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Timestamp,
    until: Timestamp,
}

/// What was sent just now.
#[derive(Debug, Default)]
pub struct Repeats {
    sent: HashMap<Sending, Sent>,
    sweep_at: usize,
}

impl Repeats {
    /// Remembers what is sent.
    ///
    /// # Errors
    /// How long to wait, if the same was sent less than `pause_min` ago; it is not remembered then.
    pub fn take(&mut self, sending: Sending, pause_min: Span, now: Timestamp) -> Result<(), Span> {
        if self.sent.len() >= self.sweep_at.max(SWEEP_FROM) {
            self.sent.retain(|_, sent| sent.at <= now && now < sent.until);
            self.sweep_at = self.sent.len() * 2;
        }
        if let Some(sent) = self.sent.get(&sending) {
            let wait = Span(pause_min.0 - now.since(sent.at).0);
            // A clock that was set back locks nobody out.
            if sent.at <= now && wait > Span::ZERO {
                return Err(wait);
            }
        }
        self.sent.insert(sending, Sent { at: now, until: now + pause_min });
        Ok(())
    }

    /// What was remembered at `at` was not sent after all.
    pub fn give_back(&mut self, sending: &Sending, at: Timestamp) {
        if self.sent.get(sending).is_some_and(|sent| sent.at == at) {
            self.sent.remove(sending);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Span = Span::seconds(180);

    fn at(seconds: i64) -> Timestamp {
        Timestamp(1_795_526_000_000_000) + Span::seconds(seconds)
    }

    fn numbered(number: u64) -> Sending {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_be_bytes());
        Sending(digest)
    }

    #[test]
    fn the_same_waits_for_its_pause_and_what_was_not_sent_does_not_count() {
        let mut repeats = Repeats::default();
        let mut take = |number, seconds| repeats.take(numbered(number), PAUSE, at(seconds));
        assert_eq!(take(1, 0), Ok(()));
        assert_eq!(take(1, 10), Err(Span::seconds(170)));
        assert_eq!(take(2, 10), Ok(()));
        assert_eq!(take(1, 180), Ok(()), "what was refused does not count");
        assert_eq!(take(1, 181), Err(Span::seconds(179)));
        assert_eq!(take(1, -50), Ok(()), "a clock that was set back");
        repeats.give_back(&numbered(1), at(0));
        assert!(repeats.take(numbered(1), PAUSE, at(-49)).is_err(), "another time's is not taken back");
        repeats.give_back(&numbered(1), at(-50));
        assert_eq!(repeats.take(numbered(1), PAUSE, at(-49)), Ok(()));
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let mut repeats = Repeats::default();
        for number in 0..100_000 {
            let second = i64::try_from(number).expect("small");
            assert_eq!(repeats.take(numbered(number), PAUSE, at(second)), Ok(()));
        }
        assert!(repeats.sent.len() <= SWEEP_FROM, "{}", repeats.sent.len());
    }
}
