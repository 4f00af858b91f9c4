//! The tables against what is known of them, and what they cost.

use super::*;
use crate::udh::strip;
use crate::{ConcatRef, Encoding, EncodingChoice, PartCount, PartForm, RefWidth, SplitOptions, count_with, split_with};

fn tables(locking: Option<Language>, single: Option<Language>) -> NationalTables {
    NationalTables::new(locking, single).expect("has the tables")
}

/// Each table alone, and both of each language together.
fn choices() -> impl Iterator<Item = NationalTables> {
    let of = |language| [(None, Some(language)), (Some(language), None), (Some(language), Some(language))];
    Language::ALL.into_iter().flat_map(of).filter_map(|(locking, single)| NationalTables::new(locking, single))
}

/// The additions of the single shift tables, from a second transcription: septet and character, 3GPP TS 23.038
/// release 18 §A.2.1 to §A.2.3. The rest is the extension table.
#[test]
fn single_shift_additions() {
    #[track_caller]
    fn check(language: Language, additions: &str) {
        let mut wanted: Vec<(u8, char)> = "0A\u{0C} 14^ 28{ 29} 2F\\ 3C[ 3D~ 3E] 40| 65€"
            .split(' ')
            .chain(additions.split(' '))
            .map(|pair| (u8::from_str_radix(&pair[..2], 16).expect("hex"), pair[2..].chars().next().expect("one")))
            .collect();
        wanted.sort_unstable();
        let table = language.single_table();
        let held: Vec<(u8, char)> = (0..).zip(*table).filter(|&(_, character)| character != NONE).collect();
        assert_eq!(held, wanted, "{language}");
    }
    check(Language::Turkish, "47Ğ 49İ 53Ş 63ç 67ğ 69ı 73ş");
    check(Language::Spanish, "09ç 41Á 49Í 4FÓ 55Ú 61á 69í 6Fó 75ú");
    check(
        Language::Portuguese,
        "05ê 09ç 0BÔ 0Cô 0EÁ 0Fá 12Φ 13Γ 15Ω 16Π 17Ψ 18Σ 19Θ 1FÊ 41À 49Í 4FÓ 55Ú 5BÃ 5CÕ 61Â 69í 6Fó 75ú 7Bã 7Cõ 7Fâ",
    );
}

/// Where the Turkish and the Portuguese locking tables differ from the default alphabet, from a second transcription:
/// 3GPP TS 23.038 §A.3.1 and §A.3.3.
#[test]
fn locking_differences() {
    #[track_caller]
    fn check(language: Language, wanted: &str) {
        let table = language.locking_table().expect("has one");
        let differing: Vec<String> = (0..0x80)
            .filter(|&septet| septet != ESC && table[usize::from(septet)] != crate::gsm7::plain_character(septet))
            .map(|septet| format!("{septet:02X}{}", table[usize::from(septet)]))
            .collect();
        assert_eq!(differing.join(" "), wanted);
    }
    check(Language::Turkish, "04€ 07ı 0BĞ 0Cğ 1CŞ 1Dş 40İ 60ç");
    check(
        Language::Portuguese,
        "04ê 06ú 07í 08ó 09ç 0BÔ 0Cô 0EÁ 0Fá 12ª 13Ç 14À 15∞ 16^ 17\\ 18€ 19Ó 1A| 1CÂ 1Dâ 1EÊ 24º 40Í 5BÃ 5CÕ 5DÚ 60~ \
         7Bã 7Cõ 7D`",
    );
    assert!(Language::Spanish.locking_table().is_none());
}

#[test]
fn every_table_keeps_what_the_rest_relies_on() {
    for language in Language::ALL {
        let locking = language.locking_table();
        for table in locking.into_iter().chain([language.single_table()]) {
            assert_eq!(table[usize::from(ESC)], NONE, "{language}: nothing is at ESC");
        }
        let Some(table) = locking else { continue };
        assert_eq!((table[0x0A], table[0x0D], table[0x20]), ('\n', '\r', ' '), "{language}");
        assert_eq!(table[usize::from(REPLACEMENT)], '?', "{language}");
        assert!(('0'..='9').eq(table[0x30..=0x39].iter().copied()), "{language}");
        assert!(('a'..='z').eq(table[0x61..=0x7A].iter().copied()), "{language}");
    }
}

