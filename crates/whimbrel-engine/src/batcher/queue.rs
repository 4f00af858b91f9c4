//! What waits for the writer: what ends other work first, then new work, one account after the other.
//!
//! Pure, but for what is decided of a group when it is taken. Two rules keep overload from being absorbed, and one account from being everybody's:
//!
//! - An account may have as much waiting as there is room left, and no more. Alone it fills half of the room; two fill a third each;
//!   so whoever comes finds room, without anybody counting who is there. Nothing new is taken behind a request of the same account
//!   that has waited for [`AGE_MAX`]: it would be late.
//! - Batches take new work in turns, one group of each account. A request waits for as many others as there are accounts, not for all
//!   that one account has sent before it.
//!
//! And one keeps windows: nothing is committed before what ends other work and was handed over earlier. A carrier's answer frees its place
//! when it is handed over, and the claim of a part that waited for it is handed over after it.
//!
//! A text that finds no place needs a claim of its own later, and could have a place soon. So once one has found the window full, a batch that
//! has enough takes no more of anybody's. Those who are left go with the batches that follow at once, after the answers that came meanwhile.

use std::collections::{BTreeMap, VecDeque};

use whimbrel_core::saboteur::{Saboteur, acts};
use whimbrel_core::{AccountId, Span, Timestamp};
use whimbrel_store::Op;

use super::{Continuation, Decision, Kind, Windows};

/// New operations in one commit, at most: one flush for so many costs each of them little, and the next turn is soon.
const NEW_OPS_MAX: usize = 512;
/// The same of what ends other work. A group is never split over two commits, so one may be longer.
const SETTLING_OPS_MAX: usize = 4_096;
/// How long a request may have waited before others of its account are refused.
pub(super) const AGE_MAX: Span = Span::seconds(1);

/// Operations that are committed together, and what follows.
pub(super) struct Group {
    pub(super) ops: Vec<Op>,
    /// What is decided when they are taken.
    pub(super) decide: Option<Decision>,
    pub(super) then: Continuation,
    pub(super) kind: Kind,
}

/// New operations that may wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// As many as the writer gets done soon.
    pub(super) paced: usize,
    /// However fast it is.
    pub(super) most: usize,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    /// The operator's, and whatever is no message.
    Ours,
    Account(AccountId),
}

#[derive(Default)]
struct Waits {
    groups: VecDeque<New>,
    op_count: usize,
}

struct New {
    came_at: Timestamp,
    number: u64,
    group: Group,
}

