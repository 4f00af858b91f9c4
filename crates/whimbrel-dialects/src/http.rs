//! Requests and answers as plain values, so that dialects need no HTTP library.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

/// Names and values of headers, in the order and spelling in which they go out.
pub type Headers = Vec<(&'static str, Cow<'static, str>)>;

/// A request as it was received: signatures cover the bytes, so nothing is normalised.
/// `Debug` shows the method and sizes: keys, secrets and texts stand in the rest.
#[derive(Clone, Copy)]
pub struct HttpRequest<'a> {
    /// The method in capitals.
    pub method: &'a str,
    /// The path, still percent-encoded, without the query.
    pub path: &'a str,
    /// The query without the question mark; `None` if there is no question mark either, which is not the same to who signs.
    pub query: Option<&'a str>,
    /// Names in lower case, in the order received.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The whole body.
    pub body: &'a [u8],
}

impl<'a> HttpRequest<'a> {
    /// The query without the question mark; empty if there is none.
    #[must_use]
    pub fn query(&self) -> &'a str {
        self.query.unwrap_or_default()
    }

    /// Path and query as on the request line, a question mark with nothing behind it included.
    #[must_use]
    pub fn path_and_query(&self) -> String {
        match self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.to_owned(),
        }
    }

    /// The first header of that (lower-case) name, if its value is UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.headers.iter().find(|(header, _)| *header == name)?;
        std::str::from_utf8(value).ok()
    }

    /// What kind of name the caller reached us by. Over HTTP/2 the server puts `:authority` in as `host`.
    #[must_use]
    pub fn host_kind(&self) -> HostKind {
        self.header("host").map_or(HostKind::Local, HostKind::of)
    }
}

/// What the caller's `Host` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKind {
    /// localhost, an address literal, or nothing.
    Local,
    /// A name.
    Named,
}

impl HostKind {
    /// The kind of a `Host` value, port and all (RFC 9110 §7.2; `localhost` and its children by RFC 6761 §6.3).
    #[must_use]
    pub fn of(host: &str) -> Self {
        let host = host.trim();
        if let Some(literal) = host.strip_prefix('[') {
            let literal = literal.split(']').next().unwrap_or(literal);
            return if literal.parse::<Ipv6Addr>().is_ok() { Self::Local } else { Self::Named };
        }
        let name = host.split_once(':').map_or(host, |(name, _)| name);
        let name = name.strip_suffix('.').unwrap_or(name);
        let last = name.rsplit('.').next().unwrap_or(name);
        match name.is_empty() || last.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok() {
            true => Self::Local,
            false => Self::Named,
        }
    }
}

/// An answer. Headers go out in this order and spelling. `Transfer-Encoding` and `Connection` among them only mark the place
/// and spelling that clients saw: the server frames the body, and leaves both out where HTTP/2 forbids them.
/// `Debug` shows the status and sizes: new secrets and texts stand in the rest.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Names and values, in order.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// A webhook, ready to be sent by the guarded client. `Debug` shows sizes only: numbers and tokens stand in the rest.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The absolute URL, parameters included.
    pub url: String,
    /// Names and values, in order.
    pub headers: Headers,
    /// Headers that the customer chose; they come after the others and are none of them.
    pub custom: Vec<(Box<str>, Box<str>)>,
    /// The body; empty for GET.
    pub body: Vec<u8>,
}

impl WebhookRequest {
    /// A request without headers and body.
    #[must_use]
    pub const fn new(method: &'static str, url: String) -> Self {
        Self { method, url, headers: Vec::new(), custom: Vec::new(), body: Vec::new() }
    }
}

impl std::fmt::Debug for HttpRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A key and a secret may end the path, too.
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("path_bytes", &self.path.len())
            .field("query_bytes", &self.query().len())
            .field("header_count", &self.headers.len())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("header_count", &self.headers.len())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for WebhookRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookRequest")
            .field("method", &self.method)
            .field("url_bytes", &self.url.len())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_anybodys_is_in_debug() {
        let headers: &[(&str, &[u8])] = &[("authorization", b"planted")];
        let request =
            HttpRequest { method: "GET", path: "/planted", query: Some("planted"), headers, body: b"planted" };
        let headers = vec![("Location", Cow::Borrowed("planted"))];
        let response = HttpResponse { status: 200, headers, body: b"planted".to_vec() };
        let webhook = WebhookRequest {
            method: "GET",
            url: "planted".to_owned(),
            headers: Vec::new(),
            custom: Vec::new(),
            body: b"planted".to_vec(),
        };
        let shown = format!("{request:?} {response:#?} {webhook:?}");
        // As text and as a list of octets.
        assert!(!shown.contains("planted") && !shown.contains("112, 108"), "{shown}");
        assert!(shown.contains("GET") && shown.contains("200"), "{shown}");
    }

    #[test]
    fn only_a_name_of_another_machine_is_a_name() {
        for local in
            ["", "localhost", "LocalHost:7670", "a.localhost", "127.0.0.1:80", "[::1]:80", "10.0.0.7", "localhost."]
        {
            assert_eq!(HostKind::of(local), HostKind::Local, "{local}");
        }
        for named in ["sms.example.com", "sms.example.com:443", "localhost.example.com", "1.2.3.4.5", "[x]"] {
            assert_eq!(HostKind::of(named), HostKind::Named, "{named}");
        }
    }
}
