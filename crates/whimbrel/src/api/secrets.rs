//! Secrets of accounts as operators add and revoke them.

use serde_json::{Value, json};
use whimbrel_core::{AccountId, KeyMode, Secret, SecretId, SecretRefusal};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::{SecretKeyForm, registry};
use whimbrel_engine::{AddedSecret, SecretError};
use whimbrel_store::KnownSecret;

use super::accounts::{find, unknown};
use super::json::{Fields, bad};
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
    let wanted = match find(api, key).and_then(|id| Ok((id, Wanted::read(api, id, request.body())?))) {
        Ok(wanted) => wanted,
        Err(refused) => return refused,
    };
    let (id, Wanted { added, shown_once }) = wanted;
    match api.engine.add_secret(id, added).await {
        Ok(known) => {
            let mut added = shown(&known);
            if let Some(secret) = shown_once {
                added["secret"] = json!(secret.expose());
                added["note"] = json!("the secret is shown this once");
            }
            document(201, &added)
        }
        Err(error) => refused(&error),
    }
}

/// A secret to add, and what its owner must be shown, having not seen it before.
struct Wanted {
    added: AddedSecret,
    shown_once: Option<Secret>,
}

impl Wanted {
    fn read(api: &Api, id: AccountId, body: &[u8]) -> Result<Self, HttpResponse> {
        let body = if body.is_empty() { b"{}" } else { body };
        let mut fields = Fields::read(body, &["secret", "mode"])?;
        let given = fields.text("secret")?.map(Secret::new);
        let mode = fields.word("mode", KeyMode::parse, "live, test")?;
        let entry = api.engine.directory().by_id(id).ok_or_else(unknown)?;
        let form = registry::by_name(&entry.dialect).and_then(|dialect| dialect.descriptor().secret_keys);
        let random = || api.engine.world().random();
        match (form, given, mode) {
            (None, _, Some(_)) => {
                Err(bad("`mode` is for accounts whose secrets are keys; this one has a key and secrets"))
            }
            (None, Some(chosen), None) => Ok(Self { added: AddedSecret::Chosen(chosen), shown_once: None }),
            (None, None, None) => {
                let made = api_secret(random);
                Ok(Self { added: AddedSecret::Generated(made.clone()), shown_once: Some(made) })
            }
            (Some(form), Some(brought), mode) => {
                let mode = brought_mode(form, &brought, mode)?;
                Ok(Self { added: AddedSecret::Key(brought, mode), shown_once: None })
            }
            (Some(form), None, mode) => {
                let mode = mode.unwrap_or_default();
                let made = form.make(mode, random);
                Ok(Self { added: AddedSecret::Key(made.clone(), mode), shown_once: Some(made) })
            }
        }
    }
}

/// What a key is for that a customer brings along: one that we did not make must look as if we had.
fn brought_mode(form: SecretKeyForm, key: &Secret, wanted: Option<KeyMode>) -> Result<KeyMode, HttpResponse> {
    let SecretKeyForm { live_prefix, test_prefix, digits, signable: _ } = form;
    let mode = form.mode(key).ok_or_else(|| {
        bad(&format!(
            "`secret` is no key of this dialect: {live_prefix} or {test_prefix} and {digits} lower-case hexadecimal digits; \
             leave it out to have one made"
        ))
    })?;
    match wanted {
        Some(wanted) if wanted != mode => {
            Err(bad(&format!("`mode`: by its prefix the key is a {} key", mode.as_str())))
        }
        _ => Ok(mode),
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
        "mode": secret.role.mode().map(KeyMode::as_str),
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
