//! What holds for all octets that come in.

use proptest::prelude::*;
use whimbrel_sms::incoming::{Content, Incoming, IncomingRules, Octets, Sniff, read};
use whimbrel_sms::reassembly::{Assembler, AssemblerLimits, Ending, JoinPart, Outcome, TIMEOUT_MICROS, join};
use whimbrel_sms::udh::Place;
use whimbrel_sms::{
    Alphabet, ClassForm, Concat, ConcatRef, DataCoding, DefaultAlphabet, EncodingChoice, PartCount, SplitOptions,
    packed, split,
};

/// Octets of anything, and such as start like a header.
fn octets() -> impl Strategy<Value = Vec<u8>> {
    let any_octets = || proptest::collection::vec(any::<u8>(), 0..300);
    let concat = (any::<[u8; 3]>(), any_octets()).prop_map(|(mark, rest)| [&[5, 0, 3], &mark[..], &rest].concat());
    let national = (0x23..0x27u8, any::<u8>(), any_octets())
        .prop_map(|(iei, language, rest)| [&[3, iei, 1, language % 16], &rest[..]].concat());
    let wide = proptest::collection::vec((0..8u8, any::<u8>()), 0..100)
        .prop_map(|pairs| pairs.into_iter().flat_map(|(high, low)| [high, low]).collect());
    prop_oneof![any_octets(), concat, national, wide]
}

fn rules() -> impl Strategy<Value = IncomingRules> {
    let alphabet = proptest::sample::select(&DefaultAlphabet::ALL[..]);
    let sniff = prop_oneof![Just(Sniff::On), Just(Sniff::Off)];
    (alphabet, sniff).prop_map(|(default_alphabet, sniff)| IncomingRules { default_alphabet, sniff })
}

fn part_count(value: u8) -> PartCount {
    PartCount::new(value).expect("not 0")
}

fn part(octets: &[u8]) -> Incoming {
    read(Octets { data_coding: 4, has_header: false, octets }, IncomingRules::default())
}

