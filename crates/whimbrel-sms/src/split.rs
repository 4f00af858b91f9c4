//! Splits a text into the parts that a handset puts together again.
//!
//! The text is encoded once, in one buffer that never grows past what the allowed parts can hold; for a message of
//! one part, which nearly all are, that buffer is the part. Otherwise the buffer is cut, with a header before each
//! piece (3GPP TS 23.040 §9.2.3.24.1 and §9.2.3.24.8).

use std::error::Error;
use std::fmt;
use std::ops::Range;

use crate::gsm7::{self, Outcome, Unmappable};
use crate::national::{Fit, Mapping};
use crate::udh::{Concat, ConcatRef, Place};
use crate::{Encoding, EncodingChoice, Part, PartCount, PartForm, Parts, count_with, ucs2};

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
    split_with(text, options, PartForm::default())
}

/// Splits `text` into parts of this form. Each part that is written with national tables names them in its header.
///
/// # Errors
/// [`TooLong`] if `text` needs more than `part_count_max` parts; it carries the number needed.
pub fn split_with(text: &str, options: SplitOptions, form: PartForm) -> Result<Parts, TooLong> {
    let cutting = Cutting { options, form };
    let gsm7 = match options.encoding {
        EncodingChoice::Gsm7 => Some(Unmappable::Replace),
        EncodingChoice::Detect => Some(Unmappable::Stop),
        EncodingChoice::Ucs2 => None,
    };
    if let Some(unmappable) = gsm7 {
        let septets_max = cutting.units_max(Encoding::Gsm7);
        let mut septets = Vec::with_capacity(text.len().min(septets_max));
        let outcome = match form.tables.is_default() {
            true => gsm7::encode_bounded(text, &mut septets, unmappable, septets_max),
            false => national_bounded(text, &Mapping::new(form.tables), &mut septets, unmappable, septets_max),
        };
        match outcome {
            Outcome::Done => return cutting.cut(Encoding::Gsm7, &septets),
            // The unread rest may hold a character that makes it UCS-2, which does not help: a part of GSM 7-bit
            // holds at least half as many characters as septets, 72 beside the longest header (145 septets), and
            // UCS-2 has room for 67 (76 and 70 for one part alone); octets left free do not turn that round.
            Outcome::Full => return Err(cutting.too_long(text)),
            // Only `Detect` gets here: the text goes as UCS-2.
            Outcome::Unmappable { .. } => {}
        }
    }
    let units_max = cutting.units_max(Encoding::Ucs2);
    let mut octets = Vec::with_capacity(text.len().min(units_max) * 2);
    if !ucs2::encode_bounded(text, &mut octets, units_max) {
        return Err(cutting.too_long(text));
    }
    cutting.cut(Encoding::Ucs2, &octets)
}

fn national_bounded(
    text: &str,
    mapping: &Mapping,
    septets: &mut Vec<u8>,
    unmappable: Unmappable,
    septets_max: usize,
) -> Outcome {
    for (byte_index, character) in text.char_indices() {
        let mut pair = [gsm7::ESC, gsm7::REPLACEMENT];
        let written = match mapping.fit(character) {
            Fit::Single(septet) => {
                pair[1] = septet;
                &pair[1..]
            }
            Fit::Pair(septet) => {
                pair[1] = septet;
                &pair[..]
            }
            Fit::Outside if unmappable == Unmappable::Replace => &pair[1..],
            Fit::Outside => return Outcome::Unmappable { byte_index, character },
        };
        if septets.len() + written.len() > septets_max {
            return Outcome::Full;
        }
        septets.extend_from_slice(written);
    }
    Outcome::Done
}

/// How a text is cut.
#[derive(Clone, Copy)]
struct Cutting {
    options: SplitOptions,
    form: PartForm,
}

impl Cutting {
    /// The most units that the allowed parts can hold, and so the bound of the buffer.
    fn units_max(self, encoding: Encoding) -> usize {
        match self.options.part_count_max {
            PartCount::ONE => self.form.units_single(encoding),
            several => usize::from(several) * self.form.units_concat(encoding, self.options.reference.width()),
        }
    }

    fn too_long(self, text: &str) -> TooLong {
        let count = count_with(text, self.options.encoding, self.options.reference.width(), self.form);
        TooLong { part_count_needed: count.part_count, part_count_max: self.options.part_count_max }
    }

    fn cut(self, encoding: Encoding, octets: &[u8]) -> Result<Parts, TooLong> {
        let part_count_max = self.options.part_count_max;
        let unit_octets = unit_octets(encoding);
        if octets.len() <= self.form.units_single(encoding) * unit_octets {
            return Ok(Parts::new(encoding, vec![self.part(encoding, None, octets)]));
        }
        let part_octets_max = self.form.units_concat(encoding, self.options.reference.width()) * unit_octets;
        let pieces = Pieces { encoding, octets, start: 0, part_octets_max };
        let needed = pieces.clone().count();
        let too_long = TooLong { part_count_needed: needed, part_count_max };
        let total = u8::try_from(needed).ok().and_then(PartCount::new).ok_or(too_long)?;
        if total > part_count_max {
            return Err(too_long);
        }
        let mut parts = Vec::with_capacity(needed);
        for (sequence, piece) in (1..=u8::MAX).filter_map(PartCount::new).zip(pieces) {
            let concat = Concat::new(self.options.reference, Place { sequence, total }).ok_or(too_long)?;
            parts.push(self.part(encoding, Some(concat), &octets[piece]));
        }
        Ok(Parts::new(encoding, parts))
    }

    /// One part: a header if it says something, then `body`.
    fn part(self, encoding: Encoding, concat: Option<Concat>, body: &[u8]) -> Part {
        let mut user_data = Vec::with_capacity(14 + body.len());
        user_data.push(0);
        if let Some(concat) = concat {
            concat.write_element(&mut user_data);
        }
        if encoding == Encoding::Gsm7 {
            self.form.tables.write_elements(&mut user_data);
        }
        // The longest header has 13 octets: length, 16-bit reference (6), two shifts (6).
        let udh_octets = match user_data.len() {
            1 => {
                user_data.clear();
                0
            }
            written => {
                user_data[0] = written as u8 - 1;
                written as u8
            }
        };
        user_data.extend_from_slice(body);
        Part::new(user_data, udh_octets, units_in(body.len(), unit_octets(encoding)))
    }
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
