//! How answers are written: JSON, `ok` in front. No CORS: a key in a browser would be everybody's.

use serde::Serialize;

use super::header;
use crate::http::{Headers, HttpResponse};

/// An answer with that document.
pub(super) fn json(status: u16, document: &impl Serialize) -> HttpResponse {
    with_headers(status, Vec::new(), document)
}

/// The same with headers besides.
pub(super) fn with_headers(status: u16, more: Headers, document: &impl Serialize) -> HttpResponse {
    let mut headers: Headers = vec![("Content-Type", header("application/json"))];
    headers.extend(more);
    // Texts, numbers and words: nothing that JSON cannot hold.
    HttpResponse { status, headers, body: serde_json::to_vec(document).unwrap_or_default() }
}
