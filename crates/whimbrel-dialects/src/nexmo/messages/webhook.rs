//! Status webhooks: what became of a message as a whole, signed by a token over the very octets of the body.
//!
//! Follows the vendor's OpenAPI definition 1.4.0 and its guide "Signed Webhooks", read 2026-11: HS256 whatever the account signs
//! requests by, the key is the signature secret as it is written, and `payload_hash` covers the body that is sent.

mod inbound;

use std::borrow::Cow;
use std::ops::RangeInclusive;

use serde::Serialize;
use whimbrel_core::retry::Backoff;
use whimbrel_core::{Money, Notice, ReceiptStatus, ReceiptTold, Span, Told, Uuid};
use whimbrel_signing::UnixSeconds;
use whimbrel_signing::jwt::webhook::{ApiKey, Issuer, NewToken, Payload, sign};

use self::inbound::{Inbound, InboundV01};
use super::super::instant;
use super::{codes, form};
use crate::http::WebhookRequest;
use crate::webhook::random_uuid;
use crate::{CannotSign, Moment, Retried, WebhookRules, WebhookTarget};

const ERRORS: &str = "https://developer.vonage.com/api-errors/messages";
const SUCCESS: RangeInclusive<u16> = 200..=205;

/// How long an endpoint is tried: a client's fault is an answer, not a reason to ask again.
pub(in super::super) const fn rules() -> WebhookRules {
    WebhookRules {
        backoff: Backoff::Doubling {
            first: Span::seconds(5),
            longest: Span::seconds(900),
            give_up_after: Span::hours(24),
        },
        success: SUCCESS,
        retried: Retried::Faults,
        answer_within: Span::seconds(15),
    }
}

/// One try of what `notice` tells.
pub(in super::super) fn webhook(
    notice: &Notice,
    target: WebhookTarget<'_>,
    moment: Moment,
) -> Result<WebhookRequest, CannotSign> {
    let body = match &notice.told {
        Told::Receipt(told) if notice.form == form::V01 => json(&StatusV01::of(notice, told)),
        Told::Receipt(told) => json(&Status::of(notice, told)),
        Told::Inbound(told) if notice.form == form::V01 => json(&InboundV01::of(notice, told)),
        Told::Inbound(told) => json(&Inbound::of(notice, told)),
    };
    let authorization = authorization(notice, target, &body, moment)?;
    Ok(WebhookRequest {
        method: "POST",
        // A fragment is never sent.
        url: target.url.split('#').next().unwrap_or_default().to_owned(),
        headers: vec![("Content-Type", Cow::Borrowed("application/json")), authorization],
        custom: Vec::new(),
        body,
    })
}

/// The same with a body that somebody changed.
pub(in super::super) fn sign_again(
    notice: &Notice,
    mut edited: WebhookRequest,
    target: WebhookTarget<'_>,
    moment: Moment,
) -> Result<WebhookRequest, CannotSign> {
    let authorization = authorization(notice, target, &edited.body, moment)?;
    edited.headers.retain(|(name, _)| *name != authorization.0);
    edited.headers.push(authorization);
    Ok(edited)
}

/// The header with the token.
fn authorization(
    notice: &Notice,
    target: WebhookTarget<'_>,
    body: &[u8],
    moment: Moment,
) -> Result<(&'static str, Cow<'static, str>), CannotSign> {
    let token = token(notice, target, body, moment)?;
    Ok(("Authorization", Cow::Owned(format!("Bearer {token}"))))
}

/// Texts, numbers and names that are texts: nothing that JSON cannot hold.
fn json(document: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(document).unwrap_or_default()
}

fn token(notice: &Notice, target: WebhookTarget<'_>, body: &[u8], moment: Moment) -> Result<String, CannotSign> {
    if target.signature_secret.expose().is_empty() {
        return Err(CannotSign::NoSecret);
    }
    let token_id = random_uuid(moment.chance);
    let token = NewToken {
        issued_at: UnixSeconds(moment.now.unix_seconds()),
        token_id: &token_id,
        issuer: Issuer("Vonage"),
        api_key: ApiKey(&target.account.key),
        application_id: notice.application.and_then(|application| application.to_string().parse().ok()),
    };
    let secret = whimbrel_signing::Secret::new(target.signature_secret.expose());
    // Nothing else can be the matter: the id is a UUID, and the key of an account is short.
    sign(&token, Payload::Body(body), secret).map_err(|_| CannotSign::ShortSecret)
}

