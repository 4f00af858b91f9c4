//! Problem documents (RFC 7807), by which the vendor's JSON APIs refuse: type, title, detail, and the trace id as `instance`.
//!
//! Follows the vendor's error catalogue ("Vonage API Errors") and its OpenAPI definitions, read 2026-11. The content type is plain
//! JSON: the vendor's Node and Ruby libraries decode no other.

use std::borrow::Cow;

use serde::Serialize;
use whimbrel_core::{FieldFault, Refusal};

use super::answer;
use crate::Reply;
use crate::http::{HttpRequest, HttpResponse};

/// Where the older of the vendor's documents point.
pub(super) const ERRORS: &str = "https://developer.nexmo.com/api-errors";

/// What is refused, before it is a document.
pub(super) struct Problem {
    pub(super) status: u16,
    /// The whole `type`, or what follows [`ERRORS`] if it begins with `#` or `/`.
    pub(super) kind: Cow<'static, str>,
    pub(super) title: &'static str,
    pub(super) detail: Cow<'static, str>,
    pub(super) fields: Vec<FieldFault>,
}

impl Problem {
    pub(super) fn new(
        status: u16,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, kind: Cow::Borrowed(kind), title, detail: detail.into(), fields: Vec::new() }
    }

    /// The caller did not prove who it is.
    pub(super) fn unauthorized(title: &'static str) -> Self {
        Self::new(401, "#unauthorized", title, "You did not provide correct credentials.")
    }

    /// A method that the path does not have.
    pub(super) fn wrong_verb(method: &str) -> Self {
        // A method is the caller's own and may be long.
        let method: String = method.chars().take(20).collect();
        let detail = format!("Request method '{method}' not supported");
        Self::new(405, "#wrong-verb", "Request method not allowed", detail)
    }

    pub(super) fn answer(self, reply: &Reply) -> HttpResponse {
        let kind = match self.kind.as_bytes().first() {
            Some(b'#' | b'/') => format!("{ERRORS}{}", self.kind),
            _ => self.kind.into_owned(),
        };
        let document = Document {
            kind: &kind,
            title: self.title,
            detail: &self.detail,
            instance: &reply.trace_id,
            fields: self.fields.iter().map(|fault| Field { name: &fault.name, reason: &fault.reason }).collect(),
        };
        answer::json(reply, self.status, &document)
    }
}

/// As it is written.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    title: &'a str,
    detail: &'a str,
    instance: &'a str,
    #[serde(rename = "invalid_parameters", skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field<'a>>,
}

#[derive(Serialize)]
struct Field<'a> {
    name: &'a str,
    reason: &'a str,
}

/// What a request's headers rule out, before anything else is looked at: the vendor's JSON APIs answer JSON, and read it.
pub(super) fn unfit(request: &HttpRequest<'_>) -> Option<Problem> {
    if !accepts_json(request) {
        let detail = "Invalid Accept header provided. Must be one of the following: 'application/json'";
        return Some(Problem::new(406, "#accept-header", "Invalid Accept header", detail));
    }
    if matches!(request.method, "POST" | "PUT" | "PATCH") && !sends_json(request) {
        let detail = "Unsupported Content-Type header provided. Must be one of the following: 'application/json'";
        return Some(Problem::new(415, "#content-type-header", "Unsupported Content-Type header", detail));
    }
    None
}

/// No `Accept` at all takes everything (RFC 9110 §12.5.1). Weights are not weighed: there is one form.
fn accepts_json(request: &HttpRequest<'_>) -> bool {
    let Some(accept) = request.header("accept").map(str::trim).filter(|accept| !accept.is_empty()) else { return true };
    accept.split(',').any(|range| {
        let range = range.split(';').next().unwrap_or_default().trim();
        ["*/*", "application/*", "application/json"].iter().any(|known| range.eq_ignore_ascii_case(known))
    })
}

/// No `Content-Type` at all is taken: what the body is says its first octet.
fn sends_json(request: &HttpRequest<'_>) -> bool {
    request.header("content-type").is_none_or(|content_type| {
        content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
    })
}

