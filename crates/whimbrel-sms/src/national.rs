//! The national language tables of GSM 7-bit: Turkish, Spanish, Portuguese and ten languages of India.
//!
//! Follows 3GPP TS 23.038 §6.2.1.2 with annex A, and 3GPP TS 23.040 §9.2.3.24.15 and §9.2.3.24.16. A *locking* shift
//! puts a table in the place of the default alphabet; a *single* shift puts one in the place of the extension table.
//! Each is announced by an element of the user data header in every part, so it costs room: see
//! [`NationalTables::element_octets`]. [`best`] says which language makes a text smallest.
//!
//! Many handsets and message centres ignore the elements, and then the reader sees other letters. Nothing here is used
//! unless it is asked for. There is no table for Vietnamese; see [`transliterate`](crate::transliterate).

use crate::gsm7::{ESC, REPLACEMENT};
use crate::udh::{Element, Udh};

mod best;
mod european;
mod indian;
mod language;
mod mapping;

pub use best::{Best, best};
pub use language::Language;
pub(crate) use mapping::{Fit, Mapping};

/// The identifier of the element that names a single shift table.
pub const IEI_SINGLE_SHIFT: u8 = 0x24;
/// The identifier of the element that names a locking shift table.
pub const IEI_LOCKING_SHIFT: u8 = 0x25;

/// The octets of one shift element: identifier, length, language.
const ELEMENT_OCTETS: usize = 3;

/// Characters by septet.
type Table = [char; 128];

/// A place of a table that holds no character. U+0000 is in no table.
const NONE: char = '\0';

/// Which tables a text is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct NationalTables {
    /// Invariant: has a locking table.
    locking: Option<Language>,
    single: Option<Language>,
}

impl NationalTables {
    /// The default alphabet and its extension table: no element in the header.
    pub const DEFAULT: Self = Self { locking: None, single: None };

    /// The tables of these languages, `None` in a place for the default one. `None` altogether if the locking language
    /// has no locking table: Spanish.
    #[must_use]
    pub const fn new(locking: Option<Language>, single: Option<Language>) -> Option<Self> {
        match locking {
            Some(language) if language.locking_table().is_none() => None,
            _ => Some(Self { locking, single }),
        }
    }

    /// The default alphabet with the single shift table of a language, which every language has.
    #[must_use]
    pub const fn single(language: Language) -> Self {
        Self { locking: None, single: Some(language) }
    }

    /// The language of the locking shift.
    #[must_use]
    pub const fn locking_language(self) -> Option<Language> {
        self.locking
    }

    /// The language of the single shift.
    #[must_use]
    pub const fn single_language(self) -> Option<Language> {
        self.single
    }

    /// Whether these are the default alphabet and its extension table.
    #[must_use]
    pub fn is_default(self) -> bool {
        self == Self::DEFAULT
    }

    /// The octets that the elements take in the header of every part, without the length octet of the header: 0, 3 or
    /// 6.
    #[must_use]
    pub const fn element_octets(self) -> usize {
        let single = if self.single.is_some() { ELEMENT_OCTETS } else { 0 };
        let locking = if self.locking.is_some() { ELEMENT_OCTETS } else { 0 };
        single + locking
    }

    /// Appends the elements: identifier, length and language of each.
    pub fn write_elements(self, octets: &mut Vec<u8>) {
        for (iei, language) in [(IEI_SINGLE_SHIFT, self.single), (IEI_LOCKING_SHIFT, self.locking)] {
            if let Some(language) = language {
                octets.extend_from_slice(&[iei, 1, language.value()]);
            }
        }
    }

    /// The tables a received header names. The last element of each kind counts; one that names a language without such
    /// a table, or has the wrong size, is passed over (3GPP TS 23.038 §6.2.1.2.4: reserved values mean the default).
    #[must_use]
    pub fn in_header(header: Udh<'_>) -> Self {
        let mut tables = Self::DEFAULT;
        for Element { iei, data } in header.elements() {
            let &[value] = data else { continue };
            match (iei, Language::from_value(value)) {
                (IEI_SINGLE_SHIFT, single @ Some(_)) => tables.single = single,
                (IEI_LOCKING_SHIFT, Some(language)) if language.locking_table().is_some() => {
                    tables.locking = Some(language);
                }
                _ => {}
            }
        }
        tables
    }
}

/// Encodes `text`, one septet per octet; `None` if a character is in neither table.
#[must_use]
pub fn encode(text: &str, tables: NationalTables) -> Option<Vec<u8>> {
    let mapping = Mapping::new(tables);
    let mut septets = Vec::with_capacity(text.len());
    for character in text.chars() {
        match mapping.fit(character) {
            Fit::Single(septet) => septets.push(septet),
            Fit::Pair(septet) => septets.extend_from_slice(&[ESC, septet]),
            Fit::Outside => return None,
        }
    }
    Some(septets)
}

/// Encodes `text`; a character in neither table becomes `?`, which is in the same place of every table.
#[must_use]
pub fn encode_lossy(text: &str, tables: NationalTables) -> Vec<u8> {
    let mapping = Mapping::new(tables);
    let mut septets = Vec::with_capacity(text.len());
    for character in text.chars() {
        match mapping.fit(character) {
            Fit::Single(septet) => septets.push(septet),
            Fit::Pair(septet) => septets.extend_from_slice(&[ESC, septet]),
            Fit::Outside => septets.push(REPLACEMENT),
        }
    }
    septets
}

/// Decodes unpacked septets, whatever they hold.
///
/// - A pair whose place in the single shift table is empty shows the character of the locking table
///   (3GPP TS 23.038 §6.2.1.2.2), and a place that is empty there too shows a space.
/// - ESC ESC shows a space, an ESC at the very end nothing, and an octet above 0x7F shows U+FFFD.
#[must_use]
pub fn decode(septets: &[u8], tables: NationalTables) -> String {
    if tables.is_default() {
        return crate::gsm7::decode(septets);
    }
    let mut text = String::with_capacity(septets.len());
    let mut octets = septets.iter().copied();
    while let Some(octet) = octets.next() {
        let character = if octet == ESC {
            let Some(next) = octets.next() else { break };
            mapping::shifted_character(next, tables)
        } else {
            mapping::character(octet, tables)
        };
        text.push(character);
    }
    text
}

#[cfg(test)]
mod tests;
