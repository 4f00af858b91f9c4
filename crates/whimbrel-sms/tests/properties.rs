//! What holds for every text and for all octets.

use proptest::prelude::*;
use whimbrel_sms::udh::{Element, encode as encode_udh, strip};
use whimbrel_sms::{
    ConcatRef, Encoding, EncodingChoice, Part, PartCount, Parts, RefWidth, SplitOptions, TooLong, Udh, count, gsm7,
    split, ucs2,
};

/// Every character of the GSM 7-bit alphabet, found by asking for each of Unicode.
fn gsm7_characters() -> Vec<char> {
    ('\0'..=char::MAX).filter(|character| gsm7::encode(character.encode_utf8(&mut [0; 4])).is_ok()).collect()
}

/// Texts around the lengths where the number of parts changes, rich in pairs.
fn gsm7_text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        6 => proptest::char::range('a', 'z'),
        3 => proptest::sample::select(gsm7_characters()),
        2 => proptest::sample::select(vec!['€', '[', '^']),
    ];
    proptest::collection::vec(character, 0..700).prop_map(String::from_iter)
}

/// Texts of anything: plain ones, other scripts, emoji.
fn any_text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => proptest::char::range('a', 'z'),
        2 => proptest::char::range('а', 'я'),
        2 => proptest::char::range('😀', '😏'),
        1 => any::<char>(),
        1 => Just('€'),
    ];
    prop_oneof![gsm7_text(), proptest::collection::vec(character, 0..400).prop_map(String::from_iter)]
}

fn reference() -> impl Strategy<Value = ConcatRef> {
    prop_oneof![any::<u8>().prop_map(ConcatRef::Octet), any::<u16>().prop_map(ConcatRef::Word)]
}

fn choice() -> impl Strategy<Value = EncodingChoice> {
    prop_oneof![Just(EncodingChoice::Gsm7), Just(EncodingChoice::Ucs2), Just(EncodingChoice::Detect)]
}

fn part_count() -> impl Strategy<Value = PartCount> {
    (1..=255u8).prop_map(|value| PartCount::new(value).expect("not 0"))
}

fn split_freely(text: &str, encoding: EncodingChoice, reference: ConcatRef) -> Result<Parts, TooLong> {
    split(text, SplitOptions { encoding, reference, part_count_max: PartCount::MAX })
}

fn decoded(encoding: Encoding, part: &Part) -> String {
    match encoding {
        Encoding::Gsm7 => gsm7::decode(part.body()),
        Encoding::Ucs2 => ucs2::decode(part.body()),
        Encoding::Binary => panic!("a text is not binary"),
    }
}

/// Each part is a text of its own: decoded alone it gives whole characters, and together they give `text`.
fn joined(parts: &Parts) -> String {
    parts.iter().map(|part| decoded(parts.encoding(), part)).collect()
}

