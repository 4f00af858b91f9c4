//! Which tables make a text fit in the fewest parts.

use super::{Language, NationalTables};
use crate::{Count, Encoding, EncodingChoice, PartForm, RefWidth, count_with};

/// The tables that suit a text best, and what it counts with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Best {
    /// The tables; the default ones if no other is better.
    pub tables: NationalTables,
    /// What the text counts; always GSM 7-bit.
    pub count: Count,
}

/// The tables, of the default ones and those of `languages`, with which GSM 7-bit carries `text` in the fewest parts.
/// `None` if a character is outside all of them.
///
/// Among equals the default tables win, then a single shift alone, which a handset that does not know it harms least,
/// then the fewest septets, then the order of `languages`. The locking and the single shift are of one language or one
/// of them is the default: nobody writes Hindi with the capital letters of Urdu. Cost: up to three counts a language.
#[must_use]
pub fn best(text: &str, languages: &[Language], width: RefWidth) -> Option<Best> {
    let singles = languages.iter().map(|&language| NationalTables::single(language));
    let locking = languages.iter().filter_map(|&language| NationalTables::new(Some(language), None));
    let both = languages.iter().filter_map(|&language| NationalTables::new(Some(language), Some(language)));
    let rank = |tables: NationalTables| (!tables.is_default(), tables.locking_language().is_some());
    std::iter::once(NationalTables::DEFAULT)
        .chain(singles)
        .chain(locking)
        .chain(both)
        .filter_map(|tables| {
            let form = PartForm { tables, slack_octets: 0 };
            let count = count_with(text, EncodingChoice::Detect, width, form);
            (count.encoding == Encoding::Gsm7).then_some(Best { tables, count })
        })
        .min_by_key(|best| (best.count.part_count, rank(best.tables), best.count.units))
}
