//! Who is served and who waits. Pure.
//!
//! - An account is served as often at once as there are places left, and no more: alone it has half of them, two have a third each. So
//!   whoever comes finds a place, without anybody counting who is there.
//! - Whoever finds none waits in a line of its account, and lines take turns: a request waits for as many others as there are accounts,
//!   not for all that one account has sent before it.
//! - A line whose first has waited too long is late: of those who come then, one is refused for [`SERVED_FOR_A_REFUSAL`] who were
//!   served lately.

use std::collections::{BTreeMap, VecDeque};

use whimbrel_core::{AccountId, Span, Timestamp};

/// So many are served for each that is refused.
const SERVED_FOR_A_REFUSAL: u32 = 8;
/// Refusals that may come at once, after a time without any: few, for a burst is over before the next of them.
const REFUSALS_AT_ONCE: u32 = 8;

/// So many places are given at once to those who wait. One at a time, a processor would go from answering a request to beginning
/// another and back with each of them, and every answer would wake its client alone; in groups it stays with what it has at hand.
pub(super) const GIVEN_AT_ONCE: usize = 64;

/// Places that are taken, and lines before them. `W` is who waits.
pub(super) struct Places<W> {
    free: usize,
    taken: usize,
    /// Places that were given back since some were given to those who wait.
    given_back: usize,
    waiting_max: usize,
    waiting: usize,
    /// Who was served lately, less those for whom somebody was refused.
    served: u32,
    accounts: BTreeMap<AccountId, Share<W>>,
    /// The accounts that have a line, whose turn is next first. Invariant: each stands here once.
    turns: VecDeque<AccountId>,
}

struct Share<W> {
    taken: usize,
    /// Since when who waits.
    line: VecDeque<(Timestamp, W)>,
}

/// The line of an account is as long as it may be: who would have waited.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LineFull<W>(pub(super) W);

impl<W> Places<W> {
    /// So many places; lines of all accounts together hold `waiting_max`, and one holds half of what is left.
    pub(super) const fn new(count: usize, waiting_max: usize) -> Self {
        let served = SERVED_FOR_A_REFUSAL * REFUSALS_AT_ONCE;
        Self {
            free: count,
            taken: 0,
            given_back: 0,
            waiting_max,
            waiting: 0,
            served,
            accounts: BTreeMap::new(),
            turns: VecDeque::new(),
        }
    }

    /// Takes a place if the account may have one now. Those of its own that wait go first.
    pub(super) fn take(&mut self, account: AccountId) -> bool {
        let (taken, waits) = match self.accounts.get(&account) {
            Some(share) => (share.taken, !share.line.is_empty()),
            None => (0, false),
        };
        if waits || taken >= self.free {
            return false;
        }
        self.seat(account);
        true
    }

    /// Whether the account's line is not as long as it may be.
    pub(super) fn has_room(&self, account: AccountId) -> bool {
        let own = self.accounts.get(&account).map_or(0, |share| share.line.len());
        own < self.waiting_max.saturating_sub(self.waiting)
    }

    /// Waits behind the others of its account.
    ///
    /// # Errors
    /// [`LineFull`].
    pub(super) fn wait(&mut self, account: AccountId, waiter: W, now: Timestamp) -> Result<(), LineFull<W>> {
        if !self.has_room(account) {
            return Err(LineFull(waiter));
        }
        let share = self.share(account);
        share.line.push_back((now, waiter));
        if share.line.len() == 1 {
            self.turns.push_back(account);
        }
        self.waiting += 1;
        Ok(())
    }

    /// Gives a place of the account back. Whether those who wait are to be served now: if not, somebody is at work who will give
    /// another back, and of the account itself somebody is.
    pub(super) fn give_back(&mut self, account: AccountId) -> bool {
        self.free += 1;
        self.taken -= 1;
        self.given_back += 1;
        let mut is_stuck = false;
        if let Some(share) = self.accounts.get_mut(&account) {
            share.taken = share.taken.saturating_sub(1);
            is_stuck = share.taken == 0 && !share.line.is_empty();
        }
        self.forget_if_empty(account);
        let is_due = self.given_back >= GIVEN_AT_ONCE || self.taken == 0 || is_stuck;
        if is_due {
            self.given_back = 0;
        }
        is_due
    }

    /// Gives the next place, if there is one, to whoever's turn it is; the place is taken already. Those of whom `is_gone` says so are
    /// taken out of the lines before it.
    pub(super) fn serve(&mut self, is_gone: impl Fn(&W) -> bool) -> (Vec<W>, Option<(AccountId, W)>) {
        let mut gone = Vec::new();
        for _ in 0..self.turns.len() {
            let Some(account) = self.turns.pop_front() else { break };
            let free = self.free;
            let share = self.share(account);
            let before = share.line.len();
            while share.line.front().is_some_and(|(_, waiter)| is_gone(waiter)) {
                gone.extend(share.line.pop_front().map(|(_, waiter)| waiter));
            }
            let served = if share.taken < free { share.line.pop_front() } else { None };
            let left = share.line.len();
            self.waiting -= before - left;
            if left > 0 {
                self.turns.push_back(account);
            }
            if let Some((_, waiter)) = served {
                self.seat(account);
                return (gone, Some((account, waiter)));
            }
            self.forget_if_empty(account);
        }
        (gone, None)
    }

