//! The vendor's return codes, and which refusal is answered by which.
//!
//! Follows the codes of the vendor's pages and of its PHP client (2026-01), whose newer second table contradicts all other sources and is
//! not followed. Statuses other than 200 for 900 to 903 are our choice: they are safe in every client, where a 200 makes Python's read a
//! balance of 900. `X-Whimbrel-Error` says more, since clients compare whole bodies.

use std::borrow::Cow;

use whimbrel_core::call::journal::{CauseWanted, StateWanted};
use whimbrel_core::{Cause, FieldFault, Final, ReceiptStatus, RecipientBrake, Refusal, SignatureCause, Span};

/// A return code with what an answer says beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Code {
    /// The number.
    pub(super) number: u16,
    /// The status of an answer that consists of it.
    pub(super) status: u16,
    /// A word for the header `X-Whimbrel-Error`.
    pub(super) reason: Option<Cow<'static, str>>,
    /// When to try again.
    pub(super) wait: Option<Span>,
}

impl Code {
    const fn new(number: u16, status: u16) -> Self {
        Self { number, status, reason: None, wait: None }
    }

    fn because(self, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }

    /// Of a refusal.
    pub(super) fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Missing { field: "to" } => Self::new(301, 200),
            Refusal::Missing { field: "text" } => Self::new(305, 200),
            Refusal::Missing { field } => Self::new(700, 200).because(format!("missing_{field}")),
            Refusal::Invalid { field: "from" } => Self::new(201, 200),
            Refusal::Invalid { field: "files" } => Self::new(801, 200).because("files_not_offered"),
            Refusal::Invalid { field } => {
                Self::new(700, 200).because(format!("invalid_{}", field.to_ascii_lowercase().replace('-', "_")))
            }
            Refusal::RecipientNotNumeric => Self::new(202, 200),
            Refusal::InvalidValidity => Self::new(700, 200).because("invalid_ttl"),
            Refusal::InvalidHandsetClass => Self::new(700, 200).because("invalid_flash"),
            Refusal::InvalidCallback(_) => Self::new(700, 200).because("invalid_url"),
            Refusal::InvalidNetwork => Self::new(700, 200).because("invalid_network"),
            Refusal::TooLong => Self::new(401, 200),
            Refusal::FacilityNotAllowed => Self::new(902, 403).because("not_offered"),
            Refusal::BadCredentials | Refusal::ConflictingCredentials => Self::new(900, 401),
            Refusal::CredentialExpired => Self::new(900, 401).because("key_is_over"),
            Refusal::AccountBarred => Self::new(900, 401).because("account_disabled"),
            Refusal::InvalidSignature => Self::new(901, 401).because("signature_mismatch"),
            Refusal::SignatureRefused { cause } => Self::new(901, 401).because(signature_word(*cause)),
            Refusal::SignatureRequired => Self::new(901, 401).because("signature_missing"),
            Refusal::SignatureTooWeak { .. } => Self::new(901, 401).because("signature_too_weak"),
            Refusal::MethodNotAllowed { .. } => Self::new(902, 403).because("way_not_allowed"),
            Refusal::ScopeNotAllowed { .. } => Self::new(902, 403).because("scope_not_allowed"),
            Refusal::HttpNotAllowed => Self::new(902, 403).because("http_not_allowed"),
            Refusal::SourceNotAllowed => Self::new(903, 403),
            Refusal::TooManyFailures { wait } => Self { wait: Some(*wait), ..Self::new(403, 429).because("failures") },
            Refusal::TooManyRequests(window) => {
                let left = Span((window.length.0 - window.elapsed.0).max(0));
                Self { wait: Some(left), ..Self::new(403, 429).because("rate_limited") }
            }
            Refusal::SenderThrottled { wait, .. } => {
                Self { wait: *wait, ..Self::new(403, 429).because("sender_rate_limited") }
            }
            Refusal::RecipientThrottled { brake: RecipientBrake::Repeat, wait, .. } => {
                Self { wait: Some(*wait), ..Self::new(402, 200).because("reload_lock") }
            }
            Refusal::RecipientThrottled { brake: RecipientBrake::Rate, wait, .. } => {
                Self { wait: Some(*wait), ..Self::new(403, 429).because("recipient_rate_limited") }
            }
            Refusal::RecipientNotPermitted { .. } => Self::new(700, 200).because("recipient_not_permitted"),
            Refusal::RecipientBarred { .. } => Self::new(700, 200).because("recipient_barred"),
            Refusal::RecipientDeactivated { .. } => Self::new(202, 200).because("recipient_deactivated"),
            Refusal::SenderNotAllowed { .. } => Self::new(201, 200).because("sender_not_allowed"),
            Refusal::Unroutable { .. } => Self::new(202, 200).because("no_route"),
            Refusal::InsufficientFunds { .. } => Self::new(500, 200),
            Refusal::SpendCapReached { .. } => Self::new(500, 200).because("spend_cap"),
            Refusal::IdempotencyConflict => Self::new(700, 409).because("idempotency_conflict"),
            Refusal::Overloaded => Self { wait: Some(Span::seconds(1)), ..Self::new(600, 503).because("overloaded") },
            Refusal::Internal => Self::new(600, 500),
        }
    }

    /// What the refusal of one recipient means, in the words of the vendor's pages.
    pub(super) fn text_of(refusal: &Refusal) -> &'static str {
        match refusal {
            Refusal::IdempotencyConflict => "Was sent before under this idempotency key, and removed since",
            Refusal::RecipientNotPermitted { .. } => "The account may not send to this number",
            Refusal::RecipientBarred { .. } => "This number is not to be sent to",
            _ => Self::text(Self::of(refusal).number),
        }
    }

    /// What a code means, in the words of the vendor's pages.
    pub(super) const fn text(number: u16) -> &'static str {
        match number {
            900 => "No key, or none that is known",
            901 => "The signature does not hold",
            902 => "The key may not do this, or it is not offered",
            903 => "The key may not be used from this address",
            201 => "Sender invalid",
            202 => "Recipient number invalid",
            401 => "Text too long",
            402 => "Reload lock: same text to same recipient",
            403 => "Limit reached",
            500 => "Not enough credit",
            600 => "Error while sending",
            _ => "Unknown error",
        }
    }
}

