//! What stands around a candidate: words for codes, and what makes it a number of another kind.

use std::ops::Range;

use super::fold::Folded;
use super::score::Reason;
use super::shape::{Shape, ShapeKind};
use super::table;
use super::words::{self, Found, is_letter};

/// Whether a word is in a list.
fn has(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split('|').any(|known| known == word)
}

/// Words for codes that do not mean another kind of code.
pub(super) fn code_words(folded: &Folded) -> Vec<Found> {
    let mut found = words::CODE.in_text(folded);
    found.retain(|found| !is_other_code(folded, &found.glyphs));
    found
}

/// Whether the word belongs to a promotion, an address, a parcel.
fn is_other_code(folded: &Folded, glyphs: &Range<usize>) -> bool {
    let word_start = (0..glyphs.start).rev().find(|index| !is_letter(folded.c(*index))).map_or(0, |index| index + 1);
    let within = folded.text(word_start..glyphs.start);
    let before = words_before(folded, word_start, 1).pop().unwrap_or_default();
    let after: String = folded.text(glyphs.end..folded.glyphs.len().min(glyphs.end + 24));
    let after = after.trim_start_matches(|c: char| c.is_alphanumeric() && c.is_ascii());
    let after = after.trim_start_matches([' ', '-']);
    table::OTHER_CODE.split('|').any(|other| other == before || within == other)
        || table::CODE_OF_OTHER.split('|').any(|other| after.starts_with(other))
}

/// Up to `count` words before a glyph in its sentence, the nearest last.
pub(super) fn words_before(folded: &Folded, glyph: usize, count: usize) -> Vec<String> {
    let mut words = Vec::new();
    let mut end = glyph;
    while words.len() < count {
        while end > 0 && !is_letter(folded.c(end - 1)) {
            if is_sentence_end(folded, end - 1) {
                words.reverse();
                return words;
            }
            end -= 1;
        }
        if end == 0 {
            break;
        }
        let start = (0..end).rev().find(|index| !is_word(folded, *index)).map_or(0, |index| index + 1);
        words.push(folded.text(start..end));
        end = start;
    }
    words.reverse();
    words
}

/// Letters, digits, and marks that belong to words, such as the slash of `a/c`.
fn is_word(folded: &Folded, index: usize) -> bool {
    let Some(c) = folded.c(index) else { return false };
    let joins =
        matches!(c, '/' | '\'' | '\u{2019}') && is_letter(folded.before(index)) && is_letter(folded.c(index + 1));
    // Signs that letters of India and South-East Asia carry are no letters of their own.
    c.is_alphanumeric()
        || joins
        || matches!(c, '\u{2116}' | '\u{b0}')
        || (!c.is_ascii() && !c.is_whitespace() && c > '\u{900}' && c < '\u{1100}')
}

/// Whether a sentence ends at this glyph.
pub(super) fn is_sentence_end(folded: &Folded, index: usize) -> bool {
    match folded.c(index) {
        Some('\n' | '\r' | '\u{3002}' | '\u{964}' | '\u{61f}') => true,
        Some('.' | '!' | '?') => folded.c(index + 1).is_none_or(char::is_whitespace) && !is_abbreviation(folded, index),
        _ => false,
    }
}

/// `No. 5`, `Rs. 100`: short words whose full stop ends nothing.
fn is_abbreviation(folded: &Folded, stop: usize) -> bool {
    let start = (0..stop).rev().find(|index| !is_letter(folded.c(*index))).map_or(0, |index| index + 1);
    matches!(
        &*folded.text(start..stop),
        "no" | "nr"
            | "rs"
            | "rp"
            | "kr"
            | "ref"
            | "tel"
            | "inv"
            | "ord"
            | "acc"
            | "dr"
            | "mr"
            | "st"
            | "\u{440}\u{443}\u{431}"
    )
}

