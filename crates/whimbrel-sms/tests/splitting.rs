//! What a text is cut into, case by case. Lengths follow 3GPP TS 23.040 §9.2.3.24.1; the first cases are texts under
//! the rules of the Nexmo SMS API guides ("Encoding", "Concatenation", read 2026-11), counted by hand.

use whimbrel_sms::{
    Concat, ConcatRef, Encoding, EncodingChoice, PartCount, RefWidth, SplitOptions, TooLong, count, gsm7, split, ucs2,
};

use EncodingChoice::{Detect, Gsm7, Ucs2};

const OCTET: ConcatRef = ConcatRef::Octet(0x2A);
const WORD: ConcatRef = ConcatRef::Word(0x1234);

/// Splits `text` and compares with `wanted`, such as `gsm7: 152 + 12`. The count has to agree.
#[track_caller]
fn check(text: &str, encoding: EncodingChoice, reference: ConcatRef, wanted: &str) {
    let parts = split(text, SplitOptions { encoding, reference, part_count_max: PartCount::MAX }).expect("fits");
    let units: Vec<String> = parts.iter().map(|part| part.units().to_string()).collect();
    assert_eq!(format!("{}: {}", parts.encoding(), units.join(" + ")), wanted);

    let counted = count(text, encoding, reference.width());
    assert_eq!(
        (counted.encoding, counted.units, counted.part_count),
        (parts.encoding(), parts.units(), parts.count().into())
    );
}

#[test]
fn texts_under_the_rules_of_the_nexmo_guides() {
    check("Bonjour monde", Gsm7, OCTET, "gsm7: 13");
    check("This ^ That", Gsm7, OCTET, "gsm7: 12");
    check(&"a".repeat(160), Gsm7, OCTET, "gsm7: 160");
    check(&"a".repeat(161), Gsm7, OCTET, "gsm7: 153 + 8");
    check(&"あ".repeat(71), Ucs2, OCTET, "ucs2: 67 + 4");
    check(&"€".repeat(80), Gsm7, OCTET, "gsm7: 160");
    check(&"€".repeat(81), Gsm7, OCTET, "gsm7: 152 + 10");
    // At most 3200 characters: 21 parts of 153 septets.
    let longest = split(&"a".repeat(3200), options(Gsm7, OCTET, 21)).expect("21 parts");
    assert_eq!((longest.count().value(), longest.units()), (21, 3200));
}

#[test]
fn lengths_at_the_edges() {
    check("", Gsm7, OCTET, "gsm7: 0");
    check("", Ucs2, OCTET, "ucs2: 0");
    check("", Detect, OCTET, "gsm7: 0");
    for (length, wanted) in [(306, "gsm7: 153 + 153"), (307, "gsm7: 153 + 153 + 1")] {
        check(&"a".repeat(length), Gsm7, OCTET, wanted);
    }
    for (length, wanted) in [(304, "gsm7: 152 + 152"), (305, "gsm7: 152 + 152 + 1")] {
        check(&"a".repeat(length), Gsm7, WORD, wanted);
    }
    for (length, wanted) in [(70, "ucs2: 70"), (71, "ucs2: 67 + 4"), (134, "ucs2: 67 + 67"), (135, "ucs2: 67 + 67 + 1")]
    {
        check(&"я".repeat(length), Ucs2, OCTET, wanted);
    }
    for (length, wanted) in [(70, "ucs2: 70"), (71, "ucs2: 66 + 5"), (132, "ucs2: 66 + 66"), (133, "ucs2: 66 + 66 + 1")]
    {
        check(&"я".repeat(length), Ucs2, WORD, wanted);
    }
}

#[test]
fn an_escape_pair_is_not_broken() {
    let text = |before: usize| format!("{}€{}", "a".repeat(before), "b".repeat(10));
    check(&text(151), Gsm7, OCTET, "gsm7: 153 + 10");
    check(&text(152), Gsm7, OCTET, "gsm7: 152 + 12");
    check(&text(153), Gsm7, OCTET, "gsm7: 153 + 12");
    check(&text(151), Gsm7, WORD, "gsm7: 151 + 12");
    // It may cost a whole part: 306 septets that do not fit in two.
    check(&format!("{}€{}", "a".repeat(152), "b".repeat(152)), Gsm7, OCTET, "gsm7: 152 + 153 + 1");
    // One part alone has no cut.
    check(&format!("{}€", "a".repeat(158)), Gsm7, OCTET, "gsm7: 160");
    check(&format!("{}€", "a".repeat(159)), Gsm7, OCTET, "gsm7: 153 + 8");
}

#[test]
fn a_surrogate_pair_is_not_broken() {
    let text = |before: usize| format!("{}😀{}", "я".repeat(before), "ж".repeat(10));
    check(&text(65), Ucs2, OCTET, "ucs2: 67 + 10");
    check(&text(66), Ucs2, OCTET, "ucs2: 66 + 12");
    check(&text(65), Ucs2, WORD, "ucs2: 65 + 12");
    check(&"😀".repeat(35), Ucs2, OCTET, "ucs2: 70");
    check(&"😀".repeat(36), Ucs2, OCTET, "ucs2: 66 + 6");
    // U+DBFF is the last high surrogate and U+E000 no surrogate at all.
    check(&format!("{}\u{10FFFF}{}", "я".repeat(66), "ж".repeat(10)), Ucs2, OCTET, "ucs2: 66 + 12");
    check(&format!("{}\u{E000}{}", "я".repeat(66), "ж".repeat(10)), Ucs2, OCTET, "ucs2: 67 + 10");
    check(&format!("{}\u{D7FF}{}", "я".repeat(66), "ж".repeat(10)), Ucs2, OCTET, "ucs2: 67 + 10");
}

