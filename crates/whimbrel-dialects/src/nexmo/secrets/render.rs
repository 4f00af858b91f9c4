//! Answers: secrets by their ids and links, never the secrets themselves, and problem documents.

use serde::Serialize;
use whimbrel_core::{FieldFault, Outcome, Refusal, SECRETS_MAX, SecretRefusal, SecretShown, SecretsOutcome};

use super::super::problem::{Problem, general};
use super::super::{answer, instant};
use crate::Reply;
use crate::http::HttpResponse;

#[derive(Serialize)]
struct Link {
    href: String,
}

#[derive(Serialize)]
struct Links {
    #[serde(rename = "self")]
    own: Link,
}

#[derive(Serialize)]
struct Shown {
    _links: Links,
    id: String,
    created_at: String,
}

#[derive(Serialize)]
struct Listed {
    _links: Links,
    _embedded: Embedded,
}

#[derive(Serialize)]
struct Embedded {
    secrets: Vec<Shown>,
}

/// The answer to a request.
pub(in super::super) fn render(outcome: &Outcome, reply: &Reply) -> HttpResponse {
    match outcome {
        Outcome::Secrets(outcome) => answered(outcome, reply),
        Outcome::Faulty(faulty) => invalid(faulty.fields.clone()).answer(reply),
        Outcome::Refused(
            Refusal::Missing { .. }
            | Refusal::BadCredentials
            | Refusal::MethodNotAllowed { .. }
            | Refusal::SourceNotAllowed,
        ) => Problem::unauthorized("Invalid credentials supplied").answer(reply),
        Outcome::Refused(refusal) => general(refusal).answer(reply),
        // Of another API: a fault of ours.
        _ => general(&Refusal::Internal).answer(reply),
    }
}

fn answered(outcome: &SecretsOutcome, reply: &Reply) -> HttpResponse {
    match outcome {
        SecretsOutcome::Listed { key, secrets } => {
            let secrets = secrets.iter().map(|secret| shown(key, *secret)).collect();
            let _links = links(format!("/accounts/{key}/secrets"));
            answer::json(reply, 200, &Listed { _links, _embedded: Embedded { secrets } })
        }
        SecretsOutcome::Added { key, secret } => answer::json(reply, 201, &shown(key, *secret)),
        SecretsOutcome::Shown { key, secret } => answer::json(reply, 200, &shown(key, *secret)),
        SecretsOutcome::Revoked => answer::empty(reply, 204),
        SecretsOutcome::OtherAccount { key } => {
            let detail = format!("API key '{key}' does not exist, or you do not have access");
            Problem::new(404, "#invalid-api-key", "Invalid API Key", detail).answer(reply)
        }
        SecretsOutcome::Unknown { id } => {
            Problem::new(404, "#invalid-id", "Invalid ID", format!("ID '{id}' could not be found")).answer(reply)
        }
        SecretsOutcome::Refused(refusal) => refused(*refusal).answer(reply),
    }
}

fn refused(refusal: SecretRefusal) -> Problem {
    match refusal {
        SecretRefusal::TooMany => Problem::new(
            403,
            "/account/secret-management#add-excess-secret",
            "Secret Addition Forbidden",
            format!("Account reached maximum number [{SECRETS_MAX}] of allowed secrets"),
        ),
        SecretRefusal::Last => Problem::new(
            403,
            "/account/secret-management#delete-last-secret",
            "Secret Deletion Forbidden",
            "Can not delete the last secret. The account must always have at least 1 secret active at any time",
        ),
        SecretRefusal::Weak(_) => secret("Does not meet complexity requirements"),
        SecretRefusal::InUse => secret("Is already in use"),
        // The engine answers these with outcomes of their own.
        SecretRefusal::UnknownAccount | SecretRefusal::UnknownSecret => general(&Refusal::Internal),
    }
}

fn secret(reason: &'static str) -> Problem {
    invalid(vec![FieldFault { name: "secret".into(), reason: reason.into() }])
}

fn invalid(fields: Vec<FieldFault>) -> Problem {
    let detail = "The request failed due to secret validation errors";
    Problem { fields, ..Problem::new(400, "/account/secret-management#validation", "Bad Request", detail) }
}

fn shown(key: &str, secret: SecretShown) -> Shown {
    let id = secret.id.to_string();
    Shown {
        _links: links(format!("/accounts/{key}/secrets/{id}")),
        created_at: instant::to_the_second(secret.created_at),
        id,
    }
}

fn links(href: String) -> Links {
    Links { own: Link { href } }
}
