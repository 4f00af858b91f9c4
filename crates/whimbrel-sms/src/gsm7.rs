//! The GSM 7-bit default alphabet and its extension table, unpacked: one septet per octet.
//!
//! Follows 3GPP TS 23.038 §6.2.1 (default alphabet) and §6.2.1.1 (extension table). A character of the extension
//! table is [`ESC`] and one more septet, an *escape pair*, and counts two.
//!
//! Encoding is exact: only characters of the tables have a septet, and what to do about others is the caller's
//! choice ([`encode`] refuses, [`encode_lossy`] writes `?`). Line ends are kept as they are: CR and LF are both in
//! the table, so CR LF counts two. Decoding takes any octets and never fails; see [`decode`].

use std::error::Error;
use std::fmt;

mod table;

use table::{BY_BYTE, DIRECT_MAX, UNMAPPABLE, extension_character};

/// The septet that announces one of the extension table.
pub const ESC: u8 = 0x1B;

/// What stands for a character outside the alphabet.
pub const REPLACEMENT: u8 = b'?';

/// A character outside the GSM 7-bit alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotGsm7 {
    /// The first such character of the text.
    pub character: char,
    /// Its index in the text, counted in characters from 0.
    pub char_index: usize,
}

impl fmt::Display for NotGsm7 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = u32::from(self.character);
        write!(f, "character U+{code:04X} at index {} is not in the GSM 7-bit alphabet", self.char_index)
    }
}

impl Error for NotGsm7 {}

/// Encodes `text`.
///
/// # Errors
/// [`NotGsm7`] with the first character that is in neither table.
pub fn encode(text: &str) -> Result<Vec<u8>, NotGsm7> {
    let mut septets = Vec::with_capacity(text.len());
    match encode_bounded(text, &mut septets, Unmappable::Stop, usize::MAX) {
        Outcome::Unmappable { byte_index, character } => Err(not_gsm7(text, byte_index, character)),
        // There is no bound to be full at.
        Outcome::Done | Outcome::Full => Ok(septets),
    }
}

/// Encodes `text`; a character outside the alphabet becomes [`REPLACEMENT`] and counts one septet.
#[must_use]
pub fn encode_lossy(text: &str) -> Vec<u8> {
    let mut septets = Vec::with_capacity(text.len());
    encode_bounded(text, &mut septets, Unmappable::Replace, usize::MAX);
    septets
}

/// The first character of `text` outside the alphabet, if there is one.
#[must_use]
pub fn first_unmappable(text: &str) -> Option<NotGsm7> {
    let byte_index = first_outside(text)?;
    let character = text[byte_index..].chars().next()?;
    Some(not_gsm7(text, byte_index, character))
}

/// The byte index of the first character of `text` outside the alphabet.
pub(crate) fn first_outside(text: &str) -> Option<usize> {
    let mut found = None;
    scan(text, |step| match step {
        Step::Unmappable { byte_index, .. } => {
            found = Some(byte_index);
            Walk::Stop
        }
        Step::Direct(_) | Step::Single(_) | Step::Pair(_) => Walk::On,
    });
    found
}

/// Decodes unpacked septets, whatever they hold.
///
/// - A pair that is not in the extension table shows the character of the default table
///   (3GPP TS 23.038 §6.2.1.1).
/// - ESC ESC, which is reserved for a further table, shows one space (the same, note 1).
/// - An ESC at the very end shows nothing: it is half of a pair whose other half was cut off.
/// - An octet above 0x7F is no septet and shows U+FFFD, and takes an ESC before it along.
#[must_use]
pub fn decode(septets: &[u8]) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut octets = septets.iter().copied();
    while let Some(octet) = octets.next() {
        let character = if octet == ESC {
            let Some(next) = octets.next() else { break };
            extension_character(next)
        } else {
            table::default_character(octet)
        };
        text.push(character);
    }
    text
}

/// The character of `octet` in the default table: U+FFFD if it is no septet, a space for ESC.
pub(crate) fn plain_character(octet: u8) -> char {
    table::default_character(octet)
}

/// The character of `octet` in the extension table, if it has one.
pub(crate) fn extended_character(octet: u8) -> Option<char> {
    table::EXTENSION.iter().find(|&&(septet, _)| septet == octet).map(|&(_, character)| character)
}

/// What becomes of a character outside the alphabet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unmappable {
    Replace,
    Stop,
}

/// How an encoding with a bound ended.
pub(crate) enum Outcome {
    Done,
    Unmappable { byte_index: usize, character: char },
    Full,
}

/// Appends the septets of `text`, and stops before there would be more than `septets_max` in `septets`.
pub(crate) fn encode_bounded(text: &str, septets: &mut Vec<u8>, unmappable: Unmappable, septets_max: usize) -> Outcome {
    let mut outcome = Outcome::Done;
    scan(text, |step| {
        let room = septets_max.saturating_sub(septets.len());
        let needed = match step {
            Step::Direct(run) => run.len(),
            Step::Single(_) => 1,
            Step::Pair(_) => 2,
            Step::Unmappable { byte_index, character } => {
                if unmappable == Unmappable::Stop {
                    outcome = Outcome::Unmappable { byte_index, character };
                    return Walk::Stop;
                }
                1
            }
        };
        if needed > room {
            outcome = Outcome::Full;
            return Walk::Stop;
        }
        match step {
            Step::Direct(run) => septets.extend(run.iter().map(|&byte| BY_BYTE[usize::from(byte)])),
            Step::Single(septet) => septets.push(septet),
            Step::Pair(septet) => septets.extend_from_slice(&[ESC, septet]),
            Step::Unmappable { .. } => septets.push(REPLACEMENT),
        }
        Walk::On
    });
    outcome
}

/// A stretch of text and what it encodes to.
pub(crate) enum Step<'a> {
    /// ASCII bytes that take one septet each, as many as follow one another; never empty.
    Direct(&'a [u8]),
    /// A character that takes the one septet given.
    Single(u8),
    /// A character that takes ESC and the septet given.
    Pair(u8),
    /// A character outside the alphabet.
    Unmappable { byte_index: usize, character: char },
}

/// Whether to go on walking a text.
pub(crate) enum Walk {
    On,
    Stop,
}

/// Walks `text` from its start, in runs: nearly every text is one run of ASCII, which costs one table look-up per
/// byte.
pub(crate) fn scan<'a>(text: &'a str, mut visit: impl FnMut(Step<'a>) -> Walk) {
    let mut index = 0;
    while index < text.len() {
        let rest = &text[index..];
        let direct = |&byte: &u8| BY_BYTE[usize::from(byte)] <= DIRECT_MAX;
        let run = rest.as_bytes().iter().position(|byte| !direct(byte)).unwrap_or(rest.len());
        if run > 0 {
            if let Walk::Stop = visit(Step::Direct(&rest.as_bytes()[..run])) {
                return;
            }
            index += run;
        }
        // The run ended before a whole character: its bytes were ASCII, each a character of its own.
        let Some(character) = text[index..].chars().next() else {
            return;
        };
        let step = match table::code(character) {
            UNMAPPABLE => Step::Unmappable { byte_index: index, character },
            septet if septet <= DIRECT_MAX => Step::Single(septet),
            pair => Step::Pair(pair & DIRECT_MAX),
        };
        if let Walk::Stop = visit(step) {
            return;
        }
        index += character.len_utf8();
    }
}

fn not_gsm7(text: &str, byte_index: usize, character: char) -> NotGsm7 {
    NotGsm7 { character, char_index: text[..byte_index].chars().count() }
}

#[cfg(test)]
mod tests;
