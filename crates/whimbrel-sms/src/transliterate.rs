//! Writes a text with the letters that GSM 7-bit has, so that it costs fewer parts.
//!
//! A text of Vietnamese or Greek letters, or one with a typographic quote in it, goes as UCS-2 and holds 70
//! characters in place of 160. [`transliterate`] takes marks off letters and puts plain punctuation for typographic.
//! It loses what the marks say, so it is the customer's choice, and it is done before counting.
//!
//! The rule: the canonical decomposition of Unicode (NFD) without its combining marks, where a letter with its first
//! mark is kept if GSM 7-bit has it whole (`e` and U+0301 are é, as é is); then letters whose stroke or shape is no
//! mark (`đ`, `ł`, `ı`), `ç` (only the capital is in the alphabet), quotes, dashes, the ellipsis, spaces, the
//! back-tick; and characters of no width are dropped. Greek is written with the capitals of the alphabet and, where
//! it lacks one, with the Latin capital of that shape, which is what the alphabet has its ten Greek letters for.
//!
//! Promises: a character that GSM 7-bit or its extension table can carry is never changed, so the tone letters `à è é ì
//! ò ù` stay; a character it knows nothing of stays as it is; doing it twice changes nothing more. At most three
//! characters stand for one.

use std::borrow::Cow;

use crate::gsm7;

mod table;

/// Writes `text` with the letters of GSM 7-bit, as far as that goes.
#[must_use]
pub fn transliterate(text: &str) -> Cow<'_, str> {
    let Some(first) = gsm7::first_outside(text) else {
        return Cow::Borrowed(text);
    };
    // A mark belongs to the letter before it, which may be in the alphabet.
    let start = text[..first].char_indices().next_back().map_or(0, |(index, _)| index);
    let mut written = String::with_capacity(text.len());
    written.push_str(&text[..start]);
    let mut characters = text[start..].chars().peekable();
    while let Some(character) = characters.next() {
        let whole = characters.peek().and_then(|&mark| table::composed(character, mark));
        if let Some(whole) = whole {
            characters.next();
            written.push(whole);
            continue;
        }
        match table::replacement(character) {
            Some(replacement) => replacement.write(&mut written),
            None => written.push(character),
        }
    }
    if written == text { Cow::Borrowed(text) } else { Cow::Owned(written) }
}

/// The text that GSM 7-bit can carry: `text` itself if it can, else `text` transliterated if it can then, else `None`.
///
/// This is the choice to offer: a text that stays UCS-2 anyway gains nothing from losing its marks.
#[must_use]
pub fn transliterate_to_fit(text: &str) -> Option<Cow<'_, str>> {
    let written = transliterate(text);
    gsm7::first_outside(&written).is_none().then_some(written)
}

#[cfg(test)]
mod tests;
