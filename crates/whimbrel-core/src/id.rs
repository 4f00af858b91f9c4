//! Ids: 60-bit integers that sort by time.
//!
//! Layout, from the top of an `i64`: 4 zero bits, 41 bits of milliseconds since 2025-01-01T00:00:00Z (until 2094),
//! 5 bits of node, 14 bits of sequence. The four free bits let a dialect put a letter in front of the hexadecimal form, so
//! that no client takes an id for a decimal number, and every public form stays a bijection: no look-up table is needed.
//!
//! [`IdSource`] gives `max(last + 1, now)`: ids rise even when the clock is set back, and a burst of more than 16,384 ids in
//! a millisecond borrows from the next one. The store keeps a high-water mark, so that a restart with an older clock does not
//! give an id twice.

use std::fmt;

use crate::time::Timestamp;

/// 2025-01-01T00:00:00Z in milliseconds since 1970.
const EPOCH_MILLIS: i64 = 1_735_689_600_000;
const SEQUENCE_BITS: u32 = 14;
const NODE_BITS: u32 = 5;
/// Bits that an id may use; the rest are zero.
pub const ID_BITS: u32 = 60;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:#x})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:x}", self.0)
            }
        }
    )*};
}

ids! {
    /// One accepted request for one recipient.
    MessageId;
    /// One part of a message; part 1 has the message's own number.
    PartId;
    /// One webhook to a customer.
    NoticeId;
    /// One line of a message's story.
    EventId;
    /// One part of a text that came in.
    InboundId;
    /// A customer of ours.
    AccountId;
}

impl MessageId {
    /// The id of the message's first part: the same number.
    #[must_use]
    pub const fn first_part(self) -> PartId {
        PartId(self.0)
    }
}

/// A number of a row that all dialects share that name their messages by short decimals: 1, 2, 3 and on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(pub u64);

impl Serial {
    /// The highest: with two more digits in front of its 13 a dialect stays below 2^53, up to which every client reads whole numbers.
    pub const MAX: Self = Self(9_999_999_999_999);
}

/// An application of an account, by the number that its tokens name: a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApplicationId(pub u128);

impl fmt::Display for ApplicationId {
    /// Five groups of small hexadecimal digits (RFC 9562 §4).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::uuid::Uuid(self.0).fmt(f)
    }
}

/// A carrier, as the store numbers the names of the configuration. Stable over restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CarrierId(pub u16);

/// One bound connection of a carrier, numbered from 1 within the life of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u32);

/// Which submission of a part this is, from 1. Every claim counts, also one that the carrier throttled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptNumber(pub u16);

impl AttemptNumber {
    /// The number of the attempt after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Gives ids that rise. Not a clock: `now` is an argument.
#[derive(Debug, Clone)]
pub struct IdSource {
    node: i64,
    last: i64,
}

impl IdSource {
    /// A source for node `node` (0 to 31) that starts above `high_water`, the highest id given before.
    #[must_use]
    pub const fn new(node: u8, high_water: i64) -> Self {
        Self { node: (node & 0x1f) as i64, last: high_water }
    }

    /// The next id at `now`.
    pub fn next(&mut self, now: Timestamp) -> i64 {
        let millis = (now.unix_millis() - EPOCH_MILLIS).clamp(0, (1 << 41) - 1);
        let at_now = (millis << (NODE_BITS + SEQUENCE_BITS)) | (self.node << SEQUENCE_BITS);
        self.last = at_now.max(self.last + 1);
        self.last
    }

    /// The highest id given so far.
    #[must_use]
    pub const fn high_water(&self) -> i64 {
        self.last
    }
}

/// The lowest id that may be made at that instant or later by a clock that is right.
#[must_use]
pub const fn lowest_at(at: Timestamp) -> i64 {
    let millis = at.unix_millis() - EPOCH_MILLIS;
    if millis < 0 { 0 } else { millis << (NODE_BITS + SEQUENCE_BITS) }
}

/// The millisecond in which an id was made, as an instant. An id of a burst may lie a little in the future.
#[must_use]
pub const fn made_at(id: i64) -> Timestamp {
    Timestamp(((id >> (NODE_BITS + SEQUENCE_BITS)) + EPOCH_MILLIS) * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_526_000_123_456);

    #[test]
    fn ids_rise_when_the_clock_is_set_back_and_over_a_restart() {
        let mut source = IdSource::new(0, 0);
        let first = source.next(NOW);
        let second = source.next(Timestamp(NOW.0 - 3_600_000_000));
        assert_eq!(second, first + 1);
        let mut restarted = IdSource::new(0, source.high_water());
        assert!(restarted.next(Timestamp(0)) > second);
    }

    #[test]
    fn an_id_says_when_it_was_made_and_leaves_the_top_bits_free() {
        let mut source = IdSource::new(31, 0);
        let id = source.next(NOW);
        assert_eq!(made_at(id).unix_millis(), NOW.unix_millis());
        let end_of_range = source.next(Timestamp(i64::MAX));
        assert_eq!(end_of_range >> ID_BITS, 0);
    }

    #[test]
    fn the_lowest_id_of_an_instant_is_not_above_those_made_then() {
        let mut source = IdSource::new(0, 0);
        assert!(lowest_at(NOW) <= source.next(NOW));
        assert_eq!(made_at(lowest_at(NOW)).unix_millis(), NOW.unix_millis());
        assert_eq!((lowest_at(Timestamp(0)), lowest_at(Timestamp(i64::MIN))), (0, 0));
    }

    #[test]
    fn a_burst_gives_distinct_ids() {
        let mut source = IdSource::new(3, 0);
        let ids: std::collections::BTreeSet<i64> = (0..50_000).map(|_| source.next(NOW)).collect();
        assert_eq!(ids.len(), 50_000);
    }
}
