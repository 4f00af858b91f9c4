//! User data headers: how the parts of a message say that they belong together, and other things.
//!
//! Follows 3GPP TS 23.040 §9.2.3.24 (the header and its information elements), §9.2.3.24.1 (concatenation, 8-bit
//! reference) and §9.2.3.24.8 (16-bit reference). A header is a length octet, then elements: identifier, length,
//! data.
//!
//! Reading is tolerant, since what arrives was written by anyone: an element that claims more than there is ends
//! the header, one that says nonsense is passed over, and no length that is read is believed before it is checked.

use std::error::Error;
use std::fmt;

use crate::PartCount;
use crate::limits::{CONCAT_8_UDH_OCTETS, CONCAT_16_UDH_OCTETS, USER_DATA_OCTETS_MAX};

/// The identifier of a concatenation element with an 8-bit reference.
pub const IEI_CONCAT_8: u8 = 0x00;
/// The identifier of a concatenation element with a 16-bit reference.
pub const IEI_CONCAT_16: u8 = 0x08;

/// How wide a concatenation reference is. A wide one costs an octet of text in every part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefWidth {
    /// 8 bits; the usual one.
    Bits8,
    /// 16 bits; fewer collisions where one sender sends many messages to one handset.
    Bits16,
}

impl RefWidth {
    /// The octets of a header that holds such a concatenation element alone, the length octet included.
    #[must_use]
    pub const fn udh_octets(self) -> usize {
        match self {
            Self::Bits8 => CONCAT_8_UDH_OCTETS,
            Self::Bits16 => CONCAT_16_UDH_OCTETS,
        }
    }
}

/// The number that the parts of one message share. Two of different width are never the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConcatRef {
    /// An 8-bit reference.
    Octet(u8),
    /// A 16-bit reference.
    Word(u16),
}

impl ConcatRef {
    /// How wide this reference is.
    #[must_use]
    pub const fn width(self) -> RefWidth {
        match self {
            Self::Octet(_) => RefWidth::Bits8,
            Self::Word(_) => RefWidth::Bits16,
        }
    }
}

/// Which part of which message this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Concat {
    reference: ConcatRef,
    total: PartCount,
    sequence: PartCount,
}

/// A place among the parts of a message: `sequence` of `total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The number of this part, from 1.
    pub sequence: PartCount,
    /// The number of parts of the message.
    pub total: PartCount,
}

impl Concat {
    /// The mark of a part, or `None` if the sequence is beyond the total.
    #[must_use]
    pub fn new(reference: ConcatRef, place: Place) -> Option<Self> {
        let Place { sequence, total } = place;
        (sequence <= total).then_some(Self { reference, total, sequence })
    }

    /// The number that the parts of the message share.
    #[must_use]
    pub const fn reference(self) -> ConcatRef {
        self.reference
    }

    /// The number of parts of the message.
    #[must_use]
    pub const fn total(self) -> PartCount {
        self.total
    }

    /// The number of this part, from 1 to the total.
    #[must_use]
    pub const fn sequence(self) -> PartCount {
        self.sequence
    }

    /// Appends a whole header, length octet first, that holds this mark alone: `05 00 03 ref total seq` or
    /// `06 08 04 refhi reflo total seq`.
    pub fn write_header(self, octets: &mut Vec<u8>) {
        octets.push(self.reference.width().udh_octets() as u8 - 1);
        self.write_element(octets);
    }

    /// Appends the element alone, without the length octet of a header.
    pub(crate) fn write_element(self, octets: &mut Vec<u8>) {
        let (total, sequence) = (self.total.value(), self.sequence.value());
        match self.reference {
            ConcatRef::Octet(reference) => octets.extend_from_slice(&[IEI_CONCAT_8, 3, reference, total, sequence]),
            ConcatRef::Word(reference) => {
                let [high, low] = reference.to_be_bytes();
                octets.extend_from_slice(&[IEI_CONCAT_16, 4, high, low, total, sequence]);
            }
        }
    }

