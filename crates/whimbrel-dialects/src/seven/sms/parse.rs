//! From the parameters of `/api/sms` to a call. Follows the vendor's page "Send SMS" and its clients, read 2026-11.

use sha2::{Digest as _, Sha256};
use whimbrel_core::call::many::{Addressee, ManyCall, Repeats, Trial};
use whimbrel_core::{
    Alphabet, Binary, Call, Content, FormNamed, HandsetClass, Home, IdempotencyKey, MessageCall, MessageOctets,
    MessageText, NoticeForm, NoticeScope, PhoneNumber, Refusal, SenderId, Span, Telling, Timestamp, country,
};

use crate::http::HttpRequest;
use crate::own;
use crate::seven::params::Params;
use crate::seven::{ids, zone};

/// Characters of a text at most.
const TEXT_CHARS_MAX: usize = 1_520;
/// Characters of a sender at most: of a name, and of digits.
const NAME_CHARS_MAX: usize = 11;
const DIGITS_MAX: usize = 16;
/// Characters of a label and of a foreign id at most.
const LABEL_CHARS_MAX: usize = 100;
const FOREIGN_ID_CHARS_MAX: usize = 64;
/// Minutes that a message is tried: if nothing is said, and at most. What asks for more gets as much as carriers give; old samples, which
/// count in milliseconds, go through so.
const TTL_MINUTES: i64 = 2_880;
const TTL_MINUTES_MAX: i64 = 10_080;
/// The sender of a text, where neither its request nor the account names one.
const SENDER: &str = "SMS";
/// What numbers in national form begin with internationally, where the account says nothing: Germany.
const CALLING_CODE: &str = "49";

/// Reads a request to send.
pub(in crate::seven) fn send(
    request: &HttpRequest<'_>,
    params: &Params,
    now: Timestamp,
    home: &Home,
) -> Result<Call, Refusal> {
    let addressees = addressees(params.all("to"), home);
    if addressees.is_empty() {
        return Err(Refusal::Missing { field: "to" });
    }
    let text = params.get("text").ok_or(Refusal::Missing { field: "text" })?;
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(Refusal::TooLong);
    }
    let sender = params.get("from").map_or_else(|| Ok(usual_sender(home)), sender)?;
    if params.all("files").any(|file| !file.is_empty()) {
        return Err(Refusal::Invalid { field: "files" });
    }
    let mark = |field: &'static str, chars_max| match params.get(field) {
        Some(mark) if is_mark(mark, chars_max) => Ok(Some(mark.into())),
        Some(_) => Err(Refusal::Invalid { field }),
        None => Ok(None),
    };
    let idempotency = own::idempotency_key(request)?;
    Ok(Call::SendMany(Box::new(ManyCall {
        addressees,
        sender,
        content: content(params, text)?,
        handset_class: params.is_on("flash").then_some(HandsetClass::Flash),
        telling: Telling { form: NoticeForm(0), named: FormNamed::ByRequest, scope: NoticeScope::Progress },
        client_ref: mark("foreign_id", FOREIGN_ID_CHARS_MAX)?,
        account_ref: mark("label", LABEL_CHARS_MAX)?,
        validity: Some(validity(params.get("ttl"))?),
        due_at: params.get("delay").map(|delay| due_at(delay, now, home)).transpose()?,
        class: own::class(request)?,
        repeats: if params.is_on("no_reload") { Repeats::Meant } else { Repeats::Judged },
        trial: if params.is_on("debug") { Trial::Yes } else { Trial::No },
        idempotency: idempotency.map(|key| IdempotencyKey { key: key.into(), request_digest: digest(params) }),
    })))
}

/// Reads a request to call messages back.
pub(in crate::seven) fn cancel(params: &Params) -> Result<Call, Refusal> {
    ids::names(params.all("ids")).map(|names| Call::Message(MessageCall::Cancel(names)))
}

/// To whom, in order; numbers that are written in several ways are one.
fn addressees<'a>(values: impl Iterator<Item = &'a str>, home: &Home) -> Vec<Addressee> {
    let items = values.flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| addressee(item, home)).collect()
}

fn addressee(item: &str, home: &Home) -> Addressee {
    if let Some(number) = number(item, home) {
        return Addressee::Number(number);
    }
    match item.chars().any(char::is_alphabetic) {
        true => Addressee::Name(item.into()),
        false => Addressee::Unreadable(item.chars().take(TEXT_CHARS_MAX).collect::<String>().into()),
    }
}

