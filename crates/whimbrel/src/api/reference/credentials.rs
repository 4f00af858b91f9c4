//! What an account proves itself by.

use whimbrel_dialects::openapi::Method::{Delete, Get, Patch, Post};
use whimbrel_dialects::openapi::{
    Field, Operation, Schema, boolean, integer, list, may, need, object, text, whole_number, words,
};

use super::{OPERATORS, OWNERS, conflicting, money, of_account, time, v1};

const SECRETS: &str = "Secrets and signing";
const APPLICATIONS: &str = "Applications";
const OAUTH: &str = "OAuth";
const METHODS: &[&str] = &["md5hash", "md5", "sha1", "sha256", "sha512"];
const ID: &str = "01a22630-bb38-75b1-bd40-faf9897dd2ef";
const KEY: &str = "053d7f87f553db866d78a36371a19b9c";

pub(super) fn operations() -> Vec<Operation> {
    let owners = [secrets(), add_secret(), revoke_secret(), signing(), rotate(), policy()];
    let operators = [change_signing(), change_policy(), consumers(), add_consumer(), remove_consumer()];
    let applications =
        [applications(), add_application(), remove_application(), application_key(), grants(), revoke_grant()];
    owners
        .into_iter()
        .chain(applications)
        .map(|operation| operation.proved_by(OWNERS))
        .chain(operators.into_iter().map(|operation| operation.proved_by(OPERATORS)))
        .collect()
}

fn secret_fields() -> Vec<Field> {
    vec![
        need("id", text(), ""),
        need("kind", words(&["generated", "chosen"]), ""),
        need("mode", words(&["live", "test"]).or_null(), "Where secrets are keys"),
        need("created_at", time(), ""),
    ]
}

fn secrets() -> Operation {
    of_account(Operation::new(
        Get,
        v1!("accounts/{key}/secrets"),
        (SECRETS, "listSecrets"),
        "List the ids and ages of an account's secrets",
    ))
    .answers(200, "The secrets", object([need("secrets", list(object(secret_fields())), "")]))
}

fn add_secret() -> Operation {
    let added = object(
        secret_fields().into_iter().chain([may("secret", text(), "If it was made here"), may("note", text(), "")]),
    );
    let operation = of_account(Operation::new(
        Post,
        v1!("accounts/{key}/secrets"),
        (SECRETS, "addSecret"),
        "Add a secret; one that is made here is answered this once",
    ))
    .json([may("secret", text(), "One of your own"), may("mode", words(&["live", "test"]), "Where secrets are keys")]);
    conflicting(operation, "There are as many as there may be, or it is in use already").answers(
        201,
        "The secret",
        added,
    )
}

fn revoke_secret() -> Operation {
    let operation = of_account(Operation::new(
        Delete,
        v1!("accounts/{key}/secrets/{id}"),
        (SECRETS, "revokeSecret"),
        "Revoke a secret",
    ))
    .path("id", text(), "The secret", ID);
    let gone = object([need("id", text(), ""), need("revoked", boolean(), "")]);
    conflicting(operation, "It is the last one").answers(200, "It is revoked", gone)
}

fn signing_schema() -> Schema {
    object([
        need("api_key", text(), ""),
        need("method", words(METHODS), ""),
        need("webhooks", words(&["signed", "unsigned"]), ""),
        need("secret_created_at", time().or_null(), ""),
        need("previous_ends_at", time().or_null(), "Until when the secret before is good"),
    ])
    .named("Signing")
}

fn signing() -> Operation {
    of_account(Operation::new(Get, v1!("accounts/{key}/signing"), (SECRETS, "readSigning"), "See how an account signs"))
        .answers(200, "How it signs", signing_schema())
}

fn change_signing() -> Operation {
    of_account(Operation::new(
        Patch,
        v1!("accounts/{key}/signing"),
        (SECRETS, "changeSigning"),
        "Change how an account signs",
    ))
    .json([may("method", words(METHODS), "").such_as("sha256"), may("webhooks", words(&["signed", "unsigned"]), "")])
    .answers(200, "How it signs", signing_schema())
}

fn rotate() -> Operation {
    let rotated = object([
        need("api_key", text(), ""),
        need("previous_ends_at", time().or_null(), ""),
        may("signature_secret", text(), "If it was made here"),
        may("note", text(), ""),
    ]);
    of_account(Operation::new(
        Post,
        v1!("accounts/{key}/signing/rotate"),
        (SECRETS, "rotateSigning"),
        "Take another signature secret",
    ))
    .json([
        may("secret", text(), "One of your own"),
        may("overlap_seconds", integer(0, 2_592_000), "How long the one before is good").such_as(3600),
    ])
    .answers(200, "The secret this once, if it was made here", rotated)
}

fn policy_schema() -> Schema {
    object([
        need("api_key", text(), ""),
        need("methods", list(text()), "Ways to prove who calls"),
        need("networks", list(text()), "Where calls may come from; none: anywhere"),
        need("scopes", list(text()), "What may be done"),
        need("signature", words(&["optional", "where-possible", "required"]), ""),
        need("signature_method_min", words(METHODS), ""),
        need("spend_per_day_max", money().or_null(), ""),
    ])
    .named("Policy")
}

fn policy() -> Operation {
    of_account(Operation::new(
        Get,
        v1!("accounts/{key}/policy"),
        (SECRETS, "readPolicy"),
        "See what an account's key may be used for",
    ))
    .answers(200, "The policy", policy_schema())
}

