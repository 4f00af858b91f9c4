//! What a caller wants: one message, checked.
//!
//! The vendor does not publish the order of its checks; ours is body, channel, type, recipient, sender, content, mark, and the
//! options, all of which are told at once.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use whimbrel_core::{
    Alphabet, Call, Content, Faulty, FieldFault, FormNamed, IdempotencyKey, MessageClass, MessageText, NoticeScope,
    PhoneNumber, ReceiptWish, Refusal, Registration, Scope, SendCall, SenderId, Span, Telling,
};

use super::super::url;
use super::{codes, form};
use crate::http::HttpRequest;
use crate::own;

/// The definition says 1000; the vendor's Python library of today (vonage 4.9.1) lets 3200 through, as the SMS API does.
const TEXT_CHARS_MAX: usize = 3_200;
/// Older pages of the reference say 40.
const CLIENT_REF_CHARS_MAX: usize = 100;
const MARK_CHARS_MAX: usize = 100;
/// What an address field of SMPP holds (SMPP 3.4 §5.2.8).
const SENDER_CHARS_MAX: usize = 20;
/// Seconds; the range is that of the SMS API.
const TTL_SECONDS: std::ops::RangeInclusive<i64> = 20..=604_800;
/// Channels that the vendor has and a gateway for texts has no provider for.
const OTHER_CHANNELS: &[&str] = &["mms", "whatsapp", "messenger", "viber_service", "viber", "rcs"];

/// Reads the message.
pub(super) fn call(request: &HttpRequest<'_>) -> Result<Call, Refusal> {
    let class = own::class(request)?;
    let key = own::idempotency_key(request)?;
    let body = match object(request.body) {
        Ok(body) => body,
        Err(faulty) => return Ok(Call::Faulty(faulty)),
    };
    let idempotency = key.map(|key| IdempotencyKey { key: key.into(), request_digest: digest(&body, class) });
    let send = message(&body, "").map(|send| SendCall { class, idempotency, ..send });
    Ok(send.map_or_else(Call::Faulty, |send| Call::Send(Box::new(send))))
}

