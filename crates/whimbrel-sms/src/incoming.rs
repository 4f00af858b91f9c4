//! Reads what a centre delivers: octets with a data coding, which may be other than they say.
//!
//! What it is for: one reading of incoming user data, so that the webhook, the store and the parts put together
//! agree. It promises a result for every input: what cannot be text is given as octets, what is broken text shows
//! U+FFFD, and a header that does not add up is not a header. It knows nothing of SMPP framing, receipts or senders.
//!
//! Follows 3GPP TS 23.038 and TS 23.040. The guesses of [`Sniff::On`] go beyond them; each stands for centres seen in
//! the field and is told at the function that makes it (`sniff.rs`).
//!
//! A stray NUL at the end is dropped (jookies/jasmin#218), but not from GSM 7-bit: there it is the character `@`.

use std::fmt;

use crate::data_coding::{Alphabet, DataCoding, HandsetClass, Waiting};
use crate::gsm7::ESC;
use crate::national::NationalTables;
use crate::udh::{self, Concat};
use crate::{DefaultAlphabet, latin1, ucs2};

mod sniff;

/// What was delivered, as the centre declares it. Its `Debug` shows the size, never the octets.
#[derive(Clone, Copy)]
pub struct Octets<'a> {
    /// The data coding octet.
    pub data_coding: u8,
    /// Whether the octets start with a user data header: `esm_class` & 0x40, the UDHI.
    pub has_header: bool,
    /// Header, if any, then text; of `short_message` or `message_payload`.
    pub octets: &'a [u8],
}

impl fmt::Debug for Octets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Octets")
            .field("data_coding", &format_args!("{:#04X}", self.data_coding))
            .field("has_header", &self.has_header)
            .field("octet_count", &self.octets.len())
            .finish()
    }
}

/// What is known of the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IncomingRules {
    /// What data coding 0 means there.
    pub default_alphabet: DefaultAlphabet,
    /// Whether to doubt what the centre declares.
    pub sniff: Sniff,
}

/// Whether to doubt what a centre declares, where the octets plainly say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sniff {
    /// Doubt it.
    On,
    /// Take its word for everything.
    #[default]
    Off,
}

/// One part, read. Its `Debug` shows sizes, never the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The whole header, length octet first; empty for none.
    pub header: Vec<u8>,
    /// Which part of which message it is, by the header.
    pub concat: Option<Concat>,
    /// What it holds.
    pub content: Content,
    /// How it was read.
    pub alphabet: IncomingAlphabet,
    /// The national tables it was read with.
    pub tables: NationalTables,
    /// Where the handset would have shown or kept it.
    pub class: Option<HandsetClass>,
    /// The indication of a waiting message.
    pub waiting: Option<Waiting>,
}

impl Incoming {
    /// The octets of memory that the header and the content take.
    #[must_use]
    pub fn size_octets(&self) -> usize {
        self.header.len() + self.content.size_octets()
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("header", &self.header)
            .field("concat", &self.concat)
            .field("content", &self.content)
            .field("alphabet", &self.alphabet)
            .field("class", &self.class)
            .finish_non_exhaustive()
    }
}

/// What a part holds. Its `Debug` shows the size, never the text.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// A text.
    Text(String),
    /// Octets that are no text, or in an alphabet that is not read here.
    Binary(Vec<u8>),
}

impl Content {
    /// The octets it takes: of UTF-8 for a text.
    #[must_use]
    pub const fn size_octets(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(octets) => octets.len(),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, size) = match self {
            Self::Text(text) => ("Text", text.len()),
            Self::Binary(octets) => ("Binary", octets.len()),
        };
        write!(f, "{name}({size} octets)")
    }
}

/// How a part was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IncomingAlphabet {
    /// GSM 7-bit, one septet per octet.
    Gsm7,
    /// GSM 7-bit, packed.
    Gsm7Packed,
    /// ISO 8859-1.
    Latin1,
    /// ASCII.
    Ascii,
    /// UTF-8.
    Utf8,
    /// UCS-2, in practice UTF-16.
    Ucs2,
    /// No text.
    Binary,
}

