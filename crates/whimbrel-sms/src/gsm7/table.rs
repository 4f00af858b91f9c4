//! The tables of the GSM 7-bit alphabet, and the look-ups made of them at compile time.
//!
//! [`DEFAULT`] and [`EXTENSION`] are the only places where the alphabet is written down (3GPP TS 23.038 §6.2.1 and
//! §6.2.1.1); everything else here is derived from them.

use super::ESC;

/// The largest septet; codes up to it are septets of the default table.
pub(super) const DIRECT_MAX: u8 = 0x7F;

/// The code of what is in neither table. It is also `PAIR | 0x7F`, which no extension character uses.
pub(super) const UNMAPPABLE: u8 = 0xFF;

/// Marks a septet of the extension table.
const PAIR: u8 = 0x80;

/// The default alphabet, by septet. The place of ESC holds no character.
#[rustfmt::skip]
const DEFAULT: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', ' ', 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// The extension table, by the septet after ESC.
pub(super) const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{000C}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// Codes by UTF-8 byte: [`UNMAPPABLE`] for bytes that are no character of their own.
pub(super) const BY_BYTE: [u8; 256] = {
    let mut codes = codes_of_block(0);
    let mut byte = 0x80;
    while byte < 256 {
        codes[byte] = UNMAPPABLE;
        byte += 1;
    }
    codes
};

/// Codes of U+0000 to U+00FF.
static LATIN: [u8; 256] = codes_of_block(0x0000);
/// Codes of U+0300 to U+03FF, where the Greek capitals are.
static GREEK: [u8; 256] = codes_of_block(0x0300);
/// Codes of U+2000 to U+20FF, where the euro sign is.
static CURRENCY: [u8; 256] = codes_of_block(0x2000);

/// The characters after ESC, by septet: those of the default table where the extension table has none.
static EXTENDED: [char; 128] = {
    let mut characters = DEFAULT;
    let mut index = 0;
    while index < EXTENSION.len() {
        let (septet, character) = EXTENSION[index];
        characters[septet as usize] = character;
        index += 1;
    }
    characters[ESC as usize] = ' ';
    characters
};

/// The code of `character`: a septet, a septet marked as the second of a pair, or [`UNMAPPABLE`].
pub(super) fn code(character: char) -> u8 {
    let scalar = u32::from(character);
    let low = (scalar & 0xFF) as usize;
    match scalar >> 8 {
        0x00 => LATIN[low],
        0x03 => GREEK[low],
        0x20 => CURRENCY[low],
        _ => UNMAPPABLE,
    }
}

/// The character of `octet` in the default table, U+FFFD if it is no septet. ESC, which has none, shows a space.
pub(super) fn default_character(octet: u8) -> char {
    DEFAULT.get(usize::from(octet)).copied().unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The character of `octet` after ESC, U+FFFD if it is no septet.
pub(super) fn extension_character(octet: u8) -> char {
    EXTENDED.get(usize::from(octet)).copied().unwrap_or(char::REPLACEMENT_CHARACTER)
}

const fn codes_of_block(first: u32) -> [u8; 256] {
    let mut codes = [UNMAPPABLE; 256];
    let mut septet = 0;
    while septet < DEFAULT.len() {
        let scalar = DEFAULT[septet] as u32;
        if septet != ESC as usize && scalar >> 8 == first >> 8 {
            codes[(scalar & 0xFF) as usize] = septet as u8;
        }
        septet += 1;
    }
    let mut index = 0;
    while index < EXTENSION.len() {
        let (septet, character) = EXTENSION[index];
        let scalar = character as u32;
        if scalar >> 8 == first >> 8 {
            codes[(scalar & 0xFF) as usize] = PAIR | septet;
        }
        index += 1;
    }
    codes
}
