//! What centres deliver, and what it is.

use super::*;
use crate::{ConcatRef, PartCount, gsm7, packed};

const SNIFF: IncomingRules = IncomingRules { default_alphabet: DefaultAlphabet::Gsm7, sniff: Sniff::On };
const TRUST: IncomingRules = IncomingRules { default_alphabet: DefaultAlphabet::Gsm7, sniff: Sniff::Off };

#[track_caller]
fn check(rules: IncomingRules, data_coding: u8, octets: &[u8], wanted: &str, alphabet: IncomingAlphabet) {
    let incoming = read(Octets { data_coding, has_header: false, octets }, rules);
    assert_eq!((text(&incoming), incoming.alphabet), (wanted, alphabet));
}

#[track_caller]
fn text(incoming: &Incoming) -> &str {
    match &incoming.content {
        Content::Text(text) => text,
        Content::Binary(octets) => panic!("{} octets of binary", octets.len()),
    }
}

fn utf16(text: &str) -> Vec<u8> {
    ucs2::encode(text)
}

#[test]
fn what_is_declared() {
    for rules in [SNIFF, TRUST] {
        check(rules, 0x00, &[0x48, 0x05, 0x1B, 0x65], "Hé€", IncomingAlphabet::Gsm7);
        check(rules, 0x01, b"@_$", "@_$", IncomingAlphabet::Ascii);
        check(rules, 0x01, b"5\x1be", "5€", IncomingAlphabet::Gsm7);
        check(rules, 0x03, &[0xE9, 0x40], "é@", IncomingAlphabet::Latin1);
        check(rules, 0x08, &utf16("Привет 😀"), "Привет 😀", IncomingAlphabet::Ucs2);
        check(rules, 0x18, &utf16("hi"), "hi", IncomingAlphabet::Ucs2);
        check(rules, 0xF0, b"flash", "flash", IncomingAlphabet::Gsm7);
        check(rules, 0xC8, b"", "", IncomingAlphabet::Gsm7);
    }
}

#[test]
fn binary_stays_octets() {
    for data_coding in [0x02, 0x04, 0x14, 0xF5, 0x05, 0x0D, 0x21] {
        let incoming = read(Octets { data_coding, has_header: false, octets: &[0x00, 0xFF, 0x00] }, SNIFF);
        assert_eq!(incoming.content, Content::Binary(vec![0x00, 0xFF, 0x00]), "{data_coding:#04X}");
        assert_eq!(incoming.alphabet, IncomingAlphabet::Binary);
    }
}

#[test]
fn each_default_alphabet() {
    let rules = |default_alphabet| IncomingRules { default_alphabet, sniff: Sniff::Off };
    check(rules(DefaultAlphabet::Latin1), 0, &[0xE9], "é", IncomingAlphabet::Latin1);
    check(rules(DefaultAlphabet::Ascii), 0, b"@\xE9", "@é", IncomingAlphabet::Ascii);
    check(rules(DefaultAlphabet::Utf8), 0, "é€".as_bytes(), "é€", IncomingAlphabet::Utf8);
    check(rules(DefaultAlphabet::Utf8), 0, b"a\xFF", "a\u{FFFD}", IncomingAlphabet::Utf8);
    let hello = [0xE8, 0x32, 0x9B, 0xFD, 0x06];
    check(rules(DefaultAlphabet::Gsm7Packed), 0, &hello, "hello", IncomingAlphabet::Gsm7Packed);
}

/// kneodev/ksmppd#50.
#[test]
fn latin1_under_data_coding_0() {
    check(
        SNIFF,
        0,
        "Café à la crème".chars().map(|c| c as u8).collect::<Vec<_>>().as_slice(),
        "Café à la crème",
        IncomingAlphabet::Latin1,
    );
    check(TRUST, 0, b"Caf\xE9", "Caf\u{FFFD}", IncomingAlphabet::Gsm7);
    check(SNIFF, 0, "naïve “quote”".as_bytes(), "naïve “quote”", IncomingAlphabet::Utf8);
}

/// farhadi/node-smpp#82.
#[test]
fn packed_under_data_coding_0() {
    for text in ["hello", "hellohello", "Your code is 123456", "Bonjour à tous, 2 SMS", "1234567"] {
        let septets = gsm7::encode(text).expect("fits");
        check(SNIFF, 0, &packed::pack(&septets, 0), text, IncomingAlphabet::Gsm7Packed);
    }
    // Filled with zeros in place of a carriage return.
    check(SNIFF, 0, &[0x31, 0xD9, 0x8C, 0x56, 0xB3, 0xDD, 0x00], "1234567", IncomingAlphabet::Gsm7Packed);
}

/// vumi/vumi#838.
#[test]
fn ucs2_under_data_coding_0() {
    for text in ["Hi", "Hello there", "Привет, как дела?", "Đây là mã của bạn", "Καλημέρα", "“Hello” there", "Hi 😀"]
    {
        check(SNIFF, 0, &utf16(text), text, IncomingAlphabet::Ucs2);
    }
    check(TRUST, 0, &utf16("Hi"), "@H@i", IncomingAlphabet::Gsm7);
    // The one text of septets that is taken for it: `@` before every character.
    check(SNIFF, 0, &gsm7::encode("@1@2").expect("fits"), "12", IncomingAlphabet::Ucs2);
}