/// What any of the JSON APIs answers to a refusal that is not its own matter. Reasons that only a text to send can have are
/// faults of ours here.
pub(super) fn general(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Missing { .. }
        | Refusal::BadCredentials
        | Refusal::ConflictingCredentials
        | Refusal::InvalidSignature
        | Refusal::SignatureRefused { .. } => Problem::unauthorized("Unauthorized"),
        Refusal::Invalid { field } => {
            let reason = Cow::Borrowed("cannot have this value");
            let fields = vec![FieldFault { name: Cow::Borrowed(*field), reason }];
            let detail = "The value of one or more parameters is invalid.";
            Problem { fields, ..Problem::new(400, "#invalid-params", "Invalid Params", detail) }
        }
        Refusal::CredentialExpired => {
            Problem::new(401, "#jwt-expired", "Unauthorized", "You did not provide correct credentials.")
        }
        // As with texts, a way or a network that a policy leaves out looks like a wrong secret.
        Refusal::SignatureRequired
        | Refusal::SignatureTooWeak { .. }
        | Refusal::MethodNotAllowed { .. }
        | Refusal::SourceNotAllowed => Problem::unauthorized("Unauthorized"),
        Refusal::AccountBarred => {
            Problem::new(403, "#account-suspended", "Account Suspended", "This account has been suspended.")
        }
        Refusal::HttpNotAllowed | Refusal::FacilityNotAllowed | Refusal::ScopeNotAllowed { .. } => Problem::new(
            403,
            "#forbidden",
            "Forbidden",
            "Your account does not have permission to perform this action.",
        ),
        Refusal::TooManyRequests(_)
        | Refusal::SenderThrottled { .. }
        | Refusal::RecipientThrottled { .. }
        | Refusal::TooManyFailures { .. } => {
            Problem::new(429, "#throttled", "Rate Limit Hit", "Please wait, then retry your request")
        }
        Refusal::Overloaded => {
            Problem::new(503, "#throttled", "Service Unavailable", "Please wait, then retry your request")
        }
        Refusal::RecipientNotNumeric
        | Refusal::InvalidValidity
        | Refusal::InvalidHandsetClass
        | Refusal::InvalidCallback(_)
        | Refusal::TooLong
        | Refusal::RecipientNotPermitted { .. }
        | Refusal::RecipientBarred { .. }
        | Refusal::RecipientDeactivated { .. }
        | Refusal::SenderNotAllowed { .. }
        | Refusal::InvalidNetwork
        | Refusal::Unroutable { .. }
        | Refusal::InsufficientFunds { .. }
        | Refusal::SpendCapReached { .. }
        | Refusal::IdempotencyConflict
        | Refusal::Internal => {
            Problem::new(500, "#internal", "Internal Error", "There was an error processing your request.")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_json_is_answered_and_what_sends_it_is_read() {
        let status = |method, headers: &[(&str, &[u8])]| {
            let request = HttpRequest { method, path: "/", query: None, headers, body: b"" };
            unfit(&request).map(|problem| problem.status)
        };
        for accept in ["*/*", "application/json", "Application/JSON;q=0.1", "text/html, application/*", ""] {
            assert_eq!(status("GET", &[("accept", accept.as_bytes())]), None, "{accept}");
        }
        for accept in ["text/html", "application/xml;q=1", "application/jsonx", "json"] {
            assert_eq!(status("GET", &[("accept", accept.as_bytes())]), Some(406), "{accept}");
        }
        for content_type in ["application/json", "application/JSON; charset=utf-8"] {
            assert_eq!(status("POST", &[("content-type", content_type.as_bytes())]), None, "{content_type}");
        }
        for content_type in ["application/x-www-form-urlencoded", "text/plain", ""] {
            assert_eq!(status("PUT", &[("content-type", content_type.as_bytes())]), Some(415), "{content_type}");
            assert_eq!(status("GET", &[("content-type", content_type.as_bytes())]), None, "{content_type}");
        }
        assert_eq!(status("POST", &[]), None);
    }
}
