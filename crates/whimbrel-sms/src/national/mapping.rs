//! Looks characters up in a choice of tables, in both directions.

use super::{NONE, NationalTables};
use crate::gsm7::{ESC, extended_character, plain_character};

/// What a character takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// One septet.
    Single(u8),
    /// ESC and this septet.
    Pair(u8),
    /// It is in neither table.
    Outside,
}

/// The characters of a choice of tables. Made once per text: some 250 entries, sorted.
pub(crate) struct Mapping {
    /// Sorted by character, each once.
    entries: Vec<(char, Fit)>,
}

impl Mapping {
    pub(crate) fn new(tables: NationalTables) -> Self {
        let mut entries: Vec<(char, Fit)> = Vec::with_capacity(256);
        for septet in (0..=0x7F).filter(|&septet| septet != ESC) {
            entries.push((character_or_none(septet, tables), Fit::Single(septet)));
        }
        for septet in (0..=0x7F).filter(|&septet| septet != ESC) {
            entries.push((shifted_or_none(septet, tables), Fit::Pair(septet)));
        }
        entries.retain(|&(character, _)| character != NONE);
        // Stable, so that of two ways to write a character the single one comes first, then the lower septet.
        entries.sort_by_key(|&(character, _)| character);
        entries.dedup_by_key(|&mut (character, _)| character);
        Self { entries }
    }

    pub(crate) fn fit(&self, character: char) -> Fit {
        let found = self.entries.binary_search_by_key(&character, |&(character, _)| character);
        found.ok().and_then(|index| self.entries.get(index)).map_or(Fit::Outside, |&(_, fit)| fit)
    }
}

/// The character of `octet` outside a pair.
pub(super) fn character(octet: u8, tables: NationalTables) -> char {
    match character_or_none(octet, tables) {
        NONE => ' ',
        character => character,
    }
}

/// The character of `octet` after ESC.
pub(super) fn shifted_character(octet: u8, tables: NationalTables) -> char {
    if octet == ESC {
        return ' ';
    }
    match shifted_or_none(octet, tables) {
        NONE => character(octet, tables),
        shifted => shifted,
    }
}

fn character_or_none(octet: u8, tables: NationalTables) -> char {
    let Some(table) = tables.locking.and_then(super::Language::locking_table) else {
        return plain_character(octet);
    };
    table.get(usize::from(octet)).copied().unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn shifted_or_none(octet: u8, tables: NationalTables) -> char {
    match tables.single {
        Some(language) => language.single_table().get(usize::from(octet)).copied().unwrap_or(NONE),
        None => extended_character(octet).unwrap_or(NONE),
    }
}
