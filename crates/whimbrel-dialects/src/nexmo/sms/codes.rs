//! What each refusal is called on the wire: a status and a text, and what each end of a part is called in a receipt.
//!
//! Follows the status table of the vendor's SMS API reference and captured answers, read 2026-11. Clients branch on the
//! texts too (PHP looks for a waiting time in that of status 1), so they are literal. The matches are exhaustive: a new
//! [`Refusal`] or [`Cause`] does not compile until it has its answer here.

use std::borrow::Cow;

use whimbrel_core::part::Final;
use whimbrel_core::{CallbackFault, Cause, RateWindow, ReceiptStatus, Refusal, Span};

use crate::own;

/// A status with its text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Code {
    /// `status`, always sent as a string.
    pub(super) status: &'static str,
    /// `error-text`.
    pub(super) text: Cow<'static, str>,
}

/// The answer to a refusal.
pub(super) fn code(refusal: &Refusal) -> Code {
    let (status, text) = match refusal {
        Refusal::Overloaded | Refusal::SenderThrottled { wait: None, .. } => {
            ("1", "Throughput Rate Exceeded - please wait and retry")
        }
        Refusal::SenderThrottled { wait: Some(wait), .. } => return Code { status: "1", text: throttled(*wait) },
        // What a client that backs off at a throttle does is what stops the failures. (ours)
        Refusal::RecipientThrottled { wait, .. } | Refusal::TooManyFailures { wait } => {
            return Code { status: "1", text: throttled(*wait) };
        }
        Refusal::TooManyRequests(window) => return Code { status: "1", text: too_many_requests(*window) },
        Refusal::Missing { field } => return Code { status: "2", text: missing(field) },
        Refusal::Invalid { field } => return Code { status: "3", text: Cow::Owned(format!("Invalid {field}")) },
        Refusal::IdempotencyConflict => {
            return code(&Refusal::Invalid { field: own::IDEMPOTENCY_KEY_HEADER });
        }
        Refusal::RecipientNotNumeric => ("3", "to address is not numeric"),
        // Whoever found a secret learns nothing from another network or in another way. (ours)
        Refusal::BadCredentials
        | Refusal::CredentialExpired
        | Refusal::SourceNotAllowed
        | Refusal::MethodNotAllowed { .. } => ("4", "Bad Credentials"),
        Refusal::Internal => ("5", "Server Error"),
        Refusal::Unroutable { .. } => ("6", "Unroutable message - rejected"),
        Refusal::RecipientBarred { .. } => ("7", "Number barred."),
        Refusal::AccountBarred => ("8", "Partner account barred"),
        Refusal::InsufficientFunds { .. } | Refusal::SpendCapReached { .. } => ("9", "Quota Exceeded - rejected"),
        Refusal::HttpNotAllowed => ("11", "Account not enabled for REST"),
        Refusal::TooLong => ("12", "Message too long"),
        Refusal::InvalidSignature
        | Refusal::SignatureRefused { .. }
        | Refusal::SignatureRequired
        | Refusal::SignatureTooWeak { .. } => ("14", "Invalid Signature"),
        Refusal::SenderNotAllowed { .. } => ("15", "Illegal Sender Address - rejected"),
        Refusal::InvalidValidity => ("16", "Invalid TTL"),
        Refusal::FacilityNotAllowed | Refusal::ScopeNotAllowed { .. } => ("19", "Facility not allowed"),
        Refusal::InvalidHandsetClass => ("20", "Invalid Message class"),
        Refusal::InvalidNetwork => ("22", "Invalid network code"),
        Refusal::InvalidCallback(CallbackFault::MissingProtocol) => ("23", "Bad callback :: Missing Protocol"),
        Refusal::InvalidCallback(CallbackFault::Malformed) => ("23", "Bad callback"),
        Refusal::RecipientNotPermitted { .. } => ("29", "Non White-listed Destination - rejected"),
        Refusal::ConflictingCredentials => ("32", "Signature And API Secret Disallowed"),
        Refusal::RecipientDeactivated { .. } => ("33", "Number De-activated"),
    };
    Code { status, text: Cow::Borrowed(text) }
}

/// The vendor words this differently for the fields it captured and those it did not.
fn missing(field: &str) -> Cow<'static, str> {
    match field {
        "text" => Cow::Borrowed("Missing Message Text"),
        "api_key" => Cow::Borrowed("Missing api_key"),
        "api_secret" => Cow::Borrowed("Missing api_secret"),
        _ => Cow::Owned(format!("Missing {field} param")),
    }
}

