//! The other side of the API: the request that a customer's application would send, for the command line.

use serde_json::Value;
use whimbrel_core::Alphabet;

use super::codes::Code;
use crate::client::{ClientAnswer, ClientRequest, Text};

/// A form post with the key in its own header, as the current clients send it.
pub(super) fn request(text: &Text<'_>) -> ClientRequest {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("to", text.to).append_pair("from", text.from).append_pair("text", text.text);
    if text.alphabet == Alphabet::Ucs2 {
        form.append_pair("unicode", "1");
    }
    ClientRequest {
        method: "POST",
        path: "/api/sms",
        headers: vec![
            ("X-Api-Key", text.secret.expose().to_owned().into()),
            ("Accept", "application/json".into()),
            ("Content-Type", "application/x-www-form-urlencoded".into()),
        ],
        body: form.finish().into_bytes(),
    }
}

/// Reads an answer: the numbers of the messages, or the first refusal.
pub(super) fn answer(body: &[u8]) -> ClientAnswer {
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return ClientAnswer::Unreadable };
    let refused = |code: &str| {
        let words = code.parse().map_or("Unknown error", words);
        ClientAnswer::Refused { why: format!("code {code}: {words}") }
    };
    if let Some(code) = document.as_str() {
        return refused(code);
    }
    let Some(messages) = document["messages"].as_array() else { return ClientAnswer::Unreadable };
    if let Some(error) = messages.iter().find_map(|message| message["error"].as_u64()) {
        return refused(&error.to_string());
    }
    let ids: Vec<_> = messages.iter().filter_map(|message| message["id"].as_str()).map(str::to_owned).collect();
    if ids.is_empty() { ClientAnswer::Unreadable } else { ClientAnswer::Accepted { ids } }
}

/// The words of the vendor's pages for a code.
fn words(code: u16) -> &'static str {
    match code {
        301 => "Recipient missing",
        305 => "Text missing",
        900 => "Authentication failed",
        901 => "Signature invalid",
        902 => "Not allowed for this key",
        903 => "Not allowed from this address",
        other => Code::text(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let accepted = br#"{"success":"100","messages":[{"id":"77000000001","error":null}]}"#;
        assert_eq!(answer(accepted), ClientAnswer::Accepted { ids: vec!["77000000001".to_owned()] });
        let refused = |why: &str| ClientAnswer::Refused { why: why.to_owned() };
        assert_eq!(answer(b"\"900\""), refused("code 900: Authentication failed"));
        let item = br#"{"success":"202","messages":[{"id":null,"error":202}]}"#;
        assert_eq!(answer(item), refused("code 202: Recipient number invalid"));
        for odd in [&b""[..], b"900", b"{}", b"[]", b"{\"messages\":[]}"] {
            assert_eq!(answer(odd), ClientAnswer::Unreadable);
        }
    }
}