proptest! {
    #[test]
    fn gsm7_parts_give_the_text_back(text in gsm7_text(), reference in reference()) {
        let parts = split_freely(&text, EncodingChoice::Detect, reference)?;
        prop_assert_eq!(parts.encoding(), Encoding::Gsm7);
        prop_assert_eq!(joined(&parts), text);
    }

    #[test]
    fn ucs2_parts_give_the_text_back(text in any_text(), reference in reference()) {
        let parts = split_freely(&text, EncodingChoice::Ucs2, reference)?;
        prop_assert_eq!(joined(&parts), text);
    }

    #[test]
    fn a_lossy_text_differs_only_where_it_must(text in any_text(), reference in reference()) {
        let parts = split_freely(&text, EncodingChoice::Gsm7, reference)?;
        let fits = |character: char| gsm7::first_unmappable(character.encode_utf8(&mut [0; 4])).is_none();
        let wanted: String = text.chars().map(|character| if fits(character) { character } else { '?' }).collect();
        prop_assert_eq!(joined(&parts), wanted);
    }

    #[test]
    fn detection_leaves_gsm7_only_for_a_reason(text in any_text(), reference in reference()) {
        let parts = split_freely(&text, EncodingChoice::Detect, reference)?;
        let gsm7 = gsm7::first_unmappable(&text).is_none();
        prop_assert_eq!(parts.encoding() == Encoding::Gsm7, gsm7);
        prop_assert_eq!(gsm7::encode(&text).is_ok(), gsm7);
        prop_assert_eq!(joined(&parts), text);
    }

    #[test]
    fn the_count_is_the_split(
        text in any_text(), encoding in choice(), reference in reference(), part_count_max in part_count(),
    ) {
        let counted = count(&text, encoding, reference.width());
        match split(&text, SplitOptions { encoding, reference, part_count_max }) {
            Ok(parts) => {
                prop_assert_eq!(counted.encoding, parts.encoding());
                prop_assert_eq!(counted.units, parts.units());
                prop_assert_eq!(counted.part_count, usize::from(parts.count()));
                prop_assert_eq!(counted.part_count, parts.iter().count());
            }
            Err(too_long) => {
                let part_count_needed = counted.part_count;
                prop_assert!(part_count_needed > usize::from(part_count_max));
                prop_assert_eq!(too_long, TooLong { part_count_needed, part_count_max });
            }
        }
    }

    /// The smallest maxima are where a text is too long, and that is decided in several places.
    #[test]
    fn the_count_decides_what_is_too_long(
        text in any_text(), encoding in choice(), reference in reference(), missing in 0..3usize,
    ) {
        let needed = count(&text, encoding, reference.width()).part_count;
        let allowed = u8::try_from(needed.saturating_sub(missing)).ok().and_then(PartCount::new);
        let part_count_max = allowed.unwrap_or(PartCount::ONE);
        let parts = split(&text, SplitOptions { encoding, reference, part_count_max });
        prop_assert_eq!(parts.is_ok(), needed <= usize::from(part_count_max));
    }

    #[test]
    fn each_part_is_within_its_limit_and_says_its_place(
        text in any_text(), encoding in choice(), reference in reference(),
    ) {
        let parts = split_freely(&text, encoding, reference)?;
        let (unit_octets, single, several) = match (parts.encoding(), reference.width()) {
            (Encoding::Gsm7, RefWidth::Bits8) => (1, 160, 153),
            (Encoding::Gsm7, RefWidth::Bits16) => (1, 160, 152),
            (_, RefWidth::Bits8) => (2, 70, 67),
            (_, RefWidth::Bits16) => (2, 70, 66),
        };
        let total = parts.count();
        for (index, part) in parts.iter().enumerate() {
            prop_assert_eq!(part.body().len(), usize::from(part.units()) * unit_octets);
            if total == PartCount::ONE {
                prop_assert!(part.units() <= single);
                prop_assert_eq!(part.udh(), None);
                continue;
            }
            prop_assert!(part.units() <= several);
            // Nothing is wasted: but for the last, a part has room for no whole character more.
            prop_assert!(part.units() >= several - 1 || index + 1 == parts.iter().count());
            let concat = part.concat().ok_or_else(|| TestCaseError::fail("no header"))?;
            prop_assert_eq!(concat.reference(), reference);
            prop_assert_eq!(concat.total(), total);
            prop_assert_eq!(usize::from(concat.sequence()), index + 1);
            let (udh, body) = strip(part.user_data());
            prop_assert_eq!(udh.map(Udh::octets), Some(part.header()));
            prop_assert_eq!(body, part.body());
        }
    }

    #[test]
    fn no_pair_is_broken(text in any_text(), encoding in choice(), reference in reference()) {
        let parts = split_freely(&text, encoding, reference)?;
        for part in &parts {
            match parts.encoding() {
                Encoding::Gsm7 => prop_assert_ne!(part.body().last(), Some(&gsm7::ESC)),
                Encoding::Ucs2 | Encoding::Binary => {
                    let units = part.body().chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
                    prop_assert!(char::decode_utf16(units).all(|character| character.is_ok()));
                }
            }
        }
    }

    #[test]
    fn all_octets_decode(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(gsm7::decode(&octets).chars().count() <= octets.len());
        prop_assert!(ucs2::decode(&octets).chars().count() <= octets.len() / 2);
    }

    #[test]
    fn what_septets_say_can_be_said_again(
        septets in proptest::collection::vec(prop_oneof![5 => 0..=0x7Fu8, 1 => Just(gsm7::ESC)], 0..200),
    ) {
        let text = gsm7::decode(&septets);
        let again = gsm7::encode(&text).map(|septets| gsm7::decode(&septets));
        prop_assert_eq!(again, Ok(text));
    }

    #[test]
    fn ucs2_gives_every_text_back(text in any::<String>()) {
        let octets = ucs2::encode(&text);
        prop_assert_eq!(octets.len(), ucs2::units(&text) * 2);
        prop_assert_eq!(ucs2::decode(&octets), text);
    }

    #[test]
    fn all_octets_have_a_header_or_none(octets in header_like()) {
        let (udh, text) = strip(&octets);
        let header = udh.map(Udh::octets).unwrap_or_default();
        prop_assert_eq!([header, text].concat(), octets.clone());
        let elements: Vec<Element<'_>> = udh.map(|udh| udh.elements().collect()).unwrap_or_default();
        let said: usize = elements.iter().map(|element| 2 + element.data.len()).sum();
        prop_assert!(said <= header.len());
        if let Some(concat) = udh.and_then(Udh::concat) {
            prop_assert!(concat.sequence() <= concat.total());
        }
        // The strict reading is the tolerant one that has nothing to tolerate.
        let whole = udh.is_some() && text.is_empty() && 1 + said == header.len();
        prop_assert_eq!(Udh::read_strict(&octets).is_some(), whole);
    }

    #[test]
    fn elements_come_back(
        elements in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..6),
        text in proptest::collection::vec(any::<u8>(), 0..20),
    ) {
        let elements: Vec<Element<'_>> = elements.iter().map(|(iei, data)| Element { iei: *iei, data }).collect();
        let udh_octets = 1 + elements.iter().map(|element| 2 + element.data.len()).sum::<usize>();
        let encoded = encode_udh(&elements);
        prop_assert_eq!(encoded.is_ok(), udh_octets <= 140);
        if let Ok(header) = encoded {
            let user_data = [&header[..], &text].concat();
            let (udh, rest) = strip(&user_data);
            let back: Vec<Element<'_>> = udh.map(|udh| udh.elements().collect()).unwrap_or_default();
            prop_assert_eq!((back, rest), (elements, &text[..]));
        }
    }
}

/// Octets that are often nearly a header: small lengths and known identifiers.
fn header_like() -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![4 => 0..=8u8, 1 => any::<u8>()];
    proptest::collection::vec(octet, 0..40)
}
