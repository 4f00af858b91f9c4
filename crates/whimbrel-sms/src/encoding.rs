//! What the octets of a message mean, and how many parts it may have.

use std::fmt;
use std::num::NonZeroU8;

use crate::limits;

/// What the octets of a message mean. The unit that is counted differs with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// The GSM 7-bit default alphabet with its extension table; counted in septets.
    Gsm7,
    /// UCS-2, in practice UTF-16 big-endian with surrogate pairs; counted in 16-bit units.
    Ucs2,
    /// 8-bit octets that are no text; counted in octets.
    Binary,
}

impl Encoding {
    /// The number of units that fit in one part beside a header of `udh_octets` octets (its length octet
    /// included; 0 for no header): septets, 16-bit units or octets. 0 if the header leaves no room.
    #[must_use]
    pub const fn units_max(self, udh_octets: usize) -> usize {
        self.units_max_with_slack(udh_octets, 0)
    }

    /// The same if `slack_octets` octets are to stay free at the end of the part.
    #[must_use]
    pub const fn units_max_with_slack(self, udh_octets: usize, slack_octets: usize) -> usize {
        match self {
            Self::Gsm7 => limits::septets_max_with_slack(udh_octets, slack_octets),
            Self::Ucs2 => limits::ucs2_units_max(udh_octets.saturating_add(slack_octets)),
            Self::Binary => limits::octets_max(udh_octets.saturating_add(slack_octets)),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gsm7 => "gsm7",
            Self::Ucs2 => "ucs2",
            Self::Binary => "binary",
        })
    }
}

/// How the encoding of a text is chosen. What happens to a character outside the GSM 7-bit alphabet is part of
/// the choice; a caller that wants to refuse such a text asks [`first_unmappable`](crate::gsm7::first_unmappable).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EncodingChoice {
    /// Always GSM 7-bit; a character outside the alphabet becomes `?` (0x3F) and counts one septet.
    Gsm7,
    /// Always UCS-2, even for plain ASCII.
    Ucs2,
    /// GSM 7-bit if every character fits, else UCS-2.
    Detect,
}

/// A number of parts, 1 to 255: the range of the total in a concatenation header
/// (3GPP TS 23.040 §9.2.3.24.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartCount(NonZeroU8);

impl PartCount {
    /// One part: nothing is split.
    pub const ONE: Self = Self(NonZeroU8::MIN);
    /// 255 parts, the most a concatenation header can say.
    pub const MAX: Self = Self(NonZeroU8::MAX);

    /// The count `value`, or `None` for 0.
    #[must_use]
    pub const fn new(value: u8) -> Option<Self> {
        match NonZeroU8::new(value) {
            Some(value) => Some(Self(value)),
            None => None,
        }
    }

    /// The count as a number, 1 to 255.
    #[must_use]
    pub const fn value(self) -> u8 {
        self.0.get()
    }
}

impl fmt::Display for PartCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<PartCount> for u8 {
    fn from(count: PartCount) -> Self {
        count.value()
    }
}

impl From<PartCount> for usize {
    fn from(count: PartCount) -> Self {
        Self::from(count.value())
    }
}
