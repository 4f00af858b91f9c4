//! Optional parameters: tag, length, value (SMPP 3.4 §5.3).
//!
//! Every value is kept as it came, known or not, of the right length or not. Integers read from a wrong length take
//! the last octets; texts are read with or without their final NUL. What is cut off at the end of a PDU is dropped
//! and what precedes it is kept.

use std::fmt;

/// How many parameters of one PDU are kept. More than this is not an SMPP peer but an attack on memory.
pub const TLV_COUNT_MAX: usize = 256;

/// Tags that this product sends or reads.
pub mod tag {
    /// How often, and whether, the handset was reached by USSD and the like: never ours, often seen.
    pub const ADDITIONAL_STATUS_INFO_TEXT: u16 = 0x001D;
    /// The message that a receipt is about.
    pub const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
    /// Our own number for a message.
    pub const USER_MESSAGE_REFERENCE: u16 = 0x0204;
    /// The reference that the parts of one message share.
    pub const SAR_MSG_REF_NUM: u16 = 0x020C;
    /// How many parts there are.
    pub const SAR_TOTAL_SEGMENTS: u16 = 0x020E;
    /// Which part this is, from 1.
    pub const SAR_SEGMENT_SEQNUM: u16 = 0x020F;
    /// The version the centre speaks.
    pub const SC_INTERFACE_VERSION: u16 = 0x0210;
    /// The network's error: its type, then a code.
    pub const NETWORK_ERROR_CODE: u16 = 0x0423;
    /// The message itself, in place of `short_message`.
    pub const MESSAGE_PAYLOAD: u16 = 0x0424;
    /// Whether more messages to the same destination follow.
    pub const MORE_MESSAGES_TO_SEND: u16 = 0x0426;
    /// The final state of the message a receipt is about.
    pub const MESSAGE_STATE: u16 = 0x0427;
}

/// One optional parameter. Its value never reaches `Debug`: it may be a whole message.
#[derive(Clone, PartialEq, Eq)]
pub struct Tlv {
    /// What it is: see [`tag`]. 0x1400 to 0x3FFF are the vendors' own.
    pub tag: u16,
    /// The value, at most 65 535 octets.
    pub value: Vec<u8>,
}

impl fmt::Debug for Tlv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#06X}[{}]", self.tag, self.value.len())
    }
}

/// The optional parameters of a PDU, in their order.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Tlvs(Vec<Tlv>);

impl Tlvs {
    /// None at all.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of the first parameter with this tag.
    #[must_use]
    pub fn get(&self, tag: u16) -> Option<&[u8]> {
        self.0.iter().find(|tlv| tlv.tag == tag).map(|tlv| tlv.value.as_slice())
    }

    /// An integer of one octet: the last one. `None` if there is no octet.
    #[must_use]
    pub fn get_u8(&self, tag: u16) -> Option<u8> {
        self.get(tag)?.last().copied()
    }

    /// An integer of two octets: the last two, or the one there is.
    #[must_use]
    pub fn get_u16(&self, tag: u16) -> Option<u16> {
        let value = self.get(tag).filter(|value| !value.is_empty())?;
        Some(value.iter().fold(0_u16, |sum, octet| (sum << 8) | u16::from(*octet)))
    }

    /// An integer of four octets: the last four, or as many as there are.
    #[must_use]
    pub fn get_u32(&self, tag: u16) -> Option<u32> {
        let value = self.get(tag).filter(|value| !value.is_empty())?;
        Some(value.iter().fold(0_u32, |sum, octet| (sum << 8) | u32::from(*octet)))
    }

    /// A text, up to its first NUL if it has one.
    #[must_use]
    pub fn get_text(&self, tag: u16) -> Option<&[u8]> {
        let value = self.get(tag)?;
        Some(value.split(|octet| *octet == 0).next().unwrap_or_default())
    }

    /// Adds a parameter at the end.
    pub fn push(&mut self, tag: u16, value: impl Into<Vec<u8>>) {
        self.0.push(Tlv { tag, value: value.into() });
    }

    /// Every parameter, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Tlv> {
        self.0.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads parameters up to the end of `octets`, dropping what does not form one there.
    /// Says how many octets were not used.
    pub(crate) fn read(mut octets: &[u8]) -> (Self, usize) {
        let mut tlvs = Vec::new();
        while let [tag_high, tag_low, length_high, length_low, rest @ ..] = octets {
            let length = usize::from(u16::from_be_bytes([*length_high, *length_low]));
            if tlvs.len() == TLV_COUNT_MAX || rest.len() < length {
                break;
            }
            let (value, after) = rest.split_at(length);
            tlvs.push(Tlv { tag: u16::from_be_bytes([*tag_high, *tag_low]), value: value.to_vec() });
            octets = after;
        }
        (Self(tlvs), octets.len())
    }
}

impl<'a> IntoIterator for &'a Tlvs {
    type Item = &'a Tlv;
    type IntoIter = std::slice::Iter<'a, Tlv>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Tlv> for Tlvs {
    fn from_iter<T: IntoIterator<Item = Tlv>>(tlvs: T) -> Self {
        Self(tlvs.into_iter().collect())
    }
}

impl fmt::Debug for Tlvs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: &[u8]) -> Tlvs {
        let mut tlvs = Tlvs::new();
        tlvs.push(tag::MESSAGE_STATE, value);
        tlvs
    }

    #[test]
    fn integers_of_a_wrong_length_take_the_last_octets() {
        assert_eq!(one(&[0, 2]).get_u8(tag::MESSAGE_STATE), Some(2));
        assert_eq!(one(&[]).get_u8(tag::MESSAGE_STATE), None);
        assert_eq!(one(&[9, 1, 2]).get_u16(tag::MESSAGE_STATE), Some(0x0102));
        assert_eq!(one(&[7]).get_u16(tag::MESSAGE_STATE), Some(7));
        assert_eq!(one(&[9, 1, 2, 3, 4]).get_u32(tag::MESSAGE_STATE), Some(0x0102_0304));
        assert_eq!(one(&[]).get_u32(tag::MESSAGE_STATE), None);
    }

    #[test]
    fn texts_are_read_with_and_without_their_nul() {
        assert_eq!(one(b"abc\0").get_text(tag::MESSAGE_STATE), Some(&b"abc"[..]));
        assert_eq!(one(b"abc").get_text(tag::MESSAGE_STATE), Some(&b"abc"[..]));
        assert_eq!(one(b"").get_text(tag::MESSAGE_STATE), Some(&b""[..]));
        assert_eq!(one(b"abc").get_text(tag::MESSAGE_PAYLOAD), None);
    }

    #[test]
    fn values_never_reach_debug() {
        assert_eq!(format!("{:?}", one(b"secret")), "[0x0427[6]]");
    }

    #[test]
    fn no_more_than_the_bound_is_kept() {
        let (tlvs, unused) = Tlvs::read(&[0; 4 * (TLV_COUNT_MAX + 3)]);
        assert_eq!((tlvs.len(), unused), (TLV_COUNT_MAX, 12));
    }
}