/// A number as people write it: international behind `+` or `00`, national behind `0`, else international as it stands.
pub(in crate::seven) fn number(text: &str, home: &Home) -> Option<PhoneNumber> {
    let kept: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '/' | '(' | ')' | '.')).collect();
    let digits = match (kept.strip_prefix('+').or_else(|| kept.strip_prefix("00")), kept.strip_prefix('0')) {
        (Some(international), _) => international.to_owned(),
        (None, Some(national)) => format!("{}{national}", calling_code(home)),
        (None, None) => kept,
    };
    let is_sane = !digits.starts_with('0');
    PhoneNumber::from_digits(&digits).ok().filter(|_| is_sane)
}

/// What numbers in national form begin with internationally.
fn calling_code(home: &Home) -> &'static str {
    home.country.and_then(country::find).map_or(CALLING_CODE, |country| country.calling_code)
}

/// The sender of a text whose request names none.
fn usual_sender(home: &Home) -> SenderId {
    home.sender.clone().unwrap_or_else(|| SenderId::Name(SENDER.into()))
}

/// Digits, or a name with the characters that the vendor's pages allow.
fn sender(text: &str) -> Result<SenderId, Refusal> {
    const REFUSED: Refusal = Refusal::Invalid { field: "from" };
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return (digits.len() <= DIGITS_MAX).then(|| SenderId::parse(text)).flatten().ok_or(REFUSED);
    }
    let is_allowed = |c: char| c.is_alphanumeric() || "/ .-@_!()+$,&".contains(c);
    let is_name = !text.is_empty() && text.chars().count() <= NAME_CHARS_MAX && text.chars().all(is_allowed);
    if is_name { Ok(SenderId::Name(text.into())) } else { Err(REFUSED) }
}

/// A text, or the octets that it writes in hexadecimal digits where it comes with a header.
fn content(params: &Params, text: &str) -> Result<Content, Refusal> {
    const REFUSED: Refusal = Refusal::Invalid { field: "udh" };
    let Some(udh) = params.get("udh") else {
        let alphabet = if params.is_on("unicode") { Alphabet::Ucs2 } else { Alphabet::Detect };
        return Ok(Content::Text { text: MessageText::new(text), alphabet });
    };
    let (header, body) = (octets(udh).ok_or(REFUSED)?, octets(text).ok_or(REFUSED)?);
    Ok(Content::Binary(Binary { header: MessageOctets::new(header), body: MessageOctets::new(body), protocol_id: 0 }))
}

fn octets(digits: &str) -> Option<Vec<u8>> {
    let digit = |octet: &u8| char::from(*octet).to_digit(16);
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let octet = |[high, low]: &[u8; 2]| Some((digit(high)? << 4 | digit(low)?) as u8);
    rest.is_empty().then(|| pairs.iter().map(octet).collect()).flatten()
}

fn is_mark(mark: &str, chars_max: usize) -> bool {
    mark.len() <= chars_max && mark.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-@_".contains(&byte))
}

fn validity(ttl: Option<&str>) -> Result<Span, Refusal> {
    let minutes = match ttl {
        None => TTL_MINUTES,
        Some(ttl) if !ttl.is_empty() && ttl.bytes().all(|byte| byte.is_ascii_digit()) => {
            ttl.parse().map_or(TTL_MINUTES_MAX, |minutes: i64| minutes.min(TTL_MINUTES_MAX))
        }
        Some(_) => return Err(Refusal::InvalidValidity),
    };
    if minutes == 0 { Err(Refusal::InvalidValidity) } else { Ok(Span::seconds(minutes * 60)) }
}

fn due_at(delay: &str, now: Timestamp, home: &Home) -> Result<Timestamp, Refusal> {
    let at = zone::delay(zone::of(home), delay).filter(|at| at.since(now) <= zone::DELAY_MAX);
    at.ok_or(Refusal::Invalid { field: "delay" })
}

/// A digest of what is asked for; who asks and how is no part of it.
fn digest(params: &Params) -> [u8; 32] {
    let mut digest = Sha256::new();
    for (name, value) in params.pairs().filter(|(name, _)| !matches!(*name, "p" | "u")) {
        for text in [name, value] {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        }
    }
    digest.finalize().into()
}
