//! When a part may leave: the state of one carrier as a pure reducer.
//!
//! It counts the places in the carrier's window, keeps the parts that wait for one, and obeys the rate that is configured, the
//! pauses that the carrier asks for ([`brake`]) and the limit that its refusals teach ([`control`]). It knows nothing of stores and sockets:
//! what [`Dispatch::take`] names is claimed with the writer's next batch, and handed to the carrier after its commit
//! ([`dispatcher`](crate::dispatcher)).
//!
//! Order: one-time codes first, then by number, which is the order of acceptance. A part that the carrier throttled goes back to
//! its old place. All links of a carrier share one rate, counted in parts (SMPP 3.4 knows no rates; carriers count submissions).

mod brake;
mod bucket;
mod control;
mod taken;

use std::collections::{BTreeMap, BTreeSet};

use whimbrel_core::saboteur::{Saboteur, acts};
use whimbrel_core::{AttemptNumber, LinkId, MessageClass, PartId, Span, Timestamp};

use self::brake::Brake;
use self::bucket::{Bucket, Rate};
use self::control::Control;

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

/// What the store holds beside what a refill brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InStore {
    /// Nothing that waits for this carrier.
    Nothing,
    /// Parts that are due then at the earliest.
    DueAt(Timestamp),
    /// More of the same: the refill was cut at its bound.
    More,
}

/// The state of one carrier.
#[derive(Debug)]
pub struct Dispatch {
    pace: Pace,
    links: BTreeMap<LinkId, u16>,
    /// Places taken: reserved, or submitting and not answered; with any answer but that it was taken, until that is stored.
    used: usize,
    /// Ready to leave. Invariant: a part is in `ready` or in `delayed`, never in both.
    ready: BTreeSet<Waiting>,
    delayed: BTreeSet<(Timestamp, Waiting)>,
    /// The store may hold more queued parts than are in memory.
    more_in_store: bool,
    /// Until then the store has nothing that is due and not in memory.
    quiet_until: Option<Timestamp>,
    /// When the store is asked for what is due much later than now.
    look_at: Option<Timestamp>,
    bucket: Bucket,
    brake: Brake,
    control: Control,
    /// The next part that leaves is the first after a pause.
    resumes: bool,
    /// The store is being asked: what it says and what leaves meanwhile could be the same part.
    asking: bool,
    /// The store was to be [asked for more](Self::wants_refill) when a batch was taken.
    was_empty: bool,
    /// Parts that were taken and whose claims are not stored: the store would say that they wait.
    claiming: usize,
    /// The writer was asked for a batch, for what may leave.
    asked: bool,
    stopping: bool,
}

