//! Who looks after the gateway, and what they did.

use whimbrel_dialects::openapi::Method::{Delete, Get, Post};
use whimbrel_dialects::openapi::{Field, Operation, boolean, list, may, need, object, text, whole_number, words};

use super::{OPERATORS, conflicting, limit, time, v1};

const TAG: &str = "People";

pub(super) fn operations() -> Vec<Operation> {
    let all = [all(), add(), remove(), password(), ask_for_codes(), ask_for_no_codes(), audit()];
    all.map(|operation| operation.proved_by(OPERATORS)).into()
}

fn operator() -> Vec<Field> {
    vec![
        need("name", text(), ""),
        need("role", words(&["operator", "viewer"]), ""),
        need("totp", words(&["on", "off"]), "Whether codes of an app are asked for"),
        need("recovery_codes_left", whole_number().or_null(), ""),
        need("created_at", time(), ""),
    ]
}

fn with_password() -> Vec<Field> {
    operator().into_iter().chain([may("password", text(), "If it was made here"), may("note", text(), "")]).collect()
}

fn named(operation: Operation) -> Operation {
    operation.path("name", text(), "By which name they sign in", "ada")
}

fn all() -> Operation {
    Operation::new(Get, v1!("operators"), (TAG, "listOperators"), "List who may sign in to the pages").answers(
        200,
        "The people",
        object([need("operators", list(object(operator())), "")]),
    )
}

fn given() -> Field {
    may("password", text(), "One of their own; else one is made")
}

fn add() -> Operation {
    let operation = Operation::new(
        Post,
        v1!("operators"),
        (TAG, "addOperator"),
        "Let somebody sign in; a password that is made here is answered this once",
    )
    .json([
        need("name", text(), "").such_as("ada"),
        may("role", words(&["operator", "viewer"]), "").such_as("viewer"),
        given(),
    ]);
    conflicting(operation, "There is somebody of that name").answers(201, "Who it is", object(with_password()))
}

fn remove() -> Operation {
    let gone = object([need("name", text(), ""), need("removed", boolean(), "")]);
    named(Operation::new(Delete, v1!("operators/{name}"), (TAG, "removeOperator"), "Let somebody sign in no more"))
        .answers(200, "Signed out at once", gone)
}

fn password() -> Operation {
    named(Operation::new(Post, v1!("operators/{name}/password"), (TAG, "setPassword"), "Set another password"))
        .json([given()])
        .answers(200, "Signed out at once", object(with_password()))
}

fn ask_for_codes() -> Operation {
    let more = [
        need("secret", text(), ""),
        need("uri", text(), "For the app"),
        need("recovery_codes", list(text()), ""),
        need("note", text(), ""),
    ];
    named(Operation::new(
        Post,
        v1!("operators/{name}/totp"),
        (TAG, "askForCodes"),
        "Ask for codes of an app from then on",
    ))
    .answers(200, "The secret, this once", object(operator().into_iter().chain(more)))
}

fn ask_for_no_codes() -> Operation {
    named(Operation::new(Delete, v1!("operators/{name}/totp"), (TAG, "askForNoCodes"), "Ask for codes no more"))
        .answers(200, "Who it is", object(operator()))
}

fn audit() -> Operation {
    let line = object([
        need("id", text(), ""),
        need("at", time(), ""),
        need("person", text(), ""),
        need("source", text().or_null(), "Where from"),
        need("act", text(), ""),
        need("subject", text().or_null(), ""),
        need("status", whole_number().or_null(), "Null: it was begun, and nobody knows how it ended"),
    ]);
    Operation::new(Get, v1!("audit"), (TAG, "readAudit"), "See who did what, newest first")
        .query([may("before", text(), "`id` of the last line seen"), limit()])
        .answers(200, "The lines", object([need("audit", list(line), "")]))
}