#[test]
fn a_text_of_septets_is_not_doubted() {
    for text in ["@", "@@", "@a", "a@b.example", "èaèb", "£1 £2 £3", "\n\n", "Å", "ΔΦ", "Hi@", "@ @ @", "ßßßß", "@@@@"]
    {
        check(SNIFF, 0, &gsm7::encode(text).expect("fits"), text, IncomingAlphabet::Gsm7);
    }
}

/// farhadi/node-smpp#68.
#[test]
fn ascii_under_data_coding_8() {
    check(SNIFF, 8, b"id:123 stat:DELIVRD", "id:123 stat:DELIVRD", IncomingAlphabet::Ascii);
    check(TRUST, 8, b"abc", "\u{6162}", IncomingAlphabet::Ucs2);
    check(SNIFF, 8, &utf16("你好"), "你好", IncomingAlphabet::Ucs2);
}

/// jookies/jasmin#218, praekelt/python-smpp#7.
#[test]
fn a_stray_nul_at_the_end() {
    check(TRUST, 3, b"abc\0", "abc", IncomingAlphabet::Latin1);
    check(TRUST, 1, b"abc\0", "abc", IncomingAlphabet::Ascii);
    check(TRUST, 8, &[0x00, 0x61, 0x00], "a", IncomingAlphabet::Ucs2);
    check(TRUST, 8, &[0x00, 0x61, 0x00, 0x00], "a", IncomingAlphabet::Ucs2);
    check(TRUST, 0, b"abc\0", "abc@", IncomingAlphabet::Gsm7);
    check(TRUST, 3, b"abc\0\0", "abc\0", IncomingAlphabet::Latin1);
}

#[test]
fn a_lone_surrogate() {
    check(TRUST, 8, &[0xD8, 0x3D, 0x00, 0x61], "\u{FFFD}a", IncomingAlphabet::Ucs2);
}

#[test]
fn headers() {
    let read = |has_header, octets: &[u8], rules| read(Octets { data_coding: 0, has_header, octets }, rules);
    let part = [5, 0, 3, 0x2A, 2, 1, 0x61];
    let incoming = read(true, &part, TRUST);
    assert_eq!((text(&incoming), &incoming.header[..]), ("a", &part[..6]));
    let concat = incoming.concat.expect("marked");
    assert_eq!((concat.reference(), concat.total()), (ConcatRef::Octet(0x2A), PartCount::new(2).expect("2")));

    // onlinecity/php-smpp#33: the flag was forgotten.
    assert_eq!(text(&read(false, &part, SNIFF)), "a");
    assert!(read(false, &part, SNIFF).concat.is_some());
    assert_eq!(text(&read(false, &part, TRUST)), "é@¥*$£a");
    // Part 1 of 1 is no reason to doubt.
    assert_eq!(text(&read(false, &[5, 0, 3, 0x2A, 1, 1], SNIFF)), "é@¥*££");

    // Truncated.
    for octets in [&[9, 0, 3, 1][..], &[5], &[0xFF, 0x61]] {
        let incoming = read(true, octets, SNIFF);
        assert_eq!((incoming.header.len(), incoming.concat), (0, None));
    }
    assert_eq!(text(&read(true, &[], SNIFF)), "");
    // An element that claims too much leaves the header a header.
    let incoming = read(true, &[5, 0, 9, 1, 2, 1, 0x61], SNIFF);
    assert_eq!((incoming.header.len(), incoming.concat, text(&incoming)), (6, None, "a"));
}

#[test]
fn national_tables_in_the_header() {
    let read = |octets: &[u8]| read(Octets { data_coding: 0, has_header: true, octets }, TRUST);
    assert_eq!(text(&read(&[3, 0x25, 1, 1, 0x1D, 0x07])), "şı");
    assert_eq!(text(&read(&[3, 0x24, 1, 2, 0x1B, 0x61])), "á");
    assert_eq!(text(&read(&[3, 0x24, 1, 99, 0x1B, 0x61])), "a", "a reserved language");
}

#[test]
fn a_header_before_packed_text() {
    let rules = IncomingRules { default_alphabet: DefaultAlphabet::Gsm7Packed, sniff: Sniff::Off };
    let octets = [5, 0, 3, 7, 2, 1, 0x62, 0xB2, 0x19, 0xAD, 0x66, 0xBB, 0x01];
    assert_eq!(text(&read(Octets { data_coding: 0, has_header: true, octets: &octets }, rules)), "1234567");
}

#[test]
fn class_and_waiting() {
    let incoming = read(Octets { data_coding: 0x10, has_header: false, octets: b"now" }, TRUST);
    assert_eq!(incoming.class, Some(HandsetClass::Flash));
    let incoming = read(Octets { data_coding: 0xD8, has_header: false, octets: b"voice" }, TRUST);
    assert!(incoming.waiting.is_some_and(|waiting| waiting.active && waiting.store));
}

#[test]
fn debug_does_not_show_the_text() {
    let octets = Octets { data_coding: 0, has_header: false, octets: b"secret" };
    let shown = format!("{octets:?} {:?}", read(octets, SNIFF));
    assert!(!shown.contains("secret") && !shown.contains("115"), "{shown}");
}