/// Blanks inside the brackets, as captured: clients look for the number between them. Milliseconds, rounded up so that who waits
/// so long has waited long enough.
fn throttled(wait: Span) -> Cow<'static, str> {
    let millis = wait.0.max(0).unsigned_abs().div_ceil(1_000);
    Cow::Owned(format!("Throughput Rate Exceeded - please wait [ {millis} ] and retry"))
}

/// As captured, with two blanks before the last bracket and one after it.
fn too_many_requests(window: RateWindow) -> Cow<'static, str> {
    let RateWindow { requests_max, length, requests, began_at, elapsed } = window;
    let (length, began_at, elapsed) = (length.as_millis(), began_at.unix_millis(), elapsed.as_millis());
    Cow::Owned(format!(
        "Exceeded maximum MT throughput[ MAX [ {requests_max} ] INTERVAL [ {length} ] COUNT [ {requests} ] \
         LAST INT-START [ {began_at} ] TIME_SINCE_LAST_INTERVAL_START [ {elapsed} ]  ] "
    ))
}

/// `status` of a receipt; lower case, though clients are told to compare without case.
pub(in super::super) const fn receipt_status(status: ReceiptStatus) -> &'static str {
    match status {
        ReceiptStatus::Submitted | ReceiptStatus::Accepted => "accepted",
        ReceiptStatus::Buffered => "buffered",
        ReceiptStatus::Delivered => "delivered",
        ReceiptStatus::Expired => "expired",
        ReceiptStatus::Failed => "failed",
        ReceiptStatus::Rejected => "rejected",
        ReceiptStatus::Unknown => "unknown",
    }
}

/// `err-code` of a receipt. 0 says that nothing went wrong, so it stands only where nothing did: a failure that the carrier
/// gave no reason for is 1, and a refusal 99.
pub(in super::super) const fn err_code(report: Final) -> &'static str {
    match report.status {
        ReceiptStatus::Submitted | ReceiptStatus::Accepted | ReceiptStatus::Buffered | ReceiptStatus::Delivered => {
            return "0";
        }
        ReceiptStatus::Expired | ReceiptStatus::Failed | ReceiptStatus::Rejected | ReceiptStatus::Unknown => {}
    }
    match report.cause {
        Cause::None if matches!(report.status, ReceiptStatus::Rejected) => "99",
        Cause::None | Cause::Unknown | Cause::Deleted => "1",
        Cause::AbsentForNow => "2",
        Cause::AbsentForGood => "3",
        Cause::Barred => "4",
        Cause::Ported => "5",
        Cause::Spam => "6",
        Cause::Busy => "7",
        Cause::NetworkFault => "8",
        Cause::IllegalNumber => "9",
        Cause::IllegalMessage => "10",
        Cause::Unroutable => "11",
        Cause::Unreachable => "12",
        Cause::AgeRestricted => "13",
        Cause::BlockedByCarrier => "14",
        Cause::PrepaidFunds => "15",
        Cause::SenderFilter => "51",
        Cause::General => "99",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_the_code_of_the_reference() {
        let code = |cause| err_code(Final { status: ReceiptStatus::Failed, cause });
        let codes = [
            (Cause::None, "1"),
            (Cause::Unknown, "1"),
            (Cause::Deleted, "1"),
            (Cause::AbsentForNow, "2"),
            (Cause::AbsentForGood, "3"),
            (Cause::Barred, "4"),
            (Cause::Ported, "5"),
            (Cause::Spam, "6"),
            (Cause::Busy, "7"),
            (Cause::NetworkFault, "8"),
            (Cause::IllegalNumber, "9"),
            (Cause::IllegalMessage, "10"),
            (Cause::Unroutable, "11"),
            (Cause::Unreachable, "12"),
            (Cause::AgeRestricted, "13"),
            (Cause::BlockedByCarrier, "14"),
            (Cause::PrepaidFunds, "15"),
            (Cause::SenderFilter, "51"),
            (Cause::General, "99"),
        ];
        for (cause, expected) in codes {
            assert_eq!(code(cause), expected, "{cause:?}");
        }
    }

    #[test]
    fn only_a_good_end_has_code_zero() {
        for status in [ReceiptStatus::Accepted, ReceiptStatus::Buffered, ReceiptStatus::Delivered] {
            assert_eq!(err_code(Final { status, cause: Cause::Unknown }), "0");
        }
        for status in [ReceiptStatus::Expired, ReceiptStatus::Failed, ReceiptStatus::Unknown] {
            assert_eq!(err_code(Final { status, cause: Cause::None }), "1");
        }
        assert_eq!(err_code(Final { status: ReceiptStatus::Rejected, cause: Cause::None }), "99");
    }
}
