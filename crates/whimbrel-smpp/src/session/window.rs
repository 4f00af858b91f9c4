//! The window: our requests that are not answered yet, and those whose answer is late.
//!
//! Everything is O(1): a slot per request, found by its number through a table, chained oldest first for the
//! deadlines. All room is taken at the start; a request allocates nothing.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use super::config::Instant;
use crate::pdu::command_id::{GENERIC_NACK, RESPONSE};

/// No slot.
const NONE: u16 = u16::MAX;

struct Slot {
    sequence: u32,
    command_id: u32,
    until: Instant,
    older: u16,
    /// In a free slot, the next free one.
    newer: u16,
}

/// What a response turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settled {
    /// The answer to an open request, which it was until now.
    Open,
    /// The answer to a request that timed out.
    Late,
    /// Its number is that of a request, its command is not.
    Mismatched,
    /// Nobody asked, or it came twice.
    Unknown,
}

pub(super) struct Window {
    slots: Vec<Slot>,
    slots_max: u16,
    by_sequence: HashMap<u32, u16, BuildHasherDefault<SequenceHasher>>,
    oldest: u16,
    newest: u16,
    free: u16,
    /// Numbers and commands of requests that timed out, oldest first.
    late: VecDeque<(u32, u32)>,
    late_max: usize,
}

impl Window {
    pub(super) fn new(slots_max: u16, late_max: u16) -> Self {
        let room = usize::from(slots_max);
        Self {
            slots: Vec::with_capacity(room),
            slots_max,
            // Twice the room: then the table tidies itself in place and never grows.
            by_sequence: HashMap::with_capacity_and_hasher(room * 2, BuildHasherDefault::default()),
            oldest: NONE,
            newest: NONE,
            free: NONE,
            late: VecDeque::new(),
            late_max: usize::from(late_max),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.by_sequence.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_sequence.is_empty()
    }

    pub(super) fn room(&self) -> usize {
        usize::from(self.slots_max) - self.len()
    }

    pub(super) fn has(&self, sequence: u32) -> bool {
        self.by_sequence.contains_key(&sequence)
    }

    /// Opens a request. The caller has seen that there is room and that the number is free, and deadlines never
    /// decrease.
    pub(super) fn open(&mut self, sequence: u32, command_id: u32, until: Instant) {
        if self.room() == 0 || self.has(sequence) {
            return;
        }
        // Numbers time out in the order they are given out, so that only the oldest late one can come round again.
        if self.late.front().is_some_and(|(late, _)| *late == sequence) {
            self.late.pop_front();
        }
        let slot = Slot { sequence, command_id, until, older: self.newest, newer: NONE };
        let at = self.place(slot);
        match self.newest {
            NONE => self.oldest = at,
            newest => self.slots[usize::from(newest)].newer = at,
        }
        self.newest = at;
        self.by_sequence.insert(sequence, at);
    }

    fn place(&mut self, slot: Slot) -> u16 {
        if self.free == NONE {
            self.slots.push(slot);
            // `room` keeps the count at or below `slots_max`, which is below `NONE`.
            return u16::try_from(self.slots.len() - 1).unwrap_or(NONE);
        }
        let at = self.free;
        let held = &mut self.slots[usize::from(at)];
        self.free = held.newer;
        *held = slot;
        at
    }

    /// Settles the request that a response names.
    pub(super) fn settle(&mut self, sequence: u32, response_id: u32) -> Settled {
        let answers = |command_id: u32| response_id == command_id | RESPONSE || response_id == GENERIC_NACK;
        if let Some(at) = self.by_sequence.get(&sequence).copied() {
            if !answers(self.slots[usize::from(at)].command_id) {
                return Settled::Mismatched;
            }
            self.remove(at);
            return Settled::Open;
        }
        let Some(at) = self.late.iter().position(|(late, _)| *late == sequence) else { return Settled::Unknown };
        if !self.late.get(at).is_some_and(|(_, command_id)| answers(*command_id)) {
            return Settled::Mismatched;
        }
        self.late.remove(at);
        Settled::Late
    }

    /// When the oldest request times out.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.slots.get(usize::from(self.oldest)).map(|slot| slot.until)
    }

    /// Takes the oldest request if its time is up, and remembers it as late.
    pub(super) fn expire(&mut self, now: Instant) -> Option<u32> {
        let slot = self.slots.get(usize::from(self.oldest)).filter(|slot| slot.until <= now)?;
        let (sequence, command_id) = (slot.sequence, slot.command_id);
        self.remove(self.oldest);
        if self.late_max > 0 {
            if self.late.len() >= self.late_max {
                self.late.pop_front();
            }
            self.late.push_back((sequence, command_id));
        }
        Some(sequence)
    }

