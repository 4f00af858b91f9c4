//! What is not told of a request and its answer: credentials, signatures, codes and texts.

use serde_json::Value;

/// What stands in the place of a value.
pub const MASK: &str = "••••••";

/// Octets of a body that are told.
const BODY_CHARS_MAX: usize = 2_000;

/// Words in a name that make its value a secret.
const HIDDEN: [&str; 9] =
    ["secret", "password", "token", "signature", "authorization", "cookie", "api-key", "apikey", "assertion"];
/// Names of texts, codes and old spellings of secrets.
const HIDDEN_WHOLE: [&str; 12] =
    ["sig", "p", "pw", "text", "code", "otp", "message", "body", "content", "udh", "html", "data"];

/// Whether the value of a field of that name is hidden.
#[must_use]
pub fn is_hidden(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    HIDDEN_WHOLE.contains(&name.as_str()) || HIDDEN.iter().any(|word| name.contains(word))
}

/// A header's value as it may be told.
#[must_use]
pub fn header(name: &str, value: &str) -> String {
    if !is_hidden(name) {
        return value.to_owned();
    }
    // The scheme of credentials is no secret, and what one looks for first.
    match value.split_once(' ').filter(|_| name.eq_ignore_ascii_case("authorization")) {
        Some((scheme, _)) => format!("{scheme} {MASK}"),
        None => MASK.to_owned(),
    }
}

/// A target (path and query) as it may be told.
#[must_use]
pub fn target(target: &str) -> String {
    match target.split_once('?') {
        Some((path, query)) => format!("{path}?{}", form(query)),
        None => target.to_owned(),
    }
}

/// A body as it may be told; `None` if only its size may be.
#[must_use]
pub fn body(content_type: &str, body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let told = match media.as_str() {
        "application/x-www-form-urlencoded" => form(text),
        media if media == "application/json" || media.ends_with("+json") => {
            let mut document: Value = serde_json::from_str(text).ok()?;
            hide(&mut document);
            document.to_string()
        }
        _ => return None,
    };
    Some(cut(&told))
}

fn form(text: &str) -> String {
    let field = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if is_hidden(name) && !value.is_empty() => format!("{name}={MASK}"),
        _ => pair.to_owned(),
    };
    text.split('&').map(field).collect::<Vec<_>>().join("&")
}

fn hide(document: &mut Value) {
    match document {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::Object(_) | Value::Array(_) => hide(value),
                    _ if is_hidden(name) && !value.is_null() => *value = MASK.into(),
                    _ => {}
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide),
        _ => {}
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(BODY_CHARS_MAX) {
        Some((place, _)) => format!("{}... ({} octets)", text.get(..place).unwrap_or_default(), text.len()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_codes_and_texts_are_not_told() {
        let form = "api_key=k1&api_secret=s3cr3t&to=447700900000&from=Acme&text=code+482917&sig=abc&p=s3cr3t";
        let told = body("application/x-www-form-urlencoded; charset=utf-8", form.as_bytes()).unwrap();
        let expected =
            format!("api_key=k1&api_secret={MASK}&to=447700900000&from=Acme&text={MASK}&sig={MASK}&p={MASK}");
        assert_eq!(told, expected);
        let json = br#"{"phone":"+84980000000","code":"482917","deep":[{"password":"s3cr3t","n":1}],"otp":null}"#;
        let told = body("application/json", json).unwrap();
        assert!(!told.contains("482917") && !told.contains("s3cr3t") && told.contains("+84980000000"), "{told}");
        assert_eq!(header("Authorization", "Basic ZGV2"), format!("Basic {MASK}"));
        assert_eq!(header("authorization", "sk_123"), MASK);
        assert_eq!((header("x-api-key", "abc"), header("set-cookie", "a=b")), (MASK.to_owned(), MASK.to_owned()));
        assert_eq!(header("content-type", "text/html"), "text/html");
        assert_eq!(target("/a?api_secret=x&to=1"), format!("/a?api_secret={MASK}&to=1"));
        assert_eq!(body("text/plain", b"code 482917"), None);
        assert_eq!(body("application/json", b"no json 482917"), None);
    }

    #[test]
    fn an_answer_is_told_with_what_one_looks_for() {
        let answer = br#"{"message-count":"1","messages":[{"to":"447700900000","message-id":"A1","status":"0","error-text":"x"}]}"#;
        let told = body("application/json", answer).unwrap();
        for shown in ["\"A1\"", "447700900000", "error-text\":\"x\""] {
            assert!(told.contains(shown), "{told}");
        }
    }
}
