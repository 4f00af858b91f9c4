//! What holds for every text on its way out, in whatever form: counts, parts and explanations are of one mind.

use proptest::prelude::*;
use whimbrel_sms::{
    ConcatRef, DefaultAlphabet, Encoding, EncodingChoice, Language, NationalTables, PartCount, PartForm, RefWidth,
    SplitOptions, count_with, explain_with, gsm7, national, packed, split_with, transliterate, transliterate_to_fit,
    ucs2,
};

/// Texts of many letters, around the lengths where the number of parts changes.
fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        8 => proptest::char::range('a', 'z'),
        1 => proptest::sample::select("€[]^ÀàéçãõşğıİÔôêΔ¡ñ \n".chars().collect::<Vec<_>>()),
    ];
    let wild = prop_oneof![
        4 => proptest::char::range('a', 'z'),
        2 => proptest::sample::select("âấậđươ“”…–\u{301}\u{200B}ж😀नम".chars().collect::<Vec<_>>()),
        1 => any::<char>(),
    ];
    prop_oneof![
        3 => proptest::collection::vec(character, 0..500).prop_map(String::from_iter),
        1 => proptest::collection::vec(wild, 0..300).prop_map(String::from_iter),
    ]
}

fn form() -> impl Strategy<Value = PartForm> {
    let language = || proptest::option::of(proptest::sample::select(&Language::ALL[..]));
    (language(), language(), 0..=255u8).prop_map(|(locking, single, slack_octets)| PartForm {
        tables: NationalTables::new(locking, single).unwrap_or_default(),
        slack_octets: if slack_octets < 128 { 0 } else { slack_octets },
    })
}

fn reference() -> impl Strategy<Value = ConcatRef> {
    prop_oneof![any::<u8>().prop_map(ConcatRef::Octet), any::<u16>().prop_map(ConcatRef::Word)]
}

fn choice() -> impl Strategy<Value = EncodingChoice> {
    prop_oneof![1 => Just(EncodingChoice::Gsm7), 1 => Just(EncodingChoice::Ucs2), 3 => Just(EncodingChoice::Detect)]
}

