//! Explanations, checked by hand; that they agree with the count is a property (`tests/agreement.rs`).

use super::*;
use crate::national::{Language, NationalTables};

fn detect(text: &str) -> Explanation {
    explain(text, EncodingChoice::Detect, RefWidth::Bits8)
}

#[test]
fn the_character_that_makes_it_ucs2() {
    let explained = detect("Say “hi” to “them”");
    assert_eq!((explained.encoding, explained.units, explained.part_count), (Encoding::Ucs2, 18, 1));
    let first = explained.first_outside().expect("a quote");
    assert_eq!((first.code_point().as_str(), first.byte_index, first.char_index, first.count), ("U+201C", 4, 4, 2));
    let distinct: Vec<char> = explained.outside.distinct.iter().map(|found| found.character).collect();
    assert_eq!((distinct, explained.outside.count, explained.outside.is_cut), (vec!['“', '”'], 4, false));
    assert_eq!(explained.pairs, Characters::default());
    assert_eq!(explained.transliterated, Count { encoding: Encoding::Gsm7, units: 18, part_count: 1 });
    assert_eq!((explained.part_units_max, explained.units_left, explained.parts_saved()), (70, 52, 0));
    assert_eq!(explained.parts.as_slice(), std::slice::from_ref(&(0..26)));
}

#[test]
fn what_counts_twice() {
    let explained = detect("é€[€]");
    assert_eq!((explained.encoding, explained.units, explained.units_left), (Encoding::Gsm7, 9, 151));
    let pairs: Vec<_> = explained.pairs.distinct.iter().map(|found| (found.character, found.count)).collect();
    assert_eq!((pairs, explained.pairs.count), (vec![('€', 2), ('[', 1), (']', 1)], 4));
    assert_eq!(explained.pairs.distinct[0].byte_index, 2);
    assert_eq!(explained.pairs.distinct[0].char_index, 1);
}

#[test]
fn what_transliterating_saves() {
    let text = "Đây là mã của bạn. ".repeat(8);
    let explained = detect(&text);
    assert_eq!((explained.encoding, explained.part_count), (Encoding::Ucs2, 3));
    assert_eq!((explained.transliterated.encoding, explained.transliterated.part_count), (Encoding::Gsm7, 1));
    assert_eq!(explained.parts_saved(), 2);
    assert_eq!(detect("Привет").parts_saved(), 0);
}

#[test]
fn where_the_parts_are_cut() {
    let text = format!("{}€{}", "a".repeat(152), "b".repeat(10));
    let explained = detect(&text);
    assert_eq!((explained.parts, explained.part_units_max, explained.units_left), (vec![0..152, 152..165], 153, 141));
    let explained = detect(&"😀".repeat(40));
    assert_eq!((explained.parts, explained.units_left), (vec![0..132, 132..160], 53));
    assert_eq!(detect("").parts.as_slice(), std::slice::from_ref(&(0..0)));
}

#[test]
fn an_explanation_stays_small() {
    let text: String = ('а'..='я').chain('А'..='Я').cycle().take(40_000).collect();
    let explained = detect(&text);
    assert_eq!((explained.outside.distinct.len(), explained.outside.is_cut), (CHARACTERS_MAX, true));
    assert_eq!((explained.outside.count, explained.parts.len()), (40_000, 255));
    assert_eq!(explained.part_count, 598);
}

#[test]
fn a_choice_and_tables() {
    let lossy = explain("aж", EncodingChoice::Gsm7, RefWidth::Bits8);
    assert_eq!((lossy.encoding, lossy.units, lossy.outside.count), (Encoding::Gsm7, 2, 1));
    let forced = explain("a€", EncodingChoice::Ucs2, RefWidth::Bits8);
    assert_eq!((forced.encoding, forced.units, forced.outside.count, forced.pairs.count), (Encoding::Ucs2, 2, 0, 0));
    let form = PartForm { tables: NationalTables::single(Language::Turkish), slack_octets: 0 };
    let turkish = explain_with("ışık", EncodingChoice::Detect, RefWidth::Bits8, form);
    assert_eq!((turkish.encoding, turkish.units, turkish.part_units_max), (Encoding::Gsm7, 7, 155));
    assert_eq!((turkish.outside.count, turkish.pairs.count), (0, 3));
}

#[test]
fn debug_does_not_show_characters() {
    let shown = format!("{:?}", detect("Жж€"));
    assert!(!shown.contains('Ж') && !shown.contains('ж') && !shown.contains('€'), "{shown}");
}
