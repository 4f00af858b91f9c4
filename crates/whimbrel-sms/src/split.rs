//! Splits a text into the parts that a handset puts together again.
//!
//! The text is encoded once, in one buffer that never grows past what the allowed parts can hold; for a message of
//! one part, which nearly all are, that buffer is the part. Otherwise the buffer is cut, with a header before each
//! piece (3GPP TS 23.040 §9.2.3.24.1 and §9.2.3.24.8).

use std::error::Error;
use std::fmt;
use std::ops::Range;

use crate::gsm7::{self, Outcome, Unmappable};
use crate::udh::{Concat, ConcatRef, Place};
use crate::{Encoding, EncodingChoice, Part, PartCount, Parts, count, ucs2};

/// How a text is split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SplitOptions {
    /// How the encoding is chosen.
    pub encoding: EncodingChoice,
    /// The number that the parts share. It says by its width how much fits in each, and is not used for one part.
    pub reference: ConcatRef,
    /// The most parts allowed, 1 to 255.
    pub part_count_max: PartCount,
}

/// A text that needs more parts than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong {
    /// The number of parts that the whole text needs; may be more than a header can say (255).
    pub part_count_needed: usize,
    /// The number of parts that were allowed.
    pub part_count_max: PartCount,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "text needs {} parts, {} allowed", self.part_count_needed, self.part_count_max)
    }
}

impl Error for TooLong {}

/// Splits `text` into parts, in reading order.
///
/// Lengths count septets for GSM 7-bit and 16-bit units for UCS-2. An escape pair or a surrogate pair is never
/// broken, so a part may be one unit shorter than it could be. An empty text is one empty part.
///
/// # Errors
/// [`TooLong`] if `text` needs more than `part_count_max` parts; it carries the number needed.
pub fn split(text: &str, options: SplitOptions) -> Result<Parts, TooLong> {
    let gsm7 = match options.encoding {
        EncodingChoice::Gsm7 => Some(Unmappable::Replace),
        EncodingChoice::Detect => Some(Unmappable::Stop),
        EncodingChoice::Ucs2 => None,
    };
    if let Some(unmappable) = gsm7 {
        let septets_max = units_max(Encoding::Gsm7, options);
        let mut septets = Vec::with_capacity(text.len().min(septets_max));
        match gsm7::encode_bounded(text, &mut septets, unmappable, septets_max) {
            Outcome::Done => return cut(Encoding::Gsm7, septets, options),
            // The unread rest may hold a character that makes it UCS-2, which does not help: more than 152 septets a
            // part are more than 76 characters a part, and UCS-2 has room for 67 (80 and 70 for one part alone).
            Outcome::Full => return Err(too_long(text, options)),
            // Only `Detect` gets here: the text goes as UCS-2.
            Outcome::Unmappable { .. } => {}
        }
    }
    let units_max = units_max(Encoding::Ucs2, options);
    let mut octets = Vec::with_capacity(text.len().min(units_max) * 2);
    if !ucs2::encode_bounded(text, &mut octets, units_max) {
        return Err(too_long(text, options));
    }
    cut(Encoding::Ucs2, octets, options)
}

/// The most units that the allowed parts can hold, and so the bound of the buffer.
fn units_max(encoding: Encoding, options: SplitOptions) -> usize {
    let several = usize::from(options.part_count_max) * encoding.units_max(options.reference.width().udh_octets());
    match options.part_count_max {
        PartCount::ONE => encoding.units_max(0),
        _ => several,
    }
}

fn too_long(text: &str, options: SplitOptions) -> TooLong {
    let count = count(text, options.encoding, options.reference.width());
    TooLong { part_count_needed: count.part_count, part_count_max: options.part_count_max }
}

fn cut(encoding: Encoding, octets: Vec<u8>, options: SplitOptions) -> Result<Parts, TooLong> {
    let unit_octets = unit_octets(encoding);
    if octets.len() <= encoding.units_max(0) * unit_octets {
        let units = units_in(octets.len(), unit_octets);
        return Ok(Parts::new(encoding, vec![Part::new(octets, 0, units)]));
    }

    let udh_octets = options.reference.width().udh_octets();
    let part_octets_max = encoding.units_max(udh_octets) * unit_octets;
    let pieces = Pieces { encoding, octets: &octets, start: 0, part_octets_max };
    let needed = pieces.clone().count();
    let too_long = TooLong { part_count_needed: needed, part_count_max: options.part_count_max };
    let total = u8::try_from(needed).ok().and_then(PartCount::new).ok_or(too_long)?;
    if total > options.part_count_max {
        return Err(too_long);
    }

    let mut parts = Vec::with_capacity(needed);
    for (sequence, piece) in (1..=u8::MAX).filter_map(PartCount::new).zip(pieces) {
        let concat = Concat::new(options.reference, Place { sequence, total }).ok_or(too_long)?;
        let mut user_data = Vec::with_capacity(udh_octets + piece.len());
        concat.write_header(&mut user_data);
        let units = units_in(piece.len(), unit_octets);
        user_data.extend_from_slice(&octets[piece]);
        parts.push(Part::new(user_data, udh_octets as u8, units));
    }
    Ok(Parts::new(encoding, parts))
}

/// The pieces of encoded text between the cuts.
#[derive(Clone)]
struct Pieces<'a> {
    encoding: Encoding,
    octets: &'a [u8],
    start: usize,
    part_octets_max: usize,
}

impl Iterator for Pieces<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let left = self.octets.len() - self.start;
        if left == 0 {
            return None;
        }
        let mut end = self.start + left.min(self.part_octets_max);
        let last = end - unit_octets(self.encoding);
        // Our own encoders wrote both halves of every pair, so only a cut can part them. A piece before the last one
        // has more than two units, so it always keeps some.
        if end < self.octets.len() && opens_pair(self.encoding, self.octets, last) {
            end = last;
        }
        let piece = self.start..end;
        self.start = end;
        Some(piece)
    }
}

fn opens_pair(encoding: Encoding, octets: &[u8], octet_index: usize) -> bool {
    match encoding {
        // The septet after ESC is never ESC, so this cannot be the second half.
        Encoding::Gsm7 => octets.get(octet_index) == Some(&gsm7::ESC),
        Encoding::Ucs2 => ucs2::opens_pair(octets, octet_index),
        Encoding::Binary => false,
    }
}

const fn unit_octets(encoding: Encoding) -> usize {
    match encoding {
        Encoding::Gsm7 | Encoding::Binary => 1,
        Encoding::Ucs2 => 2,
    }
}

/// The units of a piece; a piece has at most 160.
const fn units_in(octets: usize, unit_octets: usize) -> u16 {
    (octets / unit_octets) as u16
}
