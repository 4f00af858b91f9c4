//! Says why a text counts what it counts.
//!
//! What it is for: the people who write texts and pay for parts. It names the character that made a text UCS-2, those
//! that count twice, how full the last part is, where the parts are cut, and what [`transliterate`] would save. It
//! agrees with [`count_with`] and [`split_with`](crate::split_with) in every number.
//!
//! The lists are bounded, so that an explanation stays small however long the text is. Its `Debug` shows numbers, not
//! the characters of the text.

use std::fmt;
use std::ops::Range;

use crate::national::{Fit, Mapping};
use crate::{Count, Encoding, EncodingChoice, PartCount, PartForm, RefWidth, count_with, transliterate};

/// The most different characters that a list of an explanation holds.
pub const CHARACTERS_MAX: usize = 32;

/// Why a text counts what it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The encoding the text gets.
    pub encoding: Encoding,
    /// Its units: septets for GSM 7-bit, 16-bit units for UCS-2.
    pub units: usize,
    /// The units that fit in each part; in the only one, if it is one.
    pub part_units_max: usize,
    /// The number of parts, at least 1. It may exceed what can be sent (255).
    pub part_count: usize,
    /// The units still free in the last part.
    pub units_left: usize,
    /// The characters that GSM 7-bit cannot carry: with [`EncodingChoice::Detect`] they make the text UCS-2, the
    /// first one already; with [`EncodingChoice::Gsm7`] they become `?`; with [`EncodingChoice::Ucs2`] they are told
    /// all the same.
    pub outside: Characters,
    /// The characters that take two septets; none in UCS-2.
    pub pairs: Characters,
    /// What the text would count if it were transliterated first; equal to the count of the text if that changes
    /// nothing.
    pub transliterated: Count,
    /// Where the parts lie in the text, in bytes: the first 255.
    pub parts: Vec<Range<usize>>,
}

impl Explanation {
    /// The character that comes first of those that GSM 7-bit cannot carry.
    #[must_use]
    pub fn first_outside(&self) -> Option<&Occurrences> {
        self.outside.distinct.first()
    }

    /// The parts that transliterating would save; 0 if it does not help.
    #[must_use]
    pub fn parts_saved(&self) -> usize {
        self.part_count.saturating_sub(self.transliterated.part_count)
    }

    /// The same numbers as a count.
    #[must_use]
    pub const fn count(&self) -> Count {
        Count { encoding: self.encoding, units: self.units, part_count: self.part_count }
    }
}

/// Characters of one kind in a text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Characters {
    /// How many there are, repeated ones each time.
    pub count: usize,
    /// The different ones, in the order in which they first occur: at most [`CHARACTERS_MAX`].
    pub distinct: Vec<Occurrences>,
    /// Whether there are different ones that the list had no room for.
    pub is_cut: bool,
}

/// A character and where it is. Its `Debug` does not show the character.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Occurrences {
    /// The character.
    pub character: char,
    /// How often it occurs.
    pub count: usize,
    /// Where it first occurs, in bytes from 0.
    pub byte_index: usize,
    /// Where it first occurs, in characters from 0.
    pub char_index: usize,
}

impl Occurrences {
    /// The character by its number, such as `U+201C`.
    #[must_use]
    pub fn code_point(&self) -> String {
        format!("U+{:04X}", u32::from(self.character))
    }
}

impl fmt::Debug for Occurrences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Occurrences")
            .field("count", &self.count)
            .field("byte_index", &self.byte_index)
            .field("char_index", &self.char_index)
            .finish_non_exhaustive()
    }
}

/// Explains what [`count`](crate::count) says.
#[must_use]
pub fn explain(text: &str, encoding: EncodingChoice, width: RefWidth) -> Explanation {
    explain_with(text, encoding, width, PartForm::default())
}

/// Explains what [`count_with`] says. With national tables, the characters outside are those outside of these tables.
#[must_use]
pub fn explain_with(text: &str, choice: EncodingChoice, width: RefWidth, form: PartForm) -> Explanation {
    let Count { encoding, units, part_count } = count_with(text, choice, width, form);
    let transliterated = count_with(&transliterate(text), choice, width, form);
    let mapping = Mapping::new(form.tables);
    let part_units_max = match part_count {
        1 => form.units_single(encoding),
        _ => form.units_concat(encoding, width),
    };

    let (mut outside, mut pairs) = (Characters::default(), Characters::default());
    let mut cutter = Cutter { part_units_max, start: 0, used: 0, parts: Vec::new() };
    for (char_index, (byte_index, character)) in text.char_indices().enumerate() {
        let fit = mapping.fit(character);
        let occurrence = Occurrences { character, count: 1, byte_index, char_index };
        match fit {
            Fit::Outside => outside.add(occurrence),
            Fit::Pair(_) if encoding == Encoding::Gsm7 => pairs.add(occurrence),
            Fit::Pair(_) | Fit::Single(_) => {}
        }
        let taken = match (encoding, fit) {
            (Encoding::Ucs2, _) => character.len_utf16(),
            (_, Fit::Pair(_)) => 2,
            _ => 1,
        };
        cutter.add(byte_index, taken);
    }
    let units_left = part_units_max.saturating_sub(cutter.used);
    let parts = cutter.finish(text.len());
    Explanation { encoding, units, part_units_max, part_count, units_left, outside, pairs, transliterated, parts }
}

impl Characters {
    fn add(&mut self, occurrence: Occurrences) {
        self.count += 1;
        if let Some(known) = self.distinct.iter_mut().find(|known| known.character == occurrence.character) {
            known.count += 1;
        } else if self.distinct.len() < CHARACTERS_MAX {
            self.distinct.push(occurrence);
        } else {
            self.is_cut = true;
        }
    }
}

/// Cuts a text where the parts end, one character after the other.
struct Cutter {
    part_units_max: usize,
    /// Where the open part starts, in bytes.
    start: usize,
    /// Units in the open part.
    used: usize,
    parts: Vec<Range<usize>>,
}

impl Cutter {
    fn add(&mut self, byte_index: usize, units: usize) {
        if self.used + units > self.part_units_max {
            self.close(byte_index);
            self.used = 0;
        }
        self.used += units;
    }

    fn close(&mut self, end: usize) {
        if self.parts.len() < usize::from(PartCount::MAX) {
            self.parts.push(self.start..end);
        }
        self.start = end;
    }

    fn finish(mut self, end: usize) -> Vec<Range<usize>> {
        self.close(end);
        self.parts
    }
}

#[cfg(test)]
mod tests;