impl From<DefaultAlphabet> for IncomingAlphabet {
    fn from(alphabet: DefaultAlphabet) -> Self {
        match alphabet {
            DefaultAlphabet::Gsm7 => Self::Gsm7,
            DefaultAlphabet::Gsm7Packed => Self::Gsm7Packed,
            DefaultAlphabet::Latin1 => Self::Latin1,
            DefaultAlphabet::Ascii => Self::Ascii,
            DefaultAlphabet::Utf8 => Self::Utf8,
        }
    }
}

/// Reads a part.
#[must_use]
pub fn read(delivered: Octets<'_>, rules: IncomingRules) -> Incoming {
    let has_header = delivered.has_header || (rules.sniff == Sniff::On && sniff::has_concat_header(delivered.octets));
    let (header, body) = if has_header { udh::strip(delivered.octets) } else { (None, delivered.octets) };
    let DataCoding { alphabet, class, waiting } = DataCoding::read(delivered.data_coding);
    let tables = header.map_or(NationalTables::DEFAULT, NationalTables::in_header);
    let header_octets = header.map(udh::Udh::octets).unwrap_or_default();

    let alphabet = decide(alphabet, body, rules, header_octets.len());
    let content = match alphabet {
        IncomingAlphabet::Binary => Content::Binary(body.to_vec()),
        alphabet => Content::Text(decode(alphabet, body, header_octets, rules.sniff)),
    };
    Incoming {
        header: header_octets.to_vec(),
        concat: header.and_then(udh::Udh::concat),
        content,
        alphabet,
        tables,
        class,
        waiting,
    }
}

fn decide(declared: Alphabet, body: &[u8], rules: IncomingRules, udh_octets: usize) -> IncomingAlphabet {
    let sniffs = rules.sniff == Sniff::On;
    match declared {
        Alphabet::Default if sniffs => sniff::default_alphabet(body, rules.default_alphabet, udh_octets),
        Alphabet::Default => rules.default_alphabet.into(),
        Alphabet::Ucs2 if sniffs && sniff::is_ascii_not_ucs2(body) => IncomingAlphabet::Ascii,
        Alphabet::Ucs2 => IncomingAlphabet::Ucs2,
        // Some clients write GSM 7-bit and call it ASCII. No text has the control character ESC; in GSM 7-bit it leads a pair.
        Alphabet::Ia5 if body.contains(&ESC) => IncomingAlphabet::Gsm7,
        Alphabet::Ia5 => IncomingAlphabet::Ascii,
        Alphabet::Latin1 => IncomingAlphabet::Latin1,
        Alphabet::Binary | Alphabet::Other(_) | Alphabet::Compressed => IncomingAlphabet::Binary,
    }
}

fn decode(alphabet: IncomingAlphabet, body: &[u8], header: &[u8], sniff: Sniff) -> String {
    match alphabet {
        IncomingAlphabet::Gsm7 => DefaultAlphabet::Gsm7.read(body, header),
        IncomingAlphabet::Gsm7Packed => {
            let text = DefaultAlphabet::Gsm7Packed.read(body, header);
            match sniff {
                Sniff::On => sniff::without_zero_fill(text, body.len(), header.len()),
                Sniff::Off => text,
            }
        }
        // Octets above 0x7F are not ASCII; Latin-1 is the likeliest thing they are.
        IncomingAlphabet::Latin1 | IncomingAlphabet::Ascii => without_nul(latin1::decode(body)),
        IncomingAlphabet::Utf8 => without_nul(String::from_utf8_lossy(body).into_owned()),
        IncomingAlphabet::Ucs2 => without_nul(ucs2::decode(body)),
        IncomingAlphabet::Binary => String::new(),
    }
}

/// The text without one NUL at its end.
fn without_nul(mut text: String) -> String {
    if text.ends_with('\0') {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests;
