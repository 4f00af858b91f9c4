//! Who waits, and what was given to whom: places and memory, both bounded, of the operators and of each account alone.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};
use whimbrel_core::AccountId;

/// Callers that wait at once, but for those below an account's path.
pub(super) const WAITERS_MAX: usize = 512;
/// Callers that wait at once below the path of one account.
pub(super) const WAITERS_OF_ACCOUNT_MAX: usize = 16;
/// Questions of operators whose last answer is remembered.
const ASKED_MAX: usize = 10_000;
/// The same for those of one account: one that asks more at once loses its own first ones.
const ASKED_OF_ACCOUNT_MAX: usize = 200;
/// Askers that are remembered before those are dropped to whom nothing was given lately.
const SWEEP_FROM: usize = 256;

/// Who waits, and what was given to whom.
#[derive(Debug)]
pub(crate) struct Waits {
    places: Semaphore,
    of_accounts: Arc<Mutex<HashMap<AccountId, usize>>>,
    given: Mutex<Given>,
}

/// A place among those who wait below an account's path. Given back when it is dropped.
pub(super) struct OfAccount {
    of_accounts: Arc<Mutex<HashMap<AccountId, usize>>>,
    account: AccountId,
}

impl Drop for OfAccount {
    fn drop(&mut self) {
        let mut counts = self.of_accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.account);
            }
        }
    }
}

/// Whose question it is: an account's, below its path, or the operators'.
pub(super) type Asker = Option<AccountId>;

/// What was given to whom. Each asker has its own place, so that nobody's questions push out those of others; an answer that is older
/// than anything without a mark looks back to says nothing any more and is dropped.
#[derive(Default)]
struct Given {
    of_askers: HashMap<Asker, Asked>,
    sweep_at: usize,
}

/// The last text that was given to each question without a mark, of one asker. Keys hold numbers, so `Debug` leaves them out.
#[derive(Default)]
struct Asked {
    last: HashMap<String, i64>,
    oldest_first: VecDeque<String>,
}

impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given").field("askers", &self.of_askers.len()).finish_non_exhaustive()
    }
}

impl Asked {
    /// Whether nothing of it is behind `id`.
    fn is_over(&self, id: i64) -> bool {
        self.last.values().all(|last| *last <= id)
    }

    fn give(&mut self, question: &str, id: i64, asked_max: usize) {
        if let Some(last) = self.last.get_mut(question) {
            *last = id.max(*last);
            return;
        }
        if self.last.len() >= asked_max
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.last.remove(&oldest);
        }
        self.oldest_first.push_back(question.to_owned());
        self.last.insert(question.to_owned(), id);
    }
}

impl Default for Waits {
    fn default() -> Self {
        Self { places: Semaphore::new(WAITERS_MAX), of_accounts: Arc::default(), given: Mutex::default() }
    }
}

impl Waits {
    /// A place among the operators' callers.
    pub(super) fn of_operators(&self) -> Option<SemaphorePermit<'_>> {
        self.places.try_acquire().ok()
    }

    /// A place below an account's path. How many others wait is not to be seen from there, so places are counted for each account alone.
    pub(super) fn of_account(&self, account: AccountId) -> Option<OfAccount> {
        let mut counts = self.of_accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(account).or_default();
        if *count >= WAITERS_OF_ACCOUNT_MAX {
            return None;
        }
        *count += 1;
        Some(OfAccount { of_accounts: Arc::clone(&self.of_accounts), account })
    }

    /// The id of the last text that was given to that question.
    pub(super) fn last_given(&self, asker: Asker, question: &str) -> Option<i64> {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        given.of_askers.get(&asker)?.last.get(question).copied()
    }

    /// Remembers that a text was given to that question. What is not behind `looked_back_to` would be given to nobody anyway.
    pub(super) fn give(&self, asker: Asker, question: &str, id: i64, looked_back_to: i64) {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if given.of_askers.len() >= given.sweep_at.max(SWEEP_FROM) {
            given.of_askers.retain(|_, asked| !asked.is_over(looked_back_to));
            given.sweep_at = given.of_askers.len() * 2;
        }
        let asked_max = if asker.is_some() { ASKED_OF_ACCOUNT_MAX } else { ASKED_MAX };
        given.of_askers.entry(asker).or_default().give(question, id, asked_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Asker = Some(AccountId(1));
    const BOB: Asker = Some(AccountId(2));

    #[test]
    fn what_was_given_is_remembered_within_bounds() {
        let waits = Waits::default();
        for (asker, asked_max) in [(None, ASKED_MAX), (ANN, ASKED_OF_ACCOUNT_MAX)] {
            waits.give(asker, "to=1", 5, 0);
            waits.give(asker, "to=1", 3, 0);
            assert_eq!(waits.last_given(asker, "to=1"), Some(5), "an older text does not bring back a newer one");
            for question in 0..asked_max {
                waits.give(asker, &format!("to=x{question}"), 1, 0);
            }
            assert_eq!(waits.last_given(asker, "to=1"), None);
            let given = waits.given.lock().expect("no panic");
            let asked = &given.of_askers[&asker];
            assert_eq!((asked.last.len(), asked.oldest_first.len()), (asked_max, asked_max));
        }
        assert!(!format!("{waits:?}").contains("to="));
    }

    #[test]
    fn nobody_pushes_out_what_was_given_to_others() {
        let waits = Waits::default();
        waits.give(ANN, "to=1", 5, 0);
        waits.give(None, "to=1", 7, 0);
        for question in 0..2 * ASKED_MAX {
            waits.give(BOB, &format!("to=x{question}"), 6, 0);
        }
        assert_eq!((waits.last_given(ANN, "to=1"), waits.last_given(None, "to=1")), (Some(5), Some(7)));
        assert_eq!(waits.last_given(BOB, "to=1"), None);
    }

    #[test]
    fn accounts_that_asked_long_ago_are_forgotten() {
        let waits = Waits::default();
        for account in 0..10_000 {
            // Each is given a newer text than the one before, and nothing is given that is older by 100.
            waits.give(Some(AccountId(account)), "to=1", account, account - 100);
        }
        let count = waits.given.lock().expect("no panic").of_askers.len();
        assert!(count <= 2 * SWEEP_FROM, "{count}");
        assert_eq!(waits.last_given(Some(AccountId(9_950)), "to=1"), Some(9_950));
    }

    #[test]
    fn who_waits_below_one_account_takes_nobody_elses_place() {
        let waits = Waits::default();
        let mut places: Vec<_> = (0..WAITERS_OF_ACCOUNT_MAX).map(|_| waits.of_account(AccountId(1))).collect();
        assert!(places.iter().all(Option::is_some));
        assert!(waits.of_account(AccountId(1)).is_none());
        assert!(waits.of_account(AccountId(2)).is_some());
        assert_eq!(waits.places.available_permits(), WAITERS_MAX);
        places.pop();
        assert!(waits.of_account(AccountId(1)).is_some());
        drop(places);
        assert!(waits.of_accounts.lock().expect("no panic").is_empty());
    }
}
