//! When a part may leave: the state of one carrier as a pure reducer.
//!
//! It counts the places in the carrier's window, keeps the parts that wait for one, and obeys the rate and the pauses that the
//! carrier asked for. It knows nothing of stores and sockets: the [driver](crate::dispatcher) claims in the store what
//! [`Dispatch::take`] names, and hands it to the carrier after the commit.
//!
//! Order: one-time codes first, then by number, which is the order of acceptance. A part that the carrier throttled goes back to
//! its old place.

use std::collections::{BTreeMap, BTreeSet};

use whimbrel_core::{AttemptNumber, LinkId, MessageClass, PartId, Span, Timestamp};

/// Parts kept in memory for one carrier, at most; the rest wait in the store and are fetched when there is room.
pub const BACKLOG_MAX: usize = 50_000;

/// The bounds of a carrier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Parts per second; 0: as fast as the window allows.
    pub parts_per_second_max: u32,
}

/// A part that waits. Sorted as it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiting {
    /// Its class.
    pub class: MessageClass,
    /// The part.
    pub part_id: PartId,
    /// Its last claim; 0 before the first.
    pub attempt: AttemptNumber,
}

/// The state of one carrier.
#[derive(Debug)]
pub struct Dispatch {
    pace: Pace,
    links: BTreeMap<LinkId, u16>,
    /// Places taken: reserved, submitting, or answered but not yet settled.
    used: usize,
    /// Ready to leave. Invariant: a part is in `ready` or in `delayed`, never in both.
    ready: BTreeSet<Waiting>,
    delayed: BTreeSet<(Timestamp, Waiting)>,
    /// The store may hold more queued parts than are in memory.
    more_in_store: bool,
    paused_until: Timestamp,
    /// The length of the pause under way, zero after a part went through.
    pause: Span,
    bucket: Bucket,
    stopping: bool,
}

/// A token bucket in millionths of a part.
#[derive(Debug)]
struct Bucket {
    tokens: i64,
    filled_at: Timestamp,
}

const TOKEN: i64 = 1_000_000;

