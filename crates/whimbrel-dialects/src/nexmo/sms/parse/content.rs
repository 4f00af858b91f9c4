//! What a message is to hold: a text, octets, or one of the kinds that are known but not offered.
//!
//! Follows the vendor's SMS API reference, read 2026-11: each `type` has parameters of its own, and those of the others are
//! ignored.

use whimbrel_core::{Alphabet, Binary, Content, MessageOctets, MessageText, Refusal};
use whimbrel_sms::Udh;
use whimbrel_sms::limits::USER_DATA_OCTETS_MAX;

use super::super::super::params::{Name, Params};
use super::wish::is_longer;

const TEXT_CHARS_MAX: usize = 3_200;

/// Reads the content.
pub(super) fn content(params: &Params<'_>) -> Result<Content, Refusal> {
    match params.get(Name::Type) {
        None | Some("text") => text(params, Alphabet::Gsm7Lossy),
        Some("unicode") => text(params, Alphabet::Ucs2),
        Some("binary") => binary(params).map(Content::Binary),
        Some("wappush") => Err(not_offered(params, &[Name::Title, Name::Url])),
        Some("vcard") => Err(not_offered(params, &[Name::Vcard])),
        Some("vcal") => Err(not_offered(params, &[Name::Vcal])),
        Some(_) => Err(Refusal::Invalid { field: Name::Type.as_str() }),
    }
}

fn text(params: &Params<'_>, alphabet: Alphabet) -> Result<Content, Refusal> {
    let text = required(params, Name::Text)?;
    match is_longer(text, TEXT_CHARS_MAX) {
        true => Err(Refusal::TooLong),
        false => Ok(Content::Text { text: MessageText::new(text), alphabet }),
    }
}

fn binary(params: &Params<'_>) -> Result<Binary, Refusal> {
    let body = octets(required(params, Name::Body)?, Name::Body)?;
    let header = octets(params.get(Name::Udh).unwrap_or_default(), Name::Udh)?;
    let protocol_id = protocol_id(params)?;
    // A header whose lengths do not add up would have the handset read the body as a part of it.
    if !header.is_empty() && Udh::read_strict(&header).is_none() {
        return Err(Refusal::Invalid { field: Name::Udh.as_str() });
    }
    match header.len() + body.len() > USER_DATA_OCTETS_MAX {
        true => Err(Refusal::TooLong),
        false => Ok(Binary { header: MessageOctets::new(header), body: MessageOctets::new(body), protocol_id }),
    }
}

/// Hexadecimal digits in any case, two an octet and nothing between them.
fn octets(hex: &str, name: Name) -> Result<Vec<u8>, Refusal> {
    let refusal = || Refusal::Invalid { field: name.as_str() };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, odd) = hex.as_bytes().as_chunks::<2>();
    if !odd.is_empty() {
        return Err(refusal());
    }
    pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect::<Option<_>>().ok_or_else(refusal)
}

fn protocol_id(params: &Params<'_>) -> Result<u8, Refusal> {
    let Some(text) = params.get(Name::ProtocolId) else { return Ok(0) };
    // The standard library would take a plus.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits => Ok(number),
        _ => Err(Refusal::Invalid { field: Name::ProtocolId.as_str() }),
    }
}

/// Push messages, cards and calendar entries: what is missing is told first, as it would be if they were offered.
fn not_offered(params: &Params<'_>, names: &[Name]) -> Refusal {
    let missing = names.iter().find_map(|name| required(params, *name).err());
    missing.unwrap_or(Refusal::FacilityNotAllowed)
}

fn required<'a>(params: &'a Params<'_>, name: Name) -> Result<&'a str, Refusal> {
    params.get(name).ok_or(Refusal::Missing { field: name.as_str() })
}
