//! From a plain answer to hyper's, framing included.
//!
//! A dialect's `Transfer-Encoding` and `Connection` entries are marks of place: HTTP/1.1 keeps them where they stand, HTTP/1.0
//! and HTTP/2 leave them out. `Content-Length` is always the server's own.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::InvalidHeaderValue;
use http::{HeaderName, HeaderValue, Response, StatusCode, Version, header};
use hyper::ext::ReasonPhrase;
use tracing::error;
use whimbrel_dialects::http::HttpResponse;

use super::answer::AnswerBody;
use super::problem::problem;

/// What becomes of the connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum After {
    /// It takes another request.
    KeepOpen,
    /// It ends, because the client asked for it or the server stops.
    Close,
}

/// Turns an answer into hyper's for a request of that version.
pub(super) fn respond(answer: HttpResponse, version: Version, after: After) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::default());
    let Ok(status) = StatusCode::from_u16(answer.status) else {
        error!(status = answer.status, "handler gave an impossible status, report this");
        return respond(problem(500, "Internal Server Error", "the answer could not be sent"), version, after);
    };
    *response.status_mut() = status;
    if let Some(reason) = reason(status) {
        response.extensions_mut().insert(reason);
    }
    let headers = response.headers_mut();
    headers.reserve(answer.headers.len() + 1);
    for (name, value) in answer.headers {
        match (HeaderName::from_bytes(name.as_bytes()), header_value(value)) {
            (Ok(name), Ok(value)) if is_sent(&name, version, status) => {
                // Hyper would append its "close" to a "keep-alive".
                let value = match after {
                    After::Close if name == header::CONNECTION => HeaderValue::from_static("close"),
                    _ => value,
                };
                headers.append(name, value);
            }
            (Ok(_), Ok(_)) => {}
            _ => error!(header = name, "handler gave a header that cannot be sent, left out; report this"),
        }
    }
    *response.body_mut() = AnswerBody::whole(Bytes::from(answer.body));
    response
}

/// Nothing is copied.
fn header_value(value: Cow<'static, str>) -> Result<HeaderValue, InvalidHeaderValue> {
    HeaderValue::from_maybe_shared(match value {
        Cow::Borrowed(value) => Bytes::from_static(value.as_bytes()),
        Cow::Owned(value) => Bytes::from(value),
    })
}

/// The reason phrase of a status that has none registered, as servers are known to send it. HTTP/2 has no such phrases.
fn reason(status: StatusCode) -> Option<ReasonPhrase> {
    match status.as_u16() {
        420 => Some(ReasonPhrase::from_static(b"Enhance Your Calm")),
        _ => None,
    }
}

/// Whether a handler's header goes out with that version and status.
fn is_sent(name: &HeaderName, version: Version, status: StatusCode) -> bool {
    if *name == header::CONTENT_LENGTH {
        return false;
    }
    let is_hop_header = *name == header::CONNECTION
        || *name == header::TRANSFER_ENCODING
        || *name == header::UPGRADE
        || *name == header::TE
        || *name == "keep-alive"
        || *name == "proxy-connection";
    let has_body = status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED;
    !is_hop_header || (version == Version::HTTP_11 && (has_body || *name != header::TRANSFER_ENCODING))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> HttpResponse {
        HttpResponse {
            status: 200,
            headers: vec![
                ("Server", "nginx".into()),
                ("Content-Type", "application/json".into()),
                ("Transfer-Encoding", "chunked".into()),
                ("Connection", "keep-alive".into()),
                ("Content-Length", "99".into()),
                ("X-Nexmo-Trace-Id", "1".into()),
            ],
            body: b"{}".to_vec(),
        }
    }

    fn names(version: Version) -> Vec<String> {
        respond(answer(), version, After::KeepOpen).headers().keys().map(ToString::to_string).collect()
    }

    #[test]
    fn framing_headers_go_out_on_http_1_1_only_and_in_their_place() {
        let all = ["server", "content-type", "transfer-encoding", "connection", "x-nexmo-trace-id"];
        assert_eq!(names(Version::HTTP_11), all);
        let few = ["server", "content-type", "x-nexmo-trace-id"];
        assert_eq!(names(Version::HTTP_10), few);
        assert_eq!(names(Version::HTTP_2), few);
    }

    #[test]
    fn what_cannot_be_sent_is_never_sent() {
        let mut bad = answer();
        bad.headers.push(("X-Text", "a\r\nSet-Cookie: b".into()));
        assert!(!respond(bad, Version::HTTP_11, After::KeepOpen).headers().contains_key("x-text"));
        let mut bad = answer();
        bad.status = 42;
        assert_eq!(respond(bad, Version::HTTP_11, After::KeepOpen).status(), 500);
    }
}