/// What makes the candidate a number of another kind; `None` if nothing does.
pub(super) fn other_kind(folded: &Folded, shape: &Shape) -> Option<Reason> {
    let (start, end) = (shape.glyphs.start, shape.glyphs.end);
    if is_app_hash(folded, shape) {
        return Some(Reason::AppHash);
    }
    if shape.kind == ShapeKind::Digits {
        if let Some(reason) = at_its_edges(folded, start, end) {
            return Some(reason);
        }
        if is_of_phone(folded, start, end) {
            return Some(Reason::PhoneNumber);
        }
    }
    let (before, after) = (words_before(folded, start, 2), word_after(folded, end));
    let last = before.last().map_or("", String::as_str);
    let is_touching = |signs: &str| {
        let near = |at: Option<char>, beyond: Option<char>| {
            at.is_some_and(|c| signs.contains(c)) || (at == Some(' ') && beyond.is_some_and(|c| signs.contains(c)))
        };
        near(folded.before(start), start.checked_sub(2).and_then(|at| folded.c(at)))
            || near(folded.c(end), folded.c(end + 1))
    };
    if is_touching(table::MONEY_SIGNS)
        || has(table::MONEY, last) && gap_is_blank(folded, start)
        || has(table::MONEY, &after)
    {
        return Some(Reason::Money);
    }
    if folded.c(end) == Some('%') || folded.c(end) == Some('\u{b0}') || has(table::UNITS, &after) {
        return Some(Reason::Amount);
    }
    if words_after(folded, end, 2).iter().any(|word| has(table::OF_OTHER, word)) {
        return Some(Reason::OtherNumber);
    }
    if is_voucher(folded, shape) {
        return Some(Reason::Voucher);
    }
    if is_year(&shape.code) && is_in_date(last, &after) {
        return Some(Reason::Date);
    }
    if is_short_code(folded, shape, last) {
        return Some(Reason::ShortCode);
    }
    None
}

/// Signs before and after that make digits a decimal, a date, a time, a card or a number of a phone.
fn at_its_edges(folded: &Folded, start: usize, end: usize) -> Option<Reason> {
    let is_digit = |at: Option<char>| at.is_some_and(|c| c.is_ascii_digit());
    let (before, beyond) = (folded.before(start), start.checked_sub(2).and_then(|at| folded.c(at)));
    let (after, further) = (folded.c(end), folded.c(end + 1));
    match before {
        Some('+') => return Some(Reason::PhoneNumber),
        Some('.' | ',') if is_digit(beyond) => return Some(Reason::Amount),
        Some('/' | ':' | '-') if is_digit(beyond) => return Some(Reason::Date),
        // Stars on both sides are for emphasis.
        Some('*') if after == Some('*') => {}
        Some('*' | '\u{2022}' | '\u{2026}') => return Some(Reason::Masked),
        Some('.') if beyond == Some('.') => return Some(Reason::Masked),
        Some('/') if is_letter(beyond) => return Some(Reason::OtherNumber),
        _ => {}
    }
    match after {
        Some('.' | ',') if is_digit(further) && !begins_a_phrase(folded, end + 1) => Some(Reason::Amount),
        Some('/' | ':' | '-') if is_digit(further) => Some(Reason::Date),
        Some('*' | '\u{2022}') if folded.c(end + 1) == after => Some(Reason::Masked),
        _ => None,
    }
}

/// Whether digits after a comma are the beginning of what comes next, as in `482917,5` and a unit of time: in scripts without blanks.
fn begins_a_phrase(folded: &Folded, start: usize) -> bool {
    let end = (start..folded.glyphs.len()).find(|index| !folded.c(*index).is_some_and(|c| c.is_ascii_digit()));
    end.and_then(|end| folded.c(end)).is_some_and(|c| ('\u{3000}'..'\u{e000}').contains(&c))
}

