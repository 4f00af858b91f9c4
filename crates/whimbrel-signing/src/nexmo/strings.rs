//! The strings that signers make instead of the canonical one.

use super::{PYTHON_UNSET, Parameters, SIG, TIMESTAMP, written};
use crate::percent::{self, Plus, Style};
use crate::{Mistake, usual};

/// A mistake and the string that it makes.
type Strings = Vec<(Mistake, Vec<u8>)>;

/// All of them, the likelier first.
pub(super) const GROUPS: &[fn(&Parameters<'_>) -> Strings] =
    &[separators, joins, orders, left_out, encodings, spellings, unset, times];

/// `&name=value` by name, with values as `value` makes them.
fn with(parameters: &Parameters<'_>, value: impl Fn(&str) -> Vec<u8>) -> Vec<u8> {
    pairs_with(parameters.signed(), value)
}

fn pairs_with<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>, value: impl Fn(&str) -> Vec<u8>) -> Vec<u8> {
    let mut string = vec![];
    for (name, text) in pairs {
        string.push(b'&');
        string.extend(name.as_bytes());
        string.push(b'=');
        string.extend(value(text));
    }
    string
}

fn replaced(text: &str) -> Vec<u8> {
    text.replace(['&', '='], "_").into_bytes()
}

fn all_replaced(string: &[u8]) -> Vec<u8> {
    string.iter().map(|octet| if matches!(octet, b'&' | b'=') { b'_' } else { *octet }).collect()
}

/// What replaces `&` and `=`, and where.
fn separators(parameters: &Parameters<'_>) -> Strings {
    let kept = with(parameters, |text| text.as_bytes().to_vec());
    let all = all_replaced(&kept);
    let names: Vec<_> = parameters.signed().map(|(name, text)| (name.replace(['&', '='], "_"), text)).collect();
    vec![
        // Where a value has only one of the two, whoever keeps it most likely replaces neither.
        (Mistake::SeparatorsKept, kept),
        (Mistake::AmpersandKept, with(parameters, |text| text.replace('=', "_").into_bytes())),
        (Mistake::EqualsKept, with(parameters, |text| text.replace('&', "_").into_bytes())),
        (Mistake::SeparatorsRemoved, with(parameters, |text| text.replace(['&', '='], "").into_bytes())),
        (Mistake::AllSeparatorsReplaced, all.strip_prefix(b"_").unwrap_or_default().to_vec()),
        (Mistake::AllSeparatorsReplaced, all),
        (Mistake::NamesReplaced, written(names.iter().map(|(name, text)| (name.as_str(), *text)))),
    ]
}

/// How the pairs are joined.
fn joins(parameters: &Parameters<'_>) -> Strings {
    let string = written(parameters.signed());
    let bare = string.strip_prefix(b"&").unwrap_or_default();
    let values = || parameters.signed().flat_map(|(_, text)| replaced(text));
    vec![
        (Mistake::NoLeadingAmpersand, bare.to_vec()),
        (Mistake::AmpersandAfter, [bare, b"&"].concat()),
        (Mistake::NewlineAdded, [&string, b"\n".as_slice()].concat()),
        (Mistake::NewlineAdded, [&string, b"\r\n".as_slice()].concat()),
        (
            Mistake::SeparatorsMissing,
            parameters.signed().flat_map(|(name, text)| [name.as_bytes().to_vec(), replaced(text)].concat()).collect(),
        ),
        (Mistake::ValuesOnly, values().collect()),
    ]
}

/// In which order the pairs stand.
fn orders(parameters: &Parameters<'_>) -> Strings {
    let mut by_pair: Vec<_> = parameters.signed().collect();
    let mut ignoring_case = by_pair.clone();
    let backwards = by_pair.iter().rev().copied().collect::<Vec<_>>();
    by_pair.sort_by_key(|(name, text)| format!("{name}={text}"));
    ignoring_case.sort_by_key(|(name, _)| name.to_lowercase());
    vec![
        (Mistake::SortedByPair, written(by_pair)),
        (Mistake::SortedIgnoringCase, written(ignoring_case)),
        (Mistake::NotSorted, written(parameters.in_order())),
        (Mistake::SortedBackwards, written(backwards)),
    ]
}

/// Which pairs are left out, or in.
fn left_out(parameters: &Parameters<'_>) -> Strings {
    let without = |names: &[&str]| written(parameters.signed().filter(|(name, _)| !names.contains(name)));
    vec![
        (Mistake::BlanksLeftOut, written(parameters.without_blanks())),
        (Mistake::TimestampNotSigned, without(&[TIMESTAMP])),
        (Mistake::KeyNotSigned, without(&["api_key", "api-key"])),
        (Mistake::SignatureSigned, written(parameters.with_unset(&[SIG], ""))),
    ]
}

/// In which encoding values stand.
fn encodings(parameters: &Parameters<'_>) -> Strings {
    let mut found = vec![];
    for style in [Style::Strict, Style::Component, Style::StrictSmall, Style::Plus, Style::Form, Style::PlusTilde] {
        let has_plus = matches!(style, Style::Plus | Style::Form | Style::PlusTilde);
        let mistake = if has_plus { Mistake::ValuesEncodedWithPlus } else { Mistake::ValuesEncoded };
        let encoded = with(parameters, |text| percent::encode(text.as_bytes(), style));
        let all = all_replaced(&encoded);
        found.push((mistake, encoded));
        found.push((mistake, with(parameters, |text| percent::encode(&replaced(text), style))));
        // The vendor's Node library does this in `Auth.createSignatureHash` (seen: 3.x).
        found.push((Mistake::AllSeparatorsReplaced, all.strip_prefix(b"_").unwrap_or_default().to_vec()));
    }
    let decoded = |plus: Plus| with(parameters, |text| all_replaced(&percent::decode(text.as_bytes(), plus)));
    found.extend([
        (Mistake::DecodedTwice, decoded(Plus::Itself)),
        (Mistake::DecodedTwice, decoded(Plus::Blank)),
        (Mistake::PlusSentRaw, with(parameters, |text| replaced(&plus_for_first_blank(text)))),
        (Mistake::PlusSentRaw, with(parameters, |text| replaced(&text.replace(' ', "+")))),
        (Mistake::CharactersReplaced, with(parameters, |text| replaced(text).iter().fold(vec![], question_marks))),
    ]);
    // A value that Latin-1 cannot hold is signed by nobody in it.
    if parameters.signed().all(|(_, text)| text.is_ascii() || usual::in_latin(text.as_bytes()).is_some()) {
        let latin = |text: &str| usual::in_latin(&replaced(text)).unwrap_or_else(|| replaced(text));
        found.push((Mistake::WrongCharset, with(parameters, latin)));
    }
    let mojibake = |text: &str| replaced(text).iter().map(|octet| char::from(*octet)).collect::<String>().into_bytes();
    found.push((Mistake::WrongCharset, with(parameters, mojibake)));
    found
}

/// A `+` that begins a number arrives as a blank.
fn plus_for_first_blank(text: &str) -> String {
    text.strip_prefix(' ').map_or_else(|| text.to_owned(), |rest| format!("+{rest}"))
}

/// One `?` for each character outside ASCII: the first octet of its UTF-8 counts, the others do not.
fn question_marks(mut found: Vec<u8>, octet: &u8) -> Vec<u8> {
    match octet {
        0x80..0xC0 => {}
        0xC0.. => found.push(b'?'),
        _ => found.push(*octet),
    }
    found
}

/// How values are spelled.
fn spellings(parameters: &Parameters<'_>) -> Strings {
    let mut found = vec![(Mistake::ValuesTrimmed, with(parameters, |text| replaced(text.trim())))];
    for (yes, no) in [("true", "false"), ("True", "False"), ("1", "0"), ("1", "")] {
        let respelled = |text: &str| match text {
            "true" | "True" => yes.into(),
            "false" | "False" => no.into(),
            _ => replaced(text),
        };
        found.push((Mistake::BooleanSpelling, with(parameters, respelled)));
    }
    for (is, was) in [("1", "true"), ("0", "false"), ("1", "True"), ("0", "False")] {
        let flags = ["status-report-req", "trusted-number"];
        let pairs = parameters
            .signed()
            .map(|(name, text)| (name, if flags.contains(&name) && text == is { was } else { text }));
        found.push((Mistake::BooleanSpelling, written(pairs)));
    }
    found
}

/// What stands for fields that are unset: for all of them, or for a single one.
fn unset(parameters: &Parameters<'_>) -> Strings {
    let mut found = vec![];
    let texts = [
        (Mistake::UnsetAsNone, "None"),
        (Mistake::UnsetAsNull, "null"),
        (Mistake::UnsetAsUndefined, "undefined"),
        (Mistake::UnsetAsBlank, ""),
    ];
    for (mistake, text) in texts {
        // Without `sig`, which stands first and which only one library signs.
        let names = PYTHON_UNSET.strip_prefix(&[SIG]).unwrap_or(PYTHON_UNSET);
        found.push((mistake, written(parameters.with_unset(PYTHON_UNSET, text))));
        found.push((mistake, written(parameters.with_unset(names, text))));
        found.extend(names.iter().map(|name| (mistake, written(parameters.with_unset(&[name], text)))));
    }
    found
}

/// Which time was signed.
fn times(parameters: &Parameters<'_>) -> Strings {
    let Ok(sent) = parameters.timestamp() else { return vec![] };
    let other = |seconds: i64| {
        let text = seconds.to_string();
        written(parameters.signed().map(|(name, value)| (name, if name == TIMESTAMP { text.as_str() } else { value })))
    };
    usual::times(sent.0).into_iter().map(|(mistake, seconds)| (mistake, other(seconds))).collect()
}
