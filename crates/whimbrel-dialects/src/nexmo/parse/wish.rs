//! What a caller wants: the parameters of one text, checked.
//!
//! Empty counts as absent everywhere. Names of fields in refusals are the vendor's, since the answer repeats them.

use sha2::{Digest as _, Sha256};
use whimbrel_core::phone::PhoneNumberError;
use whimbrel_core::{
    Alphabet, Call, CallbackFault, IdempotencyKey, MessageClass, MessageText, PhoneNumber, ReceiptWish, Refusal,
    SendCall, SenderId, Span,
};

use super::super::params::{CREDENTIALS, Name, Params};
use crate::http::HttpRequest;
use crate::own;

const TEXT_CHARS_MAX: usize = 3_200;
const CALLBACK_CHARS_MAX: usize = 100;
/// Older pages of the reference say 40; the vendor's Python and Java libraries let 100 through.
const CLIENT_REF_CHARS_MAX: usize = 100;
const ACCOUNT_REF_CHARS_MAX: usize = 100;
/// What an address field of SMPP holds (SMPP 3.4 §5.2.8). Networks carry 11 characters of a name, but the vendor does not
/// refuse longer ones, and neither do we.
const SENDER_CHARS_MAX: usize = 20;
const TTL_MILLIS: std::ops::RangeInclusive<i64> = 20_000..=604_800_000;

/// Reads the wish.
pub(super) fn call(request: &HttpRequest<'_>, params: &Params<'_>) -> Result<Call, Refusal> {
    let sender = sender(params)?;
    let recipient = recipient(params)?;
    let alphabet = alphabet(params)?;
    let text = text(params)?;
    let client_ref = mark(params, Name::ClientRef, CLIENT_REF_CHARS_MAX)?;
    let account_ref = mark(params, Name::AccountRef, ACCOUNT_REF_CHARS_MAX)?;
    let receipt = receipt(params)?;
    let validity = validity(params)?;
    refuse_handset_class(params)?;
    let callback = params.get(Name::Callback).map(callback).transpose().map_err(Refusal::InvalidCallback)?;
    let class = own::class(request)?;
    let idempotency = own::idempotency_key(request)?
        .map(|key| IdempotencyKey { key: key.into(), request_digest: digest(params, class) });
    Ok(Call::Send(SendCall {
        recipient,
        sender,
        text,
        alphabet,
        receipt,
        callback,
        client_ref,
        account_ref,
        validity,
        class,
        idempotency,
    }))
}

fn sender(params: &Params<'_>) -> Result<SenderId, Refusal> {
    let field = Name::From.as_str();
    let sender = params.get(Name::From).and_then(SenderId::parse).ok_or(Refusal::Missing { field })?;
    match own::is_visible(sender.as_str(), SENDER_CHARS_MAX) {
        true => Ok(sender),
        false => Err(Refusal::Invalid { field }),
    }
}

fn recipient(params: &Params<'_>) -> Result<PhoneNumber, Refusal> {
    let field = Name::To.as_str();
    let text = params.get(Name::To).ok_or(Refusal::Missing { field })?;
    PhoneNumber::parse(text).map_err(|error| match error {
        PhoneNumberError::NotNumeric => Refusal::RecipientNotNumeric,
        PhoneNumberError::Length => Refusal::Invalid { field },
    })
}

fn alphabet(params: &Params<'_>) -> Result<Alphabet, Refusal> {
    match params.get(Name::Type) {
        None | Some("text") => Ok(Alphabet::Gsm7Lossy),
        Some("unicode") => Ok(Alphabet::Ucs2),
        Some("binary" | "wappush" | "vcal" | "vcard") => Err(Refusal::FacilityNotAllowed),
        Some(_) => Err(Refusal::Invalid { field: Name::Type.as_str() }),
    }
}

