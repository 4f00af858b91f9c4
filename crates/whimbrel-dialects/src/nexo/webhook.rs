//! Webhooks: one POST for each code that was delivered or failed, signed over the very octets of the body.
//!
//! Follows the vendor's guide "Send OTP from cURL" (read 2026): headers, order of the fields, and the signature, whose key is the hash
//! of the secret. The words in `error_code`, the delivery's id in a header, the ping and the schedule are ours.

use std::borrow::Cow;

use serde::Serialize;
use whimbrel_core::retry::Backoff;
use whimbrel_core::{
    Cause, Currency, Final, Money, Notice, ReceiptStatus, ReceiptTold, Span, Timestamp, Told, Uuid, id,
};
use whimbrel_signing::nexo::{Key, sign};

use super::amount::Amount;
use super::{carrier, header, instant, outcome, phone};
use crate::http::WebhookRequest;
use crate::{CannotSign, Retried, WebhookRules, WebhookTarget, WebhookTest};

/// The pauses between tries; after the last the webhook is given up. (ours)
const PAUSES: &[Span] = &[
    Span::seconds(10),
    Span::seconds(60),
    Span::seconds(300),
    Span::seconds(1_800),
    Span::hours(2),
    Span::hours(6),
    Span::hours(12),
    Span::hours(24),
];

/// How long an endpoint is tried.
pub(super) const fn rules() -> WebhookRules {
    WebhookRules {
        backoff: Backoff::Steps(PAUSES),
        success: 200..=299,
        retried: Retried::All,
        answer_within: Span::seconds(10),
    }
}

/// In the guide's order.
#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: &'a str,
    phone: String,
    carrier: &'a str,
    status: &'a str,
    cost: Amount,
    error_code: Option<&'a str>,
    created_at: String,
    completed_at: String,
}

#[derive(Serialize)]
struct Ping<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    id: &'a str,
    created_at: String,
}

/// One try of what `notice` tells. The vendor has no numbers that receive texts: of a text that came in, only that it did is told. (ours)
pub(super) fn webhook(notice: &Notice, target: WebhookTarget<'_>) -> Result<WebhookRequest, CannotSign> {
    let delivery_id = Uuid::of_id(notice.id.0).to_string();
    match &notice.told {
        Told::Receipt(told) => {
            let id = Uuid::of_id(told.message_id.0).to_string();
            signed(&event(notice, told, &id), kind(told.report), delivery_id, target)
        }
        Told::Inbound(told) => {
            let id = Uuid::of_id(told.id.0).to_string();
            let came = Ping { kind: INBOUND, id: &id, created_at: instant(notice.happened_at) };
            signed(&came, INBOUND, delivery_id, target)
        }
    }
}

/// For a customer whom the operator gave a number all the same: that a text came, when, and its id; neither who sent it nor what it says.
const INBOUND: &str = "text.received";
const PING: &str = "ping";
const SIGNATURE: &str = "X-NEXO-Signature";
/// What stands in the place of an id where there is no delivery, as in the guide.
const TEST_ID: &str = "test";

/// A ping, or the event of the guide.
pub(super) fn test(test: WebhookTest, target: WebhookTarget<'_>, now: Timestamp) -> Result<WebhookRequest, CannotSign> {
    match test {
        WebhookTest::Ping => {
            let ping = Ping { kind: PING, id: TEST_ID, created_at: instant(now) };
            signed(&ping, PING, TEST_ID.to_owned(), target)
        }
        WebhookTest::Sample => {
            let end = Final { status: ReceiptStatus::Delivered, cause: Cause::None };
            let event = Event {
                kind: kind(end),
                id: TEST_ID,
                phone: "+84981234567".to_owned(),
                carrier: "viettel",
                status: outcome::status(end),
                cost: Amount(Money::new(2_200_000, Currency::USD)),
                error_code: None,
                created_at: instant(now),
                completed_at: instant(now + Span::seconds(25)),
            };
            signed(&event, event.kind, TEST_ID.to_owned(), target)
        }
    }
}

