//! Where webhooks go, and how they get on there.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use whimbrel_core::{AccountId, EndpointKind, Timestamp};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::{registry, standard};
use whimbrel_engine::directory::Entry;
use whimbrel_engine::tape::{AttemptEnd, AttemptFilter, Seen, SeenWebhook};
use whimbrel_store::{Document, DocumentFilter, DocumentKind};

use crate::api::json::bad;
use crate::api::{Api, accounts, document, unavailable};
use crate::server::IncomingRequest;

/// Accounts that one answer lists.
const ACCOUNTS_MAX: usize = 1_000;
/// Notices that are counted.
const PENDING_MAX: usize = 5_000;
/// Attempts of the tape that a rate is made of.
const ATTEMPTS_MAX: usize = 10_000;
/// Hooks of one account.
const HOOKS_MAX: usize = 100;

/// What waits for one place.
#[derive(Default)]
struct Pending {
    count: usize,
    next_at: Option<Timestamp>,
}

/// `GET webhooks?account=`, and the same of one account: every endpoint, with what the tape and the store say of it.
pub(in crate::api) async fn list(api: &Api, account: Option<&str>, request: &IncomingRequest) -> HttpResponse {
    let mut only = match account.map(|key| accounts::entry(api, key)).transpose() {
        Ok(only) => only,
        Err(refused) => return refused,
    };
    for (name, value) in form_urlencoded::parse(request.query().as_bytes()) {
        match &*name {
            "account" if account.is_none() => match accounts::entry(api, &value) {
                Ok(entry) => only = Some(entry),
                Err(refused) => return refused,
            },
            _ => return bad("the only parameter is account"),
        }
    }
    let entries = match only {
        Some(entry) => vec![entry],
        None => api.engine.directory().after("", ACCOUNTS_MAX),
    };
    let notices = match api.engine.read(|store| store.notices(None, PENDING_MAX)).await {
        Ok(notices) => notices,
        Err(error) => return unavailable(&error),
    };
    let is_cut = notices.len() == PENDING_MAX;
    let mut pending: BTreeMap<(AccountId, &str), Pending> = BTreeMap::new();
    for notice in &notices {
        let waits = pending.entry((notice.account_id, notice.endpoint().as_str())).or_default();
        waits.count += 1;
        waits.next_at = waits.next_at.into_iter().chain([notice.due_at]).min();
    }
    let mut listed = Vec::new();
    for entry in &entries {
        for endpoint in &entry.account.endpoints {
            let waits = pending.get(&(entry.account.id, endpoint.kind.as_str()));
            listed.push(shown(api, entry, (endpoint.kind.as_str(), &endpoint.url), waits));
        }
        match hooks(api, entry).await {
            Ok(hooks) => listed.extend(hooks),
            Err(refused) => return refused,
        }
    }
    let tape = if api.engine.tape().is_on() { "on" } else { "off" };
    document(200, &json!({ "tape": tape, "endpoints": listed, "pending_is_cut": is_cut }))
}

/// The hooks of an account whose dialect has such.
async fn hooks(api: &Api, entry: &Entry) -> Result<Vec<Value>, HttpResponse> {
    let Some(dialect) = registry::by_name(&entry.dialect) else { return Ok(Vec::new()) };
    let Some(hooks) = dialect.hooks() else { return Ok(Vec::new()) };
    let filter = DocumentFilter {
        dialect: dialect.descriptor().id.into(),
        kind: DocumentKind::Hook,
        account_id: entry.account.id,
        skip: 0,
        count_max: HOOKS_MAX,
    };
    let page = api.engine.read(move |store| store.documents(&filter)).await.map_err(|error| unavailable(&error))?;
    let url = |document: &Document| hooks.url(&document.json);
    Ok(page.documents.iter().filter_map(|document| Some(shown(api, entry, ("hook", &url(document)?), None))).collect())
}

fn shown(api: &Api, entry: &Entry, (kind, url): (&str, &str), pending: Option<&Pending>) -> Value {
    let hidden = registry::by_name(&entry.dialect).map(|dialect| dialect.hidden());
    let url = hidden.map_or_else(String::new, |hidden| hidden.url(url));
    let address = url.split(['?', '#']).next().unwrap_or_default();
    let filter =
        AttemptFilter { account_id: Some(entry.account.id), count_max: ATTEMPTS_MAX, ..AttemptFilter::default() };
    let attempts = api.engine.tape().attempts(&filter);
    let of_this = attempts.iter().filter_map(|attempt| match &attempt.seen {
        // Parameters of its own stand behind the address of a GET.
        Seen::Webhook(webhook) if is_of(webhook, kind) && webhook.url.split(['?', '#']).next() == Some(address) => {
            Some((attempt, webhook))
        }
        _ => None,
    });
    let (mut count, mut taken, mut last) = (0_usize, 0_usize, None);
    for (attempt, webhook) in of_this {
        count += 1;
        taken += usize::from(webhook.end == AttemptEnd::Taken);
        if last.is_none() {
            let status = webhook.answer.as_ref().ok().map(|answer| answer.status);
            let error = webhook.answer.as_ref().err();
            last = Some(json!({
                "id": attempt.id.0, "at": attempt.at.to_string(), "result": webhook.end.as_str(), "status": status, "error": error,
            }));
        }
    }
    json!({
        "account": format!("{}:{}", entry.dialect, entry.account.key),
        "api_key": entry.account.key,
        "dialect": entry.dialect,
        "kind": kind,
        "url": url,
        "attempts": count,
        "delivered": taken,
        "success_rate": (count > 0).then(|| taken as f64 / count as f64),
        "last_attempt": last,
        "pending": pending.map_or(0, |pending| pending.count),
        "next_try_at": pending.and_then(|pending| pending.next_at).map(|at| at.to_string()),
    })
}

fn is_of(webhook: &SeenWebhook, kind: &str) -> bool {
    kind == "hook" || EndpointKind::as_str(webhook.notice.endpoint()) == kind
}

/// `POST accounts/{key}/webhooks/secret`: the secret by which a receiver verifies the headers of Standard Webhooks.
pub(in crate::api) fn secret(api: &Api, key: &str) -> HttpResponse {
    let entry = match accounts::entry(api, key) {
        Ok(entry) => entry,
        Err(refused) => return refused,
    };
    let current = &entry.signature_secrets.current.secret;
    match current.expose().is_empty() {
        true => bad("the account has no signature secret: rotate it once, and its webhooks are signed"),
        false => document(
            200,
            &json!({ "api_key": entry.account.key, "webhook_secret": standard::secret(current).expose() }),
        ),
    }
}
