//! What is in the store and not in memory: where to begin looking for it. Pure.
//!
//! A place in the store is the due time and id of a notice; what is left lies behind it. One place is remembered for each lane
//! that had no room, so that a lane with millions of notices makes no other lane's be looked for behind them. Lanes are few
//! here: each had as much of the memory as was left.

use std::collections::BTreeMap;

use whimbrel_core::{NoticeId, Timestamp};

use super::{LOOK_AHEAD, Lane};

/// A place in the store, which lists notices by due time and id.
pub type Key = (Timestamp, NoticeId);

/// Before every notice.
pub(super) const START: Key = (Timestamp(i64::MIN), NoticeId(i64::MIN));

/// What was left there.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// For want of room in its lane.
    of_lanes: BTreeMap<Lane, Key>,
    /// For want of room at all, or because nobody has looked yet.
    of_any: Option<Key>,
    /// Because it is not due soon.
    later: Option<Key>,
}

impl Left {
    /// Nobody has looked yet.
    pub(super) fn everything() -> Self {
        Self { of_any: Some(START), ..Self::default() }
    }

    pub(super) fn of_lane(&mut self, lane: Lane, notice: Key) {
        self.of_lane_after(lane, before(notice));
    }

    pub(super) fn of_any(&mut self, notice: Key) {
        keep_first(&mut self.of_any, Some(before(notice)));
    }

    pub(super) fn later(&mut self, notice: Key) {
        keep_first(&mut self.later, Some(before(notice)));
    }

    fn of_lane_after(&mut self, lane: Lane, after: Key) {
        let first = self.of_lanes.entry(lane).or_insert(after);
        *first = after.min(*first);
    }

    /// When to look, and behind which place: for lanes that have room, for anything, and for what falls due.
    pub(super) fn first(&self, has_room: impl Fn(&Lane) -> bool) -> Option<(Timestamp, Key)> {
        let lanes = self.of_lanes.iter().filter(|(lane, _)| has_room(lane)).map(|(_, after)| *after);
        let at_once = lanes.chain(self.of_any).min().map(|after| (Timestamp(i64::MIN), after));
        at_once.or_else(|| self.later.map(|after| (after.0 - LOOK_AHEAD, after)))
    }

    /// What is left once the notices behind `after` were looked at up to `last`, or all of them if `None`: each that still has no
    /// room was named anew.
    pub(super) fn seen(mut self, after: Key, last: Option<Key>) -> Self {
        let still = |place: Key| if place < after { Some(place) } else { last.map(|last| place.max(last)) };
        self.of_any = self.of_any.and_then(still);
        // The rest of what falls due is looked for at once.
        if let Some(place) = self.later.take() {
            match still(place) {
                Some(on) if on == place => self.later = Some(place),
                on => keep_first(&mut self.of_any, on),
            }
        }
        self.of_lanes = self.of_lanes.into_iter().filter_map(|(lane, place)| Some((lane, still(place)?))).collect();
        self
    }

    pub(super) fn merge(&mut self, other: Self) {
        keep_first(&mut self.of_any, other.of_any);
        keep_first(&mut self.later, other.later);
        for (lane, after) in other.of_lanes {
            self.of_lane_after(lane, after);
        }
    }
}

/// The place right before a notice.
fn before((due_at, NoticeId(id)): Key) -> Key {
    (due_at, NoticeId(id.saturating_sub(1)))
}

fn keep_first(place: &mut Option<Key>, other: Option<Key>) {
    *place = place.iter().copied().chain(other).min();
}
