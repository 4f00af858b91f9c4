//! What a caller wants: the parameters of one text, checked.
//!
//! Empty counts as absent everywhere. Names of fields in refusals are the vendor's, since the answer repeats them.

use sha2::{Digest as _, Sha256};
use whimbrel_core::phone::PhoneNumberError;
use whimbrel_core::{
    Call, HandsetClass, IdempotencyKey, MessageClass, PhoneNumber, ReceiptWish, Refusal, Registration, SendCall,
    SenderId, Span, Telling,
};

use super::super::super::params::{CREDENTIALS, Name, Params};
use super::super::super::url;
use super::content;
use crate::http::HttpRequest;
use crate::own;

const CALLBACK_CHARS_MAX: usize = 100;
/// Older pages of the reference say 40; the vendor's Python and Java libraries let 100 through.
const CLIENT_REF_CHARS_MAX: usize = 100;
const ACCOUNT_REF_CHARS_MAX: usize = 100;
/// India's registry gives out marks of 19 digits; others may be longer.
const REGISTRATION_CHARS_MAX: usize = 100;
const NETWORK_CHARS_MAX: usize = 20;
/// What an address field of SMPP holds (SMPP 3.4 §5.2.8). Networks carry 11 characters of a name, but the vendor does not
/// refuse longer ones, and neither do we.
const SENDER_CHARS_MAX: usize = 20;
const TTL_MILLIS: std::ops::RangeInclusive<i64> = 20_000..=604_800_000;

/// Reads the wish.
pub(super) fn call(request: &HttpRequest<'_>, params: &Params<'_>) -> Result<Call, Refusal> {
    let sender = sender(params)?;
    let recipient = recipient(params)?;
    let content = content::content(params)?;
    let client_ref = mark(params, Name::ClientRef, CLIENT_REF_CHARS_MAX)?;
    let account_ref = mark(params, Name::AccountRef, ACCOUNT_REF_CHARS_MAX)?;
    let registration = registration(params)?;
    let receipt = receipt(params)?;
    // Taken as the vendor's clients send them, and without effect here.
    let _trusted = boolean(params, Name::TrustedNumber)?;
    let _pool = mark(params, Name::PoolId, REGISTRATION_CHARS_MAX)?;
    let validity = validity(params)?;
    let handset_class = handset_class(params)?;
    let callback = params
        .get(Name::Callback)
        .map(|text| url::absolute(text, CALLBACK_CHARS_MAX))
        .transpose()
        .map_err(Refusal::InvalidCallback)?;
    let network = network(params)?;
    let class = own::class(request)?;
    let idempotency = own::idempotency_key(request)?
        .map(|key| IdempotencyKey { key: key.into(), request_digest: digest(params, class) });
    Ok(Call::Send(Box::new(SendCall {
        recipient,
        sender,
        content,
        handset_class,
        network,
        registration,
        receipt,
        callback,
        telling: Telling::default(),
        application: None,
        client_ref,
        account_ref,
        validity,
        class,
        idempotency,
        due_at: None,
        carrier: None,
        mode: whimbrel_core::KeyMode::Live,
    })))
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

fn mark(params: &Params<'_>, name: Name, chars_max: usize) -> Result<Option<Box<str>>, Refusal> {
    match params.get(name) {
        Some(text) if is_longer(text, chars_max) => Err(Refusal::Invalid { field: name.as_str() }),
        text => Ok(text.map(Box::from)),
    }
}

/// No character takes less than an octet, so that most texts need not be counted.
pub(super) fn is_longer(text: &str, chars_max: usize) -> bool {
    text.len() > chars_max && text.chars().nth(chars_max).is_some()
}

fn registration(params: &Params<'_>) -> Result<Registration, Refusal> {
    Ok(Registration {
        entity: mark(params, Name::EntityId, REGISTRATION_CHARS_MAX)?,
        template: mark(params, Name::ContentId, REGISTRATION_CHARS_MAX)?,
    })
}

/// Wanted unless the customer says no.
fn receipt(params: &Params<'_>) -> Result<ReceiptWish, Refusal> {
    Ok(match boolean(params, Name::StatusReportReq)? {
        None | Some(true) => ReceiptWish::Wanted,
        Some(false) => ReceiptWish::Unwanted,
    })
}

/// Clients say it as `1`, `true` and `True`, or as `0`, `false` and `False`.
fn boolean(params: &Params<'_>, name: Name) -> Result<Option<bool>, Refusal> {
    let Some(value) = params.get(name) else { return Ok(None) };
    let is_one_of = |words: &[&str]| words.iter().any(|word| value.eq_ignore_ascii_case(word));
    match (is_one_of(&["1", "true", "yes", "on"]), is_one_of(&["0", "false", "no", "off"])) {
        (true, _) => Ok(Some(true)),
        (false, true) => Ok(Some(false)),
        (false, false) => Err(Refusal::Invalid { field: name.as_str() }),
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

fn handset_class(params: &Params<'_>) -> Result<Option<HandsetClass>, Refusal> {
    let Some(class) = params.get(Name::MessageClass) else { return Ok(None) };
    // One digit: the standard library would take a plus and zeros.
    match class.as_bytes() {
        [digit @ b'0'..=b'3'] => Ok(HandsetClass::from_value(digit - b'0')),
        _ => Err(Refusal::InvalidHandsetClass),
    }
}

/// A network code as answers have it: the digits of a mobile network, or a country's fixed lines such as `GB-FIXED`. Whether
/// there is such a network, and in which country, is judged with the routes.
fn network(params: &Params<'_>) -> Result<Option<Box<str>>, Refusal> {
    let Some(code) = params.get(Name::NetworkCode) else { return Ok(None) };
    let is_mobile = matches!(code.len(), 5 | 6) && code.bytes().all(|byte| byte.is_ascii_digit());
    let is_fixed = code.len() <= NETWORK_CHARS_MAX
        && code.split_once('-').is_some_and(|(country, name)| {
            let is_capitals = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase());
            country.len() == 2 && is_capitals(country) && !name.is_empty() && is_capitals(name)
        });
    match is_mobile || is_fixed {
        true => Ok(Some(code.into())),
        false => Err(Refusal::InvalidNetwork),
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
