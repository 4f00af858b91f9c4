//! Which webhook is tried when: a pure reducer, with fairness between endpoints.
//!
//! Notices are rows; here is only what is due soon. An endpoint that is slow or down holds a bounded number of places, and a
//! bounded part of this memory, and cannot hold up the others; nor can one that is fast while the disk is slow. Where several wait, they
//! take turns. What has no room here, or is not due soon, is left in the store, see `left.rs`. At least once: a notice is removed only
//! after its endpoint took it, so a crash may repeat a webhook and never loses one.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use whimbrel_core::{Notice, NoticeId, Span, Timestamp};

mod left;

use left::{Key, Left};

/// Notices in memory, at most; the rest wait in the store.
pub const NOTICES_MAX: usize = 20_000;
/// Notices that the store is asked for at once, at most.
const PAGE_NOTICES_MAX: usize = 5_000;
/// What is due later than so soon would only take room: it stays in the store. It is looked for when half of that time is left,
/// so that one look brings many.
const AHEAD: Span = Span::seconds(60);
const LOOK_AHEAD: Span = Span::seconds(30);
/// A lane that has fewer in memory is not looked for by itself: such lanes may be many.
const LANE_MANY: usize = 500;
/// Webhooks under way at once, at most.
const IN_FLIGHT_MAX: usize = 256;
/// Nothing more begins while so many webhooks are under way, or were answered and are not written down yet: those are what a crash may
/// repeat. Who stepped aside goes on all the same.
const UNWRITTEN_MAX: usize = 2_048;
/// The same of one endpoint: with a slow disk, whoever answers fast leaves room for the others.
const UNWRITTEN_OF_ENDPOINT_MAX: usize = 128;
/// Webhooks that wait for a place with their host, at most: they are small, and none is waited for long.
const ASIDE_MAX: usize = 2_048;
/// Webhooks under way to one endpoint at once, at most: as many as the way out has places for one host (`egress.calls_per_host`, 16).
/// Several endpoints may have one host: what finds no place there steps aside.
const IN_FLIGHT_OF_ENDPOINT_MAX: usize = 16;

/// Names the endpoint that a notice goes to, for fairness only.
pub type Lane = Box<str>;

/// The notices that wait, and those under way.
#[derive(Debug, Default)]
pub struct Notify {
    waiting: BTreeMap<(Timestamp, NoticeId), (Lane, Notice)>,
    /// Due notices that wait for a place of their endpoint or for its turn, by endpoint.
    held: HashMap<Lane, BTreeMap<(Timestamp, NoticeId), Notice>>,
    known: HashSet<NoticeId>,
    /// Of each lane that has any known one.
    lanes: HashMap<Lane, Counts>,
    in_flight_count: usize,
    unwritten_count: usize,
    /// Those that stepped aside: their endpoint counts them as under way, the bound of all does not.
    aside_count: usize,
    left: Left,
    asked: Option<Asked>,
    /// Endpoints with held notices and a free place, whose turn is next first. Invariant: each stands here once.
    turns: VecDeque<Lane>,
    has_ended: bool,
}

/// Notices of a lane.
#[derive(Debug, Default)]
struct Counts {
    known: usize,
    in_flight: usize,
    /// Those that were answered and are not written down.
    unwritten: usize,
    /// Whether it has a turn to come.
    has_turn: bool,
}

impl Counts {
    /// Tries that may begin now.
    const fn places(&self) -> usize {
        let unwritten_places = UNWRITTEN_OF_ENDPOINT_MAX.saturating_sub(self.in_flight + self.unwritten);
        let places = IN_FLIGHT_OF_ENDPOINT_MAX.saturating_sub(self.in_flight);
        if places < unwritten_places { places } else { unwritten_places }
    }
}

/// While the store is asked.
#[derive(Debug)]
struct Asked {
    after: Key,
    /// What was known to be left there. What is left meanwhile may not be in the answer.
    left: Left,
    /// Notices that ended meanwhile. The answer may be older and still name them.
    ended: HashSet<NoticeId>,
}

impl Notify {
    /// Nothing in memory; the store is to be asked.
    #[must_use]
    pub fn new() -> Self {
        Self { left: Left::everything(), ..Self::default() }
    }

    /// Adds a notice, or leaves it in the store; one that is known already changes nothing.
    pub fn add(&mut self, lane: Lane, notice: Notice, now: Timestamp) {
        if self.known.contains(&notice.id) {
            return;
        }
        let (key, count) = ((notice.due_at, notice.id), self.count(&lane));
        if notice.due_at > now + AHEAD {
            self.left.later(key);
        } else if count < self.room() {
            self.keep(lane, notice);
        } else if count < LANE_MANY {
            self.left.of_any(key);
        } else {
            self.left.of_lane(lane, key);
        }
    }