/// A fault of a request that is told by a document of its own.
pub(super) fn fault_text(detail: &str, fields: &[FieldFault]) -> String {
    let fields = fields.iter().map(|field| format!("{}: {}", field.name, field.reason));
    let all = Some(detail.to_owned()).into_iter().filter(|detail| !detail.is_empty()).chain(fields);
    all.collect::<Vec<_>>().join("; ")
}

const fn signature_word(cause: SignatureCause) -> &'static str {
    match cause {
        SignatureCause::Missing => "signature_missing",
        SignatureCause::Malformed => "header_malformed",
        SignatureCause::Nonce => "nonce_invalid",
        SignatureCause::TooOld => "timestamp_too_old",
        SignatureCause::TooNew => "timestamp_in_future",
        SignatureCause::Mismatch => "signature_mismatch",
        SignatureCause::Replayed => "nonce_reused",
    }
}

/// How far messages are that have this word; `None` if it is none of the vendor's.
pub(super) fn wanted(word: &str) -> Option<StateWanted> {
    let (status, cause) = match &*word.to_ascii_uppercase() {
        "TRANSMITTED" => (ReceiptStatus::Submitted, CauseWanted::Any),
        "ACCEPTED" => (ReceiptStatus::Accepted, CauseWanted::Any),
        "BUFFERED" => (ReceiptStatus::Buffered, CauseWanted::Any),
        "DELIVERED" => (ReceiptStatus::Delivered, CauseWanted::Any),
        "EXPIRED" => (ReceiptStatus::Expired, CauseWanted::Any),
        "FAILED" => (ReceiptStatus::Failed, CauseWanted::Only(Cause::General)),
        "NOTDELIVERED" => (ReceiptStatus::Failed, CauseWanted::AllBut(Cause::General)),
        "REJECTED" => (ReceiptStatus::Rejected, CauseWanted::Any),
        "UNKNOWN" => (ReceiptStatus::Unknown, CauseWanted::Any),
        _ => return None,
    };
    Some(StateWanted { status, cause })
}

/// The vendor's word for how far a message is. A text that was called back counts as deleted, which the vendor calls failed.
pub(super) const fn status(report: Final) -> &'static str {
    match (report.status, report.cause) {
        (ReceiptStatus::Submitted, _) => "TRANSMITTED",
        (ReceiptStatus::Accepted, _) => "ACCEPTED",
        (ReceiptStatus::Buffered, _) => "BUFFERED",
        (ReceiptStatus::Delivered, _) => "DELIVERED",
        (ReceiptStatus::Expired, _) => "EXPIRED",
        (ReceiptStatus::Failed, Cause::General) => "FAILED",
        (ReceiptStatus::Failed, _) => "NOTDELIVERED",
        (ReceiptStatus::Rejected, _) => "REJECTED",
        (ReceiptStatus::Unknown, _) => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_asks_for_what_it_tells() {
        for status in [
            ReceiptStatus::Submitted,
            ReceiptStatus::Accepted,
            ReceiptStatus::Buffered,
            ReceiptStatus::Delivered,
            ReceiptStatus::Expired,
            ReceiptStatus::Failed,
            ReceiptStatus::Rejected,
            ReceiptStatus::Unknown,
        ] {
            for cause in [Cause::None, Cause::General, Cause::AbsentForGood] {
                let report = Final { status, cause };
                let word = self::status(report);
                let fitting: Vec<&str> = WORDS.into_iter().filter(|word| fits(word, report)).collect();
                assert_eq!(fitting, [word], "{report:?}");
            }
        }
        assert!(wanted("delivered").is_some_and(|state| !state.fits(None)), "whatever the case");
        assert_eq!(wanted("completed"), None);
    }

    const WORDS: [&str; 9] = [
        "TRANSMITTED",
        "ACCEPTED",
        "BUFFERED",
        "DELIVERED",
        "EXPIRED",
        "FAILED",
        "NOTDELIVERED",
        "REJECTED",
        "UNKNOWN",
    ];

    fn fits(word: &str, report: Final) -> bool {
        wanted(word).expect("the vendor's word").fits(Some(report))
    }
}
