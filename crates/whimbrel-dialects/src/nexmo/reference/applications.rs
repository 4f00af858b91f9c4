//! Applications and secrets.

use super::{BY_BASIC, links, newer, problem};
use crate::exchange;
use crate::openapi::Method::{Delete, Get, Post, Put};
use crate::openapi::{Field, Operation, Schema, boolean, integer, list, may, need, object, open, text, whole_number};

const APPLICATIONS: &str = "Applications";
const SECRETS: &str = "Secrets";
const ID: &str = "78d335fa-323d-0114-9c3d-d6f0d48968cf";
const SECRET_ID: &str = "ad6dc56f-07b5-46e1-a527-85530e625800";

pub(super) fn operations() -> Vec<Operation> {
    vec![list_all(), create(), show(), replace(), remove(), secrets(), add_secret(), secret(), revoke()]
}

fn application() -> Schema {
    object([
        need("id", text().format("uuid"), ""),
        need("name", text(), ""),
        may("keys", object([may("public_key", text(), ""), may("private_key", text(), "Answered this once")]), ""),
        need("privacy", object([need("improve_ai", boolean(), "")]), ""),
        need("capabilities", open([]), "As they were said"),
        may("_links", links(), ""),
    ])
    .named("Application")
}

fn said() -> [Field; 4] {
    [
        need("name", text().chars(1, 255), "").such_as("My application"),
        may("capabilities", open([]), "voice, rtc, messages, verify, vbc and others, each with webhooks"),
        may("keys", object([may("public_key", text(), "PEM; without one a pair is made")]), ""),
        may("privacy", object([may("improve_ai", boolean(), "")]), ""),
    ]
}

fn at(operation: Operation) -> Operation {
    newer(operation.proved_by(BY_BASIC)).answers(406, "JSON is not accepted", problem())
}

fn of_one(operation: Operation) -> Operation {
    at(operation).path("id", text(), "The application", ID).answers(404, "There is none with that id", problem())
}

fn written(operation: Operation) -> Operation {
    operation.json(said()).answers(400, "A field cannot be so", problem()).answers(
        415,
        "The body has another content type than JSON",
        problem(),
    )
}

fn list_all() -> Operation {
    let page = object([
        need("page_size", whole_number(), ""),
        need("page", whole_number(), ""),
        need("total_items", whole_number(), ""),
        need("total_pages", whole_number(), ""),
        need("_embedded", object([need("applications", list(application()), "")]), ""),
        need("_links", links(), ""),
    ]);
    at(Operation::new(Get, "/v2/applications", (APPLICATIONS, "listApplications"), "List applications"))
        .query([
            may("page", integer(1, 1_000_000), "Which page"),
            may("page_size", integer(1, 1000), "Applications of a page"),
        ])
        .answers(200, "A page of them", page)
        .answers(400, "The page cannot be so", problem())
        .seen("page", &exchange!("nexmo/applications/a-page-in-the-middle-has-neighbours"))
}

fn create() -> Operation {
    written(at(Operation::new(Post, "/v2/applications", (APPLICATIONS, "addApplication"), "Make an application")))
        .answers(201, "The application; its private key this once", application())
        .seen("made", &exchange!("nexmo/applications/a-name-is-enough-to-make-one"))
        .seen("refused", &exchange!("nexmo/applications/a-webhook-with-a-wrong-method-is-named"))
}

fn show() -> Operation {
    of_one(Operation::new(Get, "/v2/applications/{id}", (APPLICATIONS, "readApplication"), "See an application"))
        .answers(200, "The application", application())
        .seen("application", &exchange!("nexmo/applications/an-application-is-shown-with-its-key"))
        .seen("none", &exchange!("nexmo/applications/an-unknown-application-is-not-found"))
}

fn replace() -> Operation {
    written(of_one(Operation::new(
        Put,
        "/v2/applications/{id}",
        (APPLICATIONS, "replaceApplication"),
        "Replace what an application says",
    )))
    .answers(200, "The application", application())
    .seen("replaced", &exchange!("nexmo/applications/an-application-is-replaced-and-keeps-its-key"))
}

fn remove() -> Operation {
    of_one(Operation::new(
        Delete,
        "/v2/applications/{id}",
        (APPLICATIONS, "removeApplication"),
        "Remove an application",
    ))
    .answers_nothing(204, "It is gone, and its tokens with it")
}

fn secret_schema() -> Schema {
    object([
        need("_links", links(), ""),
        need("id", text().format("uuid"), ""),
        need("created_at", text().format("date-time"), ""),
    ])
    .named("Secret")
}

fn of_account(operation: Operation) -> Operation {
    newer(operation.proved_by(BY_BASIC)).path("api_key", text(), "Your own key", "abcd1234").answers(
        404,
        "The key is not yours, or there is no such secret",
        problem(),
    )
}

fn secrets() -> Operation {
    let all = object([
        need("_links", links(), ""),
        need("_embedded", object([need("secrets", list(secret_schema()), "")]), ""),
    ]);
    of_account(Operation::new(
        Get,
        "/accounts/{api_key}/secrets",
        (SECRETS, "listSecrets"),
        "List the account's secrets",
    ))
    .answers(200, "Their ids and ages", all)
    .seen("secrets", &exchange!("nexmo/secrets/secrets-are-listed-by-their-ids"))
}

fn add_secret() -> Operation {
    of_account(Operation::new(Post, "/accounts/{api_key}/secrets", (SECRETS, "addSecret"), "Add a secret"))
        .form([
            need("secret", text().chars(8, 25), "With a small letter, a capital and a digit").such_as("Abcdefg1234567")
        ])
        .answers(201, "Its id", secret_schema())
        .answers(400, "The secret is too weak, or there already", problem())
        .seen("added", &exchange!("nexmo/secrets/a-secret-is-added"))
        .seen("third", &exchange!("nexmo/secrets/a-third-secret-is-refused"))
}

fn secret() -> Operation {
    of_account(Operation::new(
        Get,
        "/accounts/{api_key}/secrets/{id}",
        (SECRETS, "readSecret"),
        "See the age of a secret",
    ))
    .path("id", text(), "The secret", SECRET_ID)
    .answers(200, "Its id and age", secret_schema())
    .seen("secret", &exchange!("nexmo/secrets/a-secret-is-shown-by-its-id"))
}

fn revoke() -> Operation {
    of_account(Operation::new(Delete, "/accounts/{api_key}/secrets/{id}", (SECRETS, "revokeSecret"), "Revoke a secret"))
        .path("id", text(), "The secret", SECRET_ID)
        .answers_nothing(204, "It is revoked")
        .seen("last", &exchange!("nexmo/secrets/the-last-secret-stays"))
}