/// Version 1, in the order of the definition.
#[derive(Serialize)]
struct Status<'a> {
    message_uuid: String,
    to: &'a str,
    from: &'a str,
    timestamp: String,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Error>,
    channel: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ref: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<Destination<'a>>,
    sms: Sms,
}

#[derive(Serialize)]
struct Error {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    detail: &'static str,
    instance: String,
}

#[derive(Serialize)]
struct Usage {
    currency: String,
    price: String,
}

#[derive(Serialize)]
struct Destination<'a> {
    network_code: &'a str,
}

#[derive(Serialize)]
struct Sms {
    count_total: String,
}

impl<'a> Status<'a> {
    fn of(notice: &Notice, told: &'a ReceiptTold) -> Self {
        let error = error(told).map(|(number, detail)| Error {
            kind: format!("{ERRORS}#{number}"),
            title: number.to_string(),
            detail,
            instance: Uuid::of_id(notice.id.0).to_string(),
        });
        Self {
            message_uuid: Uuid::of_id(told.message_id.0).to_string(),
            to: told.recipient.digits(),
            from: told.sender.as_str(),
            timestamp: instant::to_the_second(notice.happened_at),
            status: status(told),
            error,
            channel: "sms",
            client_ref: told.client_ref.as_deref(),
            usage: usage(told),
            destination: (!told.network.is_empty()).then_some(Destination { network_code: &told.network }),
            sms: Sms { count_total: told.part_count.to_string() },
        }
    }
}

/// Version 0.1, in the order of the definition.
#[derive(Serialize)]
struct StatusV01<'a> {
    message_uuid: String,
    to: Party<'a>,
    from: Party<'a>,
    timestamp: String,
    status: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorV01>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ref: Option<&'a str>,
}

#[derive(Serialize)]
struct Party<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    number: &'a str,
}

#[derive(Serialize)]
struct ErrorV01 {
    code: u16,
    reason: &'static str,
}

impl<'a> StatusV01<'a> {
    fn of(notice: &Notice, told: &'a ReceiptTold) -> Self {
        Self {
            message_uuid: Uuid::of_id(told.message_id.0).to_string(),
            to: Party { kind: "sms", number: told.recipient.digits() },
            from: Party { kind: "sms", number: told.sender.as_str() },
            timestamp: instant::to_the_second(notice.happened_at),
            status: status(told),
            error: error(told).map(|(code, reason)| ErrorV01 { code, reason }),
            usage: usage(told),
            client_ref: told.client_ref.as_deref(),
        }
    }
}

/// A message as a whole is never told as buffered; if it were, it would be on its way.
fn status(told: &ReceiptTold) -> &'static str {
    codes::status(told.report.status).unwrap_or("submitted")
}

fn error(told: &ReceiptTold) -> Option<(u16, &'static str)> {
    match told.report.status {
        ReceiptStatus::Submitted | ReceiptStatus::Accepted | ReceiptStatus::Buffered | ReceiptStatus::Delivered => None,
        ReceiptStatus::Expired | ReceiptStatus::Failed | ReceiptStatus::Rejected | ReceiptStatus::Unknown => {
            Some(codes::error(told.report))
        }
    }
}

/// What all parts cost, where a message is charged: what the carrier has, and what arrived.
fn usage(told: &ReceiptTold) -> Option<Usage> {
    let charged = matches!(told.report.status, ReceiptStatus::Accepted | ReceiptStatus::Delivered);
    let total = told.price.times(u16::from(told.part_count)).filter(|_| charged)?;
    Some(Usage { currency: total.currency.as_str().to_owned(), price: price(total) })
}

/// Four decimals, or as many more as it needs.
fn price(money: Money) -> String {
    let decimals = money.eight_decimals();
    let shortest = decimals.len() - 4;
    let length = decimals.trim_end_matches('0').len().max(shortest);
    decimals[..length].to_owned()
}
