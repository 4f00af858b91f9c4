//! Guesses at what a centre meant, where the octets plainly say other than it declares.
//!
//! Each guess asks for a pattern that a text of the declared alphabet does not show; where both could be, the
//! declared one is believed.

use super::IncomingAlphabet;
use crate::udh::{self, Element, IEI_CONCAT_8, IEI_CONCAT_16};
use crate::{DefaultAlphabet, PartCount, packed};

/// What data coding 0 means for these octets.
///
/// - UTF-16 big-endian (vumi/vumi#838);
/// - for a link of GSM 7-bit, octets above 0x7F, which are no septets: UTF-8 if they are whole characters of it, packed
///   septets (farhadi/node-smpp#82), or else Latin-1 (kneodev/ksmppd#50).
pub(super) fn default_alphabet(body: &[u8], declared: DefaultAlphabet, udh_octets: usize) -> IncomingAlphabet {
    if is_ucs2(body) {
        return IncomingAlphabet::Ucs2;
    }
    if declared != DefaultAlphabet::Gsm7 || body.is_ascii() {
        return declared.into();
    }
    if std::str::from_utf8(body).is_ok() {
        IncomingAlphabet::Utf8
    } else if is_packed(body, udh_octets) {
        IncomingAlphabet::Gsm7Packed
    } else {
        IncomingAlphabet::Latin1
    }
}

/// Whether the octets are UTF-16 big-endian rather than anything of one octet a character: a whole number of units,
/// two at least, well-formed, no control characters, and all characters Latin letters, punctuation, emoji, or of one
/// block of 256 that holds an alphabet. As GSM 7-bit every second character would be the same: `@` for Latin letters.
/// Chinese is not told from Latin-1 and packed septets, and so not guessed.
fn is_ucs2(body: &[u8]) -> bool {
    let (pairs, odd) = body.as_chunks::<2>();
    if pairs.len() < 2 || !odd.is_empty() {
        return false;
    }
    let (mut basic, mut lettered, mut others) = (0, 0, 0);
    let mut block = None;
    for character in char::decode_utf16(pairs.iter().map(|pair| u16::from_be_bytes(*pair))) {
        let Ok(character) = character else { return false };
        match u32::from(character) {
            0x0A | 0x0D | 0x20..=0x7E | 0xA0..=0xFF => basic += 1,
            // Latin letters with marks, Vietnamese ones among them.
            0x0100..=0x024F | 0x1E00..=0x1EFF => lettered += 1,
            0x2000..=0x20FF | 0x1_0000.. => others += 1,
            // Greek, Cyrillic, Armenian, Hebrew, Arabic; the scripts of India; Thai, Lao, Georgian; Greek with accents.
            scalar @ (0x0300..=0x06FF | 0x0900..=0x0EFF | 0x1000..=0x10FF | 0x1F00..=0x1FFF) => {
                if *block.get_or_insert(scalar >> 8) != scalar >> 8 {
                    return false;
                }
                lettered += 1;
            }
            _ => return false,
        }
    }
    // The two octets of a letter outside basic Latin are characters of GSM 7-bit too, so one such letter is no proof.
    let needed = if lettered == 0 { 2 } else { 3 };
    pairs.len() >= needed && basic + lettered > others
}

/// Whether octets, some of them above 0x7F, are packed septets rather than Latin-1: control characters among them,
/// and a text of mostly letters, digits and spaces when unpacked.
fn is_packed(body: &[u8], udh_octets: usize) -> bool {
    let is_control = |octet: &u8| matches!(octet, 0x00..=0x08 | 0x0B | 0x0C | 0x0E..=0x1F | 0x7F..=0x9F);
    if !body.iter().any(is_control) {
        return false;
    }
    let text = packed::decode(body, udh_octets);
    let (mut likely, mut count) = (0, 0);
    for character in text.chars() {
        count += 1;
        match character {
            ' ' | '\n' | '\r' => likely += 1,
            character if character.is_alphanumeric() => likely += 1,
            _ => {}
        }
    }
    count >= 3 && likely * 5 >= count * 4
}

/// A packed text without the `@` that seven spare bits of zero at its end read as: most senders do not write the
/// carriage return of the standard there, and few texts end in `@` just where that happens.
pub(super) fn without_zero_fill(mut text: String, body_octets: usize, udh_octets: usize) -> String {
    let bits = (body_octets * 8).saturating_sub(packed::fill_bits(udh_octets));
    if bits.is_multiple_of(7) && text.ends_with('@') {
        text.pop();
    }
    text
}

/// Whether octets declared as UCS-2 are ASCII (farhadi/node-smpp#68): an odd number of them, all printable, is no
/// UTF-16. An even number might be Chinese.
pub(super) fn is_ascii_not_ucs2(body: &[u8]) -> bool {
    let printable = |octet: &u8| matches!(octet, 0x0A | 0x0D | 0x20..=0x7E);
    body.len() >= 3 && !body.len().is_multiple_of(2) && body.iter().all(printable)
}

/// Whether the octets start with a concatenation header, of which the centre said nothing (onlinecity/php-smpp#33):
/// exactly that element, and a part of two or more. As text it would read `é@¥`.
pub(super) fn has_concat_header(octets: &[u8]) -> bool {
    let Some(header) = udh::strip(octets).0 else { return false };
    let mut elements = header.elements();
    let length = header.octets().len();
    let expected = match elements.next() {
        Some(Element { iei: IEI_CONCAT_8, data: [_, _, _] }) => 6,
        Some(Element { iei: IEI_CONCAT_16, data: [_, _, _, _] }) => 7,
        _ => return false,
    };
    length == expected && header.concat().is_some_and(|concat| concat.total() > PartCount::ONE)
}
