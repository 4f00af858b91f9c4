//! The alphabet is checked against a second transcription, written as the standard prints it: by columns.

use super::*;

/// 3GPP TS 23.038 §6.2.1, by columns of 16 (b7 b6 b5 across, b4 to b1 down), as scalar values. Apart from ESC in
/// column 1, which shows as a space.
const COLUMNS: [&str; 8] = [
    "\u{40}\u{A3}\u{24}\u{A5}\u{E8}\u{E9}\u{F9}\u{EC}\u{F2}\u{C7}\u{0A}\u{D8}\u{F8}\u{0D}\u{C5}\u{E5}",
    "\u{394}\u{5F}\u{3A6}\u{393}\u{39B}\u{3A9}\u{3A0}\u{3A8}\u{3A3}\u{398}\u{39E}\u{20}\u{C6}\u{E6}\u{DF}\u{C9}",
    "\u{20}\u{21}\u{22}\u{23}\u{A4}\u{25}\u{26}\u{27}\u{28}\u{29}\u{2A}\u{2B}\u{2C}\u{2D}\u{2E}\u{2F}",
    "\u{30}\u{31}\u{32}\u{33}\u{34}\u{35}\u{36}\u{37}\u{38}\u{39}\u{3A}\u{3B}\u{3C}\u{3D}\u{3E}\u{3F}",
    "\u{A1}\u{41}\u{42}\u{43}\u{44}\u{45}\u{46}\u{47}\u{48}\u{49}\u{4A}\u{4B}\u{4C}\u{4D}\u{4E}\u{4F}",
    "\u{50}\u{51}\u{52}\u{53}\u{54}\u{55}\u{56}\u{57}\u{58}\u{59}\u{5A}\u{C4}\u{D6}\u{D1}\u{DC}\u{A7}",
    "\u{BF}\u{61}\u{62}\u{63}\u{64}\u{65}\u{66}\u{67}\u{68}\u{69}\u{6A}\u{6B}\u{6C}\u{6D}\u{6E}\u{6F}",
    "\u{70}\u{71}\u{72}\u{73}\u{74}\u{75}\u{76}\u{77}\u{78}\u{79}\u{7A}\u{E4}\u{F6}\u{F1}\u{FC}\u{E0}",
];

/// 3GPP TS 23.038 §6.2.1.1, as pairs of septet and scalar value, in the order of the scalar values.
const PAIRS: [(u8, u32); 10] = [
    (0x0A, 0x0C),
    (0x3C, 0x5B),
    (0x2F, 0x5C),
    (0x3E, 0x5D),
    (0x14, 0x5E),
    (0x28, 0x7B),
    (0x40, 0x7C),
    (0x29, 0x7D),
    (0x3D, 0x7E),
    (0x65, 0x20AC),
];

fn default_alphabet() -> Vec<(u8, char)> {
    let characters = COLUMNS.iter().flat_map(|column| column.chars());
    let table: Vec<_> = (0..).zip(characters).collect();
    assert_eq!(table.len(), 128);
    table
}

#[test]
fn each_septet_of_the_default_alphabet() {
    for (septet, character) in default_alphabet() {
        let text = character.to_string();
        match septet {
            ESC => {
                assert_eq!(decode(&[ESC]), "", "alone at the end");
                assert_eq!(encode(" "), Ok(vec![0x20]), "a space is never ESC");
            }
            _ => {
                assert_eq!(decode(&[septet]), text, "septet {septet:#04x}");
                assert_eq!(encode(&text), Ok(vec![septet]), "character {character:?}");
                assert_eq!(encode_lossy(&text), [septet], "character {character:?}");
            }
        }
    }
}

