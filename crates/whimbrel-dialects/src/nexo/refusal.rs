//! Refusals: `{"ok":false,"error":"<word>"}`, and by our choice a message for people and what helps a program.
//!
//! The words `invalid_code`, `invalid_phone`, `insufficient_balance`, `ip_not_allowed`, `no_route` and `not_found` are the vendor's
//! (API reference and Node.js guide, read 2026), the status 401 is the guide's; the other words and statuses are ours.

use serde::Serialize;
use whimbrel_core::{KeyMode, Refusal, Span};

use super::amount::Amount;
use super::read::Asked;
use super::{answer, header};
use crate::http::{Headers, HttpResponse};
use crate::{Reply, own};

/// What the whole body is called among fields.
pub(super) const BODY: &str = "body";

/// The document, in this order.
#[derive(Serialize)]
struct Document {
    ok: bool,
    error: &'static str,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit_url: Option<Box<str>>,
}

/// A refusal: status, word, message.
struct Fault {
    status: u16,
    document: Document,
    headers: Headers,
}

impl Fault {
    const fn new(status: u16, error: &'static str, message: &'static str) -> Self {
        let (field, balance, required, retry_after, deposit_url) = (None, None, None, None, None);
        let document = Document { ok: false, error, message, field, balance, required, retry_after, deposit_url };
        Self { status, document, headers: Vec::new() }
    }

    fn field(mut self, field: &'static str) -> Self {
        self.document.field = Some(field);
        self
    }

    /// In whole seconds, at least one: that is all the header can say.
    fn after(mut self, wait: Span) -> Self {
        let seconds = (wait.0.max(1) + 999_999) / 1_000_000;
        self.document.retry_after = Some(seconds);
        self.headers.push(("Retry-After", header(seconds.to_string())));
        self
    }

    fn answer(self) -> HttpResponse {
        answer::with_headers(self.status, self.headers, &self.document)
    }
}

/// A path of the API that there is not.
pub(super) fn unknown_path() -> HttpResponse {
    not_found("there is no such path: see POST /api/v1/send-otp, GET /api/v1/deliveries/{id} and GET /api/v1/balance")
}

/// A delivery that there is not, or that is another account's.
pub(super) fn unknown_delivery() -> HttpResponse {
    not_found("there is no delivery with that id")
}

fn not_found(message: &'static str) -> HttpResponse {
    Fault::new(404, "not_found", message).answer()
}

/// A method that the path does not have.
pub(super) fn wrong_method(allowed: &'static str) -> HttpResponse {
    let mut fault = Fault::new(405, "method_not_allowed", "the path does not have this method: see `Allow`");
    fault.headers.push(("Allow", header(allowed)));
    fault.answer()
}

/// A body that is too long.
pub(super) fn too_large(_bytes_max: usize) -> HttpResponse {
    Fault::new(413, "payload_too_large", "the body is longer than 16,384 bytes").answer()
}

/// A fault of ours.
pub(super) fn internal() -> HttpResponse {
    fault(&Refusal::Internal, KeyMode::Live).answer()
}

/// The answer to a refusal.
pub(super) fn render(refusal: &Refusal, reply: &Reply) -> HttpResponse {
    let mut fault = fault(refusal, Asked::of(reply).mode);
    if matches!(refusal, Refusal::InsufficientFunds { .. }) {
        fault.document.deposit_url.clone_from(&reply.wording.deposit_url);
    }
    fault.answer()
}

