//! Requests and answers as plain values, so that dialects need no HTTP library.

/// A request as it was received: signatures cover the bytes, so nothing is normalised.
#[derive(Debug, Clone, Copy)]
pub struct HttpRequest<'a> {
    /// The method in capitals.
    pub method: &'a str,
    /// The path, still percent-encoded, without the query.
    pub path: &'a str,
    /// The query without the question mark; empty if there is none.
    pub query: &'a str,
    /// Names in lower case, in the order received.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The whole body.
    pub body: &'a [u8],
}

impl HttpRequest<'_> {
    /// The first header of that (lower-case) name, if its value is UTF-8.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(header, _)| *header == name)?;
        std::str::from_utf8(value).ok()
    }
}

/// An answer. Headers go out in this order and spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Names and values, in order.
    pub headers: Vec<(&'static str, Box<str>)>,
    /// The body.
    pub body: Vec<u8>,
}

/// A webhook, ready to be sent by the guarded client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The absolute URL, parameters included.
    pub url: String,
    /// Names and values, in order.
    pub headers: Vec<(&'static str, Box<str>)>,
    /// The body; empty for GET.
    pub body: Vec<u8>,
}
