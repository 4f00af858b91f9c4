//! Puts the parts of incoming messages together.
//!
//! Two ways: [`Assembler`] keeps the parts in memory until they are whole, for a caller that stores whole messages;
//! [`join`] is for one that stores the parts and reads them together. Both take what parts say of themselves from a
//! user data header or from `sar_*` parameters alike, as a [`Concat`].
//!
//! Follows 3GPP TS 23.040 §9.2.3.24.1. Parts belong together if carrier, source and destination are the same (the
//! caller's key), and reference, its width, and the total. Two senders may use one reference at a time
//! (jookies/jasmin#664), so the key is never the reference alone.
//!
//! Promises: nothing is lost and nothing grows. A part that repeats one already there is ignored. A part that says
//! another thing in a place already taken means that the reference is in use again: the older message is given out
//! incomplete, and a new one starts. What is older than the timeout, or the oldest when there is no more room, is
//! given out incomplete. It does not remember messages that were completed: a part repeated after that starts a
//! message that never completes, and a caller whose carrier repeats parts recognises them by their own ids.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::Hash;

use crate::udh::{Concat, ConcatRef};
use crate::{Incoming, PartCount};

mod join;

pub use join::{JoinPart, Joined, join};

/// How long parts wait for the others, in microseconds: 24 hours.
pub const TIMEOUT_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// What an assembler may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssemblerLimits {
    /// Messages of which parts are missing, at most; at least 1 is held.
    pub messages_max: usize,
    /// Octets of headers and contents, at most, all messages together.
    pub octets_max: usize,
}

/// Parts that wait for others, by the caller's key. Its `Debug` shows sizes only.
pub struct Assembler<K> {
    limits: AssemblerLimits,
    messages: HashMap<MessageKey<K>, Pending>,
    /// The messages by age. Invariant: as many as `messages`, each under its `age`.
    ages: BTreeMap<Age, MessageKey<K>>,
    octets: usize,
    /// Messages ever started: tells apart those that started at one time.
    serial: u64,
}

/// When a message started, and which of those of that time it is.
type Age = (i64, u64);

/// What parts of one message have in common. The reference has its width.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct MessageKey<K> {
    caller: K,
    reference: ConcatRef,
    total: PartCount,
}

struct Pending {
    age: Age,
    octets: usize,
    /// By sequence, each once.
    parts: BTreeMap<PartCount, Incoming>,
}

/// What became of a part, and which messages left the assembler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added<K> {
    /// What became of the part.
    pub outcome: Outcome,
    /// Messages given out: the one the part completed, one whose reference came into use again, those that had to make
    /// room. In the order in which they started, as far as they made room.
    pub released: Vec<Assembled<K>>,
}

/// What became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It waits for others.
    Waiting,
    /// It was there already and is ignored.
    Duplicate,
    /// It completed a message, which is the last of those released.
    Completed,
    /// It is larger than all messages together may be, and its message is released, incomplete.
    TooLarge,
}

/// A message given out.
#[derive(Clone, PartialEq, Eq)]
pub struct Assembled<K> {
    /// The caller's key.
    pub key: K,
    /// The reference its parts share.
    pub reference: ConcatRef,
    /// The number of parts it should have.
    pub total: PartCount,
    /// When its first part was added, in the caller's microseconds.
    pub started_at: i64,
    /// The parts that came, by sequence.
    pub parts: Vec<(PartCount, Incoming)>,
    /// Why it is given out.
    pub ending: Ending,
}

/// Why a message is given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All parts are there.
    Complete,
    /// Incomplete: the others did not come in time.
    TimedOut,
    /// Incomplete: its reference is in use again.
    Replaced,
    /// Incomplete: it had to make room.
    Evicted,
}

impl<K> Assembled<K> {
    /// Whether all parts are there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.ending == Ending::Complete
    }

    /// What the parts say together.
    #[must_use]
    pub fn join(&self) -> Joined {
        let parts: Vec<JoinPart<'_>> = self
            .parts
            .iter()
            .map(|(sequence, part)| JoinPart { sequence: *sequence, content: &part.content })
            .collect();
        join(&parts, self.total)
    }
}

impl<K> fmt::Debug for Assembled<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembled")
            .field("reference", &self.reference)
            .field("total", &self.total)
            .field("part_count", &self.parts.len())
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}

