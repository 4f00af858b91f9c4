//! Counts units and parts without building them.
//!
//! The count is the number that customers are told and charged. It follows the same rule as [`split`](crate::split):
//! fill each part in turn, and move a pair that does not fit whole to the next.

use crate::gsm7::{self, Step, Walk};
use crate::national::{Fit, Mapping};
use crate::{Encoding, EncodingChoice, PartForm, RefWidth};

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
    count_with(text, encoding, width, PartForm::default())
}

/// Counts `text` in parts of this form; agrees with what [`split_with`](crate::split_with) makes.
#[must_use]
pub fn count_with(text: &str, encoding: EncodingChoice, width: RefWidth, form: PartForm) -> Count {
    let gsm7 = |replace| {
        let filling = Filling::new(Encoding::Gsm7, width, form);
        match form.tables.is_default() {
            true => gsm7_count(text, replace, filling),
            false => national_count(text, replace, filling, &Mapping::new(form.tables)),
        }
    };
    match encoding {
        EncodingChoice::Gsm7 => gsm7(Replace::Yes),
        EncodingChoice::Ucs2 => None,
        EncodingChoice::Detect => gsm7(Replace::No),
    }
    .unwrap_or_else(|| ucs2_count(text, Filling::new(Encoding::Ucs2, width, form)))
}

/// Whether a character outside the alphabet is counted as its replacement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Replace {
    Yes,
    No,
}

fn gsm7_count(text: &str, replace: Replace, mut filling: Filling) -> Option<Count> {
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

fn national_count(text: &str, replace: Replace, mut filling: Filling, mapping: &Mapping) -> Option<Count> {
    for character in text.chars() {
        match mapping.fit(character) {
            Fit::Single(_) => filling.add_singles(1),
            Fit::Pair(_) => filling.add_pair(),
            Fit::Outside if replace == Replace::Yes => filling.add_singles(1),
            Fit::Outside => return None,
        }
    }
    Some(filling.finish())
}

fn ucs2_count(text: &str, mut filling: Filling) -> Count {
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
    single_units_max: usize,
    part_units_max: usize,
    units: usize,
    /// Parts that take no more.
    closed: usize,
    /// Units in the open part. Invariant: less than `part_units_max`.
    used: usize,
}

impl Filling {
    fn new(encoding: Encoding, width: RefWidth, form: PartForm) -> Self {
        let (single_units_max, part_units_max) = (form.units_single(encoding), form.units_concat(encoding, width));
        Self { encoding, single_units_max, part_units_max, units: 0, closed: 0, used: 0 }
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
        let part_count = match units <= self.single_units_max {
            true => 1,
            false if self.used > 0 => self.closed + 1,
            false => self.closed,
        };
        Count { encoding, units, part_count }
    }
}
