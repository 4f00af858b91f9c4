//! The other side of the API: the request that a customer's application would send, for the command line. What it sends as text is
//! the code.

use serde_json::{Value, json};

use crate::client::{ClientAnswer, ClientRequest, Text};

/// The request of the guide.
pub(super) fn request(text: &Text<'_>) -> ClientRequest {
    let plus = if text.to.starts_with(['+', '0']) { "" } else { "+" };
    ClientRequest {
        method: "POST",
        path: "/api/v1/send-otp",
        headers: vec![
            ("Authorization", format!("Bearer {}", text.secret.expose()).into()),
            ("Content-Type", "application/json".into()),
        ],
        body: json!({ "phone": format!("{plus}{}", text.to), "code": text.text }).to_string().into_bytes(),
    }
}

/// Reads an answer: the id, or the refusal.
pub(super) fn answer(body: &[u8]) -> ClientAnswer {
    let Ok(document) = serde_json::from_slice::<Value>(body) else { return ClientAnswer::Unreadable };
    match (document["ok"].as_bool(), document["id"].as_str(), document["error"].as_str()) {
        (Some(true), Some(id), _) => ClientAnswer::Accepted { ids: vec![id.to_owned()] },
        (Some(false), _, Some(error)) => {
            let why = document["message"].as_str().map_or_else(|| error.to_owned(), |text| format!("{error}: {text}"));
            ClientAnswer::Refused { why }
        }
        _ => ClientAnswer::Unreadable,
    }
}
