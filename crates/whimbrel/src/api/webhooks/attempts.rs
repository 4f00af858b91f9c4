//! Attempts of webhooks as the tape has them.

use serde_json::{Value, json};
use whimbrel_core::{AccountId, EndpointKind, Span, Told};
use whimbrel_dialects::http::HttpResponse;
use whimbrel_engine::ports::{Answered, Timing};
use whimbrel_engine::tape::{AttemptEnd, AttemptFilter, Entry, SeenHttp, SeenWebhook, Why};

use crate::api::json::bad;
use crate::api::messages::public_id;
use crate::api::{Api, accounts, document};
use crate::server::IncomingRequest;

const COUNT_DEFAULT: usize = 50;
const COUNT_MAX: usize = 500;

/// `GET webhooks/attempts?account=&failed=&since=&limit=`, and the same of one account: newest first.
pub(in crate::api) fn list(api: &Api, account: Option<&str>, request: &IncomingRequest) -> HttpResponse {
    let account = account.map(|key| accounts::find(api, key)).transpose();
    let filter = match account.and_then(|account| filter(api, account, request.query())) {
        Ok(filter) => filter,
        Err(refused) => return refused,
    };
    let tape = api.engine.tape();
    let found = tape.attempts(&filter);
    let attempts: Vec<Value> = found.iter().filter_map(|entry| shown(api, entry)).collect();
    document(200, &json!({ "tape": if tape.is_on() { "on" } else { "off" }, "attempts": attempts }))
}

fn filter(api: &Api, account_id: Option<AccountId>, query: &str) -> Result<AttemptFilter, HttpResponse> {
    let mut filter = AttemptFilter { account_id, count_max: COUNT_DEFAULT, ..AttemptFilter::default() };
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            // Whoever asks for one account learns nothing of others, not even whether there are any.
            "account" if filter.account_id.is_none() => filter.account_id = Some(accounts::find(api, &value)?),
            "failed" => {
                filter.failed = match &*value {
                    "true" | "1" | "" => true,
                    "false" | "0" => false,
                    _ => return Err(bad("`failed` must be true or false")),
                };
            }
            "since" => {
                let ago = ago(&value).ok_or_else(|| bad("`since` must be how long ago, such as 90s, 10m, 2h or 1d"))?;
                filter.since = Some(api.engine.world().now() - ago);
            }
            "limit" => {
                let count = value.parse().ok().filter(|count| (1..=COUNT_MAX).contains(count));
                filter.count_max =
                    count.ok_or_else(|| bad(&format!("`limit` must be a number from 1 to {COUNT_MAX}")))?;
            }
            _ => return Err(bad("the parameters are account, failed, since (such as 10m) and limit")),
        }
    }
    Ok(filter)
}

/// A number and a unit: seconds, minutes, hours or days.
fn ago(text: &str) -> Option<Span> {
    let text = text.strip_prefix('-').unwrap_or(text);
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let number: i64 = number.parse().ok().filter(|number| *number <= 100_000_000)?;
    Some(Span::seconds(number * seconds))
}

/// An attempt of the tape; `None` for anything else on it.
pub(in crate::api) fn shown(api: &Api, entry: &Entry) -> Option<Value> {
    let whimbrel_engine::tape::Seen::Webhook(webhook) = &entry.seen else { return None };
    let SeenWebhook { notice, why, attempt, url, request, answer, timing, end } = &**webhook;
    let account = api.engine.directory().by_id(notice.account_id);
    let (message, inbound) = match &notice.told {
        // A made-up event is of no message.
        _ if *why == Why::Triggered => (None, None),
        Told::Receipt(told) => (Some(public_id(&notice.dialect, told.message_id.0, told.serial)), None),
        Told::Inbound(told) => (None, Some(format!("{:x}", told.id.0))),
    };
    let next_try_at = match end {
        AttemptEnd::RetryAt(at) => Some(at.to_string()),
        AttemptEnd::Taken | AttemptEnd::Refused => None,
    };
    Some(json!({
        "type": "webhook",
        "id": entry.id.0,
        "at": entry.at.to_string(),
        "account": account.map(|entry| entry.account.key.clone()),
        "dialect": notice.dialect,
        "kind": EndpointKind::as_str(notice.endpoint()),
        "message": message,
        "inbound": inbound,
        "why": why.as_str(),
        "attempt": attempt,
        "result": end.as_str(),
        "next_try_at": next_try_at,
        "url": url,
        "request": http(request),
        "answer": answer.as_ref().ok().map(answered),
        "error": answer.as_ref().err(),
        "timing": timed(timing),
    }))
}

/// A request or an answer as the tape keeps it.
pub(in crate::api) fn http(seen: &SeenHttp) -> Value {
    let (method, url) = seen.line.clone().unzip();
    json!({
        "method": method, "url": url, "headers": headers(&seen.headers), "body": seen.body, "body_bytes": seen.body_bytes,
    })
}

fn headers(headers: &[(Box<str>, Box<str>)]) -> Value {
    headers.iter().map(|(name, value)| json!([name, value])).collect()
}

/// What an endpoint answered.
pub(in crate::api) fn answered(answer: &Answered) -> Value {
    json!({
        "status": answer.status,
        "headers": headers(&answer.headers),
        // What is no UTF-8, or was cut in the middle of a letter, is for people to see all the same.
        "body": String::from_utf8_lossy(&answer.beginning),
    })
}

/// How long the steps took, in milliseconds.
pub(in crate::api) fn timed(timing: &Timing) -> Value {
    let ms = |span: Span| span.0 as f64 / 1_000.0;
    json!({
        "dns_ms": timing.resolved.map(ms),
        "connect_ms": timing.connected.map(ms),
        "tls_ms": timing.secured.map(ms),
        "first_byte_ms": timing.first_byte.map(ms),
        "total_ms": ms(timing.total),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_is_a_number_with_a_unit() {
        assert_eq!(ago("10m"), Some(Span::seconds(600)));
        assert_eq!(ago("-1d"), Some(Span::seconds(86_400)));
        for wrong in ["", "10", "m", "10x", "1.5h", "99999999999999999d", "-", "1h30m"] {
            assert_eq!(ago(wrong), None, "{wrong}");
        }
    }
}