proptest! {
    #[test]
    fn everything_is_read(octets in octets(), data_coding: u8, has_header: bool, rules in rules()) {
        let incoming = read(Octets { data_coding, has_header, octets: &octets }, rules);
        prop_assert!(incoming.header.is_empty() || octets.starts_with(&incoming.header));
        prop_assert!(has_header || rules.sniff == Sniff::On || incoming.header.is_empty());
        let body_octets = octets.len() - incoming.header.len();
        match &incoming.content {
            Content::Binary(body) => prop_assert_eq!(body.len(), body_octets),
            // Three octets for U+FFFD or a letter of India; packed septets are 8 in 7 octets.
            Content::Text(text) => prop_assert!(text.len() <= body_octets * 4),
        }
        prop_assert_eq!(incoming.size_octets(), incoming.header.len() + incoming.content.size_octets());
        let _ = format!("{incoming:?}");
    }

    #[test]
    fn what_is_split_is_read_and_joined(
        letters in proptest::collection::vec(
            prop_oneof![4 => proptest::char::range('a', 'z'), 1 => Just('€'), 1 => Just('😀'), 1 => Just('é')], 1..400),
        choice in prop_oneof![Just(EncodingChoice::Detect), Just(EncodingChoice::Ucs2)],
        reference in any::<u16>().prop_map(ConcatRef::Word),
        alphabet in prop_oneof![
            Just(DefaultAlphabet::Gsm7), Just(DefaultAlphabet::Gsm7Packed), Just(DefaultAlphabet::Utf8)
        ],
        rotation in any::<usize>(),
    ) {
        let text = String::from_iter(letters);
        let options = SplitOptions { encoding: choice, reference, part_count_max: PartCount::MAX };
        let parts = split(&text, options)?;
        let rules = IncomingRules { default_alphabet: alphabet, sniff: Sniff::Off };
        let data_coding = DataCoding::compose(parts.encoding(), None, ClassForm::General);
        let mut incoming: Vec<Incoming> = parts
            .iter()
            .map(|part| {
                let octets = match DataCoding::read(data_coding).alphabet {
                    Alphabet::Default => alphabet.user_data(part),
                    _ => part.user_data().to_vec(),
                };
                read(Octets { data_coding, has_header: !part.header().is_empty(), octets: &octets }, rules)
            })
            .collect();
        let middle = rotation % incoming.len();
        incoming.rotate_left(middle);

        let numbered: Vec<JoinPart<'_>> = incoming
            .iter()
            .map(|part| JoinPart {
                sequence: part.concat.map_or(PartCount::ONE, Concat::sequence),
                content: &part.content,
            })
            .collect();
        let joined = join(&numbered, parts.count());
        prop_assert!(joined.is_complete());
        prop_assert_eq!(joined.content, Content::Text(text.clone()));

        if incoming.len() > 1 {
            let mut assembler = Assembler::new(AssemblerLimits { messages_max: 1, octets_max: 10_000 });
            let mut released = Vec::new();
            for part in incoming {
                let concat = part.concat.expect("one of several");
                released.extend(assembler.add((), concat, part, 0).released);
            }
            prop_assert_eq!(released.len(), 1);
            prop_assert_eq!(released[0].join().content, Content::Text(text));
            prop_assert_eq!(assembler.octets(), 0);
        }
    }

    #[test]
    fn packed_octets_unpack(octets in octets(), udh_octets in 0..200usize, septet_count in any::<usize>()) {
        let septets = packed::unpack(&octets, udh_octets);
        prop_assert!(septets.len() <= octets.len() * 8 / 7);
        prop_assert!(septets.iter().all(|septet| *septet < 0x80));
        let counted = packed::unpack_count(&octets, udh_octets, septet_count);
        prop_assert!(counted.starts_with(&septets) || septets.starts_with(&counted));
    }

    #[test]
    fn every_data_coding_is_read(octet: u8) {
        let coding = DataCoding::read(octet);
        prop_assert!(coding.class.is_none() || coding.waiting.is_none());
        if let Alphabet::Other(value) = coding.alphabet {
            prop_assert_eq!(value, octet);
        }
    }

    /// Nothing is lost, nothing comes twice, nothing grows, whatever comes in whatever order.
    #[test]
    fn an_assembler_keeps_its_bounds_and_loses_nothing(
        steps in proptest::collection::vec(
            (0..3u8, 0..2u8, 1..=4u8, 1..=4u8, proptest::collection::vec(0..3u8, 0..6), any::<u32>()), 0..80),
        messages_max in 0..4usize,
        octets_max in 0..20usize,
    ) {
        let mut assembler = Assembler::new(AssemblerLimits { messages_max, octets_max });
        let (mut given, mut taken) = (0, 0);
        for (key, reference, sequence, total, octets, now) in steps {
            let place = Place { sequence: part_count(sequence), total: part_count(total) };
            let Some(concat) = Concat::new(ConcatRef::Octet(reference), place) else { continue };
            let added = assembler.add(key, concat, part(&octets), i64::from(now) * 100);
            given += usize::from(added.outcome != Outcome::Duplicate);
            for message in &added.released {
                taken += message.parts.len();
                prop_assert!(message.parts.is_sorted_by(|left, right| left.0 < right.0));
                prop_assert_eq!(message.is_complete(), message.parts.len() == usize::from(message.total));
                prop_assert_ne!(message.ending, Ending::TimedOut);
            }
            let completed = added.released.last().is_some_and(|message| message.is_complete());
            prop_assert_eq!(completed, added.outcome == Outcome::Completed);
            prop_assert!(assembler.message_count() <= messages_max.max(1));
            prop_assert!(assembler.octets() <= octets_max);
        }
        let expired = assembler.expired(i64::from(u32::MAX) * 100 + TIMEOUT_MICROS);
        prop_assert!(expired.is_sorted_by_key(|message| message.started_at));
        taken += expired.iter().map(|message| message.parts.len()).sum::<usize>();
        prop_assert_eq!((taken, assembler.message_count(), assembler.octets()), (given, 0, 0));
        prop_assert_eq!(assembler.next_expiry(), None);
    }
}
