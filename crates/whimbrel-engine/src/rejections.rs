//! Refused requests on their way to the store, so that accounts can look them up.
//!
//! A refusal is no promise: it was answered before it is written here, so what waits when the process dies is lost, and so is what comes
//! faster than it may be written. That keeps refusals, which cost a caller nothing, from slowing down what is accepted: they are
//! written once a second, so many at most, and no account takes the places of the others.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use whimbrel_core::AccountId;
use whimbrel_core::call::history::RefusedSend;
use whimbrel_store::{Op, Rejection};

use crate::Engine;

/// Refusals that may wait, and so at most those written in a second.
const WAITING_MAX: usize = 1_000;
/// Refusals of one account among them.
const OF_ACCOUNT_MAX: u32 = 200;

/// Refusals that wait to be written.
#[derive(Debug, Default)]
pub(crate) struct Rejections(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    list: Vec<Rejection>,
    of_account: BTreeMap<AccountId, u32>,
}

impl Rejections {
    /// Whether there was room for it.
    fn add(&self, rejection: Rejection) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.of_account.get(&rejection.account_id).copied().unwrap_or(0);
        if waiting.list.len() >= WAITING_MAX || count >= OF_ACCOUNT_MAX {
            return false;
        }
        waiting.of_account.insert(rejection.account_id, count + 1);
        waiting.list.push(rejection);
        true
    }

    fn take(&self) -> Vec<Rejection> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.of_account.clear();
        std::mem::take(&mut waiting.list)
    }
}

impl Engine {
    /// Notes that a request of an account was refused. It can be looked up about a second later.
    pub fn note_rejection(&self, account_id: AccountId, send: RefusedSend) {
        let rejection = Rejection { id: self.world.next_id(), account_id, send };
        if !self.rejections.add(rejection) {
            metrics::counter!("whimbrel_rejections_dropped_total").increment(1);
        }
    }

    /// Writes what waits. Nobody waits for the answer: if the store has no room or has stopped, they are lost.
    pub(crate) async fn write_rejections(&self) {
        let rejections = self.rejections.take();
        if rejections.is_empty() {
            return;
        }
        let count = rejections.len() as u64;
        if self.ask(Op::Rejections(rejections), |_| {}).await.is_err() {
            metrics::counter!("whimbrel_rejections_dropped_total").increment(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use whimbrel_core::Timestamp;

    use super::*;

    fn rejection(account: i64) -> Rejection {
        let send = RefusedSend {
            sender: "Acme".into(),
            recipient: "447700900123".into(),
            at: Timestamp(0),
            code: "7".into(),
            told: "barred".into(),
        };
        Rejection { id: account, account_id: AccountId(account), send }
    }

    #[test]
    fn memory_is_bounded_and_no_account_takes_it_all() {
        let rejections = Rejections::default();
        assert_eq!((0..1_000).filter(|_| rejections.add(rejection(1))).count(), 200);
        assert!(rejections.add(rejection(2)), "another account has places of its own");
        let others = (3..10_000).filter(|account| rejections.add(rejection(*account))).count();
        assert_eq!(others, WAITING_MAX - 201);
        assert_eq!(rejections.take().len(), WAITING_MAX);
        assert!(rejections.add(rejection(1)), "what was written makes room");
        assert_eq!(rejections.take().len(), 1);
    }
}
