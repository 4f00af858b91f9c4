//! Numbers that accounts own, and lists of numbers and senders.

use serde_json::{Value, json};
use whimbrel_core::{AccountId, ListKind};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::ListError;
use whimbrel_store::{NumberRefused, OwnedNumber};

use super::json::{Fields, bad};
use super::{Api, accounts, document, unavailable};
use crate::server::{IncomingRequest, problem};

const ENTRIES_DEFAULT: usize = 1_000;
const ENTRIES_MAX: usize = 10_000;

/// `GET numbers?account=`.
pub(super) async fn list(api: &Api, request: &IncomingRequest) -> HttpResponse {
    let account = match only_account(api, request) {
        Ok(account) => account,
        Err(refused) => return refused,
    };
    match api.engine.read(move |store| store.numbers(account)).await {
        Ok(numbers) => {
            let list: Vec<Value> = numbers.iter().map(|owned| shown(api, owned)).collect();
            document(200, &json!({ "numbers": list }))
        }
        Err(error) => unavailable(&error),
    }
}

/// `POST numbers`: gives a number to an account.
pub(super) async fn assign(api: &Api, request: &IncomingRequest) -> HttpResponse {
    let read = || {
        let mut fields = Fields::read(request.body(), &["number", "account", "inbound_url"])?;
        let number = fields.text("number")?.ok_or_else(|| bad("`number` is missing"))?;
        let key = fields.text("account")?.ok_or_else(|| bad("`account` is missing: the account's key"))?;
        let url = fields.text("inbound_url")?.map(|url| accounts::checked_url("inbound_url", &url)).transpose()?;
        Ok((number, accounts::find(api, &key)?, url.filter(|url| !url.is_empty())))
    };
    let (number, account, url) = match read() {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    match api.engine.assign_number(&number, account, url).await {
        Ok(owned) => document(200, &shown(api, &owned)),
        Err(error) => refused(&error),
    }
}

/// `DELETE numbers/{number}`.
pub(super) async fn release(api: &Api, number: &str) -> HttpResponse {
    match api.engine.release_number(number).await {
        Ok(()) => document(200, &json!({ "number": number, "account": null })),
        Err(error) => refused(&error),
    }
}

fn shown(api: &Api, owned: &OwnedNumber) -> Value {
    let account = api.engine.directory().by_id(owned.account_id).map(|entry| entry.account.key.clone());
    json!({ "number": owned.number, "account": account, "inbound_url": owned.inbound_url })
}

/// `GET lists/{kind}?account=&after=&limit=`.
pub(super) async fn entries(api: &Api, kind: &str, request: &IncomingRequest) -> HttpResponse {
    let Some(kind) = ListKind::parse(kind) else { return unknown_list() };
    let (mut account, mut after, mut count_max) = (None, None, ENTRIES_DEFAULT);
    for (name, value) in form_urlencoded::parse(request.query().as_bytes()) {
        match &*name {
            "account" => match accounts::find(api, &value) {
                Ok(id) => account = Some(id),
                Err(refused) => return refused,
            },
            "after" => after = Some(value.into_owned()),
            "limit" => match value.parse().ok().filter(|count| (1..=ENTRIES_MAX).contains(count)) {
                Some(count) => count_max = count,
                None => return bad("`limit` must be a number from 1 to 10000"),
            },
            _ => return bad("the parameters here are account, after, limit"),
        }
    }
    let read = api.engine.read(move |store| store.list_entries(account, kind, after.as_deref(), count_max));
    match read.await {
        Ok(entries) => {
            let more = entries.len() == count_max;
            document(200, &json!({ "list": kind.as_str(), "entries": entries, "more": more }))
        }
        Err(error) => unavailable(&error),
    }
}

/// `POST lists/{kind}?account=` adds entries, `DELETE` removes them.
pub(super) async fn change(api: &Api, kind: &str, request: &IncomingRequest) -> HttpResponse {
    let Some(kind) = ListKind::parse(kind) else { return unknown_list() };
    let read = || {
        let account = only_account(api, request)?;
        let mut fields = Fields::read(request.body(), &["entries"])?;
        let entries = fields.texts("entries")?.ok_or_else(|| bad("`entries` is missing: an array of texts"))?;
        Ok((account, entries))
    };
    let (account, entries) = match read() {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let count = entries.len();
    let (add, remove) = if request.method() == "DELETE" { (vec![], entries) } else { (entries, vec![]) };
    match api.engine.change_list(account, kind, &add, &remove).await {
        Ok(()) => document(200, &json!({ "list": kind.as_str(), "entries": count })),
        Err(error) => refused(&error),
    }
}

fn only_account(api: &Api, request: &IncomingRequest) -> Result<Option<AccountId>, HttpResponse> {
    let mut account = None;
    for (name, value) in form_urlencoded::parse(request.query().as_bytes()) {
        match &*name {
            "account" => account = Some(accounts::find(api, &value)?),
            _ => return Err(bad("the only parameter here is account")),
        }
    }
    Ok(account)
}

fn unknown_list() -> HttpResponse {
    problem(404, "Not Found", "the lists are barred, deactivated, permitted and senders")
}

pub(super) fn refused(error: &ListError) -> HttpResponse {
    match error {
        ListError::NotANumber | ListError::Entry(_) => bad(&error.to_string()),
        ListError::Refused(NumberRefused::Taken) => problem(409, "Conflict", &error.to_string()),
        ListError::Refused(NumberRefused::UnknownAccount) | ListError::UnknownAccount => {
            problem(404, "Not Found", &error.to_string())
        }
        ListError::Commit(_) | ListError::Bug(_) => unavailable(error),
    }
}
