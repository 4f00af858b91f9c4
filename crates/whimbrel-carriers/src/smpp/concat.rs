//! How a carrier is told which parts belong together. Pure.
//!
//! The plan writes a header of 3GPP TS 23.040 §9.2.3.24.1 into every part of a long text. It stays as it is, or is turned
//! into SMPP's own parameters (SMPP 3.4 §5.3.2.22 to §5.3.2.25), or the parts are put together again for a centre that
//! splits by itself. Other elements of the header, such as ports or national tables, are kept.

use whimbrel_smpp::{Tlvs, tag};
use whimbrel_sms::udh::Place;
use whimbrel_sms::udh::{Element, IEI_CONCAT_8, IEI_CONCAT_16, encode, strip};
use whimbrel_sms::{Concat, ConcatRef, PartCount, RefWidth};

/// How a carrier is told which parts belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ConcatMethod {
    /// A header with a reference of 8 bits. The usual one.
    #[default]
    Udh8,
    /// A header with a reference of 16 bits: a plan for this carrier must use that width.
    Udh16,
    /// The parameters `sar_msg_ref_num`, `sar_total_segments` and `sar_segment_seqnum`.
    Sar,
    /// One submission with the whole text in `message_payload`, which the centre splits.
    Payload,
}

impl ConcatMethod {
    /// The width of the references that a plan for such a carrier uses.
    #[must_use]
    pub const fn reference_width(self) -> RefWidth {
        match self {
            Self::Udh8 | Self::Sar | Self::Payload => RefWidth::Bits8,
            Self::Udh16 => RefWidth::Bits16,
        }
    }
}

/// `header` without its marks of concatenation; empty if nothing else is in it.
pub(super) fn without_concat(header: &[u8]) -> Vec<u8> {
    let Some(udh) = strip(header).0 else { return Vec::new() };
    let kept: Vec<Element<'_>> =
        udh.elements().filter(|element| !matches!(element.iei, IEI_CONCAT_8 | IEI_CONCAT_16)).collect();
    if kept.is_empty() {
        return Vec::new();
    }
    // No longer than the header that it was taken from, which fits.
    encode(&kept).unwrap_or_default()
}

/// Puts the mark into SMPP's own parameters.
pub(super) fn push_sar(tlvs: &mut Tlvs, concat: Concat) {
    let reference = match concat.reference() {
        ConcatRef::Octet(reference) => u16::from(reference),
        ConcatRef::Word(reference) => reference,
    };
    tlvs.push(tag::SAR_MSG_REF_NUM, reference.to_be_bytes());
    tlvs.push(tag::SAR_TOTAL_SEGMENTS, [concat.total().value()]);
    tlvs.push(tag::SAR_SEGMENT_SEQNUM, [concat.sequence().value()]);
}

/// The mark in SMPP's own parameters, if all three are there and make sense.
pub(super) fn read_sar(tlvs: &Tlvs) -> Option<Concat> {
    let reference = ConcatRef::Word(tlvs.get_u16(tag::SAR_MSG_REF_NUM)?);
    let total = PartCount::new(tlvs.get_u8(tag::SAR_TOTAL_SEGMENTS)?)?;
    let sequence = PartCount::new(tlvs.get_u8(tag::SAR_SEGMENT_SEQNUM)?)?;
    // One part of one is a text like any other.
    Concat::new(reference, Place { sequence, total }).filter(|concat| concat.total().value() > 1)
}

/// Octets, with their header and what they are.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Joined {
    /// The header without marks of concatenation; empty for none.
    pub(super) header: Vec<u8>,
    /// Everything after the headers.
    pub(super) body: Vec<u8>,
}

/// The parts of a message, in their order, as one.
pub(super) fn join<'a>(parts: impl IntoIterator<Item = &'a whimbrel_sms::Part>) -> Joined {
    let mut header = None;
    let mut body = Vec::new();
    for part in parts {
        header.get_or_insert_with(|| without_concat(part.header()));
        body.extend_from_slice(part.body());
    }
    Joined { header: header.unwrap_or_default(), body }
}

#[cfg(test)]
mod tests {
    use whimbrel_sms::{EncodingChoice, SplitOptions, split};

    use super::*;

    const PORTS: [u8; 6] = [0x05, 0x04, 0x15, 0x81, 0x15, 0x81];

    #[test]
    fn only_the_mark_is_taken_out_of_a_header() {
        assert_eq!(without_concat(&[5, 0, 3, 9, 2, 1]), []);
        assert_eq!(without_concat(&[6, 8, 4, 1, 9, 2, 1]), []);
        assert_eq!(without_concat(&[]), []);
        let both = [&[11, 0, 3, 9, 2, 1][..], &PORTS].concat();
        assert_eq!(without_concat(&both), [&[6][..], &PORTS].concat());
        let other = [&[6][..], &PORTS].concat();
        assert_eq!(without_concat(&other), other);
    }

    #[test]
    fn marks_survive_the_parameters() {
        for (header, wanted) in [([5, 0, 3, 9, 3, 2], 9), ([5, 0, 3, 255, 3, 2], 255)] {
            let concat = strip(&header).0.and_then(|udh| udh.concat()).expect("a mark");
            let mut tlvs = Tlvs::new();
            push_sar(&mut tlvs, concat);
            assert_eq!(tlvs.get(tag::SAR_MSG_REF_NUM), Some(&[0, wanted][..]));
            let read = read_sar(&tlvs).expect("all three are there");
            assert_eq!(
                (read.reference(), read.total(), read.sequence()),
                (ConcatRef::Word(wanted.into()), concat.total(), concat.sequence())
            );
        }
    }

    #[test]
    fn parameters_that_make_no_sense_are_no_mark() {
        let read = |reference: &[u8], total: u8, sequence: u8| {
            let mut tlvs = Tlvs::new();
            tlvs.push(tag::SAR_MSG_REF_NUM, reference);
            tlvs.push(tag::SAR_TOTAL_SEGMENTS, [total]);
            tlvs.push(tag::SAR_SEGMENT_SEQNUM, [sequence]);
            read_sar(&tlvs).is_some()
        };
        assert!(read(&[0, 1], 2, 2) && read(&[1], 2, 1));
        assert!(!read(&[], 2, 1) && !read(&[0, 1], 0, 1) && !read(&[0, 1], 2, 0) && !read(&[0, 1], 2, 3));
        assert!(!read(&[0, 1], 1, 1));
        assert!(read_sar(&Tlvs::new()).is_none());
    }

    #[test]
    fn parts_are_put_together_again() {
        let text = "0123456789".repeat(40);
        let options = SplitOptions {
            encoding: EncodingChoice::Detect,
            reference: ConcatRef::Octet(7),
            part_count_max: PartCount::MAX,
        };
        let parts = split(&text, options).expect("it fits");
        assert_eq!(parts.as_slice().len(), 3);
        let joined = join(parts.iter());
        assert!(joined.header.is_empty() && joined.body == text.as_bytes());
    }
}