    /// Whether no line has anybody in it.
    pub(super) const fn nobody_waits(&self) -> bool {
        self.waiting == 0
    }

    /// Takes those out of their lines who have waited for `patience` or longer.
    pub(super) fn let_go(&mut self, now: Timestamp, patience: Span) -> Vec<W> {
        let mut gone = Vec::new();
        for share in self.accounts.values_mut() {
            while share.line.front().is_some_and(|(since, _)| now.since(*since) >= patience) {
                gone.extend(share.line.pop_front().map(|(_, waiter)| waiter));
            }
        }
        if !gone.is_empty() {
            self.waiting -= gone.len();
            self.turns.retain(|account| self.accounts.get(account).is_some_and(|share| !share.line.is_empty()));
            self.accounts.retain(|_, share| share.taken > 0 || !share.line.is_empty());
        }
        gone
    }

    /// Whether the first in the account's line has waited for `span` or longer.
    pub(super) fn is_late(&self, account: AccountId, now: Timestamp, span: Span) -> bool {
        let first = self.accounts.get(&account).and_then(|share| share.line.front());
        first.is_some_and(|(since, _)| now.since(*since) >= span)
    }

    /// Whether somebody may be refused now for a line that is late; that counts as done.
    pub(super) fn may_refuse(&mut self) -> bool {
        let left = self.served.checked_sub(SERVED_FOR_A_REFUSAL);
        self.served = left.unwrap_or(self.served);
        left.is_some()
    }

    fn seat(&mut self, account: AccountId) {
        self.free -= 1;
        self.taken += 1;
        self.served = (self.served + 1).min(SERVED_FOR_A_REFUSAL * REFUSALS_AT_ONCE);
        self.share(account).taken += 1;
    }

    fn share(&mut self, account: AccountId) -> &mut Share<W> {
        self.accounts.entry(account).or_insert(Share { taken: 0, line: VecDeque::new() })
    }