    fn keep(&mut self, lane: Lane, notice: Notice) {
        self.lanes.entry(lane.clone()).or_default().known += 1;
        self.known.insert(notice.id);
        self.waiting.insert((notice.due_at, notice.id), (lane, notice));
    }

    fn count(&self, lane: &Lane) -> usize {
        self.lanes.get(lane).map_or(0, |counts| counts.known)
    }

    /// Notices that find room. A lane may have as many as that, and no more: alone it fills half of the memory, whoever comes next half
    /// of the rest. An endpoint that is down may have millions, and whoever comes finds room.
    fn room(&self) -> usize {
        NOTICES_MAX - self.known.len().min(NOTICES_MAX)
    }

    /// When the store is to be asked, and for what behind which; not for a lane that would have room for few of what that brings, nor while
    /// there is little room for anybody: four endpoints that are down leave enough.
    fn look(&self) -> Option<(Timestamp, Key)> {
        if self.has_ended || self.room() < NOTICES_MAX / 32 {
            return None;
        }
        self.left.first(|lane| self.count(lane) * 3 <= self.room())
    }

    /// Whether the store should be asked for notices.
    #[must_use]
    pub fn wants_refill(&self, now: Timestamp) -> bool {
        self.look().is_some_and(|(at, _)| at <= now)
    }

    /// How many the store is asked for: no more than find room.
    #[must_use]
    pub fn page_max(&self) -> usize {
        self.room().min(PAGE_NOTICES_MAX)
    }

    /// The store is being asked for the notices behind the one that is answered; [`refilled`](Self::refilled) or
    /// [`not_refilled`](Self::not_refilled) ends it.
    pub fn refilling(&mut self) -> Key {
        let after = self.look().map_or(left::START, |(_, after)| after);
        self.asked = Some(Asked { after, left: std::mem::take(&mut self.left), ended: HashSet::new() });
        after
    }

    /// The store answered with these, by due time; with none if there are no more. What ended since it was asked is left out, so
    /// that no webhook is sent again that was taken.
    pub fn refilled(&mut self, page: impl IntoIterator<Item = (Lane, Notice)>, now: Timestamp) {
        let Some(asked) = self.asked.take() else { return };
        let mut last = None;
        for (lane, notice) in page {
            let key = (notice.due_at, notice.id);
            if notice.due_at > now + AHEAD {
                // What follows is due later still.
                self.left.later(key);
                last = None;
                break;
            }
            last = Some(key);
            if !asked.ended.contains(&notice.id) {
                self.add(lane, notice, now);
            }
        }
        self.left.merge(asked.left.seen(asked.after, last));
    }

    /// The store could not answer.
    pub fn not_refilled(&mut self) {
        if let Some(asked) = self.asked.take() {
            self.left.merge(asked.left);
        }
    }

    /// The next notice to try now.
    pub fn take(&mut self, now: Timestamp) -> Option<(Lane, Notice)> {
        if self.is_full() {
            return None;
        }
        while let Some(entry) = self.waiting.first_entry() {
            let key = *entry.key();
            if key.0 > now {
                break;
            }
            let (lane, notice) = entry.remove();
            let may_begin = self.places(&lane) > 0;
            let is_alone = self.turns.is_empty() && self.waiting.first_key_value().is_none_or(|(key, _)| key.0 > now);
            if may_begin && is_alone {
                self.start(&lane);
                return Some((lane, notice));
            }
            if may_begin {
                self.give_turn(&lane);
            }
            self.held.entry(lane).or_default().insert(key, notice);
        }
        self.take_held()
    }

    fn take_held(&mut self) -> Option<(Lane, Notice)> {
        while let Some(lane) = self.turns.pop_front() {
            if let Some(counts) = self.lanes.get_mut(&lane) {
                counts.has_turn = false;
            }
            let Some(held) = self.held.get_mut(&lane) else { continue };
            let Some((_, notice)) = held.pop_first() else { continue };
            if held.is_empty() {
                self.held.remove(&lane);
            }
            self.start(&lane);
            _ = self.is_ready(&lane);
            return Some((lane, notice));
        }
        None
    }

    /// Behind all others that have one.
    fn give_turn(&mut self, lane: &Lane) {
        if let Some(counts) = self.lanes.get_mut(lane).filter(|counts| !counts.has_turn) {
            counts.has_turn = true;
            self.turns.push_back(lane.clone());
        }
    }

