//! What people who are no operators see of an answer. Viewers see of a customer's address only where it leads, since customers put secrets
//! into paths and queries; owners do not see by which way their texts go, in answers, events and pages.

use serde_json::Value;
use whimbrel_dialects::http::HttpResponse;

/// The answer as a viewer may see it. What is no document stays as it is: metrics have no addresses.
pub(super) fn viewers(mut answer: HttpResponse) -> HttpResponse {
    if let Ok(mut document) = serde_json::from_slice(&answer.body) {
        hide(&mut document);
        answer.body = document.to_string().into_bytes();
    }
    answer
}

fn hide(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(hide),
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(url) if name == "url" || name.ends_with("_url") => *url = place_of(url),
                    member => hide(member),
                }
            }
        }
        _ => {}
    }
}

/// `https://host:port/...`: scheme and host alone.
fn place_of(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return String::new() };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // Somebody's name and password stand before the last @.
    let host = authority.rsplit('@').next().unwrap_or_default();
    let more = if matches!(path, "" | "/") { "" } else { "/..." };
    format!("{scheme}://{host}{more}")
}

/// The answer to a call below an account's path, which its owner may make: by which way texts go is the operator's affair.
pub(super) fn owners(mut answer: HttpResponse) -> HttpResponse {
    if let Ok(mut document) = serde_json::from_slice(&answer.body) {
        hide_ways(&mut document);
        answer.body = document.to_string().into_bytes();
    }
    answer
}

fn hide_ways(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(hide_ways),
        Value::Object(members) => {
            let what = members.get("what").and_then(Value::as_str).unwrap_or_default().to_owned();
            for (name, member) in members {
                match (name.as_str(), member) {
                    ("carrier" | "route" | "epoch", member) => *member = Value::Null,
                    ("detail", Value::String(detail)) => {
                        let seen = detail_for_owners(&what, detail).len();
                        detail.truncate(seen);
                    }
                    (_, member) => hide_ways(member),
                }
            }
        }
        _ => {}
    }
}

/// What an owner sees of the detail of a line of a story or of an event: its beginning, up to where it names a way.
pub(crate) fn detail_for_owners<'a>(what: &str, detail: &'a str) -> &'a str {
    let before = |mark: &str| detail.split_once(mark).map_or("", |(before, _)| before);
    match what {
        "handed-on" => "",
        "rerouted" => before("; from "),
        "accepted" => before(", route "),
        "message.accepted" => before(" by "),
        _ => detail,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_in_addresses_are_hidden_wherever_they_stand() {
        let mut document = json!({
            "accounts": [{ "name": "shop", "receipt_url": "https://u:pw@a.example:8443/hook/s3cr3t?key=1#x", "inbound_url": null }],
            "orphans": [{ "recipient": "447700900123", "raw_id": "7f" }],
            "url": "http://a.example?token=1",
            "plain_url": "http://a.example/",
        });
        hide(&mut document);
        let expected = json!({
            "accounts": [{ "name": "shop", "receipt_url": "https://a.example:8443/...", "inbound_url": null }],
            "orphans": [{ "recipient": "447700900123", "raw_id": "7f" }],
            "url": "http://a.example/...",
            "plain_url": "http://a.example",
        });
        assert_eq!(document, expected);
    }

    #[test]
    fn owners_do_not_see_by_which_way_a_text_went() {
        let line = |what: &str, detail: &str| json!({ "what": what, "detail": detail });
        let mut document = json!({
            "id": "A1", "carrier": "acme", "route": "cheap", "epoch": 3,
            "timeline": [
                line("handed-on", "from acme to other"),
                line("rerouted", "failed, cause ported; from acme to other"),
                line("accepted", "1 x 0.05000000 EUR, route cheap"),
                line("late-answer", "attempt 1"),
            ],
        });
        hide_ways(&mut document);
        let expected = json!({
            "id": "A1", "carrier": null, "route": null, "epoch": null,
            "timeline": [
                line("handed-on", ""),
                line("rerouted", "failed, cause ported"),
                line("accepted", "1 x 0.05000000 EUR"),
                line("late-answer", "attempt 1"),
            ],
        });
        assert_eq!(document, expected);
        assert_eq!(detail_for_owners("message.accepted", "to 4477009•••• by acme by sea"), "to 4477009••••");
        assert_eq!(detail_for_owners("accepted", "in words of later"), "", "what is not known is not shown");
    }
}
