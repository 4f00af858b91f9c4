//! Secrets of accounts as operators add and revoke them.

use serde_json::{Value, json};
use whimbrel_core::{Secret, SecretId, SecretKind, SecretRefusal};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::SecretError;
use whimbrel_store::KnownSecret;

use super::accounts::{find, unknown};
use super::json::Fields;
use super::{Api, document, unavailable};
use crate::gateway::secrets::api_secret;
use crate::server::{IncomingRequest, problem};

/// `GET accounts/{key}/secrets`.
pub(super) fn list(api: &Api, key: &str) -> HttpResponse {
    let secrets = match find(api, key) {
        Ok(id) => api.engine.secrets(id),
        Err(refused) => return refused,
    };
    match secrets {
        Some(secrets) => document(200, &json!({ "secrets": secrets.iter().map(shown).collect::<Value>() })),
        None => unknown(),
    }
}

/// `POST accounts/{key}/secrets`: adds the secret of the body, or makes one and shows it this once.
pub(super) async fn add(api: &Api, key: &str, request: &IncomingRequest) -> HttpResponse {
    let read = find(api, key).and_then(|id| {
        let body = if request.body().is_empty() { b"{}" } else { request.body() };
        Ok((id, Fields::read(body, &["secret"])?.text("secret")?))
    });
    let (id, chosen) = match read {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let world = api.engine.world();
    let (secret, kind) = match chosen {
        Some(chosen) => (Secret::new(chosen), SecretKind::Chosen),
        None => (api_secret(|| world.random()), SecretKind::Generated),
    };
    match api.engine.add_secret(id, secret.clone(), kind).await {
        Ok(known) => {
            let mut added = shown(&known);
            if kind == SecretKind::Generated {
                added["secret"] = json!(secret.expose());
                added["note"] = json!("the secret is shown this once");
            }
            document(201, &added)
        }
        Err(error) => refused(&error),
    }
}

/// `DELETE accounts/{key}/secrets/{id}`.
pub(super) async fn revoke(api: &Api, key: &str, secret: &str) -> HttpResponse {
    let account = match find(api, key) {
        Ok(id) => id,
        Err(refused) => return refused,
    };
    let Some(id) = SecretId::parse(secret) else {
        return refused(&SecretError::Refused(SecretRefusal::UnknownSecret));
    };
    match api.engine.revoke_secret(account, id).await {
        Ok(()) => document(200, &json!({ "id": id.to_string(), "revoked": true })),
        Err(error) => refused(&error),
    }
}

fn shown(secret: &KnownSecret) -> Value {
    json!({
        "id": secret.id.to_string(),
        "kind": secret.verifier.kind().as_str(),
        "created_at": secret.created_at.to_string(),
    })
}

fn refused(error: &SecretError) -> HttpResponse {
    let (status, title) = match error {
        SecretError::Refused(SecretRefusal::UnknownAccount) => return unknown(),
        SecretError::Refused(SecretRefusal::UnknownSecret) => (404, "Not Found"),
        SecretError::Refused(SecretRefusal::TooMany | SecretRefusal::Last | SecretRefusal::InUse) => (409, "Conflict"),
        SecretError::Refused(SecretRefusal::Weak(_)) => (400, "Bad Request"),
        SecretError::Overloaded => (503, "Service Unavailable"),
        SecretError::Commit(_) | SecretError::Bug(_) => return unavailable(error),
    };
    problem(status, title, &error.to_string())
}
