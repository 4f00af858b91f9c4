//! What these APIs say when they refuse: a code with a label, or the parameter that is wrong. The code is the HTTP status.
//!
//! Captured: 401 with 63 octets, 420 `method failed` with 55, and 400 with an object of parameters. Statuses beyond those, and the
//! words of theirs, are our choice.

use std::borrow::Cow;

use whimbrel_core::Refusal;

use super::body::{Object, Xml};
use super::{answer, is_xml};
use crate::Reply;
use crate::http::HttpResponse;

/// A refusal in the words of these APIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Fault {
    /// A code that is also the HTTP status, and its label.
    Code(u16, Cow<'static, str>),
    /// 400: a parameter, and what is wrong with it.
    Parameter(&'static str, &'static str),
}

impl Fault {
    /// 401 to whoever is not known: also what a client without credentials gets.
    pub(in super::super) const UNKNOWN_CALLER: Self = Self::Code(401, Cow::Borrowed("authentication failed"));
    /// 420: it was understood and not done.
    pub(in super::super) const METHOD_FAILED: Self = Self::Code(420, Cow::Borrowed("method failed"));
    /// 420: a callback did not answer its test.
    pub(in super::super) const UNREACHABLE: Self = Self::Code(420, Cow::Borrowed("Callback URL not reachable"));
    /// 404: nothing of that name.
    pub(in super::super) const NOT_FOUND: Self = Self::Code(404, Cow::Borrowed("not found"));
    /// 500: a fault of ours.
    pub(in super::super) const INTERNAL: Self = Self::Code(500, Cow::Borrowed("internal error"));

    /// The words for a general refusal.
    pub(in super::super) fn of(refusal: &Refusal) -> Self {
        let (status, label) = match refusal {
            Refusal::Missing { field: "api_key" | "api_secret" }
            | Refusal::BadCredentials
            | Refusal::CredentialExpired
            | Refusal::ConflictingCredentials
            | Refusal::InvalidSignature
            | Refusal::SignatureRefused { .. }
            | Refusal::SignatureRequired
            | Refusal::SignatureTooWeak { .. }
            | Refusal::MethodNotAllowed { .. }
            | Refusal::SourceNotAllowed => return Self::UNKNOWN_CALLER,
            Refusal::Missing { field } => return Self::Parameter(field, "Is required."),
            Refusal::Invalid { field } => return Self::Parameter(field, "Is invalid."),
            Refusal::InvalidCallback(_) => (420, "Callback URL not valid"),
            Refusal::AccountBarred => (401, "account barred"),
            Refusal::HttpNotAllowed => (401, "account not enabled for REST"),
            Refusal::ScopeNotAllowed { .. } => (403, "not permitted"),
            Refusal::TooManyRequests(_) | Refusal::SenderThrottled { .. } | Refusal::RecipientThrottled { .. } => {
                (429, "too many requests")
            }
            Refusal::TooManyFailures { .. } => (429, "too many failures"),
            Refusal::Overloaded => (503, "over capacity, try again"),
            Refusal::Internal => return Self::INTERNAL,
            // Of sending only.
            Refusal::RecipientNotNumeric
            | Refusal::InvalidValidity
            | Refusal::InvalidHandsetClass
            | Refusal::TooLong
            | Refusal::FacilityNotAllowed
            | Refusal::RecipientNotPermitted { .. }
            | Refusal::RecipientBarred { .. }
            | Refusal::RecipientDeactivated { .. }
            | Refusal::SenderNotAllowed { .. }
            | Refusal::InvalidNetwork
            | Refusal::Unroutable { .. }
            | Refusal::InsufficientFunds { .. }
            | Refusal::SpendCapReached { .. }
            | Refusal::IdempotencyConflict => return Self::METHOD_FAILED,
        };
        Self::Code(status, Cow::Borrowed(label))
    }

    /// The HTTP status.
    pub(in super::super) const fn status(&self) -> u16 {
        match self {
            Self::Code(status, _) => *status,
            Self::Parameter(..) => 400,
        }
    }

    /// The answer; in XML a code stands in an element `root`.
    pub(in super::super) fn answer(&self, reply: &Reply, root: &str) -> HttpResponse {
        let body = match (self, is_xml(reply)) {
            (Self::Code(status, label), false) => pair(Object::new(), *status, label).close(),
            (Self::Code(status, label), true) => Xml::document(root, |xml| pair_in_xml(xml, *status, label)),
            (Self::Parameter(name, why), false) => {
                let parameters = Object::new().text(name, why);
                let object = Object::new().text("type", "BAD_REQUEST").text("error_title", "Bad Request");
                object.object("invalid_parameters", parameters).close()
            }
            (Self::Parameter(name, why), true) => Xml::document("error", |xml| {
                xml.text("type", "BAD_REQUEST");
                xml.text("error_title", "Bad Request");
                xml.within("invalid_parameters", |xml| {
                    xml.within("entry", |xml| {
                        xml.text("key", name);
                        xml.text("value", why);
                    });
                });
            }),
        };
        answer(reply, self.status(), body)
    }
}

/// The two fields of a code.
pub(in super::super) fn pair(object: Object, status: u16, label: &str) -> Object {
    object.text("error-code", &status.to_string()).text("error-code-label", label)
}

/// The same in XML.
pub(in super::super) fn pair_in_xml(xml: &mut Xml, status: u16, label: &str) {
    xml.bare("error-code", status);
    xml.text("error-code-label", label);
}

/// What was asked for was done.
pub(in super::super) fn success(reply: &Reply) -> HttpResponse {
    Fault::Code(200, Cow::Borrowed("success")).answer(reply, "response")
}
