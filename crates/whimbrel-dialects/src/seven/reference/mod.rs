//! What of this dialect can be called, in words.

mod book;
mod numbers;
mod subaccounts;
mod texts;
mod wallet;
mod webhooks;

use super::{DESCRIPTOR, answer};
use crate::openapi::{Document, Operation, Proof, Schema, Shown, boolean, need, object, one_of, text};

const ABOUT: &str = "Texts, and what belongs to them, as the clients of seven.io (formerly sms77) call it. \
    Parameters come from the query, a form or a JSON object alike, and the method hardly matters: what is listed with GET may be asked \
    with POST. With `Accept: application/json` answers are JSON; without it most are the plain text of the API's first years. \
    A refusal is a code: a string in JSON, else three digits; `X-Whimbrel-Error` says why in a word. \
    Calls, RCS, WhatsApp and files are known and not offered: they are refused with 902.";

const PROOFS: &[Proof] = &[
    Proof { name: "key", about: "The key.", shown: Shown::Header("X-Api-Key") },
    Proof { name: "bearer", about: "The key, as a token.", shown: Shown::Bearer },
    Proof { name: "basic", about: "The key as the password, whatever the name.", shown: Shown::Basic },
    Proof {
        name: "parameter",
        about: "The key as a parameter, in the place of the old password.",
        shown: Shown::Query("p"),
    },
];
const PROVED: &[&[&str]] = &[&["key"], &["bearer"], &["basic"], &["parameter"]];

/// The document.
pub(super) fn document() -> Document {
    let all = [
        texts::operations(),
        wallet::operations(),
        book::operations(),
        numbers::operations(),
        subaccounts::operations(),
    ];
    Document {
        title: format!("{} as Whimbrel speaks it", DESCRIPTOR.title),
        about: ABOUT,
        proofs: PROOFS,
        operations: all.into_iter().flatten().map(refused).collect(),
        webhooks: webhooks::webhooks(),
    }
}

/// A return code.
fn code() -> Schema {
    text().pattern("^[0-9]{3}$").named("Code")
}

/// A code, or with `answers.verbose_errors` a document with it.
fn refusal() -> Schema {
    let verbose =
        object([need("success", boolean(), ""), need("code", text(), ""), need("error", text(), "The code in words")]);
    one_of([code(), verbose]).named("Refusal")
}

/// A value that is there, or a refusal that is answered with 200.
fn or_refusal(schema: Schema) -> Schema {
    one_of([schema, refusal()])
}

/// With what every call may be refused for.
fn refused(operation: Operation) -> Operation {
    const CODES: [(u16, &str); 5] = [
        (401, "900: no key that is known; 901: the signature does not hold"),
        (403, "902: the key may not do this, or it is not offered; 903: not from this address"),
        (429, "403: too many requests; wait as long as `Retry-After` says"),
        (500, "600: a fault of the gateway"),
        (503, "600: the gateway has too much to do; try again"),
    ];
    let operation = operation.proved_by(PROVED);
    let operation = CODES.into_iter().fold(operation, |operation, (status, about)| {
        operation.answers(status, about, refusal()).answers_in(status, about, answer::TEXT, code())
    });
    match operation.answer(200, answer::TEXT) {
        Some(_) => operation,
        None => operation.answers_in(200, "A refusal, for those who do not take JSON", answer::TEXT, code()),
    }
}

/// What an entry of a resource is answered with that cannot be so.
fn failed() -> Schema {
    object([need("success", boolean(), "False"), need("error", text(), "Why")]).named("Failed")
}
