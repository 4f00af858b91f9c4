//! What a call came to, as an answer.

use serde::Serialize;
use whimbrel_core::call::account::AccountOutcome;
use whimbrel_core::call::history::{HistoryOutcome, HistoryPart, SentPart};
use whimbrel_core::{Accepted, Buckets, Final, Money, Outcome, ReceiptStatus, Uuid};

use super::amount::Amount;
use super::webhook::error_code;
use super::{answer, carrier, instant, phone, refusal};
use crate::Reply;
use crate::http::HttpResponse;

/// The answer to a request.
pub(super) fn render(outcome: &Outcome, reply: &Reply) -> HttpResponse {
    match outcome {
        Outcome::Sent(accepted) => sent(accepted),
        Outcome::Account(AccountOutcome::Balance { available, buckets, .. }) => balance(*available, *buckets),
        Outcome::History(HistoryOutcome::Parts { parts, .. }) => match parts.as_slice() {
            [HistoryPart::Sent(part)] => delivery(part),
            _ => refusal::unknown_delivery(),
        },
        Outcome::Refused(refused) => refusal::render(refused, reply),
        _ => refusal::internal(),
    }
}

#[derive(Serialize)]
struct Sent<'a> {
    ok: bool,
    id: String,
    carrier: &'a str,
    status: &'a str,
    cost: Amount,
    balance: Amount,
}

fn sent(accepted: &Accepted) -> HttpResponse {
    // A message has a part; its last one leaves the balance of now.
    let Some(last) = accepted.parts.last() else { return refusal::internal() };
    let cost = accepted.parts.iter().map(|part| part.price.units).sum();
    let document = Sent {
        ok: true,
        id: Uuid::of_id(accepted.message_id.0).to_string(),
        carrier: carrier::word(&accepted.network),
        status: "sent",
        cost: Amount(Money::new(cost, last.price.currency)),
        balance: Amount(last.balance),
    };
    answer::json(202, &document)
}

/// The fields of the guide's sample and of the reference together: each has some that the other lacks.
#[derive(Serialize)]
struct Delivery<'a> {
    ok: bool,
    id: String,
    phone: String,
    carrier: &'a str,
    status: &'a str,
    cost: Amount,
    error_code: Option<&'a str>,
    carrier_status: Option<&'a str>,
    created_at: String,
    completed_at: Option<String>,
}

fn delivery(part: &SentPart) -> HttpResponse {
    let end = part.end.map(|(end, _)| end);
    let status = end.map_or("sent", status);
    let document = Delivery {
        ok: true,
        id: Uuid::of_id(part.id.0).to_string(),
        phone: phone::shown(&part.recipient),
        carrier: carrier::word(&part.network),
        status,
        cost: if status == "failed" { Amount::none_of(part.price) } else { Amount(part.price) },
        error_code: end.and_then(error_code),
        carrier_status: end.map(|end| carrier_status(end.status)),
        created_at: instant(part.accepted_at),
        completed_at: part.end.map(|(_, at)| instant(at)),
    };
    answer::json(200, &document)
}

/// The vendor knows two ends.
pub(super) fn status(end: Final) -> &'static str {
    match end.status {
        ReceiptStatus::Delivered => "delivered",
        ReceiptStatus::Submitted | ReceiptStatus::Accepted | ReceiptStatus::Buffered => "sent",
        ReceiptStatus::Expired | ReceiptStatus::Failed | ReceiptStatus::Rejected | ReceiptStatus::Unknown => "failed",
    }
}

/// `success` is in the reference; of failures, the word that SMPP has for them, in small letters. (ours)
const fn carrier_status(status: ReceiptStatus) -> &'static str {
    match status {
        ReceiptStatus::Delivered => "success",
        ReceiptStatus::Submitted | ReceiptStatus::Accepted => "acceptd",
        ReceiptStatus::Buffered => "enroute",
        ReceiptStatus::Expired => "expired",
        ReceiptStatus::Failed => "undeliv",
        ReceiptStatus::Rejected => "rejectd",
        ReceiptStatus::Unknown => "unknown",
    }
}

#[derive(Serialize)]
struct Wallet {
    ok: bool,
    balance: Amount,
    buckets: InBuckets,
}

#[derive(Serialize)]
struct InBuckets {
    balance: Amount,
    bonus_credit: Amount,
    free_credit: Amount,
}

fn balance(available: Money, buckets: Buckets) -> HttpResponse {
    let Buckets { balance, bonus_credit, free_credit } = buckets;
    let buckets =
        InBuckets { balance: Amount(balance), bonus_credit: Amount(bonus_credit), free_credit: Amount(free_credit) };
    answer::json(200, &Wallet { ok: true, balance: Amount(available), buckets })
}