/// See the module.
#[derive(Default)]
pub(super) struct Queue {
    /// Groups are numbered upwards as they come; those that are put back have the number 0.
    number: u64,
    settling: VecDeque<(u64, Group)>,
    lanes: BTreeMap<Lane, Waits>,
    /// The lanes that hold something, whose turn is next first. Invariant: each stands here once.
    turns: VecDeque<Lane>,
    new_op_count: usize,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.settling.is_empty() && self.turns.is_empty()
    }

    /// Whether new work waits.
    pub(super) fn has_new(&self) -> bool {
        !self.turns.is_empty()
    }

    /// Whether there is room for new work, of which `op_count_max` operations may wait.
    pub(super) fn admits(&self, ops: &[Op], bounds: Bounds, now: Timestamp) -> bool {
        let room = bounds.paced.saturating_sub(self.new_op_count);
        let lane = lane(ops);
        let (own, oldest) = match self.lanes.get(&lane) {
            Some(waits) => (waits.op_count, waits.groups.front().map(|new| new.came_at)),
            None => (0, None),
        };
        match lane {
            Lane::Ours => ops.len() <= room,
            // One request may be of many messages: the first of an account is not refused for its length, nor for that of another's.
            Lane::Account(_) if own == 0 => self.new_op_count < bounds.most,
            Lane::Account(_) => own + ops.len() <= room && oldest.is_none_or(|at| now.since(at) < AGE_MAX),
        }
    }

    pub(super) fn push(&mut self, group: Group, now: Timestamp) {
        self.number += 1;
        let number = self.number;
        if group.kind == Kind::Settling {
            return self.settling.push_back((number, group));
        }
        let lane = lane(&group.ops);
        self.new_op_count += group.ops.len();
        let waits = self.lanes.entry(lane).or_default();
        waits.op_count += group.ops.len();
        waits.groups.push_back(New { came_at: now, number, group });
        if waits.groups.len() == 1 {
            self.turns.push_back(lane);
        }
    }

    /// What is committed next, after what is decided of it at `now`. Once a group has found a window full, no more than `enough` new operations are taken.
    pub(super) fn take(&mut self, enough: usize, now: Timestamp) -> Vec<Group> {
        let mut taken = Vec::new();
        let mut count = 0;
        let is_overtaken = self.has_new() && acts(Saboteur::AnswerOvertaken);
        while let Some((_, group)) = self.settling.front().filter(|_| !is_overtaken) {
            if count > 0 && count + group.ops.len() > SETTLING_OPS_MAX {
                break;
            }
            count += group.ops.len();
            taken.extend(self.settling.pop_front().map(|(_, group)| group));
        }
        let next = self.settling.front().filter(|_| !is_overtaken);
        // An answer that is left in the queue has freed its place already: nobody takes it before that is committed.
        let gives_places = next.is_none();
        let before = next.map_or(u64::MAX, |(number, _)| *number);
        let (mut new, mut new_max, mut later) = (0, NEW_OPS_MAX, VecDeque::new());
        while new < new_max
            && let Some(mut group) = self.next_new(before, &mut later)
        {
            new += group.ops.len().max(1);
            if gives_places && group.decide.take().is_some_and(|decide| decide(&mut group.ops, now) == Windows::Full) {
                new_max = new_max.min(enough);
            }
            taken.push(group);
        }
        // Theirs is the next turn.
        later.append(&mut self.turns);
        self.turns = later;
        taken
    }

    /// The next group of new work that came before the one of that number. Lanes that have none go to `later`, in their order.
    fn next_new(&mut self, before: u64, later: &mut VecDeque<Lane>) -> Option<Group> {
        let lane = loop {
            let lane = self.turns.pop_front()?;
            let next = self.lanes.get(&lane).and_then(|waits| waits.groups.front());
            match next.is_some_and(|new| new.number < before) {
                true => break lane,
                false => later.push_back(lane),
            }
        };
        let waits = self.lanes.get_mut(&lane)?;
        let New { group, .. } = waits.groups.pop_front()?;
        waits.op_count -= group.ops.len();
        self.new_op_count -= group.ops.len();
        if waits.groups.is_empty() {
            self.lanes.remove(&lane);
        } else {
            self.turns.push_back(lane);
        }
        Some(group)
    }

    /// Puts groups that were not committed back before all others of their kind, in their order. New ones are answered instead.
    pub(super) fn put_back(&mut self, groups: Vec<Group>) -> Vec<Group> {
        let (settling, new): (Vec<Group>, Vec<Group>) =
            groups.into_iter().partition(|group| group.kind == Kind::Settling);
        for group in settling.into_iter().rev() {
            self.settling.push_front((0, group));
        }
        new
    }

    /// All new work.
    pub(super) fn take_new(&mut self) -> Vec<Group> {
        std::iter::from_fn(|| self.next_new(u64::MAX, &mut VecDeque::new())).collect()
    }

    /// Everything.
    pub(super) fn take_all(&mut self) -> Vec<Group> {
        let mut all: Vec<Group> = std::mem::take(&mut self.settling).into_iter().map(|(_, group)| group).collect();
        all.extend(self.take_new());
        all
    }
}

