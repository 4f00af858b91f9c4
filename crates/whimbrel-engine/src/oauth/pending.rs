//! Request tokens that are on their way to a grant: minutes old, in memory alone. After a restart a person begins again.

use std::collections::HashMap;

use whimbrel_core::{AccountId, GrantCallback, Secret, Span, Timestamp};

/// How long a request token may be granted and exchanged.
pub(super) const LIFETIME: Span = Span::seconds(600);
/// Request tokens at once, and of one consumer.
const TOKENS_MAX: usize = 10_000;
const TOKENS_OF_CONSUMER_MAX: usize = 1_000;
/// Wrong verifiers before a token is gone.
const WRONG_MAX: u8 = 5;

/// See the module.
#[derive(Default)]
pub(super) struct Pending {
    tokens: HashMap<Box<str>, Asked>,
}

/// A request token.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) consumer: Box<str>,
    pub(super) secret: Secret,
    pub(super) callback: GrantCallback,
    pub(super) ends_at: Timestamp,
    pub(super) granted: Option<(AccountId, Secret)>,
    pub(super) wrong: u8,
    /// Whether the grant is being stored.
    pub(super) is_leaving: bool,
}

impl Pending {
    /// Adds a token, unless there are too many.
    pub(super) fn add(&mut self, token: Box<str>, asked: Asked, now: Timestamp) -> Result<(), Full> {
        if self.tokens.len() >= TOKENS_MAX {
            self.tokens.retain(|_, asked| now < asked.ends_at);
        }
        let count =
            self.tokens.values().filter(|other| other.consumer == asked.consumer && now < other.ends_at).count();
        if self.tokens.len() >= TOKENS_MAX || count >= TOKENS_OF_CONSUMER_MAX {
            return Err(Full);
        }
        self.tokens.insert(token, asked);
        Ok(())
    }

    /// A token that is still good.
    pub(super) fn find(&self, token: &str, now: Timestamp) -> Option<&Asked> {
        self.tokens.get(token).filter(|asked| now < asked.ends_at)
    }

    /// Grants a token that was not granted yet.
    pub(super) fn grant(
        &mut self,
        token: &str,
        account: AccountId,
        verifier: Secret,
        now: Timestamp,
    ) -> Option<GrantCallback> {
        let asked = self.tokens.get_mut(token).filter(|asked| now < asked.ends_at && asked.granted.is_none())?;
        asked.granted = Some((account, verifier));
        Some(asked.callback.clone())
    }

    /// Lets a granted token leave by its verifier, until it is removed or given back; after too many wrong ones it is gone.
    pub(super) fn exchange(
        &mut self,
        token: &str,
        consumer: &str,
        verifier: &Secret,
        now: Timestamp,
    ) -> Option<AccountId> {
        let its = |asked: &&mut Asked| now < asked.ends_at && *asked.consumer == *consumer && !asked.is_leaving;
        let asked = self.tokens.get_mut(token).filter(its)?;
        let (account, expected) = asked.granted.as_ref()?;
        if expected == verifier {
            asked.is_leaving = true;
            return Some(*account);
        }
        asked.wrong += 1;
        if asked.wrong >= WRONG_MAX {
            self.tokens.remove(token);
        }
        None
    }

    /// Forgets a token.
    pub(super) fn remove(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    /// Makes a token good again that did not leave.
    pub(super) fn give_back(&mut self, token: &str) {
        if let Some(asked) = self.tokens.get_mut(token) {
            asked.is_leaving = false;
        }
    }
}

/// There are too many request tokens.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000_000);
    const ACCOUNT: AccountId = AccountId(5);

    fn asked(consumer: &str) -> Asked {
        Asked {
            consumer: consumer.into(),
            secret: Secret::new("s"),
            callback: GrantCallback::OutOfBand,
            ends_at: NOW + LIFETIME,
            granted: None,
            wrong: 0,
            is_leaving: false,
        }
    }

    #[test]
    fn a_token_is_granted_once_and_exchanged_once() {
        let (mut pending, right) = (Pending::default(), Secret::new("right"));
        assert_eq!(pending.add("t".into(), asked("c"), NOW), Ok(()));
        assert_eq!(pending.exchange("t", "c", &right, NOW), None, "not granted yet");
        assert!(pending.grant("t", ACCOUNT, right.clone(), NOW).is_some());
        assert!(pending.grant("t", AccountId(6), Secret::new("other"), NOW).is_none(), "granted already");
        assert_eq!(pending.exchange("t", "another", &right, NOW), None, "another consumer's");
        assert_eq!(pending.exchange("t", "c", &right, NOW), Some(ACCOUNT));
        assert_eq!(pending.exchange("t", "c", &right, NOW), None, "on its way");
        pending.give_back("t");
        assert_eq!(pending.exchange("t", "c", &right, NOW), Some(ACCOUNT), "its grant could not be stored");
        pending.remove("t");
        assert_eq!(pending.exchange("t", "c", &right, NOW), None, "exchanged already");
    }

    #[test]
    fn a_token_is_gone_after_its_time_and_after_guesses() {
        let (mut pending, right) = (Pending::default(), Secret::new("right"));
        for token in ["late", "guessed"] {
            pending.add(token.into(), asked("c"), NOW).expect("room");
            assert!(pending.grant(token, ACCOUNT, right.clone(), NOW).is_some());
        }
        assert!(pending.find("late", NOW + LIFETIME).is_none());
        assert_eq!(pending.exchange("late", "c", &right, NOW + LIFETIME), None);
        for _ in 0..WRONG_MAX {
            assert_eq!(pending.exchange("guessed", "c", &Secret::new("wrong"), NOW), None);
        }
        assert_eq!(pending.exchange("guessed", "c", &right, NOW), None);
    }

    #[test]
    fn tokens_have_a_bound_that_time_frees() {
        let mut pending = Pending::default();
        let many = |pending: &mut Pending, consumer: &str, at: Timestamp| {
            (0..=TOKENS_OF_CONSUMER_MAX)
                .take_while(|n| {
                    let asked = Asked { ends_at: at + LIFETIME, ..asked(consumer) };
                    pending.add(format!("{consumer}{n}").into(), asked, at).is_ok()
                })
                .count()
        };
        assert_eq!(many(&mut pending, "a", NOW), TOKENS_OF_CONSUMER_MAX);
        for consumer in ["b", "c", "d", "e", "f", "g", "h", "i", "j"] {
            assert_eq!(many(&mut pending, consumer, NOW), TOKENS_OF_CONSUMER_MAX);
        }
        assert_eq!(many(&mut pending, "k", NOW), 0);
        assert_eq!(many(&mut pending, "k", NOW + LIFETIME), TOKENS_OF_CONSUMER_MAX);
    }
}