impl Dispatch {
    /// A carrier without links and with nothing to send.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            links: BTreeMap::new(),
            used: 0,
            ready: BTreeSet::new(),
            delayed: BTreeSet::new(),
            more_in_store: true,
            paused_until: Timestamp(i64::MIN),
            pause: Span::ZERO,
            bucket: Bucket { tokens: 0, filled_at: Timestamp(i64::MIN) },
            stopping: false,
        }
    }

    /// Reserves a place for each of `count` new parts, if all can leave at once and nothing waits before them.
    pub fn reserve(&mut self, count: usize, now: Timestamp) -> bool {
        let waiting =
            !self.ready.is_empty() || self.more_in_store || self.delayed.first().is_some_and(|first| first.0 <= now);
        if waiting || self.free(now) < count || self.tokens(now) < count {
            return false;
        }
        self.spend(count);
        self.used += count;
        true
    }

    /// Gives back places that were reserved or taken.
    pub fn free_places(&mut self, count: usize) {
        debug_assert!(self.used >= count, "{count} places given back, {} in use", self.used);
        self.used = self.used.saturating_sub(count);
    }

    /// Puts a part into the queue, not to leave before `due_at`. If memory is full, the last one that is ready waits in the store
    /// alone; that is the new one, unless it goes before others: a one-time code does not wait for a campaign.
    pub fn enqueue(&mut self, part: Waiting, due_at: Timestamp, now: Timestamp) {
        if self.backlog() >= BACKLOG_MAX {
            self.more_in_store = true;
            if due_at > now || self.ready.last().is_none_or(|last| *last <= part) {
                return;
            }
            self.ready.pop_last();
        }
        if due_at <= now {
            self.ready.insert(part);
        } else {
            self.delayed.insert((due_at, part));
        }
    }

    /// Takes the parts that may leave now and a place in the window for each.
    pub fn take(&mut self, count_max: usize, now: Timestamp) -> Vec<Waiting> {
        while let Some(&(due_at, part)) = self.delayed.first()
            && due_at <= now
        {
            self.delayed.pop_first();
            self.ready.insert(part);
        }
        let count = count_max.min(self.free(now)).min(self.tokens(now)).min(self.ready.len());
        let taken: Vec<_> = std::iter::from_fn(|| self.ready.pop_first()).take(count).collect();
        self.spend(taken.len());
        self.used += taken.len();
        taken
    }

    /// Whether the store should be asked for queued parts.
    #[must_use]
    pub fn wants_refill(&self) -> bool {
        self.more_in_store && !self.stopping && self.ready.is_empty()
    }

    /// Adds what the store held. `complete`: it held no more than this.
    pub fn refill(&mut self, parts: impl IntoIterator<Item = (Waiting, Timestamp)>, complete: bool, now: Timestamp) {
        self.more_in_store = !complete;
        for (part, due_at) in parts {
            self.enqueue(part, due_at, now);
        }
    }

    /// A link was bound.
    pub fn up(&mut self, link: LinkId, window_max: u16) {
        self.links.insert(link, window_max);
    }

    /// A link ended.
    pub fn down(&mut self, link: LinkId) {
        self.links.remove(&link);
    }

    /// The carrier asked to slow down: everything waits for `first`, twice as long each time it asks again, up to 30 seconds, or
    /// 60 where the first pause is 5 seconds or longer. Answers when the pause ends. Several answers of one burst are one request.
    pub fn throttled(&mut self, first: Span, now: Timestamp) -> Timestamp {
        if now >= self.paused_until {
            let longest = if first < Span::seconds(5) { Span::seconds(30) } else { Span::seconds(60) };
            self.pause = Span((self.pause.0 * 2).clamp(first.0, longest.0));
            self.paused_until = now + self.pause;
        }
        self.paused_until
    }

    /// The carrier took a part: the next pause starts from its first length again.
    pub fn went_through(&mut self, now: Timestamp) {
        if now >= self.paused_until {
            self.pause = Span::ZERO;
        }
    }

    /// Takes no part any more.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// When [`take`](Self::take) may give something that it does not give now: `None` until something else happens.
    #[must_use]
    pub fn wake_at(&mut self, now: Timestamp) -> Option<Timestamp> {
        if self.stopping || self.links.is_empty() {
            return None;
        }
        let queued = if self.ready.is_empty() { self.delayed.first().map(|first| first.0)? } else { now };
        if queued <= now && self.paused_until <= now && self.free(now) == 0 {
            return None;
        }
        Some(queued.max(self.paused_until).max(self.token_at(now)))
    }

    /// Parts in memory that wait.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.ready.len() + self.delayed.len()
    }

    /// Places in use.
    #[must_use]
    pub const fn used(&self) -> usize {
        self.used
    }

    /// Unanswered submissions that the carrier allows now.
    #[must_use]
    pub fn window_max(&self) -> usize {
        self.links.values().copied().map(usize::from).sum()
    }

    fn free(&self, now: Timestamp) -> usize {
        if self.stopping || now < self.paused_until { 0 } else { self.window_max().saturating_sub(self.used) }
    }

    /// The bucket holds a tenth of a second's parts, at least one.
    fn tokens(&mut self, now: Timestamp) -> usize {
        let rate = i64::from(self.pace.parts_per_second_max);
        if rate == 0 {
            return usize::MAX;
        }
        let capacity = (rate / 10).max(1) * TOKEN;
        let elapsed =
            if self.bucket.filled_at.0 == i64::MIN { Span::seconds(1) } else { now.since(self.bucket.filled_at) };
        // Microseconds times parts per second are millionths of a part.
        let gained = elapsed.0.min(1_000_000 * 60).saturating_mul(rate);
        self.bucket.tokens = self.bucket.tokens.saturating_add(gained).min(capacity);
        self.bucket.filled_at = now;
        usize::try_from(self.bucket.tokens / TOKEN).unwrap_or(0)
    }

    fn spend(&mut self, count: usize) {
        if self.pace.parts_per_second_max > 0 {
            self.bucket.tokens -= i64::try_from(count).unwrap_or(i64::MAX / TOKEN) * TOKEN;
        }
    }

    fn token_at(&mut self, now: Timestamp) -> Timestamp {
        if self.tokens(now) > 0 {
            return now;
        }
        let missing = TOKEN - self.bucket.tokens;
        let rate = i64::from(self.pace.parts_per_second_max).max(1);
        now + Span((missing + rate - 1) / rate)
    }
}

#[cfg(test)]
mod tests;
