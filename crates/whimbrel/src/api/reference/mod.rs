//! What of the native API can be called, in words. The router asks here first: what is not described is answered by nobody.
//!
//! The documents of all APIs are given out at `GET openapi` and below it.

mod accounts;
mod carriers;
mod credentials;
mod gateway;
mod messages;
mod numbers;
mod people;
mod simulator;
mod webhooks;

use std::sync::LazyLock;

use serde_json::{Value, json};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::openapi::{
    Answer, Document, Field, Operation, Place, Proof, Schema, Shown, integer, need, open, text,
};
use whimbrel_dialects::registry::{self, DIALECTS};

use super::document;

/// The version that documents have.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The name of the native API's document, beside those of the dialects.
pub(crate) const NATIVE: &str = "native";

const ABOUT: &str = "The native API of Whimbrel, for operators and tools; a customer's application speaks a dialect. \
    With `serve --dev` a caller on the same machine that is no foreign web page needs no token. \
    Owners of accounts may call what is theirs by their account's credentials, with `self` as the key. \
    A browser that is signed in may call with its cookie; whatever is not GET then needs the session's token in `X-Whimbrel-CSRF`. \
    Amounts are texts with eight decimals, times are UTC with microseconds. Errors are problem documents (RFC 9457).";

const PROOFS: &[Proof] = &[
    Proof {
        name: "adminToken",
        about: "The admin token, which stands in the file `admin.token` of the data folder; or a secret key of an owner.",
        shown: Shown::Bearer,
    },
    Proof { name: "owner", about: "Key and secret of an account, for what is its owner's.", shown: Shown::Basic },
];
const OPERATORS: &[&[&str]] = &[&["adminToken"]];
const OWNERS: &[&[&str]] = &[&["adminToken"], &["owner"]];

/// A path of the native API.
macro_rules! v1 {
    ($path:literal) => {
        concat!("/_whimbrel/v1/", $path)
    };
}
use v1;

/// The document of the native API.
pub(crate) fn native() -> &'static Document {
    static NATIVE: LazyLock<Document> = LazyLock::new(|| Document {
        title: "Whimbrel's native API".to_owned(),
        about: ABOUT,
        proofs: PROOFS,
        operations: [
            messages::operations(),
            webhooks::operations(),
            accounts::operations(),
            credentials::operations(),
            numbers::operations(),
            carriers::operations(),
            gateway::operations(),
            people::operations(),
            simulator::operations(),
        ]
        .into_iter()
        .flatten()
        .map(refused)
        .collect(),
        // Customers are told in the words of their dialect.
        webhooks: Vec::new(),
    });
    &NATIVE
}

/// The documents by their names: those of the dialects, then the native one.
pub(crate) fn documents() -> impl Iterator<Item = (&'static str, Document)> {
    let dialects = DIALECTS.iter().map(|dialect| (dialect.descriptor().id, dialect.reference()));
    dialects.chain([(NATIVE, native().clone())])
}

/// The document of that name, or of a dialect's alias.
pub(crate) fn written(name: &str) -> Option<Value> {
    let found = match registry::by_name(name) {
        Some(dialect) => dialect.reference(),
        None if name == NATIVE => native().clone(),
        None => return None,
    };
    Some(found.json(VERSION))
}

/// The names and titles of all documents.
pub(crate) fn listed() -> Value {
    let one = |(name, document): (&str, Document)| json!({ "name": name, "title": document.title, "operations": document.operations.len(), "at": format!("/_whimbrel/v1/openapi/{name}.json") });
    json!({ "documents": documents().map(one).collect::<Vec<_>>() })
}

/// `GET openapi`.
pub(super) fn list() -> HttpResponse {
    document(200, &listed())
}

/// `GET openapi/{name}.json`; `None`: there is no such document.
pub(super) fn show(file: &str) -> Option<HttpResponse> {
    written(file.strip_suffix(".json").unwrap_or(file)).map(|found| document(200, &found))
}

