//! Reads the text of a receipt: `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…`.
//!
//! It looks for the known names wherever they stand, in any case and order, and takes what follows each up to the
//! next blank, comma or semicolon. Any may be missing or empty. All after `text:` is the message itself and is not
//! looked into: it may say anything, another `stat:` included.

use std::fmt;

/// The most octets of a field; what is longer is no field.
const FIELD_OCTETS_MAX: usize = 255;

/// The fields of a receipt's text, as they stand; empty where missing. `Debug` does not show the message.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct ReceiptFields<'a> {
    /// `id`.
    pub id: &'a [u8],
    /// `sub`: how many were submitted.
    pub submitted: &'a [u8],
    /// `dlvrd`: how many were delivered.
    pub delivered: &'a [u8],
    /// `submit date`: 10 to 16 characters in a zone that nobody knows.
    pub submit_date: &'a [u8],
    /// `done date`: likewise.
    pub done_date: &'a [u8],
    /// `stat`.
    pub state: &'a [u8],
    /// `err`: decimal, hexadecimal, or a word.
    pub error: &'a [u8],
    /// `text`: the beginning of the message.
    pub text: &'a [u8],
    /// Whether the text begins with a name, as a receipt's does.
    starts_with_name: bool,
}

impl ReceiptFields<'_> {
    /// Whether no field was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { id, submitted, delivered, submit_date, done_date, state, error, text: _, starts_with_name: _ } =
            self;
        [id, submitted, delivered, submit_date, done_date, state, error].iter().all(|field| field.is_empty())
    }

    /// Whether it is a receipt though nothing marks it: it begins with a name, and has both an id and a state.
    #[must_use]
    pub fn reads_as_receipt(&self) -> bool {
        self.starts_with_name && !self.id.is_empty() && !self.state.is_empty()
    }
}

impl fmt::Debug for ReceiptFields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiptFields")
            .field("id", &format_args!("{}", self.id.escape_ascii()))
            .field("state", &format_args!("{}", self.state.escape_ascii()))
            .field("error", &format_args!("{}", self.error.escape_ascii()))
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Id,
    Submitted,
    Delivered,
    SubmitDate,
    DoneDate,
    State,
    Error,
    Text,
}

/// The names, in words: between two words stand blanks, underscores or nothing.
const NAMES: [(&[&[u8]], Name); 8] = [
    (&[b"id"], Name::Id),
    (&[b"submit", b"date"], Name::SubmitDate),
    (&[b"sub"], Name::Submitted),
    (&[b"dlvrd"], Name::Delivered),
    (&[b"done", b"date"], Name::DoneDate),
    (&[b"stat"], Name::State),
    (&[b"err"], Name::Error),
    (&[b"text"], Name::Text),
];

/// Reads the fields. The first of a name counts. Takes one pass, whatever the text.
#[must_use]
pub fn parse(text: &[u8]) -> ReceiptFields<'_> {
    let mut fields = ReceiptFields::default();
    let mut rest = text.trim_ascii_start();
    fields.starts_with_name = name_at(rest).is_some();
    while !rest.is_empty() {
        let Some((name, after)) = name_at(rest) else {
            rest = after_separator(rest);
            continue;
        };
        if name == Name::Text {
            fields.text = after.strip_prefix(b" ").unwrap_or(after);
            break;
        }
        let value = value_at(after);
        let field = match name {
            Name::Id => &mut fields.id,
            Name::Submitted => &mut fields.submitted,
            Name::Delivered => &mut fields.delivered,
            Name::SubmitDate => &mut fields.submit_date,
            Name::DoneDate => &mut fields.done_date,
            Name::State => &mut fields.state,
            Name::Error | Name::Text => &mut fields.error,
        };
        if field.is_empty() && value.len() <= FIELD_OCTETS_MAX {
            *field = value;
        }
        // A value may stand after a blank; it is passed over as a word without a name.
        rest = after.trim_ascii_start();
        if name_at(rest).is_none() {
            rest = after_separator(rest);
        }
    }
    fields
}

/// The name that `text` begins with, and what follows its colon.
fn name_at(text: &[u8]) -> Option<(Name, &[u8])> {
    // Asked at every word of every receipt, and mostly no name begins with its letter.
    let first = text.first()?.to_ascii_lowercase();
    let begins = |words: &[&[u8]]| words.first().is_some_and(|word| word.first() == Some(&first));
    NAMES.iter().filter(|(words, _)| begins(words)).find_map(|(words, name)| {
        let mut rest = text;
        for (index, word) in words.iter().enumerate() {
            if index > 0 {
                rest = skip(rest, |octet| octet == b' ' || octet == b'_');
            }
            let head = rest.get(..word.len()).filter(|head| head.eq_ignore_ascii_case(word))?;
            rest = rest.get(head.len()..)?;
        }
        rest = skip(rest, |octet| octet == b' ');
        rest.strip_prefix(b":").map(|after| (*name, after))
    })
}

/// What stands after a colon: nothing, if the next name follows at once.
fn value_at(after: &[u8]) -> &[u8] {
    let text = after.trim_ascii_start();
    if name_at(text).is_some() {
        return &[];
    }
    let length = text.iter().position(|octet| is_separator(*octet)).unwrap_or(text.len());
    text.get(..length).unwrap_or_default()
}

/// What stands after the next separators.
fn after_separator(text: &[u8]) -> &[u8] {
    skip(skip(text, |octet| !is_separator(octet)), is_separator)
}

fn skip(text: &[u8], is_skipped: impl Fn(u8) -> bool) -> &[u8] {
    let length = text.iter().position(|octet| !is_skipped(*octet)).unwrap_or(text.len());
    text.get(length..).unwrap_or_default()
}

const fn is_separator(octet: u8) -> bool {
    matches!(octet, b' ' | b',' | b';' | 0 | b'\t' | b'\r' | b'\n')
}