/// The letters of each Indian block: a transcription that slipped by a place or a block would show here.
#[test]
fn indian_tables_keep_to_their_block() {
    let blocks = [
        (Language::Bengali, 0x0980),
        (Language::Gujarati, 0x0A80),
        (Language::Hindi, 0x0900),
        (Language::Kannada, 0x0C80),
        (Language::Malayalam, 0x0D00),
        (Language::Oriya, 0x0B00),
        (Language::Punjabi, 0x0A00),
        (Language::Tamil, 0x0B80),
        (Language::Telugu, 0x0C00),
        (Language::Urdu, 0x0600),
    ];
    for (language, block) in blocks {
        let size = if language == Language::Urdu { 0x100 } else { 0x80 };
        for table in [language.locking_table().expect("has one"), language.single_table()] {
            let strangers: Vec<char> = table
                .iter()
                .copied()
                .filter(|&character| !(block..block + size).contains(&u32::from(character)))
                .filter(|&character| crate::gsm7::encode(character.encode_utf8(&mut [0; 4])).is_err())
                .filter(|&character| character != NONE && !matches!(character, '\u{0964}' | '\u{0965}'))
                .collect();
            assert!(strangers.is_empty(), "{language}: {strangers:?}");
            let mut letters: Vec<char> = table.iter().copied().filter(|c| u32::from(*c) >= block).collect();
            let count = letters.len();
            letters.sort_unstable();
            letters.dedup();
            assert_eq!(letters.len(), count, "{language}: a letter has one place");
        }
    }
}

#[test]
fn whatever_a_table_holds_comes_back() {
    for tables in choices() {
        for septet in (0..=0x7F).filter(|&septet| septet != ESC) {
            for octets in [vec![septet], vec![ESC, septet]] {
                let text = decode(&octets, tables);
                let encoded = encode(&text, tables);
                let encoded = encoded.unwrap_or_else(|| panic!("{tables:?} {octets:02X?} reads {text:?}"));
                assert_eq!(decode(&encoded, tables), text, "{tables:?} {octets:02X?}");
                assert!(encoded.len() <= octets.len(), "{tables:?} {octets:02X?}: no longer than it was");
            }
        }
    }
}

#[test]
fn decoding_takes_anything() {
    let turkish = tables(Some(Language::Turkish), Some(Language::Turkish));
    assert_eq!(decode(&[0x1B], turkish), "", "half a pair at the end");
    assert_eq!(decode(&[0x1B, 0x1B, 0x61], turkish), " a", "ESC ESC");
    assert_eq!(decode(&[0x80, 0x1B, 0xFF], turkish), "\u{FFFD}\u{FFFD}", "no septets");
    assert_eq!(decode(&[0x1B, 0x40, 0x1B, 0x41, 0x1B, 0x60], turkish), "|Aç", "fall back to the locking table");
    let hindi = tables(Some(Language::Hindi), None);
    assert_eq!(decode(&[0x1B, 0x65], hindi), "€");
    assert_eq!(decode(&[0x0C, 0x11], tables(Some(Language::Bengali), None)), "  ", "empty places");
}

/// `iş` and `ı` in each way, by hand from 3GPP TS 23.038 §A.2.1 and §A.3.1.
#[test]
fn turkish_text_in_each_way() {
    let text = "Işık";
    assert_eq!(encode(text, NationalTables::DEFAULT), None);
    let single = NationalTables::single(Language::Turkish);
    assert_eq!(encode(text, single).as_deref(), Some(&[0x49, 0x1B, 0x73, 0x1B, 0x69, 0x6B][..]));
    let locking = tables(Some(Language::Turkish), None);
    assert_eq!(encode(text, locking).as_deref(), Some(&[0x49, 0x1D, 0x07, 0x6B][..]));
    assert_eq!(encode_lossy("ışØ", locking), [0x07, 0x1D, 0x3F]);
}

