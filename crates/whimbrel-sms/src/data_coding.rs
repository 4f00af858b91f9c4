//! The data coding octet: which alphabet, which message class.
//!
//! Follows 3GPP TS 23.038 §4 by groups of bits, with the values 0x00 to 0x0F as SMPP 3.4 §5.2.19 assigns them.
//! Centres pass the octet of the air through, so both meet on one link, and reading only the low half would take a
//! flash message for a binary one (farhadi/node-smpp#66).

use std::fmt;

use crate::Encoding;

/// What a data coding octet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DataCoding {
    /// What the octets of the text mean.
    pub alphabet: Alphabet,
    /// Where the handset shows or keeps the message, if it says so.
    pub class: Option<HandsetClass>,
    /// The indication of a waiting message, if it is one.
    pub waiting: Option<Waiting>,
}

/// What the octets of a message mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alphabet {
    /// The default alphabet of the centre; see [`DefaultAlphabet`](crate::DefaultAlphabet).
    Default,
    /// IA5, which is ASCII (0x01).
    Ia5,
    /// ISO 8859-1 (0x03).
    Latin1,
    /// Octets that are no text.
    Binary,
    /// UCS-2 big-endian, in practice UTF-16.
    Ucs2,
    /// Another alphabet, which is not read here, by its SMPP value: 0x05 JIS, 0x06 ISO 8859-5, 0x07 ISO 8859-8,
    /// 0x09 pictograms, 0x0A ISO 2022-JP, 0x0D extended kanji, 0x0E KS C 5601, and the reserved ones between.
    Other(u8),
    /// A text that is compressed (3GPP TS 23.042), which is not read here.
    Compressed,
}

/// Where a handset shows or keeps a message (3GPP TS 23.038 §4, message class).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum HandsetClass {
    /// Class 0: shown at once and not kept.
    Flash = 0,
    /// Class 1: kept in the handset.
    Handset = 1,
    /// Class 2: kept on the SIM.
    Sim = 2,
    /// Class 3: passed on to what is attached to the handset.
    Terminal = 3,
}

impl HandsetClass {
    /// The number of the class, 0 to 3.
    #[must_use]
    pub const fn value(self) -> u8 {
        self as u8
    }

    /// The class of this number, or `None` above 3.
    #[must_use]
    pub const fn from_value(value: u8) -> Option<Self> {
        match value {
            0..=3 => Some(Self::from_low_bits(value)),
            _ => None,
        }
    }

    const fn from_low_bits(value: u8) -> Self {
        match value & 0x03 {
            0 => Self::Flash,
            1 => Self::Handset,
            2 => Self::Sim,
            _ => Self::Terminal,
        }
    }
}

impl From<HandsetClass> for u8 {
    fn from(class: HandsetClass) -> Self {
        class.value()
    }
}

impl TryFrom<u8> for HandsetClass {
    type Error = NoClass;

    fn try_from(value: u8) -> Result<Self, NoClass> {
        Self::from_value(value).ok_or(NoClass { value })
    }
}

/// A number that is no message class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoClass {
    /// The number; above 3.
    pub value: u8,
}

impl fmt::Display for NoClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message class {} is not one of 0 to 3", self.value)
    }
}

impl std::error::Error for NoClass {}

/// The indication of a message that waits elsewhere (3GPP TS 23.038 §4, groups 1100 to 1110).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Waiting {
    /// What waits.
    pub kind: WaitingKind,
    /// Whether any waits: switch the sign on or off.
    pub active: bool,
    /// Whether the text is to be kept; if not, only the sign matters.
    pub store: bool,
}

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WaitingKind {
    /// Voicemail.
    Voicemail,
    /// A fax.
    Fax,
    /// Electronic mail.
    Email,
    /// Something else.
    Other,
}

/// How a class is written beside an alphabet when a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ClassForm {
    /// In the general group: 0x10 for a flash message. The usual one.
    #[default]
    General,
    /// In the class group: 0xF0 for a flash message. It has no UCS-2, which is written in the general group.
    ClassGroup,
}

impl DataCoding {
    /// Reads a data coding octet. Every octet has a reading; reserved groups mean the default alphabet, as the standard
    /// has it.
    #[must_use]
    pub const fn read(octet: u8) -> Self {
        match octet {
            0x00..=0x0F => Self::plain(smpp_alphabet(octet)),
            // General group (00) and the same marked for deletion once read (01).
            0x10..=0x7F => Self {
                alphabet: if octet & 0x20 == 0 { general_alphabet(octet) } else { Alphabet::Compressed },
                class: if octet & 0x10 == 0 { None } else { Some(HandsetClass::from_low_bits(octet)) },
                waiting: None,
            },
            0x80..=0xBF => Self::plain(Alphabet::Default),
            0xC0..=0xCF => Self::waiting(octet, Alphabet::Default, false),
            0xD0..=0xDF => Self::waiting(octet, Alphabet::Default, true),
            0xE0..=0xEF => Self::waiting(octet, Alphabet::Ucs2, true),
            0xF0..=0xFF => Self {
                alphabet: if octet & 0x04 == 0 { Alphabet::Default } else { Alphabet::Binary },
                class: Some(HandsetClass::from_low_bits(octet)),
                waiting: None,
            },
        }
    }

    /// The octet to send with: text 0x00, UCS-2 0x08, binary 0x04; with class c 0x10 + c, 0x18 + c and 0x14 + c, or
    /// in the class group 0xF0 + c and 0xF4 + c.
    #[must_use]
    pub const fn compose(encoding: Encoding, class: Option<HandsetClass>, form: ClassForm) -> u8 {
        let alphabet = match encoding {
            Encoding::Gsm7 => 0x00,
            Encoding::Binary => 0x04,
            Encoding::Ucs2 => 0x08,
        };
        match (class, form, encoding) {
            (None, _, _) => alphabet,
            (Some(class), ClassForm::ClassGroup, Encoding::Gsm7 | Encoding::Binary) => 0xF0 | alphabet | class.value(),
            (Some(class), _, _) => 0x10 | alphabet | class.value(),
        }
    }

    const fn plain(alphabet: Alphabet) -> Self {
        Self { alphabet, class: None, waiting: None }
    }

    const fn waiting(octet: u8, alphabet: Alphabet, store: bool) -> Self {
        let kind = match octet & 0x03 {
            0 => WaitingKind::Voicemail,
            1 => WaitingKind::Fax,
            2 => WaitingKind::Email,
            _ => WaitingKind::Other,
        };
        let active = octet & 0x08 != 0;
        Self { alphabet, class: None, waiting: Some(Waiting { kind, active, store }) }
    }
}

const fn smpp_alphabet(octet: u8) -> Alphabet {
    match octet {
        0x00 => Alphabet::Default,
        0x01 => Alphabet::Ia5,
        0x02 | 0x04 => Alphabet::Binary,
        0x03 => Alphabet::Latin1,
        0x08 => Alphabet::Ucs2,
        other => Alphabet::Other(other),
    }
}

const fn general_alphabet(octet: u8) -> Alphabet {
    match octet & 0x0C {
        0x04 => Alphabet::Binary,
        0x08 => Alphabet::Ucs2,
        // 0x0C is reserved.
        _ => Alphabet::Default,
    }
}

#[cfg(test)]
mod tests;
