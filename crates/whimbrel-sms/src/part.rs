//! Parts: the radio-sized pieces of a message, which carriers bill.

use std::error::Error;
use std::fmt;

use crate::limits::USER_DATA_OCTETS_MAX;
use crate::udh::{Concat, Udh, strip};
use crate::{Encoding, PartCount};

/// One part, ready to be handed to a carrier. Its `Debug` shows sizes, never the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Part {
    /// Header, if any, then text. Invariant: the first `udh_octets` are exactly the header.
    user_data: Vec<u8>,
    udh_octets: u8,
    units: u16,
}

impl Part {
    /// Invariant: `user_data` starts with a header of `udh_octets` octets, or `udh_octets` is 0.
    pub(crate) const fn new(user_data: Vec<u8>, udh_octets: u8, units: u16) -> Self {
        Self { user_data, udh_octets, units }
    }

    /// Header, if any, then text: what goes into `short_message`, with UDHI set if there is a
    /// [`header`](Self::header). GSM 7-bit is unpacked and without fill bits, so this can be up to 160 octets.
    #[must_use]
    pub fn user_data(&self) -> &[u8] {
        &self.user_data
    }

    /// The same, given away.
    #[must_use]
    pub fn into_user_data(self) -> Vec<u8> {
        self.user_data
    }

    /// The whole header with its length octet; empty if there is none.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.user_data[..usize::from(self.udh_octets)]
    }

    /// The octets after the header: unpacked septets, UTF-16 big-endian, or what a binary message says.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.user_data[usize::from(self.udh_octets)..]
    }

    /// The header, read. `None` if there is none.
    #[must_use]
    pub fn udh(&self) -> Option<Udh<'_>> {
        strip(self.header()).0
    }

    /// Which part of which message this is. `None` for the only part of a message.
    #[must_use]
    pub fn concat(&self) -> Option<Concat> {
        self.udh()?.concat()
    }

    /// The units of the body: septets, 16-bit units or octets, by the encoding. At most 160.
    #[must_use]
    pub const fn units(&self) -> u16 {
        self.units
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("header", &self.header()).field("units", &self.units).finish_non_exhaustive()
    }
}

/// A message as its parts, in reading order: 1 to 255 of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    encoding: Encoding,
    /// Invariant: from 1 to 255.
    parts: Vec<Part>,
}

impl Parts {
    /// Invariant: `parts` holds from 1 to 255.
    pub(crate) fn new(encoding: Encoding, parts: Vec<Part>) -> Self {
        debug_assert!((1..=255).contains(&parts.len()), "{} parts", parts.len());
        Self { encoding, parts }
    }

    /// Makes the one part of a binary message, which is never split.
    ///
    /// # Errors
    /// [`BinaryRefused`] if the header is malformed or header and body do not fit in one part.
    pub fn binary(content: BinaryContent<'_>) -> Result<Self, BinaryRefused> {
        let BinaryContent { udh, body } = content;
        let octets = udh.len() + body.len();
        if octets > USER_DATA_OCTETS_MAX {
            return Err(BinaryRefused::TooLong { octets });
        }
        if !udh.is_empty() && Udh::read_strict(udh).is_none() {
            return Err(BinaryRefused::MalformedHeader);
        }
        let too_long = |_| BinaryRefused::TooLong { octets };
        let udh_octets = u8::try_from(udh.len()).map_err(too_long)?;
        let units = u16::try_from(body.len()).map_err(too_long)?;
        Ok(Self::new(Encoding::Binary, vec![Part::new([udh, body].concat(), udh_octets, units)]))
    }

    /// What the octets of the parts mean.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The number of parts.
    #[must_use]
    pub fn count(&self) -> PartCount {
        // The invariant makes both steps succeed; the largest count would be charged, never nothing.
        u8::try_from(self.parts.len()).ok().and_then(PartCount::new).unwrap_or(PartCount::MAX)
    }