fn change_policy() -> Operation {
    of_account(Operation::new(
        Patch,
        v1!("accounts/{key}/policy"),
        (SECRETS, "changePolicy"),
        "Change what an account's key may be used for",
    ))
    .json([
        may("methods", list(text()), ""),
        may("networks", list(text()), "Such as 192.0.2.0/24"),
        may("scopes", list(text()), ""),
        may("signature", words(&["optional", "where-possible", "required"]), "").such_as("optional"),
        may("signature_method_min", words(METHODS), ""),
        may("spend_per_day_max", text(), "Empty: none"),
    ])
    .answers(200, "The policy", policy_schema())
}

fn application_fields() -> Vec<Field> {
    vec![
        need("id", text().format("uuid"), ""),
        need("name", text(), ""),
        need("public_key", text().or_null(), "PEM"),
        need("receipt_url", text().or_null(), ""),
        need("inbound_url", text().or_null(), ""),
    ]
}

fn with_key() -> Schema {
    object(
        application_fields()
            .into_iter()
            .chain([may("private_key", text(), "If the pair was made here"), may("note", text(), "")]),
    )
}

fn of_application(operation: Operation) -> Operation {
    of_account(operation).path("id", text(), "The application", ID)
}

fn applications() -> Operation {
    let page = object([
        need("applications", list(object(application_fields())), "In the order in which they were made"),
        need("page", whole_number(), ""),
        need("page_size", whole_number(), ""),
        need("total", whole_number(), ""),
    ]);
    of_account(Operation::new(
        Get,
        v1!("accounts/{key}/applications"),
        (APPLICATIONS, "listApplications"),
        "List an account's applications",
    ))
    .query([may("page", integer(1, 1_000_000), ""), may("page_size", integer(1, 1000), "")])
    .answers(200, "A page of them", page)
}

fn add_application() -> Operation {
    let operation = of_account(Operation::new(
        Post,
        v1!("accounts/{key}/applications"),
        (APPLICATIONS, "addApplication"),
        "Make an application; a private key that is made here is answered this once",
    ))
    .json([
        need("name", text().chars(1, 255), "").such_as("Sign in"),
        may("id", text().format("uuid"), "If it had one elsewhere"),
        may("public_key", text(), "PEM, if it had one elsewhere"),
        may("receipt_url", text().chars(0, 2000), ""),
        may("inbound_url", text().chars(0, 2000), ""),
    ]);
    conflicting(operation, "The id is taken, or there are 1000").answers(201, "The application", with_key())
}

fn remove_application() -> Operation {
    let gone = object([need("id", text(), ""), need("removed", boolean(), "")]);
    of_application(Operation::new(
        Delete,
        v1!("accounts/{key}/applications/{id}"),
        (APPLICATIONS, "removeApplication"),
        "Remove an application; its tokens are refused from then on",
    ))
    .answers(200, "It is gone", gone)
}

fn application_key() -> Operation {
    of_application(Operation::new(
        Post,
        v1!("accounts/{key}/applications/{id}/key"),
        (APPLICATIONS, "rotateApplicationKey"),
        "Take another key for an application",
    ))
    .json([
        may("public_key", text(), "PEM; without one a pair is made"),
        may("overlap_seconds", integer(0, 2_592_000), "How long the one before is good"),
    ])
    .answers(200, "The application", with_key())
}

fn consumers() -> Operation {
    let consumer = object([need("key", text(), ""), need("name", text(), ""), need("created_at", time(), "")]);
    of_account(Operation::new(
        Get,
        v1!("accounts/{key}/oauth/consumers"),
        (OAUTH, "listConsumers"),
        "List an account's consumers",
    ))
    .answers(200, "The consumers", object([need("consumers", list(consumer), "")]))
}

fn add_consumer() -> Operation {
    let made = object([
        need("key", text(), ""),
        need("name", text(), ""),
        need("secret", text(), ""),
        need("note", text(), ""),
    ]);
    let operation = of_account(Operation::new(
        Post,
        v1!("accounts/{key}/oauth/consumers"),
        (OAUTH, "addConsumer"),
        "Make a consumer; its secret is answered this once",
    ))
    .json([need("name", text().chars(1, 100), "").such_as("Planner")]);
    conflicting(operation, "There are 1000").answers(201, "Key and secret", made)
}

fn remove_consumer() -> Operation {
    let gone = object([need("key", text(), ""), need("removed", boolean(), "")]);
    of_account(Operation::new(
        Delete,
        v1!("accounts/{key}/oauth/consumers/{consumer}"),
        (OAUTH, "removeConsumer"),
        "Remove a consumer, and whatever was granted to it",
    ))
    .path("consumer", text(), "Its key", KEY)
    .answers(200, "It is gone", gone)
}

fn grants() -> Operation {
    let grant = object([need("token", text(), ""), need("consumer", text(), ""), need("created_at", time(), "")]);
    of_account(Operation::new(
        Get,
        v1!("accounts/{key}/oauth/grants"),
        (OAUTH, "listGrants"),
        "List what an account granted",
    ))
    .answers(200, "The grants", object([need("grants", list(grant), "")]))
}

fn revoke_grant() -> Operation {
    let gone = object([need("token", text(), ""), need("revoked", boolean(), "")]);
    of_account(Operation::new(
        Delete,
        v1!("accounts/{key}/oauth/grants/{token}"),
        (OAUTH, "revokeGrant"),
        "Revoke a grant",
    ))
    .path("token", text(), "Its token", KEY)
    .answers(200, "It is revoked", gone)
}