proptest! {
    #[test]
    fn counts_parts_and_explanations_agree(
        text in text(), form in form(), reference in reference(), encoding in choice(),
    ) {
        let options = SplitOptions { encoding, reference, part_count_max: PartCount::MAX };
        let parts = split_with(&text, options, form)?;
        let counted = count_with(&text, encoding, reference.width(), form);
        prop_assert_eq!(counted.encoding, parts.encoding());
        prop_assert_eq!((counted.units, counted.part_count), (parts.units(), usize::from(parts.count())));

        let explained = explain_with(&text, encoding, reference.width(), form);
        prop_assert_eq!(explained.count(), counted);
        prop_assert_eq!(explained.parts.len(), counted.part_count);
        let last = parts.iter().last().map_or(0, |part| usize::from(part.units()));
        prop_assert_eq!(explained.units_left, explained.part_units_max - last);
        let (mut end, mut read) = (0, String::new());
        for (range, part) in explained.parts.iter().zip(&parts) {
            prop_assert_eq!(range.start, end);
            end = range.end;
            let decoded = match parts.encoding() {
                Encoding::Gsm7 => national::decode(part.body(), form.tables),
                _ => ucs2::decode(part.body()),
            };
            if encoding != EncodingChoice::Gsm7 {
                prop_assert_eq!(&text[range.clone()], &decoded);
            }
            read += &decoded;
            let named = part.udh().map_or(NationalTables::DEFAULT, NationalTables::in_header);
            let written = if parts.encoding() == Encoding::Gsm7 { form.tables } else { NationalTables::DEFAULT };
            prop_assert_eq!(named, written);
        }
        prop_assert_eq!(end, text.len());
        prop_assert_eq!(read.chars().count(), text.chars().count());
    }

    #[test]
    fn no_part_is_too_large_for_the_air(text in text(), form in form(), reference in reference()) {
        let options = SplitOptions { encoding: EncodingChoice::Detect, reference, part_count_max: PartCount::MAX };
        let parts = split_with(&text, options, form)?;
        for part in &parts {
            let body = match parts.encoding() {
                Encoding::Gsm7 => packed::pack(part.body(), part.header().len()).len(),
                _ => part.body().len(),
            };
            let free = usize::from(form.slack_octets.min(16));
            prop_assert!(part.header().len() + body + free <= 140, "{} + {}", part.header().len(), body);
        }
    }

    #[test]
    fn the_default_form_is_the_plain_one(text in text(), reference in reference(), encoding in choice()) {
        let options = SplitOptions { encoding, reference, part_count_max: PartCount::MAX };
        prop_assert_eq!(split_with(&text, options, PartForm::default()), whimbrel_sms::split(&text, options));
        // The default tables, looked up as national ones are.
        prop_assert_eq!(national::encode(&text, NationalTables::DEFAULT), gsm7::encode(&text).ok());
        prop_assert_eq!(national::encode_lossy(&text, NationalTables::DEFAULT), gsm7::encode_lossy(&text));
    }

    #[test]
    fn the_bound_holds(text in text(), form in form(), reference in reference(), allowed in 1..=3u8) {
        let part_count_max = PartCount::new(allowed).expect("not 0");
        let options = SplitOptions { encoding: EncodingChoice::Detect, reference, part_count_max };
        let needed = count_with(&text, EncodingChoice::Detect, reference.width(), form).part_count;
        match split_with(&text, options, form) {
            Ok(parts) => prop_assert_eq!(usize::from(parts.count()), needed),
            Err(too_long) => {
                prop_assert_eq!(too_long.part_count_needed, needed);
                prop_assert!(needed > usize::from(allowed));
            }
        }
    }

    #[test]
    fn the_best_tables_are_not_beaten(text in text()) {
        let default = count_with(&text, EncodingChoice::Detect, RefWidth::Bits8, PartForm::default());
        let best = national::best(&text, &Language::ALL, RefWidth::Bits8);
        if default.encoding == Encoding::Gsm7 {
            prop_assert_eq!(best.map(|best| (best.tables, best.count)), Some((NationalTables::DEFAULT, default)));
        }
        for language in Language::ALL {
            let form = PartForm { tables: NationalTables::single(language), slack_octets: 0 };
            let count = count_with(&text, EncodingChoice::Detect, RefWidth::Bits8, form);
            if count.encoding == Encoding::Gsm7 {
                prop_assert!(best.is_some_and(|best| best.count.part_count <= count.part_count));
            }
        }
    }

    #[test]
    fn transliterating_keeps_the_alphabet_and_settles(text in text()) {
        let written = transliterate(&text);
        prop_assert_eq!(&transliterate(&written), &written);
        prop_assert!(gsm7::encode(&text).is_err() || written == text);
        let carried = |text: &str| -> String {
            let kept = |character: &char| gsm7::encode(character.encode_utf8(&mut [0; 4])).is_ok();
            text.chars().filter(kept).collect()
        };
        // What is in the alphabet is found again, in order; a letter may have taken up the mark after it.
        if !text.contains(|character| ('\u{300}'..='\u{36F}').contains(&character)) {
            let mut rest = written.chars();
            prop_assert!(carried(&text).chars().all(|character| rest.any(|other| other == character)));
        }
        match transliterate_to_fit(&text) {
            Some(fitting) => prop_assert!(gsm7::encode(&fitting).is_ok()),
            None => prop_assert!(gsm7::encode(&written).is_err()),
        }
    }

    #[test]
    fn packed_septets_come_back(septets in proptest::collection::vec(0..=0x7Fu8, 0..200), udh_octets in 0..20usize) {
        let octets = packed::pack(&septets, udh_octets);
        prop_assert_eq!(&packed::unpack_count(&octets, udh_octets, septets.len()), &septets);
        let mut unpacked = packed::unpack(&octets, udh_octets);
        // A carriage return at the end may have been doubled, or taken for filling where there was no room to.
        let mut wanted = septets;
        while wanted.last() == Some(&0x0D) {
            wanted.pop();
        }
        while unpacked.last() == Some(&0x0D) {
            unpacked.pop();
        }
        prop_assert_eq!(unpacked, wanted);
    }

    #[test]
    fn each_default_alphabet_reads_what_it_wrote(text in text(), form in form()) {
        let mut header = vec![0];
        form.tables.write_elements(&mut header);
        header[0] = header.len() as u8 - 1;
        // Without a carriage return at the end, which packing may double.
        let septets = national::encode_lossy(text.trim_end(), form.tables);
        let read = national::decode(&septets, form.tables);
        for alphabet in DefaultAlphabet::ALL {
            let wire = alphabet.write(&septets, &header);
            let back = alphabet.read(&wire, &header);
            match alphabet {
                DefaultAlphabet::Latin1 | DefaultAlphabet::Ascii => {
                    prop_assert_eq!(back.chars().count(), read.chars().count());
                    let same = |(back, read): (char, char)| back == read || (back == '?' && !read.is_ascii());
                    prop_assert!(back.chars().zip(read.chars()).all(same));
                }
                _ => prop_assert_eq!(&back, &read),
            }
        }
    }
}