#[test]
fn parts_name_their_tables() {
    let options =
        |reference| SplitOptions { encoding: EncodingChoice::Detect, reference, part_count_max: PartCount::MAX };
    let form = PartForm { tables: NationalTables::single(Language::Portuguese), slack_octets: 0 };
    let one = split_with("ação", options(ConcatRef::Octet(7)), form).expect("fits");
    assert_eq!(one.iter().map(|part| part.header().to_vec()).collect::<Vec<_>>(), [[3, 0x24, 1, 3]]);
    assert_eq!(one.as_slice()[0].body(), [0x61, 0x1B, 0x09, 0x1B, 0x7B, 0x6F]);

    let both = tables(Some(Language::Turkish), Some(Language::Portuguese));
    let form = PartForm { tables: both, slack_octets: 0 };
    let text = "ş".repeat(153);
    let several = split_with(&text, options(ConcatRef::Word(0x1234)), form).expect("fits");
    let headers: Vec<_> = several.iter().map(|part| part.header().to_vec()).collect();
    let header = |sequence| [12, 8, 4, 0x12, 0x34, 2, sequence, 0x24, 1, 3, 0x25, 1, 1];
    assert_eq!(headers, [header(1), header(2)]);
    assert_eq!(several.iter().map(|part| part.units()).collect::<Vec<_>>(), [145, 8]);
    for part in &several {
        assert_eq!(part.udh().map(NationalTables::in_header), Some(both));
        assert!(part.concat().is_some());
    }
    // UCS-2 has no use for them.
    let ucs2 = split_with("Ж", options(ConcatRef::Octet(7)), form).expect("fits");
    assert_eq!((ucs2.encoding(), ucs2.as_slice()[0].header()), (Encoding::Ucs2, &[][..]));
}

#[test]
fn received_elements_are_read_with_tolerance() {
    let read = |header: &[u8]| NationalTables::in_header(strip(header).0.expect("a header"));
    assert_eq!(read(&[3, 0x24, 1, 1]), NationalTables::single(Language::Turkish));
    assert_eq!(read(&[3, 0x25, 1, 3]), tables(Some(Language::Portuguese), None));
    assert_eq!(read(&[3, 0x25, 1, 2]), NationalTables::DEFAULT, "Spanish has no locking table");
    assert_eq!(read(&[6, 0x24, 1, 0, 0x25, 1, 14]), NationalTables::DEFAULT, "reserved numbers");
    assert_eq!(read(&[4, 0x24, 2, 1, 1]), NationalTables::DEFAULT, "wrong size");
    assert_eq!(read(&[6, 0x24, 1, 1, 0x24, 1, 3]), NationalTables::single(Language::Portuguese), "the last counts");
    assert_eq!(read(&[3, 0x24, 9, 1]), NationalTables::DEFAULT, "an element beyond the header");
}

#[test]
fn the_best_language_is_the_one_with_fewest_parts() {
    let found =
        |text: &str| best(text, &Language::ALL, RefWidth::Bits8).map(|best| (best.tables, best.count.part_count));
    assert_eq!(found("plain"), Some((NationalTables::DEFAULT, 1)));
    assert_eq!(found("ışık"), Some((NationalTables::single(Language::Turkish), 1)));
    assert_eq!(found(&"ş".repeat(100)), Some((tables(Some(Language::Turkish), None), 1)));
    assert_eq!(found("ción"), Some((NationalTables::single(Language::Spanish), 1)));
    assert_eq!(found("नमस्ते"), Some((tables(Some(Language::Hindi), None), 1)));
    assert_eq!(found("नमस्ते ABC"), Some((tables(Some(Language::Hindi), Some(Language::Hindi)), 1)));
    assert_eq!(found("Việt Nam"), None);
    assert_eq!(best("ışık", &[Language::Spanish], RefWidth::Bits8), None);
}

#[test]
fn counts_are_those_of_the_limits() {
    let form = PartForm { tables: NationalTables::single(Language::Turkish), slack_octets: 0 };
    let parts = |text: &str, width| count_with(text, EncodingChoice::Detect, width, form).part_count;
    assert_eq!(parts(&"a".repeat(155), RefWidth::Bits8), 1);
    assert_eq!(parts(&"a".repeat(156), RefWidth::Bits8), 2);
    assert_eq!(parts(&"a".repeat(298), RefWidth::Bits8), 2);
    assert_eq!(parts(&"a".repeat(299), RefWidth::Bits8), 3);
    assert_eq!(parts(&"a".repeat(297), RefWidth::Bits16), 3);
}

#[test]
fn names_and_numbers_come_back() {
    for language in Language::ALL {
        assert_eq!(Language::from_value(language.value()), Some(language));
        assert_eq!(Language::from_name(language.name()), Some(language));
        assert_eq!(language.has_locking(), language != Language::Spanish);
    }
    assert_eq!([Language::from_value(0), Language::from_value(14)], [None, None]);
}
