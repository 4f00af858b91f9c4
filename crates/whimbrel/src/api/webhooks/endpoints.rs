//! Where webhooks go, and how they get on there.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};
use whimbrel_core::{AccountId, EndpointKind};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_dialects::{registry, standard};
use whimbrel_engine::directory::Entry;
use whimbrel_engine::tape::{AttemptEnd, AttemptFilter, Entry as TapeEntry, Seen, SeenWebhook};
use whimbrel_store::{Document, DocumentFilter, DocumentKind, WaitingNotices};

use crate::api::json::bad;
use crate::api::{Api, accounts, document, unavailable};
use crate::server::IncomingRequest;

/// Accounts that one answer lists.
const ACCOUNTS_MAX: usize = 1_000;
/// Notices that are counted.
const PENDING_MAX: usize = 5_000;
/// Attempts of an account on the tape that rates are made of.
const ATTEMPTS_MAX: usize = 10_000;
/// Hooks of one account.
const HOOKS_MAX: usize = 100;

/// Attempts of the tape, newest first, of each account.
type Attempts = HashMap<AccountId, Vec<Arc<TapeEntry>>>;

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
    let waiting = match api.engine.read(|store| store.waiting_notices(PENDING_MAX)).await {
        Ok(waiting) => waiting,
        Err(error) => return unavailable(&error),
    };
    let is_cut = waiting.iter().map(|waits| waits.count).sum::<u64>() >= PENDING_MAX as u64;
    let attempts = attempts(api, &entries);
    let mut listed = Vec::new();
    for entry in &entries {
        let id = entry.account.id;
        let attempts = attempts.get(&id).map_or(&[][..], Vec::as_slice);
        for endpoint in &entry.account.endpoints {
            let waits = waiting.iter().find(|waits| waits.account_id == id && waits.kind == endpoint.kind);
            listed.push(shown(entry, (endpoint.kind.as_str(), &endpoint.url), waits, attempts));
        }
        match hooks(api, entry, attempts).await {
            Ok(hooks) => listed.extend(hooks),
            Err(refused) => return refused,
        }
    }
    let tape = if api.engine.tape().is_on() { "on" } else { "off" };
    document(200, &json!({ "tape": tape, "endpoints": listed, "pending_is_cut": is_cut }))
}

/// What the tape has of these accounts: it is looked through once, whatever their number, as everybody who is taped waits meanwhile.
fn attempts(api: &Api, entries: &[Arc<Entry>]) -> Attempts {
    let only = match entries {
        [entry] => Some(entry.account.id),
        _ => None,
    };
    let filter = AttemptFilter { account_id: only, count_max: usize::MAX, ..AttemptFilter::default() };
    let mut attempts = Attempts::new();
    for attempt in api.engine.tape().attempts(&filter) {
        let Some(id) = attempt.account_id else { continue };
        let of_account = attempts.entry(id).or_default();
        if of_account.len() < ATTEMPTS_MAX {
            of_account.push(attempt);
        }
    }
    attempts
}

/// The hooks of an account whose dialect has such.
async fn hooks(api: &Api, entry: &Entry, attempts: &[Arc<TapeEntry>]) -> Result<Vec<Value>, HttpResponse> {
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
    Ok(page
        .documents
        .iter()
        .filter_map(|document| Some(shown(entry, ("hook", &url(document)?), None, attempts)))
        .collect())
}

fn shown(
    entry: &Entry,
    (kind, url): (&str, &str),
    waiting: Option<&WaitingNotices>,
    attempts: &[Arc<TapeEntry>],
) -> Value {
    let hidden = registry::by_name(&entry.dialect).map(|dialect| dialect.hidden());
    let url = hidden.map_or_else(String::new, |hidden| hidden.url(url));
    let address = url.split(['?', '#']).next().unwrap_or_default();
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
        "pending": waiting.map_or(0, |waits| waits.count),
        "next_try_at": waiting.map(|waits| waits.next_at.to_string()),
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
