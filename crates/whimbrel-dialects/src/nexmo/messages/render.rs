//! Answers: the id of a message, and problem documents.

use std::borrow::Cow;

use serde::Serialize;
use whimbrel_core::{Faulty, FieldFault, MessageOutcome, Outcome, Refusal, Uuid};

use super::super::answer;
use super::super::problem::Problem;
use super::codes;
use crate::http::HttpResponse;
use crate::{Reply, own};

/// Where this API's documents point: `#1400` below it, or a word below [`GENERAL`].
const MESSAGES: &str = "https://developer.vonage.com/api-errors/messages";
const GENERAL: &str = "https://developer.vonage.com/api-errors";

#[derive(Serialize)]
struct Accepted {
    message_uuid: String,
}

/// The answer to a request.
pub(in super::super) fn render(outcome: &Outcome, reply: &Reply) -> HttpResponse {
    match outcome {
        Outcome::Sent(accepted) => {
            let message_uuid = Uuid::of_id(accepted.message_id.0).to_string();
            answer::json(reply, 202, &Accepted { message_uuid })
        }
        Outcome::Message(MessageOutcome::Unknown { id }) => {
            let detail = format!("Message with ID {id} not found");
            general(404, "#not-found", "Not Found", detail).answer(reply)
        }
        Outcome::Message(MessageOutcome::NotMarkable) => numbered(422, codes::INVALID_MESSAGE_TYPE).answer(reply),
        Outcome::Faulty(faulty) => faulted(faulty).answer(reply),
        Outcome::Refused(refusal) => refused(refusal).answer(reply),
        // Of another API: a fault of ours.
        _ => internal().answer(reply),
    }
}

fn general(status: u16, anchor: &str, title: &'static str, detail: impl Into<Cow<'static, str>>) -> Problem {
    let kind = Cow::Owned(format!("{GENERAL}{anchor}"));
    Problem { status, kind, title, detail: detail.into(), fields: Vec::new() }
}

/// A problem with a number of this API's own.
fn numbered(status: u16, number: u16) -> Problem {
    let (title, detail) = match number {
        1000 => ("Rate Limit Hit", "Please wait, then retry your request"),
        1030 => ("Internal error", "There was an error processing your request in the Platform."),
        1090 => ("Message too long", "The message has more characters or parts than a message may have."),
        1140 => ("Facility not allowed", "Your account may not use this feature."),
        1160 => ("Non-whitelisted destination", "The recipient is not among those that your account may send to."),
        1240 => ("Illegal number", "The recipient cannot be sent to."),
        1250 => ("Unroutable", "No route leads to the recipient."),
        codes::UNSUPPORTED_CHANNEL => ("Unsupported channel", "The specified channel is not supported."),
        codes::INVALID_CHANNEL_PARAMS => {
            ("Invalid channel parameters", "The value of one or more parameters is invalid.")
        }
        codes::INVALID_SENDER => ("Invalid sender", "The `from` parameter is invalid for the given channel."),
        codes::INVALID_RECIPIENT => ("Invalid recipient", "The `to` parameter is invalid for the given channel."),
        codes::INVALID_MESSAGE_TYPE => (
            "Invalid message type",
            "The message type specified in the request is not supported for the given channel.",
        ),
        codes::INVALID_CLIENT_REF => {
            ("Invalid client reference", "The client reference must have at most 100 characters.")
        }
        _ => ("Invalid params", "The value of one or more parameters is invalid."),
    };
    let kind = Cow::Owned(format!("{MESSAGES}#{number}"));
    Problem { status, kind, title, detail: Cow::Borrowed(detail), fields: Vec::new() }
}

fn internal() -> Problem {
    numbered(500, 1030)
}

fn invalid(name: &'static str, reason: &'static str) -> Problem {
    let fields = vec![FieldFault { name: name.into(), reason: reason.into() }];
    Problem { fields, ..numbered(422, codes::INVALID_PARAMS) }
}

fn faulted(faulty: &Faulty) -> Problem {
    let problem = match faulty.kind {
        codes::INVALID_JSON => general(
            422,
            "#invalid-json",
            "The request body did not contain valid JSON",
            faulty.detail.clone().into_string(),
        ),
        number => numbered(422, number),
    };
    Problem { fields: faulty.fields.clone(), ..problem }
}

fn refused(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Missing { .. }
        | Refusal::BadCredentials
        | Refusal::ConflictingCredentials
        | Refusal::InvalidSignature
        | Refusal::SignatureRefused { .. }
        | Refusal::SignatureRequired
        | Refusal::SignatureTooWeak { .. }
        | Refusal::MethodNotAllowed { .. }
        | Refusal::SourceNotAllowed => general(
            401,
            "#unauthorized",
            "You did not provide correct credentials.",
            "Check that you're using the correct credentials, and that your account has this feature enabled",
        ),
        Refusal::CredentialExpired => general(
            401,
            "#jwt-expired",
            "You did not provide correct credentials.",
            "The token's time is over: make a new one for each request",
        ),
        Refusal::HttpNotAllowed => general(
            401,
            "#unprovisioned",
            // The vendor's own spelling.
            "The crendentials provided do not have access to the requested product",
            "Check your API key is correct and has been whitelisted",
        ),
        Refusal::ScopeNotAllowed { .. } => {
            general(403, "#forbidden", "Forbidden", "Your account does not have permission to perform this action.")
        }
        Refusal::AccountBarred => {
            general(403, "#account-suspended", "Account Suspended", "This account has been suspended.")
        }
        Refusal::InsufficientFunds { .. } | Refusal::SpendCapReached { .. } => general(
            402,
            "#low-balance",
            "Low balance",
            "This request could not be performed due to your account balance being low.",
        ),
        Refusal::TooManyRequests(_)
        | Refusal::SenderThrottled { .. }
        | Refusal::RecipientThrottled { .. }
        | Refusal::TooManyFailures { .. }
        | Refusal::Overloaded => numbered(429, 1000),
        Refusal::Invalid { field } => invalid(field, "cannot have this value"),
        Refusal::IdempotencyConflict => {
            invalid(own::IDEMPOTENCY_KEY_HEADER, "was used for another request, or for a message that was removed")
        }
        Refusal::InvalidValidity => invalid("ttl", "cannot have this value"),
        Refusal::InvalidCallback(_) => invalid("webhook_url", "must be a valid http or https URL"),
        Refusal::RecipientNotNumeric => numbered(422, codes::INVALID_RECIPIENT),
        Refusal::SenderNotAllowed { .. } => numbered(422, codes::INVALID_SENDER),
        Refusal::TooLong => numbered(422, 1090),
        Refusal::FacilityNotAllowed => numbered(422, 1140),
        Refusal::RecipientNotPermitted { .. } => numbered(422, 1160),
        Refusal::RecipientBarred { .. } | Refusal::RecipientDeactivated { .. } => numbered(422, 1240),
        Refusal::Unroutable { .. } => numbered(422, 1250),
        // A text of this API has neither.
        Refusal::InvalidHandsetClass | Refusal::InvalidNetwork | Refusal::Internal => internal(),
    }
}
