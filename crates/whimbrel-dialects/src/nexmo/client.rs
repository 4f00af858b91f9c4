//! The other side of the API: the request that a customer's application would send, for the command line.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use whimbrel_core::Alphabet;

use crate::client::{ClientAnswer, ClientRequest, Text};

/// A form post with Basic credentials, as the current SDKs send it.
pub(super) fn request(text: &Text<'_>) -> ClientRequest {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("from", text.from).append_pair("to", text.to).append_pair("text", text.text);
    if text.alphabet == Alphabet::Ucs2 {
        form.append_pair("type", "unicode");
    }
    let credentials = STANDARD.encode(format!("{}:{}", text.key, text.secret.expose()));
    ClientRequest {
        method: "POST",
        path: "/sms/json",
        headers: vec![
            ("Content-Type", "application/x-www-form-urlencoded".into()),
            ("Authorization", format!("Basic {credentials}").into()),
        ],
        body: form.finish().into_bytes(),
    }
}

/// Reads an answer: the ids of the parts, or the first refusal.
pub(super) fn answer(body: &[u8]) -> ClientAnswer {
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return ClientAnswer::Unreadable };
    let Some(messages) = document["messages"].as_array() else { return ClientAnswer::Unreadable };
    let mut ids = Vec::with_capacity(messages.len());
    for message in messages {
        match (message["status"].as_str(), message["message-id"].as_str()) {
            (Some("0"), Some(id)) => ids.push(id.to_owned()),
            (Some(status), _) => {
                let why = message["error-text"].as_str().unwrap_or("no reason given");
                return ClientAnswer::Refused { why: format!("status {status}: {why}") };
            }
            (None, _) => return ClientAnswer::Unreadable,
        }
    }
    if ids.is_empty() { ClientAnswer::Unreadable } else { ClientAnswer::Accepted { ids } }
}

#[cfg(test)]
mod tests {
    use whimbrel_core::{Content, MessageText, Secret, Timestamp};

    use super::*;
    use crate::http::HttpRequest;
    use crate::{Dialect, Match};

    #[test]
    fn our_own_request_is_understood() {
        let secret = Secret::new("se:cret");
        let text = Text {
            key: "devkey01",
            secret: &secret,
            to: "447700900123",
            from: "Acme & Co",
            text: "5 € + tax",
            alphabet: Alphabet::Ucs2,
        };
        let request = request(&text);
        let headers: Vec<(String, &[u8])> =
            request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes())).collect();
        let headers: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let http = HttpRequest {
            method: request.method,
            path: request.path,
            query: None,
            headers: &headers,
            body: &request.body,
        };
        let Match::Parsed(parsed) = super::super::Nexmo.read(&http, 1, Timestamp(0)) else { panic!("not understood") };
        assert!(parsed.claim.is_ok(), "{:?}", parsed.claim);
        let Ok(whimbrel_core::Call::Send(send)) = parsed.call else { panic!("{:?}", parsed.call) };
        assert_eq!(send.sender.as_str(), "Acme&Co");
        assert_eq!(send.content, Content::Text { text: MessageText::new("5 € + tax"), alphabet: Alphabet::Ucs2 });
    }

    #[test]
    fn answers_are_read() {
        let accepted = br#"{"message-count":"1","messages":[{"message-id":"A1","status":"0"}]}"#;
        assert_eq!(answer(accepted), ClientAnswer::Accepted { ids: vec!["A1".to_owned()] });
        let refused = br#"{"message-count":"1","messages":[{"status":"4","error-text":"Bad Credentials"}]}"#;
        assert_eq!(answer(refused), ClientAnswer::Refused { why: "status 4: Bad Credentials".to_owned() });
        for odd in [&b""[..], b"{}", b"[]", b"{\"messages\":[]}", b"{\"messages\":[{}]}"] {
            assert_eq!(answer(odd), ClientAnswer::Unreadable);
        }
    }
}