#[test]
fn each_septet_after_an_escape() {
    let default = default_alphabet();
    for septet in 0..=0x7F {
        let paired = PAIRS.iter().find(|pair| pair.0 == septet).and_then(|pair| char::from_u32(pair.1));
        let wanted = match (paired, septet) {
            (Some(character), _) => {
                let text = character.to_string();
                assert_eq!(encode(&text), Ok(vec![ESC, septet]), "character {character:?}");
                assert_eq!(encode_lossy(&text), [ESC, septet], "character {character:?}");
                character
            }
            (None, ESC) => ' ',
            (None, _) => default[usize::from(septet)].1,
        };
        assert_eq!(decode(&[ESC, septet]), wanted.to_string(), "septet {septet:#04x} after ESC");
    }
}

/// Walks the whole of Unicode: 127 characters with a septet, 10 with a pair, no other.
#[test]
fn no_other_character_has_a_septet() {
    let mut listed: Vec<char> = default_alphabet().iter().map(|pair| pair.1).collect();
    listed.extend(PAIRS.iter().filter_map(|pair| char::from_u32(pair.1)));
    listed.sort_unstable();
    listed.dedup(); // The place of ESC shows a second space.
    let mut encodable = Vec::new();
    let mut buffer = [0; 4];
    for character in '\0'..=char::MAX {
        let text = character.encode_utf8(&mut buffer);
        let unmappable = first_unmappable(text);
        match unmappable {
            None => encodable.push(character),
            Some(found) => assert_eq!(found, NotGsm7 { character, char_index: 0 }),
        }
    }
    assert_eq!(encodable.len(), 137);
    assert_eq!(encodable, listed);
}

/// Vectors of unpacked text: the first from the product's own contract, worked out by hand; the others the same
/// from 3GPP TS 23.038 §6.2.1.
#[test]
fn vectors() {
    let check = |text: &str, septets: &[u8]| {
        assert_eq!(encode(text).as_deref(), Ok(septets), "{text:?}");
        assert_eq!(encode_lossy(text), septets, "{text:?}");
        assert_eq!(decode(septets), text);
    };
    check("€ [x] @ä", &[0x1B, 0x65, 0x20, 0x1B, 0x3C, 0x78, 0x1B, 0x3E, 0x20, 0x00, 0x7B]);
    check("hello", b"hello");
    check("", b"");
    check("@$_", &[0x00, 0x02, 0x11]);
    check("a\r\nb", &[0x61, 0x0D, 0x0A, 0x62]);
    check("ÇΔ¡¿", &[0x09, 0x10, 0x40, 0x60]);
}

#[test]
fn characters_that_look_as_if_they_belonged() {
    // Small ç is not Ç, and the back-tick, the acute vowels but é, and the accents of Portuguese have no septet.
    for character in "ç`áíóúãõâêôÁÈÀαΑ“”’–…\t\0\u{1B}\u{A0}\u{FEFF}😀".chars() {
        let text = format!("aé€{character}b");
        let wanted = NotGsm7 { character, char_index: 3 };
        assert_eq!(encode(&text), Err(wanted));
        assert_eq!(first_unmappable(&text), Some(wanted));
        assert_eq!(encode_lossy(&text), [0x61, 0x05, 0x1B, 0x65, 0x3F, 0x62]);
    }
}

#[test]
fn the_first_of_several_is_named() {
    let found = first_unmappable("ok 😀 ç");
    assert_eq!(found, Some(NotGsm7 { character: '😀', char_index: 3 }));
    let shown = found.map(|found| found.to_string());
    assert_eq!(shown.as_deref(), Some("character U+1F600 at index 3 is not in the GSM 7-bit alphabet"));
}

#[test]
fn what_no_sender_should_send_is_still_read() {
    let check = |octets: &[u8], text: &str| assert_eq!(decode(octets), text, "{octets:02x?}");
    check(&[0x61, ESC], "a"); // half of a pair, at the end
    check(&[ESC, ESC, 0x65], " e"); // ESC ESC is a space, and what follows is itself
    check(&[ESC, ESC], " ");
    check(&[ESC, 0x61], "a"); // unknown pair: the default table
    check(&[ESC, 0x0D], "\r");
    check(&[0x80, 0x61, 0xFF], "\u{FFFD}a\u{FFFD}");
    check(&[ESC, 0xE9, 0x61], "\u{FFFD}a");
}
