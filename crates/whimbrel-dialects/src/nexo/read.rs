//! Reads a request: a code to send, a delivery to look at, the balance.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use whimbrel_core::call::account::AccountCall;
use whimbrel_core::call::history::{HistoryCall, HistoryId};
use whimbrel_core::policy::Signable;
use whimbrel_core::{
    Alphabet, AuthMethod, Call, Content, FormNamed, IdempotencyKey, KeyMode, MessageClass, MessageText, NoticeForm,
    NoticeScope, PhoneNumber, ReceiptWish, Refusal, Registration, Secret, SendCall, SenderId, Span, Telling, Timestamp,
    Uuid,
};

use super::refusal::{self, BODY};
use super::{DESCRIPTOR, phone};
use crate::http::HttpRequest;
use crate::{Claim, Match, Parsed, Reply, own};

/// Where the vendor's API is mounted.
const BASE: &str = "/api/v1/";
/// Our limit. (The vendor names none.)
const BODY_BYTES_MAX: usize = 16 * 1024;
/// What a code is sent as unless the account has words of its own: "is your code", in Vietnamese without accents, so that it fits
/// one part. (ours)
pub(super) const TEMPLATE: &str = "{code} la ma xac thuc cua ban.";
/// What the handset shows as origin unless the account has one of its own. (ours)
const SENDER: &str = "OTP";
/// How long a code is tried: one that comes later is of no use. (ours)
const VALIDITY: Span = Span::seconds(600);
/// Digits that a code may have.
const CODE_DIGITS: std::ops::RangeInclusive<usize> = 4..=8;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Send,
    Delivery,
    Balance,
}

/// What answers need to know of the request, as [`Reply::page`] carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) page: Page,
    pub(super) mode: KeyMode,
}

impl Asked {
    const fn number(self) -> u16 {
        self.page as u16 | ((self.mode as u16) << 8)
    }

    /// Of a reply that this dialect made.
    pub(super) const fn of(reply: &Reply) -> Self {
        let page = match reply.page & 0xff {
            0 => Page::Send,
            1 => Page::Delivery,
            _ => Page::Balance,
        };
        Self { page, mode: if reply.page >> 8 == KeyMode::Test as u16 { KeyMode::Test } else { KeyMode::Live } }
    }
}

/// Reads a request of this API.
pub(super) fn read(request: &HttpRequest<'_>, trace_id: u128, now: Timestamp) -> Match {
    let Some(path) = request.path.strip_prefix(BASE) else { return Match::NotMine };
    let (page, method, id) = match path.strip_suffix('/').unwrap_or(path) {
        "send-otp" => (Page::Send, "POST", ""),
        "balance" => (Page::Balance, "GET", ""),
        path => match path.strip_prefix("deliveries/").filter(|id| !id.contains('/')) {
            Some(id) => (Page::Delivery, "GET", id),
            None => return Match::Answered(refusal::unknown_path()),
        },
    };
    if request.method != method {
        return Match::Answered(refusal::wrong_method(method));
    }
    if request.body.len() > BODY_BYTES_MAX {
        return Match::Answered(refusal::too_large(BODY_BYTES_MAX));
    }
    let bearer = bearer(request);
    let mode = bearer.and_then(|key| DESCRIPTOR.secret_keys.and_then(|form| form.mode(&Secret::new(key))));
    let reply = Reply {
        page: Asked { page, mode: mode.unwrap_or_default() }.number(),
        trace_id: format!("{trace_id:032x}").into(),
        host: request.host_kind(),
        now,
        wording: Default::default(),
        home: Default::default(),
    };
    let claim = bearer.ok_or(Refusal::BadCredentials).map(|key| Claim::SecretKey {
        secret: Secret::new(key),
        method: AuthMethod::SecretKey,
        signable: Signable::No,
    });
    let call = match page {
        Page::Send => send(request, bearer.unwrap_or_default()).map(|send| Call::Send(Box::new(send))),
        Page::Balance => Ok(Call::Account(AccountCall::Balance)),
        // One that is no id of ours is looked for as well, so that nobody sees the difference.
        Page::Delivery => {
            let id = Uuid::parse(id).and_then(Uuid::id).unwrap_or(0);
            Ok(Call::History(HistoryCall::ByIds(vec![HistoryId(id)])))
        }
    };
    Match::Parsed(Box::new(Parsed { claim, call, reply }))
}

/// The key behind `Bearer`, whose case does not matter (RFC 9110 §11.1).
fn bearer<'a>(request: &HttpRequest<'a>) -> Option<&'a str> {
    let (scheme, key) = request.header("authorization")?.trim().split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then_some(key)
}

/// Whatever its `Content-Type` says, the body is JSON: `curl -d` says that it is a form.
fn send(request: &HttpRequest<'_>, key: &str) -> Result<SendCall, Refusal> {
    let body = request.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(request.body);
    let Ok(Value::Object(body)) = serde_json::from_slice(body) else { return Err(Refusal::Invalid { field: BODY }) };
    let recipient = text(&body, "phone").and_then(phone::parse).ok_or(Refusal::Invalid { field: "phone" })?;
    let code = text(&body, "code").filter(|code| is_code(code)).ok_or(Refusal::Invalid { field: "code" })?;
    let class = own::class(request)?.unwrap_or(MessageClass::Otp);
    let idempotency = own::idempotency_key(request)?
        .map(|given| IdempotencyKey { key: given.into(), request_digest: digest(key, &recipient, code) });
    Ok(SendCall {
        content: Content::Text {
            text: MessageText::with_code(TEMPLATE, code).ok_or(Refusal::Internal)?,
            alphabet: Alphabet::Detect,
        },
        recipient,
        sender: SenderId::parse(SENDER).ok_or(Refusal::Internal)?,
        handset_class: None,
        network: None,
        registration: Registration::default(),
        receipt: ReceiptWish::Wanted,
        callback: None,
        telling: Telling { form: NoticeForm(0), named: FormNamed::ByNobody, scope: NoticeScope::End },
        application: None,
        client_ref: None,
        account_ref: None,
        validity: Some(VALIDITY),
        class: Some(class),
        idempotency,
        due_at: None,
        carrier: None,
        mode: KeyMode::Live,
    })
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name)?.as_str()
}

/// A number in JSON is none: its leading zeros would be lost.
pub(super) fn is_code(text: &str) -> bool {
    CODE_DIGITS.contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// The digest of what a request asks for. The key is in it: who reads the store could otherwise try all codes.
fn digest(key: &str, recipient: &PhoneNumber, code: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in ["send-otp", key, recipient.digits(), code] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}