    /// The units of all parts together: septets, 16-bit units or octets, by the encoding.
    #[must_use]
    pub fn units(&self) -> usize {
        self.parts.iter().map(|part| usize::from(part.units)).sum()
    }

    /// The parts in reading order.
    pub fn iter(&self) -> std::slice::Iter<'_, Part> {
        self.parts.iter()
    }

    /// The parts in reading order.
    #[must_use]
    pub fn as_slice(&self) -> &[Part] {
        &self.parts
    }
}

impl IntoIterator for Parts {
    type Item = Part;
    type IntoIter = std::vec::IntoIter<Part>;

    fn into_iter(self) -> Self::IntoIter {
        self.parts.into_iter()
    }
}

impl<'a> IntoIterator for &'a Parts {
    type Item = &'a Part;
    type IntoIter = std::slice::Iter<'a, Part>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// What a binary message holds, as the sender gave it.
#[derive(Clone, Copy)]
pub struct BinaryContent<'a> {
    /// The whole header with its length octet, such as `06 05 04 15 81 15 81`; empty for none.
    pub udh: &'a [u8],
    /// The octets after the header.
    pub body: &'a [u8],
}

/// Why a binary message cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryRefused {
    /// Header and body together have `octets` octets, more than 140.
    TooLong {
        /// The octets of header and body.
        octets: usize,
    },
    /// The lengths in the header do not add up.
    MalformedHeader,
}

impl fmt::Display for BinaryRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { octets } => {
                write!(f, "binary message of {octets} octets is longer than a part ({USER_DATA_OCTETS_MAX} octets)")
            }
            Self::MalformedHeader => f.write_str("lengths in the user data header do not add up"),
        }
    }
}

impl Error for BinaryRefused {}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(udh: &[u8], body: &[u8], wanted: Result<(), BinaryRefused>) {
        let parts = Parts::binary(BinaryContent { udh, body });
        assert_eq!(parts.clone().map(|_| ()), wanted);
        let Ok(parts) = parts else { return };
        let [part] = parts.as_slice() else { panic!("a binary message is one part: {parts:?}") };
        assert_eq!((part.header(), part.body(), part.user_data()), (udh, body, &[udh, body].concat()[..]));
        assert_eq!((parts.encoding(), parts.count(), parts.units()), (Encoding::Binary, PartCount::ONE, body.len()));
        assert_eq!(part.udh().is_some(), !udh.is_empty());
    }

    /// The example of the Nexmo SMS API reference (OpenAPI description, parameter `udh`, read 2026-11): ports 0x1581.
    const PORTS: [u8; 7] = [0x06, 0x05, 0x04, 0x15, 0x81, 0x15, 0x81];

    #[test]
    fn a_binary_message_keeps_its_octets() {
        check(&[], &[0x00, 0xFF], Ok(()));
        check(&PORTS, b"ring", Ok(()));
        check(&PORTS, b"", Ok(()));
    }

    #[test]
    fn header_and_body_have_140_octets_at_most() {
        check(&[], &[7; 140], Ok(()));
        check(&[], &[7; 141], Err(BinaryRefused::TooLong { octets: 141 }));
        check(&PORTS, &[7; 133], Ok(()));
        check(&PORTS, &[7; 134], Err(BinaryRefused::TooLong { octets: 141 }));
    }

    #[test]
    fn a_header_that_does_not_add_up_is_refused() {
        for udh in [&PORTS[..6], &[0x07, 0x05, 0x04, 0x15, 0x81, 0x15, 0x81], &[0x02, 0x05, 0x04], &[0x01, 0x05]] {
            check(udh, b"ring", Err(BinaryRefused::MalformedHeader));
        }
    }

    #[test]
    fn debug_does_not_show_the_text() {
        let parts = Parts::binary(BinaryContent { udh: &[], body: &[201, 202] }).expect("two octets fit");
        let shown = format!("{parts:?}");
        assert!(!shown.contains("201") && !shown.contains("202"), "{shown}");
    }
}
