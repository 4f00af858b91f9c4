//! What a message centre means by data coding 0, in both directions.
//!
//! SMPP 3.4 §5.2.19 calls it the "SMSC default alphabet" and leaves open which that is. Nearly always it is GSM 7-bit
//! with one septet per octet; links of other centres say so here. A text is counted and split as GSM 7-bit whatever
//! the link speaks, since that is what goes on the air, and only its octets are written otherwise.

use std::fmt;

use crate::national::{self, NationalTables};
use crate::{Part, gsm7, latin1, packed, udh};

/// What a message centre means by data coding 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DefaultAlphabet {
    /// GSM 7-bit, one septet per octet. The usual one.
    #[default]
    Gsm7,
    /// GSM 7-bit, packed as over the air.
    Gsm7Packed,
    /// ISO 8859-1.
    Latin1,
    /// ASCII.
    Ascii,
    /// UTF-8.
    Utf8,
}

impl DefaultAlphabet {
    /// Every alphabet.
    pub const ALL: [Self; 5] = [Self::Gsm7, Self::Gsm7Packed, Self::Latin1, Self::Ascii, Self::Utf8];

    /// The name, as configuration files write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gsm7 => "gsm7",
            Self::Gsm7Packed => "gsm7_packed",
            Self::Latin1 => "latin1",
            Self::Ascii => "ascii",
            Self::Utf8 => "utf8",
        }
    }

    /// The alphabet of this [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alphabet| alphabet.name() == name)
    }

    /// The octets in which a centre of this alphabet takes `septets`, the text of a part. `header` is the whole
    /// header of the part (empty for none), which is not part of the output: it says the fill bits and the national
    /// tables.
    ///
    /// Total: a character that the alphabet does not have becomes `?`. UTF-8 and Latin-1 may be longer than 140 octets,
    /// which is the centre's to pack; at most three octets a septet.
    #[must_use]
    pub fn write(self, septets: &[u8], header: &[u8]) -> Vec<u8> {
        let text = || national::decode(septets, tables(header));
        match self {
            Self::Gsm7 => septets.to_vec(),
            Self::Gsm7Packed => packed::pack(septets, header.len()),
            Self::Latin1 => latin1::encode_lossy(&text()),
            Self::Ascii => ascii_lossy(&text()),
            Self::Utf8 => text().into_bytes(),
        }
    }

    /// The user data of a part of GSM 7-bit as a centre of this alphabet takes it: the header as it is, then the text
    /// by [`write`](Self::write).
    #[must_use]
    pub fn user_data(self, part: &Part) -> Vec<u8> {
        [part.header(), &self.write(part.body(), part.header())].concat()
    }

    /// The text that a centre of this alphabet sent as `octets`, which stood after `header` (empty for none). The
    /// inverse of [`write`](Self::write), and total: what is no character shows U+FFFD. An octet above 0x7F in ASCII
    /// is read as Latin-1.
    #[must_use]
    pub fn read(self, octets: &[u8], header: &[u8]) -> String {
        match self {
            Self::Gsm7 => national::decode(octets, tables(header)),
            Self::Gsm7Packed => national::decode(&packed::unpack(octets, header.len()), tables(header)),
            Self::Latin1 | Self::Ascii => latin1::decode(octets),
            Self::Utf8 => String::from_utf8_lossy(octets).into_owned(),
        }
    }

    /// The septets of what a centre sent: [`read`](Self::read), and then GSM 7-bit with the tables of the header, `?`
    /// for what that lacks.
    #[must_use]
    pub fn read_septets(self, octets: &[u8], header: &[u8]) -> Vec<u8> {
        match self {
            Self::Gsm7 => octets.to_vec(),
            Self::Gsm7Packed => packed::unpack(octets, header.len()),
            Self::Latin1 | Self::Ascii | Self::Utf8 => {
                let text = self.read(octets, header);
                match tables(header) {
                    NationalTables::DEFAULT => gsm7::encode_lossy(&text),
                    tables => national::encode_lossy(&text, tables),
                }
            }
        }
    }
}

impl fmt::Display for DefaultAlphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Encodes `text` as ASCII; a character outside becomes `?`.
#[must_use]
pub fn ascii_lossy(text: &str) -> Vec<u8> {
    text.chars().map(|character| if character.is_ascii() { character as u8 } else { b'?' }).collect()
}

fn tables(header: &[u8]) -> NationalTables {
    udh::strip(header).0.map_or(NationalTables::DEFAULT, NationalTables::in_header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(alphabet: DefaultAlphabet, text: &str, header: &[u8], wire: &[u8], read: &str) {
        let septets = national::encode(text, tables(header)).expect("fits");
        assert_eq!(alphabet.write(&septets, header), wire);
        assert_eq!(alphabet.read(wire, header), read);
        assert_eq!(alphabet.read_septets(wire, header), national::encode_lossy(read, tables(header)));
    }

    #[test]
    fn a_text_in_each_alphabet() {
        check(DefaultAlphabet::Gsm7, "@é€Δ", &[], &[0x00, 0x05, 0x1B, 0x65, 0x10], "@é€Δ");
        check(DefaultAlphabet::Gsm7Packed, "hello", &[], &[0xE8, 0x32, 0x9B, 0xFD, 0x06], "hello");
        check(DefaultAlphabet::Latin1, "@é€Δ", &[], &[0x40, 0xE9, 0x3F, 0x3F], "@é??");
        check(DefaultAlphabet::Ascii, "@é_$", &[], b"@?_$", "@?_$");
        check(DefaultAlphabet::Utf8, "@é€", &[], "@é€".as_bytes(), "@é€");
    }

    #[test]
    fn the_header_says_fill_bits_and_tables() {
        let concat = [5, 0, 3, 1, 2, 1];
        check(DefaultAlphabet::Gsm7Packed, "1234567", &concat, &[0x62, 0xB2, 0x19, 0xAD, 0x66, 0xBB, 0x01], "1234567");
        let turkish = [3, 0x25, 1, 1];
        check(DefaultAlphabet::Gsm7, "ş", &turkish, &[0x1D], "ş");
        check(DefaultAlphabet::Utf8, "ş", &turkish, "ş".as_bytes(), "ş");
        check(DefaultAlphabet::Latin1, "şç", &turkish, &[0x3F, 0xE7], "?ç");
    }

    #[test]
    fn names_come_back() {
        for alphabet in DefaultAlphabet::ALL {
            assert_eq!(DefaultAlphabet::from_name(alphabet.name()), Some(alphabet));
        }
        assert_eq!(DefaultAlphabet::from_name("GSM"), None);
    }
}