    /// A try waits for a place with its host, which must not stop the others: what is under way to a host are its calls, not those who wait.
    /// Answers whether there is room to wait; [`goes_on`](Self::goes_on) follows then.
    #[must_use]
    pub const fn steps_aside(&mut self) -> bool {
        if self.aside_count >= ASIDE_MAX {
            return false;
        }
        self.aside_count += 1;
        self.in_flight_count = self.in_flight_count.saturating_sub(1);
        true
    }

    /// It waits no more. As many calls as the way out has places may be added so to those that are under way.
    pub const fn goes_on(&mut self) {
        self.aside_count = self.aside_count.saturating_sub(1);
        self.in_flight_count += 1;
    }

    /// The endpoint has nothing more to do with a try, which is not written down yet: others may take its place. Whether any may.
    #[must_use]
    pub fn answered(&mut self, lane: &Lane) -> bool {
        let was_full = self.is_full();
        if let Some(counts) = self.lanes.get_mut(lane) {
            counts.in_flight = counts.in_flight.saturating_sub(1);
            counts.unwritten += 1;
        }
        self.in_flight_count = self.in_flight_count.saturating_sub(1);
        self.unwritten_count += 1;
        let is_ready = self.is_ready(lane);
        (is_ready || was_full) && !self.is_full()
    }

    /// Whether nobody waits for a result to be written down: the endpoint and all together may answer as many again.
    #[must_use]
    pub fn is_at_ease(&self, lane: &Lane) -> bool {
        let of_lane = self.lanes.get(lane).map_or(0, |counts| counts.unwritten);
        of_lane * 2 <= UNWRITTEN_OF_ENDPOINT_MAX && self.unwritten_count * 2 <= UNWRITTEN_MAX
    }

    /// A try that was [`answered`](Self::answered) is written down; `again`: the notice with its next due time, if it is tried again.
    pub fn done(&mut self, lane: &Lane, id: NoticeId, again: Option<Notice>, now: Timestamp) {
        self.unwritten_count = self.unwritten_count.saturating_sub(1);
        let was_known = self.known.remove(&id);
        if let Some(counts) = self.lanes.get_mut(lane) {
            counts.unwritten = counts.unwritten.saturating_sub(1);
            counts.known -= usize::from(was_known);
            if counts.known == 0 {
                self.lanes.remove(lane);
            }
        }
        _ = self.is_ready(lane);
        if let Some(notice) = again {
            self.add(lane.clone(), notice, now);
        }
        if let Some(asked) = &mut self.asked
            && !self.known.contains(&id)
        {
            asked.ended.insert(id);
        }
    }

    /// A try that was [`answered`](Self::answered) is made again later, of which the store knows nothing: its row stands where it stood, where
    /// nobody looks for it any more. So it keeps its room here, however little is left.
    pub fn put_back(&mut self, lane: &Lane, again: Notice, now: Timestamp) {
        self.done(lane, again.id, None, now);
        self.keep(lane.clone(), again);
    }

    /// Nothing more begins: what becomes of a try is written down no more, so that all of it would be sent again after a restart.
    pub const fn end(&mut self) {
        self.has_ended = true;
    }

    /// Whether it was ended.
    #[must_use]
    pub const fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// When the next notice is due that is not due yet, or the store is to be asked.
    #[must_use]
    pub fn wake_at(&self) -> Option<Timestamp> {
        if self.is_full() {
            return None;
        }
        let due_at = self.waiting.first_key_value().map(|(key, _)| key.0);
        due_at.into_iter().chain(self.look().map(|(at, _)| at)).min()
    }

    /// Notices in memory.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is in memory.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Webhooks that were answered and are not written down yet.
    #[must_use]
    pub const fn unwritten(&self) -> usize {
        self.unwritten_count
    }

    /// Webhooks under way, not answered yet.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.in_flight_count
    }

    /// Nothing more may begin, whoever's it is.
    const fn is_full(&self) -> bool {
        self.has_ended
            || self.in_flight_count >= IN_FLIGHT_MAX
            || self.in_flight_count + self.unwritten_count >= UNWRITTEN_MAX
    }

    /// Tries that may begin at an endpoint now.
    fn places(&self, lane: &Lane) -> usize {
        self.lanes.get(lane).map_or(0, Counts::places)
    }

    /// Whether an endpoint has held notices and a place for one; if so, it gets its turn.
    fn is_ready(&mut self, lane: &Lane) -> bool {
        let is_ready = self.held.contains_key(lane) && self.places(lane) > 0;
        if is_ready {
            self.give_turn(lane);
        }
        is_ready
    }

    fn start(&mut self, lane: &Lane) {
        if let Some(counts) = self.lanes.get_mut(lane) {
            counts.in_flight += 1;
        }
        self.in_flight_count += 1;
    }
}

#[cfg(test)]
mod tests;
