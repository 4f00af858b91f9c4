//! UCS-2 as it is sent: UTF-16 big-endian, surrogate pairs included.
//!
//! 3GPP TS 23.038 §6.2.3 names UCS-2; handsets have long read UTF-16, and senders rely on it for emoji. There is no
//! byte order mark, and one that is received is kept as the character U+FEFF.

/// Encodes `text` as UTF-16 big-endian, two octets per unit.
#[must_use]
pub fn encode(text: &str) -> Vec<u8> {
    // A character of n UTF-8 octets takes at most 2n octets of UTF-16, which only ASCII reaches.
    let mut octets = Vec::with_capacity(text.len() * 2);
    encode_bounded(text, &mut octets, usize::MAX);
    octets
}

/// Decodes UTF-16 big-endian, whatever it holds: an unpaired surrogate becomes U+FFFD and an odd octet at the end
/// is dropped.
#[must_use]
pub fn decode(octets: &[u8]) -> String {
    let (pairs, _odd) = octets.as_chunks::<2>();
    let units = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// The number of 16-bit units of `text`.
#[must_use]
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Appends the octets of `text`; says `false`, and stops, before there would be more than `units_max` units.
pub(crate) fn encode_bounded(text: &str, octets: &mut Vec<u8>, units_max: usize) -> bool {
    let mut left = units_max;
    for character in text.chars() {
        let mut buffer = [0; 2];
        let units = character.encode_utf16(&mut buffer);
        match left.checked_sub(units.len()) {
            Some(rest) => left = rest,
            None => return false,
        }
        for unit in units {
            octets.extend_from_slice(&unit.to_be_bytes());
        }
    }
    true
}

/// Whether the unit that starts at `octet_index` is the first half of a surrogate pair.
pub(crate) fn opens_pair(octets: &[u8], octet_index: usize) -> bool {
    octets.get(octet_index).is_some_and(|high| (0xD8..=0xDB).contains(high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_big_endian_units() {
        assert_eq!(encode("aé€"), [0x00, 0x61, 0x00, 0xE9, 0x20, 0xAC]);
        // U+1F600 is D83D DE00: The Unicode Standard, table 3-5.
        assert_eq!(encode("😀"), [0xD8, 0x3D, 0xDE, 0x00]);
        assert_eq!(encode(""), []);
    }

    #[test]
    fn a_broken_pair_becomes_one_replacement_each() {
        assert_eq!(decode(&[0xD8, 0x3D]), "\u{FFFD}");
        assert_eq!(decode(&[0xDE, 0x00, 0x00, 0x61]), "\u{FFFD}a");
        assert_eq!(decode(&[0xD8, 0x3D, 0xD8, 0x3D, 0xDE, 0x00]), "\u{FFFD}😀");
        assert_eq!(decode(&[0xD8, 0x3D, 0x00, 0x61]), "\u{FFFD}a");
    }

    #[test]
    fn an_odd_octet_at_the_end_is_dropped() {
        assert_eq!(decode(&[0x00, 0x61, 0x00]), "a");
        assert_eq!(decode(&[0x00]), "");
    }

    #[test]
    fn units_count_halves_of_pairs() {
        assert_eq!(units("aé€😀"), 5);
    }
}
