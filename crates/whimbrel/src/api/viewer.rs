//! What a viewer sees of an answer: figures and names, but of an address of a customer's only where it leads, since customers put
//! secrets into paths and queries, and of a recipient only as much as logs show.

use serde_json::Value;
use whimbrel_core::phone::mask;
use whimbrel_dialects::http::HttpResponse;

/// The answer as a viewer may see it. What is no document stays as it is: metrics have neither addresses nor recipients.
pub(super) fn seen(mut answer: HttpResponse) -> HttpResponse {
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
                    Value::String(recipient) if name == "recipient" => *recipient = mask(recipient),
                    member => hide(member),
                }
            }
        }
        _ => {}
    }
}

/// `https://host:port/...`: scheme and host alone.
fn place_of(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return mask(url) };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    // Somebody's name and password stand before the last @.
    let host = authority.rsplit('@').next().unwrap_or_default();
    let more = if matches!(path, "" | "/") { "" } else { "/..." };
    format!("{scheme}://{host}{more}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_in_addresses_and_recipients_are_hidden_wherever_they_stand() {
        let mut document = json!({
            "accounts": [{ "name": "shop", "receipt_url": "https://u:pw@a.example:8443/hook/s3cr3t?key=1#x", "inbound_url": null }],
            "orphans": [{ "recipient": "447700900123", "raw_id": "7f" }],
            "url": "http://a.example?token=1",
            "plain_url": "http://a.example/",
        });
        hide(&mut document);
        let expected = json!({
            "accounts": [{ "name": "shop", "receipt_url": "https://a.example:8443/...", "inbound_url": null }],
            "orphans": [{ "recipient": "4477******23", "raw_id": "7f" }],
            "url": "http://a.example/...",
            "plain_url": "http://a.example",
        });
        assert_eq!(document, expected);
    }
}
