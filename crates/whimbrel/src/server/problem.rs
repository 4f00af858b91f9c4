//! The server's own answers, where no dialect is asked: problem documents (RFC 9457).

use whimbrel_dialects::http::HttpResponse;

/// An answer with a problem document. `title` and `detail` are plain text without anything the client sent.
#[must_use]
pub fn problem(status: u16, title: &'static str, detail: &str) -> HttpResponse {
    let document = serde_json::json!({ "type": "about:blank", "title": title, "status": status, "detail": detail });
    HttpResponse {
        status,
        headers: vec![
            ("Content-Type", "application/problem+json".into()),
            ("Cache-Control", "no-store".into()),
            ("X-Content-Type-Options", "nosniff".into()),
        ],
        body: document.to_string().into_bytes(),
    }
}

/// The same, and the connection ends after it.
pub(super) fn last_problem(status: u16, title: &'static str, detail: &str) -> HttpResponse {
    let mut response = problem(status, title, detail);
    response.headers.push(("Connection", "close".into()));
    response
}