fn event<'a>(notice: &Notice, told: &'a ReceiptTold, id: &'a str) -> Event<'a> {
    let status = outcome::status(told.report);
    Event {
        kind: kind(told.report),
        id,
        phone: phone::shown(told.recipient.digits()),
        carrier: carrier::word(&told.network),
        status,
        // A code that did not arrive costs nothing. (ours)
        cost: if status == "delivered" { Amount(told.price) } else { Amount::none_of(told.price) },
        error_code: error_code(told.report),
        // The id says when the message was accepted.
        created_at: instant(id::made_at(told.message_id.0)),
        completed_at: instant(notice.happened_at),
    }
}

fn kind(end: Final) -> &'static str {
    if outcome::status(end) == "delivered" { "otp.delivered" } else { "otp.failed" }
}

fn signed(
    document: &impl Serialize,
    kind: &'static str,
    delivery_id: String,
    target: WebhookTarget<'_>,
) -> Result<WebhookRequest, CannotSign> {
    let secret = target.signature_secret.expose();
    if secret.is_empty() {
        return Err(CannotSign::NoSecret);
    }
    // Texts, numbers and words: nothing that JSON cannot hold.
    let body = serde_json::to_vec(document).unwrap_or_default();
    let signature = signature(&body, secret);
    Ok(WebhookRequest {
        method: "POST",
        // A fragment is never sent.
        url: target.url.split('#').next().unwrap_or_default().to_owned(),
        headers: vec![
            ("Content-Type", header("application/json")),
            (SIGNATURE, signature),
            ("X-NEXO-Event-Type", header(kind)),
            ("X-NEXO-Delivery-Id", header(delivery_id)),
            ("User-Agent", header("Whimbrel")),
        ],
        custom: Vec::new(),
        body,
    })
}

/// The same with a body that somebody changed.
pub(super) fn sign_again(mut edited: WebhookRequest, target: WebhookTarget<'_>) -> Result<WebhookRequest, CannotSign> {
    let secret = target.signature_secret.expose();
    if secret.is_empty() {
        return Err(CannotSign::NoSecret);
    }
    let signature = signature(&edited.body, secret);
    edited.headers.retain(|(name, _)| *name != SIGNATURE);
    edited.headers.push((SIGNATURE, signature));
    Ok(edited)
}

fn signature(body: &[u8], secret: &str) -> Cow<'static, str> {
    header(sign(body, &Key::of_secret(whimbrel_signing::Secret::new(secret))).into_string())
}

/// Why a code did not arrive; `None` if it did. Of the ends that a GSM network names (MAP), by what they mean.
pub(super) fn error_code(end: Final) -> Option<&'static str> {
    match end.status {
        ReceiptStatus::Delivered | ReceiptStatus::Submitted | ReceiptStatus::Accepted | ReceiptStatus::Buffered => None,
        ReceiptStatus::Expired => Some("expired"),
        ReceiptStatus::Rejected => Some("rejected"),
        ReceiptStatus::Unknown => Some("unknown"),
        ReceiptStatus::Failed => Some(match end.cause {
            Cause::AbsentForNow | Cause::Busy => "absent_subscriber",
            Cause::AbsentForGood | Cause::IllegalNumber => "unknown_subscriber",
            Cause::Barred | Cause::BlockedByCarrier | Cause::AgeRestricted | Cause::PrepaidFunds => "blocked",
            Cause::NetworkFault | Cause::Unroutable | Cause::Unreachable | Cause::Ported | Cause::General => {
                "carrier_error"
            }
            Cause::Spam | Cause::IllegalMessage | Cause::SenderFilter => "rejected",
            Cause::Deleted => "deleted",
            Cause::None | Cause::Unknown => "unknown",
        }),
    }
}
