//! What of this dialect can be called, in words.

mod account;
mod applications;
mod messages;
mod numbers;
mod oauth;
mod sms;
mod webhooks;

use super::DESCRIPTOR;
use crate::openapi::{Document, Field, Operation, Proof, Schema, Shown, list, map, may, need, object, one_of, text};

const ABOUT: &str = "The APIs of Nexmo, today Vonage: texts, account, prices, numbers, search, applications, secrets, messages, OAuth. \
    Each API refuses as its vendor's does: the one for texts with HTTP 200 and a `status`, the older ones with `error-code`, the newer \
    ones with problem documents (RFC 7807). Where the older ones are asked for `application/xml` they answer XML with the same names.";

const PROOFS: &[Proof] = &[
    Proof { name: "basic", about: "Key and secret.", shown: Shown::Basic },
    Proof {
        name: "key",
        about: "The key as a parameter, beside `api_secret` or `sig`.",
        shown: Shown::Query("api_key"),
    },
    Proof { name: "secret", about: "The secret as a parameter.", shown: Shown::Query("api_secret") },
    Proof {
        name: "signature",
        about: "A signature over all parameters, in place of the secret.",
        shown: Shown::Query("sig"),
    },
    Proof { name: "token", about: "A token (JWT) that an application signs.", shown: Shown::Bearer },
    Proof {
        name: "oauth",
        about: "OAuth 1.0a (RFC 5849), on behalf of an account that granted it.",
        shown: Shown::Header("Authorization"),
    },
];

const BY_SECRET: &[&[&str]] = &[&["basic"], &["key", "secret"]];
const BY_BASIC: &[&[&str]] = &[&["basic"]];

/// The media types of the older APIs.
const JSON: &str = "application/json;charset=UTF-8";
const XML: &str = "application/xml;charset=UTF-8";
const TEXT_XML: &str = "text/xml;charset=UTF-8";

/// The document.
pub(super) fn document() -> Document {
    let all = [
        sms::operations(),
        messages::operations(),
        account::operations(),
        numbers::operations(),
        applications::operations(),
        oauth::operations(),
    ];
    Document {
        title: format!("{} as Whimbrel speaks it", DESCRIPTOR.title),
        about: ABOUT,
        proofs: PROOFS,
        operations: all.into_iter().flatten().collect(),
        webhooks: webhooks::webhooks(),
    }
}

/// A refusal of the older APIs.
fn fault() -> Schema {
    object([need("error-code", text(), "The status, as a text"), need("error-code-label", text(), "")]).named("Fault")
}

/// A field that cannot be so, in the older APIs.
fn bad_request() -> Schema {
    let which = map(text()).about("`Is required.` or `Is invalid.`, by parameter");
    object([need("type", text(), ""), need("error_title", text(), ""), need("invalid_parameters", which, "")])
        .named("BadRequest")
}

/// A problem document of the newer APIs.
fn problem() -> Schema {
    let field = object([need("name", text(), ""), need("reason", text(), "")]);
    object([
        need("type", text().format("uri"), "The kind of problem"),
        need("title", text(), ""),
        need("detail", text(), ""),
        need("instance", text(), "The trace id of the answer"),
        may("invalid_parameters", list(field), "Every field that cannot be so"),
    ])
    .named("Problem")
}

/// What one of the older APIs answers: JSON, or XML with the same names, and what it refuses for.
fn older(operation: Operation, about: &'static str, schema: Schema) -> Operation {
    let operation = operation
        .proved_by(BY_SECRET)
        .headers([may("Accept", text(), "`application/xml` or `text/xml` for XML").such_as("application/json")])
        .answers_in(200, about, JSON, schema)
        .answers_in(200, about, XML, text())
        .answers_in(200, about, TEXT_XML, text());
    [
        (400, "A parameter is missing or cannot be so"),
        (401, "Nobody has this key and this secret"),
        (429, "Too many requests"),
        (500, "A fault of the gateway"),
        (503, "The gateway has too much to do; try again"),
    ]
    .into_iter()
    .fold(operation, |operation, (status, about)| {
        let schema = if status == 400 { one_of([bad_request(), fault()]) } else { fault() };
        operation.answers_in(status, about, JSON, schema).answers_in(status, about, XML, text())
    })
}

/// One more refusal of an older API.
fn refusing(operation: Operation, status: u16, about: &'static str, schema: Schema) -> Operation {
    operation.answers_in(status, about, JSON, schema).answers_in(status, about, XML, text())
}

/// With what every call of the newer APIs may be refused for.
fn newer(operation: Operation) -> Operation {
    [
        (401, "Nobody is known by these credentials"),
        (403, "The account may not do this"),
        (429, "Too many requests"),
        (500, "A fault of the gateway"),
        (503, "The gateway has too much to do; try again"),
    ]
    .into_iter()
    .fold(operation, |operation, (status, about)| operation.answers(status, about, problem()))
}

fn links() -> Schema {
    map(object([need("href", text(), "")]))
}

/// A name of two letters.
fn country(is_needed: bool) -> Field {
    let schema = text().pattern("^[A-Za-z]{2}$");
    match is_needed {
        true => need("country", schema, "A country, by its code of two letters").such_as("GB"),
        false => may("country", schema, "A country, by its code of two letters"),
    }
}