/// Whether more groups of digits stand beside it.
fn is_of_phone(folded: &Folded, start: usize, end: usize) -> bool {
    let separates = |c: Option<char>| matches!(c, Some(' ' | '-' | ')' | '('));
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let before = (0..start.saturating_sub(1)).rev().take_while(|index| is_digit(folded.c(*index))).count();
    let after = (end + 1..folded.glyphs.len()).take_while(|index| is_digit(folded.c(*index))).count();
    (separates(folded.before(start)) && (2..=5).contains(&before))
        || (separates(folded.c(end)) && (3..=5).contains(&after))
        || (folded.before(start) == Some(' ')
            && start.checked_sub(2).and_then(|at| folded.c(at)) == Some(')')
            && start.checked_sub(3).is_some_and(|at| is_digit(folded.c(at))))
}

fn word_after(folded: &Folded, end: usize) -> String {
    let start = (end..folded.glyphs.len()).find(|index| folded.c(*index) != Some(' ')).unwrap_or(end);
    if start > end + 1 {
        return String::new();
    }
    (start..folded.glyphs.len())
        .take_while(|index| is_word(folded, *index))
        .filter_map(|index| folded.c(index))
        .collect()
}

/// Up to `count` words after a glyph, whatever stands between.
fn words_after(folded: &Folded, end: usize, count: usize) -> Vec<String> {
    let rest = folded.text(end..folded.glyphs.len().min(end + 60));
    rest.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(count).map(str::to_owned).collect()
}

/// A word with a number behind it, such as SAVE20, or capitals in a text that speaks of percent: what shops give away.
fn is_voucher(folded: &Folded, shape: &Shape) -> bool {
    let letters = shape.code.chars().take_while(char::is_ascii_alphabetic).count();
    let digits = shape.code.chars().skip(letters).filter(char::is_ascii_digit).count();
    let is_word_and_number = letters >= 3 && digits <= 4 && letters + digits == shape.code.len();
    let speaks_of_percent =
        folded.lower.contains('%') || folded.lower.contains("percent") || folded.lower.contains("yüzde");
    shape.kind == ShapeKind::Mixed && is_word_and_number && (letters >= 4 || speaks_of_percent)
}

/// Whether nothing but blanks stands between the word before and the candidate.
fn gap_is_blank(folded: &Folded, start: usize) -> bool {
    let before = (0..start).rev().find(|index| folded.c(*index) != Some(' '));
    before.is_some_and(|index| is_letter(folded.c(index)) || matches!(folded.c(index), Some('.' | '$')))
}

pub(super) fn is_year(code: &str) -> bool {
    code.len() == 4 && (code.starts_with("19") || code.starts_with("20"))
}

fn is_in_date(last: &str, after: &str) -> bool {
    let is_month = |word: &str| !word.is_empty() && table::MONTHS.split('|').any(|month| word.starts_with(month));
    let is_day = |word: &str| word.len() <= 4 && word.starts_with(|c: char| c.is_ascii_digit());
    is_month(last) || is_month(after) || is_day(last)
}

/// "Text STOP to 12345".
fn is_short_code(folded: &Folded, shape: &Shape, last: &str) -> bool {
    let sentence = words_before(folded, shape.glyphs.start, 12);
    shape.kind == ShapeKind::Digits && has(table::TOWARDS, last) && sentence.iter().any(|word| has(table::SEND, word))
}

/// Eleven characters of Base64 at the very end.
fn is_app_hash(folded: &Folded, shape: &Shape) -> bool {
    let is_hash = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let last = folded.glyphs.iter().rposition(|glyph| !glyph.c.is_whitespace()).map_or(0, |index| index + 1);
    let first = (0..last).rev().find(|index| !folded.c(*index).is_some_and(is_hash)).map_or(0, |index| index + 1);
    last - first == 11
        && first > 0
        && (first..last).contains(&shape.glyphs.start)
        && folded.glyphs[first..last].iter().any(|glyph| !glyph.c.is_ascii_digit())
}