    /// Takes all, oldest first.
    pub(super) fn drain(&mut self) -> Vec<u32> {
        let mut all = Vec::with_capacity(self.len());
        while let Some(slot) = self.slots.get(usize::from(self.oldest)) {
            all.push(slot.sequence);
            self.remove(self.oldest);
        }
        all
    }

    fn remove(&mut self, at: u16) {
        let slot = &mut self.slots[usize::from(at)];
        let (sequence, older, newer) = (slot.sequence, slot.older, slot.newer);
        slot.newer = self.free;
        self.free = at;
        match older {
            NONE => self.oldest = newer,
            older => self.slots[usize::from(older)].newer = newer,
        }
        match newer {
            NONE => self.newest = older,
            newer => self.slots[usize::from(newer)].older = older,
        }
        self.by_sequence.remove(&sequence);
    }
}

/// Numbers follow each other and are ours: one multiplication spreads them.
#[derive(Default)]
struct SequenceHasher(u64);

impl Hasher for SequenceHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.write_u32(u32::from(*octet));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SUBMIT: u32 = 4;
    const SUBMIT_RESP: u32 = SUBMIT | RESPONSE;

    #[test]
    fn a_late_number_that_comes_round_again_is_forgotten() {
        let mut window = Window::new(2, 2);
        window.open(7, SUBMIT, Instant(1));
        assert_eq!(window.expire(Instant(1)), Some(7));
        window.open(7, SUBMIT, Instant(9));
        assert_eq!(window.settle(7, SUBMIT_RESP), Settled::Open);
        assert_eq!(window.settle(7, SUBMIT_RESP), Settled::Unknown);
    }

    #[test]
    fn late_numbers_are_bounded_and_the_oldest_go_first() {
        let mut window = Window::new(1, 2);
        for sequence in 1..=3 {
            window.open(sequence, SUBMIT, Instant(0));
            assert_eq!(window.expire(Instant(0)), Some(sequence));
        }
        assert_eq!(window.settle(1, SUBMIT_RESP), Settled::Unknown);
        assert_eq!(window.settle(2, 5 | RESPONSE), Settled::Mismatched);
        assert_eq!(window.settle(2, SUBMIT_RESP), Settled::Late);
        assert_eq!(window.settle(3, GENERIC_NACK), Settled::Late);
        assert_eq!(window.settle(3, SUBMIT_RESP), Settled::Unknown);
    }

    #[test]
    fn nothing_is_allocated_after_the_start() {
        let mut window = Window::new(100, 8);
        let room = (window.slots.capacity(), window.by_sequence.capacity());
        for sequence in 1..100_000_u32 {
            window.open(sequence, SUBMIT, Instant(i64::from(sequence)));
            // A few stay open for long, the others go in no order.
            if sequence > 90 {
                window.settle(sequence - (sequence % 13) * 7, SUBMIT_RESP);
            }
            if window.room() == 0 {
                window.expire(Instant(i64::MAX));
            }
        }
        assert_eq!(room.0, window.slots.capacity());
        assert!(window.by_sequence.capacity() >= 100 && window.by_sequence.capacity() <= room.1);
    }

    proptest! {
        /// Against a list: same order, same answers, same count.
        #[test]
        fn a_window_is_a_list_that_is_quick(steps in prop::collection::vec((0_u8..4, 0_usize..12), 0..200)) {
            let mut window = Window::new(8, 4);
            let mut list: Vec<(u32, i64)> = Vec::new();
            let mut sequence = 0;
            for (now, (step, pick)) in (0_i64..).zip(steps) {
                match step {
                    0 | 1 if list.len() < 8 => {
                        sequence += 1;
                        window.open(sequence, SUBMIT, Instant(now + 10));
                        list.push((sequence, now + 10));
                    }
                    2 => if let Some((number, _)) = list.get(pick).copied() {
                        list.remove(pick);
                        prop_assert_eq!(window.settle(number, 5 | RESPONSE), Settled::Mismatched);
                        prop_assert_eq!(window.settle(number, SUBMIT_RESP), Settled::Open);
                        prop_assert_eq!(window.settle(number, SUBMIT_RESP), Settled::Unknown);
                    },
                    _ => while let Some(number) = window.expire(Instant(now)) {
                        prop_assert_eq!(list.remove(0).0, number);
                    },
                }
                if step == 3 {
                    prop_assert!(list.iter().all(|(_, until)| *until > now));
                }
                prop_assert_eq!(window.len(), list.len());
                prop_assert_eq!(window.deadline(), list.first().map(|(_, until)| Instant(*until)));
            }
            prop_assert_eq!(window.drain(), list.iter().map(|(number, _)| *number).collect::<Vec<_>>());
            prop_assert_eq!(window.room(), 8);
        }
    }
}