fn text(params: &Params<'_>) -> Result<MessageText, Refusal> {
    let text = params.get(Name::Text).ok_or(Refusal::Missing { field: Name::Text.as_str() })?;
    match is_longer(text, TEXT_CHARS_MAX) {
        true => Err(Refusal::TooLong),
        false => Ok(MessageText::new(text)),
    }
}

fn mark(params: &Params<'_>, name: Name, chars_max: usize) -> Result<Option<Box<str>>, Refusal> {
    match params.get(name) {
        Some(text) if is_longer(text, chars_max) => Err(Refusal::Invalid { field: name.as_str() }),
        text => Ok(text.map(Box::from)),
    }
}

/// No character takes less than an octet, so that most texts need not be counted.
fn is_longer(text: &str, chars_max: usize) -> bool {
    text.len() > chars_max && text.chars().nth(chars_max).is_some()
}

/// Wanted unless the customer says no. Clients say it as `0`, `false` and `False`.
fn receipt(params: &Params<'_>) -> Result<ReceiptWish, Refusal> {
    let Some(wish) = params.get(Name::StatusReportReq) else { return Ok(ReceiptWish::Wanted) };
    let is_one_of = |words: &[&str]| words.iter().any(|word| wish.eq_ignore_ascii_case(word));
    if is_one_of(&["1", "true", "yes", "on"]) {
        Ok(ReceiptWish::Wanted)
    } else if is_one_of(&["0", "false", "no", "off"]) {
        Ok(ReceiptWish::Unwanted)
    } else {
        Err(Refusal::Invalid { field: Name::StatusReportReq.as_str() })
    }
}

fn validity(params: &Params<'_>) -> Result<Option<Span>, Refusal> {
    let Some(ttl) = params.get(Name::Ttl) else { return Ok(None) };
    // The standard library would take a plus.
    let digits = ttl.bytes().all(|byte| byte.is_ascii_digit());
    match ttl.parse() {
        Ok(millis) if digits && TTL_MILLIS.contains(&millis) => Ok(Some(Span::millis(millis))),
        _ => Err(Refusal::InvalidValidity),
    }
}

/// 0 is flash, 1 to 3 are places where a handset may keep a text. None is offered yet.
fn refuse_handset_class(params: &Params<'_>) -> Result<(), Refusal> {
    match params.get(Name::MessageClass) {
        None => Ok(()),
        Some("0" | "1" | "2" | "3") => Err(Refusal::FacilityNotAllowed),
        Some(_) => Err(Refusal::InvalidHandsetClass),
    }
}

/// An absolute http or https URL. Whether it may be reached is judged when it is used.
fn callback(url: &str) -> Result<Box<str>, CallbackFault> {
    let is_scheme_character = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let (scheme, rest) = url.split_once("://").ok_or(CallbackFault::MissingProtocol)?;
    if scheme.is_empty() || !scheme.bytes().all(is_scheme_character) {
        return Err(CallbackFault::MissingProtocol);
    }
    let known_scheme = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let has_host = !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':', '@']);
    let is_url_character = |byte: u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
    };
    match known_scheme && has_host && url.len() <= CALLBACK_CHARS_MAX && url.bytes().all(is_url_character) {
        true => Ok(url.into()),
        false => Err(CallbackFault::Malformed),
    }
}

/// A digest of everything that the request asks for: the decoded parameters in a fixed order, whatever form they came in, and
/// the class; not the credentials, which may be rotated between two tries of the same request.
fn digest(params: &Params<'_>, class: Option<MessageClass>) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |name: &str, value: &str| {
        // Lengths keep two different lists from reading the same.
        hash.update((name.len() as u64).to_be_bytes());
        hash.update(name);
        hash.update((value.len() as u64).to_be_bytes());
        hash.update(value);
    };
    for name in Name::ALL {
        if let Some(value) = params.get(*name).filter(|_| !CREDENTIALS.contains(name)) {
            add(name.as_str(), value);
        }
    }
    if let Some(class) = class {
        add(own::CLASS_HEADER, class.as_str());
    }
    hash.finalize().into()
}
