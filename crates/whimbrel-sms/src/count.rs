//! Counts units and parts without building them.
//!
//! The count is the number that customers are told and charged. It follows the same rule as [`split`](crate::split):
//! fill each part in turn, and move a pair that does not fit whole to the next.

use crate::gsm7::{self, Step, Walk};
use crate::{Encoding, EncodingChoice, RefWidth};

/// The size of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The encoding the text gets.
    pub encoding: Encoding,
    /// Its units: septets for GSM 7-bit, 16-bit units for UCS-2.
    pub units: usize,
    /// The number of parts, at least 1: an empty text is sent as one part. It may exceed what can be sent (255).
    pub part_count: usize,
}

/// Counts `text`; agrees with what [`split`](crate::split) makes with a reference of this width.
#[must_use]
pub fn count(text: &str, encoding: EncodingChoice, width: RefWidth) -> Count {
    match encoding {
        EncodingChoice::Gsm7 => gsm7_count(text, Replace::Yes, width),
        EncodingChoice::Ucs2 => None,
        EncodingChoice::Detect => gsm7_count(text, Replace::No, width),
    }
    .unwrap_or_else(|| ucs2_count(text, width))
}

/// Whether a character outside the alphabet is counted as its replacement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Replace {
    Yes,
    No,
}

fn gsm7_count(text: &str, replace: Replace, width: RefWidth) -> Option<Count> {
    let mut filling = Filling::new(Encoding::Gsm7, width);
    let mut fits = true;
    gsm7::scan(text, |step| {
        match step {
            Step::Direct(run) => filling.add_singles(run.len()),
            Step::Single(_) => filling.add_singles(1),
            Step::Pair(_) => filling.add_pair(),
            Step::Unmappable { .. } if replace == Replace::Yes => filling.add_singles(1),
            Step::Unmappable { .. } => {
                fits = false;
                return Walk::Stop;
            }
        }
        Walk::On
    });
    fits.then(|| filling.finish())
}

fn ucs2_count(text: &str, width: RefWidth) -> Count {
    let mut filling = Filling::new(Encoding::Ucs2, width);
    for character in text.chars() {
        match character.len_utf16() {
            1 => filling.add_singles(1),
            _ => filling.add_pair(),
        }
    }
    filling.finish()
}

/// Parts being filled in turn, as if there were several.
struct Filling {
    encoding: Encoding,
    part_units_max: usize,
    units: usize,
    /// Parts that take no more.
    closed: usize,
    /// Units in the open part. Invariant: less than `part_units_max`.
    used: usize,
}

impl Filling {
    const fn new(encoding: Encoding, width: RefWidth) -> Self {
        Self { encoding, part_units_max: encoding.units_max(width.udh_octets()), units: 0, closed: 0, used: 0 }
    }

    const fn add_singles(&mut self, units: usize) {
        self.units += units;
        self.used += units;
        self.closed += self.used / self.part_units_max;
        self.used %= self.part_units_max;
    }

    const fn add_pair(&mut self) {
        if self.used + 2 > self.part_units_max {
            self.closed += 1;
            self.used = 0;
        }
        self.add_singles(2);
    }

    const fn finish(self) -> Count {
        let Self { encoding, units, .. } = self;
        let part_count = match units <= encoding.units_max(0) {
            true => 1,
            false if self.used > 0 => self.closed + 1,
            false => self.closed,
        };
        Count { encoding, units, part_count }
    }
}
