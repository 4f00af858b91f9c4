//! A request, whole and in memory.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::Version;
use http::request::Parts;
use whimbrel_dialects::http::HttpRequest;

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Over plain TCP.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// As URLs write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// A request whose head and body are here, byte for byte as they were received.
///
/// `Debug` shows method, path and size: the query, the headers and the body may hold credentials and message texts.
pub struct IncomingRequest {
    head: Parts,
    body: Bytes,
    peer: SocketAddr,
    scheme: Scheme,
    waited: Duration,
}

impl IncomingRequest {
    /// Puts a request together; the server does, and tests of handlers.
    #[must_use]
    pub fn new(head: Parts, body: Bytes, peer: SocketAddr, scheme: Scheme) -> Self {
        Self { head, body, peer, scheme, waited: Duration::ZERO }
    }

    /// The same, whose head had been on its way for so long when it was read.
    #[must_use]
    pub(super) fn having_waited(self, waited: Duration) -> Self {
        Self { waited, ..self }
    }

    /// How long its head had been on its way when it was read; the first one of a connection, since that was taken.
    #[must_use]
    pub const fn waited(&self) -> Duration {
        self.waited
    }

    /// The method in capitals.
    #[must_use]
    pub fn method(&self) -> &str {
        self.head.method.as_str()
    }

    /// The path, still percent-encoded, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.head.uri.path()
    }

    /// The query without the question mark; empty if there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.head.uri.query().unwrap_or_default()
    }

    /// The first header of that (lower-case) name, if its value is UTF-8. `host` is there over HTTP/2 too.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        match self.head.headers.get(name) {
            Some(value) => std::str::from_utf8(value.as_bytes()).ok(),
            None if name == "host" => self.authority(),
            None => None,
        }
    }

    /// The whole body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as shared bytes, which outlive the request without a copy.
    #[must_use]
    pub fn body_bytes(&self) -> Bytes {
        self.body.clone()
    }

    /// The other end of the connection.
    #[must_use]
    pub const fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// How it came.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The protocol's version.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.head.version
    }

    /// The headers, names in lower case, in the order received (values of one name stand together), for [`Self::view`].
    /// Over HTTP/2 `host` is put first, from `:authority`.
    #[must_use]
    pub fn header_list(&self) -> Vec<(&str, &[u8])> {
        let mut list = Vec::with_capacity(self.head.headers.len() + 1);
        if let Some(authority) = self.authority().filter(|_| !self.head.headers.contains_key(http::header::HOST)) {
            list.push(("host", authority.as_bytes()));
        }
        list.extend(self.head.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        list
    }

    /// The request as dialects read it. `headers` comes from [`Self::header_list`].
    #[must_use]
    pub fn view<'a>(&'a self, headers: &'a [(&'a str, &'a [u8])]) -> HttpRequest<'a> {
        HttpRequest {
            method: self.method(),
            path: self.path(),
            query: self.head.uri.query(),
            headers,
            body: &self.body,
        }
    }

    fn authority(&self) -> Option<&str> {
        self.head.uri.authority().map(http::uri::Authority::as_str)
    }
}

impl std::fmt::Debug for IncomingRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IncomingRequest")
            .field("method", &self.method())
            .field("path", &self.path())
            .field("size_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, headers: &[(&str, &str)]) -> IncomingRequest {
        let mut builder = http::Request::builder().method("POST").uri(uri);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let (head, ()) = builder.body(()).unwrap().into_parts();
        IncomingRequest::new(head, Bytes::from_static(b"text=482917"), "127.0.0.1:9".parse().unwrap(), Scheme::Http)
    }

    #[test]
    fn a_view_shows_the_bytes_as_received() {
        let request = request("/sms/json?a=%20b&c", &[("Host", "localhost"), ("X-B", "1"), ("X-A", "2")]);
        let headers = request.header_list();
        let view = request.view(&headers);
        assert_eq!((view.method, view.path, view.query), ("POST", "/sms/json", Some("a=%20b&c")));
        assert_eq!(view.headers, [("host", &b"localhost"[..]), ("x-b", b"1"), ("x-a", b"2")]);
        assert_eq!(view.body, b"text=482917");
        assert_eq!(request.header("x-a"), Some("2"));
    }

    #[test]
    fn the_authority_of_http_2_serves_as_host() {
        let request = request("https://sms.example.com:7671/x", &[("accept", "*/*")]);
        assert_eq!(request.header_list()[0], ("host", &b"sms.example.com:7671"[..]));
        assert_eq!(request.header("host"), Some("sms.example.com:7671"));
    }

    #[test]
    fn debug_shows_neither_query_nor_body() {
        let shown = format!("{:?}", request("/sms/json?api_secret=devSecret01", &[("authorization", "Basic eA==")]));
        assert!(!shown.contains("devSecret01") && !shown.contains("482917") && !shown.contains("eA=="), "{shown}");
    }
}
