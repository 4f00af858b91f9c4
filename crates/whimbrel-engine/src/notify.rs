//! Which webhook is tried when: a pure reducer, with fairness between endpoints.
//!
//! Notices are rows; here is only what is due soon. An endpoint that is slow or down holds a bounded number of places and cannot
//! hold up the others. At least once: a notice is removed only after its endpoint took it, so a crash may repeat a webhook and
//! never loses one.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use whimbrel_core::{Notice, NoticeId, Timestamp};

/// Notices in memory, at most; the rest wait in the store.
pub const NOTICES_MAX: usize = 20_000;
/// Webhooks under way at once, at most.
const IN_FLIGHT_MAX: usize = 256;
/// Webhooks under way to one endpoint at once, at most.
const IN_FLIGHT_OF_ENDPOINT_MAX: usize = 32;

/// Names the endpoint that a notice goes to, for fairness only.
pub type Lane = Box<str>;

/// The notices that wait, and those under way.
#[derive(Debug, Default)]
pub struct Notify {
    waiting: BTreeMap<(Timestamp, NoticeId), (Lane, Notice)>,
    /// Due notices whose endpoint has no place free, by endpoint.
    held: HashMap<Lane, BTreeMap<(Timestamp, NoticeId), Notice>>,
    known: HashSet<NoticeId>,
    in_flight: HashMap<Lane, usize>,
    in_flight_count: usize,
    more_in_store: bool,
    /// While the store is asked: notices that ended meanwhile. The store's answer may be older and still name them.
    ended: Option<HashSet<NoticeId>>,
    /// Endpoints with held notices and a free place.
    ready_lanes: BTreeSet<Lane>,
}

impl Notify {
    /// Nothing in memory; the store is to be asked.
    #[must_use]
    pub fn new() -> Self {
        Self { more_in_store: true, ..Self::default() }
    }

    /// Adds a notice; one that is known already changes nothing.
    pub fn add(&mut self, lane: Lane, notice: Notice) {
        if self.known.len() >= NOTICES_MAX {
            self.more_in_store = true;
        } else if self.known.insert(notice.id) {
            self.waiting.insert((notice.due_at, notice.id), (lane, notice));
        }
    }

    /// Whether the store should be asked for notices.
    #[must_use]
    pub fn wants_refill(&self) -> bool {
        self.more_in_store && self.known.len() < NOTICES_MAX / 2
    }

    /// The store is being asked; [`refilled`](Self::refilled) ends it.
    pub fn refilling(&mut self) {
        self.ended = Some(HashSet::new());
    }

    /// The store answered with these; `complete`: it has no others. What ended since it was asked is left out, so that no webhook
    /// is sent again that was taken.
    pub fn refilled(&mut self, notices: impl IntoIterator<Item = (Lane, Notice)>, complete: bool) {
        let ended = self.ended.take().unwrap_or_default();
        self.more_in_store = !complete;
        for (lane, notice) in notices {
            if !ended.contains(&notice.id) {
                self.add(lane, notice);
            }
        }
    }

    /// The next notice to try now.
    pub fn take(&mut self, now: Timestamp) -> Option<(Lane, Notice)> {
        if self.in_flight_count >= IN_FLIGHT_MAX {
            return None;
        }
        while let Some(lane) = self.ready_lanes.pop_first() {
            let Some(held) = self.held.get_mut(&lane) else { continue };
            let Some((_, notice)) = held.pop_first() else { continue };
            if held.is_empty() {
                self.held.remove(&lane);
            } else if self.places(&lane) > 1 {
                self.ready_lanes.insert(lane.clone());
            }
            self.start(&lane);
            return Some((lane, notice));
        }
        while let Some(entry) = self.waiting.first_entry() {
            let key = *entry.key();
            if key.0 > now {
                return None;
            }
            let (lane, notice) = entry.remove();
            if self.places(&lane) > 0 {
                self.start(&lane);
                return Some((lane, notice));
            }
            self.held.entry(lane).or_default().insert(key, notice);
        }
        None
    }

    /// A try ended and is written down; `again`: the notice with its next due time, if it is tried again.
    pub fn done(&mut self, lane: &Lane, id: NoticeId, again: Option<Notice>) {
        self.in_flight_count = self.in_flight_count.saturating_sub(1);
        if let Some(count) = self.in_flight.get_mut(lane) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.in_flight.remove(lane);
            }
        }
        if self.held.contains_key(lane) {
            self.ready_lanes.insert(lane.clone());
        }
        self.known.remove(&id);
        match (again, &mut self.ended) {
            (Some(notice), _) => self.add(lane.clone(), notice),
            (None, Some(ended)) => _ = ended.insert(id),
            (None, None) => {}
        }
    }

    /// When the next notice is due that is not due yet.
    #[must_use]
    pub fn wake_at(&self) -> Option<Timestamp> {
        if self.in_flight_count >= IN_FLIGHT_MAX {
            return None;
        }
        self.waiting.first_key_value().map(|(key, _)| key.0)
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

    /// Webhooks under way.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.in_flight_count
    }

    fn places(&self, lane: &Lane) -> usize {
        IN_FLIGHT_OF_ENDPOINT_MAX.saturating_sub(self.in_flight.get(lane).copied().unwrap_or(0))
    }

    fn start(&mut self, lane: &Lane) {
        *self.in_flight.entry(lane.clone()).or_default() += 1;
        self.in_flight_count += 1;
    }
}

#[cfg(test)]
mod tests;