impl<K> fmt::Debug for Assembler<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembler")
            .field("limits", &self.limits)
            .field("message_count", &self.messages.len())
            .field("octets", &self.octets)
            .finish_non_exhaustive()
    }
}

impl<K: Eq + Hash + Clone> Assembler<K> {
    /// An assembler that holds nothing yet.
    #[must_use]
    pub fn new(limits: AssemblerLimits) -> Self {
        Self { limits, messages: HashMap::new(), ages: BTreeMap::new(), octets: 0, serial: 0 }
    }

    /// Messages of which parts are missing.
    #[must_use]
    pub fn message_count(&self) -> usize {
        self.messages.len()
    }

    /// Octets of the headers and contents held.
    #[must_use]
    pub const fn octets(&self) -> usize {
        self.octets
    }

    /// Adds a part that says of itself to be `concat`. `now` is in microseconds, of any epoch; it need not be later
    /// than that of the call before. Adding a part twice is harmless. A part of 1 is complete at once.
    pub fn add(&mut self, key: K, concat: Concat, part: Incoming, now: i64) -> Added<K> {
        let key = MessageKey { caller: key, reference: concat.reference(), total: concat.total() };
        let mut released = Vec::new();
        let held = self.messages.get(&key).and_then(|pending| pending.parts.get(&concat.sequence()));
        match held {
            Some(held) if *held == part => return Added { outcome: Outcome::Duplicate, released },
            Some(_) => released.extend(self.take(&key, Ending::Replaced)),
            None => {}
        }

        let octets = part.size_octets();
        let is_complete = self.insert(&key, concat.sequence(), part, now);
        if is_complete {
            released.extend(self.take(&key, Ending::Complete));
            return Added { outcome: Outcome::Completed, released };
        }
        if octets > self.limits.octets_max {
            released.extend(self.take(&key, Ending::Evicted));
            return Added { outcome: Outcome::TooLarge, released };
        }
        while self.messages.len() > self.limits.messages_max.max(1) || self.octets > self.limits.octets_max {
            // The part that was just added may belong to the oldest message, and then leaves with it.
            let Some(oldest) = self.ages.first_key_value().map(|(_, key)| key.clone()) else { break };
            released.extend(self.take(&oldest, Ending::Evicted));
        }
        Added { outcome: Outcome::Waiting, released }
    }

    /// Takes out the messages that started [`TIMEOUT_MICROS`] before `now`, or earlier: all are incomplete. Oldest
    /// first.
    pub fn expired(&mut self, now: i64) -> Vec<Assembled<K>> {
        let mut released = Vec::new();
        while let Some(((started_at, _), key)) = self.ages.first_key_value() {
            if now.saturating_sub(*started_at) < TIMEOUT_MICROS {
                break;
            }
            let key = key.clone();
            released.extend(self.take(&key, Ending::TimedOut));
        }
        released
    }

    /// Says when [`expired`](Self::expired) has something to give; `None` if nothing waits.
    #[must_use]
    pub fn next_expiry(&self) -> Option<i64> {
        self.ages.first_key_value().map(|((started_at, _), _)| started_at.saturating_add(TIMEOUT_MICROS))
    }

    /// Says whether the message is complete now.
    fn insert(&mut self, key: &MessageKey<K>, sequence: PartCount, part: Incoming, now: i64) -> bool {
        let octets = part.size_octets();
        let (ages, serial) = (&mut self.ages, &mut self.serial);
        let pending = self.messages.entry(key.clone()).or_insert_with(|| {
            *serial += 1;
            let age = (now, *serial);
            ages.insert(age, key.clone());
            Pending { age, octets: 0, parts: BTreeMap::new() }
        });
        pending.octets += octets;
        pending.parts.insert(sequence, part);
        self.octets += octets;
        pending.parts.len() == usize::from(key.total)
    }

    fn take(&mut self, key: &MessageKey<K>, ending: Ending) -> Option<Assembled<K>> {
        let (key, pending) = self.messages.remove_entry(key)?;
        self.ages.remove(&pending.age);
        self.octets -= pending.octets;
        let MessageKey { caller, reference, total } = key;
        let parts = pending.parts.into_iter().collect();
        Some(Assembled { key: caller, reference, total, started_at: pending.age.0, parts, ending })
    }
}

#[cfg(test)]
mod tests;