/// The methods that a path has, for people and for `Allow`; nothing: there is no such path.
pub(super) fn methods(path: &str) -> Vec<&'static str> {
    native().at(path).map(|operation| operation.method.as_str()).collect()
}

const PROBLEM: &str = "application/problem+json";

/// A problem document; some say more.
fn problem() -> Schema {
    open([
        need("type", text(), ""),
        need("title", text(), "What the status is called"),
        need("status", integer(400, 599), ""),
        need("detail", text(), "What is wrong, and what to do"),
    ])
    .named("Problem")
}

/// What of an operation can be refused.
fn refused(operation: Operation) -> Operation {
    let has_path = operation.parameters_in(Place::Path).next().is_some();
    let has_words = operation.body.is_some() || operation.parameters_in(Place::Query).next().is_some();
    let mut all: Vec<(u16, &'static str)> = Vec::new();
    if has_words || has_path {
        all.push((400, "Something that was said cannot be so"));
    }
    if !operation.proofs.is_empty() {
        all.push((401, "Nobody is known by these credentials"));
        all.push((403, "Those who are known may not do this, or it is not offered here"));
        all.push((429, "Too many requests could not prove who is calling, or too many webhooks are sent by hand"));
    }
    // Queries and bodies name accounts and carriers.
    if has_path || has_words {
        all.push((404, "There is no such thing"));
    }
    all.push((503, "The store cannot be read or written just now, or too much is asked at once"));
    all.into_iter().fold(operation, |operation, (status, about)| match operation.answer(status, PROBLEM) {
        Some(Answer { .. }) => operation,
        None => operation.answers_in(status, about, PROBLEM, problem()),
    })
}

/// What there is already is refused so.
fn conflicting(operation: Operation, about: &'static str) -> Operation {
    operation.answers_in(409, about, PROBLEM, problem())
}

/// Of an account: its key in the path.
fn of_account(operation: Operation) -> Operation {
    operation.path(
        "key",
        text(),
        "The account's key; `dialect:key` if two have the same, `self` for the owner's own",
        "devkey01",
    )
}

fn time() -> Schema {
    text().format("date-time")
}

fn money() -> Schema {
    text().pattern("^-?[0-9]+\\.[0-9]{8}$")
}

/// How many a page has.
fn limit() -> Field {
    whimbrel_dialects::openapi::may("limit", integer(1, 1_000), "How many, 50 if nothing is said").such_as(10)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use whimbrel_dialects::openapi::Method;

    use super::*;

    #[test]
    fn every_operation_has_a_name_of_its_own_and_examples_that_fit() {
        let mut names = BTreeSet::new();
        for operation in &native().operations {
            let name = operation.name;
            assert!(names.insert(name), "two operations are called {name}");
            for field in operation.parameters.iter().map(|parameter| &parameter.field) {
                if let Some(example) = &field.example {
                    assert_eq!(field.schema.faults(example), Vec::<String>::new(), "{name} {}", field.name);
                }
            }
            for piece in operation.path.split('/').filter_map(|piece| piece.strip_prefix('{')) {
                let piece = piece.split('}').next().unwrap_or_default();
                let is_described = operation.parameters_in(Place::Path).any(|field| field.name == piece);
                assert!(is_described, "{name}: the path's {piece} is not described");
            }
            assert!(operation.method != Method::Get || operation.body.is_none(), "{name} has a body");
            for answer in &operation.answers {
                let Some((_, schema)) = &answer.content else { continue };
                for (_, value) in &answer.examples {
                    assert_eq!(schema.faults(value), Vec::<String>::new(), "{name}");
                }
            }
        }
    }

    #[test]
    fn every_document_is_found_by_its_name() {
        for (name, found) in documents() {
            assert_eq!(
                written(name).map(|value| value["info"]["title"].clone()),
                Some(Value::from(found.title)),
                "{name}"
            );
        }
        assert!(written(NATIVE).is_some() && written("nothing").is_none());
    }
}
