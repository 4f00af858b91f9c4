//! Consumers of OAuth as operators list, make and remove them, and what accounts granted to them.

use serde_json::{Value, json};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::oauth::OauthError;
use whimbrel_store::{Document, DocumentKind};

use super::accounts::find;
use super::json::{Fields, bad};
use super::{Api, document, unavailable};
use crate::server::{IncomingRequest, problem};

/// Of a consumer's name.
const NAME_CHARS_MAX: usize = 100;

/// `GET accounts/{key}/oauth/consumers`.
pub(super) async fn consumers(api: &Api, key: &str) -> HttpResponse {
    list(
        api,
        key,
        DocumentKind::OauthConsumer,
        "consumers",
        |one| json!({ "key": one.place.key, "name": one.json, "created_at": one.made_at.to_string() }),
    )
    .await
}

/// `GET accounts/{key}/oauth/grants`.
pub(super) async fn grants(api: &Api, key: &str) -> HttpResponse {
    list(
        api,
        key,
        DocumentKind::OauthGrant,
        "grants",
        |one| json!({ "token": one.place.key, "consumer": one.json, "created_at": one.made_at.to_string() }),
    )
    .await
}

async fn list(
    api: &Api,
    key: &str,
    kind: DocumentKind,
    name: &str,
    shown: impl Fn(&Document) -> Value,
) -> HttpResponse {
    let account = match find(api, key) {
        Ok(account) => account,
        Err(refused) => return refused,
    };
    match api.engine.oauth_documents(account, kind).await {
        Ok(documents) => document(200, &json!({ name: documents.iter().map(shown).collect::<Vec<_>>() })),
        Err(error) => refused(&error),
    }
}

/// `POST accounts/{key}/oauth/consumers`: makes one; its secret is shown this once.
pub(super) async fn add(api: &Api, key: &str, request: &IncomingRequest) -> HttpResponse {
    let read = || {
        let account = find(api, key)?;
        let name = Fields::read(request.body(), &["name"])?.text("name")?.ok_or_else(|| bad("`name` is missing"))?;
        match name.trim() {
            name if (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control) => {
                Ok((account, Box::from(name)))
            }
            _ => Err(bad("`name` must have 1 to 100 characters, none of them a control character")),
        }
    };
    let (account, name): (_, Box<str>) = match read() {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    match api.engine.create_consumer(account, name.clone()).await {
        Ok((consumer, secret)) => document(
            201,
            &json!({
                "key": consumer, "secret": secret.expose(), "name": name, "note": "the secret is shown this once",
            }),
        ),
        Err(error) => refused(&error),
    }
}

/// `DELETE accounts/{key}/oauth/consumers/{consumer}`.
pub(super) async fn remove(api: &Api, key: &str, consumer: &str) -> HttpResponse {
    let account = match find(api, key) {
        Ok(account) => account,
        Err(refused) => return refused,
    };
    match api.engine.remove_consumer(account, consumer).await {
        Ok(()) => document(200, &json!({ "key": consumer, "removed": true })),
        Err(error) => refused(&error),
    }
}

/// `DELETE accounts/{key}/oauth/grants/{token}`.
pub(super) async fn revoke(api: &Api, key: &str, token: &str) -> HttpResponse {
    let account = match find(api, key) {
        Ok(account) => account,
        Err(refused) => return refused,
    };
    match api.engine.revoke_grant(account, token).await {
        Ok(()) => document(200, &json!({ "token": token, "revoked": true })),
        Err(error) => refused(&error),
    }
}

fn refused(error: &OauthError) -> HttpResponse {
    match error {
        OauthError::Unknown | OauthError::UnknownAccount => problem(404, "Not Found", &error.to_string()),
        OauthError::TooMany => problem(409, "Conflict", &error.to_string()),
        OauthError::Read(_) | OauthError::Commit(_) | OauthError::Bug(_) => unavailable(error),
    }
}
