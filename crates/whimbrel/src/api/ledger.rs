//! The ledger of an account, for those who look after it and for its owner.

use serde_json::{Value, json};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_store::{LedgerEntry, LedgerKind};

use super::json::bad;
use super::messages::public_id;
use super::{Api, accounts, document, unavailable};
use crate::server::IncomingRequest;

const COUNT_DEFAULT: usize = 50;
const COUNT_MAX: usize = 1_000;

/// `GET accounts/{key}/ledger?before=&limit=`: newest first. A page may be short and still name a `next` one.
pub(super) async fn show(api: &Api, key: &str, request: &IncomingRequest) -> HttpResponse {
    let read = || Ok((accounts::entry(api, key)?, page(request.query())?));
    let (entry, (before, count)) = match read() {
        Ok(read) => read,
        Err(refused) => return refused,
    };
    let id = entry.account.id;
    match api.engine.read(move |store| store.ledger(id, before, count)).await {
        Ok(page) => {
            let entries: Vec<Value> = page.entries.iter().map(|one| shown(&entry.dialect, one)).collect();
            let next = page.next.map(|place| format!("{place:x}"));
            document(200, &json!({ "currency": entry.account.currency.as_str(), "entries": entries, "next": next }))
        }
        Err(error) => unavailable(&error),
    }
}

fn page(query: &str) -> Result<(Option<i64>, usize), HttpResponse> {
    let (mut before, mut count) = (None, COUNT_DEFAULT);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "before" => {
                let place =
                    i64::from_str_radix(&value, 16).map_err(|_| bad("`before` must be `next` of a page before"))?;
                before = Some(place);
            }
            "limit" => {
                let wanted = value.parse().ok().filter(|count| (1..=COUNT_MAX).contains(count));
                count = wanted.ok_or_else(|| bad("`limit` must be a number from 1 to 1000"))?;
            }
            _ => return Err(bad("the parameters are before and limit")),
        }
    }
    Ok((before, count))
}

fn shown(dialect: &str, entry: &LedgerEntry) -> Value {
    let (why, subject) = match &entry.kind {
        LedgerKind::Part(part) => ("part", public_id(dialect, part.0, None)),
        LedgerKind::Payment(name) => ("payment", name.to_string()),
        LedgerKind::Number(id) => ("number", format!("{id:x}")),
        LedgerKind::Reload(id) => ("reload", format!("{id:x}")),
        LedgerKind::Between(id) => ("between-accounts", format!("{id:x}")),
    };
    json!({
        "at": entry.at.to_string(),
        "why": why,
        "subject": subject,
        "amount": entry.amount.eight_decimals(),
        "bucket": entry.bucket,
    })
}