    /// The mark an element holds. `None` if it is another element, has the wrong size, or says part 0, part 0 of 0
    /// or a part beyond the total: the standard has receivers ignore those.
    fn read(element: Element<'_>) -> Option<Self> {
        let (reference, total, sequence) = match (element.iei, element.data) {
            (IEI_CONCAT_8, &[reference, total, sequence]) => (ConcatRef::Octet(reference), total, sequence),
            (IEI_CONCAT_16, &[high, low, total, sequence]) => {
                (ConcatRef::Word(u16::from_be_bytes([high, low])), total, sequence)
            }
            _ => return None,
        };
        let place = Place { sequence: PartCount::new(sequence)?, total: PartCount::new(total)? };
        Self::new(reference, place)
    }
}

/// One information element of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The identifier (IEI), such as [`IEI_CONCAT_8`].
    pub iei: u8,
    /// What it says, without identifier and length.
    pub data: &'a [u8],
}

/// A received header, borrowed from the user data it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Udh<'a> {
    octets: &'a [u8],
}

impl<'a> Udh<'a> {
    /// The whole header, its length octet first.
    #[must_use]
    pub const fn octets(self) -> &'a [u8] {
        self.octets
    }

    /// The elements in order. An element that claims more octets than the header has is not given, and none after
    /// it.
    #[must_use]
    pub fn elements(self) -> Elements<'a> {
        // `strip` and `read_strict`, the only makers, take no header without its length octet.
        Elements { rest: self.octets.get(1..).unwrap_or_default() }
    }

    /// The concatenation mark. If there is more than one that makes sense, of whatever width, the last counts
    /// (3GPP TS 23.040 §9.2.3.24).
    #[must_use]
    pub fn concat(self) -> Option<Concat> {
        self.elements().filter_map(Concat::read).last()
    }

    /// Whether `octets` are one whole header: the length octet counts exactly what follows, and so do the lengths
    /// of the elements. For headers that a customer hands us to send.
    #[must_use]
    pub fn read_strict(octets: &'a [u8]) -> Option<Self> {
        let (&length, mut rest) = octets.split_first()?;
        if usize::from(length) != rest.len() {
            return None;
        }
        while !rest.is_empty() {
            (_, rest) = Element::read(rest)?;
        }
        Some(Self { octets })
    }
}

impl<'a> Element<'a> {
    fn read(octets: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let [iei, length, rest @ ..] = octets else {
            return None;
        };
        let (data, rest) = rest.split_at_checked(usize::from(*length))?;
        Some((Self { iei: *iei, data }, rest))
    }
}

/// The elements of a header; see [`Udh::elements`].
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (element, rest) = Element::read(self.rest).unzip();
        self.rest = rest.unwrap_or_default();
        element
    }
}

impl std::iter::FusedIterator for Elements<'_> {}

/// Parts user data, of which the sender says that it starts with a header, into header and text.
///
/// If the length octet claims more than there is, nothing is a header and all of it is text: better garbage at the
/// start of a text than a text lost.
#[must_use]
pub fn strip(user_data: &[u8]) -> (Option<Udh<'_>>, &[u8]) {
    let split = user_data.first().and_then(|&length| user_data.split_at_checked(usize::from(length) + 1));
    match split {
        Some((octets, text)) => (Some(Udh { octets }), text),
        None => (None, user_data),
    }
}

/// A header that does not fit in a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UdhTooLong {
    /// The octets the header would have, its length octet included; more than 140.
    pub udh_octets: usize,
}

impl fmt::Display for UdhTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "user data header of {} octets is longer than a part ({USER_DATA_OCTETS_MAX} octets)",
            self.udh_octets
        )
    }
}

impl Error for UdhTooLong {}

/// Encodes a header of `elements`, its length octet first.
///
/// # Errors
/// [`UdhTooLong`] if the header has more than 140 octets.
pub fn encode(elements: &[Element<'_>]) -> Result<Vec<u8>, UdhTooLong> {
    let body_octets: usize = elements.iter().map(|element| 2 + element.data.len()).sum();
    let udh_octets = 1 + body_octets;
    let too_long = UdhTooLong { udh_octets };
    if udh_octets > USER_DATA_OCTETS_MAX {
        return Err(too_long);
    }
    let mut octets = Vec::with_capacity(udh_octets);
    octets.push(u8::try_from(body_octets).map_err(|_| too_long)?);
    for element in elements {
        octets.push(element.iei);
        octets.push(u8::try_from(element.data.len()).map_err(|_| too_long)?);
        octets.extend_from_slice(element.data);
    }
    Ok(octets)
}

#[cfg(test)]
mod tests;