#[test]
fn a_character_outside_the_alphabet() {
    check("héllo ç", Gsm7, OCTET, "gsm7: 7");
    check("héllo ç", Detect, OCTET, "ucs2: 7");
    check("héllo é", Detect, OCTET, "gsm7: 7");
    check("plain", Ucs2, OCTET, "ucs2: 5");
    // An emoji is one question mark, of one septet.
    let parts = split("a😀b", options(Gsm7, OCTET, 1)).expect("one part");
    assert_eq!(parts.as_slice()[0].body(), b"a?b");
    // The character that decides stands behind the room of GSM 7-bit.
    check(&format!("{}я", "a".repeat(400)), Detect, OCTET, "ucs2: 67 + 67 + 67 + 67 + 67 + 66");
}

#[test]
fn a_header_stands_before_each_of_several_parts() {
    let parts = split(&"a".repeat(161), options(Gsm7, OCTET, 2)).expect("two parts");
    let user_data: Vec<&[u8]> = parts.iter().map(|part| part.user_data()).collect();
    assert_eq!(user_data[0], [&[5, 0, 3, 0x2A, 2, 1][..], &[b'a'; 153]].concat());
    assert_eq!(user_data[1], [&[5, 0, 3, 0x2A, 2, 2][..], &[b'a'; 8]].concat());

    let parts = split(&"я".repeat(71), options(Ucs2, WORD, 2)).expect("two parts");
    let last = &parts.as_slice()[1];
    assert_eq!(last.header(), [6, 8, 4, 0x12, 0x34, 2, 2]);
    assert_eq!(last.body(), ucs2::encode("яяяяя"));
    assert_eq!(last.concat().map(Concat::reference), Some(WORD));
}

#[test]
fn one_part_has_no_header() {
    let parts = split("hello", options(Detect, OCTET, 1)).expect("one part");
    let part = &parts.as_slice()[0];
    assert_eq!((part.user_data(), part.header(), part.body()), (&b"hello"[..], &b""[..], &b"hello"[..]));
    assert_eq!((part.udh(), part.concat()), (None, None));
    // Even if the text starts as a header would.
    let text = "\u{E9}@\u{A5}@$$"; // septets 05 00 03 00 02 02
    let parts = split(text, options(Gsm7, OCTET, 1)).expect("one part");
    assert_eq!((parts.as_slice()[0].concat(), parts.as_slice()[0].body()), (None, &[5, 0, 3, 0, 2, 2][..]));
    assert_eq!(gsm7::decode(parts.as_slice()[0].body()), text);
}

#[test]
fn too_long_says_how_long() {
    let check = |text: &str, encoding, part_count_max, part_count_needed| {
        let wanted = split(text, options(encoding, OCTET, part_count_max)).map(|parts| parts.count().into());
        let too_long = TooLong { part_count_needed, part_count_max: PartCount::new(part_count_max).expect("not 0") };
        match part_count_needed <= usize::from(part_count_max) {
            true => assert_eq!(wanted, Ok(part_count_needed)),
            false => assert_eq!(wanted, Err(too_long)),
        }
        assert_eq!(count(text, encoding, RefWidth::Bits8).part_count, part_count_needed);
    };
    check(&"a".repeat(160), Gsm7, 1, 1);
    check(&"a".repeat(161), Gsm7, 1, 2);
    check(&"a".repeat(306), Gsm7, 2, 2);
    check(&"a".repeat(307), Gsm7, 2, 3);
    // 306 septets and 134 units would fill two parts, but for the pairs.
    check(&"€".repeat(153), Gsm7, 2, 3);
    check(&"€".repeat(152), Gsm7, 2, 2);
    check(&"😀".repeat(67), Ucs2, 2, 3);
    check(&"😀".repeat(66), Ucs2, 2, 2);
    check(&"a".repeat(153 * 255), Gsm7, 255, 255);
    check(&"a".repeat(153 * 255 + 1), Gsm7, 255, 256);
    check(&"a".repeat(1_000_000), Gsm7, 255, 6536);
    check(&"€".repeat(76 * 255), Gsm7, 255, 255);
    check(&"€".repeat(76 * 255 + 1), Gsm7, 255, 256); // would fit the room, but for the pairs
    check(&"я".repeat(70), Ucs2, 1, 1);
    check(&"я".repeat(71), Ucs2, 1, 2);
    check(&"я".repeat(67 * 255 + 1), Ucs2, 255, 256);
    check(&"😀".repeat(33 * 255 + 1), Ucs2, 255, 256);
    // Detected after the room of GSM 7-bit is used up.
    check(&format!("{}я", "a".repeat(400)), Detect, 2, 6);
    check(&format!("{}я", "€".repeat(81)), Detect, 1, 2);
}

#[test]
fn the_error_reads_well() {
    let error = split(&"a".repeat(161), options(Gsm7, OCTET, 1)).expect_err("two parts are too many");
    assert_eq!(error.to_string(), "text needs 2 parts, 1 allowed");
}

#[test]
fn debug_does_not_show_the_text() {
    let parts = split("secret 123456", options(Detect, OCTET, 1)).expect("one part");
    assert_eq!(format!("{parts:?}"), "Parts { encoding: Gsm7, parts: [Part { header: [], units: 13, .. }] }");
    assert_eq!(parts.encoding(), Encoding::Gsm7);
}

fn options(encoding: EncodingChoice, reference: ConcatRef, part_count_max: u8) -> SplitOptions {
    SplitOptions { encoding, reference, part_count_max: PartCount::new(part_count_max).expect("not 0") }
}