/// Reads what a message is to be marked as.
pub(super) fn mark(body: &[u8]) -> Result<(), Faulty> {
    let body = object(body)?;
    match body.get("status").and_then(Value::as_str) {
        Some("read" | "revoked") => Ok(()),
        _ => Err(invalid(codes::INVALID_PARAMS, "", "status", "must be one of: read, revoked")),
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Faulty> {
    let unread =
        |why: &str| Faulty { scope: Scope::Send, kind: codes::INVALID_JSON, detail: why.into(), fields: Vec::new() };
    match serde_json::from_slice(body) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(unread("The request body must be a JSON object")),
        Err(error) => Err(unread(&error.to_string())),
    }
}

/// One message, whose fields stand below `place`.
fn message(body: &Map<String, Value>, place: &str) -> Result<SendCall, Faulty> {
    channel(body, place)?;
    message_type(body, place)?;
    let recipient = recipient(body, place)?;
    let sender = sender(body, place)?;
    let mut faults = Faults { place, fields: Vec::new() };
    let text = text(body, &mut faults);
    let sms = Sms::read(body, place)?;
    // Taken at both places where the vendor's clients send it, and without effect here.
    if !matches!(body.get("trusted_recipient"), None | Some(Value::Null | Value::Bool(_))) {
        faults.add::<()>("trusted_recipient", "must be a boolean");
    }
    let client_ref = client_ref(body, place)?;
    let validity = validity(body, &mut faults);
    let callback = match faults.text(body, "webhook_url") {
        Some(url) if url::stored(url).is_err() => faults.add("webhook_url", "must be a valid http or https URL"),
        url => url.map(Box::from),
    };
    let telling = telling(body, &mut faults);
    if body.contains_key("failover") {
        faults.add::<()>("failover", "is not offered here: send the next message when this one is rejected");
    }
    if !faults.fields.is_empty() {
        return Err(faulty(codes::INVALID_PARAMS, faults.fields));
    }
    Ok(SendCall {
        recipient,
        sender,
        content: Content::Text { text: MessageText::new(text), alphabet: sms.alphabet },
        handset_class: None,
        network: None,
        registration: sms.registration,
        receipt: ReceiptWish::Wanted,
        callback,
        telling,
        application: None,
        client_ref,
        account_ref: None,
        validity,
        class: None,
        idempotency: None,
        due_at: None,
        carrier: None,
        mode: whimbrel_core::KeyMode::Live,
    })
}

fn channel(body: &Map<String, Value>, place: &str) -> Result<(), Faulty> {
    let fault = |kind, reason| Err(invalid(kind, place, "channel", reason));
    match body.get("channel").filter(|channel| !channel.is_null()) {
        None => fault(codes::INVALID_PARAMS, "is required."),
        Some(Value::String(channel)) if channel == "sms" => Ok(()),
        Some(Value::String(channel)) if OTHER_CHANNELS.contains(&channel.as_str()) => {
            fault(codes::UNSUPPORTED_CHANNEL, "no provider is configured for this channel")
        }
        Some(_) => fault(codes::UNSUPPORTED_CHANNEL, "must be one of: sms"),
    }
}

fn message_type(body: &Map<String, Value>, place: &str) -> Result<(), Faulty> {
    let fault = |kind, reason| Err(invalid(kind, place, "message_type", reason));
    match body.get("message_type").filter(|kind| !kind.is_null()) {
        None => fault(codes::INVALID_PARAMS, "is required."),
        Some(Value::String(kind)) if kind == "text" => Ok(()),
        Some(_) => fault(codes::INVALID_MESSAGE_TYPE, "must be one of: text"),
    }
}

fn recipient(body: &Map<String, Value>, place: &str) -> Result<PhoneNumber, Faulty> {
    match address(body, "to") {
        None => Err(invalid(codes::INVALID_PARAMS, place, "to", "is required.")),
        Some(to) => PhoneNumber::parse(&to)
            .map_err(|_| invalid(codes::INVALID_RECIPIENT, place, "to", "must be a number of 7 to 15 digits")),
    }
}

fn sender(body: &Map<String, Value>, place: &str) -> Result<SenderId, Faulty> {
    let Some(from) = address(body, "from") else {
        return Err(invalid(codes::INVALID_PARAMS, place, "from", "is required."));
    };
    let sender = SenderId::parse(&from).filter(|sender| own::is_visible(sender.as_str(), SENDER_CHARS_MAX));
    sender.ok_or_else(|| {
        invalid(codes::INVALID_SENDER, place, "from", "must be a number or a name that networks can carry")
    })
}

/// A number may come as one: it counts as it is spelled.
fn address(body: &Map<String, Value>, name: &str) -> Option<String> {
    match body.get(name)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null => None,
        _ => Some("?".to_owned()),
    }
}

fn text(body: &Map<String, Value>, faults: &mut Faults<'_>) -> String {
    match body.get("text") {
        Some(Value::String(text)) if !text.is_empty() => {
            if text.chars().nth(TEXT_CHARS_MAX).is_some() {
                faults.add::<()>("text", "must have at most 3200 characters");
            }
            text.clone()
        }
        None | Some(Value::Null | Value::String(_)) => faults.add("text", "is required."),
        Some(_) => faults.add("text", "must be a string"),
    }
}

/// What the channel itself can be told.
struct Sms {
    alphabet: Alphabet,
    registration: Registration,
}

impl Sms {
    fn read(body: &Map<String, Value>, place: &str) -> Result<Self, Faulty> {
        let mut faults = Faults { place, fields: Vec::new() };
        let empty = Map::new();
        let options = match body.get("sms") {
            None | Some(Value::Null) => &empty,
            Some(Value::Object(options)) => options,
            Some(_) => return Err(invalid(codes::INVALID_CHANNEL_PARAMS, place, "sms", "must be an object")),
        };
        let below = |name: &'static str, path: &'static str, faults: &mut Faults<'_>| match options.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.chars().nth(MARK_CHARS_MAX).is_none() => {
                Some(Box::<str>::from(text.as_str())).filter(|text| !text.is_empty())
            }
            Some(_) => faults.add(path, "must be a string of at most 100 characters"),
        };
        let alphabet = match options.get("encoding_type") {
            None | Some(Value::Null) => Alphabet::Detect,
            Some(Value::String(kind)) => match kind.as_str() {
                "auto" => Alphabet::Detect,
                "text" => Alphabet::Gsm7Lossy,
                "unicode" => Alphabet::Ucs2,
                _ => faults.alphabet(),
            },
            Some(_) => faults.alphabet(),
        };
        let entity = below("entity_id", "sms.entity_id", &mut faults);
        let template = below("content_id", "sms.content_id", &mut faults);
        // Taken as the vendor's clients send them, and without effect here.
        let _pool = below("pool_id", "sms.pool_id", &mut faults);
        if !matches!(options.get("trusted_recipient"), None | Some(Value::Null | Value::Bool(_))) {
            faults.add::<()>("sms.trusted_recipient", "must be a boolean");
        }
        match faults.fields.is_empty() {
            true => Ok(Self { alphabet, registration: Registration { entity, template } }),
            false => Err(faulty(codes::INVALID_CHANNEL_PARAMS, faults.fields)),
        }
    }
}