fn lane(ops: &[Op]) -> Lane {
    match ops.first() {
        Some(Op::Accept(accept)) => Lane::Account(accept.plan.account_id),
        Some(Op::UseOnce(once)) => Lane::Account(once.account_id),
        Some(Op::Cancel(cancel)) => Lane::Account(cancel.account_id),
        Some(Op::Document(change)) => Lane::Account(change.account_id),
        Some(Op::AddSecret(secret)) => Lane::Account(secret.account_id),
        Some(Op::RevokeSecret(secret)) => Lane::Account(secret.account_id),
        Some(Op::RotateSignatureSecret(secret)) => Lane::Account(secret.account_id),
        _ => Lane::Ours,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use proptest::prelude::*;
    use whimbrel_core::{ReplayKey, ReplayKind, ReplayMark};
    use whimbrel_store::UseOnce;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_526_000_000_000);
    const BOUNDS: Bounds = Bounds { paced: 100, most: 2_000 };

    fn request(account: i64, number: i64) -> Group {
        let key = ReplayKey { kind: ReplayKind::Nonce, mark: ReplayMark::new([0; 32]), expires_at: NOW };
        let once = UseOnce { account_id: AccountId(account), key, used_by: number, at: NOW };
        Group { ops: vec![Op::UseOnce(once)], decide: None, then: Box::new(|_| ()), kind: Kind::New }
    }

    fn settling() -> Group {
        let ops = vec![Op::NameCarrier { name: "acme".into() }];
        Group { ops, decide: None, then: Box::new(|_| ()), kind: Kind::Settling }
    }

    /// Pushes if there is room.
    fn offer(queue: &mut Queue, account: i64, number: i64, now: Timestamp) -> bool {
        let group = request(account, number);
        let is_admitted = queue.admits(&group.ops, BOUNDS, now);
        if is_admitted {
            queue.push(group, now);
        }
        is_admitted
    }

    fn taken(queue: &mut Queue) -> Vec<(i64, i64)> {
        let whose = |group: &Group| match group.ops.as_slice() {
            [Op::UseOnce(once)] => (once.account_id.0, once.used_by),
            _ => (0, 0),
        };
        queue.take(NEW_OPS_MAX, NOW).iter().map(whose).collect()
    }

    #[test]
    fn one_account_fills_half_of_the_room_and_others_still_find_some() {
        let mut queue = Queue::default();
        let hot = (0..1_000).filter(|number| offer(&mut queue, 1, *number, NOW)).count();
        assert_eq!(hot, 50);
        let second = (0..1_000).filter(|number| offer(&mut queue, 2, *number, NOW)).count();
        assert_eq!(second, 25);
        assert!((3..8).all(|account| offer(&mut queue, account, 0, NOW)), "whoever comes");
        assert!(!offer(&mut queue, 1, 2_000, NOW), "and not who is there already");
    }

    #[test]
    fn a_request_of_many_messages_is_not_refused_for_its_length() {
        let mut queue = Queue::default();
        let many = || Group { ops: (0..1_000).flat_map(|number| request(1, number).ops).collect(), ..request(1, 0) };
        assert!(queue.admits(&many().ops, BOUNDS, NOW));
        queue.push(many(), NOW);
        assert!(!queue.admits(&many().ops, BOUNDS, NOW), "a second one waits for the first");
        assert!(offer(&mut queue, 2, 0, NOW), "others do not wait for its end");
        assert!(!offer(&mut queue, 2, 1, NOW), "nor do they go beyond the pace");
        for account in 3..1_100 {
            offer(&mut queue, account, 0, NOW);
        }
        assert!(!offer(&mut queue, 2_000, 0, NOW), "there is a bound all the same");
    }

    #[test]
    fn accounts_take_turns_and_each_keeps_its_order() {
        let mut queue = Queue::default();
        for number in 0..5 {
            queue.push(request(1, number), NOW);
        }
        for number in 0..2 {
            queue.push(request(2, number), NOW);
        }
        queue.push(request(3, 0), NOW);
        queue.push(settling(), NOW);
        assert_eq!(
            taken(&mut queue),
            [(0, 0), (1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (1, 2), (1, 3), (1, 4)],
            "what ends other work goes first"
        );
        assert!(queue.is_empty() && queue.lanes.is_empty() && queue.new_op_count == 0);
    }

    #[test]
    fn a_turn_comes_before_all_that_one_account_has_sent() {
        let mut queue = Queue::default();
        for number in 0..10_000 {
            queue.push(request(1, number), NOW);
        }
        assert_eq!(queue.take(1, NOW).len(), NEW_OPS_MAX);
        queue.push(request(2, 0), NOW);
        let next = taken(&mut queue);
        assert!(next.iter().position(|(account, _)| *account == 2).is_some_and(|place| place < 2), "{:?}", &next[..3]);
    }

    /// A text that finds the windows so.
    fn text(number: i64, found: Windows) -> Group {
        Group { decide: Some(Box::new(move |_, _| found)), ..request(1, number) }
    }

    #[test]
    fn where_windows_are_full_enough_is_enough() {
        let mut queue = Queue::default();
        for number in 0..10 {
            queue.push(text(number, if number < 5 { Windows::Open } else { Windows::Full }), NOW);
        }
        assert_eq!(queue.take(3, NOW).len(), 6, "all that found a place, and the one that found none");
        assert_eq!(queue.take(3, NOW).len(), 3, "and full windows hold nobody up");
        assert_eq!(queue.take(3, NOW).len(), 1);
        for number in 0..10 {
            queue.push(text(number, Windows::Open), NOW);
        }
        assert_eq!(queue.take(3, NOW).len(), 10);
        for number in 0..1_000 {
            queue.push(text(number, Windows::Full), NOW);
        }
        assert_eq!(queue.take(2_000, NOW).len(), NEW_OPS_MAX, "a batch has its bound all the same");
    }

    #[test]
    fn enough_is_counted_in_operations_and_left_in_turns() {
        let mut queue = Queue::default();
        let many = |account: i64, number: i64| {
            let ops = (0..40).flat_map(|_| request(account, number).ops).collect();
            Group { ops, ..text(number, Windows::Full) }
        };
        for number in 0..2 {
            for account in 1..=3 {
                queue.push(many(account, number), NOW);
            }
        }
        let mut batch = || -> Vec<(i64, i64)> {
            let whose = |group: &Group| match group.ops.first() {
                Some(Op::UseOnce(once)) => (once.account_id.0, once.used_by),
                _ => (0, 0),
            };
            queue.take(64, NOW).iter().map(whose).collect()
        };
        assert_eq!(batch(), [(1, 0), (2, 0)]);
        assert_eq!(batch(), [(3, 0), (1, 1)]);
        assert_eq!(batch(), [(2, 1), (3, 1)]);
    }

    #[test]
    fn who_takes_no_place_is_not_asked_for_one() {
        let mut queue = Queue::default();
        let long = || Group { ops: (0..SETTLING_OPS_MAX).flat_map(|_| settling().ops).collect(), ..settling() };
        queue.push(long(), NOW);
        for number in 0..10 {
            queue.push(text(number, Windows::Full), NOW);
        }
        queue.push(settling(), NOW);
        let batch = queue.take(3, NOW);
        assert_eq!(batch.len(), 11, "they came before the answer that is left, and wait in the store");
        assert!(batch.iter().skip(1).all(|group| group.decide.is_some()));
    }

    #[test]
    fn behind_what_has_waited_too_long_nothing_is_taken() {
        let mut queue = Queue::default();
        assert!(offer(&mut queue, 1, 0, NOW));
        let later = NOW + AGE_MAX;
        assert!(!offer(&mut queue, 1, 1, later), "it would be late");
        assert!(offer(&mut queue, 2, 0, later), "another account's is not behind it");
        assert_eq!(taken(&mut queue), [(1, 0), (2, 0)]);
        assert!(offer(&mut queue, 1, 2, later));
    }

    #[test]
    fn nothing_new_overtakes_what_ends_other_work_and_came_before_it() {
        let mut queue = Queue::default();
        let long = || Group { ops: (0..SETTLING_OPS_MAX).flat_map(|_| settling().ops).collect(), ..settling() };
        queue.push(long(), NOW);
        queue.push(request(1, 0), NOW);
        queue.push(long(), NOW);
        queue.push(request(1, 1), NOW);
        queue.push(request(2, 0), NOW);
        queue.push(long(), NOW);
        assert_eq!(taken(&mut queue), [(0, 0), (1, 0)], "it came before what does not fit");
        queue.push(long(), NOW);
        assert_eq!(taken(&mut queue), [(0, 0), (2, 0), (1, 1)], "and waits for nothing that came after it");
        assert!(!queue.has_new());
    }

    #[test]
    fn what_was_not_committed_comes_again_in_its_order() {
        let mut queue = Queue::default();
        for group in [settling(), request(1, 0), settling()] {
            queue.push(group, NOW);
        }
        let batch = queue.take(NEW_OPS_MAX, NOW);
        queue.push(settling(), NOW);
        assert_eq!(queue.put_back(batch).len(), 1, "new work is answered");
        assert_eq!((queue.settling.len(), queue.has_new()), (3, false));
        assert_eq!(queue.take_all().len(), 3);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_taken_once_and_overtakes_nothing_that_ends_other_work(
            steps in proptest::collection::vec((0i64..5, 1usize..3_000), 1..40),
            enough in 1usize..6,
        ) {
            let mut queue = Queue::default();
            // How often something was decided of each.
            let decided: Arc<Mutex<BTreeMap<i64, usize>>> = Arc::default();
            // As they came: whose, of whom none that ends other work is; and what was taken of it.
            let mut came: Vec<(i64, i64)> = Vec::new();
            let mut taken_all = Vec::new();
            for (number, (account, count)) in (1..).zip(steps) {
                match account {
                    // A batch is taken.
                    0 => {
                        let batch = numbered(&mut queue, enough);
                        let is_left = |id: &i64| !taken_all.contains(id) && !batch.contains(id);
                        let left = came.iter().filter(|(whose, id)| *whose == 9 && is_left(id));
                        let new = came.iter().filter(|(whose, id)| *whose != 9 && batch.contains(id));
                        let oldest = left.map(|(_, id)| *id).min();
                        let newest = new.map(|(_, id)| *id).max();
                        prop_assert!(newest.zip(oldest).is_none_or(|(newest, oldest)| newest < oldest));
                        taken_all.extend(batch);
                    }
                    // Work that ends other work, of many operations.
                    4 => {
                        let ops = (0..count).map(|_| request(9, number).ops.remove(0)).collect();
                        queue.push(Group { ops, kind: Kind::Settling, ..settling() }, NOW);
                        came.push((9, number));
                    }
                    account => {
                        let (decided, found) = (Arc::clone(&decided), if count % 2 == 0 { Windows::Open } else { Windows::Full });
                        let decide = move |_: &mut [Op], _| {
                            *decided.lock().expect("no panic").entry(number).or_default() += 1;
                            found
                        };
                        queue.push(Group { decide: Some(Box::new(decide)), ..request(account, number) }, NOW);
                        came.push((account, number));
                    }
                }
            }
            while !queue.is_empty() {
                let batch = numbered(&mut queue, enough);
                prop_assert!(!batch.is_empty(), "whatever waits goes on");
                taken_all.extend(batch);
            }
            let asked = decided.lock().expect("no panic").values().copied().collect::<Vec<_>>();
            let undecided = came.iter().filter(|(whose, _)| *whose != 9).count() - asked.len();
            prop_assert!(asked.iter().all(|count| *count == 1));
            prop_assert!(undecided == 0 || came.iter().any(|(whose, _)| *whose == 9), "{undecided} without cause");
            for whose in [1, 2, 3, 9] {
                let order: Vec<i64> = taken_all.iter().filter(|id| came.contains(&(whose, **id))).copied().collect();
                prop_assert!(order.is_sorted(), "{whose}: {order:?}");
            }
            taken_all.sort_unstable();
            prop_assert_eq!(taken_all, came.iter().map(|(_, id)| *id).collect::<Vec<_>>());
        }
    }

    /// The numbers of the groups of a batch.
    fn numbered(queue: &mut Queue, enough: usize) -> Vec<i64> {
        queue.take(enough, NOW).iter().filter_map(|group| group.ops.first()).filter_map(used_by).collect()
    }

    fn used_by(op: &Op) -> Option<i64> {
        if let Op::UseOnce(once) = op { Some(once.used_by) } else { None }
    }
}
