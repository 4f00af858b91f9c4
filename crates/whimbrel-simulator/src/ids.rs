//! The message ids that the simulator gives, and the forms that other centres give theirs.
//!
//! Of itself: sixteen upper-case hexadecimal digits: a `C` for carrier, then the 60 bits of an id of ours. The letter in front keeps
//! clients from reading an id as a decimal number and from losing leading zeros, two ways in which receipts go astray.

use std::fmt;

use serde::{Deserialize, Serialize};
use whimbrel_core::id::ID_BITS;

/// The first digit: not zero, and a letter.
const MARK: u64 = 0xC << ID_BITS;

/// The id of a message at the simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimulatedId(u64);

impl SimulatedId {
    /// The id made of the lower 60 bits of `id`.
    #[must_use]
    pub const fn from_id(id: i64) -> Self {
        Self(MARK | (id.unsigned_abs() & ((1 << ID_BITS) - 1)))
    }

    /// The id that is this number, for centres that count.
    #[must_use]
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The sixteen digits as they travel.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        self.to_string().into_bytes()
    }
}

/// Where the numbers behind ids come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Numbers {
    /// Ids of ours with a mark before them: sixteen digits, and more than a signed 64-bit number holds.
    Marked,
    /// Counted from 1.
    Counted,
}

/// How an id is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdForm {
    /// Hexadecimal in capitals; sixteen digits if numbers are marked.
    Hex,
    /// Hexadecimal in small letters.
    HexLower,
    /// Hexadecimal in capitals with leading zeros.
    HexPadded,
    /// Decimal.
    Decimal,
    /// Decimal with leading zeros.
    DecimalPadded,
    /// Decimal of 23 digits.
    LongDecimal,
    /// A UUID in small letters.
    Uuid,
    /// A UUID in capitals.
    UuidUpper,
    /// Seventy-two characters.
    Long,
    /// Nothing.
    Empty,
}

impl IdForm {
    /// The id in this form; a padded one has `width` digits.
    #[must_use]
    pub fn write(self, SimulatedId(number): SimulatedId, width: usize) -> String {
        // The other half of a long id: as good as random, and always the same for one number.
        let rest = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (number >> 32);
        let uuid = || {
            let (a, b, c) = (number >> 32, (number >> 16) & 0xFFFF, number & 0x0FFF);
            format!("{a:08x}-{b:04x}-4{c:03x}-{:04x}-{:012x}", 0x8000 | (rest >> 50), rest & 0xFFFF_FFFF_FFFF)
        };
        match self {
            Self::Hex => format!("{number:X}"),
            Self::HexLower => format!("{number:x}"),
            Self::HexPadded => format!("{number:0width$X}"),
            Self::Decimal => number.to_string(),
            Self::DecimalPadded => format!("{number:0width$}"),
            Self::LongDecimal => format!("{}", 10_000_000_000_000_000_000_000_u128 + u128::from(number)),
            Self::Uuid => uuid(),
            Self::UuidUpper => uuid().to_uppercase(),
            Self::Long => format!("{number:016X}-{rest:016x}-{number:019}-{rest:018X}"),
            Self::Empty => String::new(),
        }
    }
}

impl fmt::Display for SimulatedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_sixteen_upper_case_digits_that_begin_with_a_letter() {
        assert_eq!(SimulatedId::from_id(0).to_string(), "C000000000000000");
        assert_eq!(SimulatedId::from_id(0x00AB_CDEF_0123_4567).to_string(), "C0ABCDEF01234567");
        assert_eq!(SimulatedId::from_id((1 << 60) - 1).to_string(), "CFFFFFFFFFFFFFFF");
        assert_eq!(SimulatedId::from_id(i64::MAX).to_bytes(), b"CFFFFFFFFFFFFFFF");
    }

    #[test]
    fn an_id_in_every_form() {
        // 9308878062554710043 is more than 2^63: Jasmin issue 586.
        let check = |number, form: IdForm, wanted: &str| {
            assert_eq!(form.write(SimulatedId::from_number(number), 20), wanted, "{form:?}");
        };
        let big = 0x812F_C747_0000_001B;
        check(big, IdForm::Hex, "812FC7470000001B");
        check(big, IdForm::HexLower, "812fc7470000001b");
        check(big, IdForm::HexPadded, "0000812FC7470000001B");
        check(big, IdForm::Decimal, "9308878062554710043");
        check(big, IdForm::DecimalPadded, "09308878062554710043");
        check(big, IdForm::LongDecimal, "10009308878062554710043");
        check(big, IdForm::Empty, "");
        check(27, IdForm::Hex, "1B");
        check(27, IdForm::Decimal, "27");
        for number in [0, 1, 27, big, u64::MAX] {
            let id = SimulatedId::from_number(number);
            assert!(IdForm::Long.write(id, 20).len() >= 70);
            let uuid = IdForm::Uuid.write(id, 20);
            let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
            assert_eq!(IdForm::UuidUpper.write(id, 20), uuid.to_uppercase());
        }
    }
}
