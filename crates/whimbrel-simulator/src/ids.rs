//! The message ids that the simulator gives.
//!
//! Sixteen upper-case hexadecimal digits: a `C` for carrier, then the 60 bits of an id of ours. The letter in front keeps
//! clients from reading an id as a decimal number and from losing leading zeros, two ways in which receipts go astray.

use std::fmt;

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

    /// The sixteen digits as they travel.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        self.to_string().into_bytes()
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
}
