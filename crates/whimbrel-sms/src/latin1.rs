//! ISO 8859-1, one octet a character: data coding 3 of SMPP 3.4 §5.2.19.
//!
//! The codes are the first 256 scalar values of Unicode, control characters included. It has no euro sign. Nothing here
//! reads the octets 0x80 to 0x9F as Windows-1252, which assigns them otherwise.

/// What stands for a character that is not in the set.
pub const REPLACEMENT: u8 = b'?';

/// Encodes `text`; `None` if a character is above U+00FF.
#[must_use]
pub fn encode(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

/// Encodes `text`; a character above U+00FF becomes [`REPLACEMENT`].
#[must_use]
pub fn encode_lossy(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(REPLACEMENT)).collect()
}

/// Decodes `octets`; each is a character.
#[must_use]
pub fn decode(octets: &[u8]) -> String {
    octets.iter().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_is_a_character() {
        let octets: Vec<u8> = (0..=255).collect();
        let text = decode(&octets);
        assert_eq!(encode(&text).as_deref(), Some(&octets[..]));
        assert_eq!(decode(&[0xE9, 0x40, 0xDF]), "é@ß");
    }

    #[test]
    fn what_is_above_is_refused_or_replaced() {
        assert_eq!(encode("a€"), None);
        assert_eq!(encode_lossy("é€😀Ā"), [0xE9, 0x3F, 0x3F, 0x3F]);
    }
}