/// What is due later than so soon stays in the store: a campaign that is scheduled for next week takes no room. Longer than any pause
/// between tries, so that what was tried stays in memory.
pub const AHEAD: Span = Span::seconds(120);
/// The store is asked again at the latest after this time, though it had nothing that was due: it may hide parts of one class
/// behind those of another.
const QUIET_MAX: Span = Span::seconds(10);
/// What is left of the first pause of a carrier whose limit is known: it was passed by little.
const BRIEF_PART: i64 = 10;

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
            quiet_until: None,
            look_at: None,
            bucket: Bucket::new(),
            brake: Brake::new(),
            control: Control::new(),
            resumes: false,
            asking: false,
            was_empty: false,
            claiming: 0,
            asked: false,
            stopping: false,
        }
    }

    /// Reserves a place for each of `count` new parts, if all can leave at once and nothing waits before them.
    pub fn reserve(&mut self, count: usize, now: Timestamp) -> bool {
        if self.has_due(now) || self.free(now) < count || self.tokens(now) < count {
            return false;
        }
        if self.pace.parts_per_second_max == 0 || !acts(Saboteur::WindowUncounted) {
            self.leave(count, now);
        }
        true
    }

    /// Whether the window has no room for `count` parts, and nothing but that hinders them or those that wait before them: answers that are
    /// on their way bring places back.
    pub fn is_full(&mut self, count: usize, now: Timestamp) -> bool {
        let window = self.window_max();
        let is_full = count <= window && window.saturating_sub(self.used) < count;
        is_full && !self.stopping && self.brake.allows(now) >= count && self.tokens(now) >= count
    }

    /// Whether a part waits for a place. What is not due yet waits for its time, and nobody waits behind it.
    fn has_due(&self, now: Timestamp) -> bool {
        let in_store = self.more_in_store && self.quiet_until.is_none_or(|until| until <= now);
        !self.ready.is_empty() || in_store || self.delayed.first().is_some_and(|first| first.0 <= now)
    }

    /// Gives back places that were reserved or taken.
    pub fn free_places(&mut self, count: usize) {
        debug_assert!(self.used >= count, "{count} places given back, {} in use", self.used);
        self.used = self.used.saturating_sub(count);
        self.control.answered(count);
        self.brake.answered();
    }

    /// A place that was freed is in use after all, whatever the window allows.
    pub const fn occupy(&mut self) {
        self.used += 1;
    }

    /// Puts a part into the queue, not to leave before `due_at`. If memory is full, the last one that is ready waits in the store
    /// alone; that is the new one, unless it goes before others: a one-time code does not wait for a campaign, nor a part that was
    /// throttled for those behind it.
    pub fn enqueue(&mut self, part: Waiting, due_at: Timestamp, now: Timestamp) {
        if due_at > now + AHEAD {
            return self.left_for_later(due_at, now);
        }
        if self.backlog() >= BACKLOG_MAX {
            self.more_in_store = true;
            if let Some(&(last_at, last)) = self.delayed.last()
                && due_at.max(now) < last_at
            {
                // What is due later gives way: the store is asked for it when its time has come.
                self.delayed.remove(&(last_at, last));
                self.look_at = Some(self.look_at.map_or(last_at, |at| at.min(last_at)));
            } else if self.ready.last().is_none_or(|last| *last <= part) {
                self.quiet_until = self.quiet_until.map(|until| until.min(due_at));
                return;
            } else {
                self.ready.pop_last();
                self.quiet_until = None;
            }
        }
        if due_at <= now {
            self.ready.insert(part);
        } else if part.attempt.0 < 2 || !acts(Saboteur::DelayedForgotten) {
            self.delayed.insert((due_at, part));
        }
    }

    /// The store holds a part that is due then, and is asked for it in time; half of the time that is kept ahead is left, so that one
    /// look brings many.
    pub fn left_for_later(&mut self, due_at: Timestamp, now: Timestamp) {
        let look_at = (due_at - Span(AHEAD.0 / 2)).max(now);
        self.look_at = Some(self.look_at.map_or(look_at, |at| at.min(look_at)));
    }

    /// Whether the store should be asked for what is due soon and was not when it came.
    #[must_use]
    pub fn wants_look(&self, now: Timestamp) -> bool {
        !self.stopping && self.look_at.is_some_and(|at| at <= now)
    }

    /// Whether the store is to be asked now for what waits there; it is being asked then. Nothing that waits leaves before it has
    /// [answered](Self::refill), or [not](Self::not_answered). While claims are under way it is not asked, and nothing more leaves either, so
    /// that they end.
    pub fn asks_store(&mut self, now: Timestamp) -> bool {
        self.asking = self.wants_refill() || self.was_empty || self.wants_look(now);
        let asks = self.asking && !self.is_claiming();
        if asks {
            (self.look_at, self.was_empty) = (None, false);
        }
        asks
    }

    /// The store could not answer, and is asked again.
    pub fn not_answered(&mut self, now: Timestamp) {
        self.asking = false;
        self.left_for_later(now, now);
    }

    /// Forgets a part that waits for another carrier from now on, or for none.
    pub fn forget(&mut self, part: Waiting, due_at: Timestamp) {
        if !self.ready.remove(&part) {
            self.delayed.remove(&(due_at, part));
        }
    }

    /// Whether [`take`](Self::take) would give anything now, so that the writer is to be asked for a batch.
    pub fn asks_to_leave(&mut self, now: Timestamp) -> bool {
        self.asked = self.leaving(now) > 0;
        self.asked
    }

    /// Whether the writer was asked for a batch since the last one.
    pub const fn has_asked(&mut self) -> bool {
        std::mem::replace(&mut self.asked, false)
    }

    /// Takes the parts that may leave now and a place in the window for each. [`claimed`](Self::claimed) follows.
    pub fn take(&mut self, count_max: usize, now: Timestamp) -> Vec<Waiting> {
        let count = self.leaving(now).min(count_max);
        let taken: Vec<_> = std::iter::from_fn(|| self.ready.pop_first()).take(count).collect();
        self.leave(taken.len(), now);
        self.claiming += taken.len();
        // Others may wait when these are claimed, so that the driver would not see it.
        self.was_empty |= self.wants_refill();
        taken
    }

    /// Claims of so many parts that were taken are stored, or never will be.
    pub fn claimed(&mut self, count: usize) {
        debug_assert!(self.claiming >= count, "{count} claims ended, {} under way", self.claiming);
        self.claiming = self.claiming.saturating_sub(count);
    }

    /// Whether claims are under way.
    #[must_use]
    pub const fn is_claiming(&self) -> bool {
        self.claiming > 0
    }

    /// How many parts may leave now.
    fn leaving(&mut self, now: Timestamp) -> usize {
        while let Some(&(due_at, part)) = self.delayed.first()
            && due_at <= now
        {
            self.delayed.pop_first();
            self.ready.insert(part);
        }
        self.quiet_until = self.quiet_until.filter(|until| *until > now);
        if self.asking {
            return 0;
        }
        let tokens = self.tokens(now);
        let wanted = self.ready.len().min(self.free(now));
        if tokens < wanted || (tokens == 0 && !self.ready.is_empty()) {
            self.control.kept_back();
        }
        wanted.min(tokens)
    }

    /// Whether the store should be asked for queued parts. Not before what it holds can be due.
    #[must_use]
    pub fn wants_refill(&self) -> bool {
        self.more_in_store && !self.stopping && self.ready.is_empty() && self.quiet_until.is_none()
    }

    /// Adds what the store held: of each class what is due first.
    pub fn refill(&mut self, parts: impl IntoIterator<Item = (Waiting, Timestamp)>, rest: InStore, now: Timestamp) {
        self.more_in_store = rest != InStore::Nothing;
        self.asking = false;
        let mut due_last = now + Span::seconds(1);
        for (part, due_at) in parts {
            self.enqueue(part, due_at, now);
            due_last = due_last.max(due_at);
        }
        let all_due = matches!(rest, InStore::DueAt(_)) && self.backlog() < BACKLOG_MAX;
        if self.more_in_store && (self.ready.is_empty() || all_due) {
            // What the store holds beside these is due after them.
            let quiet_until = if let InStore::DueAt(at) = rest { at } else { due_last };
            self.quiet_until = Some(quiet_until.min(now + QUIET_MAX));
        }
    }

    /// How fast parts may leave from now on. What waits goes on waiting; a limit that the carrier taught is tried anew.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
        self.control.look_again();
    }

    /// Parts per second that may leave now: what is configured, or less if the carrier's refusals taught that. `None`: as fast as
    /// the window allows.
    #[must_use]
    pub fn rate_now(&self) -> Option<f64> {
        self.rate().map(Rate::as_parts)
    }

    /// Parts per second that the carrier's refusals taught; `None` while the configured rate, or none, holds.
    #[must_use]
    pub fn learned_rate(&self) -> Option<f64> {
        self.control.rate().map(Rate::as_parts)
    }

    /// When the pause that the carrier asked for ends; in the past if there is none.
    #[must_use]
    pub const fn paused_until(&self) -> Timestamp {
        self.brake.until()
    }

    /// The part in memory that waits for the longest time.
    #[must_use]
    pub fn oldest(&self) -> Option<PartId> {
        let delayed = self.delayed.iter().map(|(_, part)| part.part_id).min();
        // The first of each class is its oldest.
        let bulk = Waiting { class: MessageClass::Bulk, part_id: PartId(i64::MIN), attempt: AttemptNumber(0) };
        let ready = [self.ready.first(), self.ready.range(bulk..).next()];
        ready.into_iter().flatten().map(|part| part.part_id).chain(delayed).min()
    }

    /// Every link is gone.
    pub fn reset_links(&mut self) {
        self.links.clear();
    }

    /// A link was bound.
    pub fn up(&mut self, link: LinkId, window_max: u16) {
        self.links.insert(link, window_max);
    }

    /// A link ended.
    pub fn down(&mut self, link: LinkId) {
        self.links.remove(&link);
    }

    /// The carrier refused a part for being too many: everything waits, the rate is cut, and the answer says when the pause ends.
    ///
    /// The pause is `first` for a carrier of which nothing is known, and a tenth of it for one whose limit is known; twice as long each
    /// time the carrier asks again before it took anything, up to 30 seconds, or 60 where `first` is 5 seconds or longer. Answers to
    /// what was out when the carrier asked are one request.
    pub fn throttled(&mut self, first: Span, now: Timestamp) -> Timestamp {
        if !self.brake.is_on(now) && !self.control.in_series(now) {
            let start = match self.rate() {
                None => first,
                Some(rate) => Span((first.0 / BRIEF_PART).max(rate.span_of(1).0 * 5 / 4).min(first.0)),
            };
            self.pause(first, start, now);
        }
        self.control.refused(self.used, self.brake.in_a_row(), self.configured(), now);
        self.brake.until().max(now)
    }

    /// The carrier took none of the parts that were handed to it, for a reason of its own: everything waits as after
    /// [`throttled`](Self::throttled), but it says nothing of the rate.
    pub fn not_taken(&mut self, first: Span, now: Timestamp) -> Timestamp {
        if !self.brake.is_on(now) {
            self.pause(first, first, now);
        }
        self.brake.until()
    }

    fn pause(&mut self, asked: Span, start: Span, now: Timestamp) {
        self.brake.stop(asked, start, now);
        self.resumes = true;
    }

    /// The carrier took a part: the next pause starts from its first length again.
    pub fn went_through(&mut self, now: Timestamp) {
        self.control.accepted(now);
        if !self.brake.is_on(now) && !self.control.in_series(now) {
            self.brake.went_through();
        }
    }

    /// Takes no part any more.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// When [`take`](Self::take) may give something that it does not give now, or the store should be asked: `None` until something
    /// else happens.
    #[must_use]
    pub fn wake_at(&mut self, now: Timestamp) -> Option<Timestamp> {
        if self.stopping || self.links.is_empty() {
            return None;
        }
        if self.wants_refill() {
            return Some(now);
        }
        let part_at = self.part_at(now);
        let ask_at = self.quiet_until.filter(|_| self.more_in_store && self.ready.is_empty());
        part_at.into_iter().chain(ask_at).chain(self.look_at).min()
    }

    fn part_at(&mut self, now: Timestamp) -> Option<Timestamp> {
        let queued = if self.ready.is_empty() { self.delayed.first().map(|first| first.0)? } else { now };
        let braked = self.brake.allows_at();
        if queued <= now && braked <= now && self.window_max() <= self.used {
            return None;
        }
        let token_at = self.rate().map_or(now, |rate| self.bucket.part_at(rate, now));
        Some(queued.max(braked).max(token_at))
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

    /// Whether anything may be handed to the carrier, now or when a place is free.
    #[must_use]
    pub fn is_taking(&self) -> bool {
        self.links.values().any(|window_max| *window_max > 0)
    }

    /// Unanswered submissions that the carrier allows now.
    #[must_use]
    pub fn window_max(&self) -> usize {
        self.links.values().copied().map(usize::from).sum()
    }

    fn free(&self, now: Timestamp) -> usize {
        let places = if self.stopping { 0 } else { self.window_max().saturating_sub(self.used) };
        places.min(self.brake.allows(now))
    }

    fn configured(&self) -> Option<Rate> {
        Rate::per_second(self.pace.parts_per_second_max)
    }

    /// The lower of what is configured and what was learned.
    fn rate(&self) -> Option<Rate> {
        self.configured().into_iter().chain(self.control.rate()).min()
    }

    fn tokens(&mut self, now: Timestamp) -> usize {
        self.control.pass(self.configured(), now);
        let Some(rate) = self.rate() else { return usize::MAX };
        if self.resumes && !self.brake.is_on(now) {
            self.resumes = false;
            self.bucket.restart(now);
        }
        self.bucket.parts(rate, now)
    }

    fn leave(&mut self, count: usize, now: Timestamp) {
        if count > 0 {
            if self.rate().is_some() {
                self.bucket.spend(count);
            }
            self.brake.left(now);
            self.used += count;
        }
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