fn fault(refusal: &Refusal, mode: KeyMode) -> Fault {
    match refusal {
        Refusal::Missing { field } | Refusal::Invalid { field } => invalid(field),
        Refusal::RecipientNotNumeric => invalid("phone"),
        Refusal::BadCredentials
        | Refusal::CredentialExpired
        | Refusal::ConflictingCredentials
        | Refusal::InvalidSignature
        | Refusal::SignatureRefused { .. }
        | Refusal::SignatureRequired
        | Refusal::SignatureTooWeak { .. }
        | Refusal::MethodNotAllowed { .. } => {
            let message = "the key is missing, unknown or revoked: send `Authorization: Bearer sk_live_...`";
            let mut fault = Fault::new(401, "invalid_api_key", message);
            fault.headers.push(("WWW-Authenticate", header("Bearer")));
            fault
        }
        Refusal::SourceNotAllowed => {
            Fault::new(403, "ip_not_allowed", "the key may not be used from this address: ask your provider")
        }
        Refusal::ScopeNotAllowed { .. } | Refusal::HttpNotAllowed | Refusal::FacilityNotAllowed => {
            Fault::new(403, "forbidden", "the account may not do this: ask your provider")
        }
        Refusal::AccountBarred => Fault::new(403, "account_suspended", "the account is suspended: ask your provider"),
        Refusal::InsufficientFunds { price, balance, .. } => {
            let mut fault = Fault::new(402, "insufficient_balance", "the wallet holds less than the code costs");
            (fault.document.balance, fault.document.required) = (Some(Amount(*balance)), Some(Amount(*price)));
            fault
        }
        Refusal::SpendCapReached { price, balance, .. } => {
            let message = "the account has spent today what it may spend in a day (UTC)";
            let mut fault = Fault::new(402, "spend_cap_reached", message);
            (fault.document.balance, fault.document.required) = (Some(Amount(*balance)), Some(Amount(*price)));
            fault
        }
        Refusal::IdempotencyConflict => Fault::new(
            409,
            "idempotency_conflict",
            "the idempotency key came before with another request, or its message was removed: choose a new one for each code",
        ),
        Refusal::RecipientNotPermitted { .. }
        | Refusal::RecipientBarred { .. }
        | Refusal::RecipientDeactivated { .. } => {
            Fault::new(422, "recipient_not_allowed", "the account may not send to this number").field("phone")
        }
        Refusal::SenderNotAllowed { .. } => {
            Fault::new(422, "sender_not_allowed", "the account's sender may not be used: ask your provider")
        }
        Refusal::Unroutable { .. } => match mode {
            KeyMode::Live => Fault::new(422, "no_route", "no carrier leads to this number").field("phone"),
            KeyMode::Test => {
                let message = "this server has no simulator for test keys: a carrier of that name is to be configured";
                Fault::new(422, "no_route", message)
            }
        },
        Refusal::TooManyRequests(window) => rate_limited("the account sends more requests than it may")
            .after(Span(window.length.0.saturating_sub(window.elapsed.0))),
        Refusal::RecipientThrottled { wait, .. } => {
            rate_limited("the number was sent a code just now, or too many in an hour").field("phone").after(*wait)
        }
        Refusal::SenderThrottled { wait, .. } => {
            rate_limited("the account's sender is used more often than it may").after(wait.unwrap_or(Span::seconds(1)))
        }
        Refusal::TooManyFailures { wait } => {
            rate_limited("too many requests from here could not prove who is calling").after(*wait)
        }
        Refusal::Overloaded => {
            let message = "the gateway has too much to do: send the same request again";
            Fault::new(503, "temporarily_unavailable", message).after(Span::seconds(1))
        }
        Refusal::InvalidValidity
        | Refusal::InvalidHandsetClass
        | Refusal::InvalidCallback(_)
        | Refusal::InvalidNetwork
        | Refusal::TooLong
        | Refusal::Internal => Fault::new(500, "internal_error", "something failed here; nothing was sent or charged"),
    }
}

const fn rate_limited(message: &'static str) -> Fault {
    Fault::new(429, "rate_limited", message)
}

fn invalid(field: &'static str) -> Fault {
    match field {
        "phone" => {
            let message = "`phone` must be a mobile number of Viet Nam, such as +84981234567";
            Fault::new(400, "invalid_phone", message).field("phone")
        }
        "code" => {
            let message = "`code` must be a string of 4 to 8 digits";
            Fault::new(400, "invalid_code", message).field("code")
        }
        BODY => Fault::new(400, "invalid_json", "the body must be a JSON object"),
        own::IDEMPOTENCY_KEY_HEADER => {
            let message = "`Idempotency-Key` must be 1 to 255 visible ASCII characters, once";
            Fault::new(400, "invalid_idempotency_key", message).field(own::IDEMPOTENCY_KEY_HEADER)
        }
        other => Fault::new(400, "invalid_request", "a header or field has a value that cannot be").field(other),
    }
}