fn client_ref(body: &Map<String, Value>, place: &str) -> Result<Option<Box<str>>, Faulty> {
    match body.get("client_ref") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(mark)) if mark.chars().nth(CLIENT_REF_CHARS_MAX).is_none() => {
            Ok(Some(Box::<str>::from(mark.as_str())).filter(|mark| !mark.is_empty()))
        }
        Some(_) => {
            let reason = "must be a string of at most 100 characters";
            Err(invalid(codes::INVALID_CLIENT_REF, place, "client_ref", reason))
        }
    }
}

fn validity(body: &Map<String, Value>, faults: &mut Faults<'_>) -> Option<Span> {
    let ttl = body.get("ttl").filter(|ttl| !ttl.is_null())?;
    match ttl.as_i64().filter(|seconds| TTL_SECONDS.contains(seconds)) {
        Some(seconds) => Some(Span::seconds(seconds)),
        None => faults.add("ttl", "must be between 20 and 604800"),
    }
}

fn telling(body: &Map<String, Value>, faults: &mut Faults<'_>) -> Telling {
    let usual = Telling { form: form::V1, named: FormNamed::ByNobody, scope: NoticeScope::Message };
    match faults.text(body, "webhook_version") {
        None => usual,
        Some(version) => match form::of_version(Some(version)) {
            Some(form) => Telling { form, named: FormNamed::ByRequest, ..usual },
            None => {
                faults.add::<()>("webhook_version", "must be one of: v0.1, v1");
                usual
            }
        },
    }
}

/// What is wrong with the fields of a message.
struct Faults<'a> {
    /// Where the message stands in the body: `failover[0].`, or nothing.
    place: &'a str,
    fields: Vec<FieldFault>,
}

impl Faults<'_> {
    /// Notes a fault; what stands for the value that the field should have had.
    fn add<T: Default>(&mut self, name: &'static str, reason: &'static str) -> T {
        self.fields.push(field(self.place, name, reason));
        T::default()
    }

    fn alphabet(&mut self) -> Alphabet {
        self.add::<()>("sms.encoding_type", "must be one of: text, unicode, auto");
        Alphabet::Detect
    }

    /// A text that may be absent; empty counts as absent.
    fn text<'b>(&mut self, body: &'b Map<String, Value>, name: &'static str) -> Option<&'b str> {
        match body.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.as_str()).filter(|text| !text.is_empty()),
            Some(_) => self.add(name, "must be a string"),
        }
    }
}

fn field(place: &str, name: &'static str, reason: &'static str) -> FieldFault {
    let name = if place.is_empty() { name.into() } else { format!("{place}{name}").into() };
    FieldFault { name, reason: reason.into() }
}

fn invalid(kind: u16, place: &str, name: &'static str, reason: &'static str) -> Faulty {
    faulty(kind, vec![field(place, name, reason)])
}

fn faulty(kind: u16, fields: Vec<FieldFault>) -> Faulty {
    Faulty { scope: Scope::Send, kind, detail: Box::default(), fields }
}

/// A digest of everything that the request asks for, in whatever order its fields came, and of the class.
fn digest(body: &Map<String, Value>, class: Option<MessageClass>) -> [u8; 32] {
    let mut hash = Sha256::new();
    // Keys of an object stand in order: the same fields are the same text.
    hash.update(serde_json::to_vec(body).unwrap_or_default());
    if let Some(class) = class {
        hash.update(class.as_str());
    }
    hash.finalize().into()
}