    fn forget_if_empty(&mut self, account: AccountId) {
        if self.accounts.get(&account).is_some_and(|share| share.taken == 0 && share.line.is_empty()) {
            self.accounts.remove(&account);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const HOT: AccountId = AccountId(1);
    const QUIET: AccountId = AccountId(2);

    const NOW: Timestamp = Timestamp(1_795_526_000_000_000);

    fn served<W>(places: &mut Places<W>) -> Option<(AccountId, W)> {
        places.serve(|_| false).1
    }

    #[test]
    fn one_account_has_half_of_the_places_and_others_find_one() {
        let mut places: Places<u32> = Places::new(100, 10);
        assert_eq!((0..1_000).filter(|_| places.take(HOT)).count(), 50);
        assert_eq!((0..1_000).filter(|_| places.take(QUIET)).count(), 25);
        assert!((3..9).all(|account| places.take(AccountId(account))));
    }

    #[test]
    fn so_many_are_served_for_each_that_is_refused() {
        let mut places: Places<u32> = Places::new(2, 10);
        assert_eq!((0..1_000).filter(|_| places.may_refuse()).count(), REFUSALS_AT_ONCE as usize);
        for _ in 0..SERVED_FOR_A_REFUSAL * 3 {
            assert!(places.take(HOT));
            places.give_back(HOT);
        }
        assert_eq!((0..1_000).filter(|_| places.may_refuse()).count(), 3);
    }

    #[test]
    fn those_who_wait_are_served_in_groups_and_when_nobody_is_at_work() {
        let mut places: Places<u32> = Places::new(4 * GIVEN_AT_ONCE, 10);
        let taken = GIVEN_AT_ONCE + 2;
        assert!((0..taken).all(|_| places.take(HOT)));
        let due: Vec<usize> = (1..=taken).filter(|_| places.give_back(HOT)).collect();
        assert_eq!(due, [GIVEN_AT_ONCE, taken]);
    }

    #[test]
    fn an_account_of_which_nobody_is_at_work_does_not_wait_for_others() {
        let mut places: Places<u32> = Places::new(4, 10);
        assert!(places.take(HOT) && places.take(QUIET));
        assert!(places.take(HOT) && !places.take(QUIET));
        places.wait(QUIET, 7, NOW).expect("room");
        assert!(places.give_back(QUIET), "those of the other may take long");
        assert_eq!(served(&mut places), Some((QUIET, 7)));
    }

    #[test]
    fn whoever_waits_is_served_in_turns_of_accounts() {
        let mut places = Places::new(2, 100);
        assert!(places.take(HOT) && !places.take(HOT), "half of two");
        for waiter in 0..3 {
            places.wait(HOT, waiter, NOW).expect("room");
        }
        assert!(places.take(QUIET), "the other half");
        places.wait(QUIET, 9, NOW).expect("room");
        assert_eq!(served(&mut places), None);
        places.give_back(HOT);
        assert_eq!(served(&mut places), Some((HOT, 0)));
        assert_eq!(served(&mut places), None);
        places.give_back(QUIET);
        assert_eq!(served(&mut places), Some((QUIET, 9)));
        places.give_back(HOT);
        assert!(!places.take(HOT), "not before those who wait");
        assert_eq!(served(&mut places), Some((HOT, 1)));
        places.give_back(QUIET);
        places.give_back(HOT);
        assert_eq!(served(&mut places), Some((HOT, 2)));
        places.give_back(HOT);
        assert!(places.accounts.is_empty() && places.turns.is_empty());
        assert_eq!((places.free, places.waiting), (2, 0));
    }

    #[test]
    fn a_line_is_late_once_its_first_has_waited_too_long() {
        let (mut places, span) = (Places::new(2, 100), Span::millis(30));
        assert!(places.take(HOT));
        assert!(!places.is_late(HOT, NOW + span, span), "nobody waits");
        places.wait(HOT, 1, NOW).expect("room");
        places.wait(HOT, 2, NOW + span).expect("room");
        assert!(!places.is_late(HOT, NOW + span - Span(1), span));
        assert!(places.is_late(HOT, NOW + span, span) && !places.is_late(QUIET, NOW + span, span));
        places.give_back(HOT);
        assert_eq!(served(&mut places), Some((HOT, 1)));
        assert!(!places.is_late(HOT, NOW + span, span), "the second came just now");
    }

    #[test]
    fn whoever_is_gone_costs_no_place() {
        let mut places = Places::new(2, 100);
        assert!(places.take(HOT));
        for waiter in 0..10 {
            places.wait(HOT, waiter, NOW).expect("room");
        }
        places.give_back(HOT);
        assert_eq!(places.serve(|waiter| *waiter < 9), ((0..9).collect(), Some((HOT, 9))));
        assert_eq!((places.free, places.waiting), (1, 0));
    }

    #[test]
    fn a_line_is_bounded_and_leaves_room_for_others() {
        let mut places = Places::new(0, 100);
        let hot = (0..1_000).filter(|waiter| places.wait(HOT, *waiter, NOW).is_ok()).count();
        assert_eq!(hot, 50);
        assert_eq!(places.wait(QUIET, 0, NOW), Ok(()));
    }

    proptest! {
        /// Whatever comes and goes: no place is lost or given twice, and nobody waits while there is a place for it.
        #[test]
        fn places_are_neither_lost_nor_made(steps in prop::collection::vec((0u8..4, 0i64..4), 0..200)) {
            const COUNT: usize = 5;
            let mut places = Places::new(COUNT, 20);
            let mut seated: Vec<i64> = Vec::new();
            let mut waiting = 0;
            for (at, (step, account)) in (0_i64..).zip(steps) {
                let id = AccountId(account);
                match step {
                    0 if places.take(id) => seated.push(account),
                    0 => {}
                    1 => waiting += usize::from(places.wait(id, account, NOW + Span(at)).is_ok()),
                    2 => {
                        // Whoever came in the last ten steps stays.
                        waiting -= places.let_go(NOW + Span(at), Span(10)).len();
                        let mut left = places.accounts.values().filter_map(|share| share.line.front());
                        prop_assert!(left.all(|(since, _)| *since > NOW + Span(at - 10)));
                    }
                    _ => if let Some(place) = seated.iter().position(|of| *of == account) {
                        seated.swap_remove(place);
                        places.give_back(id);
                    },
                }
                while let Some((id, waiter)) = served(&mut places) {
                    prop_assert_eq!(id.0, waiter);
                    seated.push(waiter);
                    waiting -= 1;
                }
                prop_assert_eq!(places.free + seated.len(), COUNT);
                prop_assert_eq!((places.waiting, places.nobody_waits()), (waiting, waiting == 0));
                let lines = places.accounts.iter().filter(|(_, share)| !share.line.is_empty()).map(|(id, _)| *id);
                let turns: BTreeSet<AccountId> = places.turns.iter().copied().collect();
                prop_assert_eq!(turns.len(), places.turns.len(), "each stands there once");
                prop_assert_eq!(turns, lines.collect::<BTreeSet<_>>());
                for (account, share) in &places.accounts {
                    prop_assert_eq!(share.taken, seated.iter().filter(|of| **of == account.0).count());
                    prop_assert!(share.line.is_empty() || share.taken >= places.free);
                }
            }
        }
    }
}
