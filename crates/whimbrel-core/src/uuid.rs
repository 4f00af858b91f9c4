//! UUIDs: their text, and the form that our ids take where a vendor's clients expect one.
//!
//! An id becomes a UUID of version 7 (RFC 9562 §5.7): its milliseconds stand in front as Unix time, then its node and sequence. What
//! is left of the 128 bits is made from the id by a fixed mixing function, so that every id has one UUID and a UUID that we
//! did not make is hardly ever taken for an id of ours.

use std::fmt;

use crate::id::{ID_BITS, made_at};
use crate::time::Timestamp;

/// A UUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub u128);

/// Bits of an id below its milliseconds: node and sequence.
const LOW_BITS: u32 = 19;
/// Of these, those that fit beside the version.
const HIGH_OF_LOW_BITS: u32 = 12;
/// The others, at the top of the last 62 bits.
const REST_BITS: u32 = LOW_BITS - HIGH_OF_LOW_BITS;
const MIXED_BITS: u32 = 62 - REST_BITS;

impl Uuid {
    /// The UUID of version 7 that stands for an id.
    #[must_use]
    pub const fn of_id(id: i64) -> Self {
        let millis = made_at(id).unix_millis() as u128 & 0xffff_ffff_ffff;
        let low = id as u128 & ((1 << LOW_BITS) - 1);
        let mixed = (mix(id as u64) >> (64 - MIXED_BITS)) as u128;
        let rest = low & ((1 << REST_BITS) - 1);
        Self(millis << 80 | 7 << 76 | (low >> REST_BITS) << 64 | 0b10 << 62 | rest << MIXED_BITS | mixed)
    }

    /// The id that this UUID stands for; `None` if it stands for none.
    #[must_use]
    pub fn id(self) -> Option<i64> {
        let millis = (self.0 >> 80) as i64;
        let low = ((self.0 >> 64 & 0xfff) << REST_BITS) as i64 | (self.0 >> MIXED_BITS & ((1 << REST_BITS) - 1)) as i64;
        let since_epoch = millis - made_at(0).unix_millis();
        let id = since_epoch.checked_mul(1 << LOW_BITS)? | low;
        ((0..1 << ID_BITS).contains(&id) && Self::of_id(id) == self).then_some(id)
    }

    /// A UUID of version 7 that stands for no id: the milliseconds of `now`, then 74 of the bits of `chance`.
    #[must_use]
    pub const fn at(now: Timestamp, chance: u128) -> Self {
        let millis = now.unix_millis().unsigned_abs() as u128 & 0xffff_ffff_ffff;
        let chance = chance & !(0xffff_ffff_ffff << 80) & !(0xf << 76) & !(0b11 << 62);
        Self(millis << 80 | 7 << 76 | 0b10 << 62 | chance)
    }

    /// A random UUID (version 4) of 128 random bits.
    #[must_use]
    pub const fn random(bits: u128) -> Self {
        let version = 0xf_u128 << 76;
        let variant = 0b11_u128 << 62;
        Self(bits & !version & !variant | 4 << 76 | 0b10 << 62)
    }

    /// Reads the form with hyphens, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        const HYPHENS: [usize; 4] = [8, 13, 18, 23];
        if text.len() != 36 {
            return None;
        }
        let value = text.bytes().enumerate().try_fold(0_u128, |value, (place, byte)| {
            if HYPHENS.contains(&place) {
                return (byte == b'-').then_some(value);
            }
            Some(value << 4 | u128::from(char::from(byte).to_digit(16)?))
        })?;
        Some(Self(value))
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): every bit of the id moves half of the result's.
const fn mix(id: u64) -> u64 {
    let z = id.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

impl fmt::Display for Uuid {
    /// Lower case with hyphens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0;
        let group = |shift: u32, bits: u32| value >> shift & ((1 << bits) - 1);
        let [a, b, c, d, e] = [group(96, 32), group(80, 16), group(64, 16), group(48, 16), group(0, 48)];
        write!(f, "{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}")
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::IdSource;

    const NOW: Timestamp = Timestamp(1_795_526_000_123_456);

    #[test]
    fn an_id_comes_back_from_its_uuid() {
        let mut source = IdSource::new(31, 0);
        let ids = (0..40_000).map(|_| source.next(NOW)).chain([0, 1, (1 << ID_BITS) - 1]);
        for id in ids {
            let uuid = Uuid::of_id(id);
            assert_eq!(uuid.id(), Some(id), "{uuid}");
            assert_eq!(Uuid::parse(&uuid.to_string()), Some(uuid));
        }
    }

    #[test]
    fn a_uuid_has_the_time_the_version_and_the_variant_of_the_standard() {
        let text = Uuid::of_id(IdSource::new(0, 0).next(NOW)).to_string();
        assert_eq!(u128::from_str_radix(&text[..13].replace('-', ""), 16), Ok(1_795_526_000_123));
        assert_eq!(&text[14..15], "7");
        assert!(matches!(&text[19..20], "8" | "9" | "a" | "b"), "{text}");
        let random = Uuid::random(u128::MAX).to_string();
        assert_eq!(random, "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn the_same_ids_have_the_same_uuids_in_every_version() {
        // Once told they are in customers' tables. The first output of SplitMix64 for the seed 0 is e220a8397b1dcdaf.
        assert_eq!(Uuid::of_id(0).to_string(), "01941f29-7c00-7000-8071-10541cbd8ee6");
        assert_eq!(Uuid::of_id(0x00c0_0000_a310_d8ca).to_string(), "01ac1f29-9062-71b1-a517-9c8e0d9743c7");
    }

    #[test]
    fn a_uuid_that_stands_for_no_id_is_none() {
        let uuid = Uuid::of_id(IdSource::new(0, 0).next(NOW));
        for bit in 0..128 {
            let other = Uuid(uuid.0 ^ 1 << bit);
            assert_eq!(other.id(), None, "bit {bit}: {other}");
        }
        for uuid in [Uuid(0), Uuid(u128::MAX), Uuid::random(12_345)] {
            assert_eq!(uuid.id(), None);
        }
    }

    #[test]
    fn only_the_form_with_hyphens_is_read() {
        assert!(Uuid::parse("AAAAAAAA-bbbb-CCCC-dddd-0123456789ab").is_some());
        for text in ["", "aaaaaaaa", "aaaaaaaabbbbccccdddd0123456789ab", "aaaaaaaa-bbbb-cccc-dddd-0123456789ag"] {
            assert_eq!(Uuid::parse(text), None, "{text}");
        }
        for text in
            ["aaaaaaaa+bbbb-cccc-dddd-0123456789ab", "{aaaaaaaa-bbbb-cccc-dddd-0123456789}", "ääääääääääääääääää"]
        {
            assert_eq!(Uuid::parse(text), None, "{text}");
        }
    }
}
